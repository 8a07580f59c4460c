/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/slice/store.h - The slices there are: their documents and their cgroups
 *
 * All under the lock of the directory: exclusive for whoever changes slices,
 * shared for a container that is being started in one.
 */
#ifndef CMD_SLICE_STORE_H
#define CMD_SLICE_STORE_H

#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cmd/slice/slice.h"

struct slice_store {
	const struct context *ctx;
	int dir_fd;		    /* ROOT/slices, locked; -1: closed */
	struct cgroup_root cgroups; /* fd -1: there is no cgroup2 */
};

#define SLICE_STORE_NONE ((struct slice_store){ .dir_fd = -1, .cgroups = { .fd = -1 } })

int slice_store_open(struct slice_store *st, const struct context *ctx, struct error *err);
void slice_store_close(struct slice_store *st);
#define autoslicestore __attribute__((cleanup(slice_store_close)))

int slice_store_list(const struct slice_store *st, struct strlist *names, struct error *err);
int slice_store_read(int dir_fd, const char *name, struct slice *s, struct error *err);
int slice_store_write(const struct slice_store *st, const struct slice *s, struct error *err);
int slice_store_make(const struct slice_store *st, struct slice *s, struct error *err);
int slice_store_change(const struct slice_store *st, struct slice *s,
		       const struct slice_limits *limits, struct error *err);
int slice_store_remove(const struct slice_store *st, const struct slice *s, bool force,
		       struct error *err);
int slice_store_members(const struct slice_store *st, const struct slice *s, struct strlist *ids,
			struct error *err);
void slice_store_settle(const struct slice_store *st, struct slice *s);
void slice_store_settle_all(const struct context *ctx);
struct json *slice_store_figures(const struct slice_store *st, const struct slice *s);

int slice_group_enforce(const struct cgroup_root *root, const struct slice *s,
			const struct slice_limits *before, struct error *err);

#endif
