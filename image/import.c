// SPDX-License-Identifier: Apache-2.0
/*
 * image/import.c - Running an archive by its path, loading it once or not at all
 *
 * Where the caller can use views, an archive of plain layers is used where it
 * lies (view.c). Else:
 *
 * images/import/KEY remembers which image a file turned out to be. KEY is a
 * digest of what identifies the file's content without reading it: device,
 * inode, size and both times. The cache may be deleted at any time. Images
 * get the names that the archive gives them only where no other image has
 * them: running a file must not change what a name means.
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
#include "base/path.h"
#include "base/str.h"
#include "image/load.h"
#include "image/view.h"

/* What tells a use of a file from others: the file, unread, and what was asked for. */
struct use {
	int fd;
	bool is_regular; /* else nothing is remembered */
	char key[sizeof("import/") + DIGEST_HEX_MAX], view[VIEW_PATH_MAX];
};

static void name_use(const struct stat *st, const struct plan_platform *platform, struct use *use)
{
	bool has_variant = platform && platform->variant;
	autofree char *asked =
		xasprintf("%s%s%s%s%s%s", platform ? " " : "", platform ? platform->os : "",
			  platform ? "/" : "", platform ? platform->architecture : "",
			  has_variant ? "/" : "", has_variant ? platform->variant : "");
	autofree char *text = NULL;
	char identity[160];
	struct digest key;

	view_identify(st, identity, sizeof(identity));
	view_path(identity, asked, use->view);
	text = xasprintf("%s%s", identity, asked);
	digest_of_buffer(text, strlen(text), &key);
	snprintf(use->key, sizeof(use->key), "import/%s", key.hex);
}

static bool find_cached(const struct image_store *s, const char *key, struct image *out)
{
	autofree char *id = NULL;
	struct error ignored;
	size_t len;

	if (file_read_at(s->fd, key, DIGEST_SHA256_HEX, &id, &len, &ignored) < 0 ||
	    len != DIGEST_SHA256_HEX || !str_is_hex(id, len))
		return false;
	return image_find(s, id, out, &ignored) == 0;
}

static void remember(const struct image_store *s, const char *key, const char *id)
{
	autoclose int dir = openat(s->fd, "import", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error ignored;

	/* A cache that cannot be written costs time, nothing else. */
	if (dir >= 0)
		(void)file_replace_at(dir, strchr(key, '/') + 1, id, DIGEST_SHA256_HEX, 0600, 0,
				      &ignored);
}

static int load_one(const struct image_store *s, int fd, const char *path,
		    const struct image_load_options *options, char *id, struct error *err)
{
	autoloadresult struct image_load_result result = { 0 };
	int r;

	r = image_load(s, fd, path, options, &result, err);
	if (r < 0)
		return r;
	for (size_t i = 1; i < result.n; i++)
		if (strcmp(result.items[i].id, result.items[0].id)) {
			(void)error_set(err, EINVAL, "'%s' holds several images", path);
			return error_hint(err, "choose by --platform, or load it with 'tare load "
					       "-i' and name one of them");
		}
	memcpy(id, result.items[0].id, DIGEST_SHA256_HEX + 1);
	return 0;
}

/* Layout directories are keyed by the file that says what is in them. */
static int open_keyed(const char *path, struct stat *st, struct error *err)
{
	autoclose int fd = -1;

	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, st) < 0)
		return error_sys(err, errno, "open '%s'", path);
	if (S_ISDIR(st->st_mode) && fstatat(fd, "index.json", st, 0) < 0)
		return error_sys(err, errno, "'%s' is no OCI image layout: 'index.json'", path);
	return steal_fd(&fd);
}

static int open_use(const char *path, const struct image_import_options *o, struct use *use,
		    struct error *err)
{
	struct stat st;

	use->fd = open_keyed(path, &st, err);
	if (use->fd < 0)
		return use->fd;
	use->is_regular = S_ISREG(st.st_mode);
	name_use(&st, o->platform, use);
	return 0;
}

static bool is_known(const struct image_store *s, const struct use *use,
		     const struct image_import_options *o, struct image *out)
{
	struct error why;
	int r;

	if (!use->is_regular)
		return false;
	if (find_cached(s, use->key, out))
		return true;
	if (!o->can_view)
		return false;
	r = view_open(s, use->view, use->fd, out, &why);
	if (r < 0 && r != -ENOENT) /* damaged: to be made again */
		(void)file_remove_tree_at(s->fd, use->view);
	return r == 0;
}

/**
 * image_import_find() - Find the image in a file that was used before and has not changed
 *
 * Return: 1; 0 if it is new, or there is no telling (a pipe); -errno
 */
int image_import_find(const struct image_store *s, const char *path,
		      const struct image_import_options *o, struct image *out, struct error *err)
{
	struct use use;
	int r = open_use(path, o, &use, err);

	if (r < 0)
		return r;
	r = is_known(s, &use, o, out);
	(void)close(use.fd);
	return r;
}

static int import(const struct image_store *s, const char *path, const struct use *use,
		  const struct image_import_options *o, struct image *out, struct error *err)
{
	autoclose int copy = o->copy ? o->copy(o->arg, use->fd, err) : -1;
	struct view_keeper keeper = { .archive_fd = use->fd };
	struct image_load_options options = { .platform = o->platform, .only_free_names = true };
	char id[DIGEST_SHA256_HEX + 1];
	int r;

	if (o->copy && copy < 0)
		return copy;
	if (o->can_view && (use->is_regular || o->inflate) && o->can_view(s)) {
		memcpy(keeper.path, use->view, sizeof(keeper.path));
		options.view = &keeper;
		options.inflate_for_view = o->inflate;
	}
	r = load_one(s, o->copy ? copy : use->fd, path, &options, id, err);
	if (r < 0)
		return r;
	if (options.view && view_open(s, use->view, use->fd, out, err) == 0)
		return 0;
	if (use->is_regular)
		remember(s, use->key, id);
	return image_find(s, id, out, err);
}

/**
 * image_import_cached() - Find the image in a file, loading it if it is new
 * @path:	Archive or layout directory
 * @out:	Released with image_done()
 *
 * A file that was used before and has not changed costs two small reads
 * more than an image of the store. A pipe is loaded every time.
 */
int image_import_cached(const struct image_store *s, const char *path,
			const struct image_import_options *o, struct image *out, struct error *err)
{
	struct use use;
	int r = open_use(path, o, &use, err);

	if (r < 0)
		return r;
	if (!is_known(s, &use, o, out))
		r = import(s, path, &use, o, out, err);
	(void)close(use.fd);
	return r;
}
