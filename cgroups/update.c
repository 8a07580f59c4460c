// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/update.c - Other limits for a container that runs
 *
 * Theory of operation:
 * All or nothing. What can be found out before is: whether the values make
 * sense, whether the controllers reach the cgroup. Then the values that will
 * be overwritten are read, and the new ones written in an order in which no
 * step is impossible or does harm: swap grows before memory and shrinks after
 * it, so that reclaim finds room; a CPU burst must at no time exceed its
 * quota. Device rules, which the kernel exchanges in one step, come last, and
 * then the look at what really holds. If any of it fails, the old values are
 * written back, last first.
 *
 * A lower limit of memory makes the kernel reclaim, and kill where that is not
 * enough. Whoever wants to be spared that has it reclaimed before.
 *
 * A field that was not asked for keeps its value also where it shares a file
 * (quota and period) or a sum (memory and memory plus swap) with one that was.
 */
#include "cgroups/update.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cgroups/group.h"
#include "cgroups/limits.h"
#include "cgroups/protection.h"
#include "cgroups/remark.h"
#include "cgroups/setting.h"

#define RECLAIM_ROUNDS 5

struct target {
	const struct cgroup_root *root;
	const char *relpath;
	int fd;
};

/* "max" and what is not there count as no limit. */
static uint64_t number_of(const char *text)
{
	if (!text || !*text || !strncmp(text, "max", 3))
		return UINT64_MAX;
	return strtoull(text, NULL, 10); /* written by the kernel, or by our plan */
}

static char *undo_line(const char *file, const char *key, size_t len, const char *text)
{
	for (const char *line = text; line && *line;) {
		size_t line_len = strcspn(line, "\n");

		if (line_len > len && !strncmp(line, key, len) && line[len] == ' ')
			return xstrndup(line, line_len);
		line += line_len;
		line += *line == '\n';
	}
	/* A device without a line has no limit. */
	if (!strcmp(file, "io.max"))
		return xasprintf("%.*s rbps=max wbps=max riops=max wiops=max", (int)len, key);
	if (str_ends(file, ".weight"))
		return xasprintf("%.*s default", (int)len, key);
	if (!strcmp(file, "rdma.max"))
		return xasprintf("%.*s hca_handle=max hca_object=max", (int)len, key);
	return NULL;
}

/**
 * cgroup_update_undo() - What to write to take a setting back
 * @setting:	About to be applied
 * @text:	The control file's content before, NULL if it cannot be read
 *
 * Return: the value, to be freed; NULL if there is none
 */
char *cgroup_update_undo(const struct cgroup_setting *setting, const char *text)
{
	size_t key = strcspn(setting->value, " ");

	if (!text)
		return NULL;
	if (memchr(setting->value, ':', key) || !strcmp(setting->file, "rdma.max"))
		return undo_line(setting->file, setting->value, key, text);
	if (!*text)
		return xstrdup("\n"); /* an empty cpuset; without the newline nothing is written */
	if (str_starts(text, "default "))
		text += strlen("default ");
	return xstrndup(text, strcspn(text, "\n"));
}

static size_t find(const struct cgroup_setting *settings, size_t n, const char *file)
{
	for (size_t i = 0; i < n; i++)
		if (!settings[i].unchecked && !strcmp(settings[i].file, file))
			return i;
	return n;
}

/* Swap the places of two settings that are planned as first, second. */
static void exchange(struct cgroup_setting *settings, char **undo, size_t a, size_t b)
{
	struct cgroup_setting setting = settings[a];
	char *value = undo[a];

	settings[a] = settings[b];
	settings[b] = setting;
	undo[a] = undo[b];
	undo[b] = value;
}

/**
 * cgroup_update_order() - Bring settings in an order in which each can be written
 * @settings:	From cgroup_limits_plan()
 * @undo:	For each the value before, from cgroup_update_undo()
 *
 * The plan has swap before memory and the burst after the quota, which is
 * right for growing ones.
 */
