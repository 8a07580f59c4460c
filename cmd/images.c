// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/images.c - tare images: the images there are
 *
 * The plain table needs one file, the store's index. Labels and platforms are
 * in the images' configs, which are read when a filter or format asks.
 */
#include "cmd/images.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/image_inspect.h"
#include "cmd/maps.h"
#include "cmd/options.h"
#include "cmd/stores.h"
#include "cmd/units.h"
#include "image/image.h"
#include "image/reference.h"

#define NONE	 "<none>"
#define SHORT_ID 12

struct images_options {
	bool all, digests, quiet, no_trunc, no_heading;
	const char *format;
	struct strlist filters;
};

#define O(...) OPTION(struct images_options, __VA_ARGS__)

static const struct option_def images_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "Accepted: there are no hidden images"),
	O(0, "digests", NULL, OPTION_BOOL, digests, "Show the digests of the manifests"),
	O('f', "filter", "KEY=VALUE", OPTION_LIST, filters,
	  "Only those that match: dangling, reference, label, before, since"),
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O(0, "noheading", NULL, OPTION_BOOL, no_heading, "No titles above the table"),
	O(0, "no-trunc", NULL, OPTION_BOOL, no_trunc, "Whole ids"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Ids only"),
	{ 0 },
};

#define IMAGES_TEMPLATE "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
#define IMAGES_DIGESTS                                                       \
	"{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}" \
	"\t{{.Size}}"

static const struct format_column columns[] = {
	{ "Repository", "REPOSITORY" },
	{ "Tag", "TAG" },
	{ "Digest", "DIGEST" },
	{ "ID", "IMAGE ID" },
	{ "CreatedSince", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "Size", "SIZE" },
	{ "SharedSize", "SHARED SIZE" },
	{ "UniqueSize", "UNIQUE SIZE" },
	{ "VirtualSize", "VIRTUAL SIZE" },
	{ "Containers", "CONTAINERS" },
	{ NULL, NULL },
};

/* What is listed, and what it takes to tell. */
struct listing {
	const struct context *ctx;
	struct image_list all;
	const struct image_summary **rows;
	size_t n;
	int64_t now_ns;
};

static int64_t created_ns(const struct image_summary *row)
{
	int64_t ns;

	return units_parse_time(row->created, 0, &ns) == 0 ? ns : 0;
}

/* docker.io/library/busybox:latest → "busybox", "latest"; the caller frees *repository. */
static void split_name(const struct image_summary *row, char **repository, const char **tag)
{
	const char *name = reference_familiar(row->name);
	const char *colon = strrchr(name, ':');

	*repository = *name ? xstrndup(name, colon ? (size_t)(colon - name) : strlen(name))
			    : xstrdup(NONE);
	*tag = *name && colon ? colon + 1 : NONE;
}

#define LOCAL_PREFIX "localhost/" /* of what buildah and podman build */

static bool matches_either(const char *pattern, const char *repository, const char *name)
{
	return fnmatch(pattern, repository, FNM_PATHNAME) == 0 ||
	       fnmatch(pattern, name, FNM_PATHNAME) == 0;
}

static bool matches_reference(const struct image_summary *row, const char *pattern)
{
	autofree char *repository = NULL, *full = NULL;
	const char *tag, *colon = strrchr(row->name, ':');

	if (!*row->name)
		return false;
	split_name(row, &repository, &tag);
	full = xstrndup(row->name, colon ? (size_t)(colon - row->name) : strlen(row->name));
	return matches_either(pattern, repository, reference_familiar(row->name)) ||
	       matches_either(pattern, full, row->name) ||
	       /* Found by `run` without it, so found by lists, too. */
	       (str_starts(full, LOCAL_PREFIX) &&
		matches_either(pattern, full + strlen(LOCAL_PREFIX),
			       row->name + strlen(LOCAL_PREFIX)));
}

static bool matches_label(const struct listing *l, const struct image_summary *row,
			  const char *wanted)
{
	autoimage struct image image = { 0 };
	struct error ignored;

	return stores_find_image(l->ctx, row->id, &image, &ignored) == 0 &&
	       maps_have_pair(image.config.labels, wanted);
}

