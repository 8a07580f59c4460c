// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/rlimit.c - Resource limits of a container's processes
 *
 * Raising a hard limit needs CAP_SYS_RESOURCE in the initial user namespace,
 * so a container in a namespace of its own can never do it for itself: the
 * parent sets limits from outside, before it lets the child go on.
 */
#include "runtime/rlimit.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"

/* libc's RLIM_INFINITY has the width of rlim_t, ours is always 64 bits. */
static_assert(sizeof(rlim_t) == sizeof(uint64_t), "rlim_t has 64 bits");

static const char *const names[RLIMIT_COUNT] = {
	[RLIMIT_CPU] = "cpu",		[RLIMIT_FSIZE] = "fsize",
	[RLIMIT_DATA] = "data",		[RLIMIT_STACK] = "stack",
	[RLIMIT_CORE] = "core",		[RLIMIT_RSS] = "rss",
	[RLIMIT_NPROC] = "nproc",	[RLIMIT_NOFILE] = "nofile",
	[RLIMIT_MEMLOCK] = "memlock",	[RLIMIT_AS] = "as",
	[RLIMIT_LOCKS] = "locks",	[RLIMIT_SIGPENDING] = "sigpending",
	[RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice",
	[RLIMIT_RTPRIO] = "rtprio",	[RLIMIT_RTTIME] = "rttime",
};

/**
 * rlimit_set_defaults() - What a container gets when nobody asked
 * @set:	Empty set
 *
 * A soft limit of 1024 files keeps select() and programs that close every
 * possible descriptor working; those that need more raise it themselves.
 */
void rlimit_set_defaults(struct rlimit_set *set)
{
	set->limits[RLIMIT_NOFILE] =
		(struct rlimit_value){ .soft = 1024, .hard = 524288, .is_set = true };
}

/** rlimit_of_name() - RLIMIT_* of "nofile", as in --ulimit, or "RLIMIT_NOFILE"; or -ENOENT */
int rlimit_of_name(const char *name)
{
	if (str_starts(name, "RLIMIT_"))
		name += strlen("RLIMIT_");
	for (int i = 0; i < RLIMIT_COUNT; i++)
		if (strcasecmp(name, names[i]) == 0)
			return i;
	return -ENOENT;
}

/**
 * rlimit_add() - Ask for one limit
 * @set:	Changed on success only; a later call for the same resource wins
 * @name:	"nofile" or "RLIMIT_NOFILE", any case
 * @soft:	Soft value, RLIM_INFINITY for none
 * @hard:	Hard value, at least @soft
 * @err:	Set on failure
 *
 * Return: 0 or -EINVAL
 */
int rlimit_add(struct rlimit_set *set, const char *name, uint64_t soft, uint64_t hard,
	       struct error *err)
{
	int resource = rlimit_of_name(name);

	if (resource < 0) {
		error_set(err, EINVAL, "unknown ulimit '%s'", name);
		return error_hint(
			err, "known are core, cpu, data, fsize, locks, memlock, msgqueue, "
			     "nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack, as");
	}
	if (soft > hard)
		return error_set(err, EINVAL, "ulimit '%s': soft limit is above the hard limit",
				 name);
	set->limits[resource] = (struct rlimit_value){
		.soft = soft, .hard = hard, .is_set = true, .is_asked = true
	};
	return 0;
}

static int parse_value(const char *text, uint64_t *out)
{
	if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0) {
		*out = RLIM_INFINITY;
		return 0;
	}
	return str_parse_u64(text, RLIM_INFINITY, out);
}

/**
 * rlimit_parse() - Ask for one limit in the words of --ulimit
 * @set:	Changed on success only
 * @text:	NAME=SOFT[:HARD]; without HARD it equals SOFT; -1 or unlimited: none
 * @err:	Set on failure
 *
 * Return: 0 or -EINVAL
 */
