// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_cpu_lease.c - Which processors go together, and who has them
 */
#include "runtime/cpu_lease.h"

#include <errno.h>
#include <stdio.h>

#include "base/cpulist.h"
#include "runtime/topology.h"
#include "tests/unit/scratch.h"

/* Two nodes of two cores of two threads, numbered as Intel's: 0 and 4 share a core. */
static struct topology_cpu smt_cpus[] = {
	{ .id = 0, .core = 0, .node = 0 }, { .id = 1, .core = 1, .node = 0 },
	{ .id = 2, .core = 2, .node = 1 }, { .id = 3, .core = 3, .node = 1 },
	{ .id = 4, .core = 0, .node = 0 }, { .id = 5, .core = 1, .node = 0 },
	{ .id = 6, .core = 2, .node = 1 }, { .id = 7, .core = 3, .node = 1 },
};
static const struct topology smt = { smt_cpus, 8 };

static void whole_cores_of_one_node_come_first(void **state)
{
	static const struct {
		const char *from;
		unsigned int n;
		const char *chosen; /* NULL: not as many */
	} cases[] = {
		{ "0-7", 1, "0" },
		{ "0-7", 2, "0,4" },
		{ "0-7", 3, "0-1,4" },
		{ "0-7", 4, "0-1,4-5" },
		{ "0-7", 5, "0-2,4-5" }, /* more than a node has */
		{ "0-7", 8, "0-7" },
		{ "0-7", 9, NULL },
		{ "1-7", 1, "4" }, /* of the node with fewest, where a core is broken */
		{ "1,4-7,2", 1, "4" },
		{ "1-7", 2, "1,5" },   /* not 4, which has lost its sibling */
		{ "1-7", 3, "1,4-5" }, /* and the rest from the broken one */
		{ "4-7", 2, "4-5" },   /* no whole core: one node at least */
		{ "0,2,6", 2, "2,6" },
		{ "0,2,6", 3, "0,2,6" },
		{ "2,3", 1, "2" },
		{ "0-7,100", 8, "0-7" }, /* 100 is offline */
		{ "100", 1, NULL },
		{ "", 1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cpulist from, out = { 0 };
		char *text;

		assert_true(cpulist_parse(&from, cases[i].from));
		if (cpu_lease_choose(&smt, &from, cases[i].n, &out) < 0) {
			if (cases[i].chosen)
				fail_msg("case %zu: none", i);
			assert_int_equal(cpulist_count(&out), 0);
			continue;
		}
		text = cpulist_print(&out);
		if (!cases[i].chosen || strcmp(text, cases[i].chosen) != 0)
			fail_msg("case %zu: %s", i, text);
		free(text);
	}
}

static int take(const struct scratch *s, unsigned int n, const char *want)
{
	struct cpulist all, out;
	struct error err = { 0 };
	char *text;
	int fd;

	assert_true(cpulist_parse(&all, "0-7"));
	fd = cpu_lease(s->fd, &smt, &all, n, &out, &err);
	if (!want) {
		assert_int_equal(fd, -EBUSY);
		assert_non_null(strstr(err.msg, "are free"));
		return -1;
	}
	if (fd < 0)
		fail_msg("%s", err.msg);
	text = cpulist_print(&out);
	assert_string_equal(text, want);
	free(text);
	return fd;
}

static void assert_held(const struct scratch *s, const char *want)
{
	struct cpulist held;
	struct error err;
	char *text;

	assert_int_equal(cpu_lease_list(s->fd, &smt, &held, &err), 0);
	text = cpulist_print(&held);
	assert_string_equal(text, want);
	free(text);
}

static void nobody_gets_what_somebody_has(void **state)
{
	const struct scratch *s = *state;
	int a, b, c, copy;

	assert_held(s, "");
	a = take(s, 2, "0,4");
	b = take(s, 3, "2-3,6");
	assert_held(s, "0,2-4,6");
	(void)take(s, 4, NULL);
	c = take(s, 1, "7");
	copy = dup(a);
	close(a);
	assert_held(s, "0,2-4,6-7"); /* as a monitor's fork has it */
	close(copy);
	assert_held(s, "2-3,6-7");
	a = take(s, 2, "0,4");
	close(a);
	close(b);
	close(c);
	assert_held(s, "");
}

static void put(const struct scratch *s, const char *dir, const char *name, const char *text)
{
	struct error err;
	int fd = -1;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", s->path, dir);
	assert_int_equal(file_make_dirs(path, 0700, &err), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(file_replace_at(fd, name, text, strlen(text), 0600, 0, &err), 0);
	close(fd);
}

static void the_machine_is_read_from_sysfs(void **state)
{
	const struct scratch *s = *state;
	struct topology t;
	struct error err;

	assert_int_equal(topology_read(&t, s->path, &err), -EIO);
	put(s, "cpu", "online", "0,2-3\n");
	put(s, "cpu/cpu0/topology", "thread_siblings_list", "0,2\n");
	put(s, "cpu/cpu0/topology", "physical_package_id", "1\n");
	put(s, "cpu/cpu2/topology", "thread_siblings_list", "0,2\n");
	put(s, "cpu/cpu3/topology", "physical_package_id", "-1\n");
	put(s, "node", "online", "0,4\n");
	put(s, "node/node4", "cpulist", "2-3\n");
	assert_int_equal(topology_read(&t, s->path, &err), 0);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.cpus[0].socket, 1);
	assert_int_equal(t.cpus[0].node, 0);
	assert_int_equal(t.cpus[1].id, 2);
	assert_int_equal(t.cpus[1].core, 0);
	assert_int_equal(t.cpus[1].node, 4);
	assert_int_equal(t.cpus[2].core, 3);
	assert_int_equal(t.cpus[2].socket, 0);
	topology_done(&t);
	assert_int_equal(topology_read(&t, TOPOLOGY_PATH, &err), 0); /* this machine's */
	assert_true(t.n > 0);
	topology_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_cores_of_one_node_come_first),
		cmocka_unit_test_setup_teardown(nobody_gets_what_somebody_has, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(the_machine_is_read_from_sysfs, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests_name("cpu_lease", tests, NULL, NULL);
}
