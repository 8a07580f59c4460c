// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/stats.c - tare stats: what containers use
 *
 * Shares of processor time are differences: every container is looked at
 * twice, an interval apart, and what is printed is the later look. Figures
 * that the host cannot give (a container without a cgroup, a controller that
 * is not there) are shown as "--".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/stats.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/report/traffic.h"
#include "cmd/target.h"
#include "cmd/units.h"

#define MEMINFO_MAX_BYTES 16384
#define MIN_INTERVAL_MS	  100
#define UNKNOWN		  "--"

struct stats_options {
	bool all, no_stream, no_trunc, no_reset, no_heading;
	const char *format;
	struct strlist columns;
	int64_t interval_ms;
};

#define O(...) OPTION(struct stats_options, __VA_ARGS__)

static const struct option_def stats_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "Those that do not run too"),
	O(0, "columns", "LIST", OPTION_LIST, columns,
	  "Beside docker's: peak,throttled,pressure,oom, or all"),
	O(0, "format", "FORMAT", OPTION_TEXT, format, "json, jsonl, table, or a template"),
	O(0, "interval", "DURATION", OPTION_DURATION, interval_ms,
	  "Between two looks (default 1s)"),
	O(0, "no-reset", NULL, OPTION_BOOL, no_reset, "Do not clear the screen between two looks"),
	O(0, "no-stream", NULL, OPTION_BOOL, no_stream, "Print once and end"),
	O(0, "no-trunc", NULL, OPTION_BOOL, no_trunc, "Ids in full length"),
	O(0, "noheading", NULL, OPTION_BOOL, no_heading, "A table without titles"),
	{ 0 },
};

static const struct format_column columns[] = {
	{ "Container", "CONTAINER" },
	{ "ID", "CONTAINER ID" },
	{ "Name", "NAME" },
	{ "CPUPerc", "CPU %" },
	{ "MemUsage", "MEM USAGE / LIMIT" },
	{ "MemPerc", "MEM %" },
	{ "NetIO", "NET I/O" },
	{ "BlockIO", "BLOCK I/O" },
	{ "PIDs", "PIDS" },
	{ "MemPeak", "MEM PEAK" },
	{ "Throttled", "THROTTLED" },
	{ "Pressure", "PRESSURE" },
	{ "OOM", "OOM" },
	{ NULL, NULL },
};

static const char own_columns[] = "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t"
				  "{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

/* What --columns adds, in this order or the user's. */
static const struct {
	const char *name, *field;
} extra_columns[] = {
	{ "peak", "MemPeak" },
	{ "throttled", "Throttled" },
	{ "pressure", "Pressure" },
	{ "oom", "OOM" },
};

#define N_EXTRA (sizeof(extra_columns) / sizeof(extra_columns[0]))

struct sample {
	bool known; /* read from its cgroup */
	int64_t taken_ns;
	struct cgroup_stats group;
	bool has_net;
	struct traffic net;
};

/* One container, over all looks. */
struct watched {
	char id[RECORD_ID_HEX + 1];
	char *name;
	int64_t started_ns;
	struct sample before, now;
};

struct watch {
	struct watched *items;
	size_t n;
};

static void watch_done(struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i].name);
	free(w->items);
}

static void watch_add(struct watch *w, const char *id)
{
	w->items = xrealloc(w->items, (w->n + 1) * sizeof(*w->items));
	w->items[w->n] = (struct watched){ .name = xstrdup("") };
	snprintf(w->items[w->n].id, sizeof(w->items[w->n].id), "%s", id);
	w->n++;
}

static bool read_group(const struct record *r, struct cgroup_stats *stats)
{
	struct error err; /* shown as UNKNOWN */
	autoclose int fd = target_open_cgroup(r, &err);

	return fd >= 0 && cgroup_read_stats(fd, stats, &err) == 0;
}

