// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/birth.c - A new container, from flags and operands to its record
 */
#include "cmd/birth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/appliance.h"
#include "cmd/limits.h"
#include "cmd/message.h"
#include "cmd/platform.h"
#include "cmd/reclaim.h"
#include "cmd/report/sampler.h"
#include "cmd/report/sink.h"
#include "cmd/report/verdict.h"
#include "cmd/signed.h"
#include "cmd/slice/member.h"
#include "cmd/stores.h"
#include "cmd/units.h"
#include "cmd/view_probe.h"
#include "cmd/volume.h"
#include "image/load.h"
#include "image/store.h"

/* For containers without --name: weights and measures, as a tare deserves. */
static const char *const name_first[] = {
	"brisk", "calm",  "clear", "deft",   "fair",  "fine",  "fleet", "light",
	"lithe", "lucid", "neat",  "nimble", "plain", "prime", "quick", "quiet",
	"ready", "sharp", "sleek", "smart",  "solid", "sound", "spare", "spry",
	"still", "swift", "tidy",  "trim",   "true",  "warm",  "wise",	"zesty",
};
static const char *const name_second[] = {
	"balance", "barrel",  "basket", "beam",	  "bushel", "cask",   "crate",	"dram",
	"ephah",   "firkin",  "gill",	"grain",  "gram",   "hamper", "jar",	"keg",
	"kettle",  "measure", "mina",	"ounce",  "pail",   "peck",   "pint",	"pound",
	"quart",   "scale",   "shekel", "talent", "tonne",  "trunk",  "vessel", "weight",
};

static void make_name(char *out, size_t size, const char *id)
{
	unsigned long bits = strtoul((char[]){ id[0], id[1], id[2], id[3], '\0' }, NULL, 16);

	snprintf(out, size, "%s_%s_%.4s", name_first[bits % 32], name_second[bits / 32 % 32],
		 id + 4);
}

static bool says_path(const char *operand)
{
	return operand[0] == '/' || str_starts(operand, "./") || str_starts(operand, "../");
}

/** birth_is_path() - A path, as opposed to a reference: looks like one, or is a file that exists */
bool birth_is_path(const char *operand)
{
	struct stat st;

	if (says_path(operand))
		return true;
	return stat(operand, &st) == 0 && (S_ISREG(st.st_mode) || strchr(operand, '/'));
}

/* A file whose signature is right, but that others than root may write to. */
struct unsafe_file {
	const struct context *ctx;
	const struct signature_claim *claim;
};

/* What is loaded is a copy of ours, then, and that is what has to have been signed. */
static int copy_unsafe(void *arg, int fd, struct error *err)
{
	const struct unsafe_file *file = arg;
	autoclose int copy = openat(file->ctx->store.root_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC,
				    0600);
	struct stat st;
	int r = copy < 0 || fstat(fd, &st) < 0 ? -errno : copy_data(fd, copy, st.st_size);

	if (r < 0)
		return error_sys(err, -r, "copy the archive to where others cannot change it");
	r = signature_check_copy(copy, file->claim, err);
	if (r == 0 && lseek(copy, 0, SEEK_SET) < 0)
		r = error_sys(err, errno, "read the copy of the archive");
	return r < 0 ? r : steal_fd(&copy);
}

static int find_in_archive(struct birth *b, const struct context *ctx, const struct run_options *o,
			   const char *path, struct unsafe_file *unsafe, struct error *err)
{
	autostrlist struct strlist parts = { 0 };
	struct image_import_options import = { 0 };
	struct plan_platform wanted;
	struct image_store store;
	int r;

	plan_this_machine(&wanted);
	r = platform_parse(&wanted, &parts, o->platform, err);
	if (r < 0)
		return r;
	import.platform = o->platform ? &wanted : NULL;
	import.can_view = !unsafe && !o->import ? view_is_possible : NULL;
	import.copy = unsafe ? copy_unsafe : NULL;
	import.arg = unsafe;
	if (o->ephemeral)
		return ephemeral_find_image(&b->ephemeral, ctx, path, &import, &b->image, err);
	r = image_store_open(ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	r = image_import_cached(&store, path, &import, &b->image, err);
	image_store_close(&store);
	return r;
}

/*
 * The file that was verified is the one that is loaded, whatever its name means
 * by then.
 */
static int find_signed(struct birth *b, const struct context *ctx, const struct run_options *o,
		       const char *path, struct error *err)
{
	struct signature_claim claim = { .comment = NULL };
	struct unsafe_file unsafe = { ctx, &claim };
	autofree char *same = NULL;
	autoclose int fd = signed_open(path, o->verify, o->signature, &claim, err);
	int r = fd;

	if (fd >= 0) {
		same = xasprintf("/proc/self/fd/%d", fd);
		r = find_in_archive(b, ctx, o, same, view_is_safe(fd) ? NULL : &unsafe, err);
	}
	signature_claim_done(&claim);
	return r;
}

/*
 * A path to an archive or layout, else a reference, else an id prefix, else a path that looks like
 * neither: a file that somebody has left in the working directory does not replace an image.
 */
static int find_image(struct birth *b, const struct context *ctx, const struct run_options *o,
		      const char *operand, struct error *err)
{
	int r = -ENOENT;

	if (o->verify)
		return find_signed(b, ctx, o, operand, err);
	if (!says_path(operand))
		r = stores_find_image(ctx, operand, &b->image, err);
	return r < 0 && birth_is_path(operand) ? find_in_archive(b, ctx, o, operand, NULL, err) : r;
}

static int open_rootfs(struct birth *b, const char *operand, struct error *err)
{
	struct stat st;

	b->rootfs = realpath(operand, NULL);
	if (!b->rootfs || stat(b->rootfs, &st) < 0)
		return error_sys(err, errno, "open root directory '%s'", operand);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ENOTDIR, "root '%s' is no directory", operand);
	b->settings.rootfs = b->rootfs;
	return 0;
}

