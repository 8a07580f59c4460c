// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_sample.c - One look at a cgroup, over and over
 */
#include "cgroups/sample.h"

#include "base/str.h"
#include "tests/unit/scratch.h"

static void what_is_not_there_is_unknown(void **state)
{
	const struct scratch *s = *state;
	struct cgroup_sampler sampler;
	struct cgroup_sample sample;

	cgroup_sampler_open(&sampler, s->fd);
	cgroup_sampler_read(&sampler, &sample);
	assert_int_equal(sample.memory_bytes, CGROUP_SAMPLE_NONE);
	assert_int_equal(sample.cpu_us, CGROUP_SAMPLE_NONE);
	assert_int_equal(sample.io_pressure_us, CGROUP_SAMPLE_NONE);
	cgroup_sampler_close(&sampler);
	cgroup_sampler_close(&sampler);
}

static void each_look_is_fresh(void **state)
{
	const struct scratch *s = *state;
	struct cgroup_sampler sampler;
	struct cgroup_sample sample;
	int fd;

	scratch_put_text(s, "memory.current", "4096\n");
	scratch_put_text(s, "memory.max", "max\n");
	scratch_put_text(s, "memory.stat", "anon 100\nfile 200\nfile_mapped 7\nkernel 3\n");
	scratch_put_text(s, "cpu.stat", "usage_usec 12\nuser_usec 5\nthrottled_usec 9\n");
	scratch_put_text(s, "pids.current", "3\n");
	scratch_put_text(s, "io.stat",
			 "8:0 rbytes=10 wbytes=20 rios=1 wios=1\n8:16 rbytes=1 wbytes=2\n");
	scratch_put_text(s, "memory.pressure",
			 "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"
			 "full avg10=0.00 avg60=0.00 avg300=0.00 total=66\n");
	cgroup_sampler_open(&sampler, s->fd);
	cgroup_sampler_read(&sampler, &sample);
	assert_int_equal(sample.memory_bytes, 4096);
	assert_int_equal(sample.memory_limit_bytes, CGROUP_SAMPLE_NONE);
	assert_int_equal(sample.anon_bytes, 100);
	assert_int_equal(sample.file_bytes, 200);
	assert_int_equal(sample.cpu_us, 12);
	assert_int_equal(sample.throttled_us, 9);
	assert_int_equal(sample.pids, 3);
	assert_int_equal(sample.io_read_bytes, 11);
	assert_int_equal(sample.io_written_bytes, 22);
	assert_int_equal(sample.memory_pressure_us, 77);
	fd = openat(s->fd, "memory.max", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "64\n", 3, 0), 3);
	close(fd);
	cgroup_sampler_read(&sampler, &sample);
	assert_int_equal(sample.memory_limit_bytes, 64);
	cgroup_sampler_close(&sampler);
}

static void half_a_line_does_not_count(void **state)
{
	const struct scratch *s = *state;
	struct cgroup_sampler sampler;
	struct cgroup_sample sample;
	struct str text = { 0 };

	/* What is read at once ends within the last number. */
	str_puts(&text, "8:00 rbytes=1\n");
	while (text.len < 8191 - strlen("8:0 rbytes=10"))
		str_puts(&text, "8:0 rbytes=1\n");
	str_puts(&text, "8:0 rbytes=1000\n");
	scratch_put_text(s, "io.stat", text.data);
	cgroup_sampler_open(&sampler, s->fd);
	cgroup_sampler_read(&sampler, &sample);
	assert_int_equal(sample.io_read_bytes, 8191 / 13 - 1);
	cgroup_sampler_close(&sampler);
	str_done(&text);
}

static void nonsense_is_no_figure(void **state)
{
	struct cgroup_sample sample;

	(void)state;
	cgroup_sample_clear(&sample);
	cgroup_sample_parse(&sample, CGROUP_SAMPLE_MEMORY_PRESSURE, "some avg10=0.00\n");
	assert_int_equal(sample.memory_pressure_us, CGROUP_SAMPLE_NONE);
	cgroup_sample_parse(&sample, CGROUP_SAMPLE_MEMORY, "18446744073709551615\n");
	assert_int_equal(sample.memory_bytes, CGROUP_SAMPLE_NONE);
	cgroup_sample_parse(&sample, CGROUP_SAMPLE_CPU, "");
	assert_int_equal(sample.cpu_us, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(what_is_not_there_is_unknown),
		scratch_test(each_look_is_fresh),
		scratch_test(half_a_line_does_not_count),
		cmocka_unit_test(nonsense_is_no_figure),
	};

	return cmocka_run_group_tests_name("cgroups/sample", tests, NULL, NULL);
}
