// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/system_df.c - tare system df: what images, containers and volumes take on disk
 */
#include "cmd/system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/container_row.h"
#include "cmd/format.h"
#include "cmd/options.h"
#include "cmd/target.h"
#include "cmd/units.h"
#include "cmd/volume_store.h"
#include "image/reference.h"
#include "image/usage.h"
#include "image/view.h"

struct df_options {
	const char *format;
	bool verbose;
};

#define O(...) OPTION(struct df_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O('v', "verbose", NULL, OPTION_BOOL, verbose, "Each image, container and volume"),
	{ 0 },
};

static const struct format_column columns[] = {
	{ "Type", "TYPE" },	{ "TotalCount", "TOTAL" }, { "Total", "TOTAL" },
	{ "Active", "ACTIVE" }, { "Size", "SIZE" },	   { "Reclaimable", "RECLAIMABLE" },
	{ NULL, NULL },
};

struct df_container {
	struct record record;
	uint64_t bytes;
	size_t volumes;
};

/* One row of the summary. */
struct df_kind {
	const char *type;
	size_t total, active;
	uint64_t bytes, reclaimable;
};

struct df {
	const struct context *ctx;
	struct image_list images;
	struct usage usage;
	struct df_container *containers;
	size_t n_containers;
	struct strlist volumes, used;
	uint64_t *volume_bytes;
};

/* ---- finding out -------------------------------------------------------------- */

static size_t count_volumes(const struct df *df, const char *id)
{
	struct error ignored;
	autojson struct json *config = record_read_config(&df->ctx->store, id, &ignored);
	const struct json *mounts = json_get(config, "Mounts");
	size_t n = 0;

	for (size_t i = 0; i < json_count(mounts); i++)
		n += *json_text_or(json_get(json_at(mounts, i), "Name"), "") != '\0';
	return n;
}

static int read_containers(struct df *df, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int r = record_list(&df->ctx->store, &ids, err);

	df->containers = xcalloc(ids.n, sizeof(*df->containers));
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct df_container *c = &df->containers[df->n_containers];
		autofree char *upper = xasprintf("containers/%s/upper", ids.items[i]);
		struct error gone;

		record_init(&c->record);
		if (record_read(&df->ctx->store, ids.items[i], &c->record, &gone) < 0) {
			record_done(&c->record);
			continue;
		}
		c->bytes = usage_of_tree(df->ctx->store.root_fd, upper);
		c->volumes = count_volumes(df, ids.items[i]);
		df->n_containers++;
	}
	return r;
}

static size_t count_containers(void *arg, const char *id)
{
	const struct df *df = arg;
	size_t n = 0;

	for (size_t i = 0; i < df->n_containers; i++)
		n += !strcmp(df->containers[i].record.image_id, id);
	return n;
}

static bool is_used(void *arg, const char *id)
{
	return count_containers(arg, id) != 0;
}

static int read_images(struct df *df, struct error *err)
{
	struct image_store store;
	int r = image_store_open(df->ctx->store.root_fd, &store, err);

	if (r < 0)
		return r;
	r = image_list(&store, &df->images, err);
	if (r == 0)
		r = usage_read(&store, count_containers, df, &df->usage, err);
	/* Views of archives: a cache, kept while containers use it. */
	if (r == 0) {
		df->usage.size += view_usage(&store, NULL, NULL);
		df->usage.reclaimable += view_usage(&store, is_used, df);
	}
	image_store_close(&store);
	return r;
}

static int read_volumes(struct df *df, struct error *err)
{
	int r = volume_store_list(df->ctx, &df->volumes, err);

	if (r == 0)
		r = volume_store_users(df->ctx, &df->used, err);
	df->volume_bytes = xcalloc(df->volumes.n, sizeof(*df->volume_bytes));
	for (size_t i = 0; r == 0 && i < df->volumes.n; i++) {
		autofree char *dir = xasprintf("volumes/%s", df->volumes.items[i]);

		df->volume_bytes[i] = usage_of_tree(df->ctx->store.root_fd, dir);
	}
	return r;
}

