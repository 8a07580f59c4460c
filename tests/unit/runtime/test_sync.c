// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_sync.c - What parent and init say to each other arrives whole
 */
#include "runtime/sync.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "tests/unit/scratch.h"

struct channel {
	int parent, init;
};

static int setup(void **state)
{
	static struct channel c;
	int fds[2];

	if (sync_open(fds) < 0)
		return -1;
	c = (struct channel){ fds[0], fds[1] };
	*state = &c;
	return 0;
}

static int teardown(void **state)
{
	struct channel *c = *state;

	if (c->parent >= 0)
		close(c->parent);
	if (c->init >= 0)
		close(c->init);
	return 0;
}

static void steps_arrive_in_order(void **state)
{
	const struct channel *c = *state;
	enum sync_step step;
	struct error err = { .code = 77 };

	for (int i = SYNC_MAPPED; i <= SYNC_EXEC; i++)
		assert_int_equal(sync_send(c->parent, (enum sync_step)i, NULL, -1), 0);
	for (int i = SYNC_MAPPED; i <= SYNC_EXEC; i++) {
		assert_int_equal(sync_receive(c->init, &step, &err, NULL), 1);
		assert_int_equal(step, i);
	}
	assert_int_equal(err.code, 77);
}

static void both_ends_close_at_exec(void **state)
{
	const struct channel *c = *state;

	assert_true(fcntl(c->parent, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(c->init, F_GETFD) & FD_CLOEXEC);
}

static void an_error_arrives_whole(void **state)
{
	const struct channel *c = *state;
	struct error sent = { .code = 0 }, got = { 0 };
	enum sync_step step;

	sent.code = EACCES;
	memset(sent.msg, 'm', sizeof(sent.msg) - 1);
	memset(sent.hint, 'h', sizeof(sent.hint) - 1);
	assert_int_equal(sync_send(c->init, SYNC_SETUP, &sent, -1), 0);
	assert_int_equal(sync_receive(c->parent, &step, &got, NULL), 1);
	assert_int_equal(step, SYNC_SETUP);
	assert_memory_equal(&sent, &got, sizeof(sent));
}

static void a_descriptor_arrives_and_closes_at_exec(void **state)
{
	const struct channel *c = *state;
	int pipe_fds[2], got = -1;
	enum sync_step step;
	struct error err;
	char byte;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(sync_send(c->init, SYNC_CONSOLE, NULL, pipe_fds[0]), 0);
	close(pipe_fds[0]);
	assert_int_equal(sync_receive(c->parent, &step, &err, &got), 1);
	assert_int_equal(step, SYNC_CONSOLE);
	assert_true(got >= 0);
	assert_true(fcntl(got, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	assert_int_equal(read(got, &byte, 1), 1);
	close(got);
	close(pipe_fds[1]);
}

static void a_listener_is_said_by_number(void **state)
{
	const struct channel *c = *state;
	struct error sent = { .code = EPERM, .msg = "no" }, got = { 0 };
	enum sync_step step;
	int number = -1;

	assert_int_equal(sync_write(c->init, SYNC_SECCOMP, 1000000, NULL), 0);
	assert_int_equal(sync_receive(c->parent, &step, &got, &number), 1);
	assert_int_equal(step, SYNC_SECCOMP);
	assert_int_equal(number, 1000000);
	assert_int_equal(sync_write(c->init, SYNC_SETUP, -1, &sent), 0);
	assert_int_equal(sync_receive(c->parent, &step, &got, NULL), 1);
	assert_memory_equal(&sent, &got, sizeof(sent));
	assert_int_equal(sync_write(1000, SYNC_READY, -1, NULL), -EBADF);
}

static void without_a_descriptor_none_is_made_up(void **state)
{
	const struct channel *c = *state;
	enum sync_step step;
	struct error err;
	int got = -1;

	assert_int_equal(sync_send(c->init, SYNC_CONSOLE, NULL, -1), 0);
	assert_int_equal(sync_receive(c->parent, &step, &err, &got), 1);
	assert_int_equal(got, -1);
}

static void a_descriptor_that_nobody_expects_is_not_kept(void **state)
{
	const struct channel *c = *state;
	enum sync_step step;
	struct error err;
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	assert_int_equal(sync_send(c->init, SYNC_SETUP, NULL, before), 0);
	close(before);
	assert_int_equal(sync_receive(c->parent, &step, &err, NULL), 1);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	close(after);
}

static void the_other_sides_end_is_end_of_file(void **state)
{
	struct channel *c = *state;
	enum sync_step step = SYNC_START;
	struct error err;

	close(c->init);
	c->init = -1;
	assert_int_equal(sync_receive(c->parent, &step, &err, NULL), 0);
	assert_int_equal(step, SYNC_START);
}

static void what_was_said_last_is_heard_before_the_end(void **state)
{
	struct channel *c = *state;
	struct error last = { .code = ENOEXEC, .msg = "run 'x'" }, err = { 0 };
	enum sync_step step;

	assert_int_equal(sync_send(c->parent, SYNC_START, NULL, -1), 0); /* never read */
	assert_int_equal(sync_send(c->init, SYNC_EXEC, &last, -1), 0);
	close(c->init);
	c->init = -1;
	assert_int_equal(sync_receive(c->parent, &step, &err, NULL), 1);
	assert_int_equal(step, SYNC_EXEC);
	assert_string_equal(err.msg, "run 'x'");
	assert_int_equal(sync_receive(c->parent, &step, &err, NULL), 0);
}

static void talking_to_nobody_is_an_error_and_no_signal(void **state)
{
	struct channel *c = *state;

	assert_int_equal(sync_send(c->parent, SYNC_MAPPED, NULL, -1), 0);
	close(c->init); /* without having read it */
	c->init = -1;
	assert_int_equal(signal(SIGPIPE, SIG_DFL) == SIG_ERR, 0);
	assert_int_equal(sync_send(c->parent, SYNC_START, NULL, -1), -EPIPE);
	assert_int_equal(sync_send(c->parent, SYNC_START, NULL, -1), -EPIPE);
}

static void a_message_that_is_too_short_is_refused(void **state)
{
	const struct channel *c = *state;
	enum sync_step step = SYNC_START;
	struct error err;

	assert_int_equal(send(c->init, "x", 1, 0), 1);
	assert_int_equal(sync_receive(c->parent, &step, &err, NULL), -EBADMSG);
	assert_int_equal(step, SYNC_START);
}

#define channel_test(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		channel_test(steps_arrive_in_order),
		channel_test(both_ends_close_at_exec),
		channel_test(an_error_arrives_whole),
		channel_test(a_descriptor_arrives_and_closes_at_exec),
		channel_test(a_listener_is_said_by_number),
		channel_test(without_a_descriptor_none_is_made_up),
		channel_test(a_descriptor_that_nobody_expects_is_not_kept),
		channel_test(the_other_sides_end_is_end_of_file),
		channel_test(what_was_said_last_is_heard_before_the_end),
		channel_test(talking_to_nobody_is_an_error_and_no_signal),
		channel_test(a_message_that_is_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
