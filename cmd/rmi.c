// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/rmi.c - tare rmi: remove names of images, and images
 */
#include "cmd/rmi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/options.h"
#include "image/image.h"
#include "image/reference.h"

struct rmi_options {
	bool all, force;
};

#define O(...) OPTION(struct rmi_options, __VA_ARGS__)

static const struct option_def rmi_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "All images that no container uses"),
	O('f', "force", NULL, OPTION_BOOL, force,
	  "Remove an image given by id with all its names; no error if there is none"),
	{ 0 },
};

/** rmi_is_used() - A container that keeps the image, for image_remove(); @arg is the context */
bool rmi_is_used(void *arg, const char *id, char **by)
{
	const struct context *ctx = arg;
	autostrlist struct strlist ids = { 0 };
	struct error ignored;
	bool used = false;

	/* Records that cannot be read say nothing about images; when in doubt, keep. */
	if (record_list(&ctx->store, &ids, &ignored) < 0)
		return true;
	for (size_t i = 0; i < ids.n && !used; i++) {
		autorecord struct record r;

		record_init(&r);
		if (record_read(&ctx->store, ids.items[i], &r, &ignored) < 0)
			continue;
		used = !strcmp(r.image_id, id);
		if (used)
			*by = xstrdup(r.name);
	}
	return used;
}

static int remove_one(struct context *ctx, const struct image_store *store, const char *operand,
		      struct error *err)
{
	const struct rmi_options *o = ctx->options;
	struct image_removal removal;
	int r;

	r = image_remove(store, operand, o->force, rmi_is_used, ctx, &removal, err);
	for (size_t i = 0; r == 0 && i < removal.untagged.n; i++)
		printf("Untagged: %s\n", reference_familiar(removal.untagged.items[i]));
	for (size_t i = 0; r == 0 && i < removal.deleted.n; i++)
		printf("Deleted: sha256:%s\n", removal.deleted.items[i]);
	image_removal_done(&removal);
	return r;
}

/* Removes what it can; the exit code is that of the worst failure. */
static int remove_each(struct context *ctx, const struct image_store *store, int argc, char **argv)
{
	const struct rmi_options *o = ctx->options;
	int status = 0;

	for (int i = 0; i < argc; i++) {
		struct error err = { 0 };
		int r = remove_one(ctx, store, argv[i], &err);

		if (r == 0 || (r == -ENOENT && o->force))
			continue;
		if (r == -EBUSY && o->all)
			continue;
		message_error(ctx, &err);
		status = command_worst_code(r, status);
	}
	return status;
}

static int remove_all(struct context *ctx, const struct image_store *store, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	autostrlist struct strlist ids = { 0 };
	int r = image_list(store, &list, err);

	if (r < 0)
		return r;
	/* A row is a name, or an image without one: by name first, the last one takes the image. */
	for (size_t i = 0; i < list.n; i++)
		strlist_add(&ids, *list.items[i].name ? list.items[i].name : list.items[i].id);
	return remove_each(ctx, store, (int)ids.n, ids.items);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct rmi_options *o = ctx->options;
	struct image_store store;
	int r = command_check_all(ctx, o->all, argc, err);

	if (r == 0)
		r = image_store_open(ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	r = o->all ? remove_all(ctx, &store, err) : remove_each(ctx, &store, argc, argv);
	image_store_close(&store);
	return r;
}

#define RMI_COMMAND(name_)                                                                 \
	{                                                                                  \
		.name = (name_), .args = "IMAGE [IMAGE...]", .summary = "Remove images",   \
		.details = "A name is removed, and with its last name the image.\n"        \
			   "Exit code 1: no such image. 2: a container uses it, or it is " \
			   "given by id and has several names.",                           \
		.options = rmi_options, COMMAND_OPTIONS(struct rmi_options, .all = false), \
		.max_args = COMMAND_ANY, .flags = COMMAND_STORE, .run = run,               \
	}

const struct command cmd_rmi = RMI_COMMAND("rmi");
const struct command cmd_image_rm = RMI_COMMAND("rm");
