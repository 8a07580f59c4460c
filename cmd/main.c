// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/main.c - From the command line to the command
 *
 * Theory of operation:
 *   1. global options, up to the name of the command
 *   2. the command's own options, into a copy of its defaults
 *   3. number of operands, privileges, stores: what the row's flags ask for
 *   4. run(); its error is printed here, and so is a failing stdout
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "cmd/command.h"
#include "cmd/dispatch.h"
#include "cmd/habit.h"
#include "cmd/help.h"
#include "cmd/message.h"
#include "cmd/oci/oci.h"
#include "cmd/options.h"
#include "cmd/self.h"
#include "image/self.h"

/* In the order of the help. Add your own once its file is there. */
/* clang-format off */
const struct command *const command_list[] = {
	&cmd_run,
	&cmd_create,
	&cmd_start,
	&cmd_exec,
	&cmd_ps,
	&cmd_logs,
	&cmd_stop,
	&cmd_restart,
	&cmd_kill,
	&cmd_wait,
	&cmd_rm,
	&cmd_rename,
	&cmd_update,
	&cmd_inspect,
	&cmd_port,
	&cmd_cp,
	&cmd_diff,
	&cmd_export,
	&cmd_commit,
	&cmd_load,
	&cmd_import,
	&cmd_save,
	&cmd_images,
	&cmd_rmi,
	&cmd_tag,
	&cmd_history,
	&cmd_pack,
	&cmd_show,
	&cmd_verify,
	&cmd_image,
	&cmd_container,
	&cmd_volume,
	&cmd_slice,
	&cmd_stats,
	&cmd_report,
	&cmd_fit,
	&cmd_cpus,
	&cmd_top,
	&cmd_pause,
	&cmd_unpause,
	&cmd_info,
	&cmd_doctor,
	&cmd_system,
	&cmd_oci,
	&cmd_version,
	&cmd_completion,
	&cmd_help,
	NULL,
};
/* clang-format on */

struct global_options {
	const char *root, *runroot, *log_level, *log_format;
	struct strlist additional;
	bool version;
};

#define O(...) OPTION(struct global_options, __VA_ARGS__)

const struct option_def command_global_options[] = {
	O(0, "additional-store", "DIR", OPTION_LIST, additional,
	  "Look for images in the ROOT of another tare, too (env TARE_ADDITIONAL_STORES: A:B)"),
	O(0, "root", "DIR", OPTION_TEXT, root,
	  "Images and containers (default /var/lib/tare; env TARE_ROOT)"),
	O(0, "runroot", "DIR", OPTION_TEXT, runroot,
	  "Volatile state (default /run/tare; env TARE_RUNROOT)"),
	O(0, "log-level", "LEVEL", OPTION_TEXT, log_level,
	  "debug, info, warn or error (default error)"),
	O(0, "log-format", "FORMAT", OPTION_TEXT, log_format,
	  "Messages as text or json (default text)"),
	O('v', "version", NULL, OPTION_BOOL, version, "Print the version"),
	{ 0 },
};

/* ROOT or RUNROOT: the flag, the environment, the user's directory, the system's. */
static char *choose_dir(const char *flag, const char *env, const char *xdg,
			const char *xdg_fallback, const char *system)
{
	const char *dir = flag ? flag : getenv(env), *home = getenv("HOME");

	if (dir && *dir)
		return xstrdup(dir);
	if (geteuid() == 0)
		return xstrdup(system);
	dir = getenv(xdg);
	if (dir && *dir == '/')
		return xasprintf("%s/tare", dir);
	if (xdg_fallback && home && *home == '/')
		return xasprintf("%s/%s/tare", home, xdg_fallback);
	return xasprintf("/tmp/tare-%u", (unsigned int)geteuid());
}

/* Where the working directory is gone, only what is not relative to it can be found. */
static char *absolute(char *path)
{
	autofree char *owned = path, *absolute = path_absolute(path);

	return absolute ? steal_ptr(&absolute) : steal_ptr(&owned);
}

static int run_group(struct context *ctx, const struct command *group, int argc, char **argv,
		     struct error *err)
{
	const struct command *cmd;

	if (argc == 0 || !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
		help_print_command(group, NULL);
		return argc ? 0 : EXIT_TARE;
	}
	cmd = command_find(group->subcommands, habit_name(group->name, argv[0]));
	if (!cmd)
		return habit_unknown_command(group->name, argv[0], err);
	return dispatch_command(ctx, cmd, group->name, argc - 1, argv + 1, err);
}