static void df_done(struct df *df)
{
	for (size_t i = 0; i < df->n_containers; i++)
		record_done(&df->containers[i].record);
	cleanup_free(&df->containers);
	cleanup_free(&df->volume_bytes);
	image_list_done(&df->images);
	usage_done(&df->usage);
	strlist_done(&df->volumes);
	strlist_done(&df->used);
}

/* ---- the summary -------------------------------------------------------------- */

static void summarise(const struct df *df, struct df_kind kinds[3])
{
	kinds[0] = (struct df_kind){ "Images", df->usage.n_images, 0, df->usage.size,
				     df->usage.reclaimable };
	kinds[1] = (struct df_kind){ .type = "Containers", .total = df->n_containers };
	kinds[2] = (struct df_kind){ .type = "Local Volumes", .total = df->volumes.n };
	for (size_t i = 0; i < df->usage.n_images; i++)
		kinds[0].active += df->usage.images[i].containers != 0;
	for (size_t i = 0; i < df->n_containers; i++) {
		bool up = target_is_running(&df->containers[i].record);

		kinds[1].active += up;
		kinds[1].bytes += df->containers[i].bytes;
		kinds[1].reclaimable += up ? 0 : df->containers[i].bytes;
	}
	for (size_t i = 0; i < df->volumes.n; i++) {
		bool used = volume_store_count(&df->used, df->volumes.items[i]);

		kinds[2].active += used;
		kinds[2].bytes += df->volume_bytes[i];
		kinds[2].reclaimable += used ? 0 : df->volume_bytes[i];
	}
}

static struct json *text_row(const struct df_kind *k)
{
	struct json *row = json_new_map();
	char size[UNITS_TEXT_MAX];

	json_set_text(row, "Type", k->type);
	json_take_text(row, "TotalCount", xasprintf("%zu", k->total));
	json_take_text(row, "Total", xasprintf("%zu", k->total));
	json_take_text(row, "Active", xasprintf("%zu", k->active));
	json_set_text(row, "Size", units_print_size(size, k->bytes));
	units_print_size(size, k->reclaimable);
	json_take_text(row, "Reclaimable",
		       k->bytes ? xasprintf("%s (%llu%%)", size,
					    (unsigned long long)(k->reclaimable * 100 / k->bytes))
				: xstrdup(size));
	return row;
}

static struct json *typed_row(const struct df_kind *k)
{
	struct json *row = json_new_map();
	char text[UNITS_TEXT_MAX];

	json_set_text(row, "Type", k->type);
	json_set_int(row, "Total", (int64_t)k->total);
	json_set_int(row, "Active", (int64_t)k->active);
	json_set_int(row, "RawSize", (int64_t)k->bytes);
	json_set_int(row, "RawReclaimable", (int64_t)k->reclaimable);
	json_set_text(row, "Size", units_print_size(text, k->bytes));
	json_set_text(row, "Reclaimable", units_print_size(text, k->reclaimable));
	return row;
}

static int print_summary(const struct df *df, const char *spec, struct error *err)
{
	autoformat struct format f = { 0 };
	struct df_kind kinds[3];
	int r = format_open(&f, spec,
			    "{{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
			    columns, true, err);

	summarise(df, kinds);
	for (size_t i = 0; r == 0 && i < 3; i++)
		r = format_add(&f, format_is_typed(&f) ? typed_row(&kinds[i]) : text_row(&kinds[i]),
			       err);
	return r == 0 ? format_print(&f, err) : r;
}

/* ---- the details --------------------------------------------------------------- */

static void print_table(const char *title, struct table *t)
{
	autostr struct str out = { 0 };

	table_print(t, &out);
	printf("%s space usage:\n\n%s\n", title, out.data ? out.data : "");
}

/* NULL: it was not there yet, or not any more, when sizes were looked at. */
static const struct usage_image *usage_of(const struct df *df, const char *id)
{
	for (size_t i = 0; i < df->usage.n_images; i++)
		if (!strcmp(df->usage.images[i].id, id))
			return &df->usage.images[i];
	return NULL;
}

