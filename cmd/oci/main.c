// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/main.c - tare-oci: the command line of an OCI runtime
 *
 * Engines call it as they call runc: global options, a command, its options. An
 * error goes to the file that --log names, as they read it from there, and to
 * stderr, where people do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/dispatch.h"
#include "cmd/help.h"
#include "cmd/message.h"
#include "cmd/oci/oci.h"
#include "cmd/oci/spec.h"
#include "cmd/oci/user.h"
#include "cmd/units.h"
#include "runtime/executable.h"

/* clang-format off */
static const struct command *const oci_commands[] = {
	&oci_cmd_create,
	&oci_cmd_start,
	&oci_cmd_state,
	&oci_cmd_kill,
	&oci_cmd_delete,
	&oci_cmd_run,
	&oci_cmd_exec,
	&oci_cmd_list,
	&oci_cmd_ps,
	&oci_cmd_pause,
	&oci_cmd_resume,
	&oci_cmd_update,
	&oci_cmd_events,
	&oci_cmd_checkpoint,
	&oci_cmd_restore,
	&oci_cmd_spec,
	&oci_cmd_features,
	NULL,
};
/* clang-format on */

#define O(...) OPTION(struct oci_globals, __VA_ARGS__)

static const struct option_def global_options[] = {
	O(0, "root", "DIR", OPTION_TEXT, root,
	  "Where states are kept (default /run/tare-oci, or $XDG_RUNTIME_DIR/tare-oci)"),
	O(0, "log", "FILE", OPTION_TEXT, log,
	  "Append errors to this file, too, and with --debug what is done"),
	O(0, "log-format", "FORMAT", OPTION_TEXT, log_format, "text or json (default text)"),
	O(0, "debug", NULL, OPTION_BOOL, debug, "Say what is done"),
	O(0, "systemd-cgroup", NULL, OPTION_BOOL, systemd_cgroup,
	  "Have systemd make the cgroup; cgroupsPath is then slice:prefix:name"),
	O(0, "cgroup-manager", "NAME", OPTION_TEXT, cgroup_manager,
	  "cgroupfs, systemd or disabled"),
	O(0, "rootless", "WHEN", OPTION_TEXT, rootless, "true, false or auto (default auto)"),
	O(0, "criu", "PATH", OPTION_TEXT, criu, "The criu program"),
	O('v', "version", NULL, OPTION_BOOL, version, "Print the version"),
	O('h', "help", NULL, OPTION_BOOL, help, "Print this"),
	{ 0 },
};

/**
 * oci_is_name() - Whether a program of this name speaks the OCI dialect
 *
 * Engines take a runtime by its path, whatever it is called there, so that
 * only names with "tare" in them, tare-1.0 for one, mean the other dialect; and
 * those of which we have the commands.
 */
bool oci_is_name(const char *program)
{
	const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;

	if (!strcmp(name, "docker") || !strcmp(name, "podman") ||
	    strspn(name, "0123456789") == strlen(name)) /* reached by a descriptor */
		return false;
	return strstr(name, "tare-oci") || !strstr(name, "tare");
}

/* ---- errors ------------------------------------------------------------- */

static bool has_log(const struct oci_globals *g)
{
	return g && g->log && *g->log && strcmp(g->log, "/dev/stderr") != 0;
}

