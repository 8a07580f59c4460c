// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/launch.c - One run of a container: started, supervised, cleared away
 *
 * Theory of operation:
 * launch_start() is a list of steps that each take something: a range of ids,
 * a cgroup, an address, pipes, a process. give_back() returns whatever is held,
 * in reverse, and is the end of every path: a failed start, a normal end. What
 * a kill -9 leaves is found by cmd/reclaim, since the lock is free then.
 */
#include "cmd/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/pool.h"
#include "base/sys.h"
#include "cmd/ephemeral.h"
#include "cmd/health.h"
#include "cmd/health_monitor.h"
#include "cmd/launch_cgroup.h"
#include "cmd/message.h"
#include "cmd/reclaim.h"
#include "cmd/stores.h"
#include "cmd/streams.h"
#include "cmd/units.h"
#include "cmd/volume.h"
#include "image/image.h"
#include "runtime/console.h"
#include "runtime/idmap.h"
#include "runtime/process.h"
#include "runtime/sync.h"

/** launch_init() - A run that holds nothing yet; @record is borrowed and kept up to date */
void launch_init(struct launch *l, const struct context *ctx, struct settings *settings,
		 struct image *image, struct record *record)
{
	*l = (struct launch){
		.ctx = ctx,
		.settings = settings,
		.image = image,
		.record = record,
		.lock_fd = -1,
		.report_fd = -1,
		.cgroup_root = { .fd = -1 },
		.cgroup_fd = -1,
		.idmap_fd = -1,
		.cpus_fd = -1,
		.signal_fd = -1,
		.console_fd = -1,
		.member = { .dir_fd = -1, .watch_fd = -1 },
		.network = {
			.ctx = ctx,
			.settings = settings,
			.record = record,
			.config = &l->config,
			.linger_fd = -1,
		},
		.stdio = { -1, -1, -1 },
		.container = CONTAINER_NONE,
		.teardown = TEARDOWN_NONE,
		.streams = { .stdin_to = -1, .stdout_from = -1, .stderr_from = -1 },
		.report = REPORT_NONE,
		.oom_watch = { .fd = -1 },
	};
	config_init(&l->config);
	course_init(&l->course, ctx);
}

/* ---- taking ------------------------------------------------------------- */

static int take_ids(struct launch *l, struct error *err)
{
	if (!(l->config.namespaces & CLONE_NEWUSER))
		return 0;
	l->idmap_fd = idmap_lease(l->ctx->store.run_fd, l->record->id, &l->config.idmap_base, err);
	l->record->idmap_base = l->config.idmap_base;
	return l->idmap_fd < 0 ? l->idmap_fd : 0;
}

static bool tmpfs_has_user_xattrs(void)
{
	autoclose int fd = memfd_create("probe", MFD_CLOEXEC);

	return fd >= 0 && fsetxattr(fd, "user.probe", "y", 1, 0) == 0;
}

/*
 * A --rm container's files may live in a tmpfs of its own mount namespace: no
 * trace on disk, nothing to delete. Not under a memory limit, which would
 * count them; and only where a tmpfs keeps the user.* attributes that an
 * overlay in a user namespace needs (Linux 6.6).
 */
static void choose_scratch(struct launch *l)
{
	const struct settings *s = l->settings;
	bool memory = s->auto_remove && !s->memory_bytes && !s->memory_high_bytes &&
		      !timeline_touches_memory(&l->course.timeline);

	if (s->scratch)
		memory = !strcmp(s->scratch, "memory");
	else if (memory && !s->host_userns)
		memory = tmpfs_has_user_xattrs();
	l->config.scratch = memory ? CONFIG_SCRATCH_MEMORY : CONFIG_SCRATCH_DISK;
}

