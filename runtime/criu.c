// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/criu.c - CRIU, the program that writes a container down and makes it again
 *
 * Theory of operation:
 * `criu swrk FD` serves one socket, by the messages of its images/rpc.proto. It
 * is our child and dies with us. For a restore it is born in the container's
 * cgroup, where what it makes stays, and in a mount namespace of its own, in
 * which the root is a mount point as it wants it: no mount is left behind,
 * whoever dies. What it restores becomes our child, not its own.
 */
#include "runtime/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/rights.h"
#include "base/sys.h"
#include "runtime/confine.h"
#include "runtime/criu_message.h"

#define RESPONSE_MAX_BYTES 65536
#define LOG_LEVEL	   4

/* Fields of criu_req, criu_resp and criu_notify. */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum {
	RESP_TYPE = 1,
	RESP_SUCCESS = 2,
	RESP_RESTORE = 4,
	RESP_NOTIFY = 5,
	RESP_ERRNO = 7,
	RESP_ERRMSG = 9
};
enum { TYPE_NOTIFY = 6 };

/* Of criu_opts. */
enum {
	OPT_IMAGES_DIR_FD = 1,
	OPT_PID = 2,
	OPT_LEAVE_RUNNING = 3,
	OPT_EXT_UNIX_SK = 4,
	OPT_TCP_ESTABLISHED = 5,
	OPT_SHELL_JOB = 7,
	OPT_FILE_LOCKS = 8,
	OPT_LOG_LEVEL = 9,
	OPT_LOG_FILE = 10,
	OPT_PAGE_SERVER = 11,
	OPT_NOTIFY_SCRIPTS = 12,
	OPT_ROOT = 13,
	OPT_PARENT_IMG = 14,
	OPT_TRACK_MEM = 15,
	OPT_AUTO_DEDUP = 16,
	OPT_WORK_DIR_FD = 17,
	OPT_MANAGE_CGROUPS = 24,
	OPT_RST_SIBLING = 26,
	OPT_INHERIT_FD = 27,
	OPT_CGROUPS_MODE = 34,
	OPT_EXTERNAL = 37,
	OPT_EMPTY_NS = 38,
	OPT_FREEZE_CGROUP = 44,
	OPT_TCP_SKIP_IN_FLIGHT = 46,
	OPT_LAZY_PAGES = 48,
	OPT_STATUS_FD = 49,
	OPT_ORPHAN_PTS_MASTER = 50,
	OPT_LSM_PROFILE = 53,
	OPT_LSM_MOUNT_CONTEXT = 63,
};

/** criu_cgroups_mode() - criu_cg_mode of a --manage-cgroups-mode; or -EINVAL */
int criu_cgroups_mode(const char *name, struct error *err)
{
	static const struct {
		const char *name;
		int mode;
	} modes[] = { { "ignore", 0 }, { "soft", 3 }, { "full", 4 }, { "strict", 5 } };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(modes[i].name, name))
			return modes[i].mode;
	return error_set(err, EINVAL,
			 "--manage-cgroups-mode '%s' is none of soft, full, strict and ignore",
			 name);
}

/** criu_request_done() - Release what the request holds */
void criu_request_done(struct criu_request *request)
{
	for (size_t i = 0; i < request->n_inherited; i++)
		free(request->inherited[i].key);
	free(request->inherited);
	strlist_done(&request->external);
	*request = (struct criu_request){ 0 };
}

/* ---- the program -------------------------------------------------------- */