static int open_log(const struct oci_globals *g)
{
	return openat(AT_FDCWD, g->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void log_line(const struct oci_globals *g, const char *level, const char *msg)
{
	autoclose int log = has_log(g) ? open_log(g) : -1;
	int fd = has_log(g) ? log : STDERR_FILENO;
	autojson struct json *map = json_new_map();
	autofree char *text = NULL;
	autostr struct str line = { 0 };
	char time[UNITS_TEXT_MAX];

	if (fd < 0)
		return; /* stderr has it */
	units_print_rfc3339(time, units_now_ns());
	if (g->log_format && !strcmp(g->log_format, "json")) {
		json_set_text(map, "level", level);
		json_set_text(map, "msg", msg);
		json_set_text(map, "time", time);
		text = json_print(map);
		str_printf(&line, "%s\n", text);
	} else {
		text = str_escape(msg);
		str_printf(&line, "time=\"%s\" level=%s msg=\"%s\"\n", time, level, text);
	}
	(void)file_write_fd(fd, line.data, line.len);
}

static void log_debug_line(void *arg, const char *text)
{
	log_line(arg, "debug", text);
}

/** oci_report() - Tell of an error, in the log and on stderr */
void oci_report(const struct context *ctx, const struct error *err)
{
	if (has_log(ctx->oci))
		log_line(ctx->oci, "error", err->msg);
	message_error(ctx, err);
}

/** oci_warn() - Tell of what does not end the command, in the log and on stderr */
void oci_warn(const struct context *ctx, const char *text)
{
	if (has_log(ctx->oci))
		log_line(ctx->oci, "warning", text);
	message_warning(ctx, "%s", text);
}

/* ---- state directory ---------------------------------------------------- */

static char *choose_root(const struct oci_globals *g)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	char *root = g->root && *g->root ? path_absolute(g->root) : NULL;

	if (g->root && *g->root)
		return root ? root : xstrdup(g->root);
	if (runtime_dir && *runtime_dir == '/' && !oci_is_host_root())
		return xasprintf("%s/tare-oci", runtime_dir);
	return xstrdup("/run/tare-oci");
}

/* ---- the command -------------------------------------------------------- */

static void print_version(const char *name)
{
	printf("%s version %s\ncommit: v%s\nspec: %s\n", name, TARE_VERSION, TARE_VERSION,
	       OCI_VERSION);
}

/* Begins as runc's does: suites that it came with look at the second line. */
static void print_overview(const char *name)
{
	printf("NAME:\n   %s - Open Container Initiative runtime, with runc's command line\n\n"
	       "USAGE:\n   %s [OPTIONS] COMMAND\n\nCommands:\n",
	       name, name);
	for (size_t i = 0; oci_commands[i]; i++)
		printf("  %-12s %s\n", oci_commands[i]->name, oci_commands[i]->summary);
	printf("\nOptions:\n");
	for (const struct option_def *d = global_options; d->name; d++)
		printf("  --%-18s %s\n", d->name, d->help);
	printf("\n'%s COMMAND --help' says more.\n", name);
}

static int check_globals(const struct oci_globals *g, struct error *err)
{
	if (g->log_format && *g->log_format && strcmp(g->log_format, "json") &&
	    strcmp(g->log_format, "text"))
		return error_set(err, EINVAL, "--log-format: '%s' is neither text nor json",
				 g->log_format);
	if (g->cgroup_manager && strcmp(g->cgroup_manager, "cgroupfs") &&
	    strcmp(g->cgroup_manager, "systemd") && strcmp(g->cgroup_manager, "disabled"))
		return error_set(err, EINVAL,
				 "--cgroup-manager: '%s' is none of cgroupfs, systemd, disabled",
				 g->cgroup_manager);
	if (has_log(g)) { /* else its reader would wait for words in vain */
		autoclose int log = open_log(g);

		if (log < 0)
			return error_sys(err, errno, "open the log '%s'", g->log);
	}
	return 0;
}

static int open_root(struct context *ctx, const struct oci_globals *g, const struct command *cmd,
		     struct error *err)
{
	int fd;

	ctx->runroot = choose_root(g);
	if (!(cmd->flags & COMMAND_ANYBODY))
		return 0;
	fd = command_open_dir(ctx->runroot, err);
	if (fd < 0)
		return fd;
	ctx->store.run_fd = fd;
	return 0;
}

static void print_help(const char *name, const struct command *cmd)
{
	printf("NAME:\n   %s %s - %s\n\n", name, cmd->name, cmd->summary);
	help_print_command(cmd, "oci");
}

static bool asks_for_help(int argc, char **argv)
{
	return argc == 1 && (!strcmp(argv[0], "-h") || !strcmp(argv[0], "--help"));
}

static int dispatch(struct context *ctx, struct oci_globals *g, const char *name, int argc,
		    char **argv, struct error *err)
{
	const struct command *cmd;
	int r = options_parse(global_options, g, OPTIONS_PREFIX | OPTIONS_ONE_DASH, &argc, argv,
			      err);

	ctx->oci = g;
	if (r < 0)
		return r;
	if (g->version) {
		print_version(name);
		return 0;
	}
	if (g->help || argc == 0 || !strcmp(argv[0], "help")) {
		print_overview(name);
		return 0;
	}
	cmd = command_find(oci_commands, argv[0]);
	/* Before anything is opened, or said: it all begins anew. */
	if (cmd && (cmd->flags & COMMAND_BEYOND_REACH) && executable_protect(err) < 0)
		return -err->code;
	if (check_globals(g, err) < 0)
		return -EINVAL;
	log_enable_debug(g->debug);
	if (g->debug)
		log_to(log_debug_line, g);
	if (!cmd) {
		error_set(err, EINVAL, "unknown command '%s'", argv[0]);
		return error_hint(err,
				  "No help topic for '%s'; see '%s --help'; tare's own commands "
				  "need a name with 'tare' in it",
				  argv[0], name);
	}
	if (asks_for_help(argc - 1, argv + 1)) {
		print_help(name, cmd);
		return 0;
	}
	r = open_root(ctx, g, cmd, err);
	log_debug("%s, states in '%s'", cmd->name, ctx->runroot);
	return r < 0 ? r : dispatch_command(ctx, cmd, "oci", argc - 1, argv + 1, err);
}

/**
 * oci_main() - The whole of tare-oci
 * @program:	As it was called, maybe as runc
 * @argv:	Without the program's name, and room for a NULL
 *
 * Return: the exit code
 */
int oci_main(const char *program, int argc, char **argv)
{
	const char *slash = strrchr(program, '/');
	struct context ctx = { .store = { .root_fd = -1, .run_fd = -1 } };
	struct oci_globals globals = { 0 };
	struct error err = { 0 };
	int r = dispatch(&ctx, &globals, slash ? slash + 1 : program, argc, argv, &err);

	if (r < 0) {
		oci_report(&ctx, &err);
		r = OCI_EXIT_FAILED;
	}
	if (message_finish_output(&err) < 0) {
		oci_report(&ctx, &err);
		r = OCI_EXIT_FAILED;
	}
	log_to(NULL, NULL);
	cleanup_close(&ctx.store.run_fd);
	free((char *)(uintptr_t)ctx.runroot);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	(void)ctx;
	(void)err;
	return oci_main("tare-oci", argc, argv);
}

/* `tare oci`; its options are read by the dispatch above. */
const struct command cmd_oci = {
	.name = "oci",
	.args = "[OPTION...] COMMAND [ARG...]",
	.summary = "Speak the command line of an OCI runtime, as tare-oci does",
	.details = "What engines call: podman, CRI-O, containerd and Docker take the path of "
		   "tare-oci in place of runc's. 'tare oci help' lists the commands.",
	.max_args = COMMAND_ANY,
	.flags = COMMAND_PREFIX,
	.subcommands = oci_commands,
	.run = run,
};