/* What the image asks for, within what the user allows; what is not given is said. */
static int merge_image(struct birth *b, const struct context *ctx, const struct run_options *o,
		       char *const *operands, struct error *err)
{
	autoappliance struct appliance asks = { 0 };
	autofree char *left = NULL;
	int r;

	r = appliance_read(&b->image.config, &asks, err);
	if (r < 0)
		return error_wrap(err, "image '%s'", operands[0]);
	r = run_options_settings(o, &b->image.config, &asks, operands + 1, &b->settings, err);
	if (r < 0)
		return r;
	left = appliance_not_given(&asks, &b->settings);
	if (left)
		message_warning(ctx, "'%s' asks for what it was not given (--accept gives it): %s",
				operands[0], left);
	r = appliance_fit_host(ctx, b->settings.strict, &b->settings, err);
	b->limit_missing = r < 0;
	return r;
}

static int merge(struct birth *b, const struct context *ctx, const struct run_options *o,
		 char *const *operands, struct error *err)
{
	int r;

	if (b->has_image) {
		r = merge_image(b, ctx, o, operands, err);
		b->settings.image_id = b->image.id;
		b->settings.image_store = b->ephemeral.dir;
	} else {
		r = run_options_settings(o, &(struct image_config){ 0 }, &(struct appliance){ 0 },
					 operands + 1, &b->settings, err);
		if (r == 0)
			r = open_rootfs(b, operands[0], err);
	}
	b->settings.image = operands[0];
	return r == 0 ? limits_check(&b->settings, err) : r;
}

static void fill_record(struct birth *b)
{
	struct record *r = &b->record;
	autofree char *entrypoint = strlist_join(&b->settings.entrypoint, " ");
	autofree char *cmd = strlist_join(&b->settings.cmd, " ");
	bool both = *entrypoint && *cmd;

	str_replace(&r->name, b->settings.name);
	str_replace(&r->image, b->settings.image);
	str_replace(&r->image_id, b->has_image ? b->image.id : "");
	free(r->command);
	r->command = xasprintf("%s%s%s", entrypoint, both ? " " : "", cmd);
	r->created_ns = units_now_ns();
	r->auto_remove = b->settings.auto_remove;
}

static int put_on_record(struct birth *b, const struct context *ctx, struct error *err)
{
	autojson struct json *config = settings_to_json(&b->settings);
	char created[UNITS_TEXT_MAX];

	json_set_text(config, "Id", b->record.id);
	json_set_text(config, "Created", units_print_rfc3339(created, b->record.created_ns));
	b->dir_fd = record_create(&ctx->store, &b->record, config, err);
	/* Who has the name may have died without giving it back. */
	if (b->dir_fd == -EEXIST) {
		reclaim_thoroughly(ctx);
		b->dir_fd = record_create(&ctx->store, &b->record, config, err);
	}
	b->is_on_record = b->dir_fd >= 0;
	return b->dir_fd < 0 ? b->dir_fd : 0;
}

/* Found in our own store; a view of an archive brings what it needs. */
static int see_image_again(const struct birth *b, const struct context *ctx, const char *operand,
			   struct error *err)
{
	const struct image *image = &b->image;

	if (!b->has_image || b->ephemeral.dir || image->store_path ||
	    (image->n_view_fds && !image->is_stored_view) ||
	    image_is_still_there(ctx->store.root_fd, image))
		return 0;
	return error_set(err, ENOENT, "no such image: '%s' has just been removed", operand);
}

