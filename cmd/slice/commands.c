// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/commands.c - tare slice create, update, renew, rm
 */
#include "cmd/slice/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/group.h"
#include "cmd/command.h"
#include "cmd/limits.h"
#include "cmd/message.h"
#include "cmd/slice/cap.h"
#include "cmd/slice/store.h"
#include "cmd/units.h"

/* ---- flags --------------------------------------------------------------- */

/* What was not given is NOT_GIVEN, so that an update leaves it as it is. */
#define NOT_GIVEN INT64_MIN

struct limit_options {
	int64_t memory, memory_high, memory_swap, nano_cpus, pids, weight, io_weight, lease_ms;
	const char *cpuset_cpus;
	struct strlist io[CGROUP_IO_KINDS];
};

#define LIMITS_NOT_GIVEN                                                                        \
	.memory = NOT_GIVEN, .memory_high = NOT_GIVEN, .memory_swap = NOT_GIVEN,                \
	.nano_cpus = NOT_GIVEN, .pids = NOT_GIVEN, .weight = NOT_GIVEN, .io_weight = NOT_GIVEN, \
	.lease_ms = NOT_GIVEN, .cpuset_cpus = NULL

#define O(...) OPTION(struct limit_options, __VA_ARGS__)

static const struct option_def limit_options[] = {
	O(0, "blkio-weight", "N", OPTION_INT, io_weight,
	  "Share of disk time beside other slices and containers, 10 to 1000"),
	O(0, "cpus", "N", OPTION_FUNC, nano_cpus, "CPUs' worth of time at most, together",
	  .parse = limits_parse_cpus),
	O(0, "cpuset-cpus", "LIST", OPTION_TEXT, cpuset_cpus, "CPUs to run on: 0-2,4"),
	O(0, "device-read-bps", "PATH:RATE", OPTION_LIST, io[CGROUP_IO_RBPS],
	  "Bytes per second read from a disk at most, together"),
	O(0, "device-read-iops", "PATH:RATE", OPTION_LIST, io[CGROUP_IO_RIOPS],
	  "Reads per second from a disk at most, together"),
	O(0, "device-write-bps", "PATH:RATE", OPTION_LIST, io[CGROUP_IO_WBPS],
	  "Bytes per second written to a disk at most, together"),
	O(0, "device-write-iops", "PATH:RATE", OPTION_LIST, io[CGROUP_IO_WIOPS],
	  "Writes per second to a disk at most, together"),
	O(0, "lease", "TIME", OPTION_DURATION, lease_ms,
	  "How long it lasts: 2h; then its containers end"),
	O('m', "memory", "SIZE", OPTION_LIMIT, memory, "Memory at most, together"),
	O(0, "memory-high", "SIZE", OPTION_LIMIT, memory_high,
	  "Memory from which on processes are slowed down"),
	O(0, "memory-swap", "SIZE", OPTION_LIMIT, memory_swap,
	  "Memory and swap together, -1: no limit"),
	O(0, "pids", "N", OPTION_INT, pids, "Processes at most, together", .alias = "pids-limit"),
	O(0, "weight", "N", OPTION_INT, weight,
	  "Share of CPU time beside other slices and containers, 1 to 10000 (100)",
	  .alias = "cpu-weight"),
	{ 0 },
};
#undef O

static void take(int64_t given, int64_t *value)
{
	if (given != NOT_GIVEN)
		*value = given == -1 ? 0 : given; /* -1: no limit */
}

static int take_options(const struct limit_options *o, struct slice_limits *limits,
			struct error *err)
{
	take(o->memory, &limits->memory_bytes);
	take(o->memory_high, &limits->memory_high_bytes);
	take(o->nano_cpus, &limits->nano_cpus);
	take(o->pids, &limits->pids);
	take(o->weight, &limits->weight);
	take(o->io_weight, &limits->io_weight);
	take(o->lease_ms, &limits->lease_ms);
	if (o->memory_swap != NOT_GIVEN)
		limits->memory_swap_bytes = o->memory_swap;
	if (o->cpuset_cpus && strlen(o->cpuset_cpus) >= sizeof(limits->cpuset_cpus))
		return error_set(err, EINVAL, "--cpuset-cpus: the list is too long");
	if (o->cpuset_cpus)
		snprintf(limits->cpuset_cpus, sizeof(limits->cpuset_cpus), "%s", o->cpuset_cpus);
	for (enum cgroup_io_kind kind = 0; kind < CGROUP_IO_KINDS; kind++)
		for (size_t i = 0; i < o->io[kind].n; i++)
			if (slice_io_set(&limits->io, kind, o->io[kind].items[i], err) < 0)
				return -err->code;
	return slice_limits_check(limits, err);
}

/* ---- create -------------------------------------------------------------- */

