// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/state.c - Containers of the OCI dialect on disk
 */
#include "runtime/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/process.h"

#define ID_MAX_BYTES	1024
#define STATE_MAX_BYTES JSON_MAX_BYTES
#define SOCKET_NAME	"start"
#define CGROUP_NAME	"cgroup" /* a link to where it is to be */

/** state_done() - Release what the struct holds */
void state_done(struct state *s)
{
	free(s->id);
	free(s->bundle);
	free(s->rootfs);
	free(s->oci_version);
	free(s->cgroup);
	free(s->cgroups_path);
	json_free(s->annotations);
	*s = (struct state){ 0 };
}

/** state_id_is_valid() - Letters, digits, "_", "+", "-" and "."; as runc has it */
bool state_id_is_valid(const char *id)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t len = strlen(id);

	return len > 0 && len <= ID_MAX_BYTES && strspn(id, allowed) == len && strcmp(id, ".") &&
	       strcmp(id, "..");
}

static int open_locked(int root_fd, const char *id, bool lock, struct error *err)
{
	autoclose int fd = -1;
	struct stat here, there;

	for (;;) {
		fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			return error_set(err, ENOENT, "container '%s' does not exist", id);
		if (fd < 0)
			return error_sys(err, errno, "open the state of container '%s'", id);
		if (!lock)
			return steal_fd(&fd);
		if (file_lock(fd, LOCK_EX) < 0)
			return error_sys(err, errno, "lock container '%s'", id);
		/* While we waited it may have been removed, and made anew. */
		if (fstat(fd, &here) == 0 &&
		    fstatat(root_fd, id, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    here.st_ino == there.st_ino)
			return steal_fd(&fd);
		(void)close(fd);
		fd = -1;
	}
}

/**
 * state_create() - Take an ID
 *
 * Return: the container's directory, locked, for the caller to close; -EEXIST; or -errno
 */
int state_create(int root_fd, const char *id, struct error *err)
{
	if (!state_id_is_valid(id))
		return error_set(err, EINVAL, "invalid container id '%s'", id);
	if (mkdirat(root_fd, id, 0711) < 0) {
		if (errno == EEXIST)
			return error_set(err, EEXIST, "container with id '%s' already exists", id);
		return error_sys(err, errno, "make the state of container '%s'", id);
	}
	return open_locked(root_fd, id, true, err);
}

/**
 * state_open() - The directory of a container
 * @lock:	Wait until no other command works on it, and keep others out until it is closed
 *
 * Return: an fd that the caller closes; -ENOENT ("does not exist"); or -errno
 */
int state_open(int root_fd, const char *id, bool lock, struct error *err)
{
	if (!state_id_is_valid(id))
		return error_set(err, EINVAL, "invalid container id '%s'", id);
	return open_locked(root_fd, id, lock, err);
}

/** state_write() - Write state.json */
int state_write(int dirfd, const struct state *s, struct error *err)
{
	autojson struct json *v = json_new_map();
	autofree char *text = NULL;

	json_set_text(v, "ociVersion", s->oci_version);
	json_set_text(v, "id", s->id);
	json_set_int(v, "pid", s->pid);
	json_set(v, "pidStart", json_new_int((int64_t)s->pid_start));
	json_set_text(v, "bundle", s->bundle);
	json_set_text(v, "rootfs", s->rootfs);
	json_set_text(v, "cgroup", s->cgroup);
	json_set_text(v, "cgroupsPath", s->cgroups_path);
	json_set_bool(v, "userManager", s->user_manager);
	json_set_int(v, "created", s->created_ns);
	json_set_int(v, "owner", s->owner);
	json_set_bool(v, "complete", s->is_complete);
	json_set_bool(v, "errands", s->has_errands);
	if (s->annotations)
		json_set(v, "annotations", json_clone(s->annotations));
	text = json_print(v);
	return file_replace_at(dirfd, "state.json", text, strlen(text), 0600, 0, err);
}

/** state_read() - Read state.json into a zeroed struct, which state_done() releases */
int state_read(int dirfd, struct state *s, struct error *err)
{
	autojson struct json *v = json_read_at(dirfd, "state.json", STATE_MAX_BYTES, err);

	if (!v)
		return error_wrap(err, "read the container's state");
	str_replace(&s->oci_version, json_text_or(json_get(v, "ociVersion"), ""));
	str_replace(&s->id, json_text_or(json_get(v, "id"), ""));
	str_replace(&s->bundle, json_text_or(json_get(v, "bundle"), ""));
	str_replace(&s->rootfs, json_text_or(json_get(v, "rootfs"), ""));
	str_replace(&s->cgroup, json_text_or(json_get(v, "cgroup"), ""));
	str_replace(&s->cgroups_path, json_text_or(json_get(v, "cgroupsPath"), ""));
	s->user_manager = json_is_true(json_get(v, "userManager"));
	s->pid = (pid_t)json_int(json_get(v, "pid"), 0);
	s->pid_start = json_u64(json_get(v, "pidStart"), 0);
	s->created_ns = json_int(json_get(v, "created"), 0);
	s->owner = (uid_t)json_int(json_get(v, "owner"), 0);
	s->is_complete = json_is_true(json_get(v, "complete"));
	/* Written by a version that did not say: look. */
	s->has_errands = !json_get(v, "errands") || json_is_true(json_get(v, "errands"));
	json_free(s->annotations);
	s->annotations = json_count(json_get(v, "annotations"))
				 ? json_clone(json_get(v, "annotations"))
				 : NULL;
	return 0;
}

/**
 * state_note_cgroup() - Before it is made, and so before there is a state.json to name it
 *
 * Whoever finds the rest of a crash in between has to know where to look.
 */
int state_note_cgroup(int dirfd, const char *path, struct error *err)
{
	return symlinkat(path, dirfd, CGROUP_NAME) < 0 ? error_sys(err, errno, "note the cgroup")
						       : 0;
}

/** state_noted_cgroup() - What state_note_cgroup() got, to be freed; NULL: nothing */
char *state_noted_cgroup(int dirfd)
{
	char path[PATH_MAX];
	ssize_t len = readlinkat(dirfd, CGROUP_NAME, path, sizeof(path));

	return len > 0 && (size_t)len < sizeof(path) ? xstrndup(path, (size_t)len) : NULL;
}

/* What is there as a rule: no need to read the directory. */
static bool remove_files(int root_fd, const char *id)
{
	static const char *const names[] = { "state.json", "config.json", CGROUP_NAME };
	autoclose int dirfd = openat(root_fd, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; dirfd >= 0 && i < sizeof(names) / sizeof(*names); i++)
		(void)unlinkat(dirfd, names[i], 0);
	return unlinkat(root_fd, id, AT_REMOVEDIR) == 0;
}

/** state_remove() - Remove a container's directory, whose lock the caller holds */
int state_remove(int root_fd, const char *id, struct error *err)
{
	int r = remove_files(root_fd, id) ? 0 : file_remove_tree_at(root_fd, id);

	return r < 0 && r != -ENOENT ? error_sys(err, -r, "remove the state of container '%s'", id)
				     : 0;
}

/* ---- the start ---------------------------------------------------------- */

/* By descriptor: a socket's path may have no more than 107 bytes. */
static void socket_address(int dirfd, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dirfd,
		 SOCKET_NAME);
}

