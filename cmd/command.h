/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/command.h - What a command is, and what it is given
 *
 * A command is one file that ends in its own row:
 *
 *	static int run(struct context *ctx, int argc, char **argv, struct error *err);
 *
 *	const struct command cmd_kill = {
 *		.name = "kill", .args = "CONTAINER [CONTAINER...]", .summary = "…",
 *		.options = kill_options, COMMAND_OPTIONS(struct kill_options, .signal = "KILL"),
 *		.min_args = 1, .max_args = COMMAND_ANY, .flags = COMMAND_STORE, .run = run,
 *	};
 *
 * dispatch.c parses the options into a fresh copy of the defaults, checks the
 * number of operands and the preconditions in flags, and calls run() with the
 * operands only: argv[0] is the first one, argv[argc] is NULL. The options are
 * at ctx->options. Help, completion and man page come from the same row.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "cmd/options.h"
#include "runtime/record.h"

struct error;
struct oci_globals;

/* Exit codes; the README and tare(1) list them all. */
enum {
	EXIT_ABSENT = 1,	 /* inspect, rm, rmi: nothing of that name */
	EXIT_FAULTY = 1,	 /* system check: not all could be repaired */
	EXIT_IN_USE = 2,	 /* rm, rmi: running, or used by a container */
	EXIT_LIMIT = 122,	 /* --strict: a limit cannot be enforced */
	EXIT_ASSERT = 123,	 /* --assert failed */
	EXIT_TIMEOUT = 124,	 /* --timeout ran out */
	EXIT_TARE = 125,	 /* tare itself failed */
	EXIT_NOT_RUNNABLE = 126, /* the command is there, but cannot be run */
	EXIT_NOT_FOUND = 127,	 /* the command is not there */
};

enum command_flags {
	COMMAND_STORE = 1 << 0,	       /* open ROOT and RUNROOT first; made if missing */
	COMMAND_ROOT = 1 << 1,	       /* refuse early without root's privileges */
	COMMAND_PREFIX = 1 << 2,       /* options end at the first operand (run, exec) */
	COMMAND_HIDDEN = 1 << 3,       /* not in the list of commands */
	COMMAND_ANYBODY = 1 << 4,      /* with COMMAND_STORE: useful without root, whatever store */
	COMMAND_ONE_DASH = 1 << 5,     /* long options may have one dash only */
	COMMAND_BEYOND_REACH = 1 << 6, /* tare-oci: run from a file that no container can write */
};

#define COMMAND_ANY (-1)

struct context {
	struct record_store store;  /* open when the command says COMMAND_STORE */
	const char *root, *runroot; /* absolute */
	const void *options;	    /* the command's own struct */
	const struct command *command;
	const struct oci_globals *oci; /* tare-oci's own options; else NULL */
	struct strlist additional;     /* other stores, only to read */
	bool own_store;		       /* the user named ROOT */
	bool log_json;		       /* messages on stderr as JSON lines */
};

struct command {
	const char *name;
	const char *args;    /* operands, as the usage line shows them, or NULL */
	const char *summary; /* half a line, no full stop */
	const char *details; /* paragraphs below the options and in the man page, or NULL */
	const struct option_def *options; /* ends with an empty row; NULL: none */
	size_t options_size;		  /* of the struct that options describes */
	const void *defaults;
	int min_args, max_args; /* operands; COMMAND_ANY: no upper limit */
	unsigned int flags;
	const struct command *const *subcommands; /* ends with NULL; then run may be NULL */

	/* The exit code, or -errno with @err set (printed by main, which then exits with 125). */
	int (*run)(struct context *ctx, int argc, char **argv, struct error *err);
};

#define COMMAND_OPTIONS(type, ...)                              \
	.options_size = sizeof(type), .defaults = &(const type) \
	{                                                       \
		__VA_ARGS__                                     \
	}

/* All commands, in the order of the help; ends with NULL (main.c). */
extern const struct command *const command_list[];
extern const struct option_def command_global_options[];

int command_open_dir(const char *path, struct error *err);
int command_exit_code(int wait_status);
int command_worst_code(int result, int so_far);
int command_code_of_exec(const struct error *err);
int command_check_all(const struct context *ctx, bool all, int argc, struct error *err);
int command_open_stores(struct context *ctx, struct error *err);
const struct command *command_find(const struct command *const *list, const char *name);

extern const struct command cmd_commit, cmd_completion, cmd_cp, cmd_container,
	cmd_container_inspect, cmd_container_ls, cmd_create, cmd_diff, cmd_doctor, cmd_exec,
	cmd_export, cmd_help, cmd_history, cmd_image, cmd_image_inspect, cmd_images, cmd_import,
	cmd_info, cmd_inspect, cmd_kill, cmd_load, cmd_logs, cmd_oci, cmd_pause, cmd_port, cmd_ps,
	cmd_rename, cmd_restart, cmd_rm, cmd_rmi, cmd_run, cmd_save, cmd_start, cmd_stats, cmd_stop,
	cmd_system, cmd_tag, cmd_top, cmd_unpause, cmd_update, cmd_version, cmd_volume, cmd_wait;
extern const struct command cmd_cpus, cmd_fit, cmd_report, cmd_pack, cmd_show, cmd_slice,
	cmd_verify;

#endif
