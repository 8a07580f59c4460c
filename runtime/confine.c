// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/confine.c - Giving up rights, and the exec that ends it
 *
 * The order is fixed, because each step gives up something the next ones do
 * not need: bounding set, groups, ids, capabilities, no_new_privs, seccomp. Only when the user
 * wants privileges to be gainable does seccomp come before the capabilities: without no_new_privs
 * it takes CAP_SYS_ADMIN.
 */
#include "runtime/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/user.h"

#define UID_NOBODY 65534 /* user_namespaces(7): what has no id here */

/**
 * confine_reset_signals() - Default dispositions and an empty mask, whatever the caller had
 *
 * A caller that ignores SIGCHLD or SIGPIPE must not break programs inside.
 */
int confine_reset_signals(struct error *err)
{
	sigset_t none;

	for (int sig = 1; sig < 65; sig++)
		(void)sys_sigaction_default(sig); /* KILL and STOP refuse */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return error_sys(err, errno, "reset the signal mask");
	return 0;
}

static bool has_variable(const struct strlist *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->items[i], name, n) && env->items[i][n] == '=')
			return true;
	return false;
}

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/*
 * A stream that is the host's /dev/null becomes the container's own: its root could change owner
 * and mode of the host's through the descriptor. The container may have put something else there.
 */
static int replace_null(int stream, int rootfd, struct error *err)
{
	autoclose int fd = path_open_in_root(rootfd, "dev/null", O_RDWR | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return error_sys(err, -fd, "open '/dev/null' of the container");
	if (fstat(fd, &st) < 0 || !is_null(&st))
		return error_set(err, EINVAL,
				 "'/dev/null' of the container is not the null device");
	if (fcntl(fd, F_SETFL, 0) < 0 || dup2(fd, stream) < 0)
		return error_sys(err, errno, "connect standard stream %d", stream);
	return 0;
}

/* The streams were made by the host's root: give them to who will reopen /dev/stdout. */
static int own_streams(const struct user *u, int rootfd, struct error *err)
{
	struct stat st;
	int r = 0;

	for (int fd = 0; fd < 3 && r == 0; fd++) {
		if (fstat(fd, &st) < 0)
			continue;
		/* What is nobody's in the user namespace, nobody there can change. */
		if (is_null(&st) && st.st_uid != UID_NOBODY)
			r = replace_null(fd, rootfd, err);
		else if (S_ISFIFO(st.st_mode) || isatty(fd))
			(void)fchown(fd, u->uid, (gid_t)-1); /* else they just cannot be reopened */
	}
	return r;
}

static int become(const struct user *u, const struct config_process *p, struct error *err)
{
	bool keep = u->uid && (p->numeric ? p->capabilities.permitted | p->capabilities.inheritable
					  : p->capabilities.ambient);
	const gid_t *groups = p->numeric ? p->groups : u->groups;
	int r;

	if (!p->keep_groups && sys_setgroups(p->numeric ? p->n_groups : u->n_groups, groups) < 0 &&
	    !(p->numeric && !p->n_groups && errno == EPERM)) /* setgroups denied in the namespace */
		return error_sys(err, errno, "set the supplementary groups");
	if (sys_setresgid(u->gid) < 0)
		return error_sys(err, errno, "become group %u", u->gid);
	r = keep ? capability_keep_over_setuid() : 0;
	if (r < 0)
		return error_sys(err, -r, "keep capabilities");
	if (sys_setresuid(u->uid) < 0)
		return error_sys(err, errno, "become user %u", u->uid);
	return 0;
}

/**
 * confine_filter() - Load the system call filter
 *
 * Return: 0; the listener's fd if there is one to ask a supervisor; or -errno
 */
int confine_filter(const struct config_process *p, struct error *err)
{
	int r = p->seccomp.n ? seccomp_apply(&p->seccomp) : 0;

	return r < 0 ? error_sys(err, -r, "load the seccomp filter") : r;
}

static int set_capabilities(const struct user *u, const struct config_process *p, struct error *err)
{
	struct capability_sets sets = p->capabilities;
	int r;

	/* As execve would have it for a user who is not root. */
	if (u->uid && !sets.ambient && !p->numeric)
		sets.effective = sets.permitted = sets.inheritable = 0;
	r = capability_set(&sets);
	return r < 0 ? error_sys(err, -r, "set capabilities") : 0;
}

static int find_user(const struct config_process *p, int rootfd, struct user *user,
		     struct error *err)
{
	static const struct strlist none = { 0 };
	autofree char *spec = NULL;
	struct error ignored;

	if (!p->numeric)
		return user_resolve(rootfd, p->user, &p->add_groups, user, err);
	/* Only the home directory is wanted; a root without /etc/passwd has none. */
	spec = xasprintf("%u", p->uid);
	if (!p->home_from_passwd || user_resolve(rootfd, spec, &none, user, &ignored) < 0)
		*user = (struct user){ .home = "/" };
	user->uid = p->uid;
	user->gid = p->gid;
	return 0;
}

/**
 * confine_process() - Become the container's user with the container's rights
 * @rootfd:	The container's root, which is also "/" by now
 * @env:	Gets HOME, if it is to come from /etc/passwd and is not there
 *
 * With full capabilities over the container's user namespace when it begins.
 * The filter comes last, by confine_filter(), where no_new_privs allows that;
 * else, as only CAP_SYS_ADMIN may load it then, here.
 *
 * Return: 0; the filter's listener (above 0) if it has one and was loaded; or -errno
 */
int confine_process(const struct config_process *p, int rootfd, struct strlist *env,
		    struct error *err)
{
	struct user user;
	int listener = 0, r;

	r = find_user(p, rootfd, &user, err);
	if (r < 0)
		return r;
	if (p->home_from_passwd && !has_variable(env, "HOME"))
		strlist_take(env, xasprintf("HOME=%s", user.home));
	r = own_streams(&user, rootfd, err);
	if (r == 0)
		r = attributes_apply_inside(&p->attributes, err);
	if (r < 0)
		return r;
	r = capability_drop_bounding(p->capabilities.bounding);
	if (r < 0)
		return error_sys(err, -r, "limit the capabilities");
	if (!p->no_new_privs)
		r = listener = confine_filter(p, err);
	if (r >= 0)
		r = become(&user, p, err);
	if (r == 0)
		r = set_capabilities(&user, p, err);
	if (r < 0)
		return r;
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, errno, "set no_new_privs");
	return listener;
}