static int prepare(const struct criu_place *place, int socket)
{
	for (size_t i = 0; i < place->n_fds; i++)
		if (fcntl(place->fds[i], F_SETFD, 0) < 0)
			return -errno;
	if (fcntl(socket, F_SETFD, 0) < 0)
		return -errno;
	if (!place->root)
		return 0;
	if (place->cgroup_fd >= 0 && !place->keeps_cgroup_ns && unshare(CLONE_NEWCGROUP) < 0)
		return -errno;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
	    mount(place->root, place->root, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount(NULL, place->root, NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return -errno;
	return 0;
}

static _Noreturn void become(const struct criu_place *place, int socket, int go, int failed)
{
	char number[16];
	char *const argv[] = { (char *)(uintptr_t) "criu", (char *)(uintptr_t) "swrk", number,
			       NULL };
	struct error ignored;
	char byte;
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)confine_reset_signals(&ignored);
	snprintf(number, sizeof(number), "%d", socket);
	if (read(go, &byte, 1) != 1) /* whoever asked is gone */
		_exit(1);
	r = prepare(place, socket);
	if (r == 0) {
		(void)execvp(place->program ? place->program : "criu", argv);
		r = -errno;
	}
	(void)write(failed, &r, sizeof(r));
	_exit(1);
}

static int clone_program(struct criu *c, const struct criu_place *place, int socket, int go,
			 int failed, struct error *err)
{
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&c->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (place->cgroup_fd >= 0) {
		args.flags |= SYS_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)place->cgroup_fd;
	}
	c->pid = sys_clone3(&args);
	if (c->pid == 0) {
		(void)close(c->go);
		become(place, socket, go, failed);
	}
	return c->pid < 0 ? error_sys(err, errno, "create a process for criu") : 0;
}

/**
 * criu_start() - Make the process that will be CRIU; it waits for criu_go()
 * @c:	Filled in; criu_end() follows at any time, also after a failure
 */
int criu_start(struct criu *c, const struct criu_place *place, struct error *err)
{
	int sockets[2] = { -1, -1 }, go[2] = { -1, -1 }, failed[2] = { -1, -1 }, r = 0;

	*c = (struct criu){ .pid = -1, .pidfd = -1, .socket = -1, .go = -1, .failed = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 ||
	    pipe2(go, O_CLOEXEC) < 0 || pipe2(failed, O_CLOEXEC) < 0)
		r = error_sys(err, errno, "open a channel to criu");
	c->socket = sockets[0];
	c->go = go[1];
	c->failed = failed[0];
	if (r == 0)
		r = clone_program(c, place, sockets[1], go[0], failed[1], err);
	cleanup_close(&sockets[1]);
	cleanup_close(&go[0]);
	cleanup_close(&failed[1]);
	return r;
}

/** criu_go() - Let it become the program; -ENOENT: there is none */
int criu_go(struct criu *c, const char *program, struct error *err)
{
	int r = 0;

	if (write(c->go, "", 1) != 1)
		return error_sys(err, errno, "start criu");
	if (read(c->failed, &r, sizeof(r)) != (ssize_t)sizeof(r))
		return 0;
	if (r != -ENOENT)
		return error_sys(err, -r, "start '%s'", program ? program : "criu");
	error_set(err, ENOENT, "start '%s': there is no such program", program ? program : "criu");
	return error_hint(err, "checkpoint and restore are CRIU's work: install the package criu");
}

/** criu_end() - Kill and reap it, unless it has ended; NULLs and half-started ones are fine */
void criu_end(struct criu *c)
{
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	c->pid = -1;
	cleanup_close(&c->pidfd);
	cleanup_close(&c->socket);
	cleanup_close(&c->go);
	cleanup_close(&c->failed);
}

/* ---- what is asked ------------------------------------------------------ */

static void put_flag(struct str *opts, unsigned int field, bool value)
{
	if (value)
		criu_put_int(opts, field, 1);
}

static void put_lists(struct str *opts, const struct criu_request *q)
{
	for (size_t i = 0; i < q->external.n; i++)
		criu_put_text(opts, OPT_EXTERNAL, q->external.items[i]);
	for (size_t i = 0; i < q->n_inherited; i++) {
		autostr struct str one = { 0 };

		criu_put_text(&one, 1, q->inherited[i].key);
		criu_put_int(&one, 2, q->inherited[i].fd);
		criu_put_message(opts, OPT_INHERIT_FD, &one);
	}
	if (q->page_server) {
		autostr struct str server = { 0 };

		criu_put_text(&server, 1, q->page_server);
		criu_put_int(&server, 2, q->page_server_port);
		criu_put_message(opts, OPT_PAGE_SERVER, &server);
	}
}

