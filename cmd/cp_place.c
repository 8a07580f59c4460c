// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/cp_place.c - The two ends of a copy: what is read, and where it goes
 *
 * docker's rules, see the table in choose(). Both ends work below an open
 * root, the container's or the host's, with openat2(2).
 */
#include "cmd/cp_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/pack.h"
#include "image/unpack.h"

#define CP_NAME	     "x"
#define CP_MAX_LINKS 40

/**
 * cp_base_name() - The last component of a path, "" for a root
 * @contents:	Whether it ends in "/.": what is in the directory, not itself
 */
char *cp_base_name(const char *path, bool *contents)
{
	size_t len = strlen(path);
	const char *begin;

	*contents = str_ends(path, "/.") || !strcmp(path, ".");
	if (*contents)
		len -= len > 1 ? 2 : 1;
	while (len && path[len - 1] == '/')
		len--;
	begin = path + len;
	while (begin > path && begin[-1] != '/')
		begin--;
	if (!strncmp(begin, "..", len - (size_t)(begin - path)))
		return xstrdup("");
	return xstrndup(begin, len - (size_t)(begin - path));
}

/* ---- sending -------------------------------------------------------------- */

/* Split into an open directory and a name in it; a link's own name unless it is to be followed. */
static int open_parent(int root, const char *path, char **leaf, struct error *err)
{
	bool contents;
	autofree char *name = cp_base_name(path, &contents);
	autofree char *dir = NULL;
	int fd;

	if (!*name || contents || str_ends(path, "/")) {
		fd = path_open_in_root(root, path, O_RDONLY | O_DIRECTORY, 0);
		*leaf = xstrdup(".");
	} else {
		dir = xstrndup(path, strlen(path) - strlen(name));
		fd = path_open_in_root(root, *dir ? dir : "/", O_RDONLY | O_DIRECTORY, 0);
		*leaf = steal_ptr(&name);
	}
	return fd < 0 ? error_sys(err, -fd, "open '%s'", path) : fd;
}

/* Where a chain of links ends, as text that is resolved in the root. */
static char *follow_links(int root, const char *path)
{
	autofree char *now = xstrdup(path);

	for (int i = 0; i < CP_MAX_LINKS; i++) {
		autofree char *leaf = NULL;
		autoclose int parent = -1;
		struct error ignored;
		char target[PATH_MAX];
		ssize_t n;

		parent = open_parent(root, now, &leaf, &ignored);
		n = parent < 0 ? -1 : readlinkat(parent, leaf, target, sizeof(target) - 1);
		if (n < 0)
			break;
		target[n] = '\0';
		if (*target == '/') {
			str_replace(&now, target);
		} else {
			char *joined = xasprintf("%.*s%s", (int)(strlen(now) - strlen(leaf)), now,
						 target);

			str_replace(&now, joined);
			cleanup_free(&joined);
		}
	}
	return steal_ptr(&now);
}

static int pack_source(const struct cp_side *from, int parent, const char *leaf, int fd,
		       struct error *err)
{
	struct tar_writer writer = { .sink = tar_sink_fd, .arg = &fd };
	struct pack pack = { .out = &writer };
	const char *name = from->other_is_stream ? from->name : CP_NAME;
	int r;

	if (from->other_is_stream && (!*name || from->contents))
		r = pack_path(&pack, parent, leaf, "./", true, err);
	else
		r = pack_path(&pack, parent, leaf, name, true, err);
	pack_done(&pack);
	return r < 0 ? r : tar_write_end(&writer, err);
}

