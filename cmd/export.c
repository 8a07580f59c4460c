// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/export.c - tare export: a container's files as a tar archive
 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/container_root.h"
#include "cmd/options.h"
#include "cmd/outfile.h"
#include "image/pack.h"

struct export_options {
	const char *output;
};

#define O(...) OPTION(struct export_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('o', "output", "FILE", OPTION_TEXT, output, "Write to a file instead of standard output"),
	{ 0 },
};

static int write_tree(struct container_root *cr, int fd, struct error *err)
{
	struct tar_writer writer = { .sink = tar_sink_fd, .arg = &fd };
	struct pack pack = { .out = &writer, .id_base = cr->id_base, .one_fs = true };
	autoclose int root = container_root_fd(cr, err);
	int r = root;

	if (root >= 0)
		r = pack_tree(&pack, root, "", err);
	pack_done(&pack);
	return r < 0 ? r : tar_write_end(&writer, err);
}

static int export(const struct context *ctx, const char *operand, int fd, struct error *err)
{
	struct container_root cr;
	int r = container_root_open(&cr, ctx, operand, err);

	if (r == 0)
		r = write_tree(&cr, fd, err);
	container_root_close(&cr);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct export_options *o = ctx->options;
	struct outfile out;
	int r;

	(void)argc;
	r = outfile_open(&out, o->output, err);
	if (r == 0)
		r = export(ctx, argv[0], out.fd, err);
	if (r == 0)
		r = outfile_commit(&out, 0666, err);
	outfile_close(&out);
	return r < 0 ? error_wrap(err, "export '%s'", argv[0]) : 0;
}

const struct command cmd_export = {
	.name = "export",
	.args = "CONTAINER",
	.summary = "Write the files of a container as a tar archive",
	.details = "Of volumes and mounts only the mount points are in it.\n"
		   "\n"
		   "  tare export web | tar tv\n"
		   "  tare export web | tare import - web:copy",
	.options = options,
	COMMAND_OPTIONS(struct export_options, .output = NULL),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
