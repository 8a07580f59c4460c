// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/save.c - tare save: images into an archive or a directory
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/options.h"
#include "cmd/outfile.h"
#include "cmd/save_dir.h"
#include "image/image.h"
#include "image/reference.h"
#include "image/save.h"

struct save_options {
	const char *output, *format, *compression;
	bool multi, quiet;
};

#define O(...) OPTION(struct save_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "compression", "KIND", OPTION_TEXT, compression,
	  "Of layers that have to be made again: none (the default) or gzip"),
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "oci-archive or docker-archive (both in one file), oci-dir, docker-dir"),
	O('m', "multi-image-archive", NULL, OPTION_BOOL, multi,
	  "Accepted: every operand is an image"),
	O('o', "output", "FILE", OPTION_TEXT, output,
	  "Write to a file, or make a directory, instead of standard output"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "No warning when an id changes"),
	{ 0 },
};

/* An image to save, and the names it is wanted under. */
struct wanted {
	const struct image_summary *row;
	struct strlist names;
};

struct job {
	const struct context *ctx;
	struct image_store store;
	struct image_list list;
	struct wanted *images;
	size_t n;
};

static int want(struct job *job, const char *operand, struct error *err)
{
	struct wanted *w = NULL;
	size_t at, named;
	int r = image_lookup(&job->list, operand, &at, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < job->n && !w; i++)
		if (!strcmp(job->images[i].row->id, job->list.items[at].id))
			w = &job->images[i];
	if (!w) {
		w = &job->images[job->n++];
		w->row = &job->list.items[at];
	}
	/* Given by id it has no name in the archive, as with docker. */
	if (image_match_name(&job->list, operand, &named) && !strchr(operand, '@') &&
	    !strlist_has(&w->names, job->list.items[at].name))
		strlist_add(&w->names, job->list.items[at].name);
	return 0;
}

static int add_all(const struct job *job, struct save *save, struct digest *last, struct error *err)
{
	const struct save_options *o = job->ctx->options;
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->n; i++) {
		const struct wanted *w = &job->images[i];
		bool rebuilt;

		r = save_add(save, w->row, &w->names, &rebuilt, last, err);
		if (r < 0)
			return error_wrap(err, "image '%s'",
					  *w->row->name ? reference_familiar(w->row->name)
							: w->row->id);
		if (rebuilt && !o->quiet)
			message_warning(job->ctx,
					"'%s': layers are made again, so the id is a new one "
					"(load --keep-blobs keeps them)",
					w->names.n ? reference_familiar(w->names.items[0])
						   : w->row->id);
	}
	return r;
}

static int write_archive(const struct job *job, struct save *save, struct error *err)
{
	const struct save_options *o = job->ctx->options;
	struct digest last;
	struct outfile out;
	int r = outfile_open(&out, o->output, err);

	if (r == 0)
		r = add_all(job, save, &last, err);
	if (r == 0)
		r = save_finish(save, tar_sink_fd, &out.fd, err);
	if (r == 0)
		r = outfile_commit(&out, 0666, err);
	outfile_close(&out);
	return r;
}

static int write_directory(const struct job *job, struct save *save, enum save_dir_format format,
			   struct error *err)
{
	const struct save_options *o = job->ctx->options;
	struct digest last;
	int r;

	if (!o->output)
		return error_set(err, EINVAL, "--format %s needs a directory: -o DIR", o->format);
	if (format == SAVE_DIR_DOCKER && job->n > 1)
		return error_set(err, EINVAL, "--format docker-dir takes one image");
	r = add_all(job, save, &last, err);
	return r == 0 ? save_dir_write(save, o->output, format, &last, err) : r;
}

static int save_all(const struct job *job, enum layer_compression compression, struct error *err)
{
	const struct save_options *o = job->ctx->options;
	struct save save;
	int r = save_open(&save, &job->store, compression, err);

	if (r < 0)
		;
	else if (!strcmp(o->format, "oci-dir"))
		r = write_directory(job, &save, SAVE_DIR_OCI, err);
	else if (!strcmp(o->format, "docker-dir"))
		r = write_directory(job, &save, SAVE_DIR_DOCKER, err);
	else
		r = write_archive(job, &save, err);
	save_close(&save);
	return r;
}

static int check(const struct save_options *o, enum layer_compression *compression,
		 struct error *err)
{
	static const char *const formats[] = { "oci-archive", "docker-archive", "oci-dir",
					       "docker-dir" };
	bool known = false;

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		known = known || !strcmp(o->format, formats[i]);
	if (!known)
		return error_set(err, EINVAL,
				 "unknown format '%s': there are oci-archive, docker-archive, "
				 "oci-dir, docker-dir",
				 o->format);
	if (layer_compression_parse(o->compression, compression) < 0)
		return error_set(err, EINVAL, "unknown compression '%s': there are none and gzip",
				 o->compression);
	return 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct job job = { .ctx = ctx, .images = xcalloc((size_t)argc, sizeof(*job.images)) };
	enum layer_compression compression = LAYER_PLAIN;
	int r = check(ctx->options, &compression, err);

	if (r == 0)
		r = image_store_open(ctx->store.root_fd, &job.store, err);
	if (r == 0) {
		r = image_list(&job.store, &job.list, err);
		for (int i = 0; r == 0 && i < argc; i++)
			r = want(&job, argv[i], err);
		if (r == 0)
			r = save_all(&job, compression, err);
		image_store_close(&job.store);
	}
	for (size_t i = 0; i < job.n; i++)
		strlist_done(&job.images[i].names);
	free(job.images);
	image_list_done(&job.list);
	return r;
}

const struct command cmd_save = {
	.name = "save",
	.args = "IMAGE [IMAGE...]",
	.summary = "Write images to an archive",
	.details =
		"The archive is an OCI layout and a 'docker save' archive in one: docker, podman,\n"
		"skopeo, umoci and tare load it. The same images give the same bytes. Images that\n"
		"were loaded with --keep-blobs are saved exactly as they came.\n"
		"\n"
		"  tare save -o app.tar app:1 db:2\n"
		"  tare save app | ssh host docker load",
	.options = options,
	COMMAND_OPTIONS(struct save_options, .format = "oci-archive", .compression = "none"),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
