// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record.c - Containers on disk: made, named, put on record, removed
 *
 * Theory of operation:
 * A container is its directory. It is made first, then named, then described,
 * all under a flock on the directory; so a name never points to nothing, and a
 * directory without record.json whose lock is free is a crash's rubbish.
 *
 * While a container runs, RUNROOT/containers/ID exists and shadows what ROOT
 * says. When it ends, ROOT learns the result first and then RUNROOT's part
 * goes, so a reader always finds one of the two. --rm containers live in
 * RUNROOT alone: a reboot removes them like the next command would.
 */
#include "runtime/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/record_name.h"

/* A container is named in the store that it lives in. */
static int reserve_name(const struct record_store *s, const struct record *r, const char *name,
			struct error *err)
{
	const struct record_name_place root = { s->root_fd, s->run_fd };
	const struct record_name_place run = { s->run_fd, s->root_fd };

	return record_name_reserve(r->auto_remove ? &run : &root, name, r->id, err);
}

static int write_record(int dirfd, const struct record *r, enum file_flags flags, struct error *err)
{
	autofree char *text = record_to_text(r);

	return file_replace_at(dirfd, "record.json", text, strlen(text), 0600, flags, err);
}

/*
 * On a disk that is full nothing new can be written, but what a file has already
 * can be: how a container ended is worth more than that a crash meanwhile could
 * leave half of it. Spaces, not truncation, make it one write.
 */
static int overwrite_record(int dirfd, const struct record *r)
{
	autofree char *text = record_to_text(r), *padded = NULL;
	autoclose int fd = openat(dirfd, "record.json", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > (off_t)RECORD_MAX_BYTES)
		return -EIO;
	padded = xasprintf("%-*s", (int)st.st_size, text);
	n = pwrite(fd, padded, strlen(padded), 0);
	return n == (ssize_t)strlen(padded) ? 0 : -EIO;
}

static int write_whatever_room(int dirfd, const struct record *r, enum file_flags flags,
			       struct error *err)
{
	int ret = write_record(dirfd, r, flags, err);

	if ((ret != -ENOSPC && ret != -EDQUOT) || overwrite_record(dirfd, r) < 0)
		return ret;
	*err = (struct error){ 0 };
	return 0;
}

