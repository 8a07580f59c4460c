/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp.h - Which system calls a container may make
 *
 * A program is made in the parent, from the default profile or from a user's
 * document, and installed by the child with one system call before exec.
 */
#ifndef RUNTIME_SECCOMP_H
#define RUNTIME_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json;

struct seccomp_program {
	struct sock_filter *insns; /* owned, see seccomp_done(); NULL: unconfined */
	uint16_t n;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_*, for seccomp_apply() */
};

enum seccomp_flags {
	/* Let 32-bit system calls in: for images of that architecture only, see seccomp.c */
	SECCOMP_COMPAT = 1 << 0,
	SECCOMP_UEVENTS = 1 << 1, /* sockets that hear of devices; for systemd-logind */
};

int seccomp_default(uint64_t caps, unsigned int flags, struct seccomp_program *out);
int seccomp_from_profile(const struct json *profile, uint64_t caps, struct seccomp_program *out,
			 struct error *err);
int seccomp_apply(const struct seccomp_program *program);
void seccomp_done(struct seccomp_program *program);

/* For the features document: the i-th name, NULL behind the last; see seccomp_entry.h, too. */
const char *seccomp_known_arch(size_t i);
const char *seccomp_known_flag(size_t i);
bool seccomp_flag_is_supported(size_t i);

#endif
