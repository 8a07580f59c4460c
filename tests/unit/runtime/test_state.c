// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_state.c - Containers of the OCI dialect on disk
 */
#include "runtime/state.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "runtime/process.h"
#include "tests/unit/scratch.h"

static struct state sample(pid_t pid)
{
	return (struct state){
		.id = xstrdup("box"),
		.bundle = xstrdup("/bundle"),
		.rootfs = xstrdup("/bundle/rootfs"),
		.oci_version = xstrdup("1.3.0"),
		.cgroup = xstrdup("a/box"),
		.pid = pid,
		.pid_start = pid > 0 ? process_start_time(pid) : 0,
		.created_ns = 1234567890123456789,
		.owner = 7,
		.is_complete = true,
	};
}

static void ids_are_names_and_nothing_else(void **state)
{
	static const char *const good[] = { "a", "A-b_c.d+9", "..a", "0" };
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4", "a:b" };
	char long_id[1026];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(state_id_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(state_id_is_valid(bad[i]));
	memset(long_id, 'x', sizeof(long_id));
	long_id[1025] = '\0';
	assert_false(state_id_is_valid(long_id));
	long_id[1024] = '\0';
	assert_true(state_id_is_valid(long_id));
}

static void what_is_written_is_read(void **state)
{
	const struct scratch *s = *state;
	autostate struct state written = sample(getpid()), got = { 0 };
	struct error err = { 0 };

	written.annotations = json_new_map();
	json_set_text(written.annotations, "key", "value");
	assert_int_equal(state_write(s->fd, &written, &err), 0);
	assert_int_equal(state_read(s->fd, &got, &err), 0);
	assert_string_equal(got.id, "box");
	assert_string_equal(got.bundle, "/bundle");
	assert_string_equal(got.rootfs, "/bundle/rootfs");
	assert_string_equal(got.cgroup, "a/box");
	assert_string_equal(got.cgroups_path, "");
	assert_int_equal(got.pid, getpid());
	assert_true(got.pid_start == written.pid_start && got.created_ns == written.created_ns);
	assert_int_equal(got.owner, 7);
	assert_true(got.is_complete);
	assert_false(got.has_errands);
	assert_string_equal(json_text(json_get(got.annotations, "key")), "value");
}

static void a_state_that_does_not_say_has_errands(void **state)
{
	const struct scratch *s = *state;
	autostate struct state got = { 0 };
	const char *text = "{\"id\": \"box\"}";
	struct error err = { 0 };

	assert_int_equal(file_replace_at(s->fd, "state.json", text, strlen(text), 0600, 0, &err),
			 0);
	assert_int_equal(state_read(s->fd, &got, &err), 0);
	assert_true(got.has_errands);
}

static void no_state_is_not_there(void **state)
{
	const struct scratch *s = *state;
	autostate struct state got = { 0 };
	struct error err = { 0 };

	assert_int_equal(state_read(s->fd, &got, &err), -ENOENT);
	scratch_put_text(s, "state.json", "{\"pid\": ");
	assert_true(state_read(s->fd, &got, &err) < 0);
}

static void an_id_is_taken_once(void **state)
{
	const struct scratch *s = *state;
	struct error err = { 0 };
	int fd = state_create(s->fd, "box", &err);

	assert_true(fd >= 0);
	assert_int_equal(state_create(s->fd, "box", &err), -EEXIST);
	assert_int_equal(state_create(s->fd, "../box", &err), -EINVAL);
	assert_int_equal(state_remove(s->fd, "box", &err), 0);
	close(fd);
	assert_int_equal(state_open(s->fd, "box", false, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "container 'box' does not exist"));
	assert_int_equal(state_remove(s->fd, "box", &err), 0);
}

static void its_directory_is_the_lock(void **state)
{
	const struct scratch *s = *state;
	struct error err = { 0 };
	int fd = state_create(s->fd, "box", &err), other = state_open(s->fd, "box", false, &err);

	assert_true(fd >= 0 && other >= 0);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	close(fd);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
}

/* Who waits for the lock of one that is removed meanwhile gets its successor. */
static void one_that_was_made_anew_is_another(void **state)
{
	const struct scratch *s = *state;
	struct error err = { 0 };
	int fd = state_create(s->fd, "box", &err), status;
	pid_t pid = fork();

	if (pid == 0) {
		close(fd);
		fd = state_open(s->fd, "box", true, &err);
		_exit(fd < 0 || faccessat(fd, "new", F_OK, 0) < 0);
	}
	usleep(100000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(state_remove(s->fd, "box", &err), 0);
	assert_int_equal(mkdirat(s->fd, "box", 0700), 0);
	assert_int_equal(mkdirat(s->fd, "box/new", 0700), 0);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A link in place of the directory is not followed: who could make one has no business there. */
static void a_link_is_no_container(void **state)
{
	const struct scratch *s = *state;
	struct error err = { 0 };

	assert_int_equal(symlinkat("/", s->fd, "box"), 0);
	assert_true(state_open(s->fd, "box", false, &err) < 0);
}

static void the_status_is_seen_from_process_and_socket(void **state)
{
	const struct scratch *s = *state;
	autostate struct state self = sample(getpid());
	struct error err = { 0 };
	int fd;

	assert_int_equal(state_find_status(s->fd, &self), STATE_RUNNING);
	fd = state_listen(s->fd, &err);
	assert_true(fd >= 0);
	/* One that is paused accepts nothing: more looks than its queue holds. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(state_find_status(s->fd, &self), STATE_CREATED);
	close(fd);
	assert_int_equal(state_find_status(s->fd, &self), STATE_RUNNING);
	assert_int_equal(state_connect(s->fd, &err), -ECONNREFUSED);
	state_forget_socket(s->fd);
	assert_int_equal(state_connect(s->fd, &err), -ENOENT);
	self.is_complete = false;
	assert_int_equal(state_find_status(s->fd, &self), STATE_CREATING);
	self.pid_start++; /* another process that has its number now */
	assert_int_equal(state_find_status(s->fd, &self), STATE_STOPPED);
	self.is_complete = true;
	assert_int_equal(state_find_status(s->fd, &self), STATE_STOPPED);
}

static void who_has_ended_and_waits_for_its_parent_has_stopped(void **state)
{
	const struct scratch *s = *state;
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	{
		autostate struct state ended = sample(pid);

		assert_int_equal(state_find_status(s->fd, &ended), STATE_STOPPED);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_document_is_that_of_the_specification(void **state)
{
	autostate struct state s = sample(42);
	autojson struct json *running = state_document(&s, STATE_RUNNING);
	autojson struct json *stopped = state_document(&s, STATE_STOPPED);
	autofree char *text = json_print(running);

	(void)state;
	assert_string_equal(text, "{\"ociVersion\":\"1.3.0\",\"id\":\"box\",\"pid\":42,"
				  "\"status\":\"running\",\"bundle\":\"/bundle\"}");
	assert_string_equal(json_text(json_get(stopped, "status")), "stopped");
	assert_int_equal(json_int(json_get(stopped, "pid"), -1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_names_and_nothing_else),
		scratch_test(what_is_written_is_read),
		scratch_test(a_state_that_does_not_say_has_errands),
		scratch_test(no_state_is_not_there),
		scratch_test(an_id_is_taken_once),
		scratch_test(its_directory_is_the_lock),
		scratch_test(one_that_was_made_anew_is_another),
		scratch_test(a_link_is_no_container),
		scratch_test(the_status_is_seen_from_process_and_socket),
		scratch_test(who_has_ended_and_waits_for_its_parent_has_stopped),
		cmocka_unit_test(the_document_is_that_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
