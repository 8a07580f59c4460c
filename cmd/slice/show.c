// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/show.c - tare slice ls, inspect, report, export
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/message.h"
#include "cmd/slice/commands.h"
#include "cmd/slice/store.h"
#include "cmd/units.h"

#define NONE "-"

/* A slice as it is now; leases that have run out are settled on the way. */
static int look_up(const struct slice_store *st, const char *name, struct slice *s,
		   struct error *err)
{
	int r = slice_store_read(st->dir_fd, name, s, err);

	if (r == 0)
		slice_store_settle(st, s);
	return r;
}

static const char *status_of(const struct slice *s)
{
	if (s->ended_ns)
		return "ended";
	return slice_is_over(s, units_now_ns()) ? "ending" : "active";
}

static void set_time(struct json *map, const char *key, int64_t ns)
{
	char text[UNITS_TEXT_MAX];

	json_set_text(map, key, ns ? units_print_rfc3339(text, ns) : "");
}

/* Figures of one that has ended are those that were taken then. */
static struct json *figures_of(const struct slice_store *st, const struct slice *s)
{
	if (s->ended_ns)
		return s->report ? json_clone(s->report) : NULL;
	return slice_store_figures(st, s);
}

static struct json *describe(const struct slice_store *st, const struct slice *s)
{
	autostrlist struct strlist members = { 0 };
	struct json *map = json_new_map(), *figures = figures_of(st, s);
	struct error ignored;

	(void)slice_store_members(st, s, &members, &ignored);
	json_set_text(map, "Name", s->name);
	json_set_text(map, "Status", status_of(s));
	slice_limits_to_json(&s->limits, map);
	json_set_text(map, "CgroupPath", s->cgroup);
	set_time(map, "Created", s->created_ns);
	set_time(map, "Expires", s->expires_ns);
	set_time(map, "Ended", s->ended_ns);
	json_set_list(map, "Containers", members.items, members.n);
	json_set(map, "Usage", figures ? figures : json_new_map());
	return map;
}

/* ---- ls ------------------------------------------------------------------ */

struct ls_options {
	bool quiet;
	const char *format;
};

#define O(...) OPTION(struct ls_options, __VA_ARGS__)

static const struct option_def ls_options[] = {
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Names only"),
	{ 0 },
};
#undef O

static const struct format_column columns[] = {
	{ "Name", "NAME" },	    { "Status", "STATUS" }, { "Containers", "CONTAINERS" },
	{ "CPUs", "CPUS" },	    { "Weight", "WEIGHT" }, { "Memory", "MEMORY / LIMIT" },
	{ "PIDs", "PIDS / LIMIT" }, { "Lease", "LEASE" },   { NULL, NULL },
};

static char *print_memory(const struct slice *s, const struct json *figures)
{
	const struct json *used = json_get(figures, "MemoryBytes");
	char a[UNITS_TEXT_MAX] = NONE, b[UNITS_TEXT_MAX] = NONE;

	if (used)
		(void)units_print_binary(a, json_u64(used, 0));
	if (s->limits.memory_bytes)
		(void)units_print_binary(b, (uint64_t)s->limits.memory_bytes);
	return xasprintf("%s / %s", a, b);
}

static char *print_pids(const struct slice *s, const struct json *figures)
{
	autofree char *limit = s->limits.pids ? xasprintf("%" PRId64, s->limits.pids)
					      : xstrdup(NONE);
	const struct json *used = json_get(figures, "Pids");

	return used ? xasprintf("%" PRId64 " / %s", json_int(used, 0), limit)
		    : xasprintf(NONE " / %s", limit);
}

static char *print_lease(const struct slice *s)
{
	int64_t now = units_now_ns();
	char text[UNITS_TEXT_MAX];

	if (s->ended_ns)
		return xasprintf("ended %s", units_print_ago(text, s->ended_ns, now));
	if (!s->expires_ns)
		return xstrdup(NONE);
	if (now >= s->expires_ns)
		return xstrdup("has run out");
	return xasprintf("%s left", units_print_duration(text, s->expires_ns - now));
}

