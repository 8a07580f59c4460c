// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/history.c - tare history: how an image came about
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/options.h"
#include "cmd/units.h"
#include "image/image.h"
#include "image/usage.h"

struct history_options {
	const char *format;
	bool human, no_trunc, quiet;
};

#define O(...) OPTION(struct history_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O('H', "human", NULL, OPTION_BOOL, human, "Sizes and times for people (the default)"),
	O(0, "no-trunc", NULL, OPTION_BOOL, no_trunc, "Whole ids and commands"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Ids only"),
	{ 0 },
};

#define HISTORY_HUMAN  "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
#define HISTORY_EXACT  "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
#define MISSING	       "<missing>"
#define SHORT_ID       12
#define COMMAND_LENGTH 45 /* docker's */

static const struct format_column columns[] = {
	{ "ID", "IMAGE" },
	{ "CreatedSince", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "CreatedBy", "CREATED BY" },
	{ "Size", "SIZE" },
	{ "Comment", "COMMENT" },
	{ NULL, NULL },
};

/* One step, newest first. */
struct step {
	const char *id; /* of the image, or NULL */
	const struct json *entry;
	uint64_t size;
};

static char *command_of(const struct history_options *o, const struct json *entry)
{
	autofree char *all = xstrdup(json_text_or(json_get(entry, "created_by"), ""));

	for (char *p = all; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	if (o->no_trunc || strlen(all) <= COMMAND_LENGTH)
		return steal_ptr(&all);
	return xasprintf("%.*s…", (int)str_whole(all, COMMAND_LENGTH - 1), all);
}

static int64_t created_ns(const struct json *entry)
{
	int64_t ns;

	return units_parse_time(json_text_or(json_get(entry, "created"), ""), 0, &ns) == 0 ? ns : 0;
}

static char *id_of(const struct history_options *o, const struct step *s)
{
	if (!s->id)
		return xstrdup(MISSING);
	return o->no_trunc ? xasprintf("sha256:%s", s->id) : xstrndup(s->id, SHORT_ID);
}

/* docker's shape: all is text. */
static struct json *text_row(const struct history_options *o, const struct step *s)
{
	autofree char *id = id_of(o, s), *command = command_of(o, s->entry);
	int64_t ns = created_ns(s->entry);
	struct json *row = json_new_map();
	char text[UNITS_TEXT_MAX];

	json_set_text(row, "ID", id);
	json_set_text(row, "CreatedSince", ns ? units_print_ago(text, ns, units_now_ns()) : "N/A");
	json_set_text(row, "CreatedAt", ns ? units_print_rfc3339(text, ns) : "N/A");
	json_set_text(row, "CreatedBy", command);
	if (o->human)
		units_print_size(text, s->size);
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)s->size);
	json_set_text(row, "Size", text);
	json_set_text(row, "Comment", json_text_or(json_get(s->entry, "comment"), ""));
	return row;
}

/* podman's. */
static struct json *typed_row(const struct step *s)
{
	struct json *row = json_new_map();
	char text[UNITS_TEXT_MAX];

	json_set_text(row, "id", s->id ? s->id : MISSING);
	json_set_text(row, "created", units_print_rfc3339(text, created_ns(s->entry)));
	json_set_text(row, "CreatedBy", json_text_or(json_get(s->entry, "created_by"), ""));
	json_set_int(row, "size", (int64_t)s->size);
	json_set_text(row, "comment", json_text_or(json_get(s->entry, "comment"), ""));
	return row;
}

static int print_step(const struct history_options *o, struct format *f, const struct step *s,
		      struct error *err)
{
	if (o->quiet) {
		autofree char *id = id_of(o, s);

		printf("%s\n", id);
		return 0;
	}
	return format_add(f, format_is_typed(f) ? typed_row(s) : text_row(o, s), err);
}

/*
 * Entries of the history and layers are counted from the bottom up; layers
 * without an entry, which some tools leave, come last with what is known of
 * them.
 */
static int list(const struct history_options *o, const struct image *image, const uint64_t *sizes,
		struct format *f, struct error *err)
{
	const struct json *history = image->config.history;
	size_t n = json_count(history), layers = 0, at;
	struct step *steps = xcalloc(n + image->config.n_diff_ids + 1, sizeof(*steps));
	int r = 0;

	for (at = 0; at < n; at++) {
		steps[at].entry = json_at(history, at);
		if (!json_is_true(json_get(steps[at].entry, "empty_layer")) &&
		    layers < image->config.n_diff_ids)
			steps[at].size = sizes[layers++];
	}
	for (; layers < image->config.n_diff_ids; at++)
		steps[at].size = sizes[layers++];
	if (at)
		steps[at - 1].id = image->id;
	while (r == 0 && at-- > 0)
		r = print_step(o, f, &steps[at], err);
	free(steps);
	return r;
}

static int show(const struct context *ctx, const struct image_store *store, const char *operand,
		struct error *err)
{
	const struct history_options *o = ctx->options;
	autoimage struct image image = { 0 };
	autoformat struct format f = { 0 };
	autofree uint64_t *sizes = NULL;
	int r = image_find(store, operand, &image, err);

	if (r < 0)
		return r;
	sizes = xcalloc(image.config.n_diff_ids, sizeof(*sizes));
	usage_layer_sizes(store, &image.config, sizes);
	r = format_open(&f, o->format, o->human ? HISTORY_HUMAN : HISTORY_EXACT, columns, true,
			err);
	if (r == 0)
		r = list(o, &image, sizes, &f, err);
	return r == 0 && !o->quiet ? format_print(&f, err) : r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct image_store store;
	int r = image_store_open(ctx->store.root_fd, &store, err);

	(void)argc;
	if (r < 0)
		return r;
	r = show(ctx, &store, argv[0], err);
	image_store_close(&store);
	return r;
}

const struct command cmd_history = {
	.name = "history",
	.args = "IMAGE",
	.summary = "Show how an image came about, layer by layer",
	.details = "Newest first, with the size of each layer, unpacked.\n"
		   "\n"
		   "Fields of a template: .ID .CreatedSince .CreatedAt .CreatedBy .Size .Comment",
	.options = options,
	COMMAND_OPTIONS(struct history_options, .human = true),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE,
	.run = run,
};
