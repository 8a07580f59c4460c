// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record_config.c - config.json: read, and exchanged
 *
 * Other settings are written beside those in force first, which is all that
 * can go wrong; the exchange is then one rename. What it says is enough to go on
 * where a power cut has taken the record.
 */
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
#include "base/str.h"
#include "runtime/record.h"

#define CONFIG "config.json"
#define NEXT   "config.json.next"

/**
 * record_read_config() - The settings a container was created with (docker's field names)
 *
 * Return: the document, which the caller frees, or NULL
 */
struct json *record_read_config(const struct record_store *s, const char *id, struct error *err)
{
	for (int side = 0; side < 2; side++) {
		autoclose int fd = record_open_dir(s, id, side);
		struct json *v;

		if (fd < 0)
			continue;
		v = json_read_at(fd, "config.json", JSON_MAX_BYTES, err);
		if (v || err->code != ENOENT)
			return v;
	}
	error_set(err, ENOENT, "no such container: '%.12s'", id);
	return NULL;
}

/* The directory that has the settings, or -errno. */
static int open_home(const struct record_store *s, const char *id)
{
	for (int side = 0; side < 2; side++) {
		autoclose int fd = record_open_dir(s, id, side);

		if (fd >= 0 && faccessat(fd, CONFIG, F_OK, 0) == 0)
			return steal_fd(&fd);
	}
	return -ENOENT;
}

/**
 * record_lock_update() - Keep changes of settings apart
 *
 * Return: the fd that holds the lock, or -errno
 */
int record_lock_update(const struct record_store *s, struct error *err)
{
	autoclose int fd = openat(s->run_fd, "update.lock",
				  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : file_lock(fd, LOCK_EX);

	return r < 0 ? error_sys(err, -r, "lock the settings of containers") : steal_fd(&fd);
}

/** record_stage_config() - Write other settings down, not in force yet; under the lock */
int record_stage_config(const struct record_store *s, const char *id, const struct json *config,
			struct error *err)
{
	autofree char *text = json_print(config);
	autoclose int fd = open_home(s, id);

	if (fd < 0)
		return error_sys(err, -fd, "open the directory of container %.12s", id);
	return file_replace_at(fd, NEXT, text, strlen(text), 0600, FILE_SYNC, err);
}

/** record_exchange_config() - Have them in force, for whoever reads the settings from now on */
int record_exchange_config(const struct record_store *s, const char *id, struct error *err)
{
	autoclose int fd = open_home(s, id);

	if (fd < 0 || renameat(fd, NEXT, fd, CONFIG) < 0)
		return error_sys(err, fd < 0 ? -fd : errno,
				 "exchange the settings of container %.12s", id);
	return 0;
}

/** record_drop_config() - Forget those that were only written down */
void record_drop_config(const struct record_store *s, const char *id)
{
	autoclose int fd = open_home(s, id);

	if (fd >= 0)
		(void)unlinkat(fd, NEXT, 0);
}

/**
 * record_from_config() - A record as it was when the container was made, for one that is damaged
 * @r:	An initialised record, replaced
 *
 * Without settings it has but an id, by which it can be removed.
 */
void record_from_config(const struct record_store *s, const char *id, struct record *r)
{
	autoclose int fd = record_open_dir(s, id, false);
	struct error ignored;
	autojson struct json *config = record_read_config(s, id, &ignored);
	struct stat st;

	record_done(r);
	record_init(r);
	snprintf(r->id, sizeof(r->id), "%s", id);
	str_replace(&r->name, json_text_or(json_get(config, "Name"), id));
	str_replace(&r->image, json_text_or(json_get(json_get(config, "Config"), "Image"), ""));
	str_replace(&r->image_id, json_text_or(json_get(config, "ImageID"), ""));
	str_replace(&r->command, json_text_or(json_get(config, "Path"), ""));
	r->is_named = true;
	if (fd >= 0 && fstatat(fd, CONFIG, &st, AT_SYMLINK_NOFOLLOW) == 0)
		r->created_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
}
