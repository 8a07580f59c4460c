// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/import.c - tare import: a root directory as a tar archive becomes an image
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/change.h"
#include "cmd/command.h"
#include "cmd/infile.h"
#include "cmd/options.h"
#include "cmd/platform.h"
#include "image/codec.h"
#include "image/compose.h"
#include "image/plan.h"
#include "image/reference.h"

struct import_options {
	struct strlist changes;
	const char *message, *platform;
	bool quiet;
};

#define O(...) OPTION(struct import_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('c', "change", "INSTRUCTION", OPTION_LIST, changes,
	  "Set this in the image's config, as a Dockerfile would: CMD, ENV, USER, …"),
	O('m', "message", "TEXT", OPTION_TEXT, message, "Comment in the image's history"),
	O(0, "platform", "OS/ARCH[/VARIANT]", OPTION_TEXT, platform,
	  "What the files are for (default: this machine)"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Accepted: there is no progress to show"),
	{ 0 },
};

#define CHUNK_BYTES (256U << 10)

/* The archive, whose first piece has been looked at. */
struct input {
	int fd;
	size_t ahead;
	unsigned char data[CHUNK_BYTES];
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct input *in = arg;
	ssize_t n = (ssize_t)in->ahead;

	in->ahead = 0;
	while (!n && (n = read(in->fd, in->data, sizeof(in->data))) < 0 && errno == EINTR)
		n = 0;
	if (n < 0)
		return error_sys(err, errno, "read the archive");
	*data = in->data;
	*len = (size_t)n;
	return 0;
}

/* As much as it takes to tell how it is compressed. */
static int look_ahead(struct input *in, struct error *err)
{
	while (in->ahead < 512) {
		ssize_t n = read(in->fd, in->data + in->ahead, sizeof(in->data) - in->ahead);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "read the archive");
		if (n == 0)
			break;
		in->ahead += (size_t)n;
	}
	return in->ahead ? 0 : error_set(err, EBADMSG, "the archive is empty");
}

static int inflate_into(void *arg, struct layer_writer *w, struct error *err)
{
	struct input *in = arg;
	struct codec *codec;
	const unsigned char *data;
	size_t len = 1;
	int r = look_ahead(in, err);

	if (r < 0)
		return r;
	codec = codec_new(codec_detect(in->data, in->ahead), fill, in);
	while (r == 0 && len) {
		r = codec_read(codec, &data, &len, err);
		if (r == 0 && len)
			r = layer_writer_sink(w, data, len, err);
	}
	codec_free(codec);
	return r;
}

static int add_layer(struct compose *c, int fd, struct error *err)
{
	autofree struct input *in = xmalloc(sizeof(*in));

	in->fd = fd;
	in->ahead = 0;
	return compose_add_layer(c, inflate_into, in, err);
}

static int set_platform(struct compose *c, const char *text, struct error *err)
{
	autostrlist struct strlist parts = { 0 };
	struct plan_platform platform = { 0 };
	int r = platform_parse(&platform, &parts, text, err);

	if (r < 0 || !text)
		return r;
	json_set_text(c->config, "os", platform.os);
	json_set_text(c->config, "architecture", platform.architecture);
	if (platform.variant)
		json_set_text(c->config, "variant", platform.variant);
	return 0;
}

static int compose(const struct context *ctx, struct compose *c, int fd, const char *source,
		   struct error *err)
{
	const struct import_options *o = ctx->options;
	autofree char *comment = o->message ? xstrdup(o->message)
					    : xasprintf("Imported from %s", source);
	struct json *config = json_new_map();
	int r = change_apply(config, &o->changes, err);

	json_set(c->config, "config", config);
	if (r == 0)
		r = set_platform(c, o->platform, err);
	if (r == 0)
		r = add_layer(c, fd, err);
	if (r == 0)
		compose_add_history(c, NULL, comment);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autofree char *name = NULL;
	struct image_store store;
	struct compose c;
	char id[DIGEST_SHA256_HEX + 1];
	autoclose int fd = -1;
	int r;

	if (argc > 1 && reference_normalise(argv[1], &name, err) < 0)
		return -err->code;
	fd = infile_open(argv[0], err);
	if (fd < 0)
		return fd;
	r = image_store_open(ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	r = compose_open(&c, &store, NULL, err);
	if (r == 0)
		r = compose(ctx, &c, fd, argv[0], err);
	if (r == 0)
		r = compose_publish(&c, name, id, err);
	compose_close(&c);
	image_store_close(&store);
	if (r < 0)
		return error_wrap(err, "import '%s'", argv[0]);
	printf("sha256:%s\n", id);
	return 0;
}

const struct command cmd_import = {
	.name = "import",
	.args = "FILE|- [NAME[:TAG]]",
	.summary = "Make an image of a root directory's tar archive",
	.details = "The archive may be compressed. The image has one layer, and a config of what\n"
		   "--change says.\n"
		   "\n"
		   "  tar -C root -c . | tare import -c 'CMD [\"/bin/app\"]' - app:1",
	.options = options,
	COMMAND_OPTIONS(struct import_options, .quiet = false),
	.min_args = 1,
	.max_args = 2,
	.flags = COMMAND_STORE,
	.run = run,
};
