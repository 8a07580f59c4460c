// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/ps.c - tare ps: the containers there are
 *
 * One small file per container is read; config.json only when a filter or a
 * format asks for what is in it. The plain table is built without the detour
 * through JSON, since this is what people and watch(1) call all the time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/container_filter.h"
#include "cmd/container_row.h"
#include "cmd/format.h"
#include "cmd/reclaim.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "cmd/units.h"
#include "image/usage.h"

struct ps_options {
	bool all, quiet, latest, no_trunc, size, no_heading;
	int64_t last;
	const char *format;
	struct strlist filters;
};

#define O(...) OPTION(struct ps_options, __VA_ARGS__)

static const struct option_def ps_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "All containers, not only those that run"),
	O('f', "filter", "KEY=VALUE", OPTION_LIST, filters,
	  "Only those that match: id, name, label, status, exited, reason, ancestor, network, slice, "
	  "volume, health, before, since"),
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O('n', "last", "N", OPTION_INT, last, "The N newest, in any state"),
	O('l', "latest", NULL, OPTION_BOOL, latest, "The newest, in any state"),
	O(0, "noheading", NULL, OPTION_BOOL, no_heading, "No titles above the table"),
	O(0, "no-trunc", NULL, OPTION_BOOL, no_trunc, "Whole ids and commands"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Ids only"),
	O('s', "size", NULL, OPTION_BOOL, size, "What each container's own files take"),
	{ 0 },
};

#define PS_TEMPLATE                                                                        \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{." \
	"Names}}"

/* All that are shown. */
struct listing {
	struct container_item *items;
	size_t n;
};

static void item_done(struct container_item *item)
{
	record_done(&item->record);
	json_free(item->config);
}

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		item_done(&l->items[i]);
	free(l->items);
	*l = (struct listing){ 0 };
}

#define autolisting __attribute__((cleanup(listing_done)))

/* Whether anything that only config.json knows is asked for. */
static bool needs_config(const struct ps_options *o, const struct format *f)
{
	static const char *const fields[] = { "Labels", "Label", "Mounts", "LocalVolumes" };
	bool needed = container_filter_needs_config(&o->filters);

	for (size_t i = 0; !needed && !o->quiet && i < sizeof(fields) / sizeof(*fields); i++)
		needed = format_uses(f, fields[i]);
	return needed;
}

static bool is_wanted(const struct context *ctx, const struct container_item *item)
{
	const struct ps_options *o = ctx->options;
	bool any_state = o->all || o->latest || o->last >= 0 ||
			 container_filter_asks_for_state(&o->filters);

	if (!any_state && !target_is_up(&item->record))
		return false;
	return !o->filters.n || container_filter_matches(&o->filters, &ctx->store, item);
}

/* Reads one container into @item; false if it has just vanished or is not wanted. */
static bool load(const struct context *ctx, const char *id, bool with_config,
		 struct container_item *item)
{
	struct error ignored;

	*item = (struct container_item){ .size_bytes = -1 };
	record_init(&item->record);
	/* After the sweep the disk is right: who supervises need not be asked again. */
	if (record_read_raw(&ctx->store, id, &item->record, &ignored) == 0) {
		if (with_config)
			item->config = record_read_config(&ctx->store, id, &ignored);
		if (is_wanted(ctx, item))
			return true;
	}
	item_done(item);
	return false;
}

static int newest_first(const void *a, const void *b)
{
	const struct container_item *p = a, *q = b;

	return (p->record.created_ns < q->record.created_ns) -
	       (p->record.created_ns > q->record.created_ns);
}

static int collect(const struct context *ctx, bool with_config, struct listing *l,
		   struct error *err)
{
	const struct ps_options *o = ctx->options;
	autostrlist struct strlist ids = { 0 };
	size_t limit = o->latest ? 1 : o->last >= 0 ? (size_t)o->last : SIZE_MAX;
	int r;

	r = record_list(&ctx->store, &ids, err);
	if (r < 0)
		return r;
	l->items = xcalloc(ids.n, sizeof(*l->items));
	for (size_t i = 0; i < ids.n; i++)
		l->n += load(ctx, ids.items[i], with_config, &l->items[l->n]);
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), newest_first);
	for (; l->n > limit; l->n--)
		item_done(&l->items[l->n - 1]);
	for (size_t i = 0; o->size && i < l->n; i++) {
		autofree char *upper = xasprintf("containers/%s/upper", l->items[i].record.id);

		l->items[i].size_bytes = (int64_t)usage_of_tree(ctx->store.root_fd, upper);
	}
	return 0;
}

