// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_config.c - A configuration owns what is in it; leaks show under ASan
 */
#include "runtime/config.h"

#include <errno.h>
#include <sched.h>

#include "tests/unit/scratch.h"

static void fill(struct config *c)
{
	c->id = xstrdup("id");
	c->hostname = xstrdup("host");
	c->root_path = xstrdup("/root");
	strlist_add(&c->lowers, "layer");
	c->n_mounts = c->n_devices = c->n_files = 1;
	c->mounts = xcalloc(1, sizeof(*c->mounts));
	c->mounts[0] = (struct config_mount){ .source = xstrdup("/a"), .target = xstrdup("/b") };
	strlist_add(&c->mounts[0].data, "size=1m");
	c->devices = xcalloc(1, sizeof(*c->devices));
	c->devices[0] = (struct config_device){ xstrdup("/dev/a"), xstrdup("/dev/b") };
	c->files = xcalloc(1, sizeof(*c->files));
	c->files[0] = (struct config_file){ "hosts", "/etc/hosts", xstrdup("text") };
	c->process.cwd = xstrdup("/");
	c->process.user = xstrdup("root");
	strlist_add(&c->process.args, "true");
	strlist_add(&c->process.env, "A=b");
	strlist_add(&c->process.add_groups, "5");
	c->process.seccomp.insns = xcalloc(1, sizeof(*c->process.seccomp.insns));
	c->process.seccomp.n = 1;
}

static void an_empty_configuration_joins_and_maps_nothing(void **state)
{
	struct config c;

	(void)state;
	config_init(&c);
	assert_int_equal(c.join_net, -1);
	assert_int_equal(c.idmap_base, -1);
	assert_int_equal(c.namespaces, 0);
	assert_false(config_has_userns(&c));
	config_done(&c);
}

static void a_configuration_can_be_released_twice_and_used_again(void **state)
{
	struct config c;

	(void)state;
	config_init(&c);
	for (int i = 0; i < 2; i++) {
		fill(&c);
		config_done(&c);
		assert_null(c.id);
		assert_null(c.mounts);
		assert_int_equal(c.n_mounts + c.n_devices + c.n_files, 0);
		assert_null(c.process.args.items);
		assert_null(c.process.seccomp.insns);
		assert_int_equal(c.join_net, -1);
		config_done(&c);
	}
}

static void the_namespace_to_join_is_closed(void **state)
{
	struct config c;
	int fd;

	(void)state;
	config_init(&c);
	fd = c.join_net = open("/dev/null", O_RDONLY | O_CLOEXEC);
	config_done(&c);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void only_the_flag_makes_a_user_namespace(void **state)
{
	struct config c;

	(void)state;
	config_init(&c);
	c.namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
	assert_false(config_has_userns(&c));
	c.namespaces |= CLONE_NEWUSER;
	assert_true(config_has_userns(&c));
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_configuration_joins_and_maps_nothing),
		cmocka_unit_test(a_configuration_can_be_released_twice_and_used_again),
		cmocka_unit_test(the_namespace_to_join_is_closed),
		cmocka_unit_test(only_the_flag_makes_a_user_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