static void put_options(struct str *opts, const struct criu_request *q)
{
	const struct {
		unsigned int field;
		bool value;
	} flags[] = {
		{ OPT_LEAVE_RUNNING, q->leave_running },
		{ OPT_EXT_UNIX_SK, q->ext_unix_sk },
		{ OPT_TCP_ESTABLISHED, q->tcp_established },
		{ OPT_TCP_SKIP_IN_FLIGHT, q->tcp_skip_in_flight },
		{ OPT_SHELL_JOB, q->shell_job },
		{ OPT_FILE_LOCKS, q->file_locks },
		{ OPT_TRACK_MEM, q->track_mem },
		{ OPT_AUTO_DEDUP, q->auto_dedup },
		{ OPT_LAZY_PAGES, q->lazy_pages },
		{ OPT_MANAGE_CGROUPS, q->manage_cgroups },
		{ OPT_NOTIFY_SCRIPTS, q->notify != NULL },
		{ OPT_RST_SIBLING, q->type == CRIU_RESTORE },
		{ OPT_ORPHAN_PTS_MASTER, true },
	};

	criu_put_int(opts, OPT_IMAGES_DIR_FD, q->images_fd);
	criu_put_int(opts, OPT_WORK_DIR_FD, q->work_fd);
	criu_put_int(opts, OPT_LOG_LEVEL, LOG_LEVEL);
	criu_put_text(opts, OPT_LOG_FILE, q->log_name);
	if (q->type != CRIU_RESTORE)
		criu_put_int(opts, OPT_PID, q->pid);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		put_flag(opts, flags[i].field, flags[i].value);
	criu_put_text(opts, OPT_ROOT, q->root);
	criu_put_text(opts, OPT_PARENT_IMG, q->parent);
	criu_put_text(opts, OPT_FREEZE_CGROUP, q->freeze_cgroup);
	criu_put_text(opts, OPT_LSM_PROFILE, q->lsm_profile);
	criu_put_text(opts, OPT_LSM_MOUNT_CONTEXT, q->lsm_mount_context);
	if (q->cgroups_mode != CRIU_CGROUPS_DEFAULT)
		criu_put_int(opts, OPT_CGROUPS_MODE, q->cgroups_mode);
	if (q->empty_ns)
		criu_put_int(opts, OPT_EMPTY_NS, q->empty_ns);
	if (q->status_fd >= 0)
		criu_put_int(opts, OPT_STATUS_FD, q->status_fd);
	put_lists(opts, q);
}

static int send_message(const struct criu *c, const struct str *m, struct error *err)
{
	if (send(c->socket, m->data, m->len, MSG_NOSIGNAL) == (ssize_t)m->len)
		return 0;
	return errno == EPIPE ? error_set(err, ECHILD, "criu ended without an answer")
			      : error_sys(err, errno, "ask criu");
}

/* ---- what it says ------------------------------------------------------- */

struct response {
	int type, criu_errno;
	bool success;
	pid_t restored;
	char message[1024];
	char notice[64]; /* which point is reached, with TYPE_NOTIFY */
	pid_t notice_pid;
	int fd; /* that came along, or -1 */
};

static void copy_text(char *to, size_t size, const struct criu_field *f)
{
	snprintf(to, size, "%.*s", (int)f->len, (const char *)f->data);
}

static void parse_inner(struct response *resp, const struct criu_field *outer)
{
	struct criu_reader r = { outer->data, outer->data + outer->len };
	struct criu_field f;

	while (criu_next(&r, &f) > 0) {
		if (outer->number == RESP_RESTORE && f.number == 1)
			resp->restored = (pid_t)f.value;
		if (outer->number == RESP_NOTIFY && f.number == 1)
			copy_text(resp->notice, sizeof(resp->notice), &f);
		if (outer->number == RESP_NOTIFY && f.number == 2)
			resp->notice_pid = (pid_t)f.value;
	}
}

