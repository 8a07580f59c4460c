// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/store.c - The slices there are: their documents and their cgroups
 *
 * Theory of operation:
 * A slice is its document, which appears and changes by rename. The cgroup
 * follows from it: it is made, and its limits are written again, whenever a
 * container starts in it, so a crash between the two is mended by the next
 * start. Removing goes the other way round, cgroup first, so that there never
 * is a cgroup of ours that no document names.
 *
 * When a lease has ended, the monitors of its containers end them. What they
 * could not (they were killed, say) and a slice without containers is settled
 * by the next command that looks at slices: see slice_store_settle().
 */
#include "cmd/slice/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cgroups/group.h"
#include "cgroups/stats.h"
#include "cgroups/update.h"
#include "cmd/command.h"
#include "cmd/slice/cap.h"
#include "cmd/target.h"
#include "cmd/units.h"

#define SLICE_MAX_BYTES (64U << 10)
/* For as long after the end of a lease its containers are their monitors' to end. */
#define MONITORS_TIME_NS (30 * UNITS_NS_PER_S)

/* ---- documents ----------------------------------------------------------- */

/**
 * slice_store_open() - Open and lock the slices to change them; the host's cap is put in force
 * @st:	slice_store_close() lets go, also after a failure
 */
int slice_store_open(struct slice_store *st, const struct context *ctx, struct error *err)
{
	int r;

	*st = (struct slice_store){ .ctx = ctx, .dir_fd = -1, .cgroups = { .fd = -1 } };
	st->dir_fd = file_open_dir(ctx->store.root_fd, "slices", 0700, err);
	if (st->dir_fd < 0)
		return st->dir_fd;
	r = file_lock(st->dir_fd, LOCK_EX);
	if (r < 0)
		return error_sys(err, -r, "lock the slices");
	r = cgroup_root_open(&st->cgroups, err);
	if (r == -ENOENT)
		return 0; /* what needs one says so */
	st->cgroups.on_new_top = cap_enforce;
	return r == 0 ? cap_enforce(&st->cgroups, err) : r;
}

/** slice_store_close() - Let go of the slices */
void slice_store_close(struct slice_store *st)
{
	cleanup_close(&st->dir_fd);
	cgroup_root_close(&st->cgroups);
}

/** slice_store_list() - The names of all slices, sorted */
int slice_store_list(const struct slice_store *st, struct strlist *names, struct error *err)
{
	autodir DIR *dir = dir_open(st->dir_fd, ".", 0);
	const struct dirent *e;

	if (!dir)
		return error_sys(err, errno, "read 'slices'");
	while ((e = dir_next(dir)))
		if (*e->d_name != '.' && str_ends(e->d_name, ".json"))
			strlist_take(names, xstrndup(e->d_name, strlen(e->d_name) - 5));
	strlist_sort(names);
	return 0;
}

/**
 * slice_store_read() - Read a slice's document
 * @dir_fd:	ROOT/slices
 * @s:		Zeroed; slice_done() releases it
 *
 * Return: 0, -ENOENT if there is none, or -errno
 */
int slice_store_read(int dir_fd, const char *name, struct slice *s, struct error *err)
{
	autofree char *file = xasprintf("%s.json", name);
	autojson struct json *v = NULL;
	int r = slice_check_name(name, err);

	if (r < 0)
		return r;
	v = json_read_at(dir_fd, file, SLICE_MAX_BYTES, err);
	if (!v && err->code == ENOENT) {
		error_set(err, ENOENT, "no such slice: '%s'", name);
		return error_hint(err, "tare slice create %s --memory … --cpus …", name);
	}
	if (!v)
		return -err->code;
	return slice_from_json(v, s, err);
}

/** slice_store_write() - Put a slice's document in place */
int slice_store_write(const struct slice_store *st, const struct slice *s, struct error *err)
{
	autofree char *file = xasprintf("%s.json", s->name);
	autojson struct json *v = slice_to_json(s);
	autofree char *text = json_print(v);

	return file_replace_at(st->dir_fd, file, text, strlen(text), 0600, FILE_SYNC, err);
}

/* ---- the cgroup ---------------------------------------------------------- */

/**
 * slice_group_enforce() - Make a slice's cgroup if it is missing, and have its limits hold
 * @before:	Limits so far, of which what @s lacks is lifted; or NULL
 *
 * All of the limits or none. To be called under the exclusive lock unless the
 * cgroup exists.
 */