/** cp_send() - Write what is at a path into a tar stream */
int cp_send(const struct cp_side *from, int root, int fd, struct error *err)
{
	autofree char *path = from->follow ? follow_links(root, from->path) : xstrdup(from->path);
	autofree char *leaf = NULL;
	autoclose int parent = open_parent(root, path, &leaf, err);
	struct stat st;

	if (parent < 0)
		return parent;
	if (fstatat(parent, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "open '%s'", from->path);
	return pack_source(from, parent, leaf, fd, err);
}

/* ---- receiving ------------------------------------------------------------ */

/* The length without slashes at the end. */
static size_t trimmed(const char *path)
{
	size_t len = strlen(path);

	while (len && path[len - 1] == '/')
		len--;
	return len;
}

static int refuse(struct error *err, int code, const char *why, const char *path)
{
	return error_set(err, code, "%s: '%s'", why, path);
}

/*
 * Where the source goes, by what is at the destination:
 *
 *	                  a directory      a file             nothing
 *	file              DEST/NAME        DEST               DEST, but not "DEST/"
 *	directory         DEST/NAME        refused            DEST
 *	directory, "/."   DEST             refused            DEST
 *
 * Sets u->base and *name, what it is called in there ("": base itself).
 */
static int choose(const struct cp_side *to, int root, bool is_dir, struct unpack *u, char **name,
		  struct error *err)
{
	autofree char *path = follow_links(root, to->path), *parent = NULL;
	bool slash = str_ends(to->path, "/"), contents;
	autoclose int there = path_open_in_root(root, path, O_PATH, 0);
	struct stat st;

	if (there < 0 && there != -ENOENT && there != -ENOTDIR)
		return error_sys(err, -there, "open '%s'", to->path);
	if (there >= 0 && fstat(there, &st) < 0)
		return error_sys(err, errno, "look at '%s'", to->path);
	if (there >= 0 && S_ISDIR(st.st_mode)) {
		u->base = path_open_in_root(root, path, O_RDONLY | O_DIRECTORY, 0);
		*name = xstrdup(is_dir && to->contents ? "" : to->source_name);
		return u->base < 0 ? error_sys(err, -u->base, "open '%s'", to->path) : 0;
	}
	if (there >= 0 && is_dir)
		return refuse(err, ENOTDIR, "cannot copy a directory onto a file", to->path);
	if (slash && (there >= 0 || !is_dir))
		return refuse(err, there >= 0 ? ENOTDIR : ENOENT, "no such directory", to->path);
	*name = cp_base_name(path, &contents);
	parent = xstrndup(path, trimmed(path) - strlen(*name));
	u->base = path_open_in_root(root, *parent ? parent : "/", O_RDONLY | O_DIRECTORY, 0);
	return u->base < 0 ? error_sys(err, -u->base, "open the directory of '%s'", to->path) : 0;
}

static int receive_copy(const struct cp_side *to, int root, struct archive_tar *tar,
			struct error *err)
{
	struct unpack u = {
		.root = -1,
		.base = -1,
		.keep_owner = to->keep_owner,
		.keep_devices = to->keep_devices,
		.uid = to->uid,
		.gid = to->gid,
	};
	autofree char *name = NULL;
	struct archive_member first;
	int r = archive_tar_next(tar, &first, err);

	if (r == 0)
		return error_set(err, ENODATA, "there is nothing to copy");
	if (r > 0)
		r = choose(to, root, first.type == S_IFDIR, &u, &name, err);
	u.rename = name;
	if (r == 0)
		r = unpack_run(&u, tar, &first, err);
	cleanup_close(&u.base);
	return r;
}

/* The archive's own names, in a directory that must be there. */
static int receive_stream(const struct cp_side *to, int root, struct archive_tar *tar,
			  struct error *err)
{
	struct unpack u = {
		.root = root,
		.path = to->path,
		.base = -1,
		.keep_owner = to->keep_owner,
		.keep_devices = to->keep_devices,
		.uid = to->uid,
		.gid = to->gid,
	};
	autoclose int dir = path_open_in_root(root, to->path, O_PATH | O_DIRECTORY, 0);

	if (dir < 0)
		return error_sys(err, -dir, "open directory '%s'", to->path);
	return unpack_run(&u, tar, NULL, err);
}

/** cp_receive() - Make what comes in a tar stream at, or below, a path */
int cp_receive(const struct cp_side *to, int root, int fd, struct error *err)
{
	autofree struct archive_fd *in = xmalloc(sizeof(*in));
	struct archive_tar *tar = NULL;
	int r;

	if (to->is_stream)
		return 0;
	in->fd = fd;
	r = archive_tar_new(archive_fill_fd, in, &tar, err);
	if (r < 0)
		return r;
	r = to->other_is_stream ? receive_stream(to, root, tar, err)
				: receive_copy(to, root, tar, err);
	archive_tar_free(tar);
	return r;
}