int rlimit_parse(struct rlimit_set *set, const char *text, struct error *err)
{
	autostrlist struct strlist values = { 0 };
	autofree char *name = NULL;
	const char *equals = strchr(text, '=');
	uint64_t soft, hard;

	if (!equals || equals == text)
		return error_set(err, EINVAL, "ulimit '%s' is not NAME=SOFT[:HARD]", text);
	name = xstrndup(text, (size_t)(equals - text));
	strlist_split(&values, equals + 1, ':');
	if (values.n < 1 || values.n > 2 || parse_value(values.items[0], &soft) < 0 ||
	    parse_value(values.items[values.n - 1], &hard) < 0)
		return error_set(err, EINVAL, "ulimit '%s' is not NAME=SOFT[:HARD]", text);
	return rlimit_add(set, name, soft, hard, err);
}

static bool may_raise_hard(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return sys_capget(&head, data) == 0 && (data[0].effective & 1U << CAP_SYS_RESOURCE);
}

/**
 * rlimit_clamp() - Bring limits down to what the calling process may set
 * @set:	Defaults are lowered silently, what was asked for is not
 * @err:	Set on failure
 *
 * Return: 0, or -EPERM if a limit that was asked for is out of reach
 */
int rlimit_clamp(struct rlimit_set *set, struct error *err)
{
	bool may_raise = may_raise_hard();

	for (int i = 0; i < RLIMIT_COUNT; i++) {
		struct rlimit_value *v = &set->limits[i];
		struct rlimit own;

		if (!v->is_set || may_raise)
			continue;
		if (getrlimit((__typeof__(RLIMIT_CPU))i, &own) < 0)
			return error_sys(err, errno, "read ulimit '%s'", names[i]);
		if (v->hard <= own.rlim_max)
			continue;
		if (v->is_asked) {
			error_set(err, EPERM, "raise ulimit '%s' above the hard limit", names[i]);
			return error_hint(err,
					  "the hard limit here is %" PRIu64
					  "; only CAP_SYS_RESOURCE can raise it",
					  (uint64_t)own.rlim_max);
		}
		v->hard = own.rlim_max;
		if (v->soft > v->hard)
			v->soft = v->hard;
	}
	return 0;
}

/**
 * rlimit_make_room() - Raise the calling process's hard limits as far as needed
 * @set:	Limits to be applied later, by rlimit_apply()
 *
 * For a process that is about to enter a user namespace, where it may no longer
 * raise any. The soft limits stay: what comes before the last step is not to
 * run into them. What is refused here rlimit_apply() reports.
 */
void rlimit_make_room(const struct rlimit_set *set)
{
	for (int i = 0; i < RLIMIT_COUNT; i++) {
		const struct rlimit_value *v = &set->limits[i];
		struct rlimit own;

		if (!v->is_set || getrlimit((__typeof__(RLIMIT_CPU))i, &own) < 0 ||
		    v->hard <= own.rlim_max)
			continue;
		own.rlim_max = v->hard;
		(void)setrlimit((__typeof__(RLIMIT_CPU))i, &own);
	}
}

/**
 * rlimit_apply() - Set limits
 * @set:	Limits
 * @pid:	Process, 0 for the calling one
 * @err:	Set on failure
 *
 * Works between clone and exec. Only an asked limit can fail: a default that
 * the kernel refuses after all stays as inherited.
 *
 * Return: 0 or -errno
 */
int rlimit_apply(const struct rlimit_set *set, pid_t pid, struct error *err)
{
	for (int i = 0; i < RLIMIT_COUNT; i++) {
		const struct rlimit_value *v = &set->limits[i];
		struct rlimit limit = { .rlim_cur = v->soft, .rlim_max = v->hard };

		if (!v->is_set || prlimit(pid, (__typeof__(RLIMIT_CPU))i, &limit, NULL) == 0)
			continue;
		if (v->is_asked)
			return error_sys(err, errno, "set ulimit '%s'", names[i]);
	}
	return 0;
}