/* False once the container is gone. */
static bool look(const struct context *ctx, struct watched *w)
{
	autorecord struct record r;

	record_init(&r);
	if (record_read(&ctx->store, w->id, &r, &(struct error){ 0 }) < 0)
		return false;
	str_replace(&w->name, r.name);
	w->started_ns = r.started_ns;
	w->before = w->now;
	w->now = (struct sample){ .taken_ns = clock_monotonic_ns() };
	if (!target_is_running(&r))
		return true;
	w->now.known = read_group(&r, &w->now.group);
	/* The host's own figures would be shown for containers in the host's network. */
	if (strcmp(r.network, "host") != 0)
		w->now.has_net = traffic_of_process(r.pid, &w->now.net);
	return true;
}

static void look_at_all(const struct context *ctx, struct watch *watch)
{
	size_t kept = 0;

	for (size_t i = 0; i < watch->n; i++) {
		struct watched *w = &watch->items[i];

		if (look(ctx, w))
			watch->items[kept++] = *w;
		else
			free(w->name);
	}
	watch->n = kept;
}

static uint64_t machine_memory(void)
{
	autofree char *text = NULL;
	static const char first[] = "MemTotal:";
	size_t len;

	if (file_read_at(AT_FDCWD, "/proc/meminfo", MEMINFO_MAX_BYTES, &text, &len,
			 &(struct error){ 0 }) < 0 ||
	    !str_starts(text, first))
		return 0;
	return strtoull(text + strlen(first), NULL, 10) * 1024;
}

static uint64_t memory_limit(const struct sample *s)
{
	uint64_t machine = machine_memory(), limit = s->group.memory.max_bytes;

	return machine && limit > machine ? machine : limit;
}

/* Of one processor, so that two busy ones are 200. */
static double cpu_percent(const struct watched *w)
{
	int64_t elapsed_us = (w->now.taken_ns - w->before.taken_ns) / 1000;
	uint64_t now = w->now.group.cpu.usage_us, before = w->before.group.cpu.usage_us;

	if (!w->before.known || elapsed_us <= 0 || now < before)
		return 0;
	return (double)(now - before) * 100 / (double)elapsed_us;
}

/* Since the container started. */
static double average_cpu_percent(const struct watched *w)
{
	int64_t elapsed_us = (units_now_ns() - w->started_ns) / 1000;

	return elapsed_us > 0 ? (double)w->now.group.cpu.usage_us * 100 / (double)elapsed_us : 0;
}

static double memory_percent(const struct sample *s)
{
	uint64_t limit = memory_limit(s);

	return limit ? (double)cgroup_memory_usage(&s->group) * 100 / (double)limit : 0;
}

static char *print_pair(const char *(*print)(char *, uint64_t), bool known, uint64_t a, uint64_t b)
{
	char text_a[UNITS_TEXT_MAX], text_b[UNITS_TEXT_MAX];

	if (!known)
		return xstrdup(UNKNOWN " / " UNKNOWN);
	return xasprintf("%s / %s", print(text_a, a), print(text_b, b));
}

static char *print_percent(bool known, double percent)
{
	return known ? xasprintf("%.2f%%", percent) : xstrdup(UNKNOWN);
}

static char *print_count(bool known, uint64_t n)
{
	return known ? xasprintf("%" PRIu64, n) : xstrdup(UNKNOWN);
}

static char *print_seconds(bool known, uint64_t us)
{
	return known ? xasprintf("%.2fs", (double)us / 1e6) : xstrdup(UNKNOWN);
}

/* The fields of templates: docker's, and our own after them. */
static struct json *make_row(const struct watched *w, bool no_trunc)
{
	const struct sample *s = &w->now;
	const struct cgroup_memory_stats *m = &s->group.memory;
	const struct cgroup_io_stats *io = &s->group.io;
	bool memory = s->known && m->present;
	struct json *row = json_new_map();
	char peak[UNITS_TEXT_MAX];