static int make_scratch(struct launch *l, struct error *err)
{
	autofree char *dir = xasprintf("containers/%s", l->record->id);
	int root = l->ctx->store.root_fd, r;

	choose_scratch(l);
	r = file_make_dir(root, "containers", 0700);
	if (r < 0 && r != -EEXIST)
		return error_sys(err, -r, "make 'containers' in the store");
	if (l->config.scratch == CONFIG_SCRATCH_DISK && mkdirat(root, dir, 0700) < 0 &&
	    errno != EEXIST)
		return error_sys(err, errno, "make the container's directory");
	return 0;
}

static int open_streams(struct launch *l, struct error *err)
{
	if (!l->settings->tty)
		return streams_open(&l->streams, l->stdio, l->settings->interactive,
				    l->config.idmap_base, err);
	if (l->foreground)
		streams_take_window_size(&l->config.process);
	return 0;
}

/* A --rm container in the foreground leaves nothing to read its log later. */
static int open_log(struct launch *l, struct error *err)
{
	const struct settings *s = l->settings;
	autoclose int dir = -1;
	int r;

	if (s->log_max_files < 0 || (l->foreground && s->auto_remove))
		return 0;
	dir = record_open_dir(&l->ctx->store, l->record->id, s->auto_remove);
	if (dir < 0)
		return error_sys(err, -dir, "open the container's directory");
	r = logfile_open(&l->log, dir,
			 (uint64_t)(s->log_max_bytes ? s->log_max_bytes : SETTINGS_LOG_BYTES),
			 (unsigned int)(s->log_max_files ? s->log_max_files : SETTINGS_LOG_FILES),
			 err);
	l->has_log = r == 0;
	return r;
}

/* ---- starting ----------------------------------------------------------- */

