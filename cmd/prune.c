// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/prune.c - Removing what nothing uses: containers, images, volumes
 *
 * Others may be at work meanwhile. A container that is being made or started
 * is locked, and passed by; so is whatever went before we came to it.
 */
#include "cmd/prune.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/maps.h"
#include "cmd/reclaim.h"
#include "cmd/rmi.h"
#include "cmd/target.h"
#include "cmd/units.h"
#include "cmd/volume_store.h"
#include "image/image.h"
#include "image/usage.h"
#include "image/view.h"

/** pruned_done() - Release; safe twice */
void pruned_done(struct pruned *p)
{
	strlist_done(&p->containers);
	strlist_done(&p->untagged);
	strlist_done(&p->images);
	strlist_done(&p->volumes);
}

/* ---- filters ---------------------------------------------------------------- */

static int check_filter(const char *filter, struct error *err)
{
	int64_t ns;

	if (str_starts(filter, "until=")) {
		if (units_parse_time(strchr(filter, '=') + 1, units_now_ns(), &ns) == 0)
			return 0;
		return error_set(err, EINVAL, "filter '%s': no time, and no time ago", filter);
	}
	if (str_starts(filter, "label=") || str_starts(filter, "label!="))
		return 0;
	return error_set(err, EINVAL,
			 "unknown filter '%s': there are until=, label=, label!=", filter);
}

static int check_filters(const struct strlist *filters, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < filters->n; i++)
		r = check_filter(filters->items[i], err);
	return r;
}

static bool passes(const struct strlist *filters, int64_t created_ns, const struct json *labels)
{
	bool pass = true;
	int64_t ns;

	for (size_t i = 0; pass && i < filters->n; i++) {
		const char *f = filters->items[i], *value = strchr(f, '=') + 1;

		if (str_starts(f, "until="))
			pass = units_parse_time(value, units_now_ns(), &ns) == 0 && created_ns < ns;
		else
			pass = maps_have_pair(labels, value) == !str_starts(f, "label!");
	}
	return pass;
}

/* ---- containers --------------------------------------------------------------- */

static uint64_t own_bytes(const struct context *ctx, const char *id)
{
	autofree char *dir = xasprintf("containers/%s", id);

	return usage_of_tree(ctx->store.root_fd, dir);
}

/* Remove it while nobody can start it. -EBUSY: somebody is at it. */
static int remove_container(const struct context *ctx, const struct strlist *filters,
			    const char *id, struct pruned *out, struct error *err)
{
	autojson struct json *config = record_read_config(&ctx->store, id, err);
	autoclose int dir = record_open_dir(&ctx->store, id, false), lock = -1;
	autorecord struct record r;
	uint64_t bytes;
	int ret;

	record_init(&r);
	if (dir < 0)
		return -ENOENT;
	if (file_lock(dir, LOCK_EX | LOCK_NB) < 0)
		return -EBUSY; /* it is being made */
	ret = record_read(&ctx->store, id, &r, err);
	if (ret < 0)
		return ret;
	if (target_is_running(&r) || r.auto_remove ||
	    !passes(filters, r.created_ns, json_get(json_get(config, "Config"), "Labels")))
		return -EBUSY;
	lock = record_lock(&ctx->store, id, err);
	if (lock < 0)
		return lock;
	bytes = own_bytes(ctx, id);
	ret = record_remove(&ctx->store, &r, err);
	if (ret == 0) {
		strlist_add(&out->containers, id);
		out->bytes += bytes;
	}
	return ret;
}

/** prune_containers() - Remove all containers that do not run */
int prune_containers(const struct context *ctx, const struct strlist *filters, struct pruned *out,
		     struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int r = check_filters(filters, err);

	if (r < 0)
		return r;
	reclaim_thoroughly(ctx);
	r = record_list(&ctx->store, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		r = remove_container(ctx, filters, ids.items[i], out, err);
		if (r == -EBUSY || r == -ENOENT)
			r = 0;
	}
	reclaim_empty_trash(&ctx->store);
	return r;
}

