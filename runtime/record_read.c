// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record_read.c - Which containers there are, and what is known of one
 *
 * Whoever reads takes no lock: of RUNROOT's record and ROOT's there always is one,
 * whole, and the first found counts (runtime/record.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/json.h"
#include "runtime/record.h"
#include "runtime/record_name.h"

#define HEALTH_MAX_BYTES (256U << 10)

/** record_dir_name() - A container's directory, below either root */
void record_dir_name(char out[RECORD_DIR_NAME], const char *id)
{
	snprintf(out, RECORD_DIR_NAME, "containers/%s", id);
}

static int list_dir(int store_fd, struct strlist *ids)
{
	autodir DIR *dir = dir_open(store_fd, "containers", 0);
	const struct dirent *e;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((e = dir_next(dir)))
		if (strlen(e->d_name) == RECORD_ID_HEX && str_is_hex(e->d_name, RECORD_ID_HEX))
			strlist_add(ids, e->d_name);
	return 0;
}

/**
 * record_list() - The ids of all containers, in no useful order, each once
 * @ids:	Appended to
 *
 * Return: 0, or -errno when a store cannot be read
 */
int record_list(const struct record_store *s, struct strlist *ids, struct error *err)
{
	size_t unique = 0;
	int r;

	r = list_dir(s->root_fd, ids);
	if (r == 0)
		r = list_dir(s->run_fd, ids);
	if (r < 0)
		return error_sys(err, -r, "list containers");
	if (!ids->n)
		return 0;
	strlist_sort(ids);
	for (size_t i = 0; i < ids->n; i++) {
		if (unique && !strcmp(ids->items[unique - 1], ids->items[i]))
			free(ids->items[i]);
		else
			ids->items[unique++] = ids->items[i];
	}
	ids->n = unique;
	ids->items[unique] = NULL;
	return 0;
}

/* A generated name has no symlink: it is asked for too rarely to be paid for at every start. */
static int find_generated(const struct record_store *s, const struct strlist *ids, const char *name,
			  char *id, struct error *err)
{
	for (size_t i = 0; i < ids->n; i++) {
		autorecord struct record r = { 0 };

		record_init(&r);
		if (record_read_raw(s, ids->items[i], &r, err) == 0 && !strcmp(r.name, name)) {
			memcpy(id, r.id, sizeof(r.id));
			return 0;
		}
	}
	return error_set(err, ENOENT, "no such container: '%s'", name);
}

/**
 * record_find() - The container that a user's operand means
 * @operand:	A name (with or without a leading slash), else an id or a unique prefix of one
 * @id:		RECORD_ID_HEX + 1 bytes, written on success only
 *
 * Return: 0, -ENOENT if there is none, -EEXIST if a prefix is ambiguous
 */
int record_find(const struct record_store *s, const char *operand, char *id, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	const char *name = operand[0] == '/' ? operand + 1 : operand;
	const char *found = NULL;
	char named[RECORD_ID_HEX + 1];
	size_t n = strlen(name);
	int r;

	if (n < 256 && !strchr(name, '/') &&
	    (record_name_read(s->root_fd, name, named) == 0 ||
	     record_name_read(s->run_fd, name, named) == 0)) {
		memcpy(id, named, sizeof(named));
		return 0;
	}
	r = record_list(s, &ids, err);
	if (r < 0)
		return r;
	if (n == 0 || n > RECORD_ID_HEX || !str_is_hex(name, n))
		return find_generated(s, &ids, name, id, err);
	for (size_t i = 0; i < ids.n; i++) {
		if (!str_starts(ids.items[i], name))
			continue;
		if (found)
			return error_set(err, EEXIST,
					 "container id '%s' is ambiguous: %.12s and %.12s begin so",
					 operand, found, ids.items[i]);
		found = ids.items[i];
	}
	if (!found)
		return error_set(err, ENOENT, "no such container: '%s'", operand);
	memcpy(id, found, RECORD_ID_HEX + 1);
	return 0;
}

/**
 * record_open_dir() - The directory of a container
 * @volatile_dir:	RUNROOT's rather than ROOT's
 *
 * Return: an fd, or -errno (-ENOENT: there is none on that side)
 */
int record_open_dir(const struct record_store *s, const char *id, bool volatile_dir)
{
	char dir[RECORD_DIR_NAME];
	int fd;

	record_dir_name(dir, id);
	fd = openat(volatile_dir ? s->run_fd : s->root_fd, dir,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_document(int dirfd, const char *path, struct record *r, struct error *err)
{
	autojson struct json *v = json_read_at(dirfd, path, RECORD_MAX_BYTES, err);

	if (!v)
		return -err->code;
	record_from_json(r, v);
	*r->id = '\0';
	return 0;
}

/**
 * record_read_dir() - The record in one of a container's two directories, without its id
 * @r:	An initialised record, replaced on success
 */
int record_read_dir(int dirfd, struct record *r, struct error *err)
{
	return read_document(dirfd, "record.json", r, err);
}

static void take_health(const struct record_store *s, struct record *r)
{
	autojson struct json *health = record_read_health(s, r->id);
	const char *status = json_text(json_get(health, "Status"));

	if (r->status != RECORD_RUNNING && r->status != RECORD_PAUSED)
		str_replace(&r->health, "");
	else if (status) /* else its process is about to write the file */
		str_replace(&r->health, status);
}

static bool says_alive(const struct record *r)
{
	return r->status == RECORD_RUNNING || r->status == RECORD_PAUSED ||
	       r->status == RECORD_RESTARTING;
}

/* It ended with the process that supervised it, or with the machine. */
static void become_lost(struct record *r)
{
	r->status = RECORD_EXITED;
	r->exit_code = 255;
	r->pid = 0;
	str_replace(&r->reason, RECORD_LOST);
	str_replace(&r->health, "");
}

/**
 * record_read_raw() - What the disk says of a container, true or not
 * @r:	An initialised record, replaced on success
 *
 * Return: 0, -ENOENT (no such container, or one that is only being made)
 */
int record_read_raw(const struct record_store *s, const char *id, struct record *r,
		    struct error *err)
{
	const int stores[] = { s->run_fd, s->root_fd };
	char path[RECORD_DIR_NAME + sizeof("/record.json")];
	char own[RECORD_ID_HEX + 1]; /* @id may be @r's */

	snprintf(own, sizeof(own), "%s", id);
	snprintf(path, sizeof(path), "containers/%s/record.json", own);
	for (size_t i = 0; i < 2; i++) {
		struct error why;
		int ret = read_document(stores[i], path, r, &why);

		if (ret < 0 && ret != -ENOENT)
			*err = why;
		/* Some file systems had its name on disk when the power went, and not its data. */
		if (ret == -EBADMSG && stores[i] == s->root_fd) {
			record_from_config(s, own, r);
			become_lost(r);
			return 0;
		}
		if (ret == 0)
			memcpy(r->id, own, sizeof(own));
		/* RUNROOT knows nothing of it: the machine has been started anew. */
		if (ret == 0 && stores[i] == s->root_fd && says_alive(r))
			become_lost(r);
		if (ret == 0 && *r->health)
			take_health(s, r);
		if (ret != -ENOENT)
			return ret;
	}
	return error_set(err, ENOENT, "no such container: '%.12s'", own);
}

/**
 * record_read() - The record of a container, as things stand
 *
 * Like record_read_raw(), but a container that is said to run and has no
 * supervisor comes back as exited, reason "lost", code 255.
 */
int record_read(const struct record_store *s, const char *id, struct record *r, struct error *err)
{
	int ret = record_read_raw(s, id, r, err);

	if (ret < 0)
		return ret;
	if (says_alive(r) && !record_is_supervised(s, id)) {
		/* It may have ended between the two looks: the disk has the truth now. */
		ret = record_read_raw(s, id, r, err);
		if (ret < 0)
			return ret;
		if (says_alive(r))
			become_lost(r);
	}
	return 0;
}

/** record_read_health() - What its health check found so far; NULL: nothing */
struct json *record_read_health(const struct record_store *s, const char *id)
{
	autoclose int dir = record_open_dir(s, id, true);
	struct error ignored;

	return dir < 0 ? NULL : json_read_at(dir, RECORD_HEALTH, HEALTH_MAX_BYTES, &ignored);
}