static void print_ids(const struct listing *l, bool whole)
{
	for (size_t i = 0; i < l->n; i++)
		printf("%.*s\n", whole ? RECORD_ID_HEX : 12, l->items[i].record.id);
}

static void add_plain_row(struct table *t, const struct container_item *item, bool whole,
			  int64_t now_ns)
{
	const struct record *r = &item->record;
	autofree char *command = container_command_text(r, !whole);
	autofree char *status = container_status_text(r, now_ns);
	autofree char *ports = container_ports_text(r);
	char id[RECORD_ID_HEX + 1], time[UNITS_TEXT_MAX];

	snprintf(id, sizeof(id), "%.*s", whole ? RECORD_ID_HEX : 12, r->id);
	table_add(t, id);
	table_add(t, r->image);
	table_add(t, command);
	table_add(t, units_print_ago(time, r->created_ns, now_ns));
	table_add(t, status);
	table_add(t, ports);
	table_add(t, r->name);
	if (item->size_bytes >= 0)
		table_add(t, units_print_size(time, (uint64_t)item->size_bytes));
	table_end_row(t);
}

static void print_plain(const struct listing *l, const struct ps_options *o)
{
	static const char *const titles[] = { "CONTAINER ID", "IMAGE", "COMMAND", "CREATED",
					      "STATUS",	      "PORTS", "NAMES" };
	int64_t now_ns = units_now_ns();
	autotable struct table t = { 0 };
	autostr struct str out = { 0 };

	for (size_t i = 0; !o->no_heading && i < sizeof(titles) / sizeof(*titles); i++)
		table_add(&t, titles[i]);
	if (!o->no_heading && o->size)
		table_add(&t, "SIZE");
	if (!o->no_heading)
		table_end_row(&t);
	for (size_t i = 0; i < l->n; i++)
		add_plain_row(&t, &l->items[i], o->no_trunc, now_ns);
	table_print(&t, &out);
	printf("%s", out.data ? out.data : "");
}

static int print_formatted(const struct listing *l, const struct ps_options *o, struct format *f,
			   struct error *err)
{
	int64_t now_ns = units_now_ns();
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = format_add(f,
			       format_is_typed(f)
				       ? container_typed_row(&l->items[i], now_ns)
				       : container_row(&l->items[i], !o->no_trunc, now_ns),
			       err);
	return r < 0 ? r : format_print(f, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct ps_options *o = ctx->options;
	autolisting struct listing l = { 0 };
	autoformat struct format f = { 0 };
	int r;

	(void)argc;
	(void)argv;
	r = container_filter_check(&o->filters, &ctx->store, err);
	if (r == 0)
		r = format_open(&f, o->format, PS_TEMPLATE, container_columns, !o->no_heading, err);
	if (r < 0)
		return r;
	reclaim_sweep(ctx); /* what a crash left running is not running */
	r = collect(ctx, needs_config(o, &f), &l, err);
	if (r < 0)
		return r;
	if (o->quiet)
		print_ids(&l, o->no_trunc);
	else if (o->format && strcmp(o->format, "table") != 0)
		return print_formatted(&l, o, &f, err);
	else
		print_plain(&l, o);
	return 0;
}

#define PS_COMMAND(name_)                                                                                    \
	{                                                                                                    \
		.name = (name_), .summary = "List containers",                                               \
		.details =                                                                                   \
			"Only running ones are shown, unless --all or a filter says otherwise.\n"            \
			"\n"                                                                                 \
			"Fields of a template: .ID .Names .Image .ImageID .Command .CreatedAt .RunningFor\n" \
			".Status .State .Ports .Labels .Label .Mounts .Networks .Size .LocalVolumes .Pid\n"  \
			".ExitCode .Reason .HealthStatus .Platform, for example:\n"                          \
			"\n"                                                                                 \
			"  tare ps --format '{{.Names}}: {{.Status}}'\n"                                     \
			"  tare ps --format 'table {{.Names}}\\t{{.Label \"app\"}}'\n"                       \
			"  tare ps -q --filter label=app=web",                                               \
		.options = ps_options, COMMAND_OPTIONS(struct ps_options, .last = -1),                       \
		.flags = COMMAND_STORE, .run = run,                                                          \
	}

const struct command cmd_ps = PS_COMMAND("ps");
const struct command cmd_container_ls = PS_COMMAND("ls");
