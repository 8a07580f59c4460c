/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/slice/member.h - A container in a slice, as its supervisor sees it
 *
 *	slice_find()		when it is created: where its cgroup will be
 *	slice_enter()		the slice holds; nobody removes it meanwhile
 *	slice_is_entered()	the container is in it, which keeps it
 *	slice_lease_left()	while it runs
 *	slice_leave()		after its end
 */
#ifndef CMD_SLICE_MEMBER_H
#define CMD_SLICE_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/slice/slice.h"

struct cgroup_root;
struct context;
struct error;

struct slice_member {
	char name[SLICE_NAME_MAX + 1];
	int dir_fd;   /* ROOT/slices, locked during the start; -1: not open */
	int watch_fd; /* inotify: readable when a slice has changed */
};

int slice_find(const struct context *ctx, const char *name, char cgroup[SLICE_CGROUP_MAX],
	       struct error *err);
int slice_enter(struct slice_member *m, const struct context *ctx, const char *name,
		const struct cgroup_root *root, struct error *err);
void slice_is_entered(struct slice_member *m);
int64_t slice_lease_left(void *member);
void slice_leave(struct slice_member *m, const struct context *ctx, bool lease_ended);

#endif