static struct json *make_row(const struct slice_store *st, const struct slice *s)
{
	autojson struct json *figures = figures_of(st, s);
	autostrlist struct strlist members = { 0 };
	struct json *row = json_new_map();
	struct error ignored;

	(void)slice_store_members(st, s, &members, &ignored);
	json_set_text(row, "Name", s->name);
	json_set_text(row, "Status", status_of(s));
	json_take_text(row, "Containers", xasprintf("%zu", members.n));
	json_take_text(row, "CPUs",
		       s->limits.nano_cpus ? xasprintf("%g", (double)s->limits.nano_cpus / 1e9)
					   : xstrdup(NONE));
	json_take_text(row, "Weight",
		       xasprintf("%" PRId64, s->limits.weight ? s->limits.weight : INT64_C(100)));
	json_take_text(row, "Memory", print_memory(s, figures));
	json_take_text(row, "PIDs", print_pids(s, figures));
	json_take_text(row, "Lease", print_lease(s));
	return row;
}

static int ls(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	const struct ls_options *o = ctx->options;
	autostrlist struct strlist names = { 0 };
	autoformat struct format f = { 0 };
	int r = slice_store_open(&st, ctx, err);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = slice_store_list(&st, &names, err);
	if (r == 0)
		r = format_open(&f, o->format,
				"{{.Name}}\t{{.Status}}\t{{.Containers}}\t{{.CPUs}}\t{{.Weight}}\t"
				"{{.Memory}}\t{{.PIDs}}\t{{.Lease}}",
				columns, true, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autoslice struct slice s = { 0 };

		r = look_up(&st, names.items[i], &s, err);
		if (r == 0 && o->quiet)
			printf("%s\n", s.name);
		else if (r == 0)
			r = format_add(&f,
				       format_is_typed(&f) ? describe(&st, &s) : make_row(&st, &s),
				       err);
	}
	return r == 0 && !o->quiet ? format_print(&f, err) : r;
}

/* ---- inspect and export -------------------------------------------------- */

struct show_options {
	const char *format;
};

static const struct option_def inspect_options[] = {
	OPTION(struct show_options, 'f', "format", "FORMAT", OPTION_TEXT, format,
	       "json, or a Go template"),
	{ 0 },
};

static int show_one(const struct slice_store *st, const char *name, const char *format,
		    struct json *all, struct error *err)
{
	autoslice struct slice s = { 0 };
	autojson struct json *map = NULL;
	int r = look_up(st, name, &s, err);

	if (r < 0)
		return r;
	map = describe(st, &s);
	if (format)
		return format_print_template(format, map, err);
	json_add(all, steal_ptr(&map));
	return 0;
}

static int inspect(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	const struct show_options *o = ctx->options;
	autojson struct json *all = json_new_list();
	int status = 0, r = slice_store_open(&st, ctx, err);

	for (int i = 0; r == 0 && i < argc; i++) {
		struct error why = { 0 };
		int one = show_one(&st, argv[i], o->format, all, &why);

		if (one == 0)
			continue;
		message_error(ctx, &why);
		status = command_worst_code(one, status);
	}
	if (r < 0)
		return r;
	if (!o->format)
		format_print_json(all);
	return status;
}

static int export_one(const struct slice_store *st, const char *name, struct json *list,
		      struct error *err)
{
	autoslice struct slice s = { 0 };
	struct json *map;
	int r = slice_store_read(st->dir_fd, name, &s, err);

	if (r < 0)
		return r;
	map = json_new_map();
	json_set_text(map, "Name", s.name);
	slice_limits_to_json(&s.limits, map);
	json_add(list, map);
	return 0;
}

