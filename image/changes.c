// SPDX-License-Identifier: Apache-2.0
/*
 * image/changes.c - What a container changed of its image
 *
 * The container's tree is compared with the image's, name by name. Whatever
 * is written to a file moves it to the overlay's upper directory, where it
 * has another ctime, which nobody can set back: so equal ctimes say that a file
 * is untouched, and nothing needs to be read. This works for upper directories that only
 * the container's own mount namespace can reach, too.
 *
 * A directory has changed if its mode or owner has, or something in it.
 */
#include "image/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/path.h"

#define CHANGES_MAX_DEPTH 256

struct compare {
	const struct changes_plan *plan;
	struct change_list *out;
	int depth;
};

static int failed(struct error *err, const char *what, const char *path)
{
	autofree char *safe = str_escape(path);

	return error_sys(err, errno, "%s '/%.500s'", what, safe);
}

static void add(struct compare *c, char kind, const char *path)
{
	struct change_list *l = c->out;

	/* The next power of two, when the number is one. */
	if (!(l->n & (l->n - 1)))
		l->items = xrealloc(l->items, (l->n ? l->n * 2 : 1) * sizeof(*l->items));
	l->items[l->n++] = (struct change){ kind, xstrdup(path) };
}

static int list_names(int fd, const char *path, struct strlist *names, struct error *err)
{
	return dir_list(fd, ".", names) < 0 ? failed(err, "read directory", path) : 0;
}

static int open_dir(int parent, const char *name, const char *path, struct error *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? failed(err, "open directory", path) : fd;
}

static char *below(const char *path, const char *name)
{
	return xasprintf("%s%s%s", path, *path ? "/" : "", name);
}

static bool same_owner(const struct compare *c, const struct stat *before, const struct stat *after)
{
	return (int64_t)before->st_uid == (int64_t)after->st_uid - c->plan->id_base &&
	       (int64_t)before->st_gid == (int64_t)after->st_gid - c->plan->id_base;
}

static bool is_same(const struct compare *c, const struct stat *before, const struct stat *after)
{
	if (before->st_mode != after->st_mode || !same_owner(c, before, after))
		return false;
	return S_ISDIR(before->st_mode) ||
	       (before->st_size == after->st_size && before->st_rdev == after->st_rdev &&
		before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
		before->st_mtim.tv_nsec == after->st_mtim.tv_nsec &&
		before->st_ctim.tv_sec == after->st_ctim.tv_sec &&
		before->st_ctim.tv_nsec == after->st_ctim.tv_nsec);
}

/* 2: one of our mount points; 1: on the way to one; 0: neither. */
static int leads_to_mount(const struct compare *c, const char *path)
{
	const struct strlist *points = c->plan->mount_points;
	size_t len = strlen(path);
	int found = 0;

	for (size_t i = 0; points && i < points->n; i++) {
		if (!strcmp(points->items[i], path))
			return 2;
		if (!strncmp(points->items[i], path, len) && points->items[i][len] == '/')
			found = 1;
	}
	return found;
}

static int add_new(struct compare *c, int parent, const char *name, const char *path,
		   struct error *err);

static int add_new_dir(struct compare *c, int parent, const char *name, const char *path,
		       struct error *err)
{
	autostrlist struct strlist names = { 0 };
	autoclose int fd = open_dir(parent, name, path, err);
	size_t at = c->out->n;
	int r = fd;

	if (r >= 0)
		r = list_names(fd, path, &names, err);
	add(c, 'A', path);
	for (size_t i = 0; i < names.n && r >= 0; i++) {
		autofree char *child = below(path, names.items[i]);

		r = add_new(c, fd, names.items[i], child, err);
	}
	/* Made to be mounted on, and nothing else is in there. */
	if (r >= 0 && c->out->n == at + 1 && leads_to_mount(c, path)) {
		free(c->out->items[at].path);
		c->out->n = at;
	}
	return r;
}