/* Those of the command line first; both in their order. */
static void add_stores(struct context *ctx, const struct strlist *dirs)
{
	autostrlist struct strlist named = { 0 };
	const char *env = getenv("TARE_ADDITIONAL_STORES");

	strlist_copy(&named, dirs);
	if (env && *env)
		strlist_split(&named, env, ':');
	for (size_t i = 0; i < named.n; i++)
		if (*named.items[i])
			strlist_take(&ctx->additional, absolute(xstrdup(named.items[i])));
}

static int apply_globals(struct context *ctx, const struct global_options *g, struct error *err)
{
	static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
	const char *level = g->log_level ? g->log_level : "error";
	size_t i;

	for (i = 0; levels[i] && strcmp(levels[i], level) != 0; i++)
		;
	if (!levels[i])
		return error_set(err, EINVAL,
				 "--log-level '%s' is none of debug, info, warn, error", level);
	log_enable_debug(i == 0);
	if (g->log_format && strcmp(g->log_format, "json") != 0 &&
	    strcmp(g->log_format, "text") != 0)
		return error_set(err, EINVAL, "--log-format '%s' is neither text nor json",
				 g->log_format);
	ctx->log_json = g->log_format && !strcmp(g->log_format, "json");
	add_stores(ctx, &g->additional);
	ctx->own_store = g->root || getenv("TARE_ROOT");
	ctx->root = absolute(
		choose_dir(g->root, "TARE_ROOT", "XDG_DATA_HOME", ".local/share", "/var/lib/tare"));
	ctx->runroot = absolute(
		choose_dir(g->runroot, "TARE_RUNROOT", "XDG_RUNTIME_DIR", NULL, "/run/tare"));
	return 0;
}

static int dispatch(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct global_options globals = { 0 };
	const struct command *cmd;
	int r;

	r = options_parse(command_global_options, &globals, OPTIONS_PREFIX, &argc, argv, err);
	if (r >= 0 && apply_globals(ctx, &globals, err) < 0)
		r = -EINVAL;
	options_done(command_global_options, &globals);
	if (r < 0) {
		error_hint(err, "see 'tare --help'");
		return r;
	}
	if (globals.version) {
		printf("tare version %s\n", TARE_VERSION);
		return 0;
	}
	if (r == OPTIONS_HELP || argc == 0) {
		help_print_overview();
		return r == OPTIONS_HELP ? 0 : EXIT_TARE;
	}
	cmd = command_find(command_list, argv[0]);
	if (!cmd)
		return habit_unknown_command(NULL, argv[0], err);
	/* Its own options come first; only the help is a group's like any other. */
	if (cmd == &cmd_oci && (argc < 2 || strcmp(argv[1], "--help")))
		return oci_main("tare-oci", argc - 1, argv + 1);
	if (cmd->subcommands)
		return run_group(ctx, cmd, argc - 1, argv + 1, err);
	return dispatch_command(ctx, cmd, NULL, argc - 1, argv + 1, err);
}

/* A self-starting file: an archive follows this program. */
static int dispatch_packed(struct context *ctx, int argc, char **argv, struct error *err)
{
	static struct strlist words; /* options are borrowed from it until the end */
	const char *name = argc > 0 ? argv[0] : "app.run";

	argv += argc > 0;
	argc -= argc > 0;
	if (self_wants_help(argc, argv))
		return self_print_help(ctx, name, err);
	self_translate(argc, argv, &words);
	return dispatch(ctx, (int)words.n, words.items, err);
}

/*
 * A descriptor 0, 1 or 2 that is closed would be given to the next file that is
 * opened, and messages would then be written into that. Opened the wrong way
 * round, its use fails as it should.
 */
static void open_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!openat(AT_FDCWD, "/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	struct context ctx = { .store = { .root_fd = -1, .run_fd = -1 } };
	struct error err = { 0 };
	int r;

	open_standard_fds();
	(void)sys_sigaction_default(SIGCHLD); /* where it is ignored, nobody can be waited for */
	(void)signal(SIGXFSZ, SIG_IGN);	      /* "ulimit -f": EFBIG, which is met and told */
	if (self_is_packed())
		r = dispatch_packed(&ctx, argc, argv, &err);
	else if (argc > 0 && oci_is_name(argv[0]))
		return oci_main(argv[0], argc - 1, argv + 1);
	else
		r = dispatch(&ctx, argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv, &err);
	if (r >= 0 && message_finish_output(&err) < 0)
		r = -err.code;
	if (r < 0)
		message_error(&ctx, &err);
	cleanup_close(&ctx.store.root_fd);
	cleanup_close(&ctx.store.run_fd);
	strlist_done(&ctx.additional);
	free((char *)(uintptr_t)ctx.root);
	free((char *)(uintptr_t)ctx.runroot);
	return r < 0 ? EXIT_TARE : r;
}
