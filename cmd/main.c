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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/help.h"
#include "cmd/message.h"
#include "cmd/options.h"

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
	&cmd_kill,
	&cmd_wait,
	&cmd_rm,
	&cmd_inspect,
	&cmd_port,
	&cmd_load,
	&cmd_images,
	&cmd_rmi,
	&cmd_tag,
	&cmd_image,
	&cmd_stats,
	&cmd_top,
	&cmd_pause,
	&cmd_unpause,
	&cmd_info,
	&cmd_version,
	&cmd_completion,
	&cmd_help,
	NULL,
};
/* clang-format on */

struct global_options {
	const char *root, *runroot, *log_level, *log_format;
	bool version;
};

#define O(...) OPTION(struct global_options, __VA_ARGS__)

const struct option_def command_global_options[] = {
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

/** command_find() - The row of the command @name in @list; NULL if there is none */
const struct command *command_find(const struct command *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	return NULL;
}

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

static char *absolute(char *path)
{
	autofree char *owned = path, *cwd = NULL;

	if (*path == '/')
		return steal_ptr(&owned);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return steal_ptr(&owned);
	return xasprintf("%s/%s", cwd, path);
}

/*
 * Whoever can write to a store can become root through it; so a directory that
 * others prepared (in /tmp, say) is no store.
 */
static int open_store_dir(const char *path, struct error *err)
{
	autoclose int fd = -1;
	struct stat st;
	int r;

	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = file_make_dirs(path, 0700, err);
		if (r < 0)
			return r;
		fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_sys(err, errno, "open directory '%s'", path);
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "look at directory '%s'", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return error_set(err, EPERM, "directory '%s' belongs to, or is writable by, others",
				 path);
	return steal_fd(&fd);
}

static int open_stores(struct context *ctx, struct error *err)
{
	int fd;

	fd = open_store_dir(ctx->root, err);
	if (fd < 0)
		return fd;
	ctx->store.root_fd = fd;
	fd = open_store_dir(ctx->runroot, err);
	if (fd < 0)
		return fd;
	ctx->store.run_fd = fd;
	ctx->store.root = ctx->root;
	ctx->store.runroot = ctx->runroot;
	return 0;
}

static int check_operands(const struct command *cmd, int argc, struct error *err)
{
	if (argc >= cmd->min_args && (cmd->max_args == COMMAND_ANY || argc <= cmd->max_args))
		return 0;
	if (cmd->max_args == 0)
		return error_set(err, EINVAL, "'%s' takes no operands", cmd->name);
	if (argc < cmd->min_args)
		return error_set(err, EINVAL, "'%s' needs %s%d operand%s: %s", cmd->name,
				 cmd->max_args == cmd->min_args ? "" : "at least ", cmd->min_args,
				 cmd->min_args == 1 ? "" : "s", cmd->args);
	return error_set(err, EINVAL, "'%s' takes at most %d operand%s: %s", cmd->name,
			 cmd->max_args, cmd->max_args == 1 ? "" : "s", cmd->args);
}

static int check_flags(struct context *ctx, const struct command *cmd, struct error *err)
{
	if (geteuid() != 0 && (cmd->flags & COMMAND_ROOT)) {
		error_set(err, EPERM, "'%s' needs root", cmd->name);
		return error_hint(err, "run it with sudo");
	}
	/* An empty list, or an image that sudo does not find later, would only puzzle. */
	if (geteuid() != 0 && (cmd->flags & COMMAND_STORE) && !ctx->own_store &&
	    !(cmd->flags & COMMAND_ANYBODY)) {
		error_set(err, EPERM, "'%s' needs root, or a store of your own", cmd->name);
		return error_hint(err, "run it with sudo; TARE_ROOT or --root names a store");
	}
	return cmd->flags & COMMAND_STORE ? open_stores(ctx, err) : 0;
}

static int usage_error(const struct command *cmd, const char *group, struct error *err)
{
	if (!err->hint[0])
		error_hint(err, "see 'tare %s%s%s --help'", group ? group : "", group ? " " : "",
			   cmd->name);
	return -EINVAL;
}

/* @argv holds what follows the command's name. */
static int run_command(struct context *ctx, const struct command *cmd, const char *group, int argc,
		       char **argv, struct error *err)
{
	autofree void *values = xcalloc(1, cmd->options_size);
	int r;

	if (cmd->defaults)
		memcpy(values, cmd->defaults, cmd->options_size);
	ctx->command = cmd;
	ctx->options = values;
	r = options_parse(cmd->options, values, cmd->flags & COMMAND_PREFIX, &argc, argv, err);
	if (r == OPTIONS_HELP)
		help_print_command(cmd, group);
	else if (r < 0 || check_operands(cmd, argc, err) < 0)
		r = usage_error(cmd, group, err);
	else
		r = check_flags(ctx, cmd, err);
	if (r == 0)
		r = cmd->run(ctx, argc, argv, err);
	else if (r == OPTIONS_HELP)
		r = 0;
	options_done(cmd->options, values);
	return r;
}

/* What people type who know docker, and what there is instead. */
static const struct {
	const char *name, *instead;
} elsewhere[] = {
	{ "attach", "'tare logs -f' shows the output; 'tare exec -it' gives a shell" },
	{ "build", "buildah, podman or docker build images; 'tare load' takes what they save" },
	{ "commit", "buildah and podman make images; 'tare load' takes what they save" },
	{ "compose", "start each service with 'tare run -d'" },
	{ "container", "leave the word out: 'tare ps', 'tare rm', 'tare inspect'" },
	{ "cp", "pipe a tar through 'tare exec -i', or mount a directory with -v" },
	{ "events", "'tare wait' waits for the end of a container, 'tare ps' shows all" },
	{ "export", "pipe it out: 'tare exec NAME tar c -C / .'" },
	{ "history", "'tare image inspect' shows it" },
	{ "import", "'tare run --rootfs DIR' runs a directory; 'tare load' loads images" },
	{ "login", "tare has no network client; skopeo has: skopeo login" },
	{ "network", "there is one bridge, made when needed; see --network in 'tare run --help'" },
	{ "pull", "tare has no network client: skopeo copy docker://NAME oci-archive:FILE:NAME, "
		  "then 'tare load -i FILE'" },
	{ "push", "tare has no network client; skopeo copies images to registries" },
	{ "rename", "give the name when the container is made: --name" },
	{ "restart", "'tare stop' and then 'tare start'" },
	{ "save", "ROOT/images is an OCI layout, but without the layers' blobs: keep the archive" },
	{ "search", "tare has no network client; skopeo list-tags asks registries" },
	{ "system", "'tare info' shows this machine; what a crash left goes by itself" },
	{ "update", "limits are those of 'tare run'" },
	{ "volume", "'tare run -v NAME:/path' makes volumes; they are in ROOT/volumes" },
};

static int unknown_command(const char *group, const char *name, struct error *err)
{
	error_set(err, EINVAL, "unknown command '%s%s%s'", group ? group : "", group ? " " : "",
		  name);
	error_hint(err, "see 'tare%s%s --help'", group ? " " : "", group ? group : "");
	for (size_t i = 0; !group && i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		if (!strcmp(name, elsewhere[i].name))
			error_hint(err, "%s", elsewhere[i].instead);
	return -EINVAL;
}

static int run_group(struct context *ctx, const struct command *group, int argc, char **argv,
		     struct error *err)
{
	const struct command *cmd;

	if (argc == 0 || !strcmp(argv[0], "--help")) {
		help_print_command(group, NULL);
		return argc ? 0 : EXIT_TARE;
	}
	cmd = command_find(group->subcommands, argv[0]);
	if (!cmd)
		return unknown_command(group->name, argv[0], err);
	return run_command(ctx, cmd, group->name, argc - 1, argv + 1, err);
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

	r = options_parse(command_global_options, &globals, true, &argc, argv, err);
	if (r >= 0 && apply_globals(ctx, &globals, err) < 0)
		r = -EINVAL;
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
		return unknown_command(NULL, argv[0], err);
	if (cmd->subcommands)
		return run_group(ctx, cmd, argc - 1, argv + 1, err);
	return run_command(ctx, cmd, NULL, argc - 1, argv + 1, err);
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

static bool is_oci_name(const char *program)
{
	const char *slash = strrchr(program, '/');

	return !strcmp(slash ? slash + 1 : program, "tare-oci");
}

/* The link is installed for engines; answering them in the users' dialect would mislead them. */
static int refuse_oci(const struct context *ctx)
{
	struct error err;

	error_set(&err, ENOSYS, "tare-oci: this version does not speak the OCI runtime interface");
	error_hint(&err, "use 'tare', or another OCI runtime for this engine");
	message_error(ctx, &err);
	return 1; /* runc's code for an error of the runtime */
}

int main(int argc, char **argv)
{
	struct context ctx = { .store = { .root_fd = -1, .run_fd = -1 } };
	struct error err = { 0 };
	int r;

	open_standard_fds();
	if (argc > 0 && is_oci_name(argv[0]))
		return refuse_oci(&ctx);
	r = dispatch(&ctx, argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv, &err);
	if (r < 0)
		message_error(&ctx, &err);
	err = (struct error){ 0 };
	if (message_finish_output(&err) < 0) {
		message_error(&ctx, &err);
		r = EXIT_TARE;
	}
	if (ctx.store.root_fd >= 0)
		(void)close(ctx.store.root_fd);
	if (ctx.store.run_fd >= 0)
		(void)close(ctx.store.run_fd);
	free((char *)(uintptr_t)ctx.root);
	free((char *)(uintptr_t)ctx.runroot);
	return r < 0 ? EXIT_TARE : r;
}
