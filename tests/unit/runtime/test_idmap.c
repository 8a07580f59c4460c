// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_idmap.c - No two running containers have a user id in common
 */
#include "runtime/idmap.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/config.h"
#include "tests/unit/scratch.h"

#define ID_A "000000a111111111111111111111111111111111111111111111111111111111"
#define ID_B "000000b111111111111111111111111111111111111111111111111111111111"

/* UIDS-GIDS.md of systemd: what is set aside for containers. */
#define FIRST INT64_C(0x00080000)
#define LAST  INT64_C(0x6fffffff)

static int lease(const struct scratch *s, const char *id, int64_t *base)
{
	struct error err = { 0 };
	int fd = idmap_lease(s->fd, id, base, &err);

	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_true(*base >= FIRST && *base + CONFIG_IDMAP_SIZE - 1 <= LAST);
	assert_int_equal((*base - FIRST) % CONFIG_IDMAP_SIZE, 0);
	return fd;
}

static void ranges_of_two_containers_differ(void **state)
{
	int64_t a, b;
	int fd_a = lease(*state, ID_A, &a), fd_b = lease(*state, ID_B, &b);

	assert_true(a + CONFIG_IDMAP_SIZE <= b || b + CONFIG_IDMAP_SIZE <= a);
	close(fd_a);
	close(fd_b);
}

static void ids_that_begin_alike_get_different_ranges(void **state)
{
	int64_t bases[50];
	int fds[50];

	for (int i = 0; i < 50; i++) {
		fds[i] = lease(*state, ID_A, &bases[i]);
		for (int j = 0; j < i; j++)
			assert_true(bases[i] != bases[j]);
	}
	for (int i = 0; i < 50; i++)
		close(fds[i]);
}

static void the_last_range_is_followed_by_the_first(void **state)
{
	const long slots = (0x70000000 - 0x80000) / CONFIG_IDMAP_SIZE;
	char id[65];
	int64_t last, next;
	int fds[2];

	snprintf(id, sizeof(id), "%07lx%057d", slots - 1, 0);
	fds[0] = lease(*state, id, &last);
	fds[1] = lease(*state, id, &next);
	assert_int_equal(last, LAST + 1 - CONFIG_IDMAP_SIZE);
	assert_int_equal(next, FIRST);
	close(fds[0]);
	close(fds[1]);
}

static void closing_gives_the_range_back(void **state)
{
	int64_t first, again;
	int fd = lease(*state, ID_A, &first);

	close(fd);
	fd = lease(*state, ID_A, &again);
	assert_int_equal(first, again);
	close(fd);
}

static void a_child_keeps_the_range_of_its_parent(void **state)
{
	int64_t mine, other;
	int fd = lease(*state, ID_A, &mine), fds[2], next;
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		_exit((int)read(fds[0], &byte, 1)); /* until the test is done */
	}
	close(fds[0]);
	close(fd);
	next = lease(*state, ID_A, &other);
	assert_true(mine != other);
	close(next);
	close(fds[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	next = lease(*state, ID_A, &other);
	assert_int_equal(mine, other);
	close(next);
}

static void the_lease_does_not_survive_exec(void **state)
{
	int64_t base;
	int fd = lease(*state, ID_A, &base);

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void a_lock_file_that_cannot_be_opened_is_named(void **state)
{
	const struct scratch *s = *state;
	struct error err;
	int64_t base = 5;

	assert_int_equal(symlinkat("elsewhere", s->fd, "idmap.lock"), 0);
	assert_int_equal(idmap_lease(s->fd, ID_A, &base, &err), -ELOOP);
	assert_non_null(strstr(err.msg, "'idmap.lock'"));
	assert_int_equal(base, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(ranges_of_two_containers_differ),
		scratch_test(ids_that_begin_alike_get_different_ranges),
		scratch_test(the_last_range_is_followed_by_the_first),
		scratch_test(closing_gives_the_range_back),
		scratch_test(a_child_keeps_the_range_of_its_parent),
		scratch_test(the_lease_does_not_survive_exec),
		scratch_test(a_lock_file_that_cannot_be_opened_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
