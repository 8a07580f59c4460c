// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/account.c - What a cgroup has used and what its limits did: the account of a run
 *
 * Sections "cpu", "memory", "pids", "io", "pressure" and "limits". A figure that
 * cannot be had is null, never 0, and "missing" says why, by the path of the
 * figure or of its section. docs/report.md and docs/report.schema.json describe
 * the result.
 */
#include "cgroups/account.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cgroups/stats.h"

#define NO_CONTROLLER (-1) /* every cgroup has it */

/* A number of a file, by its key where the file has several. */
static const struct figure {
	const char *section, *name, *file, *key;
	int controller;
	bool adds_up; /* over time: the share of a part of it is a difference */
	const char *since;
} figures[] = {
	{ "cpu", "usage_us", "cpu.stat", "usage_usec", NO_CONTROLLER, true, "4.15" },
	{ "cpu", "user_us", "cpu.stat", "user_usec", NO_CONTROLLER, true, "4.15" },
	{ "cpu", "system_us", "cpu.stat", "system_usec", NO_CONTROLLER, true, "4.15" },
	{ "cpu", "periods", "cpu.stat", "nr_periods", CGROUP_CPU, true, "4.15" },
	{ "cpu", "throttled", "cpu.stat", "nr_throttled", CGROUP_CPU, true, "4.15" },
	{ "cpu", "throttled_us", "cpu.stat", "throttled_usec", CGROUP_CPU, true, "4.15" },
	{ "memory", "peak_bytes", "memory.peak", NULL, CGROUP_MEMORY, false, "5.19" },
	{ "memory", "end_bytes", "memory.current", NULL, CGROUP_MEMORY, false, "4.5" },
	{ "memory", "swap_peak_bytes", "memory.swap.peak", NULL, CGROUP_MEMORY, false, "6.5" },
	{ "memory", "swap_end_bytes", "memory.swap.current", NULL, CGROUP_MEMORY, false, "4.5" },
	{ "pids", "peak", "pids.peak", NULL, CGROUP_PIDS, false, "6.1" },
	{ "pids", "refused", "pids.events", "max", CGROUP_PIDS, true, "4.8" },
};

#define N_FIGURES (sizeof(figures) / sizeof(*figures))

/* As they are in the kernel's files, when those are there. */
static const char *const limit_files[] = {
	"memory.max",	   "memory.high",      "memory.low",	   "memory.min",
	"memory.swap.max", "memory.swap.high", "memory.oom.group", "cpu.max",
	"cpu.max.burst",   "cpu.weight",       "cpu.idle",	   "cpuset.cpus",
	"cpuset.mems",	   "pids.max",	       "io.max",	   "io.weight",
};

static const char *const pressures[] = { "cpu", "memory", "io" };
static const char *const sections[] = { "cpu", "memory", "pids", "io", "pressure" };

/* NULL if it cannot be read, for whatever reason. */
static char *read_text(int dirfd, const char *file)
{
	struct error ignored; /* the caller says what is missing */
	int r = 0;

	return cgroup_read_stat(dirfd, file, &r, &ignored);
}

/* ---- what is missing ---------------------------------------------------- */

struct reader {
	int dirfd;
	unsigned int controllers; /* of this cgroup */
	struct json *doc, *missing;
	char *file_name, *file_text; /* the file that was read last */
};

static bool has_controller(const struct reader *r, int controller)
{
	return controller == NO_CONTROLLER || (r->controllers & CGROUP_BIT(controller));
}

static void miss_controller(struct reader *r, const char *section, int controller)
{
	autofree char *why = NULL;

	if (json_get(r->missing, section))
		return;
	why = cgroup_controller_absence((enum cgroup_controller)controller);
	json_set_text(r->missing, section, why);
}