static int make_dir(int store_fd, const char *dir)
{
	int r;

	if (mkdirat(store_fd, dir, 0700) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	/* There now, if another command was faster. */
	r = file_make_dir(store_fd, "containers", 0700);
	if (r < 0 && r != -EEXIST)
		return r;
	return mkdirat(store_fd, dir, 0700) < 0 ? -errno : 0;
}

/**
 * record_create() - Make a new container appear
 * @r:		Complete, status created; its name must be free
 * @config:	Settings, written as config.json
 *
 * Return: an fd of the container's directory that holds its flock (for a --rm
 * container this is the supervisor's lock), or -errno (-EEXIST: name taken)
 */
int record_create(const struct record_store *s, const struct record *r, const struct json *config,
		  struct error *err)
{
	autofree char *text = json_print(config);
	autoclose int fd = -1, births = -1;
	char dir[RECORD_DIR_NAME];
	int store = r->auto_remove ? s->run_fd : s->root_fd;
	enum file_flags flags = r->auto_remove ? 0 : FILE_ORDERED;
	int ret;

	births = record_lock_births(s, LOCK_SH);
	if (births < 0)
		return error_sys(err, -births, "lock the list of containers");
	record_dir_name(dir, r->id);
	ret = make_dir(store, dir);
	if (ret < 0)
		return error_sys(err, -ret, "make the directory of container %.12s", r->id);
	fd = record_open_dir(s, r->id, r->auto_remove);
	if (fd < 0 || file_lock(fd, LOCK_EX) < 0)
		return error_sys(err, errno, "lock the directory of container %.12s", r->id);
	ret = r->is_named ? reserve_name(s, r, r->name, err) : 0;
	if (ret < 0) {
		(void)unlinkat(store, dir, AT_REMOVEDIR);
		return ret;
	}
	ret = file_replace_at(fd, "config.json", text, strlen(text), 0600, flags, err);
	if (ret == 0)
		ret = write_record(fd, r, flags, err);
	if (ret < 0) {
		(void)record_remove(s, r, &(struct error){ 0 });
		return error_wrap(err, "create container %.12s", r->id);
	}
	return steal_fd(&fd);
}

/**
 * record_write_running() - Publish the state of a container that runs
 * @lock_fd:	As record_lock() returned it
 */
int record_write_running(int lock_fd, const struct record *r, struct error *err)
{
	return write_record(lock_fd, r, FILE_SWAP, err);
}

/* Who waits for a --rm container holds this file open: it outlives the directory (cmd/wait.c). */
static void tell_waiter(int dirfd, int exit_code)
{
	autoclose int fd = openat(dirfd, "exit", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		(void)dprintf(fd, "%d\n", exit_code); /* nobody is left to be told otherwise */
}

/* It may have been renamed since its supervisor began: what is on disk is its name. */
static int write_renamed(int dirfd, const struct record *r, struct error *err)
{
	struct record renamed = *r; /* borrows its strings */
	autorecord struct record now;
	struct error ignored;

	record_init(&now);
	if (record_read_dir(dirfd, &now, &ignored) == 0 && now.is_named) {
		renamed.name = now.name;
		renamed.is_named = true;
	}
	return write_whatever_room(dirfd, &renamed, FILE_ORDERED, err);
}

static int rename_in(const struct record_store *s, const char *id, bool volatile_dir,
		     const char *name, struct error *err)
{
	autoclose int fd = record_open_dir(s, id, volatile_dir);
	autorecord struct record r;
	struct error why;
	int ret;

	record_init(&r);
	ret = fd < 0 ? fd : record_read_dir(fd, &r, &why);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return error_sys(err, -ret, "read the record of container %.12s", id);
	str_replace(&r.name, name);
	r.is_named = true;
	return write_record(fd, &r, volatile_dir ? 0 : FILE_ORDERED, err);
}

/**
 * record_rename() - Give a container another name
 *
 * Its supervisor keeps the old one in mind, and takes the new one from the
 * disk when it writes its last word. Killed half-way, the container has both
 * names until record_remove_orphans().
 *
 * Return: 0, -EEXIST if somebody has the name, or another -errno
 */
int record_rename(const struct record_store *s, const struct record *r, const char *name,
		  struct error *err)
{
	autoclose int births = record_lock_births(s, LOCK_SH);
	int ret;

	if (births < 0)
		return error_sys(err, -births, "lock the list of containers");
	ret = reserve_name(s, r, name, err);
	if (ret == 0)
		ret = rename_in(s, r->id, false, name, err);
	if (ret == 0)
		ret = rename_in(s, r->id, true, name, err);
	if (ret < 0 && ret != -EEXIST)
		record_name_drop(r->auto_remove ? s->run_fd : s->root_fd, name, r->id);
	if (ret == 0 && r->is_named)
		record_name_drop(r->auto_remove ? s->run_fd : s->root_fd, r->name, r->id);
	return ret;
}

/**
 * record_write_started() - Keep in mind that a container runs, should the machine go down
 *
 * Its program runs already, and may have filled the disk.
 */
int record_write_started(const struct record_store *s, const struct record *r, struct error *err)
{
	autoclose int fd = r->auto_remove ? -1 : record_open_dir(s, r->id, false);

	return fd < 0 ? 0 : write_whatever_room(fd, r, FILE_SWAP, err);
}

/**
 * record_write_stopped() - Publish how a container ended, for good
 *
 * The record of a --rm container is about to go: only who waits for it is told.
 */
int record_write_stopped(const struct record_store *s, const struct record *r, struct error *err)
{
	autoclose int fd = record_open_dir(s, r->id, r->auto_remove);

	if (fd < 0)
		return error_sys(err, -fd, "open the directory of container %.12s", r->id);
	if (!r->auto_remove)
		return write_renamed(fd, r, err);
	tell_waiter(fd, r->exit_code);
	return 0;
}

/** record_clear_running() - Remove RUNROOT's part of a container that has ended; 0 or -errno */
int record_clear_running(const struct record_store *s, const char *id)
{
	static const char *const usual[] = { "config.json", "record.json" };
	char dir[RECORD_DIR_NAME];

	record_dir_name(dir, id);
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		char path[RECORD_DIR_NAME + sizeof("/config.json")];

		snprintf(path, sizeof(path), "%s/%s", dir, usual[i]);
		(void)unlinkat(s->run_fd, path, 0);
	}
	if (unlinkat(s->run_fd, dir, AT_REMOVEDIR) == 0)
		return 0; /* as mostly: then it need not be read for what else is in it */
	return file_remove_tree_at(s->run_fd, dir);
}

/*
 * Out of sight at once, deleted later: on ext4 deleting a tree takes from half
 * a millisecond to many, which the user should not wait for.
 */
static int move_to_trash(const struct record_store *s, const char *dir, const char *id)
{
	char trash[RECORD_DIR_NAME];

	snprintf(trash, sizeof(trash), "trash/%s", id);
	while (renameat(s->root_fd, dir, s->root_fd, trash) < 0) {
		if (errno != ENOENT)
			return -errno;
		if (mkdirat(s->root_fd, "trash", 0700) < 0)
			return 0; /* it is the directory itself that is not there */
	}
	return 0;
}

/**
 * record_remove() - Remove a container that does not run, its name first
 *
 * Its files are renamed into ROOT/trash, which cmd/reclaim empties.
 */
int record_remove(const struct record_store *s, const struct record *r, struct error *err)
{
	char dir[RECORD_DIR_NAME];
	int ret;

	record_dir_name(dir, r->id);
	if (r->is_named)
		record_name_drop(r->auto_remove ? s->run_fd : s->root_fd, r->name, r->id);
	ret = r->auto_remove ? 0 : move_to_trash(s, dir, r->id);
	if (ret == 0)
		ret = record_clear_running(s, r->id);
	if (ret < 0)
		return error_sys(err, -ret, "remove container %.12s", r->id);
	return 0;
}

/* ---- what crashes leave ------------------------------------------------- */

static bool has_dir(int store_fd, const char *id)
{
	char dir[RECORD_DIR_NAME];
	struct stat st;

	record_dir_name(dir, id);
	return fstatat(store_fd, dir, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Without a record that says otherwise, it does. */
static bool calls_itself(void *arg, const char *id, const char *name)
{
	autorecord struct record r;
	struct error ignored;

	record_init(&r);
	return record_read_raw(arg, id, &r, &ignored) < 0 || !strcmp(r.name, name);
}

/**
 * record_remove_orphans() - Remove directories without a record, and names without a directory
 *
 * They come from creators and removers that were killed half-way. Looks at
 * every container, so it is not for every command.
 *
 * Return: 0, or -errno when the list of containers cannot be read
 */
int record_remove_orphans(const struct record_store *s)
{
	autoclose int births = record_lock_births(s, LOCK_EX);
	autostrlist struct strlist ids = { 0 };
	struct error ignored;
	int r = births < 0 ? births : record_list(s, &ids, &ignored);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		autofree char *record = xasprintf("containers/%s/record.json", ids.items[i]);
		char dir[RECORD_DIR_NAME];

		record_dir_name(dir, ids.items[i]);
		if (faccessat(s->root_fd, record, F_OK, 0) < 0 && errno == ENOENT &&
		    !has_dir(s->run_fd, ids.items[i]))
			(void)move_to_trash(s, dir, ids.items[i]);
	}
	if (r == 0) {
		record_name_sweep(&(struct record_name_place){ s->root_fd, s->run_fd },
				  calls_itself, (void *)(uintptr_t)s);
		record_name_sweep(&(struct record_name_place){ s->run_fd, s->root_fd },
				  calls_itself, (void *)(uintptr_t)s);
	}
	return r;
}
