// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/oom.c - Who was killed for want of memory, how many, and whose limit it was
 *
 * Theory of operation:
 * How many were killed is the kernel's counter, memory.events. Who they were,
 * and at whose limit, is in the kernel's log; where that cannot be read, the
 * counters tell the limit (a failed allocation is counted where it failed, a
 * kill where the dead belonged), and a watch on them whether the end of the
 * first process came with a kill or later. What cannot be told is unknown.
 */
#include "cmd/report/oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/stats.h"
#include "cmd/units.h"
#include "runtime/record.h"

#define SHOWN_VICTIMS 3
#define FIRST_PID_NS  4026531836U /* its inode, the same on every Linux */
/* The kernel announces a kill within 10 ms, and a moment before the victim knows of it. */
#define FRESH_NS     (UNITS_NS_PER_S / 10)
#define TIMES_OFF_US INT64_C(10000000) /* the log's clock is another one, */
#define DRIFT_PARTS  10000	       /* and nobody corrects it */

struct counters {
	bool present;
	uint64_t oom, kills, group_kills;
};

static struct counters read_counters(int dirfd, const char *file)
{
	struct counters c = { .present = false };
	struct error ignored;
	int r = 0;
	autofree char *text = cgroup_read_stat(dirfd, file, &r, &ignored);

	if (!text)
		return c;
	return (struct counters){
		.present = true,
		.oom = cgroup_keyed_value(text, "oom"),
		.kills = cgroup_keyed_value(text, "oom_kill"),
		.group_kills = cgroup_keyed_value(text, "oom_group_kill"),
	};
}

/* 0 if there is no such file. */
static uint64_t read_bytes(int dirfd, const char *file)
{
	struct error ignored;
	int r = 0;
	autofree char *text = cgroup_read_stat(dirfd, file, &r, &ignored);

	if (!text)
		return 0;
	return !strncmp(text, "max", 3) ? CGROUP_NO_LIMIT : strtoull(text, NULL, 10);
}

static bool in_first_pid_namespace(void)
{
	struct stat st;

	return fstatat(AT_FDCWD, "/proc/self/ns/pid", &st, 0) == 0 && st.st_ino == FIRST_PID_NS;
}

/* ---- whose limit -------------------------------------------------------- */

static void limit_is(struct oom *oom, enum oom_level level, int dirfd)
{
	oom->level = level;
	if (dirfd >= 0)
		oom->limit_bytes = read_bytes(dirfd, "memory.max");
	if (!oom->limit_bytes)
		oom->limit_bytes = CGROUP_NO_LIMIT; /* not read */
}

static enum oom_level level_above(const char *group)
{
	return str_starts(group, CGROUP_PARENT "/") ? OOM_LEVEL_SLICE : OOM_LEVEL_ANCESTOR;
}

typedef bool look_at_ancestor(struct oom *oom, const char *group, int dirfd);

/* From the container's parent up to the last one that is ours to read. */
static void for_each_above(struct oom *oom, const struct oom_query *q, look_at_ancestor *look)
{
	autofree char *group = xstrdup(q->group);
	char *slash;

	while ((slash = strrchr(group, '/'))) {
		struct error ignored;
		autoclose int fd = -1;

		*slash = '\0';
		fd = cgroup_open(q->root, group, &ignored);
		if (fd >= 0 && look(oom, group, fd))
			return;
	}
}

static bool is_named(struct oom *oom, const char *group, int dirfd)
{
	autofree char *end = xasprintf("/%s", group);

	if (!str_ends(oom->limit_path, end))
		return false;
	limit_is(oom, level_above(group), dirfd);
	return true;
}

