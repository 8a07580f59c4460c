// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_seccomp_notify.c - The agent gets the listener and the state
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_notify.h"
#include "tests/unit/scratch.h"

static const struct seccomp_program asking = { .flags = SECCOMP_FILTER_FLAG_NEW_LISTENER };
static const struct seccomp_program silent = { .flags = 0 };

static int parse(const char *text, const struct seccomp_program *program, struct seccomp_notify *n,
		 struct error *err)
{
	autojson struct json *v = json_parse(text, strlen(text), err);

	assert_non_null(v);
	*n = (struct seccomp_notify){ 0 };
	return seccomp_notify_parse(n, v, program, err);
}

static void assert_refused(const char *text, const struct seccomp_program *program,
			   const char *field)
{
	struct seccomp_notify n;
	struct error err = { 0 };

	assert_int_equal(parse(text, program, &n, &err), -EBADMSG);
	if (strncmp(err.msg, field, strlen(field)) != 0)
		fail_msg("%s: %s", text, err.msg);
	seccomp_notify_done(&n);
}

static void path_and_metadata_are_read(void **state)
{
	struct seccomp_notify n;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse("{\"listenerPath\": \"/run/a\", \"listenerMetadata\": \"m\"}",
			       &asking, &n, &err),
			 0);
	assert_string_equal(n.path, "/run/a");
	assert_string_equal(n.metadata, "m");
	seccomp_notify_done(&n);
}

static void without_notify_the_path_is_ignored(void **state)
{
	struct seccomp_notify n;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse("{\"listenerPath\": \"/run/a\"}", &silent, &n, &err), 0);
	assert_null(n.path);
	assert_int_equal(parse("{}", &silent, &n, &err), 0);
	assert_null(n.path);
}

static void impossible_listeners_are_refused(void **state)
{
	autostr struct str text = { 0 };

	(void)state;
	assert_refused("{}", &asking, "linux.seccomp.listenerPath: missing");
	assert_refused("{\"listenerPath\": 1}", &asking, "linux.seccomp.listenerPath: not a");
	assert_refused("{\"listenerMetadata\": \"m\"}", &silent,
		       "linux.seccomp.listenerMetadata: without");
	str_printf(&text, "{\"listenerPath\": \"/%0*d\"}", 107, 0);
	assert_refused(text.data, &asking, "linux.seccomp.listenerPath: too long");
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static ssize_t receive(int fd, char *text, size_t size, int *passed)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { text, size };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	h.msg_control = control.space;
	h.msg_controllen = sizeof(control.space);
	n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	c = CMSG_FIRSTHDR(&h);
	assert_non_null(c);
	assert_int_equal(c->cmsg_type, SCM_RIGHTS);
	assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(passed, CMSG_DATA(c), sizeof(int));
	return n;
}

static void the_agent_gets_descriptor_and_state(void **state)
{
	struct scratch *s = *state;
	static const char json[] = "{\"ociVersion\": \"1.3.0\", \"id\": \"c\", \"status\": "
				   "\"creating\", \"pid\": 7, \"bundle\": \"/b\"}";
	struct error err = { 0 };
	autojson struct json *container = json_parse(json, strlen(json), &err);
	autofree char *path = xasprintf("%s/agent", s->path);
	struct seccomp_notify n = { .path = path, .metadata = (char[]){ "meta" } };
	int server = listen_at(path), pipes[2], client, passed = -1;
	char text[4096], c;
	ssize_t len;
	autojson struct json *got = NULL;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(seccomp_notify_send(&n, pipes[1], 42, container, &err), 0);
	close(pipes[1]);
	client = accept(server, NULL, NULL);
	len = receive(client, text, sizeof(text), &passed);
	assert_true(len > 0);
	assert_int_equal(read(client, &c, 1), 0); /* one message per connection */
	got = json_parse(text, (size_t)len, &err);
	assert_string_equal(json_text(json_get(got, "ociVersion")), "1.3.0");
	assert_int_equal(json_int(json_get(got, "pid"), 0), 42);
	assert_string_equal(json_text(json_get(got, "metadata")), "meta");
	assert_int_equal(json_count(json_get(got, "fds")), 1);
	assert_string_equal(json_text(json_at(json_get(got, "fds"), 0)), "seccompFd");
	assert_string_equal(json_text(json_get(json_get(got, "state"), "id")), "c");
	assert_int_equal(write(passed, "x", 1), 1);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	close(passed);
	close(client);
	close(server);
	close(pipes[0]);
}

static void an_agent_that_is_not_there_is_an_error(void **state)
{
	struct seccomp_notify n = { .path = (char[]){ "/nonexistent/agent" } };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(seccomp_notify_send(&n, 0, 1, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "linux.seccomp.listenerPath"));
}

static void a_descriptor_is_fetched_from_a_child(void **state)
{
	struct error err = { 0 };
	int pipes[2], hold[2], fd, pidfd;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(hold), 0);
	pid = fork();
	if (pid == 0) {
		/* Descriptors that only the child has, the reading end as number 50. */
		(void)pipe(pipes);
		(void)dup2(pipes[0], 50);
		(void)write(pipes[1], "y", 1);
		(void)write(hold[1], "r", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(hold[0], &c, 1), 1);
	pidfd = sys_pidfd_open(pid, 0);
	fd = seccomp_notify_fetch(pidfd, 50, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(seccomp_notify_fetch(pidfd, 51, &err), -EBADF);
	(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	close(pidfd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_and_metadata_are_read),
		cmocka_unit_test(without_notify_the_path_is_ignored),
		cmocka_unit_test(impossible_listeners_are_refused),
		scratch_test(the_agent_gets_descriptor_and_state),
		cmocka_unit_test(an_agent_that_is_not_there_is_an_error),
		cmocka_unit_test(a_descriptor_is_fetched_from_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
