/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/dbus_address.h - Where systemd listens, for the machine and for a user
 */
#ifndef CGROUPS_DBUS_ADDRESS_H
#define CGROUPS_DBUS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct dbus_address {
	struct sockaddr_un socket;
	socklen_t len;
	bool bus; /* a message bus; else systemd itself is at the other end */
};

#define DBUS_MAX_ADDRESSES 8

size_t dbus_addresses_parse(const char *text, struct dbus_address *list, size_t max);
size_t dbus_addresses(bool user, struct dbus_address *list, size_t max);

#endif