void cgroup_update_order(struct cgroup_setting *settings, char **undo, size_t n)
{
	size_t swap = find(settings, n, "memory.swap.max");
	size_t memory = find(settings, n, "memory.max");
	size_t burst = find(settings, n, "cpu.max.burst");
	size_t quota = find(settings, n, "cpu.max");

	if (swap < n && memory < n && number_of(settings[swap].value) < number_of(undo[swap]))
		exchange(settings, undo, swap, memory);
	if (burst < n && quota < n && undo[burst] &&
	    number_of(settings[burst].value) < number_of(undo[burst]))
		exchange(settings, undo, burst, quota);
}

/* Quota and period are in one file, as "max 100000". */
static void complete_cpu(int dirfd, struct cgroup_limits *l)
{
	autofree char *text = NULL;
	uint64_t quota, period;
	char *space;

	if (!l->cpu_quota_us == !l->cpu_period_us)
		return;
	text = cgroup_read_control(dirfd, "cpu.max");
	space = text ? strchr(text, ' ') : NULL;
	if (!space)
		return;
	quota = number_of(text);
	period = number_of(space + 1);
	if (!l->cpu_period_us)
		l->cpu_period_us = period;
	else if (quota != UINT64_MAX)
		l->cpu_quota_us = (int64_t)quota;
}

/* The swap limit is asked for as a sum, whose other part may be in the kernel. */
static void complete_memory(int dirfd, struct cgroup_limits *l)
{
	autofree char *text = NULL;
	uint64_t bytes;

	if (l->memory_swap_bytes <= 0 || l->memory_bytes)
		return;
	text = cgroup_read_control(dirfd, "memory.max");
	bytes = number_of(text);
	if (bytes < INT64_MAX)
		l->memory_bytes = (int64_t)bytes;
}

/* Whoever asks for it doesn't want a limit at which something is killed at once. */
static int check_usage(int dirfd, const struct cgroup_limits *l, struct error *err)
{
	autofree char *text = NULL;
	uint64_t usage;

	if (!l->memory_check_before)
		return 0;
	text = cgroup_read_control(dirfd, "memory.current");
	if (!text)
		return 0; /* no such controller yet: nothing is counted */
	usage = number_of(text);
	if (l->memory_swap_bytes > 0 && (uint64_t)l->memory_swap_bytes <= usage)
		return error_set(err, EBUSY,
				 "linux.resources.memory.swap: rejecting memory+swap limit %" PRId64
				 " <= usage %" PRIu64,
				 l->memory_swap_bytes, usage);
	if (l->memory_bytes > 0 && (uint64_t)l->memory_bytes <= usage)
		return error_set(err, EBUSY,
				 "linux.resources.memory.limit: rejecting memory limit %" PRId64
				 " <= usage %" PRIu64,
				 l->memory_bytes, usage);
	return 0;
}

/* Take the other file where the first does not exist. */
static void choose_file(int dirfd, struct cgroup_setting *s)
{
	char *file = s->file, *value = s->value;

	if (!s->fallback_file || faccessat(dirfd, s->file, F_OK, 0) == 0)
		return;
	s->file = s->fallback_file;
	s->value = s->fallback_value;
	s->fallback_file = file;
	s->fallback_value = value;
}

static void take_back(int dirfd, const struct cgroup_setting *settings, char **undo, size_t n,
		      struct error *err)
{
	while (n--) {
		int r = undo[n] ? file_write_at(dirfd, settings[n].file, undo[n]) : 0;

		if (r < 0 && r != -ENOENT)
			(void)error_hint(err, "'%s' could not be put back to '%s': %s",
					 settings[n].file, undo[n], strerror(-r));
	}
}

