/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/oci.h - The dialect of OCI runtimes: what its commands share
 *
 * The same binary called tare-oci, or `tare oci`, speaks runc's command line.
 * Its commands are rows of the same kind as tare's; ctx->store.run_fd is the
 * directory with the containers' states, see runtime/state.
 */
#ifndef CMD_OCI_OCI_H
#define CMD_OCI_OCI_H

#include <stdbool.h>

#include "cmd/command.h"
#include "runtime/state.h"

/* Options before the command. */
struct oci_globals {
	const char *root, *log, *log_format, *criu, *rootless, *cgroup_manager;
	bool debug, systemd_cgroup, version, help;
};

/* runc's exit codes. */
enum {
	OCI_EXIT_FAILED = 1,
	OCI_EXIT_EXEC_FAILED = 255,
};

int oci_main(const char *program, int argc, char **argv);
bool oci_is_name(const char *program);
void oci_report(const struct context *ctx, const struct error *err);
void oci_warn(const struct context *ctx, const char *text);

/* One container, looked up for a command. */
struct oci_target {
	int dirfd;
	struct state state;
	enum state_status status;
};

int oci_target_open(struct oci_target *t, const struct context *ctx, const char *id, bool lock,
		    struct error *err);
void oci_target_close(struct oci_target *t);
#define autotarget __attribute__((cleanup(oci_target_close)))
int oci_target_mark(const struct oci_target *t, bool begins, struct error *err);
int oci_target_signal(const struct oci_target *t, int sig, struct error *err);

int oci_write_pid_file(const char *path, pid_t pid, struct error *err);

extern const struct command oci_cmd_checkpoint, oci_cmd_create, oci_cmd_delete, oci_cmd_events,
	oci_cmd_exec, oci_cmd_features, oci_cmd_kill, oci_cmd_list, oci_cmd_pause, oci_cmd_ps,
	oci_cmd_restore, oci_cmd_resume, oci_cmd_run, oci_cmd_spec, oci_cmd_start, oci_cmd_state,
	oci_cmd_update;

#endif
