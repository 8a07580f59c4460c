// SPDX-License-Identifier: Apache-2.0
/*
 * image/view.c - Archives that are used where they lie
 *
 * Theory of operation:
 * The first use of an archive has the loader verify it and make an index of its
 * files (view_make.c); that is kept under a key which tells the archive by what
 * stat(2) says of it: device, inode, size and both times. A later use finds the
 * key and needs to read nothing of the archive.
 *
 * The loader's staging directory becomes the view, by rename. view.json is ours,
 * not the loader's; what it takes from the loader's report is looked at:
 *
 *	id, manifest, name, size	the image
 *	rootMode, rootUid, rootGid	its root directory
 *	devices		files with contents, in the order of the index: names in
 *			this directory, or "archive"
 *	archive		its path
 *	identity	its device, inode, size and times
 *
 * The kernel's version is in the key: one that cannot mount a view, or not like
 * this, knows of none.
 */
#include "image/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "image/loader.h"
#include "image/usage.h"
#include "image/view_make.h"

#define VIEW_JSON      "view.json"
#define VIEW_MAX_JSON  (64U << 10)
#define VIEW_ATTACHED  "images/tmp" /* where the runtime attaches it, below ROOT */
#define PATH_MAX_BYTES 4096

/** view_identify() - What tells a file by its content without reading it */
void view_identify(const struct stat *st, char *out, size_t size)
{
	snprintf(out, size, "%llu %llu %lld %lld.%09ld %lld.%09ld", (unsigned long long)st->st_dev,
		 (unsigned long long)st->st_ino, (long long)st->st_size,
		 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
		 st->st_ctim.tv_nsec);
}

/** view_path() - Where the view of an archive is, in the store; @platform: text, or "" */
void view_path(const char *identity, const char *platform, char path[VIEW_PATH_MAX])
{
	autofree char *text = NULL;
	struct utsname kernel;
	struct digest key;

	if (uname(&kernel) < 0)
		kernel.release[0] = '\0';
	text = xasprintf("%s\n%s\n%s", identity, platform, kernel.release);
	digest_of_buffer(text, strlen(text), &key);
	snprintf(path, VIEW_PATH_MAX, "view/%.*s", DIGEST_SHA256_HEX, key.hex);
}

/* ---- using one ---------------------------------------------------------- */

static bool is_number(const char *name)
{
	return *name && strlen(name) <= 4 && strspn(name, "0123456789") == strlen(name);
}

static int open_archive(const struct json *doc, struct error *err)
{
	const char *path = json_text_or(json_get(doc, "archive"), "");
	autoclose int fd = -1;
	char identity[160];
	struct stat st;

	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		view_identify(&st, identity, sizeof(identity));
		if (!strcmp(identity, json_text_or(json_get(doc, "identity"), "")))
			return steal_fd(&fd);
	}
	error_set(err, ESTALE, "the archive '%s', which the image is used from, is gone or changed",
		  path);
	return error_hint(err, "with the image in the store it works again: tare load -i FILE");
}

static int open_device(int dir, const struct json *doc, const char *name, int archive_fd,
		       struct error *err)
{
	int fd;

	if (!strcmp(name, VIEW_ARCHIVE) && archive_fd < 0)
		return open_archive(doc, err);
	if (!strcmp(name, VIEW_ARCHIVE))
		fd = fcntl(archive_fd, F_DUPFD_CLOEXEC, 3);
	else
		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open '%s' of a view", name) : fd;
}

static int open_files(int dir, const struct json *doc, int archive_fd, struct image *image,
		      struct error *err)
{
	const struct json *devices = json_get(doc, "devices");
	int fd = openat(dir, VIEW_INDEX, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, errno, "open the index of a view");
	image->view_fds = xmalloc((json_count(devices) + 1) * sizeof(int));
	image->view_fds[image->n_view_fds++] = fd;
	for (size_t i = 0; i < json_count(devices); i++) {
		fd = open_device(dir, doc, json_text_or(json_at(devices, i), ""), archive_fd, err);
		if (fd < 0)
			return fd;
		image->view_fds[image->n_view_fds++] = fd;
	}
	return 0;
}

static int read_config(int dir, struct image *image, struct error *err)
{
	autofree char *path = xasprintf("blobs/%s", image->id), *data = NULL;
	size_t len;
	int r = file_read_at(dir, path, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);

	return r < 0 ? r : image_config_parse(data, len, &image->config, err);
}

static int fill(int dir, const struct json *doc, int archive_fd, struct image *image,
		struct error *err)
{
	const char *id = json_text_or(json_get(doc, "id"), "");
	int r;