/* What the container has made it may have removed: then the limit is not known. */
static void look_inside(struct oom *oom, const struct oom_query *q)
{
	const char *below = strstr(oom->limit_path, q->group);
	autoclose int fd = -1;

	if (below && q->cgroup_fd >= 0)
		fd = openat(q->cgroup_fd, below + strlen(q->group) + 1,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	limit_is(oom, OOM_LEVEL_INSIDE, fd);
}

/* Found by the log. */
static void place_path(struct oom *oom, const struct oom_query *q)
{
	if (!*q->group || !oom_log_is_below(oom->limit_path, q->group)) {
		limit_is(oom, OOM_LEVEL_ANCESTOR, -1);
		if (*q->group)
			for_each_above(oom, q, is_named);
		/* It may be our top, which inside a container has a name that we do not know. */
		if (oom->limit_bytes == CGROUP_NO_LIMIT &&
		    read_counters(q->root->fd, "memory.events.local").oom)
			limit_is(oom, OOM_LEVEL_ANCESTOR, q->root->fd);
	} else if (str_ends(oom->limit_path, q->group)) {
		limit_is(oom, OOM_LEVEL_CONTAINER, q->cgroup_fd);
	} else {
		look_inside(oom, q);
	}
}

static bool has_run_out(struct oom *oom, const char *group, int dirfd)
{
	struct counters c = read_counters(dirfd, "memory.events.local");

	/* What has no limit has run out of an earlier one. */
	if (!c.present || !c.oom || read_bytes(dirfd, "memory.max") == CGROUP_NO_LIMIT)
		return false;
	if (oom->level != OOM_LEVEL_HOST) { /* the second one: it may have been either */
		limit_is(oom, OOM_LEVEL_UNKNOWN, -1);
		free(oom->limit_path);
		oom->limit_path = NULL;
		return true;
	}
	limit_is(oom, level_above(group), dirfd);
	oom->limit_path = xasprintf("/%s", group);
	return false;
}

/* Inside a container our top is a cgroup like others, with more above it that is not seen. */
static void look_at_top(struct oom *oom, const struct oom_query *q)
{
	if (oom->level != OOM_LEVEL_HOST || !read_counters(q->root->fd, "memory.events").present)
		return;
	if (!has_run_out(oom, "", q->root->fd) && oom->level == OOM_LEVEL_HOST)
		limit_is(oom, OOM_LEVEL_UNKNOWN, -1);
}

/* Found by the counters: without a log that is all there is. */
static void place_counters(struct oom *oom, const struct oom_query *q, const struct counters *all)
{
	struct counters local = read_counters(q->cgroup_fd, "memory.events.local");

	if (local.oom) {
		limit_is(oom, OOM_LEVEL_CONTAINER, q->cgroup_fd);
	} else if (local.present && all->oom) {
		limit_is(oom, OOM_LEVEL_INSIDE, -1);
	} else if (local.present) {
		limit_is(oom, OOM_LEVEL_HOST, -1); /* unless one of those above had no room */
		for_each_above(oom, q, has_run_out);
		look_at_top(oom, q);
	}
}

/* ---- who ---------------------------------------------------------------- */

static enum oom_answer first_was_killed(const struct oom *oom, const struct oom_query *q)
{
	if (!q->killed)
		return OOM_NO;
	if (oom->has_victims && in_first_pid_namespace()) {
		if (oom_log_has(&oom->log, q->pid))
			return OOM_YES;
		if (oom->log.n_victims >= oom->kills)
			return OOM_NO; /* all the others are known */
	}
	if (q->by_us)
		return OOM_NO;
	if (oom->group == OOM_YES)
		return OOM_YES;
	if (!q->watched)
		return OOM_UNKNOWN;
	return q->seen_dying || oom->kills > q->seen_kills || q->ended_ns - q->seen_ns < FRESH_NS
		       ? OOM_YES
		       : OOM_NO;
}

static void search_log(struct oom *oom, const struct oom_query *q)
{
	int64_t slack_us = TIMES_OFF_US + q->began_ns / UNITS_NS_PER_US / DRIFT_PARTS;

	oom->log.group = *q->group ? q->group : NULL;
	oom->log.pid = q->killed && in_first_pid_namespace() ? q->pid : 0;
	oom->log.since_us = q->began_ns / UNITS_NS_PER_US - slack_us;
	oom->has_victims = oom_log_read(&oom->log);
}

/* Those of an earlier run may be in the log, too: the last ones are this one's. */
static void drop_earlier(struct oom *oom)
{
	struct oom_log *log = &oom->log;
	size_t extra;

	if (log->n_victims <= oom->kills)
		return;
	extra = log->n_victims - (size_t)oom->kills;
	memmove(log->victims, log->victims + extra, sizeof(*log->victims) * (size_t)oom->kills);
	log->n_victims = (size_t)oom->kills;
}

/* The log may be that of an earlier run as well, the counter is not. */
static void count_once(struct oom *oom, const struct counters *all)
{
	uint64_t again = oom->log.n_again;

	again = again > all->group_kills ? all->group_kills : again;
	oom->kills -= again < oom->kills ? again : 0;
}

/**
 * oom_look() - Find out, once the first process has ended and before the cgroup goes
 * @oom:	Filled in; oom_done() releases it
 */
void oom_look(struct oom *oom, const struct oom_query *q)
{
	struct counters all = { .present = false };

	*oom = (struct oom){ .limit_bytes = CGROUP_NO_LIMIT };
	if (q->cgroup_fd >= 0)
		all = read_counters(q->cgroup_fd, "memory.events");
	oom->known = all.present;
	oom->kills = all.kills > q->earlier_kills ? all.kills - q->earlier_kills : 0;
	oom->group = !all.present ? OOM_UNKNOWN : all.group_kills ? OOM_YES : OOM_NO;
	if (!oom->kills && (all.present || !q->killed || q->by_us))
		return;
	search_log(oom, q);
	if (!all.present) { /* nobody counts: all that may be known is the end of the first process */
		oom->known = oom->log.n_victims > 0;
		oom->kills = oom->log.n_victims;
	} else {
		count_once(oom, &all);
	}
	drop_earlier(oom);
	if (!oom->kills)
		return;
	oom->first = first_was_killed(oom, q);
	oom->peak_bytes = q->cgroup_fd >= 0 ? read_bytes(q->cgroup_fd, "memory.peak") : 0;
	if (oom->log.n_victims && oom->log.machine) {
		limit_is(oom, OOM_LEVEL_HOST, -1);
	} else if (oom->log.n_victims && oom->log.limit_path) {
		oom->limit_path = xstrdup(oom->log.limit_path);
		place_path(oom, q);
	} else if (all.present) {
		place_counters(oom, q, &all);
	}
}

/**
 * oom_of_running() - The same of a container that has not ended
 * @oom:	Filled in; oom_done() releases it
 * @now_ns:	CLOCK_MONOTONIC
 */
void oom_of_running(struct oom *oom, const struct record *r, int64_t now_ns)
{
	struct cgroup_root root = { .fd = -1 };
	struct error ignored;
	autoclose int fd = -1;

	if (*r->cgroup && cgroup_root_open(&root, &ignored) == 0)
		fd = cgroup_open(&root, r->cgroup, &ignored);
	oom_look(oom, &(struct oom_query){
			      .root = &root,
			      .group = fd < 0 ? "" : r->cgroup,
			      .cgroup_fd = fd,
			      .began_ns = now_ns - (units_now_ns() - r->started_ns),
			      .ended_ns = now_ns,
		      });
	cgroup_root_close(&root);
}

/** oom_done() - Release what the struct holds; safe twice */
void oom_done(struct oom *oom)
{
	free(oom->limit_path);
	oom->limit_path = NULL;
	oom_log_done(&oom->log);
}

/* ---- in words ----------------------------------------------------------- */

static void describe_limit(const struct oom *oom, struct str *out)
{
	char limit[UNITS_TEXT_MAX] = "its limit";
	bool known = oom->limit_bytes != CGROUP_NO_LIMIT;

	if (known) {
		char size[UNITS_TEXT_MAX];

		snprintf(limit, sizeof(limit), "limit %s",
			 units_print_binary(size, oom->limit_bytes));
	}
	switch (oom->level) {
	case OOM_LEVEL_CONTAINER:
		str_puts(out, limit);
		break;
	case OOM_LEVEL_INSIDE:
	case OOM_LEVEL_SLICE:
	case OOM_LEVEL_ANCESTOR:
		str_printf(out, "%s of cgroup '%s'", known ? limit : "limit",
			   oom->limit_path ? oom->limit_path : "");
		break;
	case OOM_LEVEL_HOST:
		str_puts(out, "the machine has no more");
		break;
	case OOM_LEVEL_UNKNOWN:
		str_puts(out, "not its own limit but that of a cgroup above it, or of the machine");
		break;
	}
}

/**
 * oom_describe() - What a user needs to know to choose a better limit
 *
 * Return: "limit 64MiB, peak 64MiB, 1 kill: pid 12 'worker'", which the caller frees
 */
char *oom_describe(const struct oom *oom)
{
	struct str out = { 0 };
	char peak[UNITS_TEXT_MAX];

	describe_limit(oom, &out);
	if (oom->peak_bytes)
		str_printf(&out, ", peak %s", units_print_binary(peak, oom->peak_bytes));
	str_printf(&out, ", %llu kill%s%s", (unsigned long long)oom->kills,
		   oom->kills == 1 ? "" : "s",
		   oom->group == OOM_YES ? " of all processes together" : "");
	for (size_t i = 0; i < oom->log.n_victims && i < SHOWN_VICTIMS; i++)
		str_printf(&out, "%s pid %d '%s'", i ? "," : ":", (int)oom->log.victims[i].pid,
			   oom->log.victims[i].command);
	if (oom->log.n_victims && oom->kills > SHOWN_VICTIMS)
		str_puts(&out, ", …");
	return str_take(&out);
}

static struct json *answer(enum oom_answer a)
{
	return a == OOM_UNKNOWN ? json_new_nil() : json_new_bool(a == OOM_YES);
}

static struct json *victims(const struct oom *oom)
{
	struct json *list;

	if (oom->kills && !oom->has_victims)
		return json_new_nil();
	list = json_new_list();
	for (size_t i = 0; i < oom->log.n_victims; i++) {
		struct json *victim = json_new_map();

		json_set_int(victim, "pid", oom->log.victims[i].pid);
		json_set_text(victim, "command", oom->log.victims[i].command);
		json_add(list, victim);
	}
	return list;
}

/** oom_to_json() - The same for programs: State.Oom of inspect, "oom" of a report */
struct json *oom_to_json(const struct oom *oom)
{
	static const char *const levels[] = {
		[OOM_LEVEL_CONTAINER] = "container", [OOM_LEVEL_INSIDE] = "inside",
		[OOM_LEVEL_SLICE] = "slice",	     [OOM_LEVEL_ANCESTOR] = "ancestor",
		[OOM_LEVEL_HOST] = "host",
	};
	struct json *map = json_new_map();
	const char *level = oom->level ? levels[oom->level] : NULL;

	json_set(map, "kills", oom->known ? json_new_int((int64_t)oom->kills) : json_new_nil());
	json_set(map, "init", oom->known ? answer(oom->first) : json_new_nil());
	json_set(map, "group", answer(oom->group));
	json_set(map, "level", level ? json_new_text(level) : json_new_nil());
	json_set(map, "cgroup", oom->limit_path ? json_new_text(oom->limit_path) : json_new_nil());
	json_set(map, "limit_bytes",
		 oom->limit_bytes == CGROUP_NO_LIMIT ? json_new_nil()
						     : json_new_int((int64_t)oom->limit_bytes));
	json_set(map, "victims", victims(oom));
	return map;
}
