/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/device.h - Devices of the host that move into a container (linux.netDevices)
 */
#ifndef NETWORK_DEVICE_H
#define NETWORK_DEVICE_H

#include <stddef.h>

struct error;
struct json;

struct device_move {
	char *host_name;
	char *name; /* in the container; with one %d the kernel numbers it */
};

/* { 0 } moves nothing. Owned: device_done(). */
struct device_list {
	struct device_move *items;
	size_t n;
};

int device_parse(struct device_list *list, const struct json *net_devices, struct error *err);
void device_done(struct device_list *list);
#define autodevices __attribute__((cleanup(device_done)))

int device_move_all(const struct device_list *list, int netns_fd, struct error *err);

#endif
