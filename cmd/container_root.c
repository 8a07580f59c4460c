// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/container_root.c - The file system of a container, running or not
 *
 * One that does not run is locked as if we supervised it: its upper directory
 * may be mounted once at a time.
 */
#include "cmd/container_root.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "cmd/assemble.h"
#include "cmd/command.h"
#include "cmd/reclaim.h"
#include "cmd/stores.h"
#include "cmd/target.h"
#include "image/changes.h"

static int find_config(struct container_root *cr, struct error *err)
{
	int r = settings_load(&cr->settings, &cr->ctx->store, cr->record.id, err);

	if (r < 0)
		return r;
	if (*cr->record.image_id) {
		r = stores_find_of_container(cr->ctx, cr->settings.image_store, cr->record.image_id,
					     &cr->image, err);
		cr->has_image = r == 0;
	}
	if (r == 0)
		r = assemble_config(&cr->settings, cr->record.id, cr->has_image ? &cr->image : NULL,
				    &cr->config, err);
	return r;
}

static int lock_stopped(struct container_root *cr, struct error *err)
{
	int r = reclaim_await_settled(cr->ctx, &cr->record, err);

	if (r < 0 || target_is_running(&cr->record))
		return r;
	cr->lock_fd = record_lock(&cr->ctx->store, cr->record.id, err);
	return cr->lock_fd < 0 ? cr->lock_fd : 0;
}

/**
 * container_root_open() - Find a container, and out how its files are reached
 * @cr:	container_root_close() releases it, also after a failure
 *
 * Return: 0, -ENOENT for no such container, or -errno
 */
int container_root_open(struct container_root *cr, const struct context *ctx, const char *operand,
			struct error *err)
{
	int r;

	memset(cr, 0, sizeof(*cr));
	cr->ctx = ctx;
	cr->lock_fd = -1;
	record_init(&cr->record);
	config_init(&cr->config);
	reclaim_sweep(ctx);
	r = target_find(ctx, operand, &cr->record, err);
	if (r == 0)
		r = lock_stopped(cr, err);
	if (r == 0)
		r = find_config(cr, err);
	if (r < 0)
		return r;
	cr->where.store_path = ctx->root;
	cr->where.config = &cr->config;
	if (target_is_running(&cr->record)) {
		cr->where.pid = cr->record.pid;
		cr->where.pid_start = cr->record.pid_start;
		cr->where.has_userns = cr->record.idmap_base >= 0;
		cr->id_base = cr->where.has_userns ? cr->record.idmap_base : 0;
	}
	return 0;
}

/** container_root_fd() - The root, without what is mounted in it; owners from id_base on */
int container_root_fd(struct container_root *cr, struct error *err)
{
	return reach_open(&cr->where, err);
}

/* The root as the image has it. */
static int open_image(struct container_root *cr, struct error *err)
{
	const struct reach image = {
		.store_path = cr->ctx->root,
		.config = &cr->config,
		.image_only = true,
	};

	if (!cr->has_image) {
		error_set(err, EOPNOTSUPP,
			  "container '%s' runs from a directory, not from an image",
			  cr->record.name);
		return error_hint(err, "'tare export' writes all of its files");
	}
	return reach_open(&image, err);
}

static void add_point(struct strlist *out, const char *target)
{
	autofree char *clean = path_clean(target);

	if (clean)
		strlist_add(out, clean);
}

/* What tare makes in a root so as to mount on it. */
static void add_mount_points(const struct container_root *cr, struct strlist *out)
{
	static const char *const own[] = { "dev",	"proc",		"sys",
					   "etc/hosts", "etc/hostname", "etc/resolv.conf" };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		strlist_add(out, own[i]);
	for (size_t i = 0; i < cr->config.n_mounts; i++)
		add_point(out, cr->config.mounts[i].target);
	for (size_t i = 0; i < cr->config.n_devices; i++)
		add_point(out, cr->config.devices[i].target);
}

/**
 * container_root_changes() - What the container has changed of its image
 * @root:	Gets its root, as container_root_fd(); the caller closes it, also after a failure
 */
int container_root_changes(struct container_root *cr, int *root, struct change_list *out,
			   struct error *err)
{
	autostrlist struct strlist points = { 0 };
	autoclose int before = -1;

	*root = container_root_fd(cr, err);
	before = *root < 0 ? -1 : open_image(cr, err);
	if (before < 0)
		return -err->code;
	add_mount_points(cr, &points);
	return changes_find(
		&(struct changes_plan){
			.before = before,
			.after = *root,
			.id_base = cr->id_base,
			.mount_points = &points,
		},
		out, err);
}

/** container_root_close() - Release; safe twice */
void container_root_close(struct container_root *cr)
{
	if (cr->lock_fd >= 0) {
		(void)record_clear_running(&cr->ctx->store, cr->record.id);
		(void)close(cr->lock_fd);
		cr->lock_fd = -1;
	}
	config_done(&cr->config);
	image_done(&cr->image);
	settings_done(&cr->settings);
	record_done(&cr->record);
}