/* With a store that the user named, the name may be another slice's on this machine. */
static void choose_cgroup(const struct context *ctx, struct slice *s)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (const char *p = ctx->root; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619U;
	if (ctx->own_store)
		snprintf(s->cgroup, sizeof(s->cgroup), "%s/slice-%s.%08x", CGROUP_PARENT, s->name,
			 hash);
	else
		snprintf(s->cgroup, sizeof(s->cgroup), "%s/slice-%s", CGROUP_PARENT, s->name);
}

/**
 * slice_maker_create() - Make a slice, within what the host's cap allows
 *
 * Return: 0, -EEXIST, -ERANGE beyond the cap, or -errno
 */
int slice_maker_create(struct slice_maker *m, const char *name, const struct slice_limits *limits,
		       struct error *err)
{
	autoslice struct slice s = { 0 }, other = { 0 };
	int r = slice_store_read(m->store->dir_fd, name, &other, err);

	if (r == 0) {
		error_set(err, EEXIST, "slice '%s' already exists", name);
		return error_hint(err, "tare slice update %s, or tare slice renew %s", name, name);
	}
	if (r != -ENOENT)
		return r;
	if (m->cap->slices && m->n_slices >= (size_t)m->cap->slices) {
		error_set(err, ENOSPC, "this host has %lld slices at most",
			  (long long)m->cap->slices);
		return error_hint(err, "tare slice ls; '%s' says so", CAP_FILE);
	}
	snprintf(s.name, sizeof(s.name), "%s", name);
	s.limits = *limits;
	choose_cgroup(m->store->ctx, &s);
	*err = (struct error){ 0 };
	r = cap_fit(m->cap, &s.limits, err);
	if (r == 0)
		r = slice_store_make(m->store, &s, err);
	m->n_slices += r == 0;
	return r;
}

static int create(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	autostrlist struct strlist names = { 0 };
	struct slice_limits limits = { 0 };
	struct cap cap;
	int r = slice_check_name(argv[0], err);

	(void)argc;
	if (r == 0)
		r = take_options(ctx->options, &limits, err);
	if (r == 0)
		r = cap_read(&cap, err);
	if (r == 0)
		r = slice_store_open(&st, ctx, err);
	if (r == 0)
		r = slice_store_list(&st, &names, err);
	if (r == 0)
		r = slice_maker_create(&(struct slice_maker){ &st, &cap, names.n }, argv[0],
				       &limits, err);
	if (r == 0)
		printf("%s\n", argv[0]);
	return r;
}

/* ---- update and renew ---------------------------------------------------- */

static int open_one(struct slice_store *st, const struct context *ctx, const char *name,
		    struct slice *s, struct error *err)
{
	int r = slice_store_open(st, ctx, err);

	if (r == 0)
		r = slice_store_read(st->dir_fd, name, s, err);
	if (r == 0)
		slice_store_settle(st, s);
	return r;
}

/* From when the present one began, as if it had been given then. */
static void change_lease(struct slice *s, int64_t lease_ms)
{
	int64_t began_ns = s->expires_ns ? s->expires_ns - s->limits.lease_ms * UNITS_NS_PER_MS
					 : units_now_ns();

	if (!s->ended_ns)
		s->expires_ns = lease_ms ? began_ns + lease_ms * UNITS_NS_PER_MS : 0;
}

static int update(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	const struct limit_options *o = ctx->options;
	autoslice struct slice s = { 0 };
	struct slice_limits limits;
	struct cap cap;
	int r = cap_read(&cap, err);

	(void)argc;
	if (r == 0)
		r = open_one(&st, ctx, argv[0], &s, err);
	if (r < 0)
		return r;
	limits = s.limits;
	r = take_options(o, &limits, err);
	if (r == 0)
		r = cap_fit(&cap, &limits, err);
	if (r == 0 && o->lease_ms != NOT_GIVEN)
		change_lease(&s, limits.lease_ms);
	if (r == 0)
		r = slice_store_change(&st, &s, &limits, err);
	if (r == 0)
		printf("%s\n", argv[0]);
	return r;
}

static int renew_one(const struct context *ctx, const char *name, const struct limit_options *o,
		     struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	autoslice struct slice s = { 0 };
	struct cap cap;
	int r = cap_read(&cap, err);

	if (r == 0)
		r = open_one(&st, ctx, name, &s, err);
	if (r < 0)
		return r;
	take(o->lease_ms, &s.limits.lease_ms);
	r = slice_limits_check(&s.limits, err);
	if (r == 0)
		r = cap_fit(&cap, &s.limits, err);
	if (r < 0)
		return r;
	slice_start_lease(&s, units_now_ns());
	r = slice_group_enforce(&st.cgroups, &s, NULL, err);
	return r == 0 ? slice_store_write(&st, &s, err) : r;
}

