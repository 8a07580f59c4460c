/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/sync.h - What parent and init say to each other until exec
 *
 * One SOCK_SEQPACKET pair. (A container that is created by one command and
 * started by another says SYNC_READY there, and hears SYNC_START from who
 * connects to its socket, see runtime/state.) The steps are numbered in the order they happen;
 * init's end is close-on-exec, so its end of file after SYNC_START means that
 * the container's program runs, or that init died (the parent's wait tells).
 */
#ifndef RUNTIME_SYNC_H
#define RUNTIME_SYNC_H

#include <stdbool.h>

struct error;

enum sync_step {
	SYNC_MAPPED = 1, /* parent: id maps are written, trees are mapped: go on */
	SYNC_NETWORK,	 /* parent: here is your network namespace (one fd) */
	SYNC_MOUNTED,	 /* init: the tree is complete but not entered: run hooks */
	SYNC_HOOKED,	 /* parent: they ran: go on */
	SYNC_CONSOLE,	 /* init: here is the terminal's master (one fd) */
	SYNC_SECCOMP,	 /* init: this is the number of the filter's listener: fetch it */
	SYNC_TAKEN,	 /* parent: fetched, and the agent has it: go on */
	SYNC_READY,	 /* init: all is done but to exec, which a connection will ask for */
	SYNC_START,	 /* parent: network and record are done: exec */
	SYNC_SETUP,	 /* init: failed before exec; an error follows */
	SYNC_EXEC,	 /* init: execve failed; an error follows */
	SYNC_WARNING,	 /* monitor: something to tell the user, while it goes on */
	SYNC_LIMIT,	 /* monitor: as SYNC_SETUP, by --strict */
};

int sync_open(int fds[2]);
int sync_send(int fd, enum sync_step step, const struct error *err, int pass_fd);
int sync_write(int fd, enum sync_step step, int number, const struct error *err);
int sync_receive(int fd, enum sync_step *step, struct error *err, int *pass_fd);
bool sync_await(int fd, enum sync_step want, int *pass_fd, struct error *err);

#endif
