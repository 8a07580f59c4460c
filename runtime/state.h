/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/state.h - Containers of the OCI dialect on disk
 *
 *   DIR/ID/state.json    what it is and where: written by create, read by all others
 *   DIR/ID/config.json   the bundle's, as it was at create
 *   DIR/ID/start         socket that its first process listens on until it is started
 *
 * The directory itself is the lock (flock) under which one command at a time
 * changes the container. The status is never stored, but seen: from the process
 * (pid and start time) and from whether somebody listens on the socket.
 */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct json;

enum state_status {
	STATE_CREATING,
	STATE_CREATED,
	STATE_RUNNING,
	STATE_STOPPED,
	STATE_PAUSED, /* of a running one: its cgroup is frozen */
};

struct state {
	char *id, *bundle, *rootfs;
	char *oci_version;
	char *cgroup;	    /* below the cgroup2 root; "": none */
	char *cgroups_path; /* linux.cgroupsPath, when systemd has made it; "": we have */
	bool user_manager;  /* by the user's systemd */
	pid_t pid;	    /* 0: not made yet */
	uint64_t pid_start;
	int64_t created_ns;
	uid_t owner;
	bool is_complete;	  /* create has done its part */
	bool has_errands;	  /* start or delete have to look into config.json */
	struct json *annotations; /* owned; NULL: none */
};

void state_done(struct state *s);
#define autostate __attribute__((cleanup(state_done)))

bool state_id_is_valid(const char *id);
int state_create(int root_fd, const char *id, struct error *err);
int state_open(int root_fd, const char *id, bool lock, struct error *err);
int state_write(int dirfd, const struct state *s, struct error *err);
int state_read(int dirfd, struct state *s, struct error *err);
int state_note_cgroup(int dirfd, const char *path, struct error *err);
char *state_noted_cgroup(int dirfd);
int state_remove(int root_fd, const char *id, struct error *err);

/* The start, by socket. */
int state_listen(int dirfd, struct error *err);
int state_connect(int dirfd, struct error *err);
void state_forget_socket(int dirfd);

enum state_status state_find_status(int dirfd, const struct state *s);
const char *state_status_name(enum state_status status);
struct json *state_document(const struct state *s, enum state_status status);

#endif
