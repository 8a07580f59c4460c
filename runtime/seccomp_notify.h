/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp_notify.h - Handing the listener of a seccomp filter to its agent
 */
#ifndef RUNTIME_SECCOMP_NOTIFY_H
#define RUNTIME_SECCOMP_NOTIFY_H

#include <sys/types.h>

struct error;
struct json;
struct seccomp_program;

/* { 0 }: nobody is to be asked. Owned: seccomp_notify_done(). */
struct seccomp_notify {
	char *path;	/* listenerPath */
	char *metadata; /* listenerMetadata, or NULL */
};

int seccomp_notify_parse(struct seccomp_notify *n, const struct json *seccomp,
			 const struct seccomp_program *program, struct error *err);
void seccomp_notify_done(struct seccomp_notify *n);

int seccomp_notify_fetch(int pidfd, int fd, struct error *err);
char *seccomp_notify_document(const struct seccomp_notify *n, pid_t pid, const struct json *state);
int seccomp_notify_send(const struct seccomp_notify *n, int listener_fd, pid_t pid,
			const struct json *state, struct error *err);

#endif
