// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/ephemeral.c - run --ephemeral: an archive is run, and nothing of it stays
 *
 * Theory of operation:
 * The image goes into a store of its own, made below images/tmp of ours and
 * attached like an additional one. It shares nothing: a layer borrowed from our
 * store could be removed under the container, which no index names.
 *
 * Its directory is locked for as long as its supervisor lives, and so is rubbish
 * afterwards. For the next command to look for rubbish, there is a mark where
 * all commands look for what crashes leave: a directory in RUNROOT/containers,
 * locked likewise, that looks like a container which never got a record.
 */
#include "cmd/ephemeral.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/stores.h"
#include "image/load.h"

/** ephemeral_init() - Nothing is held yet */
void ephemeral_init(struct ephemeral *e, bool is_wanted)
{
	*e = (struct ephemeral){
		.is_wanted = is_wanted,
		.mark_fd = -1,
		.staging = { .fd = -1 },
	};
}

static int begin(struct ephemeral *e, const struct context *ctx, const struct image_store *own,
		 struct error *err)
{
	file_random_hex(e->mark, RECORD_ID_HEX / 2);
	e->mark_fd = record_lock(&ctx->store, e->mark, err);
	return e->mark_fd < 0 ? e->mark_fd : image_store_stage(own, &e->staging, err);
}

static int load(struct ephemeral *e, const struct context *ctx, const char *path,
		const struct image_import_options *o, struct image *image, struct error *err)
{
	struct image_import_options all = *o;
	struct image_store store;
	int r = image_store_make_transient(e->staging.fd, &store, err);

	if (r < 0)
		return r;
	all.inflate = true; /* few files, where unpacking makes many that have to go again */
	r = image_import_cached(&store, path, &all, image, err);
	image_store_close(&store);
	if (r < 0)
		return r;
	e->dir = xasprintf("%s/images/tmp/%s", ctx->root, e->staging.name);
	stores_relocate(image, e->dir);
	return 0;
}

/**
 * ephemeral_find_image() - The image in an archive, for one run
 * @e:		ephemeral_end() gives back what it holds then, also after a failure
 * @image:	Released with image_done()
 *
 * What the store knows already is taken from there.
 */
int ephemeral_find_image(struct ephemeral *e, const struct context *ctx, const char *path,
			 const struct image_import_options *o, struct image *image,
			 struct error *err)
{
	struct image_store own;
	int r = image_store_open(ctx->store.root_fd, &own, err);

	if (r < 0)
		return r;
	r = image_import_find(&own, path, o, image, err);
	if (r == 0) {
		r = begin(e, ctx, &own, err);
		if (r == 0)
			r = load(e, ctx, path, o, image, err);
	}
	image_store_close(&own);
	return r < 0 ? r : 0;
}

/** ephemeral_end() - Remove all of it; safe twice */
void ephemeral_end(struct ephemeral *e, const struct context *ctx)
{
	struct image_store own;
	struct error ignored;

	if (e->mark_fd < 0)
		return;
	if (e->staging.fd >= 0 && image_store_open(ctx->store.root_fd, &own, &ignored) == 0) {
		image_store_unstage(&own, &e->staging);
		image_store_close(&own);
	}
	(void)record_clear_running(&ctx->store, e->mark);
	ephemeral_done(e);
}

/** ephemeral_done() - Let go of it without removing anything: somebody else holds it, too */
void ephemeral_done(struct ephemeral *e)
{
	cleanup_close(&e->mark_fd);
	cleanup_close(&e->staging.fd);
	free(e->dir);
	e->dir = NULL;
}
