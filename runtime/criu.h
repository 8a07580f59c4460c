/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/criu.h - CRIU, the program that writes a container down and makes it again
 *
 *	criu_start()	its process exists, and waits
 *	criu_go()	it becomes the program
 *	criu_ask()	one request, with what it asks back meanwhile
 *	criu_end()	it is gone, whatever it was doing
 */
#ifndef RUNTIME_CRIU_H
#define RUNTIME_CRIU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct error;

/* criu_req_type of CRIU's images/rpc.proto. */
enum criu_type { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4 };

/* criu_cg_mode; the others have names, see criu_cgroups_mode(). */
enum { CRIU_CGROUPS_DEFAULT = -1, CRIU_CGROUPS_IGNORE = 0 };

/* A descriptor of ours that takes the place of one that is not in the images. */
struct criu_inherited {
	char *key;
	int fd;
};

struct criu_request {
	enum criu_type type;
	pid_t pid; /* CRIU_DUMP: the first process */
	int images_fd, work_fd;
	const char *work_path, *log_name; /* of its log */
	const char *root;		  /* on the host */
	const char *parent; /* images of an earlier pre-dump, relative to images_fd; or NULL */
	const char *freeze_cgroup, *lsm_profile, *lsm_mount_context, *page_server; /* or NULL */
	uint16_t page_server_port;
	int status_fd;	   /* or -1 */
	int cgroups_mode;  /* see criu_cgroups_mode() */
	uint32_t empty_ns; /* CLONE_NEW* */
	bool leave_running, tcp_established, tcp_skip_in_flight, ext_unix_sk, shell_job;
	bool file_locks, auto_dedup, lazy_pages, track_mem, manage_cgroups;
	struct strlist external;
	struct criu_inherited *inherited;
	size_t n_inherited;

	/* At points that CRIU names; @fd: the terminal's master with "orphan-pts-master", or -1. */
	int (*notify)(void *arg, const char *what, pid_t pid, int fd, struct error *err);
	void *notify_arg;
};

/* How the program is started; all borrowed. */
struct criu_place {
	const char *program;  /* NULL: "criu" of PATH */
	const char *root;     /* CRIU_RESTORE: to be a mount of its own for it; or NULL */
	int cgroup_fd;	      /* to be born in, or -1 */
	bool keeps_cgroup_ns; /* else it gets one whose root is its cgroup */
	const int *fds;	      /* to be inherited */
	size_t n_fds;
};

struct criu {
	pid_t pid;
	int pidfd;
	int socket;
	int go; /* a byte: it may begin; closed: it is to end */
	int failed;
};

int criu_start(struct criu *c, const struct criu_place *place, struct error *err);
int criu_go(struct criu *c, const char *program, struct error *err);
int criu_ask(struct criu *c, const struct criu_request *request, pid_t *pid, struct error *err);
void criu_end(struct criu *c);
int criu_cgroups_mode(const char *name, struct error *err);
void criu_request_done(struct criu_request *request);

#endif