/* Before a lower limit: what can go goes, and if that is not enough the limit stays. */
static int make_room(int dirfd, const struct cgroup_setting *s, struct error *err)
{
	uint64_t limit = number_of(s->value), usage = 0;

	if (strcmp(s->file, "memory.max") != 0)
		return 0;
	for (int i = 0; i < RECLAIM_ROUNDS; i++) {
		autofree char *text = cgroup_read_control(dirfd, "memory.current");
		autofree char *rest = NULL;

		usage = text ? number_of(text) : 0;
		if (usage <= limit)
			return 0;
		rest = xasprintf("%" PRIu64, usage - limit);
		(void)file_write_at(dirfd, "memory.reclaim", rest); /* as much as it can */
	}
	error_set(err, EBUSY,
		  "%s: %" PRIu64 " bytes are in use, and cannot be reclaimed down to %" PRIu64,
		  s->option, usage, limit);
	return error_hint(err, "--force sets the limit all the same, and the kernel kills");
}

/* The parent has to grant what is protected, before anybody looks at it. */
static int look(const struct target *t, const struct cgroup_change *change, struct error *err)
{
	autofree char *all = NULL;
	int r = cgroup_protection_sum(t->root, err);

	if (r == 0)
		r = cgroup_limits_remark(t->root, t->relpath, change->limits, change->remarks, err);
	if (r < 0 || !change->strict || !change->remarks->n)
		return r;
	all = strlist_join(change->remarks, "; ");
	return error_set(err, ERANGE, "the limits would not hold as asked for: %s", all);
}

static int apply_all(const struct target *t, struct cgroup_setting *settings, size_t n,
		     const struct cgroup_change *change, struct error *err)
{
	const struct cgroup_device_rules *devices = change->devices;
	char **undo = xcalloc(n + 1, sizeof(*undo));
	size_t done = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		autofree char *text = NULL;

		choose_file(t->fd, &settings[i]);
		text = cgroup_read_control(t->fd, settings[i].file);
		undo[i] = cgroup_update_undo(&settings[i], text);
	}
	cgroup_update_order(settings, undo, n);
	while (r == 0 && done < n) { /* one that the kernel changed on the way was written too */
		r = change->spare ? make_room(t->fd, &settings[done], err) : 0;
		if (r == 0)
			r = cgroup_setting_apply(t->fd, &settings[done++], err);
	}
	if (r == 0 && devices && devices->n)
		r = cgroup_devices_replace(t->fd, devices->items, devices->n, err);
	if (r == 0 && change->remarks)
		r = look(t, change, err);
	if (r < 0)
		take_back(t->fd, settings, undo, done, err);
	if (r < 0 && change->remarks)
		(void)cgroup_protection_sum(t->root, &(struct error){ 0 });
	for (size_t i = 0; i < n; i++)
		free(undo[i]);
	free(undo);
	return r;
}

/**
 * cgroup_update() - Change the limits of a cgroup with processes
 * @relpath:	Of the container's cgroup
 *
 * Return: 0; otherwise all is as before: -EINVAL, -EOPNOTSUPP or -ERANGE if a
 * limit cannot be had, -EBUSY if more is in use and that was to be checked, or -errno
 */
int cgroup_update(const struct cgroup_root *root, const char *relpath,
		  const struct cgroup_change *change, struct error *err)
{
	struct cgroup_setting *settings = NULL;
	struct cgroup_limits all = { 0 };
	autoclose int fd = cgroup_open(root, relpath, err);
	size_t n = 0;
	int r;

	if (fd < 0)
		return fd;
	cgroup_limits_copy(&all, change->limits);
	complete_cpu(fd, &all);
	complete_memory(fd, &all);
	r = cgroup_limits_plan(&all, &settings, &n, err);
	if (r == 0)
		r = cgroup_pass_controllers(root, relpath, fd, &all, err);
	if (r == 0)
		r = check_usage(fd, change->limits, err);
	if (r == 0)
		r = apply_all(&(struct target){ root, relpath, fd }, settings, n, change, err);
	cgroup_settings_free(settings, n);
	cgroup_limits_done(&all);
	return r;
}