static void miss_figure(struct reader *r, const struct figure *f)
{
	autofree char *path = xasprintf("%s.%s", f->section, f->name);
	autofree char *why = NULL;

	if (!has_controller(r, f->controller) && f->controller == CGROUP_CPU) {
		miss_controller(r, path, f->controller);
		return;
	}
	if (!has_controller(r, f->controller)) {
		miss_controller(r, f->section, f->controller);
		return;
	}
	why = xasprintf("this kernel does not have it in '%s' (known since Linux %s)", f->file,
			f->since);
	json_set_text(r->missing, path, why);
}

/* ---- figures ------------------------------------------------------------ */

static struct json *section_of(struct json *doc, const char *name)
{
	/* It was made by us, a few lines ago. */
	return (struct json *)(uintptr_t)json_get(doc, name);
}

static const char *file_text(struct reader *r, const char *file)
{
	if (!r->file_name || strcmp(r->file_name, file) != 0) {
		free(r->file_text);
		free(r->file_name);
		r->file_name = xstrdup(file);
		r->file_text = read_text(r->dirfd, file);
	}
	return r->file_text;
}

static void read_figure(struct reader *r, const struct figure *f)
{
	struct json *section = section_of(r->doc, f->section);
	const char *text = has_controller(r, f->controller) ? file_text(r, f->file) : NULL;

	if (text && f->key)
		text = cgroup_find_key(text, f->key);
	if (text) {
		json_set(section, f->name, json_new_u64(strtoull(text, NULL, 10)));
		return;
	}
	json_set(section, f->name, json_new_nil());
	miss_figure(r, f);
}

/* All keys of a flat-keyed file, or null. */
static void read_events(struct reader *r, const char *name, const char *file)
{
	struct json *memory = section_of(r->doc, "memory");
	autofree char *text = NULL;

	if (has_controller(r, CGROUP_MEMORY))
		text = read_text(r->dirfd, file);
	json_set(memory, name, text ? cgroup_keyed_json(text) : json_new_nil());
}

/* ---- devices ------------------------------------------------------------ */

static const struct {
	const char *name, *key;
} io_figures[] = {
	{ "read_bytes", "rbytes" }, { "written_bytes", "wbytes" },   { "reads", "rios" },
	{ "writes", "wios" },	    { "discarded_bytes", "dbytes" }, { "discards", "dios" },
};

#define N_IO_FIGURES (sizeof(io_figures) / sizeof(*io_figures))

static void add_io(struct json *map, const char *text)
{
	for (size_t i = 0; i < N_IO_FIGURES; i++)
		json_set(map, io_figures[i].name,
			 text ? json_new_u64(cgroup_nested_sum(text, io_figures[i].key))
			      : json_new_nil());
}

/* Lines as "8:0 rbytes=1 wbytes=2"; a device that nothing was done to has no figures. */
static struct json *devices(const char *text)
{
	struct json *list = json_new_list();
	autostrlist struct strlist lines = { 0 };

	strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct json *device;
		size_t n = strcspn(lines.items[i], " ");
		autofree char *name = xstrndup(lines.items[i], n);

		if (!strchr(lines.items[i], '='))
			continue;
		device = json_new_map();
		json_set_text(device, "device", name);
		add_io(device, lines.items[i]);
		json_add(list, device);
	}
	return list;
}

static void read_io(struct reader *r)
{
	autofree char *text = NULL;
	struct json *io = section_of(r->doc, "io");

	if (has_controller(r, CGROUP_IO))
		text = read_text(r->dirfd, "io.stat");
	add_io(io, text);
	json_set(io, "devices", text ? devices(text) : json_new_nil());
	if (!text)
		miss_controller(r, "io", CGROUP_IO);
}

/* ---- pressure ----------------------------------------------------------- */

/* Of the line "some avg10=0.00 avg60=0.00 avg300=0.00 total=123"; null if there is none. */
static struct json *total(const char *text, const char *line)
{
	const char *at = cgroup_find_key(text, line);
	const char *value = at ? strstr(at, "total=") : NULL;

	return value ? json_new_u64(strtoull(value + strlen("total="), NULL, 10)) : json_new_nil();
}

