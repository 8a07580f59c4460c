/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/conntrack.h - Make the kernel forget flows that go the wrong way
 */
#ifndef NETWORK_CONNTRACK_H
#define NETWORK_CONNTRACK_H

#include <stddef.h>

struct network_port;

void conntrack_forget_udp(int fd, const struct network_port *ports, size_t n);

#endif
