// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/load.c - tare load: images from an archive into the store
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/infile.h"
#include "cmd/options.h"
#include "cmd/platform.h"
#include "cmd/units.h"
#include "cmd/view_probe.h"
#include "image/load.h"
#include "image/plan.h"
#include "image/reference.h"

struct load_options {
	bool quiet, keep_blobs, verify_only, json, all_platforms, view;
	const char *input, *platform;
	int64_t max_size;
};

#define O(...) OPTION(struct load_options, __VA_ARGS__)

static const struct option_def load_options[] = {
	O(0, "all-platforms", NULL, OPTION_BOOL, all_platforms,
	  "Take the images of all platforms; this machine's, or the first, keeps the name"),
	O('i', "input", "FILE", OPTION_TEXT, input,
	  "Archive or OCI layout directory; without it, standard input"),
	O(0, "json", NULL, OPTION_BOOL, json, "Say what was loaded as a JSON list"),
	O(0, "keep-blobs", NULL, OPTION_BOOL, keep_blobs,
	  "Keep the layers as they came, too: 'tare save' then gives back the same image"),
	O(0, "max-size", "SIZE", OPTION_SIZE, max_size,
	  "Refuse more than this, unpacked (default: 200 times the archive, at least 2 GiB)"),
	O(0, "platform", "OS/ARCH[/VARIANT]", OPTION_TEXT, platform,
	  "Which image to take where there is one for each of several platforms"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "No progress on the terminal"),
	O(0, "verify-only", NULL, OPTION_BOOL, verify_only, "Check everything, load nothing"),
	O(0, "view", NULL, OPTION_BOOL, view,
	  "Do not unpack: keep an index, and layers as tar archives (root, Linux 6.12)"),
	{ 0 },
};

/* The line of progress on a terminal, rewritten at most this often. */
#define PROGRESS_EVERY_NS (UNITS_NS_PER_S / 10)

struct progress {
	int64_t last_ns;
	bool shown;
};

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
	struct progress *p = arg;
	char have[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];
	autostr struct str line = { 0 };
	int64_t now_ns = clock_monotonic_ns();

	if (now_ns - p->last_ns < PROGRESS_EVERY_NS)
		return;
	p->last_ns = now_ns;
	p->shown = true;
	str_printf(&line, "\r\033[Kloading: %s of %s", units_print_size(have, done),
		   units_print_size(all, total));
	(void)file_write_fd(STDERR_FILENO, line.data, line.len);
}

static void end_progress(const struct progress *p)
{
	if (p->shown)
		(void)file_write_fd(STDERR_FILENO, "\r\033[K", 4);
}

static int set_platform(const struct load_options *o, struct plan_platform *to,
			struct strlist *parts, struct error *err)
{
	if (o->platform && o->all_platforms)
		return error_set(err, EINVAL, "--platform and --all-platforms exclude each other");
	plan_this_machine(to);
	to->all = o->all_platforms;
	return platform_parse(to, parts, o->platform, err);
}

static void print_text(const struct image_load_result *result, const char *verb)
{
	for (size_t i = 0; i < result->n; i++) {
		const struct image_loaded *one = &result->items[i];

		if (*one->name)
			printf("%s image: %s\n", verb, reference_familiar(one->name));
		else
			printf("%s image ID: sha256:%s\n", verb, one->id);
	}
}

static void print_json(const struct image_load_result *result)
{
	autojson struct json *list = json_new_list();

	for (size_t i = 0; i < result->n; i++) {
		struct json *one = json_new_map();

		json_set_text(one, "Name", reference_familiar(result->items[i].name));
		json_take_text(one, "Id", xasprintf("sha256:%s", result->items[i].id));
		json_set_text(one, "Digest", result->items[i].manifest);
		json_add(list, one);
	}
	format_print_json(list);
}

static int check_views(const struct image_store *store, struct error *err)
{
	if (view_is_possible(store))
		return 0;
	(void)error_set(err, EOPNOTSUPP, "--view: %s",
			geteuid() ? "only root can mount EROFS"
				  : "this kernel cannot mount EROFS from files (Linux 6.12)");
	return error_hint(err, "without --view the image is unpacked, which works everywhere");
}

static int load(const struct context *ctx, const char *path, const struct image_load_options *how,
		struct image_load_result *result, struct error *err)
{
	struct image_store store;
	autoclose int fd = -1;
	int r;

	fd = infile_open(path, err);
	if (fd < 0)
		return fd;
	r = image_store_open(ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	r = how->store_views ? check_views(&store, err) : 0;
	if (r == 0)
		r = image_load(&store, fd, path && strcmp(path, "-") ? path : "standard input", how,
			       result, err);
	image_store_close(&store);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct load_options *o = ctx->options;
	bool show = !o->quiet && !o->json && isatty(STDERR_FILENO);
	autoloadresult struct image_load_result result = { 0 };
	autostrlist struct strlist parts = { 0 };
	struct plan_platform platform;
	struct progress progress = { 0 };
	struct image_load_options how = {
		.platform = &platform,
		.max_bytes = o->max_size > 0 ? (uint64_t)o->max_size : 0,
		.keep_blobs = o->keep_blobs,
		.verify_only = o->verify_only,
		.store_views = o->view,
		.progress = show ? show_progress : NULL,
		.progress_arg = &progress,
	};
	int r;

	if (o->view && o->verify_only)
		return error_set(err, EINVAL, "--view and --verify-only exclude each other");
	if (argc && o->input)
		return error_set(err, EINVAL, "two archives: '%s' and '%s'", o->input, argv[0]);
	r = set_platform(o, &platform, &parts, err);
	if (r == 0)
		r = load(ctx, argc ? argv[0] : o->input, &how, &result, err);
	end_progress(&progress);
	if (r < 0)
		return r;
	if (o->json)
		print_json(&result);
	else
		print_text(&result, o->verify_only ? "Verified" : "Loaded");
	return 0;
}

const struct command cmd_load = {
	.name = "load",
	.args = "[FILE]",
	.summary = "Load images from an archive",
	.details =
		"FILE is an OCI archive or what 'docker save' writes, plain or compressed by gzip,\n"
		"zstd, xz or bzip2, or an OCI image layout directory. All digests are verified; if\n"
		"anything is wrong, nothing is loaded. Layers that are there already are not read\n"
		"again. Of images for several platforms this machine's is taken, or that of --platform;\n"
		"of variants (arm/v6, arm/v7) the latest that such a machine runs.\n"
		"\n"
		"With --view, layers are kept as tar archives and not unpacked, which takes three\n"
		"quarters to a quarter of the processor's time, depending on what is compressed and\n"
		"how many files there are; containers see them through an index, and start a\n"
		"millisecond later. What cannot be shown like this (sparse files, say)\n"
		"is unpacked, and what is unpacked already stays so. Loading once more without\n"
		"--view unpacks.\n"
		"\n"
		"  skopeo copy docker://busybox oci-archive:busybox.tar:busybox\n"
		"  tare load -i busybox.tar\n"
		"  ssh host docker save app | tare load",
	.options = load_options,
	COMMAND_OPTIONS(struct load_options, .quiet = false),
	.max_args = 1,
	.flags = COMMAND_STORE,
	.run = run,
};