int slice_group_enforce(const struct cgroup_root *root, const struct slice *s,
			const struct slice_limits *before, struct error *err)
{
	struct cgroup_limits limits = { 0 };
	autofree char *cpus = slice_all_cpus(root);
	autoclose int fd = -1;
	int r;

	r = slice_limits_to_cgroup(&s->limits, before, cpus, &limits, err);
	if (r == 0) {
		fd = cgroup_open(root, s->cgroup, err);
		r = fd < 0 ? fd : 0;
	}
	if (r == -ENOENT) {
		r = cgroup_create(root, s->cgroup, &limits, &fd, err);
		if (r == 0)
			cgroup_offer_controllers(root, s->cgroup); /* for its figures */
	} else if (r == 0 && cgroup_limits_any(&limits)) {
		r = cgroup_update(root, s->cgroup,
				  &(struct cgroup_change){ .limits = &limits, .spare = true }, err);
	}
	cgroup_limits_done(&limits);
	return r < 0 ? error_wrap(err, "slice '%s'", s->name) : 0;
}

static int need_cgroups(const struct slice_store *st, struct error *err)
{
	if (st->cgroups.fd >= 0)
		return 0;
	error_set(err, EOPNOTSUPP, "slices need cgroup v2, which is not mounted");
	return error_hint(err, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
}

/**
 * slice_store_make() - Put a new slice in force, its lease from now on
 * @s:	Name and limits are set; the rest is filled in
 */
int slice_store_make(const struct slice_store *st, struct slice *s, struct error *err)
{
	int r = need_cgroups(st, err);

	if (r < 0)
		return r;
	s->created_ns = units_now_ns();
	slice_start_lease(s, s->created_ns);
	r = slice_group_enforce(&st->cgroups, s, NULL, err);
	if (r < 0)
		return r;
	r = slice_store_write(st, s, err);
	if (r < 0)
		(void)cgroup_remove(&st->cgroups, s->cgroup, 0, &(struct error){ 0 });
	return r;
}

/**
 * slice_store_change() - Give a slice other limits: all of them or none
 * @limits:	Complete; the lease is not started anew
 */
int slice_store_change(const struct slice_store *st, struct slice *s,
		       const struct slice_limits *limits, struct error *err)
{
	struct slice_limits before = s->limits;
	struct error ignored;
	int r = need_cgroups(st, err);

	if (r < 0)
		return r;
	s->limits = *limits;
	r = s->ended_ns ? 0 : slice_group_enforce(&st->cgroups, s, &before, err);
	if (r == 0)
		r = slice_store_write(st, s, err);
	if (r < 0) {
		s->limits = before;
		if (!s->ended_ns)
			(void)slice_group_enforce(&st->cgroups, s, limits, &ignored);
	}
	return r;
}

/* ---- containers in it ---------------------------------------------------- */

/** slice_store_members() - The containers that run in a slice */
int slice_store_members(const struct slice_store *st, const struct slice *s, struct strlist *ids,
			struct error *err)
{
	autofree char *prefix = xasprintf("%s/", s->cgroup);
	autostrlist struct strlist running = { 0 };
	int r = target_list(st->ctx, true, &running, err);

	for (size_t i = 0; r == 0 && i < running.n; i++) {
		autorecord struct record record;

		record_init(&record);
		if (record_read(&st->ctx->store, running.items[i], &record, &(struct error){ 0 }) ==
			    0 &&
		    str_starts(record.cgroup, prefix))
			strlist_add(ids, running.items[i]);
	}
	return r;
}

static void set_limit(struct json *map, const char *key, uint64_t limit)
{
	if (limit != CGROUP_NO_LIMIT)
		json_set_int(map, key, (int64_t)limit);
}

static void put_memory(struct json *map, const struct cgroup_memory_stats *m)
{
	if (!m->present)
		return;
	json_set_int(map, "MemoryBytes", (int64_t)m->current_bytes);
	json_set_int(map, "MemoryPeakBytes", (int64_t)m->peak_bytes);
	set_limit(map, "MemoryLimitBytes", m->max_bytes);
	json_set_int(map, "SwapBytes", (int64_t)m->swap_bytes);
	json_set_int(map, "OomKills", (int64_t)m->oom_kill);
}

/** slice_store_figures() - What a slice uses and has used, as a map; NULL: it has no cgroup */
struct json *slice_store_figures(const struct slice_store *st, const struct slice *s)
{
	struct error ignored;
	struct cgroup_stats g = { 0 };
	autoclose int fd = st->cgroups.fd < 0 ? -1 : cgroup_open(&st->cgroups, s->cgroup, &ignored);
	struct json *map;

	if (fd < 0 || cgroup_read_stats(fd, &g, &ignored) < 0)
		return NULL;
	map = json_new_map();
	json_set_int(map, "TakenNs", units_now_ns());
	json_set_int(map, "CpuUsageUs", (int64_t)g.cpu.usage_us);
	json_set_int(map, "CpuPeriods", (int64_t)g.cpu.periods);
	json_set_int(map, "CpuThrottled", (int64_t)g.cpu.throttled);
	json_set_int(map, "CpuThrottledUs", (int64_t)g.cpu.throttled_us);
	put_memory(map, &g.memory);
	if (g.pids.present) {
		json_set_int(map, "Pids", (int64_t)g.pids.current);
		json_set_int(map, "PidsPeak", (int64_t)g.pids.peak);
		set_limit(map, "PidsLimit", g.pids.max);
		/* Before Linux 6.12 a refusal counted for the container, whoever's limit it was. */
		if (faccessat(fd, "pids.events.local", F_OK, 0) == 0)
			json_set_int(map, "ForksRefused", (int64_t)g.pids.refused);
	}
	if (g.io.present) {
		json_set_int(map, "ReadBytes", (int64_t)g.io.read_bytes);
		json_set_int(map, "WrittenBytes", (int64_t)g.io.written_bytes);
	}
	json_set_int(map, "CpuPressureUs", (int64_t)g.cpu_pressure_us);
	json_set_int(map, "MemoryPressureUs", (int64_t)g.memory_pressure_us);
	json_set_int(map, "IoPressureUs", (int64_t)g.io_pressure_us);
	return map;
}

/* ---- the end ------------------------------------------------------------- */

static int end_group(const struct slice_store *st, const struct slice *s, bool force,
		     struct error *err)
{
	autoclose int fd = -1;
	int r;

	if (st->cgroups.fd < 0)
		return 0;
	fd = cgroup_open(&st->cgroups, s->cgroup, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = cgroup_is_populated(fd, err);
	if (r > 0 && !force)
		return error_set(err, EBUSY, "slice '%s' is in use: containers run in it", s->name);
	if (r > 0)
		r = cgroup_kill(fd, err);
	return r < 0 ? r
		     : cgroup_remove(&st->cgroups, s->cgroup, force ? CGROUP_END_TIMEOUT_MS : 0,
				     err);
}

/**
 * slice_store_remove() - Remove a slice
 * @force:	Containers in it are killed
 *
 * Return: 0, -EBUSY if containers run in it, or -errno
 */
int slice_store_remove(const struct slice_store *st, const struct slice *s, bool force,
		       struct error *err)
{
	autofree char *file = xasprintf("%s.json", s->name);
	int r = end_group(st, s, force, err);

	if (r == 0 && unlinkat(st->dir_fd, file, 0) < 0 && errno != ENOENT)
		r = error_sys(err, errno, "remove slice '%s'", s->name);
	return r;
}

/**
 * slice_store_settle() - If a lease has ended, have that come true
 *
 * Its containers' monitors have their time to end them; then what is left is
 * killed. Once nothing runs, the figures go into the document and the cgroup
 * goes away.
 */
void slice_store_settle(const struct slice_store *st, struct slice *s)
{
	int64_t now = units_now_ns();
	struct error why = { 0 };
	struct json *figures;
	bool force = now >= s->expires_ns + MONITORS_TIME_NS;

	if (s->ended_ns || !slice_is_over(s, now))
		return;
	figures = slice_store_figures(st, s);
	if (end_group(st, s, force, &why) < 0) {
		log_debug("the end of slice '%s' has to wait: %s", s->name, why.msg);
		json_free(figures);
		return;
	}
	s->ended_ns = now;
	json_free(s->report);
	s->report = figures;
	(void)slice_store_write(st, s, &why); /* else the next command does it, without figures */
}

/** slice_store_settle_all() - Look for leases that have ended; nothing where there are no slices */
void slice_store_settle_all(const struct context *ctx)
{
	autoslicestore struct slice_store st = SLICE_STORE_NONE;
	autostrlist struct strlist names = { 0 };
	struct error ignored; /* the commands about slices say it */

	if (faccessat(ctx->store.root_fd, "slices", F_OK, 0) < 0 ||
	    slice_store_open(&st, ctx, &ignored) < 0 || slice_store_list(&st, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		autoslice struct slice s = { 0 };

		if (slice_store_read(st.dir_fd, names.items[i], &s, &ignored) == 0)
			slice_store_settle(&st, &s);
	}
}