static int add_new(struct compare *c, int parent, const char *name, const char *path,
		   struct error *err)
{
	struct stat st;
	int r;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : failed(err, "look at", path);
	if (!S_ISDIR(st.st_mode)) {
		if (!(S_ISREG(st.st_mode) && !st.st_size && leads_to_mount(c, path) == 2))
			add(c, 'A', path);
		return 0;
	}
	if (++c->depth > CHANGES_MAX_DEPTH)
		return error_set(err, ELOOP, "'/%.500s' is nested too deeply", path);
	r = add_new_dir(c, parent, name, path, err);
	c->depth--;
	return r;
}

static int compare_dirs(struct compare *c, int before, int after, const char *path,
			struct error *err);

/* A directory's own line comes before those of what is in it. */
static int compare_below(struct compare *c, int before, int after, const char *name,
			 const char *path, bool same, struct error *err)
{
	autoclose int old = open_dir(before, name, path, err);
	autoclose int new = old < 0 ? -1 : open_dir(after, name, path, err);
	size_t at = c->out->n;
	int r;

	if (new < 0)
		return -err->code;
	if (++c->depth > CHANGES_MAX_DEPTH)
		return error_set(err, ELOOP, "'/%.500s' is nested too deeply", path);
	add(c, 'C', path);
	r = compare_dirs(c, old, new, path, err);
	c->depth--;
	if (r == 0 && same && c->out->n == at + 1) {
		free(c->out->items[at].path);
		c->out->n = at;
	}
	return r;
}

/* A file that became a directory: that is a change, and what is in there is new. */
static int become_dir(struct compare *c, int after, const char *name, const char *path,
		      struct error *err)
{
	size_t at = c->out->n;
	int r = add_new(c, after, name, path, err);

	if (r == 0 && c->out->n > at)
		c->out->items[at].kind = 'C';
	return r;
}

static int compare_one(struct compare *c, int before, int after, const char *name, const char *path,
		       struct error *err)
{
	struct stat old, new;

	if (fstatat(before, name, &old, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(err, "look at", path);
	if (fstatat(after, name, &new, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return failed(err, "look at", path);
		add(c, 'D', path);
		return 0;
	}
	if (S_ISDIR(old.st_mode) && S_ISDIR(new.st_mode))
		return compare_below(c, before, after, name, path, is_same(c, &old, &new), err);
	if (is_same(c, &old, &new))
		return 0;
	if (S_ISDIR(new.st_mode))
		return become_dir(c, after, name, path, err);
	add(c, 'C', path);
	return 0;
}

static int compare_dirs(struct compare *c, int before, int after, const char *path,
			struct error *err)
{
	autostrlist struct strlist old = { 0 }, new = { 0 };
	size_t i = 0, j = 0;
	int r = list_names(before, path, &old, err);

	if (r == 0)
		r = list_names(after, path, &new, err);
	while (r == 0 && (i < old.n || j < new.n)) {
		int order = i == old.n ? 1 : j == new.n ? -1 : strcmp(old.items[i], new.items[j]);
		const char *name = order > 0 ? new.items[j] : old.items[i];
		autofree char *child = below(path, name);

		if (order > 0)
			r = add_new(c, after, name, child, err);
		else if (order < 0)
			add(c, 'D', child);
		else
			r = compare_one(c, before, after, name, child, err);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

/**
 * changes_find() - Compare a container's tree with its image's
 * @out:	Released with changes_done(), also after a failure
 *
 * Return: 0 or -errno
 */
int changes_find(const struct changes_plan *plan, struct change_list *out, struct error *err)
{
	struct compare c = { .plan = plan, .out = out };

	*out = (struct change_list){ 0 };
	return compare_dirs(&c, plan->before, plan->after, "", err);
}

/** changes_done() - Release; safe twice */
void changes_done(struct change_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct change_list){ 0 };
}
