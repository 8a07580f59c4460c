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
#include <sys/types.h>

#include "base/str.h"

struct error;
struct json;

#define RECORD_ID_HEX 64

enum record_status {
	RECORD_CREATED,
	RECORD_RUNNING,
	RECORD_PAUSED,
	RECORD_EXITED,
};

struct record_port {
	char protocol[4];   /* "tcp", "udp" */
	char host_ip[16];   /* "0.0.0.0" for all; "" when only exposed */
	uint16_t host_port; /* 0 when only exposed */
	uint16_t container_port;
};

/* What changes, and what lists show. Strings are owned and never NULL. */
struct record {
	char id[RECORD_ID_HEX + 1];
	char *name;
	char *image;	/* as the user named it */
	char *image_id; /* 64 hex digits of the config digest; "" for --rootfs */
	char *command;	/* args joined by blanks */
	int64_t created_ns, started_ns, finished_ns; /* since the epoch; 0: not yet */
	enum record_status status;
	pid_t pid;	    /* the container's first process, host view; 0 when stopped */
	uint64_t pid_start; /* its start time, field 22 of /proc/PID/stat; 0: not read */
	int exit_code;
	char *reason; /* "", exit, signal, oom, stopped, start-failed, lost */
	char *error;  /* why the start failed, or "" */
	bool oom_killed, auto_remove;
	bool is_named;	    /* by the user: then the name is reserved, see record_find() */
	char *network;	    /* bridge, none, host, container:ID, ns:PATH */
	char *ip, *mac;	    /* "" without a network of its own */
	char *cgroup;	    /* path below the cgroup2 mount, or "" */
	int64_t idmap_base; /* first host id of its 65536; -1 without user namespace */
	struct record_port *ports;
	size_t n_ports;
};

void record_init(struct record *r);
void record_done(struct record *r);
#define autorecord __attribute__((cleanup(record_done)))
const char *record_status_name(enum record_status status); /* created running paused exited */

/* Both stores, opened once per command. */
struct record_store {
	int root_fd, run_fd; /* ROOT, RUNROOT */
	const char *root, *runroot;
};

/* Looking up. */
int record_find(const struct record_store *s, const char *operand, char *id, struct error *err);
int record_list(const struct record_store *s, struct strlist *ids, struct error *err);
int record_read(const struct record_store *s, const char *id, struct record *r, struct error *err);
int record_read_dir(int dirfd, struct record *r, struct error *err);
int record_read_raw(const struct record_store *s, const char *id, struct record *r,
		    struct error *err);
struct json *record_read_config(const struct record_store *s, const char *id, struct error *err);
int record_open_dir(const struct record_store *s, const char *id, bool volatile_dir);
bool record_is_supervised(const struct record_store *s, const char *id);

/* A container's life, in the order of the calls. */
int record_create(const struct record_store *s, const struct record *r, const struct json *config,
		  struct error *err);
int record_lock(const struct record_store *s, const char *id, struct error *err);
int record_lock_births(const struct record_store *s, bool alone);
int record_lock_abandoned(const struct record_store *s, const char *id);
int record_write_running(int lock_fd, const struct record *r, struct error *err);
int record_write_stopped(const struct record_store *s, const struct record *r, struct error *err);
int record_clear_running(const struct record_store *s, const char *id);
int record_remove_orphans(const struct record_store *s);
int record_remove(const struct record_store *s, const struct record *r, struct error *err);

#endif
