// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/save_dir.c - Saved images as a directory
 *
 * The archive is written into a file without a name, and its entries from
 * there under the names that the format gives them. Blobs are not touched, and
 * the one file that makes it an image comes last.
 */
#include "cmd/save_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/save.h"

#define DIR_VERSION "Directory Transport Version: 1.1\n"

static int write_content(struct archive_tar *tar, int fd, const char *name, struct error *err)
{
	const void *data;
	uint64_t offset;
	size_t len;
	int r;

	while ((r = archive_tar_read(tar, &data, &len, &offset, err)) > 0) {
		r = file_write_fd(fd, data, len);
		if (r < 0)
			return error_sys(err, -r, "write '%s'", name);
	}
	return r;
}

static int write_file(struct archive_tar *tar, int dir, const char *name, bool last,
		      struct error *err)
{
	autofree char *temporary = xasprintf("%s.part", name);
	autoclose int fd = openat(dir, temporary,
				  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return error_sys(err, errno, "create '%s'", name);
	r = write_content(tar, fd, name, err);
	if (r == 0 && last && fdatasync(fd) < 0)
		r = error_sys(err, errno, "write '%s'", name);
	if (r == 0 && renameat(dir, temporary, dir, name) < 0)
		r = error_sys(err, errno, "create '%s'", name);
	if (r < 0)
		(void)unlinkat(dir, temporary, 0);
	return r;
}

/* What an entry is called in the directory, or NULL: it does not belong there. */
static char *name_of(const char *path, enum save_dir_format format, const struct digest *manifest)
{
	static const char blobs[] = "blobs/sha256/";

	if (format == SAVE_DIR_OCI)
		return strcmp(path, "manifest.json") ? xstrdup(path) : NULL;
	if (!str_starts(path, blobs))
		return NULL;
	return xstrdup(strcmp(path + strlen(blobs), manifest->hex) ? path + strlen(blobs)
								   : "manifest.json");
}

/* Twice: what makes the directory an image (@last) after everything else. */
static int write_entries(int from, int dir, enum save_dir_format format,
			 const struct digest *manifest, bool last, struct error *err)
{
	const char *key = format == SAVE_DIR_OCI ? "index.json" : "manifest.json";
	autofree struct archive_fd *in = xmalloc(sizeof(*in));
	struct archive_member m;
	struct archive_tar *tar;
	int r;

	in->fd = from;
	if (lseek(from, 0, SEEK_SET) < 0)
		return error_sys(err, errno, "rewind a temporary file");
	r = archive_tar_new(archive_fill_fd, in, &tar, err);
	if (r < 0)
		return r;
	while ((r = archive_tar_next(tar, &m, err)) > 0) {
		autofree char *name = m.type == S_IFREG ? name_of(m.path, format, manifest) : NULL;

		if (!name || !strcmp(name, key) != last)
			continue;
		r = write_file(tar, dir, name, last, err);
		if (r < 0)
			break;
	}
	archive_tar_free(tar);
	return r;
}

static int make_dir(const char *path, enum save_dir_format format, struct error *err)
{
	autoclose int fd = file_open_dir(AT_FDCWD, path, 0755, err);
	int r = 0;

	if (fd < 0)
		return fd;
	if (format == SAVE_DIR_OCI) {
		if ((mkdirat(fd, "blobs", 0755) < 0 && errno != EEXIST) ||
		    (mkdirat(fd, "blobs/sha256", 0755) < 0 && errno != EEXIST))
			r = error_sys(err, errno, "make directory 'blobs'");
	} else {
		r = file_replace_at(fd, "version", DIR_VERSION, strlen(DIR_VERSION), 0644, 0, err);
	}
	return r < 0 ? r : steal_fd(&fd);
}

/**
 * save_dir_write() - Write what was added to @save into a directory, made if it is missing
 * @manifest:	Of the one image, for SAVE_DIR_DOCKER
 */
int save_dir_write(struct save *save, const char *path, enum save_dir_format format,
		   const struct digest *manifest, struct error *err)
{
	autoclose int dir = make_dir(path, format, err), file = -1;
	int r;

	if (dir < 0)
		return error_wrap(err, "directory '%s'", path);
	file = openat(save->staging.fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (file < 0)
		return error_sys(err, errno, "make a temporary file in the store");
	r = save_finish(save, tar_sink_fd, &file, err);
	if (r == 0)
		r = write_entries(file, dir, format, manifest, false, err);
	/* What makes it an image is not there before the rest is on disk. */
	if (r == 0 && syncfs(dir) < 0)
		r = error_sys(err, errno, "sync");
	if (r == 0)
		r = write_entries(file, dir, format, manifest, true, err);
	return r < 0 ? error_wrap(err, "directory '%s'", path) : 0;
}
