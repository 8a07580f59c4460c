// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_user.c - USER[:GROUP] against the files of a hostile image
 */
#include "runtime/user.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/scratch.h"

static const char *const passwd = "root:x:0:0:root:/root:/bin/sh\n"
				  "\n"
				  "# a comment\n"
				  "broken:x:12\n"
				  "bad:x:4294967295:5::/bad:/bin/sh\n"
				  "worse:x:-1:5::/worse:/bin/sh\n"
				  "alice:x:1000:100:Alice:/home/alice:/bin/sh\n"
				  "alice:x:1:1:second:/second:/bin/sh\n"
				  "2000:x:7:7::/digits:/bin/sh\n"
				  "4294967296:x:0:0::/huge:/bin/sh\n"
				  "relative:x:30:30::tmp:/bin/sh\n"
				  "short:x:31:32::/short\n"
				  "+5:x:40:40::/plus:/bin/sh\n"
				  "last:x:50:51::/last:/bin/sh";

static const char *const group = "root:x:0:\n"
				 "users:x:100:\n"
				 "wheel:x:10:bob,alice\n"
				 "audio:x:11:malice,alicea\n"
				 "video:x:12:alice\n"
				 "again:x:12:alice\n"
				 "3000:x:9:\n"
				 "broken:x:44\n"
				 "bad:x:4294967295:alice\n"
				 "rootish:x:13:root";

static const struct strlist no_groups;

static void put_databases(const struct scratch *s)
{
	assert_int_equal(mkdirat(s->fd, "etc", 0755), 0);
	scratch_put_text(s, "etc/passwd", passwd);
	scratch_put_text(s, "etc/group", group);
}

static struct user resolved(const struct scratch *s, const char *spec)
{
	struct error err = { 0 };
	struct user u;

	if (user_resolve(s->fd, spec, &no_groups, &u, &err) < 0)
		fail_msg("'%s': %s", spec, err.msg);
	return u;
}

static int refusal(const struct scratch *s, const char *spec, struct error *err)
{
	struct user u;

	*err = (struct error){ 0 };
	return user_resolve(s->fd, spec, &no_groups, &u, err);
}

static void expect(const struct scratch *s, const char *spec, uid_t uid, gid_t gid,
		   const char *home)
{
	struct user u = resolved(s, spec);

	if (u.uid != uid || u.gid != gid || strcmp(u.home, home) != 0)
		fail_msg("'%s' became %u:%u in '%s'", spec, u.uid, u.gid, u.home);
}

static void names_and_numbers_are_found(void **state)
{
	put_databases(*state);
	expect(*state, "", 0, 0, "/root");
	expect(*state, "root", 0, 0, "/root");
	expect(*state, "0", 0, 0, "/root");
	expect(*state, "alice", 1000, 100, "/home/alice");
	expect(*state, "1000", 1000, 100, "/home/alice");
	expect(*state, "short", 31, 32, "/short");
	expect(*state, "last", 50, 51, "/last");
	expect(*state, "+5", 40, 40, "/plus");
}

static void unknown_numbers_are_taken_as_they_are(void **state)
{
	put_databases(*state);
	expect(*state, "1234", 1234, 0, "/");
	expect(*state, "4294967294", 4294967294U, 0, "/");
	expect(*state, "01000", 1000, 100, "/home/alice");
}

static void digits_are_never_names(void **state)
{
	struct error err;

	put_databases(*state);
	expect(*state, "2000", 2000, 0, "/");
	expect(*state, "0:3000", 0, 3000, "/root");
	assert_int_equal(refusal(*state, "4294967296", &err), -EINVAL);
	assert_string_equal(err.msg, "user id '4294967296' is out of range");
	assert_int_equal(refusal(*state, "4294967295", &err), -EINVAL);
	assert_int_equal(refusal(*state, "99999999999999999999999", &err), -EINVAL);
	assert_int_equal(refusal(*state, "0:4294967295", &err), -EINVAL);
	assert_string_equal(err.msg, "group id '4294967295' is out of range");
}

