// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record_name.c - Names of containers: symbolic links to ids
 *
 * STORE/names/NAME leads to the id. A name whose container is gone is free.
 */
#include "runtime/record_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/str.h"

/** record_name_read() - The id that a name stands for in one store; 0 or -ENOENT */
int record_name_read(int store_fd, const char *name, char *id)
{
	autofree char *path = xasprintf("names/%s", name);
	ssize_t n;

	n = readlinkat(store_fd, path, id, RECORD_ID_HEX + 1);
	if (n != RECORD_ID_HEX || !str_is_hex(id, RECORD_ID_HEX))
		return -ENOENT;
	id[n] = '\0';
	return 0;
}

/* Whether somebody's name stands for a container that still exists. */
static bool is_live(const struct record_name_place *p, int store_fd, const char *name, char *owner)
{
	char dir[sizeof("containers/") + RECORD_ID_HEX];
	struct stat st;

	if (record_name_read(store_fd, name, owner) < 0)
		return false;
	snprintf(dir, sizeof(dir), "containers/%s", owner);
	return fstatat(p->mine, dir, &st, 0) == 0 || fstatat(p->other, dir, &st, 0) == 0;
}

static int taken(const char *name, const char *owner, struct error *err)
{
	error_set(err, EEXIST, "container name '%s' is already in use by container %.12s", name,
		  owner);
	return error_hint(err, "remove it with 'tare rm %s', or choose another name", name);
}

/**
 * record_name_reserve() - Take a name for a container
 *
 * The name goes into the store of its container; the other store is looked at
 * afterwards, so of two racing creators at most one succeeds.
 *
 * Return: 0, -EEXIST, or another -errno
 */
int record_name_reserve(const struct record_name_place *p, const char *name, const char *id,
			struct error *err)
{
	autofree char *path = xasprintf("names/%s", name);
	char owner[RECORD_ID_HEX + 1];
	bool made = false;

	while (symlinkat(id, p->mine, path) < 0) {
		/* Once: a link to nothing is not there after this, either. */
		if (errno == ENOENT && !made) {
			made = mkdirat(p->mine, "names", 0700) == 0 || errno == EEXIST;
			if (made)
				continue;
		}
		if (errno != EEXIST)
			return error_sys(err, errno, "reserve the name '%s'", name);
		if (is_live(p, p->mine, name, owner))
			return taken(name, owner, err);
		(void)unlinkat(p->mine, path, 0);
	}
	if (is_live(p, p->other, name, owner)) {
		(void)unlinkat(p->mine, path, 0);
		return taken(name, owner, err);
	}
	return 0;
}

/** record_name_drop() - Give a container's name back, if it has it */
void record_name_drop(int store_fd, const char *name, const char *id)
{
	autofree char *path = xasprintf("names/%s", name);
	char owner[RECORD_ID_HEX + 1];

	if (record_name_read(store_fd, name, owner) == 0 && !strcmp(owner, id))
		(void)unlinkat(store_fd, path, 0);
}

/** record_name_sweep() - Remove names without a container, and those it has given up */
void record_name_sweep(const struct record_name_place *p, record_name_is_right *is_right, void *arg)
{
	autodir DIR *dir = dir_open(p->mine, "names", 0);
	const struct dirent *e;
	char owner[RECORD_ID_HEX + 1];

	while ((e = dir_next(dir)))
		if (e->d_type == DT_LNK &&
		    (!is_live(p, p->mine, e->d_name, owner) || !is_right(arg, owner, e->d_name)))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
}