/**
 * confine_chdir() - Enter the working directory, which must be inside the root
 * @make:	Make it when it is missing
 */
int confine_chdir(const char *cwd, int rootfd, bool make, struct error *err)
{
	autoclose int fd = -1;
	char where[4096];

	fd = path_open_in_root(rootfd, cwd, O_PATH | O_DIRECTORY, 0);
	if (fd == -ENOENT && make)
		fd = path_make_dirs_in_root(rootfd, cwd, 0755, 0, 0);
	if (fd < 0)
		return error_sys(err, -fd, "enter the working directory '%s'", cwd);
	if (fchdir(fd) < 0)
		return error_sys(err, errno, "enter the working directory '%s'", cwd);
	/* A descriptor of the host's tree would show as "(unreachable)" (runc CVE-2024-21626). */
	if (!getcwd(where, sizeof(where)) || where[0] != '/')
		return error_set(err, EPERM, "working directory '%s' is outside the container",
				 cwd);
	return 0;
}

static const char *path_variable(char *const *env)
{
	for (; *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			return *env + 5;
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* One name after the other along PATH; false at its end. */
static bool next_candidate(const char **path, const char *name, char *full, size_t size)
{
	size_t n;

	do {
		if (!*path)
			return false;
		n = strcspn(*path, ":");
		(void)snprintf(full, size, "%.*s%s%s", (int)n, *path, n ? "/" : "", name);
		*path = (*path)[n] ? *path + n + 1 : NULL;
	} while (strlen(full) + 1 >= size);
	return true;
}

/* execve() along PATH; the most telling errno wins, as in execvp(3). */
static int exec_by_path(const char *name, char *const *argv, char *const *env)
{
	const char *path = path_variable(env);
	int told = ENOENT;
	char full[CONFINE_PROGRAM_MAX];

	while (*name && next_candidate(&path, name, full, sizeof(full))) {
		(void)execve(full, argv, env);
		if (errno == EACCES)
			told = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -errno;
	}
	return -told;
}

static int check_program(const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* In Go's words: docker's command line looks for them as they are, small letters and all. */
static int not_found(const char *name, int r, struct error *err)
{
	if (r == -EACCES)
		return error_set(err, EACCES, "exec '%s': permission denied", name);
	if (r == -ENOENT)
		return error_set(err, ENOENT, "exec '%s': no such file or directory", name);
	return error_sys(err, -r, "exec '%s'", name);
}

/**
 * confine_find_program() - Find the program along PATH, before the start is asked for
 * @full:	Gets its path
 *
 * In the words that engines look for: podman and docker turn them into the
 * exit codes 126 and 127.
 *
 * Return: 0, -ENOENT, -EACCES or another -errno
 */
int confine_find_program(const struct config_process *p, char *const *env,
			 char full[CONFINE_PROGRAM_MAX], struct error *err)
{
	const char *name = p->args.items[0], *path = path_variable(env);
	int told = -ENOENT, r;

	if (strchr(name, '/')) {
		r = check_program(name);
		(void)snprintf(full, CONFINE_PROGRAM_MAX, "%s", name);
		return r < 0 ? not_found(name, r, err) : 0;
	}
	while (*name && next_candidate(&path, name, full, CONFINE_PROGRAM_MAX)) {
		r = check_program(full);
		if (r == 0)
			return 0;
		if (r == -EACCES)
			told = r;
	}
	if (told == -EACCES)
		return not_found(name, told, err);
	return error_set(err, ENOENT, "exec '%s': executable file not found in $PATH", name);
}

/**
 * confine_exec() - Become the container's program
 * @found:	Where confine_find_program() saw it, to be tried first; or "". Each
 *		execve() that fails costs ten times the look.
 *
 * All descriptors above 2 close, also those that the caller's caller left open.
 *
 * Return: only on failure: -errno (-ENOENT, -ENOTDIR: not found; else not runnable)
 */
int confine_exec(const struct config_process *p, char *const *env, const char *found,
		 struct error *err)
{
	char **argv = p->args.items;
	int r;

	if (sys_close_range(3 + p->preserve_fds, ~0U, SYS_CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, errno, "close inherited descriptors");
	if (*found)
		(void)execve(found, argv, env);
	if (strchr(argv[0], '/')) {
		(void)execve(argv[0], argv, env);
		r = -errno;
	} else {
		r = exec_by_path(argv[0], argv, env);
	}
	if (r == -ENOENT && !strchr(argv[0], '/') && p->numeric) /* words that engines look for */
		return error_set(err, ENOENT, "exec '%s': executable file not found in $PATH",
				 argv[0]);
	if (r == -ENOENT && !strchr(argv[0], '/'))
		return error_set(err, ENOENT, "command '%s' not found in $PATH of the container",
				 argv[0]);
	if (r == -ENOENT && p->numeric) /* its interpreter; as runc has it */
		return error_set(err, ENOENT, "exec %s: no such file or directory", argv[0]);
	return error_sys(err, -r, "run '%s' in the container", argv[0]);
}