static int export(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	autojson struct json *doc = json_new_map();
	autostrlist struct strlist names = { 0 };
	struct json *list = json_new_list();
	int r = slice_store_open(&st, ctx, err);

	json_set(doc, "Slices", list);
	for (int i = 0; i < argc; i++)
		strlist_add(&names, argv[i]);
	if (r == 0 && !argc)
		r = slice_store_list(&st, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = export_one(&st, names.items[i], list, err);
	if (r < 0)
		return r;
	format_print_json(doc);
	return 0;
}

/* ---- report -------------------------------------------------------------- */

struct report_options {
	bool json;
};

static const struct option_def report_options[] = {
	OPTION(struct report_options, 0, "json", NULL, OPTION_BOOL, json, "As a JSON document"),
	{ 0 },
};

enum look { LOOK_SECONDS, LOOK_SIZE, LOOK_COUNT };

static const struct {
	const char *key, *title;
	enum look look;
} lines[] = {
	{ "CpuUsageUs", "CPU time", LOOK_SECONDS },
	{ "CpuThrottledUs", "  withheld by the limit", LOOK_SECONDS },
	{ "MemoryBytes", "Memory", LOOK_SIZE },
	{ "MemoryPeakBytes", "  peak", LOOK_SIZE },
	{ "MemoryLimitBytes", "  limit", LOOK_SIZE },
	{ "SwapBytes", "  swap", LOOK_SIZE },
	{ "OomKills", "  processes killed for want of it", LOOK_COUNT },
	{ "Pids", "Processes", LOOK_COUNT },
	{ "PidsPeak", "  peak", LOOK_COUNT },
	{ "PidsLimit", "  limit", LOOK_COUNT },
	{ "ForksRefused", "  forks refused at the limit", LOOK_COUNT },
	{ "ReadBytes", "Read from disks", LOOK_SIZE },
	{ "WrittenBytes", "Written to disks", LOOK_SIZE },
	{ "CpuPressureUs", "Waited for processors", LOOK_SECONDS },
	{ "MemoryPressureUs", "Waited for memory", LOOK_SECONDS },
	{ "IoPressureUs", "Waited for disks", LOOK_SECONDS },
};

static void print_report(const struct json *doc)
{
	const struct json *usage = json_get(doc, "Usage");

	printf("%-36s%s, %s\n", "Slice", json_text_or(json_get(doc, "Name"), ""),
	       json_text_or(json_get(doc, "Status"), ""));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct json *v = json_get(usage, lines[i].key);
		uint64_t value = json_u64(v, 0);
		char text[UNITS_TEXT_MAX];

		if (!v)
			continue;
		if (lines[i].look == LOOK_SECONDS)
			snprintf(text, sizeof(text), "%.2fs", (double)value / 1e6);
		else if (lines[i].look == LOOK_COUNT)
			snprintf(text, sizeof(text), "%" PRIu64, value);
		else
			(void)units_print_binary(text, value);
		printf("%-36s%s\n", lines[i].title, text);
	}
}

static int report(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	const struct report_options *o = ctx->options;
	autoslice struct slice s = { 0 };
	autojson struct json *doc = NULL;
	int r = slice_store_open(&st, ctx, err);

	(void)argc;
	if (r == 0)
		r = look_up(&st, argv[0], &s, err);
	if (r < 0)
		return r;
	doc = describe(&st, &s);
	if (o->json)
		format_print_json(doc);
	else
		print_report(doc);
	return 0;
}

const struct command cmd_slice_ls = {
	.name = "ls",
	.summary = "List slices",
	.details =
		"Fields of a template: .Name .Status .Containers .CPUs .Weight .Memory .PIDs .Lease",
	.options = ls_options,
	COMMAND_OPTIONS(struct ls_options, .quiet = false),
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = ls,
};

const struct command cmd_slice_inspect = {
	.name = "inspect",
	.args = "SLICE [SLICE...]",
	.summary = "Show limits, lease, containers and use of slices as JSON",
	.details = "Exit code 1: no such slice.",
	.options = inspect_options,
	COMMAND_OPTIONS(struct show_options, .format = NULL),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = inspect,
};

const struct command cmd_slice_report = {
	.name = "report",
	.args = "SLICE",
	.summary = "Show what a slice has used so far, or until its lease ended",
	.details = "All of its containers together, also those that are gone, since the slice was "
		   "made or renewed after its end, or the machine started. The kernel's figures: "
		   "the peak is that of the sum.",
	.options = report_options,
	COMMAND_OPTIONS(struct report_options, .json = false),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = report,
};

const struct command cmd_slice_export = {
	.name = "export",
	.args = "[SLICE...]",
	.summary = "Print slices as a document for apply; all if none is named",
	.min_args = 0,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = export,
};