static int renew(struct context *ctx, int argc, char **argv, struct error *err)
{
	int status = 0;

	(void)err;
	for (int i = 0; i < argc; i++) {
		struct error why = { 0 };
		int r = renew_one(ctx, argv[i], ctx->options, &why);

		if (r == 0) {
			printf("%s\n", argv[i]);
			continue;
		}
		message_error(ctx, &why);
		status = EXIT_TARE;
	}
	return status;
}

static const struct option_def renew_options[] = {
	OPTION(struct limit_options, 0, "lease", "TIME", OPTION_DURATION, lease_ms,
	       "Another lease from now on than so far; 0: for ever"),
	{ 0 },
};

/* ---- rm ------------------------------------------------------------------ */

struct rm_options {
	bool force, all;
};

static const struct option_def rm_options[] = {
	OPTION(struct rm_options, 'a', "all", NULL, OPTION_BOOL, all, "All slices"),
	OPTION(struct rm_options, 'f', "force", NULL, OPTION_BOOL, force,
	       "Kill what runs in it; no error if there is none of that name"),
	{ 0 },
};

static int rm_one(const struct slice_store *st, const char *name, bool force, struct error *err)
{
	autoslice struct slice s = { 0 };
	int r = slice_store_read(st->dir_fd, name, &s, err);

	return r == 0 ? slice_store_remove(st, &s, force, err) : r;
}

static int rm(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	const struct rm_options *o = ctx->options;
	autostrlist struct strlist names = { 0 };
	int status = 0, r = command_check_all(ctx, o->all, argc, err);

	if (r == 0)
		r = slice_store_open(&st, ctx, err);
	for (int i = 0; i < argc; i++)
		strlist_add(&names, argv[i]);
	if (r == 0 && o->all)
		r = slice_store_list(&st, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct error why = { 0 };
		int one = rm_one(&st, names.items[i], o->force, &why);

		if (one == 0)
			printf("%s\n", names.items[i]);
		if (one == 0 || (one == -ENOENT && o->force))
			continue;
		message_error(ctx, &why);
		status = command_worst_code(one, status);
	}
	return r < 0 ? r : status;
}

/* ---- rows ---------------------------------------------------------------- */

const struct command cmd_slice_create = {
	.name = "create",
	.args = "NAME",
	.summary = "Make a slice: limits for many containers together",
	.details =
		"Its containers are those of 'tare run --slice NAME'. They share what the slice is\n"
		"given, and each may have tighter limits of its own. --weight divides the processors\n"
		"between slices, and containers in none, when all want more than there is.\n"
		"\n"
		"With a --lease it ends by itself: its containers get their stop signal and are killed\n"
		"after their stop timeout (code 124), and no more are started until 'renew'.\n"
		"\n"
		"  tare slice create ci --memory 8g --cpus 4 --pids 4000 --weight 200 --lease 2h\n"
		"\n"
		"A limit that cannot be had is an error, and there is no slice then. On a host that many\n"
		"share, " CAP_FILE " says what all of tare and each slice may have at most: see\n"
		"'tare slice cap'.",
	.options = limit_options,
	COMMAND_OPTIONS(struct limit_options, LIMITS_NOT_GIVEN),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = create,
};

const struct command cmd_slice_update = {
	.name = "update",
	.args = "SLICE",
	.summary = "Give a slice other limits",
	.details =
		"All of them or, when the kernel refuses one, none. What is not mentioned stays; "
		"-1, or 0, lifts a limit, PATH:-1 that of a disk. A --lease counts from when the present one began; "
		"'renew' starts it anew.",
	.options = limit_options,
	COMMAND_OPTIONS(struct limit_options, LIMITS_NOT_GIVEN),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = update,
};

const struct command cmd_slice_renew = {
	.name = "renew",
	.args = "SLICE [SLICE...]",
	.summary = "Start the lease anew, also one that has ended",
	.options = renew_options,
	COMMAND_OPTIONS(struct limit_options, LIMITS_NOT_GIVEN),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = renew,
};

const struct command cmd_slice_rm = {
	.name = "rm",
	.args = "[SLICE...]",
	.summary = "Remove slices",
	.details =
		"Containers that do not run stay; they start again once there is a slice of that "
		"name.\n\nExit code 1: no such slice. 2: containers run in it.",
	.options = rm_options,
	COMMAND_OPTIONS(struct rm_options, .force = false),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = rm,
};

static const struct command *const slice_commands[] = {
	&cmd_slice_apply,
	&cmd_slice_cap,
	&cmd_slice_create,
	&cmd_slice_export,
	&cmd_slice_inspect,
	&cmd_slice_ls,
	&cmd_slice_renew,
	&cmd_slice_report,
	&cmd_slice_rm,
	&cmd_slice_update,
	NULL,
};

const struct command cmd_slice = {
	.name = "slice",
	.args = "COMMAND",
	.summary = "Limits for many containers together, with a lease",
	.subcommands = slice_commands,
};
