/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/birth.h - A container in the making: what create and restore have in common
 *
 *	oci_birth_init()
 *	oci_birth_load()	the bundle; nothing exists yet
 *	oci_birth_take()	the ID, locked; the cgroup; a first state, for whoever finds it
 *	oci_birth_adopt()	the process exists: the state says so, systemd makes its scope
 *	oci_birth_finish()	what is set from outside, the final state, the pid file
 *	oci_birth_undo()	takes all of it back, at any point after take()
 *	oci_birth_done()	closes; the container lives on
 */
#ifndef CMD_OCI_BIRTH_H
#define CMD_OCI_BIRTH_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/oci/bundle.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"
#include "runtime/container.h"
#include "runtime/netns.h"

struct oci_create_options {
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	uint64_t preserve_fds;
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
	bool start_later; /* by another command */
};

/* A container in the making, and what of it the caller keeps. */
struct oci_birth {
	const struct context *ctx;
	const struct oci_create_options *options;
	const char *id;
	struct oci_bundle bundle;
	struct state state;
	struct oci_cgroup cgroup;
	struct netns_maker netns;
	struct container container;
	int dirfd; /* the locked state */
	int start_fd, hook_fd;
	int master;	  /* of its terminal, if nobody else has it; or -1 */
	bool limits_late; /* rlimits are set once all is made, not while it is still ours */
};

void oci_birth_init(struct oci_birth *b, const struct context *ctx, const char *id,
		    const struct oci_create_options *options);
int oci_birth_load(struct oci_birth *b, struct error *err);
int oci_birth_take(struct oci_birth *b, struct error *err);
int oci_birth_keep_config(struct oci_birth *b, struct error *err);
int oci_birth_adopt(struct oci_birth *b, pid_t pid, struct error *err);
char *oci_birth_state_text(const struct oci_birth *b, enum state_status status);
int oci_birth_finish(struct oci_birth *b, struct error *err);
int oci_birth_restored(struct oci_birth *b, struct error *err);
void oci_birth_undo(struct oci_birth *b);
void oci_birth_done(struct oci_birth *b);

/* With run: attend to it until its end, and delete it then. */
int oci_birth_attend(struct oci_birth *b, int signal_fd, struct error *err);
int oci_birth_end(struct oci_birth *b, int code, struct error *err);

#endif
