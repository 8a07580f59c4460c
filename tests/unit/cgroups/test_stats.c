// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_stats.c - Reading the kernel's figures
 */
#include "cgroups/stats.h"

#include <errno.h>
#include <stdio.h>

#include "cgroups/hierarchy.h"
#include "tests/unit/scratch.h"

static void keys_match_whole_words(void **state)
{
	const char *text = "oom 1\noom_kill 3\noom_group_kill 2\nmax 9\n";

	(void)state;
	assert_int_equal(cgroup_keyed_value(text, "oom"), 1);
	assert_int_equal(cgroup_keyed_value(text, "oom_kill"), 3);
	assert_int_equal(cgroup_keyed_value(text, "max"), 9);
	assert_int_equal(cgroup_keyed_value(text, "kill"), 0);
	assert_int_equal(cgroup_keyed_value("", "max"), 0);
	assert_int_equal(cgroup_keyed_value(NULL, "max"), 0);
}

static void devices_are_summed(void **state)
{
	const char *text = "8:0 rbytes=100 wbytes=7 rios=1 wios=2 dbytes=0 dios=0\n"
			   "7:0 \n"
			   "254:0 rbytes=23 wbytes=1 rios=1 wios=0 dbytes=0 dios=0\n";

	(void)state;
	assert_int_equal(cgroup_nested_sum(text, "rbytes"), 123);
	assert_int_equal(cgroup_nested_sum(text, "wbytes"), 8);
	assert_int_equal(cgroup_nested_sum(text, "ios"), 0);
	assert_int_equal(cgroup_nested_sum(NULL, "rios"), 0);
}

static void usage_leaves_the_inactive_cache_out(void **state)
{
	struct cgroup_stats s = { .memory = { .current_bytes = 100, .inactive_file_bytes = 30 } };

	(void)state;
	assert_int_equal(cgroup_memory_usage(&s), 70);
	s.memory.inactive_file_bytes = 101; /* read at another moment */
	assert_int_equal(cgroup_memory_usage(&s), 100);
}

static void controllers_are_parsed_and_strangers_passed_over(void **state)
{
	(void)state;
	assert_int_equal(cgroup_parse_controllers("cpuset cpu io dmem\n"),
			 CGROUP_BIT(CGROUP_CPUSET) | CGROUP_BIT(CGROUP_CPU) |
				 CGROUP_BIT(CGROUP_IO));
	assert_int_equal(cgroup_parse_controllers("\n"), 0);
	assert_int_equal(cgroup_parse_controllers(""), 0);
}

static void files_belong_to_the_controller_before_the_dot(void **state)
{
	(void)state;
	assert_int_equal(cgroup_controller_of_file("memory.swap.max"), CGROUP_MEMORY);
	assert_int_equal(cgroup_controller_of_file("cpuset.cpus"), CGROUP_CPUSET);
	assert_true(cgroup_controller_of_file("cgroup.procs") < 0);
	assert_true(cgroup_controller_of_file("memory") < 0);
}

static void every_file_gives_its_figures(void **state)
{
	static const char *const files[][2] = {
		{ "memory.current", "1\n" },
		{ "memory.stat", "anon 99\ninactive_file 2\n" },
		{ "memory.swap.current", "3\n" },
		{ "memory.peak", "4\n" },
		{ "memory.max", "max\n" },
		{ "memory.events", "low 98\nhigh 5\nmax 6\noom 7\noom_kill 8\n" },
		{ "cpu.stat", "usage_usec 9\nuser_usec 10\nsystem_usec 11\nnr_periods 12\n"
			      "nr_throttled 13\nthrottled_usec 14\n" },
		{ "pids.current", "15\n" },
		{ "pids.peak", "16\n" },
		{ "pids.max", "17\n" },
		{ "pids.events", "max 18\n" },
		{ "io.stat", "8:0 rbytes=19 wbytes=20 rios=21 wios=22 dbytes=0 dios=0\n" },
		{ "memory.pressure", "some avg10=0.00 total=23\nfull avg10=0.00 total=97\n" },
		{ "cpu.pressure", "some avg10=0.00 total=24\nfull avg10=0.00 total=96\n" },
		{ "io.pressure", "some avg10=0.00 total=25\nfull avg10=0.00 total=95\n" },
	};
	const struct scratch *s = *state;
	struct cgroup_stats g = { .memory.present = true };
	struct error err;
	char text[256];

	assert_int_equal(cgroup_read_stats(s->fd, &g, &err), 0);
	assert_false(g.memory.present || g.pids.present || g.io.present);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		scratch_put_text(s, files[i][0], files[i][1]);
	assert_int_equal(cgroup_read_stats(s->fd, &g, &err), 0);
	assert_true(g.memory.present && g.pids.present && g.io.present);
	assert_true(g.memory.max_bytes == CGROUP_NO_LIMIT);
	snprintf(text, sizeof(text),
		 "%ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju %ju "
		 "%ju",
		 g.memory.current_bytes, g.memory.inactive_file_bytes, g.memory.swap_bytes,
		 g.memory.peak_bytes, g.memory.high, g.memory.max, g.memory.oom, g.memory.oom_kill,
		 g.cpu.usage_us, g.cpu.periods, g.cpu.throttled, g.cpu.throttled_us, g.pids.current,
		 g.pids.peak, g.pids.max, g.pids.refused, g.io.read_bytes, g.io.written_bytes,
		 g.memory_pressure_us, g.cpu_pressure_us, g.io_pressure_us);
	assert_string_equal(text, "1 2 3 4 5 6 7 8 9 12 13 14 15 16 17 18 19 20 23 24 25");
}

static void a_failed_read_is_the_last(void **state)
{
	const struct scratch *s = *state;
	struct error err = { 0 };
	int r = -EIO;

	scratch_put_text(s, "memory.current", "1\n");
	assert_null(cgroup_read_stat(s->fd, "memory.current", &r, &err));
	assert_int_equal(r, -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_match_whole_words),
		cmocka_unit_test(devices_are_summed),
		cmocka_unit_test(usage_leaves_the_inactive_cache_out),
		cmocka_unit_test(controllers_are_parsed_and_strangers_passed_over),
		cmocka_unit_test(files_belong_to_the_controller_before_the_dot),
		scratch_test(every_file_gives_its_figures),
		scratch_test(a_failed_read_is_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
