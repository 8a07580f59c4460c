// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/verify.c - tare verify: whether an archive is whole, without unpacking it
 */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/message.h"
#include "cmd/opened.h"
#include "cmd/options.h"
#include "image/reference.h"
#include "image/verify.h"

#define EXIT_DAMAGED 1

struct verify_options {
	bool json, quiet;
	const char *key, *signature, *platform;
};

#define O(...) OPTION(struct verify_options, __VA_ARGS__)

static const struct option_def verify_options[] = {
	O(0, "json", NULL, OPTION_BOOL, json, "Say what was found as JSON"),
	O('k', "key", "KEY.pub", OPTION_TEXT, key,
	  "Check the signature with this key of minisign, before all else"),
	O(0, "platform", "OS/ARCH[/VARIANT]", OPTION_TEXT, platform,
	  "Whose layers are inflated where there are several"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Say it by the exit code alone"),
	O(0, "signature", "FILE", OPTION_TEXT, signature, "The signature (FILE.minisig)"),
	{ 0 },
};

static struct json *describe_layers(const struct plan_image *image,
				    const struct verify_layer *found)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < image->n_layers; i++) {
		struct json *layer = json_new_map();
		char text[DIGEST_TEXT_MAX];

		digest_format(&found[i].blob, text);
		json_set_text(layer, "Digest", text);
		digest_format(&image->layers[i].diff_id, text);
		json_set_text(layer, "DiffID", text);
		json_set_int(layer, "Size", (int64_t)found[i].size);
		json_set_bool(layer, "Valid", found[i].valid);
		if (!found[i].valid)
			json_set_text(layer, "Error", found[i].err.msg);
		json_add(list, layer);
	}
	return list;
}

static struct json *describe_images(const struct plan *plan, const struct verify *v)
{
	struct json *list = json_new_list();
	size_t at = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_image *image = &plan->images[i];
		struct json *one = json_new_map();
		char text[DIGEST_TEXT_MAX];

		json_set_list(one, "Names", image->names.items, image->names.n);
		digest_format(&image->config_digest, text);
		json_set_text(one, "Id", text);
		if (image->manifest.hex[0]) {
			digest_format(&image->manifest, text);
			json_set_text(one, "Digest", text);
		}
		if (v->layers && at + image->n_layers <= v->n_layers)
			json_set(one, "Layers", describe_layers(image, v->layers + at));
		at += image->n_layers;
		json_add(list, one);
	}
	return list;
}

static void print_json(const char *path, const struct opened *o, const struct verify *v,
		       const struct error *wrong)
{
	autojson struct json *doc = json_new_map();

	json_set_text(doc, "File", path);
	json_set_bool(doc, "Valid", !wrong);
	if (wrong)
		json_set_text(doc, "Error", wrong->msg);
	if (o->claim.key_id[0]) {
		json_set_text(doc, "KeyId", o->claim.key_id);
		json_set_text(doc, "TrustedComment", o->claim.comment);
	}
	json_set(doc, "Images", describe_images(&o->plan, v));
	json_set_int(doc, "Blobs", (int64_t)v->n_blobs);
	json_set_list(doc, "Damaged", v->damaged.items, v->damaged.n);
	format_print_json(doc);
}

static void print_text(const char *path, const struct opened *o, const struct verify *v)
{
	autofree char *safe = str_escape(path);

	if (o->claim.key_id[0]) {
		autofree char *comment = str_escape(o->claim.comment);

		printf("%s: signed with key %s: %s\n", safe, o->claim.key_id, comment);
	}
	for (size_t i = 0; i < o->plan.n; i++) {
		const struct plan_image *image = &o->plan.images[i];
		const char *name = image->names.n ? reference_familiar(image->names.items[0])
						  : "<none>";

		printf("%s: %s sha256:%.12s, %zu layer%s: OK\n", safe, name,
		       image->config_digest.hex, image->n_layers, image->n_layers == 1 ? "" : "s");
	}
	printf("%s: %zu blobs, all as their digests say\n", safe, v->n_blobs);
}

/* The first thing that is wrong, or NULL. */
static const struct error *find_fault(const struct verify *v, struct error *room)
{
	if (verify_first_error(v)) {
		*room = *verify_first_error(v);
		error_wrap(room, "layer");
		return room;
	}
	if (!v->damaged.n)
		return NULL;
	error_set(room, EBADMSG, "'%s' is not what it is named", v->damaged.items[0]);
	return room;
}

static int verify_one(struct context *ctx, const char *path, struct error *err)
{
	const struct verify_options *o = ctx->options;
	const struct opened_how how = { o->key, o->signature, o->platform };
	const struct error *wrong = NULL;
	struct verify v = { 0 };
	struct opened file;
	struct error fault;
	int r;

	r = opened_open(&file, path, &how, err);
	if (r == 0)
		r = verify_run(file.source, file.dir_fd, &file.plan, &v, err);
	if (r == 0) {
		wrong = find_fault(&v, &fault);
	} else if (r == -EBADMSG || r == -EKEYREJECTED || r == -EFBIG) {
		fault = *err;
		wrong = &fault;
		r = 0;
	}
	if (r == 0 && o->json)
		print_json(path, &file, &v, wrong);
	else if (r == 0 && !wrong && !o->quiet)
		print_text(path, &file, &v);
	if (wrong && !o->quiet) {
		error_wrap(&fault, "'%s' is not valid", path);
		message_error(ctx, &fault);
	}
	verify_done(&v);
	opened_close(&file);
	return r < 0 ? r : wrong ? EXIT_DAMAGED : 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	int status = 0;

	for (int i = 0; i < argc; i++) {
		int r = verify_one(ctx, argv[i], err);

		if (r < 0)
			message_error(ctx, err);
		if (r < 0 || status == 0)
			status = r < 0 ? EXIT_TARE : r;
	}
	return status;
}

const struct command cmd_verify = {
	.name = "verify",
	.args = "ARCHIVE|DIR [ARCHIVE|DIR...]",
	.summary = "Check an archive's digests, and its signature, without unpacking it",
	.details = "Compares the documents, both digests of every layer, and every other blob with "
		   "its name. With --key the signature is checked first, of the file as it is, in "
		   "the form of minisign: FILE.minisig. Exit code 0: all is right; 1: something is "
		   "not; 125: it could not be read.\n\n"
		   "  tare verify --key vendor.pub app.tar",
	.options = verify_options,
	COMMAND_OPTIONS(struct verify_options, .json = false),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.run = run,
};