/** state_listen() - The socket that a container waits on for its start; an fd or -errno */
int state_listen(int dirfd, struct error *err)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	socket_address(dirfd, &address);
	/* Its name gets the mode, whatever the umask: who may write to it may start the container. */
	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
		return error_sys(err, errno, "make the socket for the container's start");
	return steal_fd(&fd);
}

/* @flags: SOCK_NONBLOCK, or 0 to wait for a place in the queue; an fd or -errno */
static int reach(int dirfd, int flags)
{
	autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	struct sockaddr_un address;

	socket_address(dirfd, &address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return steal_fd(&fd);
}

/**
 * state_connect() - Reach a container that waits for its start
 *
 * Return: an fd; -ENOENT or -ECONNREFUSED if it waits no longer; or -errno
 */
int state_connect(int dirfd, struct error *err)
{
	int fd = reach(dirfd, 0);

	return fd < 0 ? error_sys(err, -fd, "reach the container's first process") : fd;
}

/** state_forget_socket() - It has been started: looks at its status need not try the socket */
void state_forget_socket(int dirfd)
{
	(void)unlinkat(dirfd, SOCKET_NAME, 0); /* left behind, nobody listens on it */
}

/* One that is paused takes no connection off its queue, which earlier looks may have filled. */
static bool waits_for_start(int dirfd)
{
	struct stat st;
	int fd;

	if (fstatat(dirfd, SOCKET_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	fd = reach(dirfd, SOCK_NONBLOCK);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0 || fd == -EAGAIN;
}

/** state_find_status() - How a container is right now; STATE_PAUSED is the caller's to find */
enum state_status state_find_status(int dirfd, const struct state *s)
{
	if (!s->is_complete) /* being made, or create was killed, and its child with it */
		return !s->pid || process_is_alive(s->pid, s->pid_start) ? STATE_CREATING
									 : STATE_STOPPED;
	if (!process_is_alive(s->pid, s->pid_start))
		return STATE_STOPPED;
	return waits_for_start(dirfd) ? STATE_CREATED : STATE_RUNNING;
}

/** state_status_name() - As in the state document; runtime.md, "State" */
const char *state_status_name(enum state_status status)
{
	static const char *const names[] = {
		[STATE_CREATING] = "creating", [STATE_CREATED] = "created",
		[STATE_RUNNING] = "running",   [STATE_STOPPED] = "stopped",
		[STATE_PAUSED] = "paused",
	};

	return names[status];
}

/** state_document() - The state as hooks and seccomp agents get it; the caller frees it */
struct json *state_document(const struct state *s, enum state_status status)
{
	struct json *v = json_new_map();

	json_set_text(v, "ociVersion", s->oci_version);
	json_set_text(v, "id", s->id);
	json_set_int(v, "pid", status == STATE_STOPPED ? 0 : s->pid);
	json_set_text(v, "status", state_status_name(status));
	json_set_text(v, "bundle", s->bundle);
	if (s->annotations)
		json_set(v, "annotations", json_clone(s->annotations));
	return v;
}