/* 1 or 0; -ENOENT if "before" or "since" names no image. */
static int matches(const struct listing *l, const struct image_summary *row, const char *filter,
		   struct error *err)
{
	const char *value = strchr(filter, '=') + 1;
	size_t key = (size_t)(value - 1 - filter), at;
	int r;

	if (key == strlen("dangling") && str_starts(filter, "dangling"))
		return !*row->name == (!strcmp(value, "true") || !strcmp(value, "1"));
	if (key == strlen("reference") && str_starts(filter, "reference"))
		return matches_reference(row, value);
	if (key == strlen("label") && str_starts(filter, "label"))
		return matches_label(l, row, value);
	r = image_lookup(&l->all, value, &at, err);
	if (r < 0)
		return r;
	if (str_starts(filter, "before"))
		return created_ns(row) < created_ns(&l->all.items[at]);
	return created_ns(row) > created_ns(&l->all.items[at]);
}

static int check_filters(const struct strlist *filters, struct error *err)
{
	static const char *const keys[] = { "dangling=", "reference=", "label=", "before=",
					    "since=" };

	for (size_t i = 0; i < filters->n; i++) {
		bool known = false;

		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			known = known || str_starts(filters->items[i], keys[k]);
		if (!known)
			return error_set(err, EINVAL,
					 "unknown filter '%s': there are dangling=, reference=, "
					 "label=, before=, since=",
					 filters->items[i]);
	}
	return 0;
}

/* Operands are names without a tag, names, or patterns: any of them will do. */
static bool is_named(const struct image_summary *row, int argc, char **argv)
{
	struct image_list one = { (struct image_summary *)(uintptr_t)row, 1 };
	struct error ignored;
	size_t at;

	for (int i = 0; i < argc; i++)
		if (matches_reference(row, argv[i]) ||
		    image_lookup(&one, argv[i], &at, &ignored) == 0)
			return true;
	return argc == 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct image_summary *const *x = a, *const *y = b;
	int64_t s = created_ns(*x), t = created_ns(*y);

	return s != t ? (s < t) - (s > t) : strcmp((*x)->name, (*y)->name);
}

static int select_rows(struct listing *l, int argc, char **argv, struct error *err)
{
	const struct images_options *o = l->ctx->options;

	l->rows = xcalloc(l->all.n, sizeof(*l->rows));
	for (size_t i = 0; i < l->all.n; i++) {
		int r = is_named(&l->all.items[i], argc, argv);

		for (size_t k = 0; r > 0 && k < o->filters.n; k++)
			r = matches(l, &l->all.items[i], o->filters.items[k], err);
		if (r < 0)
			return r;
		if (r)
			l->rows[l->n++] = &l->all.items[i];
	}
	if (l->n)
		qsort(l->rows, l->n, sizeof(*l->rows), newest_first);
	return 0;
}

/* docker's shape: all is text. */
static struct json *text_row(const struct listing *l, const struct image_summary *row)
{
	const struct images_options *o = l->ctx->options;
	struct json *map = json_new_map();
	autofree char *repository = NULL, *id = NULL;
	char text[UNITS_TEXT_MAX];
	int64_t ns = created_ns(row);
	const char *tag;

	split_name(row, &repository, &tag);
	id = o->no_trunc ? xasprintf("sha256:%s", row->id) : xstrndup(row->id, SHORT_ID);
	json_set_text(map, "ID", id);
	json_set_text(map, "Repository", repository);
	json_set_text(map, "Tag", tag);
	json_set_text(map, "Digest", row->manifest);
	json_set_text(map, "CreatedSince", ns ? units_print_ago(text, ns, l->now_ns) : "N/A");
	json_set_text(map, "CreatedAt", ns ? units_print_created(text, ns) : "N/A");
	json_set_text(map, "Size", units_print_size(text, row->size));
	json_set_text(map, "VirtualSize", text);
	json_set_text(map, "SharedSize", "N/A");
	json_set_text(map, "UniqueSize", "N/A");
	json_set_text(map, "Containers", "N/A");
	return map;
}

