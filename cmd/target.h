/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/target.h - A container that a command acts on: find it, signal it, see it end
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <stdint.h>

#include "runtime/record.h"

struct context;
struct error;
struct strlist;

/* Acts on one container; @operand is as the user wrote it. 0 or -errno. */
typedef int (*target_action)(const struct context *ctx, const struct record *r, const char *operand,
			     struct error *err);

int target_find(const struct context *ctx, const char *operand, struct record *r,
		struct error *err);
int target_for_each(const struct context *ctx, int argc, char **argv, target_action action);
int target_for_each_or_all(const struct context *ctx, bool all, int argc, char **argv,
			   target_action action, struct error *err);
int target_list(const struct context *ctx, bool running_only, struct strlist *ids,
		struct error *err);

bool target_is_up(const struct record *r);
bool target_is_running(const struct record *r);
int target_open_process(const struct record *r, struct error *err);
int target_open_cgroup(const struct record *r, struct error *err);
int target_signal(const struct record *r, int pidfd, int sig, struct error *err);
int target_thaw(const struct record *r, struct error *err);
int target_wait_exit(int pidfd, int64_t timeout_ms);
int target_wait_released(const struct context *ctx, const char *id);
int target_kill(const struct context *ctx, const struct record *r, struct error *err);

#endif