	json_set_text(row, "Container", w->id);
	json_take_text(row, "ID", no_trunc ? xstrdup(w->id) : xstrndup(w->id, 12));
	json_set_text(row, "Name", w->name);
	json_take_text(row, "CPUPerc", print_percent(s->known, cpu_percent(w)));
	json_take_text(row, "MemUsage",
		       print_pair(units_print_binary, memory, cgroup_memory_usage(&s->group),
				  memory_limit(s)));
	json_take_text(row, "MemPerc", print_percent(memory, memory_percent(s)));
	json_take_text(row, "NetIO",
		       print_pair(units_print_size, s->has_net, s->net.received_bytes,
				  s->net.sent_bytes));
	json_take_text(row, "BlockIO",
		       print_pair(units_print_size, s->known && io->present, io->read_bytes,
				  io->written_bytes));
	json_take_text(row, "PIDs",
		       print_count(s->known && s->group.pids.present, s->group.pids.current));
	json_set_text(row, "MemPeak",
		      memory && m->peak_bytes ? units_print_binary(peak, m->peak_bytes) : UNKNOWN);
	json_take_text(row, "Throttled", print_seconds(s->known, s->group.cpu.throttled_us));
	json_take_text(row, "Pressure",
		       print_seconds(s->known, s->group.memory_pressure_us +
						       s->group.cpu_pressure_us +
						       s->group.io_pressure_us));
	json_take_text(row, "OOM", print_count(memory, m->oom_kill));
	return row;
}

/* podman's document, its values texts as there; the numbers behind them are our own. */
static struct json *make_document(const struct watched *w, bool no_trunc)
{
	static const struct {
		const char *key, *field;
	} texts[] = {
		{ "id", "ID" },
		{ "name", "Name" },
		{ "cpu_percent", "CPUPerc" },
		{ "mem_usage", "MemUsage" },
		{ "mem_percent", "MemPerc" },
		{ "net_io", "NetIO" },
		{ "block_io", "BlockIO" },
		{ "pids", "PIDs" },
	};
	autojson struct json *row = make_row(w, no_trunc);
	const struct cgroup_stats *g = &w->now.group;
	struct json *d = json_new_map();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_set_text(d, texts[i].key, json_text(json_get(row, texts[i].field)));
	json_take_text(d, "cpu_time", print_seconds(w->now.known, g->cpu.usage_us));
	json_take_text(d, "avg_cpu", print_percent(w->now.known, average_cpu_percent(w)));
	if (!w->now.known)
		return d;
	json_set_int(d, "cpu_usage_us", (int64_t)g->cpu.usage_us);
	json_set_int(d, "cpu_periods", (int64_t)g->cpu.periods);
	json_set_int(d, "cpu_throttled", (int64_t)g->cpu.throttled);
	json_set_int(d, "cpu_throttled_us", (int64_t)g->cpu.throttled_us);
	if (g->memory.present) {
		json_set_int(d, "memory_bytes", (int64_t)cgroup_memory_usage(g));
		json_set_int(d, "memory_peak_bytes", (int64_t)g->memory.peak_bytes);
		json_set_int(d, "memory_limit_bytes", (int64_t)memory_limit(&w->now));
		json_set_int(d, "oom_kills", (int64_t)g->memory.oom_kill);
	}
	if (g->pids.present)
		json_set_int(d, "forks_refused", (int64_t)g->pids.refused);
	return d;
}

static int add_column(struct str *template, const char *name, struct error *err)
{
	bool all = !strcmp(name, "all"), found = false;

	for (size_t i = 0; i < N_EXTRA; i++) {
		if (!all && strcmp(name, extra_columns[i].name) != 0)
			continue;
		str_printf(template, "\t{{.%s}}", extra_columns[i].field);
		found = true;
	}
	if (found)
		return 0;
	return error_set(err, EINVAL,
			 "--columns '%s' is none of peak, throttled, pressure, oom, all", name);
}

/* docker's columns, and those asked for. */
static int make_template(const struct stats_options *o, struct str *template, struct error *err)
{
	int ret = 0;

	if (o->columns.n && o->format)
		return error_set(err, EINVAL, "--columns and --format exclude each other");
	str_puts(template, own_columns);
	for (size_t i = 0; ret == 0 && i < o->columns.n; i++) {
		autostrlist struct strlist names = { 0 };

		strlist_split(&names, o->columns.items[i], ',');
		for (size_t k = 0; ret == 0 && k < names.n; k++)
			ret = add_column(template, names.items[k], err);
	}
	return ret;
}

