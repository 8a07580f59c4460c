/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/netns.h - Network namespaces: open by path, reach into one
 */
#ifndef NETWORK_NETNS_H
#define NETWORK_NETNS_H

struct error;

int netns_open_path(const char *path, struct error *err);
int netns_open_netlink(int netns_fd, int protocol, struct error *err);

#endif