static void lines_that_are_no_users_are_passed_over(void **state)
{
	struct error err;

	put_databases(*state);
	assert_int_equal(refusal(*state, "bad", &err), -ENOENT);
	assert_int_equal(refusal(*state, "worse", &err), -ENOENT);
	assert_int_equal(refusal(*state, "broken", &err), -ENOENT);
	assert_int_equal(refusal(*state, "ali", &err), -ENOENT);
	assert_int_equal(refusal(*state, "alicea", &err), -ENOENT);
	assert_string_equal(err.msg, "no user 'alicea' in the container's /etc/passwd");
	expect(*state, "relative", 30, 30, "/");
}

static void a_group_replaces_the_users_own(void **state)
{
	struct error err;

	put_databases(*state);
	expect(*state, "alice:wheel", 1000, 10, "/home/alice");
	expect(*state, "alice:77", 1000, 77, "/home/alice");
	expect(*state, "1234:users", 1234, 100, "/");
	expect(*state, ":wheel", 0, 10, "/root");
	expect(*state, ":5", 0, 5, "/root");
	expect(*state, "alice:", 1000, 100, "/home/alice");
	assert_int_equal(resolved(*state, "alice:wheel").n_groups, 0);
	assert_int_equal(refusal(*state, "alice:nobody", &err), -ENOENT);
	assert_string_equal(err.msg, "no group 'nobody' in the container's /etc/group");
	assert_int_equal(refusal(*state, "alice:broken", &err), -ENOENT);
	assert_int_equal(refusal(*state, "alice:bad", &err), -ENOENT);
	assert_int_equal(refusal(*state, "alice:10:11", &err), -ENOENT);
}

static void groups_that_list_the_user_are_added(void **state)
{
	struct user alice, by_number, root;

	put_databases(*state);
	alice = resolved(*state, "alice");
	assert_int_equal(alice.n_groups, 2);
	assert_int_equal(alice.groups[0], 10);
	assert_int_equal(alice.groups[1], 12);
	by_number = resolved(*state, "1000");
	assert_int_equal(by_number.n_groups, 2);
	root = resolved(*state, "");
	assert_int_equal(root.n_groups, 1);
	assert_int_equal(root.groups[0], 13);
	assert_int_equal(resolved(*state, "1234").n_groups, 0);
}

static void more_groups_come_by_name_or_number(void **state)
{
	const struct scratch *s = *state;
	struct strlist add = { 0 };
	struct error err = { 0 };
	struct user u;

	put_databases(s);
	strlist_add(&add, "video");
	strlist_add(&add, "audio");
	strlist_add(&add, "999");
	assert_int_equal(user_resolve(s->fd, "alice", &add, &u, &err), 0);
	assert_int_equal(u.n_groups, 4);
	assert_int_equal(u.groups[2], 11);
	assert_int_equal(u.groups[3], 999);
	strlist_add(&add, "nosuch");
	assert_int_equal(user_resolve(s->fd, "alice", &add, &u, &err), -ENOENT);
	strlist_done(&add);
}

static void more_groups_than_there_is_room_for_are_left_out(void **state)
{
	const struct scratch *s = *state;
	struct strlist add = { 0 };
	struct error err = { 0 };
	struct user u;

	for (int i = 0; i < 2 * USER_MAX_GROUPS; i++)
		strlist_take(&add, xasprintf("%d", 5000 + i));
	assert_int_equal(user_resolve(s->fd, "1", &add, &u, &err), 0);
	assert_int_equal(u.n_groups, USER_MAX_GROUPS);
	assert_int_equal(u.groups[USER_MAX_GROUPS - 1], 5000 + USER_MAX_GROUPS - 1);
	strlist_done(&add);
}

static void without_databases_numbers_still_work(void **state)
{
	struct error err;

	expect(*state, "", 0, 0, "/");
	expect(*state, "5:6", 5, 6, "/");
	assert_int_equal(refusal(*state, "root", &err), -ENOENT);
	assert_int_equal(refusal(*state, "0:root", &err), -ENOENT);
}