/* ---- images ------------------------------------------------------------------- */

static size_t no_containers(void *arg, const char *id)
{
	(void)arg;
	(void)id;
	return 0;
}

static uint64_t images_size(const struct image_store *store)
{
	struct usage usage;
	struct error ignored;
	uint64_t size = 0;

	if (usage_read(store, no_containers, NULL, &usage, &ignored) == 0)
		size = usage.size;
	usage_done(&usage);
	return size;
}

static bool image_passes(const struct image_store *store, const struct strlist *filters,
			 const struct image_summary *row)
{
	autoimage struct image image = { 0 };
	struct error ignored;
	int64_t ns;

	if (!filters->n)
		return true;
	if (image_find(store, row->id, &image, &ignored) < 0)
		return false;
	if (units_parse_time(row->created, 0, &ns) < 0)
		ns = 0;
	return passes(filters, ns, image.config.labels);
}

static int remove_image(const struct context *ctx, const struct image_store *store,
			const struct image_summary *row, struct pruned *out, struct error *err)
{
	struct image_removal removal;
	int r = image_remove(store, row->id, true, rmi_is_used, (void *)(uintptr_t)ctx, &removal,
			     err);

	strlist_copy(&out->untagged, &removal.untagged);
	strlist_copy(&out->images, &removal.deleted);
	image_removal_done(&removal);
	return r == -EBUSY || r == -ENOENT ? 0 : r;
}

static bool view_used(void *arg, const char *id)
{
	autofree char *by = NULL;

	return rmi_is_used(arg, id, &by);
}

/**
 * prune_images() - Remove images without a name, and what is kept of archives that are gone
 * @all:	And all others that no container uses
 */
int prune_images(const struct context *ctx, bool all, const struct strlist *filters,
		 struct pruned *out, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	struct image_store store;
	uint64_t before, after;
	int r = check_filters(filters, err);

	if (r == 0)
		r = image_store_open(ctx->store.root_fd, &store, err);
	if (r < 0)
		return r;
	before = images_size(&store);
	r = image_list(&store, &list, err);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		if ((all || !*list.items[i].name) && image_passes(&store, filters, &list.items[i]))
			r = remove_image(ctx, &store, &list.items[i], out, err);
	/* They have no labels to look at. */
	if (r == 0 && !filters->n)
		r = view_prune(&store, all, view_used, (void *)(uintptr_t)ctx, &out->bytes, err);
	after = images_size(&store);
	out->bytes += before > after ? before - after : 0;
	image_store_close(&store);
	return r;
}

/* ---- volumes ------------------------------------------------------------------ */

/**
 * prune_volumes() - Remove anonymous volumes that no container has
 * @all:	And those with a name
 */
int prune_volumes(const struct context *ctx, bool all, struct pruned *out, struct error *err)
{
	autostrlist struct strlist names = { 0 }, used = { 0 };
	autoclose int births = -1;
	int r;

	/* A container is on record before its volumes are made; none is put there meanwhile. */
	births = record_lock_births(&ctx->store, LOCK_EX);
	if (births < 0)
		return error_sys(err, -births, "lock the list of containers");
	r = volume_store_list(ctx, &names, err);
	if (r == 0)
		r = volume_store_users(ctx, &used, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autofree char *dir = xasprintf("volumes/%s", names.items[i]);
		uint64_t bytes;

		if (volume_store_count(&used, names.items[i]) ||
		    (!all && !volume_store_is_anonymous(names.items[i])))
			continue;
		bytes = usage_of_tree(ctx->store.root_fd, dir);
		r = volume_store_remove(ctx, names.items[i], err);
		if (r == 0) {
			strlist_add(&out->volumes, names.items[i]);
			out->bytes += bytes;
		}
	}
	return r;
}
