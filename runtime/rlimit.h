/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/rlimit.h - Resource limits of a container's processes
 */
#ifndef RUNTIME_RLIMIT_H
#define RUNTIME_RLIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct error;

#define RLIMIT_COUNT 16 /* resources that Linux knows, RLIMIT_CPU = 0 to RLIMIT_RTTIME = 15 */

/* One limit. The soft value is what counts, the hard one its ceiling. */
struct rlimit_value {
	uint64_t soft, hard; /* RLIM_INFINITY: none */
	bool is_set;	     /* else inherited */
	bool is_asked;	     /* by the user: failing to set it is an error */
};

/* Indexed by RLIMIT_*. { 0 } leaves everything as inherited. */
struct rlimit_set {
	struct rlimit_value limits[RLIMIT_COUNT];
};

void rlimit_set_defaults(struct rlimit_set *set);
int rlimit_parse(struct rlimit_set *set, const char *text, struct error *err);
int rlimit_add(struct rlimit_set *set, const char *name, uint64_t soft, uint64_t hard,
	       struct error *err);
int rlimit_clamp(struct rlimit_set *set, struct error *err);
void rlimit_make_room(const struct rlimit_set *set);
int rlimit_apply(const struct rlimit_set *set, pid_t pid, struct error *err);
int rlimit_of_name(const char *name);

#endif
