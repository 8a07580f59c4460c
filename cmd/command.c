// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/command.c - What commands have in common: their table, the stores, operands or --all
 */
#include "cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

/** command_find() - The row of the command @name in @list; NULL if there is none */
const struct command *command_find(const struct command *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	return NULL;
}

/**
 * command_open_dir() - Open a directory for state, making it if it is missing
 *
 * Whoever can write to a store can become root through it; so a directory that
 * others prepared (in /tmp, say) is no store.
 *
 * Return: an fd that the caller closes, or -errno
 */
int command_open_dir(const char *path, struct error *err)
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
	if (fd < 0) {
		error_sys(err, errno, "open directory '%s'", path);
		if (err->code == ENOENT)
			error_hint(err, "it is a link to what is not there: is the disk mounted?");
		return -err->code;
	}
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "look at directory '%s'", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022)) {
		error_set(err, EPERM, "directory '%s' belongs to, or is writable by, others", path);
		return error_hint(err,
				  "if nobody else has been at it: chown %u '%s' && chmod 0700 '%s'",
				  (unsigned int)geteuid(), path, path);
	}
	return steal_fd(&fd);
}

/** command_open_stores() - Open ROOT and RUNROOT, as COMMAND_STORE does; 0 or -errno */
int command_open_stores(struct context *ctx, struct error *err)
{
	int fd;

	fd = command_open_dir(ctx->root, err);
	if (fd < 0)
		return fd;
	ctx->store.root_fd = fd;
	fd = command_open_dir(ctx->runroot, err);
	if (fd < 0)
		return fd;
	ctx->store.run_fd = fd;
	ctx->store.root = ctx->root;
	ctx->store.runroot = ctx->runroot;
	return 0;
}

/** command_exit_code() - Of what has ended so, as shells have it: 128+n for signal n */
int command_exit_code(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/** command_code_of_exec() - When execve() has failed: 127 or 126 */
int command_code_of_exec(const struct error *err)
{
	return err->code == ENOENT || err->code == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE;
}

/** command_worst_code() - Of a command on several names: that of the worst, 0 or -errno each */
int command_worst_code(int result, int so_far)
{
	int code = result == -ENOENT  ? EXIT_ABSENT
		   : result == -EBUSY ? EXIT_IN_USE
		   : result < 0	      ? EXIT_TARE
				      : 0;

	return code > so_far ? code : so_far;
}

/** command_check_all() - Of commands with --all: that or operands, for "rm -a web" is a mistake */
int command_check_all(const struct context *ctx, bool all, int argc, struct error *err)
{
	const struct command *cmd = ctx->command;

	if (all && argc)
		return error_set(err, EINVAL, "'%s --all' takes no operands", cmd->name);
	if (!all && !argc)
		return error_set(err, EINVAL, "'%s' needs at least 1 operand, or --all: %s",
				 cmd->name, cmd->args);
	return 0;
}