/* podman's shape: typed, one item for an image with all its names. */
static struct json *typed_row(const struct listing *l, const struct image_summary *row)
{
	autoimage struct image image = { 0 };
	struct json *map = json_new_map();
	char text[UNITS_TEXT_MAX];
	struct error ignored;

	json_set_text(map, "Id", row->id);
	json_set_text(map, "ParentId", "");
	json_set(map, "RepoTags", image_names(&l->all, row->id, false));
	json_set(map, "RepoDigests", image_names(&l->all, row->id, true));
	json_set(map, "Names", image_names(&l->all, row->id, false));
	json_set_text(map, "Digest", row->manifest);
	json_set_int(map, "Created", created_ns(row) / UNITS_NS_PER_S);
	json_set_text(map, "CreatedAt", units_print_rfc3339(text, created_ns(row)));
	json_set_int(map, "Size", (int64_t)row->size);
	json_set_int(map, "VirtualSize", (int64_t)row->size);
	json_set_int(map, "SharedSize", 0);
	json_set_int(map, "Containers", 0);
	if (stores_find_image(l->ctx, row->id, &image, &ignored) < 0)
		return map;
	json_set(map, "Labels",
		 image.config.labels ? json_clone(image.config.labels) : json_new_nil());
	json_set_text(map, "Arch", image.config.architecture ? image.config.architecture : "");
	json_set_text(map, "Os", image.config.os ? image.config.os : "");
	return map;
}

static bool is_repeated(const struct listing *l, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(l->rows[i]->id, l->rows[at]->id))
			return true;
	return false;
}

static int print_rows(const struct listing *l, struct error *err)
{
	const struct images_options *o = l->ctx->options;
	autoformat struct format f = { 0 };
	int r;

	r = format_open(&f, o->format, o->digests ? IMAGES_DIGESTS : IMAGES_TEMPLATE, columns,
			!o->no_heading, err);
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		if (!format_is_typed(&f))
			r = format_add(&f, text_row(l, l->rows[i]), err);
		else if (!is_repeated(l, i))
			r = format_add(&f, typed_row(l, l->rows[i]), err);
	}
	return r < 0 ? r : format_print(&f, err);
}

static void print_ids(const struct listing *l)
{
	const struct images_options *o = l->ctx->options;

	for (size_t i = 0; i < l->n; i++) {
		if (is_repeated(l, i))
			continue;
		if (o->no_trunc)
			printf("sha256:%s\n", l->rows[i]->id);
		else
			printf("%.*s\n", SHORT_ID, l->rows[i]->id);
	}
}

static int list(struct listing *l, int argc, char **argv, struct error *err)
{
	const struct images_options *o = l->ctx->options;
	int r;

	r = stores_list(l->ctx, &l->all, err);
	if (r == 0)
		r = select_rows(l, argc, argv, err);
	if (r < 0)
		return r;
	if (o->quiet)
		print_ids(l);
	else
		r = print_rows(l, err);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct images_options *o = ctx->options;
	struct listing l = { .ctx = ctx, .now_ns = units_now_ns() };
	int r;

	r = check_filters(&o->filters, err);
	if (r < 0)
		return r;
	r = list(&l, argc, argv, err);
	free(l.rows);
	image_list_done(&l.all);
	return r;
}

#define IMAGES_COMMAND(name_)                                                                     \
	{                                                                                         \
		.name = (name_), .args = "[NAME...]", .summary = "List images",                   \
		.details = "Newest first. SIZE is that of all layers, unpacked, whether or not\n" \
			   "other images share them.\n"                                           \
			   "\n"                                                                   \
			   "Fields of a template: .Repository .Tag .Digest .ID .CreatedSince\n"   \
			   ".CreatedAt .Size",                                                    \
		.options = images_options, COMMAND_OPTIONS(struct images_options, .all = false),  \
		.max_args = COMMAND_ANY, .flags = COMMAND_STORE, .run = run,                      \
	}

const struct command cmd_images = IMAGES_COMMAND("images");
const struct command cmd_image_ls = IMAGES_COMMAND("ls");
