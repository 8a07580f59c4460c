// SPDX-License-Identifier: Apache-2.0
/*
 * image/import.c - Running an archive by its path, loading it once
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

static void key_of(const struct stat *st, const struct plan_platform *platform,
		   char path[sizeof("import/") + DIGEST_HEX_MAX])
{
	autofree char *text = xasprintf("%llu %llu %lld %lld.%09ld %lld.%09ld%s%s%s%s%s%s",
					(unsigned long long)st->st_dev,
					(unsigned long long)st->st_ino, (long long)st->st_size,
					(long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
					(long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
					platform ? " " : "", platform ? platform->os : "",
					platform ? "/" : "", platform ? platform->architecture : "",
					platform && platform->variant ? "/" : "",
					platform && platform->variant ? platform->variant : "");
	struct digest key;

	digest_of_buffer(text, strlen(text), &key);
	snprintf(path, sizeof("import/") + DIGEST_HEX_MAX, "import/%s", key.hex);
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
		    const struct plan_platform *platform, char *id, struct error *err)
{
	const struct image_load_options options = { .platform = platform, .only_free_names = true };
	autoloadresult struct image_load_result result = { 0 };
	int r;

	r = image_load(s, fd, path, &options, &result, err);
	if (r < 0)
		return r;
	for (size_t i = 1; i < result.n; i++)
		if (strcmp(result.items[i].id, result.items[0].id)) {
			(void)error_set(err, EINVAL, "'%s' holds several images", path);
			return error_hint(err, "load it with 'tare load -i' and name one of them");
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

/* 1: it is known. 0: not, and *fd and @key are set. Or -errno. */
static int look_up(const struct image_store *s, const char *path,
		   const struct plan_platform *platform, int *fd,
		   char key[sizeof("import/") + DIGEST_HEX_MAX], struct image *out,
		   struct error *err)
{
	struct stat st;

	*fd = open_keyed(path, &st, err);
	if (*fd < 0)
		return *fd;
	key_of(&st, platform, key);
	if (!S_ISREG(st.st_mode))
		key[0] = '\0';
	return key[0] && find_cached(s, key, out);
}

/**
 * image_import_find() - Find the image in a file that was loaded before and has not changed
 *
 * Return: 1; 0 if it is new, or there is no telling (a pipe); -errno
 */
int image_import_find(const struct image_store *s, const char *path,
		      const struct plan_platform *platform, struct image *out, struct error *err)
{
	char key[sizeof("import/") + DIGEST_HEX_MAX];
	autoclose int fd = -1;

	return look_up(s, path, platform, &fd, key, out, err);
}

/**
 * image_import_cached() - Find the image in a file, loading it if it is new
 * @path:	Archive or layout directory
 * @platform:	What the user asked for where it offers several, or NULL
 * @out:	Released with image_done()
 *
 * A file that was loaded before and has not changed costs two small reads
 * more than an image of the store. A pipe is loaded every time.
 */
int image_import_cached(const struct image_store *s, const char *path,
			const struct plan_platform *platform, struct image *out, struct error *err)
{
	char key[sizeof("import/") + DIGEST_HEX_MAX], id[DIGEST_SHA256_HEX + 1];
	autoclose int fd = -1;
	int r;

	r = look_up(s, path, platform, &fd, key, out, err);
	if (r)
		return r < 0 ? r : 0;
	r = load_one(s, fd, path, platform, id, err);
	if (r < 0)
		return r;
	if (key[0])
		remember(s, key, id);
	return image_find(s, id, out, err);
}
