/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/record_document.h - A container's record in memory and as record.json
 */
#ifndef RUNTIME_RECORD_DOCUMENT_H
#define RUNTIME_RECORD_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct json;

#define RECORD_ID_HEX 64

enum record_status {
	RECORD_CREATED,
	RECORD_RUNNING,
	RECORD_PAUSED,
	RECORD_RESTARTING, /* ended, and about to be started again by its supervisor */
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
	char *reason;	  /* "", exit, signal, oom, stopped, shutdown, start-failed, lost */
	char *error;	  /* why the start failed, or "" */
	char *health;	  /* "": no check, or it does not run; starting, healthy, unhealthy */
	int64_t restarts; /* by its supervisor */
	bool oom_killed, auto_remove;
	struct json *oom;   /* of the last run: who was killed for want of memory; NULL: nobody */
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

#define RECORD_MAX_BYTES (1U << 20) /* of the document */
char *record_to_text(const struct record *r);
void record_from_json(struct record *r, const struct json *v);

#endif
