/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/dbus.h - A D-Bus connection: method calls, and waiting for signals
 */
#ifndef CGROUPS_DBUS_H
#define CGROUPS_DBUS_H

#include <stdbool.h>
#include <stddef.h>

struct dbus;
struct dbus_address;
struct dbus_call;
struct dbus_message;
struct error;

int dbus_open(const struct dbus_address *addresses, size_t n, struct dbus **bus, struct error *err);
void dbus_close(struct dbus *bus);
int dbus_call(struct dbus *bus, struct dbus_call *call, struct dbus_message *reply,
	      struct error *err);

typedef bool dbus_filter(const struct dbus_message *signal, const void *context);

int dbus_listen(struct dbus *bus, const char *rule, dbus_filter *wanted, const void *context,
		struct error *err);
int dbus_wait_signal(struct dbus *bus, int timeout_ms, struct dbus_message *signal,
		     struct error *err);

#endif