static int print_all(const struct stats_options *o, const struct watch *watch, struct error *err)
{
	autostr struct str template = { 0 };
	autoformat struct format f = { 0 };
	int ret;

	ret = make_template(o, &template, err);
	if (ret < 0)
		return ret;
	ret = format_open(&f, o->format, template.data, columns, !o->no_heading, err);
	for (size_t i = 0; ret == 0 && i < watch->n; i++)
		ret = format_add(&f,
				 format_is_typed(&f) ? make_document(&watch->items[i], o->no_trunc)
						     : make_row(&watch->items[i], o->no_trunc),
				 err);
	return ret < 0 ? ret : format_print(&f, err);
}

static int watch_operands(const struct context *ctx, int argc, char **argv, struct watch *watch,
			  struct error *err)
{
	for (int i = 0; i < argc; i++) {
		char id[RECORD_ID_HEX + 1];
		int ret = record_find(&ctx->store, argv[i], id, err);

		if (ret < 0)
			return ret;
		watch_add(watch, id);
	}
	return 0;
}

/* Containers that came since the last look. */
static int watch_new(const struct context *ctx, bool all, struct watch *watch, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int ret;

	ret = target_list(ctx, !all, &ids, err);
	for (size_t i = 0; ret == 0 && i < ids.n; i++) {
		size_t k = 0;

		while (k < watch->n && strcmp(watch->items[k].id, ids.items[i]) != 0)
			k++;
		if (k == watch->n)
			watch_add(watch, ids.items[i]);
	}
	return ret;
}

static void sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int stream(const struct context *ctx, bool named, struct watch *watch, struct error *err)
{
	const struct stats_options *o = ctx->options;
	bool clear = isatty(STDOUT_FILENO) && !o->no_reset && !o->no_stream;
	int ret = 0;

	look_at_all(ctx, watch);
	do {
		sleep_ms(o->interval_ms);
		if (!named)
			ret = watch_new(ctx, o->all, watch, err);
		if (ret < 0)
			return ret;
		look_at_all(ctx, watch);
		if (clear)
			printf("\033[H\033[2J");
		ret = print_all(o, watch, err);
		if (ret == 0 && fflush(stdout) != 0)
			ret = error_sys(err, errno, "write to standard output");
	} while (ret == 0 && !o->no_stream && (watch->n || !named));
	return ret;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct stats_options *o = ctx->options;
	autostr struct str template = { 0 };
	struct watch watch = { 0 };
	int ret;

	ret = make_template(o, &template, err); /* a mistake is told before the first look */
	if (ret < 0)
		return ret;
	if (o->interval_ms < MIN_INTERVAL_MS)
		return error_set(err, EINVAL, "--interval: must be at least %d milliseconds",
				 MIN_INTERVAL_MS);
	ret = argc ? watch_operands(ctx, argc, argv, &watch, err)
		   : watch_new(ctx, o->all, &watch, err);
	if (ret == 0)
		ret = stream(ctx, argc > 0, &watch, err);
	watch_done(&watch);
	return ret;
}

const struct command cmd_stats = {
	.name = "stats",
	.args = "[CONTAINER...]",
	.summary = "Show what containers use",
	.details =
		"MEM USAGE is what the kernel counts for the container without the file cache "
		"that it would give up first; LIMIT is the container's, else the machine's "
		"memory. CPU % is of one processor.\n\n"
		"--columns adds some, or all, of peak (the most memory in use so far), throttled "
		"(time withheld by --cpus), pressure (time in which some process waited for "
		"memory, processor or disk) and oom (processes killed for want of memory), all "
		"since the container's start. In templates they are .MemPeak, .Throttled, "
		".Pressure and .OOM.",
	.options = stats_options,
	COMMAND_OPTIONS(struct stats_options, .interval_ms = 1000),
	.min_args = 0,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