	if (strlen(id) != DIGEST_SHA256_HEX || !str_is_hex(id, DIGEST_SHA256_HEX))
		return error_set(err, EBADMSG, "a view of no image");
	memcpy(image->id, id, DIGEST_SHA256_HEX + 1);
	snprintf(image->manifest, sizeof(image->manifest), "%s",
		 json_text_or(json_get(doc, "manifest"), ""));
	image->name = xstrdup(json_text_or(json_get(doc, "name"), ""));
	image->size = json_u64(json_get(doc, "size"), 0);
	image->root_mode = (mode_t)json_u64(json_get(doc, "rootMode"), 0) & 07777;
	image->root_uid = (uid_t)json_u64(json_get(doc, "rootUid"), 0);
	image->root_gid = (gid_t)json_u64(json_get(doc, "rootGid"), 0);
	strlist_add(&image->layers, VIEW_ATTACHED);
	r = read_config(dir, image, err);
	return r < 0 ? r : open_files(dir, doc, archive_fd, image, err);
}

static int open_dir(const struct image_store *s, const char *path)
{
	return openat(s->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/**
 * view_open() - The image of an archive, by its view
 * @path:	As view_path() says
 * @archive_fd:	The archive; -1: where it was when the view was made
 * @out:	Released with image_done()
 *
 * Return: 0, -ENOENT if there is no view, -ESTALE if the archive is gone, or
 * another -errno
 */
int view_open(const struct image_store *s, const char *path, int archive_fd, struct image *out,
	      struct error *err)
{
	autoclose int dir = open_dir(s, path);
	autojson struct json *doc = NULL;
	struct image image = { 0 };
	int r;

	if (dir < 0)
		return error_sys(err, errno, "open a view");
	doc = json_read_at(dir, VIEW_JSON, VIEW_MAX_JSON, err);
	if (!doc)
		return -err->code;
	r = fill(dir, doc, archive_fd, &image, err);
	if (r < 0) {
		image_done(&image);
		return r;
	}
	*out = image;
	return 0;
}

/* ---- all of them -------------------------------------------------------- */

/* The next view's path and document; false at the end. */
static bool next_view(const struct image_store *s, DIR *all, char path[VIEW_PATH_MAX],
		      struct json **doc)
{
	const struct dirent *e;

	while ((e = dir_next(all))) {
		autoclose int dir = -1;
		struct error ignored;

		if (strlen(e->d_name) != DIGEST_SHA256_HEX ||
		    !str_is_hex(e->d_name, DIGEST_SHA256_HEX))
			continue;
		snprintf(path, VIEW_PATH_MAX, "view/%s", e->d_name);
		dir = open_dir(s, path);
		*doc = dir < 0 ? NULL : json_read_at(dir, VIEW_JSON, VIEW_MAX_JSON, &ignored);
		return true;
	}
	return false;
}

/**
 * view_find() - An image that some archive is used for, by its id
 * @id:		The whole of it
 * @out:	Released with image_done()
 *
 * Return: 0, -ENOENT, -ESTALE if the archive is not what it was, or another -errno
 */
int view_find(const struct image_store *s, const char *id, struct image *out, struct error *err)
{
	autodir DIR *all = dir_open(s->fd, "view", O_NOFOLLOW);
	char path[VIEW_PATH_MAX];
	int r = -ENOENT;

	(void)error_set(err, ENOENT, "no view of '%s'", id);
	for (struct json *doc; r < 0 && all && next_view(s, all, path, &doc); json_free(doc))
		if (doc && !strcmp(json_text_or(json_get(doc, "id"), ""), id))
			r = view_open(s, path, -1, out, err);
	return r;
}

/* Views of archives that are not there any more, or all. */
static bool is_rubbish(const struct json *doc, bool all)
{
	struct error ignored;
	autoclose int fd = -1;

	if (!doc || all)
		return true;
	fd = open_archive(doc, &ignored);
	return fd < 0;
}

/**
 * view_prune() - Remove views
 * @all:	Not only those whose archive is gone or changed
 * @is_used:	Those of containers stay; NULL: no container can be without
 * @bytes:	What they took; added to. May be NULL
 */
int view_prune(const struct image_store *s, bool all, view_is_used *is_used, void *arg,
	       uint64_t *bytes, struct error *err)
{
	autodir DIR *dir = dir_open(s->fd, "view", O_NOFOLLOW);
	char path[VIEW_PATH_MAX];
	int r = 0;

	for (struct json *doc; r == 0 && dir && next_view(s, dir, path, &doc); json_free(doc)) {
		if (!is_rubbish(doc, all) ||
		    (doc && is_used && is_used(arg, json_text_or(json_get(doc, "id"), ""))))
			continue;
		if (bytes)
			*bytes += usage_of_tree(s->fd, path);
		r = file_remove_tree_at(s->fd, path);
		if (r < 0)
			r = error_sys(err, -r, "remove 'images/%s'", path);
	}
	return r;
}

/** view_usage() - Bytes that views take: all, or those that no container uses */
uint64_t view_usage(const struct image_store *s, view_is_used *is_used, void *arg)
{
	autodir DIR *dir = dir_open(s->fd, "view", O_NOFOLLOW);
	char path[VIEW_PATH_MAX];
	uint64_t sum = 0;

	for (struct json *doc; dir && next_view(s, dir, path, &doc); json_free(doc))
		if (!doc || !is_used || !is_used(arg, json_text_or(json_get(doc, "id"), "")))
			sum += usage_of_tree(s->fd, path);
	return sum;
}

/* ---- keeping a new one -------------------------------------------------- */

static int take_devices(const struct json *report, struct json *doc, struct error *err)
{
	const struct json *devices = json_get(report, "view");
	struct json *list = json_new_list();

	json_set(doc, "devices", list);
	for (size_t i = 0; i < json_count(devices); i++) {
		const char *name = json_text_or(json_at(devices, i), "");

		if (!is_number(name) && strcmp(name, VIEW_ARCHIVE) != 0)
			return error_set(err, EBADMSG, "the loader reports nonsense");
		json_add_text(list, name);
	}
	return 0;
}

static int describe_archive(int fd, struct json *doc, struct error *err)
{
	autofree char *link = xasprintf("/proc/self/fd/%d", fd), *path = xmalloc(PATH_MAX_BYTES);
	ssize_t n = readlinkat(AT_FDCWD, link, path, PATH_MAX_BYTES - 1);
	char identity[160];
	struct stat st;

	if (n < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "find out where the archive is");
	path[n] = '\0';
	view_identify(&st, identity, sizeof(identity));
	json_set_text(doc, "archive", path);
	json_set_text(doc, "identity", identity);
	return 0;
}

static struct json *describe(const struct view_keeper *keeper, const struct json *report,
			     struct error *err)
{
	const struct json *image = json_at(json_get(report, "images"), 0);
	static const char *const numbers[] = { "rootMode", "rootUid", "rootGid" };
	const char *id = json_text_or(json_get(image, "id"), "");
	autofree char *manifest = xasprintf("sha256:%s",
					    json_text_or(json_get(image, "manifest"), ""));
	autojson struct json *doc = json_new_map();

	if (strlen(id) != DIGEST_SHA256_HEX || !str_is_hex(id, DIGEST_SHA256_HEX)) {
		(void)error_set(err, EBADMSG, "the loader reports nonsense");
		return NULL;
	}
	json_set_text(doc, "id", id);
	json_set_text(doc, "manifest", manifest);
	json_set_text(doc, "name", json_text_or(json_at(json_get(image, "names"), 0), ""));
	json_set_int(doc, "size", (int64_t)json_u64(json_get(image, "size"), 0));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_set_int(doc, numbers[i], (int64_t)json_u64(json_get(report, numbers[i]), 0));
	if (take_devices(report, doc, err) < 0 ||
	    describe_archive(keeper->archive_fd, doc, err) < 0)
		return NULL;
	return steal_ptr(&doc);
}

static int sync_file(int dir, const char *name, struct error *err)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_sys(err, errno, "sync '%s' of a view", name);
	return 0;
}

/* A view that says so has been verified: after a power cut, too. */
static int sync_files(int dir, const struct json *doc, struct error *err)
{
	autofree char *config = xasprintf("blobs/%s", json_text_or(json_get(doc, "id"), ""));
	const struct json *devices = json_get(doc, "devices");
	int r = sync_file(dir, VIEW_INDEX, err);

	if (r == 0)
		r = sync_file(dir, config, err);
	for (size_t i = 0; r == 0 && i < json_count(devices); i++)
		if (is_number(json_text_or(json_at(devices, i), "")))
			r = sync_file(dir, json_text(json_at(devices, i)), err);
	return r;
}

static int publish(const struct view_keeper *keeper, const struct image_store *s,
		   const struct store_staging *staging, struct error *err)
{
	autofree char *from = xasprintf("tmp/%s", staging->name);
	struct error ignored;

	if (mkdirat(s->fd, "view", 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make directory 'images/view'");
	/* Room is made when some is taken; what cannot go now goes next time. */
	(void)view_prune(s, false, NULL, NULL, NULL, &ignored);
	if (renameat(s->fd, from, s->fd, keeper->path) == 0)
		return 0;
	if (errno == EEXIST || errno == ENOTEMPTY) /* somebody else was faster, or it is damaged */
		return 0;
	return error_sys(err, errno, "move a view into the store");
}

/**
 * view_keep() - Keep what the loader has made as the view of an archive
 * @staging:	Becomes the view: it is gone from images/tmp afterwards
 * @report:	The loader's
 */
int view_keep(const struct view_keeper *keeper, const struct image_store *s,
	      const struct store_staging *staging, const struct json *report, struct error *err)
{
	autojson struct json *doc = describe(keeper, report, err);
	autofree char *text = NULL;
	int r;

	if (!doc)
		return -err->code;
	text = json_print(doc);
	r = s->is_transient ? 0 : sync_files(staging->fd, doc, err);
	if (r == 0)
		r = file_replace_at(staging->fd, VIEW_JSON, text, strlen(text), 0600,
				    s->is_transient ? 0 : FILE_SYNC, err);
	if (r < 0)
		return r;
	(void)unlinkat(staging->fd, LOADER_RESULT, 0);
	(void)unlinkat(staging->fd, "layer", AT_REMOVEDIR);
	return publish(keeper, s, staging, err);
}
