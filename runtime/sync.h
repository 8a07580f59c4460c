/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/sync.h - What parent and init say to each other until exec
 *
 * One SOCK_SEQPACKET pair. The steps are numbered in the order they happen;
 * init's end is close-on-exec, so its end of file after SYNC_START means that
 * the container's program runs, or that init died (the parent's wait tells).
 */
#ifndef RUNTIME_SYNC_H
#define RUNTIME_SYNC_H

struct error;

enum sync_step {
	SYNC_MAPPED = 1, /* parent: id maps are written, trees are mapped: go on */
	SYNC_CONSOLE,	 /* init: here is the terminal's master (one fd) */
	SYNC_START,	 /* parent: network and record are done: exec */
	SYNC_SETUP,	 /* init: failed before exec; an error follows */
	SYNC_EXEC,	 /* init: execve failed; an error follows */
};

int sync_open(int fds[2]);
int sync_send(int fd, enum sync_step step, const struct error *err, int pass_fd);
int sync_receive(int fd, enum sync_step *step, struct error *err, int *pass_fd);

#endif
