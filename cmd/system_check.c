// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/system_check.c - tare system check: whether the stores are whole
 */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/options.h"
#include "cmd/reclaim.h"
#include "cmd/stores.h"
#include "cmd/system.h"
#include "cmd/target.h"
#include "image/check.h"
#include "image/image.h"

struct check_command_options {
	bool repair, json;
};

#define O(...) OPTION(struct check_command_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "json", NULL, OPTION_BOOL, json, "Say what was found as a JSON list"),
	O(0, "repair", NULL, OPTION_BOOL, repair, "Repair what can be; --repair=false only looks"),
	{ 0 },
};

/* What was found so far. */
struct findings {
	bool as_json;
	struct json *list;
	size_t open; /* not repaired */
};

static void report(void *arg, const struct check_finding *f)
{
	struct findings *all = arg;
	struct json *one;

	all->open += !f->repaired;
	if (!all->as_json) {
		printf("%s: %s%s%s%s\n", f->object, f->what, f->repaired ? ": removed" : "",
		       f->advice ? "; " : "", f->advice ? f->advice : "");
		return;
	}
	one = json_new_map();
	json_set_text(one, "Object", f->object);
	json_set_text(one, "Finding", f->what);
	json_set_bool(one, "Repaired", f->repaired);
	json_set_text(one, "Advice", f->advice ? f->advice : "");
	json_add(all->list, one);
}

/* A container whose image is gone, or whose records cannot be read. */
static void check_container(const struct context *ctx, const struct image_list *images,
			    const char *id, struct findings *findings)
{
	autofree char *object = xasprintf("container %.12s", id);
	autojson struct json *config = NULL;
	autoimage struct image image = { 0 };
	autorecord struct record r;
	struct error why = { 0 };
	size_t at;
	int ret;

	record_init(&r);
	ret = record_read(&ctx->store, id, &r, &why);
	if (ret == -ENOENT)
		return; /* it has gone meanwhile */
	config = ret < 0 ? NULL : record_read_config(&ctx->store, id, &why);
	if (!config && why.code != ENOENT)
		report(findings, &(struct check_finding){ object, why.msg, false,
							  "remove it with 'tare rm -f'" });
	else if (*r.image_id && image_lookup(images, r.image_id, &at, &why) < 0 &&
		 stores_find_of_container(ctx, json_text(json_get(config, "ImageStore")),
					  r.image_id, &image, &why) < 0)
		report(findings, &(struct check_finding){ object, "its image is missing", false,
							  "load the image again" });
}

static int check_containers(const struct context *ctx, struct findings *findings, struct error *err)
{
	autoimagelist struct image_list images = { 0 };
	autostrlist struct strlist ids = { 0 };
	struct error ignored;
	int r = record_list(&ctx->store, &ids, err);

	if (r < 0 || stores_list(ctx, &images, &ignored) < 0)
		return r; /* what is wrong with the index has been said */
	for (size_t i = 0; i < ids.n; i++)
		check_container(ctx, &images, ids.items[i], findings);
	return 0;
}

static int check(const struct context *ctx, struct findings *findings, struct error *err)
{
	const struct check_command_options *o = ctx->options;
	struct check_options how = { .repair = o->repair, .report = report, .arg = findings };
	autostrlist struct strlist running = { 0 };
	struct image_store store;
	int r;

	reclaim_thoroughly(ctx);
	r = target_list(ctx, true, &running, err);
	how.keep_layers = running.n != 0;
	if (r < 0)
		return r;
	r = image_store_open(ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	r = check_store(&store, &how, err);
	if (r == 0)
		r = check_containers(ctx, findings, err);
	image_store_close(&store);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct check_command_options *o = ctx->options;
	struct findings findings = { .as_json = o->json, .list = json_new_list() };
	int r = check(ctx, &findings, err);

	(void)argc;
	(void)argv;
	if (r == 0 && o->json)
		format_print_json(findings.list);
	json_free(findings.list);
	if (r < 0)
		return r;
	return findings.open ? EXIT_FAULTY : 0;
}

const struct command cmd_system_check = {
	.name = "check",
	.summary = "Verify the stores, and repair what can be",
	.details =
		"Looks at the index, every manifest, config and kept blob (by digest), every layer\n"
		"(by its size, and by its files' times of change) and every container. What is left of crashes, and\n"
		"what no image needs, is removed; an image that lacks something keeps its name, and\n"
		"loading it again brings back what is missing. What a disk alters in a layer's files\n"
		"without anybody writing to them is not found.\n"
		"\n"
		"Exit code 1: something was found that could not be repaired.",
	.options = options,
	COMMAND_OPTIONS(struct check_command_options, .repair = true),
	.flags = COMMAND_STORE,
	.run = run,
};
