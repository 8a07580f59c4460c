// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/pack.c - tare pack: an appliance from a directory or an image
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/opened.h"
#include "cmd/options.h"
#include "cmd/outfile.h"
#include "cmd/pack_config.h"
#include "cmd/platform.h"
#include "cmd/signed.h"
#include "cmd/stores.h"
#include "image/image.h"
#include "image/package.h"
#include "image/reference.h"
#include "image/self.h"

struct pack_options {
	struct pack_settings settings;
	bool self;
	const char *output, *name, *platform, *compress, *epoch, *sign;
};

#define O(...) OPTION(struct pack_options, __VA_ARGS__)

static const struct option_def pack_options[] = {
	O(0, "cmd", "COMMAND", OPTION_TEXT, settings.cmd,
	  "Default arguments: a JSON list, or a line for the shell"),
	O(0, "compress", "KIND", OPTION_TEXT, compress,
	  "Layers of a directory: none (starts at once) or gzip"),
	O(0, "cpus", "N", OPTION_TEXT, settings.cpus, "CPUs' worth of time at most"),
	O(0, "description", "TEXT", OPTION_TEXT, settings.description, "What it is, in a sentence"),
	O(0, "entrypoint", "COMMAND", OPTION_TEXT, settings.entrypoint,
	  "What it runs: a JSON list, or a line for the shell"),
	O('e', "env", "NAME=VALUE", OPTION_LIST, settings.env, "Set a variable"),
	O(0, "health", "CHECK", OPTION_TEXT, settings.health,
	  "[--interval=30s] [--retries=3] … COMMAND, or NONE", .alias = "health-cmd"),
	O(0, "help-text", "TEXT", OPTION_TEXT, settings.help, "What 'tare show' tells its user"),
	O('l', "label", "KEY=VALUE", OPTION_LIST, settings.labels, "Attach a label"),
	O('m', "memory", "SIZE", OPTION_TEXT, settings.memory, "Memory at most"),
	O('t', "name", "NAME[:TAG]", OPTION_TEXT, name, "What it is called in a store",
	  .alias = "tag"),
	O('o', "output", "FILE", OPTION_TEXT, output, "Where to; - is standard output"),
	O(0, "pids", "N", OPTION_TEXT, settings.pids, "Processes at most", .alias = "pids-limit"),
	O(0, "platform", "OS/ARCH[/VARIANT]", OPTION_TEXT, platform,
	  "Of a directory: what it is for; of an image: which one"),
	O('p', "port", "SPEC", OPTION_LIST, settings.ports,
	  "A port to publish, if its user agrees: 8080:80", .alias = "publish"),
	O(0, "restart", "POLICY", OPTION_TEXT, settings.restart,
	  "no, on-failure[:N], always or unless-stopped"),
	O(0, "self", NULL, OPTION_BOOL, self,
	  "Make a program that needs nothing installed: ./FILE runs it"),
	O(0, "sign", "KEY.sec", OPTION_TEXT, sign,
	  "Sign it with this key of minisign, into FILE.minisig"),
	O(0, "source-date-epoch", "SECONDS", OPTION_TEXT, epoch,
	  "No time in it is later (env SOURCE_DATE_EPOCH)", .alias = "timestamp"),
	O(0, "stop-signal", "SIGNAL", OPTION_TEXT, settings.stop_signal, "Signal for 'stop'"),
	O(0, "title", "TEXT", OPTION_TEXT, settings.title, "Its name for people"),
	O('u', "user", "USER[:GROUP]", OPTION_TEXT, settings.user, "User it runs as"),
	O(0, "version", "TEXT", OPTION_TEXT, settings.version, "Its version"),
	O('v', "volume", "[SRC:]DST[:OPTIONS]", OPTION_LIST, settings.volumes,
	  "A volume; one with a source only if its user agrees"),
	O('w', "workdir", "DIR", OPTION_TEXT, settings.workdir, "Working directory"),
	{ 0 },
};

/* ---- what goes in ------------------------------------------------------- */

static int read_epoch(const struct pack_options *o, int64_t *out, struct error *err)
{
	const char *text = o->epoch ? o->epoch : getenv("SOURCE_DATE_EPOCH");

	*out = -1;
	if (!text || !*text)
		return 0;
	if (str_parse_i64(text, 0, INT64_C(253402300799), out) < 0)
		return error_set(err, EINVAL, "SOURCE_DATE_EPOCH '%s' is no number of seconds",
				 text);
	return 0;
}

static int take_stored(struct package *p, const struct context *ctx, const char *operand,
		       struct error *err)
{
	autoimage struct image image = { 0 };
	struct image_store store;
	int r = stores_open_own(ctx, &store, err);

	if (r < 0)
		return r;
	r = image_find(&store, operand, &image, err);
	if (r == 0)
		r = package_take_stored(p, &store, &image, err);
	image_store_close(&store);
	return r;
}

/* A layout directory is an image; any other directory is a root. */
static bool is_layout(int fd)
{
	return faccessat(fd, "oci-layout", F_OK, 0) == 0 &&
	       faccessat(fd, "index.json", F_OK, 0) == 0;
}

/* @fd stays open for as long as the package is used. */
static int take(struct package *p, const struct context *ctx, const char *operand, int *fd,
		struct error *err)
{
	struct stat st;
	int r;