static int choose_slice(struct birth *b, const struct context *ctx, struct error *err)
{
	if (b->settings.cgroup_parent)
		return error_set(err, EINVAL, "--slice and --cgroup-parent exclude each other");
	b->settings.cgroup_parent = b->slice_cgroup;
	return slice_find(ctx, b->settings.slice, b->slice_cgroup, err);
}

static int host_name(struct birth *b, struct error *err)
{
	if (b->settings.hostname)
		return 0;
	if (b->settings.network && !strcmp(b->settings.network, "host")) {
		if (gethostname(b->hostname, sizeof(b->hostname) - 1) < 0)
			return error_sys(err, errno, "read the host's name");
	} else {
		snprintf(b->hostname, sizeof(b->hostname), "%.12s", b->record.id);
	}
	b->settings.hostname = b->hostname;
	return 0;
}

/**
 * birth_begin() - Find the image, merge the settings, put a new container on record
 * @b:		birth_done() releases it, also after a failure
 * @operands:	Image (or root directory), command, arguments; ends with NULL
 *
 * After a failure birth_undo() takes away what there is; an image that was imported stays.
 */
int birth_begin(struct birth *b, const struct context *ctx, const struct run_options *o,
		char *const *operands, struct error *err)
{
	int r;

	*b = (struct birth){ .dir_fd = -1, .has_image = !o->rootfs };
	ephemeral_init(&b->ephemeral, o->ephemeral);
	record_init(&b->record);
	file_random_hex(b->record.id, RECORD_ID_HEX / 2);
	if (o->verify && !(b->has_image && birth_is_path(operands[0])))
		return error_set(err, EINVAL, "--verify is for archives: '%s' is none",
				 operands[0]);
	r = b->has_image ? find_image(b, ctx, o, operands[0], err) : 0;
	if (r < 0)
		return r;
	r = merge(b, ctx, o, operands, err);
	if (r == 0 && b->settings.slice)
		r = choose_slice(b, ctx, err);
	if (r == 0)
		r = host_name(b, err);
	if (r < 0)
		return r;
	volume_locate(&b->settings, ctx->root);
	if (b->settings.report)
		b->settings.report = b->report = report_sink_absolute(b->settings.report);
	if (b->settings.sample)
		b->settings.sample = b->sample = sampler_absolute(b->settings.sample);
	if (b->settings.assert_format)
		b->settings.assert_format = b->assert_format =
			verdict_output_absolute(b->settings.assert_format);
	b->record.is_named = b->settings.name != NULL;
	if (!b->record.is_named) {
		make_name(b->name, sizeof(b->name), b->record.id);
		b->settings.name = b->name;
	}
	fill_record(b);
	r = put_on_record(b, ctx, err);
	if (r == 0)
		r = see_image_again(b, ctx, operands[0], err);
	return r == 0 ? volume_make(&b->settings, ctx->store.root_fd, err) : r;
}

/** birth_write_cidfile() - --cidfile: must not exist yet */
int birth_write_cidfile(const struct birth *b, const char *path, struct error *err)
{
	autoclose int fd = -1;
	int r;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_sys(err, errno, "write the container's id to '%s'", path);
	r = file_write_fd(fd, b->record.id, RECORD_ID_HEX);
	if (r == 0)
		return 0;
	(void)unlink(path);
	return error_sys(err, -r, "write the container's id to '%s'", path);
}

/**
 * birth_lock() - Become the supervisor of the new container
 *
 * A --rm container has but one directory, whose lock we hold already.
 *
 * Return: the lock's fd, which the caller closes, or -errno
 */
int birth_lock(struct birth *b, const struct context *ctx, struct error *err)
{
	return b->settings.auto_remove ? steal_fd(&b->dir_fd)
				       : record_lock(&ctx->store, b->record.id, err);
}

/** birth_refuse() - Say that a limit is missing; returns the exit code for that */
int birth_refuse(const struct context *ctx, const struct error *err)
{
	message_error(ctx, err);
	return EXIT_LIMIT;
}

/** birth_undo() - Take a container off the record that could not be started */
void birth_undo(struct birth *b, const struct context *ctx)
{
	struct error ignored;

	ephemeral_end(&b->ephemeral, ctx);
	if (!b->is_on_record)
		return;
	volume_remove_anonymous(&b->settings, ctx->store.root_fd);
	(void)record_remove(&ctx->store, &b->record, &ignored);
	b->is_on_record = false;
}

/** birth_done() - Release what the struct holds */
void birth_done(struct birth *b)
{
	cleanup_close(&b->dir_fd);
	ephemeral_done(&b->ephemeral);
	settings_done(&b->settings);
	free(b->rootfs);
	free(b->report);
	free(b->sample);
	free(b->assert_format);
	b->rootfs = b->report = b->sample = b->assert_format = NULL;
	if (b->has_image)
		image_done(&b->image);
	record_done(&b->record);
}