static void read_pressure(struct reader *r)
{
	struct json *all = section_of(r->doc, "pressure");
	bool any = false;

	for (size_t i = 0; i < sizeof(pressures) / sizeof(*pressures); i++) {
		autofree char *file = xasprintf("%s.pressure", pressures[i]);
		autofree char *text = read_text(r->dirfd, file);
		struct json *map = json_new_map();

		any |= text != NULL;
		json_set(map, "some_us", total(text, "some"));
		json_set(map, "full_us", total(text, "full"));
		json_set(all, pressures[i], map);
	}
	if (!any)
		json_set_text(r->missing, "pressure",
			      "this kernel does not count pressure (CONFIG_PSI, psi=1)");
}

/* ---- limits ------------------------------------------------------------- */

/* A number where the file has just one; else its text: "max", "20000 100000". */
static struct json *limit(char *text)
{
	size_t len = strlen(text);
	uint64_t n;

	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return str_parse_u64(text, INT64_MAX, &n) == 0 ? json_new_u64(n) : json_new_text(text);
}

static struct json *read_limits(const struct reader *r)
{
	struct json *limits = json_new_map();

	for (size_t i = 0; i < sizeof(limit_files) / sizeof(*limit_files); i++) {
		autofree char *text = read_text(r->dirfd, limit_files[i]);

		if (text)
			json_set(limits, limit_files[i], limit(text));
	}
	return limits;
}

/* ---- the whole ---------------------------------------------------------- */

static void add_sections(struct json *doc)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		json_set(doc, sections[i], json_new_map());
}

static void read_all(struct reader *r)
{
	add_sections(r->doc);
	for (size_t i = 0; i < N_FIGURES; i++)
		read_figure(r, &figures[i]);
	read_events(r, "events", "memory.events");
	read_events(r, "events_local", "memory.events.local");
	read_io(r);
	read_pressure(r);
	json_set(r->doc, "limits", read_limits(r));
	free(r->file_name);
	free(r->file_text);
}

/**
 * cgroup_account_read() - Read all figures of a cgroup
 * @doc:	Gets the sections
 * @missing:	Gets why a figure or a section is null
 *
 * Works on an empty cgroup too: read it after the last process has ended and
 * before cgroup_remove().
 */
void cgroup_account_read(int dirfd, struct json *doc, struct json *missing)
{
	struct reader r = { .dirfd = dirfd, .doc = doc, .missing = missing };
	struct error err;

	if (cgroup_read_controllers(dirfd, "cgroup.controllers", &r.controllers, &err) < 0) {
		cgroup_account_absent(err.msg, doc, missing);
		return;
	}
	read_all(&r);
}

/** cgroup_account_absent() - The same sections for what had no cgroup: all null */
void cgroup_account_absent(const char *why, struct json *doc, struct json *missing)
{
	struct reader r = { .dirfd = -1, .doc = doc, .missing = json_new_map() };

	read_all(&r);
	json_free(r.missing);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		json_set_text(missing, sections[i], why);
}

/* ---- a part of it ------------------------------------------------------- */

static void subtract(struct json *now, const struct json *before, const char *key)
{
	const struct json *n = json_get(now, key), *b = json_get(before, key);

	if (json_kind_of(n) == JSON_INT && json_kind_of(b) == JSON_INT)
		json_set_int(now, key, json_int(n, 0) - json_int(b, 0));
}

static void subtract_all(struct json *now, const struct json *before)
{
	const struct json *value;
	const char *key;

	for (void *it = NULL; json_next(before, &it, &key, &value);)
		if (json_kind_of(value) == JSON_MAP)
			subtract_all(section_of(now, key), value);
		else
			subtract(now, before, key);
}

/* Those that are new have no counterpart. */
static void subtract_devices(struct json *now, const struct json *before)
{
	for (size_t i = 0; i < json_count(now); i++) {
		struct json *device = (struct json *)(uintptr_t)json_at(now, i);
		const char *name = json_text_or(json_get(device, "device"), "");

		for (size_t j = 0; j < json_count(before); j++)
			if (!strcmp(name, json_text_or(json_get(json_at(before, j), "device"), "")))
				subtract_all(device, json_at(before, j));
	}
}

