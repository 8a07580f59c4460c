// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/seccomp_notify.c - Handing the listener of a seccomp filter to its agent
 *
 * runtime-spec config-linux.md, "The Container Process State". The process that
 * installs the filter gets the listener; its parent, whom the filter does not
 * hold, connects to the agent and passes it on. From the filter on, what the
 * process says to its parent must not need a call that the agent has to allow
 * first: it says the number with write(2), for which SCMP_ACT_NOTIFY is refused
 * (seccomp.c), and the parent fetches the descriptor out of it.
 */
#include "runtime/seccomp_notify.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/rights.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/field.h"
#include "runtime/seccomp.h"

/**
 * seccomp_notify_parse() - Whom to give the listener
 * @n:		Zeroed; seccomp_notify_done() releases it, also after a failure
 * @seccomp:	linux.seccomp
 * @program:	What seccomp_from_profile() made of it; if it asks nobody, @n stays empty
 *
 * Return: 0 or -EBADMSG
 */
int seccomp_notify_parse(struct seccomp_notify *n, const struct json *seccomp,
			 const struct seccomp_program *program, struct error *err)
{
	if (field_word(seccomp, "linux.seccomp", "listenerPath", &n->path, err) < 0 ||
	    field_word(seccomp, "linux.seccomp", "listenerMetadata", &n->metadata, err) < 0)
		return -EBADMSG;
	if (n->metadata && !n->path)
		return error_set(err, EBADMSG,
				 "linux.seccomp.listenerMetadata: without a listenerPath");
	if (!(program->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)) {
		seccomp_notify_done(n); /* "If SCMP_ACT_NOTIFY is not used this is ignored." */
		return 0;
	}
	if (!n->path)
		return error_set(err, EBADMSG,
				 "linux.seccomp.listenerPath: missing, and SCMP_ACT_NOTIFY needs "
				 "it");
	if (strlen(n->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return error_set(err, EBADMSG,
				 "linux.seccomp.listenerPath: too long for a socket address");
	return 0;
}

/** seccomp_notify_done() - Release what @n holds */
void seccomp_notify_done(struct seccomp_notify *n)
{
	free(n->path);
	free(n->metadata);
	*n = (struct seccomp_notify){ 0 };
}

/**
 * seccomp_notify_fetch() - Take a descriptor out of another process
 * @pidfd:	The process that installed the filter
 * @fd:		The listener's number there
 *
 * Return: a descriptor of ours (caller closes it), or -errno
 */
int seccomp_notify_fetch(int pidfd, int fd, struct error *err)
{
	int ours = sys_pidfd_getfd(pidfd, fd);

	return ours < 0 ? error_sys(err, errno, "fetch the seccomp listener") : ours;
}

/**
 * seccomp_notify_document() - The container process state as JSON; the caller frees it
 * @pid:	Of the process that installed the filter, as we see it
 * @state:	The container's state, as on a hook's stdin
 */
char *seccomp_notify_document(const struct seccomp_notify *n, pid_t pid, const struct json *state)
{
	autojson struct json *map = json_new_map();
	struct json *fds = json_new_list();

	json_add_text(fds, "seccompFd");
	json_set_text(map, "ociVersion", json_text_or(json_get(state, "ociVersion"), ""));
	json_set(map, "fds", fds);
	json_set_int(map, "pid", pid);
	if (n->metadata)
		json_set_text(map, "metadata", n->metadata);
	json_set(map, "state", json_clone(state));
	return json_print(map);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int fd = -1;

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return steal_fd(&fd);
}

/* The descriptor goes with the first piece, as the specification wants. */
static int send_all(int fd, const char *text, int pass_fd)
{
	size_t left = strlen(text);

	for (size_t n_fds = 1; left; n_fds = 0) {
		ssize_t n = rights_send(fd, text, left, &pass_fd, n_fds);

		if (n < 0)
			return (int)n;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/**
 * seccomp_notify_send() - Give a listener to the agent
 * @listener_fd:	Stays the caller's, who closes it: the agent's copy is the one that counts
 * @pid:		As seccomp_notify_document()
 * @state:		Likewise
 *
 * One connection, one message.
 *
 * Return: 0 or -errno
 */
int seccomp_notify_send(const struct seccomp_notify *n, int listener_fd, pid_t pid,
			const struct json *state, struct error *err)
{
	autofree char *text = seccomp_notify_document(n, pid, state);
	autoclose int fd = -1;
	int r;

	fd = connect_to(n->path);
	if (fd < 0)
		return error_sys(
			err, -fd,
			"linux.seccomp.listenerPath: failed to connect with seccomp agent '%s'",
			n->path);
	r = send_all(fd, text, listener_fd);
	return r < 0 ? error_sys(err, -r, "linux.seccomp.listenerPath: send to '%s'", n->path) : 0;
}