	if (!opened_is_path(operand))
		return take_stored(p, ctx, operand, err);
	*fd = openat(AT_FDCWD, operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return error_sys(err, errno, "open '%s'", operand);
	r = S_ISDIR(st.st_mode) && !is_layout(*fd) ? package_take_tree(p, *fd, err)
						   : package_take_archive(p, *fd, err);
	return r < 0 ? error_wrap(err, "cannot pack '%s'", operand) : 0;
}

static int set_name(struct package *p, const char *name, struct error *err)
{
	struct reference ref;
	int r;

	if (!name)
		return 0;
	r = reference_parse(name, &ref, err);
	if (r < 0)
		return r;
	if (ref.has_digest)
		return error_set(err, EINVAL, "a name for an image cannot have a digest: '%s'",
				 name);
	strlist_done(&p->names);
	strlist_take(&p->names, reference_name(&ref));
	return 0;
}

/* ---- what comes out ----------------------------------------------------- */

struct counted {
	int fd;
	uint64_t bytes;
};

static int sink_counted(void *arg, const void *data, size_t len, struct error *err)
{
	struct counted *c = arg;

	c->bytes += len;
	return tar_sink_fd(&c->fd, data, len, err);
}

/* The program runs here; so must what it carries. */
static int check_machine(const struct package *p, struct error *err)
{
	const char *have = json_text_or(json_get(p->config, "architecture"), "");
	struct plan_platform here;

	plan_this_machine(&here);
	if (!strcmp(have, here.architecture))
		return 0;
	return error_set(err, EINVAL, "the image is for '%s', and this program for '%s'", have,
			 here.architecture);
}

/* The program, the archive, and where that is. */
static int write_self(struct package *p, struct outfile *out, struct digest *manifest,
		      struct error *err)
{
	struct counted counted = { .fd = out->fd };
	uint64_t start;
	int r = self_write_program(out->fd, &start, err);

	if (r == 0)
		r = package_write(p, sink_counted, &counted, manifest, err);
	return r == 0 ? self_write_footer(out->fd, start, counted.bytes, err) : r;
}

static int write_out(struct package *p, const struct pack_options *o, struct outfile *out,
		     struct error *err)
{
	struct digest manifest;
	char text[DIGEST_TEXT_MAX];
	int r;

	r = o->self ? write_self(p, out, &manifest, err)
		    : package_write(p, tar_sink_fd, &out->fd, &manifest, err);
	/* Signed before it appears: between the two a signature is there that fits nothing yet. */
	if (r == 0 && o->sign)
		r = signed_make(out->fd, o->output, o->sign, p->epoch_s, err);
	if (r == 0)
		r = outfile_commit(out, o->self ? 0755 : 0644, err);
	if (r < 0)
		return r;
	digest_format(&manifest, text);
	if (!outfile_is_stream(out))
		printf("%s\n", text);
	return 0;
}

static int check_options(const struct pack_options *o, struct package *p, struct strlist *parts,
			 struct error *err)
{
	int r;

	if (o->compress && layer_compression_parse(o->compress, &p->compression) < 0)
		return error_set(err, EINVAL, "compression '%s' is neither none nor gzip",
				 o->compress);
	if (o->sign && (!o->output || !strcmp(o->output, "-")))
		return error_set(err, EINVAL,
				 "--sign needs a file: the signature is put beside it");
	r = read_epoch(o, &p->epoch_s, err);
	plan_this_machine(&p->platform);
	return r == 0 ? platform_parse(&p->platform, parts, o->platform, err) : r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct pack_options *o = ctx->options;
	struct package p = { .fd = -1, .spool_dirfd = -1, .root_owned = geteuid() != 0 };
	autostrlist struct strlist platform = { 0 };
	struct outfile out = OUTFILE_NONE;
	autoclose int fd = -1, tmp = -1;
	int r;

	(void)argc;
	r = check_options(o, &p, &platform, err);
	if (r == 0)
		r = outfile_open(&out, o->output, err);
	if (r == 0 && outfile_is_stream(&out))
		r = tmp = file_open_tmp(err);
	if (r >= 0) {
		p.spool_dirfd = outfile_is_stream(&out) ? tmp : out.dir_fd;
		r = take(&p, ctx, argv[0], &fd, err);
	}
	if (r == 0)
		r = set_name(&p, o->name, err);
	if (r == 0)
		r = pack_config_apply(&o->settings, p.config, err);
	if (r == 0 && o->self)
		r = check_machine(&p, err);
	if (r == 0)
		r = write_out(&p, o, &out, err);
	package_done(&p);
	outfile_close(&out);
	return r;
}

const struct command cmd_pack = {
	.name = "pack",
	.args = "DIR|ARCHIVE|IMAGE",
	.summary = "Make an appliance: one file that runs as it should",
	.details =
		"DIR is a root directory, ARCHIVE what 'tare load' takes, IMAGE one of the store. "
		"The result is an OCI archive that docker and podman load as well, with settings "
		"as labels (tare.ports, tare.memory, …) that 'tare run' follows and 'tare show' "
		"shows. The same input gives the same bytes. Prints the digest of the manifest.\n\n"
		"With --sign the signature goes to FILE.minisig, as minisign(1) makes it: ed25519 of "
		"the BLAKE2b-512 hash of FILE, and a trusted comment. KEY.sec is one of 'minisign "
		"-G'; if it has a password, that is asked for, or read from standard input.\n\n"
		"What is packed from a directory without root's privileges belongs to root inside.\n\n"
		"  tare pack -o app.tar --entrypoint '[\"/bin/app\"]' -p 8080:80 --memory 256m ./root\n"
		"  tare run --accept ./app.tar\n"
		"  tare pack --self -o app.run ./app.tar && ./app.run --help",
	.options = pack_options,
	COMMAND_OPTIONS(struct pack_options, .output = NULL),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