/**
 * cgroup_account_since() - Leave in an account only what came after another one
 *
 * What does not add up over time, as a peak, stays as it is.
 */
void cgroup_account_since(struct json *now, const struct json *before)
{
	static const char *const whole[] = { "io", "pressure" };
	const struct json *memory = json_get(before, "memory");

	for (size_t i = 0; i < N_FIGURES; i++)
		if (figures[i].adds_up)
			subtract(section_of(now, figures[i].section),
				 json_get(before, figures[i].section), figures[i].name);
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		subtract_all(section_of(now, whole[i]), json_get(before, whole[i]));
	subtract_devices(section_of(section_of(now, "io"), "devices"),
			 json_get(json_get(before, "io"), "devices"));
	subtract_all(section_of(section_of(now, "memory"), "events"), json_get(memory, "events"));
	subtract_all(section_of(section_of(now, "memory"), "events_local"),
		     json_get(memory, "events_local"));
}

/* What is written to it begins the peak anew for readers of this descriptor (Linux 6.12). */
static int begin_peak(int dirfd, const char *file)
{
	autoclose int fd = openat(dirfd, file, O_RDWR | O_CLOEXEC);
	static const char anything[] = "reset\n";

	if (fd < 0 || write(fd, anything, sizeof(anything) - 1) < 0)
		return -1;
	return steal_fd(&fd);
}

/**
 * cgroup_account_begin_part() - Begin the account of what happens from now on
 * @part:	CGROUP_ACCOUNT_PART_NONE before; cgroup_account_done_part() releases it
 */
void cgroup_account_begin_part(struct cgroup_account_part *part, int dirfd)
{
	autojson struct json *ignored = json_new_map(); /* the end will say what is missing */

	part->peak_fd = begin_peak(dirfd, "memory.peak");
	part->swap_peak_fd = begin_peak(dirfd, "memory.swap.peak");
	part->before = json_new_map();
	cgroup_account_read(dirfd, part->before, ignored);
}

static void replace_peak(struct json *doc, struct json *missing, int fd, const char *name)
{
	struct json *memory = section_of(doc, "memory");
	autofree char *path = xasprintf("memory.%s", name);
	char text[32];
	ssize_t n;

	if (json_kind_of(json_get(memory, name)) != JSON_INT)
		return; /* it is missing anyway */
	n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	if (n > 0) {
		text[n] = '\0';
		json_set(memory, name, json_new_u64(strtoull(text, NULL, 10)));
		return;
	}
	json_set(memory, name, json_new_nil());
	json_set_text(missing, path,
		      "this kernel has but the peak of all times (before Linux 6.12)");
}

/** cgroup_account_read_part() - As cgroup_account_read(), of what has happened since the beginning */
void cgroup_account_read_part(const struct cgroup_account_part *part, int dirfd, struct json *doc,
			      struct json *missing)
{
	cgroup_account_read(dirfd, doc, missing);
	cgroup_account_since(doc, part->before);
	replace_peak(doc, missing, part->peak_fd, "peak_bytes");
	replace_peak(doc, missing, part->swap_peak_fd, "swap_peak_bytes");
	if (json_kind_of(json_get(json_get(doc, "pids"), "peak")) != JSON_INT)
		return;
	json_set(section_of(doc, "pids"), "peak", json_new_nil());
	json_set_text(missing, "pids.peak", "the kernel has but the peak of all times");
}

/** cgroup_account_done_part() - Release; safe twice */
void cgroup_account_done_part(struct cgroup_account_part *part)
{
	cleanup_close(&part->peak_fd);
	cleanup_close(&part->swap_peak_fd);
	json_free(part->before);
	*part = CGROUP_ACCOUNT_PART_NONE;
}