/* We may not get a processor until a short program has ended: init says when it begins. */
static int64_t *share_clock(const struct launch *l)
{
	void *memory = MAP_FAILED;

	if (l->report.wanted)
		memory = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static int spawn(struct launch *l, struct error *err)
{
	const struct container_place place = {
		.root_fd = l->ctx->store.root_fd,
		.root_path = l->ctx->root,
		.cgroup_fd = l->cgroup_fd,
		.cgroup_root_fd = -1,
		.stdio = { l->stdio[0], l->stdio[1], l->stdio[2] },
		.begun_ns = l->begun_ns = share_clock(l),
		.start_fd = -1,
		.hook_state_fd = -1,
	};
	int r = container_spawn(&l->container, &l->config, &place, err);

	streams_close_theirs(l->stdio);
	return r;
}

/*
 * Not before the container's program runs: until init has left the host's root
 * behind, `exec` would run its command there.
 */
static int publish(struct launch *l, struct error *err)
{
	struct record *r = l->record;
	int64_t now_ns = clock_monotonic_ns();
	int ret;

	l->began_ns = l->begun_ns && *l->begun_ns ? *l->begun_ns : now_ns;
	r->status = RECORD_RUNNING;
	r->pid = l->container.pid;
	r->pid_start = process_start_time(r->pid);
	r->started_ns = units_now_ns() - (now_ns - l->began_ns);
	r->finished_ns = 0;
	r->exit_code = 0;
	r->oom_killed = false;
	str_replace(&r->health, health_is_on(&l->settings->health) ? "starting" : "");
	str_replace(&r->reason, "");
	str_replace(&r->error, "");
	json_done(&r->oom);
	report_began(&l->report, l->began_ns);
	ret = record_write_running(l->lock_fd, r, err);
	return ret == 0 ? record_write_started(&l->ctx->store, r, err) : ret;
}

static int connect_console(struct launch *l, struct error *err)
{
	int master;

	if (!l->settings->tty)
		return 0;
	master = container_console(&l->container, err);
	if (master < 0)
		return master;
	l->streams.stdout_from = l->streams.stdin_to = master;
	l->streams.terminal = true;
	if (!l->settings->systemd)
		return 0;
	/* It opens /dev/console for a line or two, and closes it again. */
	l->console_fd = console_open_peer(master, err);
	return l->console_fd < 0 ? l->console_fd : 0;
}

/*
 * Not where the next start, or the owner of a volume, of an archive that is used
 * in place or of an additional store may find them still there.
 */
static bool nobody_misses_mounts(const struct launch *l)
{
	return l->config.scratch == CONFIG_SCRATCH_MEMORY &&
	       l->config.root == CONFIG_ROOT_OVERLAY && l->config.n_mounts == 0 &&
	       !l->config.lower_store && (l->config.n_view_fds == 0 || l->image->is_stored_view);
}

static int start_steps(struct launch *l, struct error *err)
{
	int r;

	r = assemble_config(l->settings, l->record->id, l->image, &l->config, err);
	if (r == 0)
		r = take_ids(l, err);
	if (r == 0)
		r = launch_take_cgroup(l, err);
	if (r == 0)
		r = connect_prepare(&l->network, err);
	if (r == 0)
		r = make_scratch(l, err);
	if (r == 0)
		r = open_streams(l, err);
	if (r == 0)
		r = open_log(l, err);
	if (r == 0) {
		l->signal_fd = supervise_block_signals(err);
		r = l->signal_fd < 0 ? l->signal_fd : spawn(l, err);
	}
	/* From here on the child builds its root meanwhile. */
	if (r == 0)
		r = launch_confine_devices(l, err);
	if (r == 0)
		r = connect_attach(&l->network, &l->container, err);
	if (r == 0)
		r = connect_console(l, err);
	if (r == 0)
		r = process_set_oom_score(l->container.pid, &l->config.process, err);
	if (r == 0)
		r = container_start(&l->container, &l->config.process.rlimits, err);
	if (r == 0 && nobody_misses_mounts(l))
		teardown_defer(&l->teardown, l->container.pid);
	return r;
}

/* ---- giving back -------------------------------------------------------- */

static void give_back(struct launch *l)
{
	health_monitor_stop(&l->health_pid);
	if (l->begun_ns)
		(void)munmap(l->begun_ns, sizeof(*l->begun_ns));
	l->begun_ns = NULL;
	container_done(&l->container);
	teardown_begin(&l->teardown);
	streams_close(&l->streams, l->stdio);
	if (l->has_log)
		logfile_close(&l->log);
	l->has_log = false;
	connect_release(&l->network);
	launch_end_cgroup(l);
	if (l->idmap_fd >= 0)
		(void)close(l->idmap_fd);
	if (l->signal_fd >= 0)
		(void)close(l->signal_fd);
	cleanup_close(&l->console_fd);
	l->idmap_fd = l->signal_fd = -1;
}

/**
 * launch_start() - Take what the container needs, create it, let it go
 *
 * Return: 0 when init was told to exec; on failure everything is given back
 */
int launch_start(struct launch *l, struct error *err)
{
	struct error setup;
	enum sync_step step;
	int r = start_steps(l, err);

	if (l->settings->slice)
		slice_is_entered(&l->member);
	if (r == 0)
		return 0;
	/* The child may have failed first, and knows better why. */
	if (l->container.sync_fd >= 0 && l->container.pidfd >= 0) {
		container_kill(&l->container);
		if (container_await_exec(&l->container, &step, &setup) < 0)
			*err = setup;
	}
	give_back(l);
	launch_release_cpus(l);
	return -err->code;
}

static int start_health_check(struct launch *l, struct error *err)
{
	pid_t pid = health_monitor_start(&l->ctx->store, l->settings, l->record, l->container.pidfd,
					 l->cgroup_fd, err);

	l->health_pid = pid > 0 ? pid : 0;
	return pid < 0 ? (int)pid : 0;
}

/**
 * launch_await_exec() - Wait until the container's program runs, and put that on record
 *
 * Return: 0; EXIT_NOT_FOUND or EXIT_NOT_RUNNABLE with @err set when exec failed;
 * -errno when the set-up failed. The same again when asked again, with @err as it is
 */
int launch_await_exec(struct launch *l, struct error *err)
{
	enum sync_step failed;

	if (l->container.sync_fd < 0)
		return l->failed; /* known already */
	if (container_await_exec(&l->container, &failed, err) == 0) {
		if (publish(l, err) == 0 && start_health_check(l, err) == 0)
			return 0;
		(void)sys_pidfd_send_signal(l->container.pidfd, SIGKILL, NULL, 0);
		l->failed = -err->code;
	} else if (failed != SYNC_EXEC) {
		l->failed = -err->code;
	} else {
		l->failed = command_code_of_exec(err);
	}
	return l->failed;
}

/* ---- waiting and the end ------------------------------------------------ */

/**
 * launch_slim() - Release what was only needed for the start
 *
 * Of the settings, texts that were borrowed from the image are invalid then; numbers stay.
 */
void launch_slim(struct launch *l)
{
	enum config_scratch scratch = l->config.scratch;

	config_done(&l->config);
	l->config.scratch = scratch;
	l->slim = true;
	if (l->image)
		image_done(l->image);
	pool_trim();
}

/* Nobody waits for the deletion, but who was promised that nothing stays. */
static void remove_scratch(const struct launch *l)
{
	autofree char *dir = xasprintf("containers/%s", l->record->id);

	if (l->config.scratch != CONFIG_SCRATCH_DISK)
		return;
	if (l->ephemeral)
		(void)file_remove_tree_at(l->ctx->store.root_fd, dir);
	else
		reclaim_scratch(&l->ctx->store, l->record->id);
}

/**
 * launch_finish() - Give everything back and put the end on record
 *
 * A --rm container is gone afterwards.
 */
void launch_finish(struct launch *l)
{
	struct error why, ignored; /* a record that says running without its lock reads as lost */

	give_back(l);
	launch_release_cpus(l);
	if (l->lock_fd < 0)
		return;
	if (record_write_stopped(&l->ctx->store, l->record, &why) < 0)
		message_error(l->ctx, &why);
	if (l->ephemeral)
		ephemeral_end(l->ephemeral,
			      l->ctx); /* who waits for the container waits for this */
	if (l->record->auto_remove) {
		remove_scratch(l);
		volume_remove_anonymous(l->settings, l->ctx->store.root_fd);
		(void)record_remove(&l->ctx->store, l->record, &ignored);
	} else {
		(void)record_clear_running(&l->ctx->store, l->record->id);
	}
	(void)close(l->lock_fd);
	l->lock_fd = -1;
	if (l->foreground)
		reclaim_close_slowly(
			l->network.linger_fd); /* else our end closes it: nobody waits */
}

/* What the settings before were borrowed from is needed by nobody any more. */
static int take_next_settings(struct launch *l, struct error *err)
{
	if (!l->next)
		return 0;
	settings_done(l->settings);
	*l->settings = *l->next;
	free(l->next);
	l->next = NULL;
	if (!l->slim || !l->image)
		return 0;
	return stores_find_image(l->ctx, l->record->image_id, l->image, err);
}

/**
 * launch_restart() - Give back what a run held that has ended, and start the next one
 *
 * After launch_slim() only with other settings, in l->next. The lock stays, so
 * that nobody else takes the container.
 */
int launch_restart(struct launch *l, struct error *err)
{
	struct launch next;
	int r;

	give_back(l);
	config_done(&l->config);
	r = take_next_settings(l, err);
	if (r < 0)
		return r;
	launch_init(&next, l->ctx, l->settings, l->image, l->record);
	next.lock_fd = l->lock_fd;
	next.cpus_fd = l->cpus_fd; /* nobody else has had them meanwhile */
	next.cpus = l->cpus;
	next.ephemeral = l->ephemeral;
	next.report = l->report;
	next.streams.frugal = l->streams.frugal;
	next.course = l->course;
	*l = next;
	l->network.config = &l->config; /* it pointed into next */
	/* They have the image's content since the first start. */
	for (size_t i = 0; i < l->settings->n_mounts; i++)
		l->settings->mounts[i].fresh = false;
	return launch_start(l, err);
}

/** launch_done() - Release what the struct holds in memory */
void launch_done(struct launch *l)
{
	course_done(&l->course);
	report_done(&l->report);
	config_done(&l->config);
}