static int parse(struct response *resp, const unsigned char *data, size_t len)
{
	struct criu_reader reader = { data, data + len };
	struct criu_field f;
	int r;

	while ((r = criu_next(&reader, &f)) > 0) {
		if (f.number == RESP_TYPE)
			resp->type = (int)f.value;
		else if (f.number == RESP_SUCCESS)
			resp->success = f.value != 0;
		else if (f.number == RESP_ERRNO)
			resp->criu_errno = (int)f.value;
		else if (f.number == RESP_ERRMSG)
			copy_text(resp->message, sizeof(resp->message), &f);
		else if (f.number == RESP_RESTORE || f.number == RESP_NOTIFY)
			parse_inner(resp, &f);
	}
	return r;
}

/* Killed, it leaves children that have its end of the socket: end of file alone does not tell. */
static bool has_answer(const struct criu *c)
{
	struct pollfd p[] = {
		{ .fd = c->socket, .events = POLLIN },
		{ .fd = c->pidfd, .events = POLLIN },
	};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[0].revents & POLLIN;
}

static int receive(const struct criu *c, struct response *resp, struct error *err)
{
	static unsigned char data[RESPONSE_MAX_BYTES];
	ssize_t n;

	*resp = (struct response){ .fd = -1 };
	if (!has_answer(c))
		return error_set(err, ECHILD, "criu ended without an answer");
	n = rights_receive(c->socket, data, sizeof(data), &resp->fd);
	if (n == 0 || n == -ECONNRESET)
		return error_set(err, ECHILD, "criu ended without an answer");
	if (n < 0)
		return error_sys(err, (int)-n, "hear from criu");
	return parse(resp, data, (size_t)n) < 0
		       ? error_set(err, EBADMSG, "criu says what is no message")
		       : 0;
}

/* It waits for our answer; the first error of ours is the one to tell. */
static int answer(const struct criu *c, const struct criu_request *q, const struct response *resp,
		  struct error *err)
{
	autostr struct str m = { 0 };
	struct error lost;
	int r = 0, sent;

	log_debug("criu: %s, process %d", resp->notice, (int)resp->notice_pid);
	if (q->notify)
		r = q->notify(q->notify_arg, resp->notice, resp->notice_pid, resp->fd, err);
	else if (resp->fd >= 0)
		(void)close(resp->fd);
	criu_put_int(&m, REQ_TYPE, TYPE_NOTIFY);
	criu_put_int(&m, REQ_NOTIFY_SUCCESS, r == 0);
	sent = send_message(c, &m, r == 0 ? err : &lost);
	return r < 0 ? r : sent;
}

static int conclude(const struct criu_request *q, const struct response *resp, struct error *err)
{
	const char *type = q->type == CRIU_RESTORE ? "RESTORE" : "DUMP";
	size_t len = strlen(resp->message);

	if (resp->success)
		return 0;
	while (len && strchr(" \n", resp->message[len - 1]))
		len--;
	error_set(err, EIO, "criu failed: type %s errno %d%s%.*s", type, resp->criu_errno,
		  len ? ": " : "", (int)len, resp->message);
	return error_hint(err, "all it says is in '%s/%s'", q->work_path, q->log_name);
}

/**
 * criu_ask() - Have a request done
 * @pid:	CRIU_RESTORE: gets the first process, a child of ours; else NULL
 *
 * Return: 0, or -errno with criu's words
 */
int criu_ask(struct criu *c, const struct criu_request *request, pid_t *pid, struct error *err)
{
	autostr struct str message = { 0 }, opts = { 0 };
	struct response resp;
	int r;

	put_options(&opts, request);
	criu_put_int(&message, REQ_TYPE, request->type);
	criu_put_message(&message, REQ_OPTS, &opts);
	r = send_message(c, &message, err);
	while (r == 0) {
		r = receive(c, &resp, err);
		if (r < 0 || resp.type != TYPE_NOTIFY)
			break;
		r = answer(c, request, &resp, err);
	}
	if (r == 0)
		r = conclude(request, &resp, err);
	if (r == 0 && pid)
		*pid = resp.restored;
	return r;
}