static void print_images(const struct df *df)
{
	autotable struct table t = { 0 };
	char text[UNITS_TEXT_MAX];

	table_add_line(
		&t,
		"REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS");
	for (size_t i = 0; i < df->images.n; i++) {
		const struct image_summary *row = &df->images.items[i];
		const struct usage_image *u = usage_of(df, row->id);
		const char *name = reference_familiar(row->name), *colon = strrchr(name, ':');
		autofree char *repository = xstrndup(name, colon ? (size_t)(colon - name) : 0);
		autofree char *id = xstrndup(row->id, 12), *containers = NULL;
		int64_t ns;

		if (!u)
			continue;
		table_add(&t, *repository ? repository : "<none>");
		table_add(&t, colon ? colon + 1 : "<none>");
		table_add(&t, id);
		table_add(&t, units_parse_time(row->created, 0, &ns) == 0 && ns
				      ? units_print_ago(text, ns, units_now_ns())
				      : "N/A");
		table_add(&t, units_print_size(text, u->size));
		table_add(&t, units_print_size(text, u->shared));
		table_add(&t, units_print_size(text, u->size - u->shared));
		containers = xasprintf("%zu", u->containers);
		table_add(&t, containers);
		table_end_row(&t);
	}
	print_table("Images", &t);
}

static void print_containers(const struct df *df)
{
	autotable struct table t = { 0 };
	char text[UNITS_TEXT_MAX];

	table_add_line(&t,
		       "CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES");
	for (size_t i = 0; i < df->n_containers; i++) {
		const struct df_container *c = &df->containers[i];
		autofree char *id = xstrndup(c->record.id, 12);
		autofree char *command = container_command_text(&c->record, true);
		autofree char *volumes = xasprintf("%zu", c->volumes);
		autofree char *status = container_status_text(&c->record, units_now_ns());

		table_add(&t, id);
		table_add(&t, c->record.image);
		table_add(&t, command);
		table_add(&t, volumes);
		table_add(&t, units_print_size(text, c->bytes));
		table_add(&t, units_print_ago(text, c->record.created_ns, units_now_ns()));
		table_add(&t, status);
		table_add(&t, c->record.name);
		table_end_row(&t);
	}
	print_table("Containers", &t);
}

static void print_volumes(const struct df *df)
{
	autotable struct table t = { 0 };
	char text[UNITS_TEXT_MAX];

	table_add_line(&t, "VOLUME NAME\tLINKS\tSIZE");
	for (size_t i = 0; i < df->volumes.n; i++) {
		autofree char *links =
			xasprintf("%zu", volume_store_count(&df->used, df->volumes.items[i]));

		table_add(&t, df->volumes.items[i]);
		table_add(&t, links);
		table_add(&t, units_print_size(text, df->volume_bytes[i]));
		table_end_row(&t);
	}
	print_table("Local Volumes", &t);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct df_options *o = ctx->options;
	struct df df = { .ctx = ctx };
	int r;

	(void)argc;
	(void)argv;
	if (o->verbose && o->format)
		return error_set(err, EINVAL, "--verbose and --format exclude each other");
	r = read_containers(&df, err);
	if (r == 0)
		r = read_images(&df, err);
	if (r == 0)
		r = read_volumes(&df, err);
	if (r == 0 && !o->verbose)
		r = print_summary(&df, o->format, err);
	if (r == 0 && o->verbose) {
		print_images(&df);
		print_containers(&df);
		print_volumes(&df);
	}
	df_done(&df);
	return r;
}

const struct command cmd_system_df = {
	.name = "df",
	.summary = "Show what images, containers and volumes take on disk",
	.details = "Layers that images share count once. Sizes are those of the files' content.\n"
		   "\n"
		   "Fields of a template: .Type .TotalCount .Active .Size .Reclaimable",
	.options = options,
	COMMAND_OPTIONS(struct df_options, .verbose = false),
	.flags = COMMAND_STORE,
	.run = run,
};
