/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/record.h - Containers on disk: names, records, who supervises them
 *
 *   ROOT/containers/ID/       config.json (settings, as created), record.json
 *                             (last known), upper, work, log; not for --rm
 *   ROOT/names/NAME           symlink to the ID (RUNROOT/names for --rm)
 *   RUNROOT/containers/ID/    record.json (while it runs), generated hosts,
 *                             hostname, resolv.conf; config.json for --rm
 *
 * The process that supervises a container (the CLI in the foreground, else its
 * monitor) holds an exclusive flock on RUNROOT/containers/ID for as long as it
 * lives. A record that says running without that lock is what a crash left:
 * record_read() shows it as exited with the reason "lost", and the sweep of
 * cmd/reclaim puts the disk right.
 */
#ifndef RUNTIME_RECORD_H
#define RUNTIME_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h> /* LOCK_EX, LOCK_SH */
#include <sys/types.h>

#include "base/str.h"
#include "runtime/record_document.h"

struct error;
struct json;

/* The reason on record of a container that ended together with its supervisor, or as it was told. */
#define RECORD_LOST	"lost"
#define RECORD_SHUTDOWN "shutdown"

/* Both stores, opened once per command. */
struct record_store {
	int root_fd, run_fd; /* ROOT, RUNROOT */
	const char *root, *runroot;
};

/* Of a container, below either root; its directory is "containers/" and the id. */
#define RECORD_DIR_NAME (sizeof("containers/") + RECORD_ID_HEX)
void record_dir_name(char out[RECORD_DIR_NAME], const char *id);

/* Looking up. */
int record_find(const struct record_store *s, const char *operand, char *id, struct error *err);
int record_list(const struct record_store *s, struct strlist *ids, struct error *err);
int record_read(const struct record_store *s, const char *id, struct record *r, struct error *err);
int record_read_dir(int dirfd, struct record *r, struct error *err);
int record_read_raw(const struct record_store *s, const char *id, struct record *r,
		    struct error *err);
struct json *record_read_config(const struct record_store *s, const char *id, struct error *err);
void record_from_config(const struct record_store *s, const char *id, struct record *r);
int record_open_dir(const struct record_store *s, const char *id, bool volatile_dir);
bool record_is_supervised(const struct record_store *s, const char *id);

/* Left by `stop`, so that the supervisor knows why the container ended. */
bool record_is_marked(int lock_fd);
void record_mark_stopping(const struct record_store *s, const char *id);
bool record_is_stopping(int lock_fd);

/* Likewise: the machine goes down, or is to look as if it did. */
void record_mark_shutdown(const struct record_store *s, const char *id);
bool record_is_shutting_down(int lock_fd);

/* Left by whoever ends a container by force: it is not to be started again. */
#define RECORD_ENDING "ending"
void record_mark_ending(const struct record_store *s, const char *id);
bool record_is_ending(int lock_fd);

/* Left by `update`: the settings are to be read anew before the next run. */
void record_mark_updated(const struct record_store *s, const char *id);
bool record_is_updated(int lock_fd);
void record_forget_updated(int lock_fd);

/* Other settings for a container that there is, in the order of the calls. */
int record_lock_update(const struct record_store *s, struct error *err);
int record_stage_config(const struct record_store *s, const char *id, const struct json *config,
			struct error *err);
int record_exchange_config(const struct record_store *s, const char *id, struct error *err);
void record_drop_config(const struct record_store *s, const char *id);

/* In RUNROOT/containers/ID: docker's State.Health, as the health check's process left it. */
#define RECORD_HEALTH "health.json"
struct json *record_read_health(const struct record_store *s, const char *id);

/* A container's life, in the order of the calls. */
int record_create(const struct record_store *s, const struct record *r, const struct json *config,
		  struct error *err);
int record_lock(const struct record_store *s, const char *id, struct error *err);
int record_lock_births(const struct record_store *s, int operation);
int record_lock_abandoned(const struct record_store *s, const char *id);
int record_write_running(int lock_fd, const struct record *r, struct error *err);
int record_write_started(const struct record_store *s, const struct record *r, struct error *err);
int record_write_stopped(const struct record_store *s, const struct record *r, struct error *err);
int record_rename(const struct record_store *s, const struct record *r, const char *name,
		  struct error *err);
int record_clear_running(const struct record_store *s, const char *id);
int record_remove_orphans(const struct record_store *s);
int record_remove(const struct record_store *s, const struct record *r, struct error *err);

#endif