static void long_homes_and_names_are_bounded(void **state)
{
	const struct scratch *s = *state;
	char line[4096], name[3000];
	struct user u;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(mkdirat(s->fd, "etc", 0755), 0);
	snprintf(line, sizeof(line), "%.900s:x:5:6::/%.900s:/bin/sh\n", name, name);
	scratch_put_text(s, "etc/passwd", line);
	u = resolved(s, "5");
	assert_int_equal(u.gid, 6);
	assert_int_equal(strlen(u.home), USER_MAX_HOME - 1);
}

static void databases_that_are_no_files_are_refused_without_waiting(void **state)
{
	const struct scratch *s = *state;
	struct error err;

	assert_int_equal(mkdirat(s->fd, "etc", 0755), 0);
	assert_int_equal(mkfifoat(s->fd, "etc/passwd", 0600), 0);
	alarm(10);
	assert_int_equal(refusal(s, "0", &err), -EINVAL);
	assert_string_equal(err.msg, "'/etc/passwd' of the container is no regular file");
	alarm(0);
	unlinkat(s->fd, "etc/passwd", 0);
	assert_int_equal(mkdirat(s->fd, "etc/passwd", 0755), 0);
	assert_int_equal(refusal(s, "0", &err), -EINVAL);
}

static void oversized_databases_are_refused(void **state)
{
	const struct scratch *s = *state;
	struct error err;
	int fd;

	assert_int_equal(mkdirat(s->fd, "etc", 0755), 0);
	fd = openat(s->fd, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	expect(s, "5", 5, 0, "/");
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	assert_int_equal(refusal(s, "5", &err), -EFBIG);
	close(fd);
}

static void links_lead_nowhere_outside_the_root(void **state)
{
	const struct scratch *s = *state;
	char outside[64];

	assert_int_equal(mkdirat(s->fd, "root", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "root/etc", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "root/lib", 0755), 0);
	scratch_put_text(s, "secret", "alice:x:1:1::/secret:/bin/sh\n");
	scratch_put_text(s, "root/lib/passwd", "alice:x:2:2::/inside:/bin/sh\n");
	scratch_put_text(s, "root/etc/group", "");
	{
		struct scratch root = { .fd = openat(s->fd, "root", O_PATH | O_CLOEXEC) };
		struct error err;

		assert_int_equal(symlinkat("../../../lib/passwd", root.fd, "etc/passwd"), 0);
		expect(&root, "alice", 2, 2, "/inside");
		unlinkat(root.fd, "etc/passwd", 0);
		assert_int_equal(symlinkat("/lib/passwd", root.fd, "etc/passwd"), 0);
		expect(&root, "alice", 2, 2, "/inside");
		unlinkat(root.fd, "etc/passwd", 0);
		snprintf(outside, sizeof(outside), "%s/secret", s->path);
		assert_int_equal(symlinkat(outside, root.fd, "etc/passwd"), 0);
		assert_int_equal(refusal(&root, "alice", &err), -ENOENT);
		unlinkat(root.fd, "etc/passwd", 0);
		assert_int_equal(symlinkat("passwd", root.fd, "etc/passwd"), 0);
		assert_int_equal(refusal(&root, "0", &err), -ELOOP);
		close(root.fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(names_and_numbers_are_found),
		scratch_test(unknown_numbers_are_taken_as_they_are),
		scratch_test(digits_are_never_names),
		scratch_test(lines_that_are_no_users_are_passed_over),
		scratch_test(a_group_replaces_the_users_own),
		scratch_test(groups_that_list_the_user_are_added),
		scratch_test(more_groups_come_by_name_or_number),
		scratch_test(more_groups_than_there_is_room_for_are_left_out),
		scratch_test(without_databases_numbers_still_work),
		scratch_test(long_homes_and_names_are_bounded),
		scratch_test(databases_that_are_no_files_are_refused_without_waiting),
		scratch_test(oversized_databases_are_refused),
		scratch_test(links_lead_nowhere_outside_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
