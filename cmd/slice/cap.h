/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/slice/cap.h - /etc/tare/cap.json: what tare may use of a host that many share
 */
#ifndef CMD_SLICE_CAP_H
#define CMD_SLICE_CAP_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/slice/slice.h"

struct cgroup_root;
struct error;

#define CAP_FILE "/etc/tare/cap.json"

struct cap {
	bool is_there;
	struct slice_limits total; /* of all containers and slices together */
	struct slice_limits slice; /* of each slice, also the longest lease */
	int64_t slices;		   /* how many there may be; 0: any number */
};

int cap_read(struct cap *cap, struct error *err);
int cap_parse(struct cap *cap, const char *text, size_t len, struct error *err);
int cap_fit(const struct cap *cap, struct slice_limits *limits, struct error *err);
int cap_enforce(const struct cgroup_root *root, struct error *err);

#endif
