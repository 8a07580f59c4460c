// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_log.c - Reading logs while they are written and rotated
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/log_entry.h"
#include "cmd/log_reader.h"
#include "runtime/logfile.h"

static void expect_text(const char *line, const char *text, size_t len)
{
	struct log_entry e = { 0 };

	assert_int_equal(log_entry_parse(line, strlen(line), &e), 0);
	assert_int_equal(e.text.len, len);
	assert_memory_equal(e.text.data, text, len);
	str_done(&e.text);
}

#define REST ",\"stream\":\"stderr\",\"time\":\"1970-01-01T00:00:02.000000001Z\"}"

static void entries_are_taken_apart(void **state)
{
	static const char line[] = "{\"log\":\"hello\\n\"" REST;
	struct log_entry e = { 0 };

	(void)state;
	assert_int_equal(log_entry_parse(line, strlen(line), &e), 0);
	assert_string_equal(e.text.data, "hello\n");
	assert_true(e.is_stderr);
	assert_int_equal(e.time_ns, 2000000001);
	assert_string_equal(e.time, "1970-01-01T00:00:02.000000001Z");
	assert_true(log_entry_ends_line(line, strlen(line)));
	str_done(&e.text);
}

static void escapes_give_back_every_byte(void **state)
{
	(void)state;
	expect_text("{\"log\":\"a\\u0000b\\t\\\"\\\\\\/\"" REST, "a\0b\t\"\\/", 7);
	expect_text("{\"log\":\"\\u00e9\\u20ac\\ud83d\\ude00\"" REST,
		    "\303\251\342\202\254\360\237\230\200", 9);
	expect_text("{\"log\":\"\\u001b[31m\"" REST, "\033[31m", 5);
	expect_text("{\"log\":\"\\u00E9\"" REST, "\303\251", 2);
	/* Half a pair is itself, whatever follows. */
	expect_text("{\"log\":\"\\ud83d\\ue000\"" REST, "\355\240\275\356\200\200", 6);
}

static void text_that_looks_like_an_end_is_none(void **state)
{
	static const char tricky[] = "{\"log\":\"\\\\n\\\",\\\"stream\\\":\\\"stdout\"" REST;
	static const char backslash[] = "{\"log\":\"\\\\n\"" REST;

	(void)state;
	assert_false(log_entry_ends_line(tricky, strlen(tricky)));
	/* A backslash and an n, as the container wrote them, are no newline. */
	assert_false(log_entry_ends_line(backslash, strlen(backslash)));
	expect_text(tricky, "\\n\",\"stream\":\"stdout", 20);
}

static void torn_entries_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{\"log\":\"",
		"{\"log\":\"x",
		"{\"log\":\"x\\",
		"{\"log\":\"x\\u12",
		"{\"log\":\"x\\q\"" REST,
		"{\"log\":\"x\"}",
		"{\"log\":\"x\",\"stream\":\"stdout\"}",
		"{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"never\"}",
		"{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05",
		"{\"log\":\"x\",\"stream\":\"stdout\","
		"\"time\":\"2026-01-02T03:04:05.00000000000000000000Z\"}",
	};
	static const char nul[] = "{\"log\":\"x\\\0\"" REST;
	struct log_entry e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(log_entry_parse(bad[i], strlen(bad[i]), &e), -EBADMSG);
	assert_int_equal(log_entry_parse(nul, sizeof(nul) - 1, &e), -EBADMSG);
	str_done(&e.text);
}

/* ---- files -------------------------------------------------------------- */

static int make_dir(void **state)
{
	char path[] = "/tmp/tare-test-log.XXXXXX";
	int fd;

	if (!mkdtemp(path))
		return -1;
	*state = xstrdup(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? -1 : 0;
}

static int drop_dir(void **state)
{
	int r = file_remove_tree_at(AT_FDCWD, *state);

	free(*state);
	return r;
}

/* The text of all lines that are there, appended. */
static void read_all(struct log_reader *l, struct str *out)
{
	struct log_entry e = { 0 };
	struct error err = { 0 };
	const char *line;
	size_t len;
	int r;

	while ((r = log_reader_next(l, &line, &len, &err)) > 0) {
		assert_int_equal(log_entry_parse(line, len, &e), 0);
		str_append(out, e.text.data, e.text.len);
	}
	assert_int_equal(r, 0);
	str_done(&e.text);
}

static void write_number(struct logfile *log, int i)
{
	char line[32];

	snprintf(line, sizeof(line), "line %d\n", i);
	assert_int_equal(logfile_write(log, LOGFILE_STDOUT, line, strlen(line)), 0);
}

static void reading_survives_rotation_at_any_moment(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autostr struct str got = { 0 }, wanted = { 0 };
	struct log_reader reader;
	struct error err = { 0 };
	struct logfile log;

	assert_int_equal(logfile_open(&log, dir, 500, 50, &err), 0);
	write_number(&log, 0);
	str_puts(&wanted, "line 0\n");
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	for (int i = 1; i < 200; i++) {
		write_number(&log, i);
		str_printf(&wanted, "line %d\n", i);
		if (i % 7 == 0 || i % 23 == 1)
			read_all(&reader, &got);
	}
	read_all(&reader, &got);
	assert_string_equal(got.data, wanted.data);
	log_reader_close(&reader);
	logfile_close(&log);
}

static void reading_begins_with_the_oldest_file(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autostr struct str got = { 0 };
	struct log_reader reader;
	struct error err = { 0 };
	struct logfile log;

	assert_int_equal(logfile_open(&log, dir, 500, 3, &err), 0);
	for (int i = 0; i < 100; i++)
		write_number(&log, i);
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	read_all(&reader, &got);
	assert_non_null(strstr(got.data, "line 99\n"));
	assert_null(strstr(got.data, "line 1\n"));
	/* No gap: the first line there is, and all after it. */
	for (int i = (int)strtol(got.data + 5, NULL, 10); i < 100; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d\n", i);
		assert_non_null(strstr(got.data, line));
	}
	log_reader_close(&reader);
	logfile_close(&log);
}

static void tail_counts_lines_not_entries(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autostr struct str got = { 0 };
	autofree char *lengthy = xmalloc(40000);
	struct log_reader reader;
	struct error err = { 0 };
	struct logfile log;

	memset(lengthy, 'x', 40000);
	lengthy[39999] = '\n';
	assert_int_equal(logfile_open(&log, dir, 1 << 20, 3, &err), 0);
	write_number(&log, 1);
	write_number(&log, 2);
	assert_int_equal(logfile_write(&log, LOGFILE_STDOUT, lengthy, 40000), 0);
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	assert_int_equal(log_reader_skip_to_tail(&reader, 2, &err), 0);
	read_all(&reader, &got);
	assert_int_equal(got.len, strlen("line 2\n") + 40000);
	assert_memory_equal(got.data, "line 2\nx", 8);
	log_reader_close(&reader);
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	assert_int_equal(log_reader_skip_to_tail(&reader, 0, &err), 0);
	got.len = 0;
	read_all(&reader, &got);
	assert_int_equal(got.len, 0);
	log_reader_close(&reader);
	logfile_close(&log);
}

/* As rotation leaves it for a moment: no newest file. */
static void in_the_middle_of_a_rotation_nothing_is_lost(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autostr struct str got = { 0 };
	struct log_reader reader;
	struct error err = { 0 };
	struct logfile log;

	assert_int_equal(logfile_open(&log, dir, 500, 50, &err), 0);
	write_number(&log, 1);
	logfile_close(&log);
	assert_int_equal(renameat(dir, "log/" LOGFILE_NAME, dir, "log/" LOGFILE_NAME ".1"), 0);
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	read_all(&reader, &got);
	assert_string_equal(got.data, "line 1\n");
	assert_int_equal(logfile_open(&log, dir, 500, 50, &err), 0);
	write_number(&log, 2);
	logfile_close(&log);
	read_all(&reader, &got);
	assert_string_equal(got.data, "line 1\nline 2\n");
	log_reader_close(&reader);
}

static void who_is_too_slow_goes_on_with_the_oldest_file(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autostr struct str got = { 0 };
	struct log_reader reader;
	struct error err = { 0 };
	struct logfile log;

	assert_int_equal(logfile_open(&log, dir, 500, 3, &err), 0);
	write_number(&log, 0);
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	for (int i = 1; i < 100; i++)
		write_number(&log, i);
	read_all(&reader, &got);
	assert_memory_equal(got.data, "line 0\n", 7);
	assert_non_null(strstr(got.data, "line 99\n"));
	assert_null(strstr(got.data, "line 50\n"));
	log_reader_close(&reader);
	logfile_close(&log);
}

static void damage_takes_no_memory(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofree char *junk = xmalloc(8U << 20);
	struct log_reader reader;
	struct error err = { 0 };
	struct logfile log;
	const char *line;
	size_t len;

	memset(junk, 'x', 8U << 20);
	assert_int_equal(logfile_open(&log, dir, 1 << 20, 3, &err), 0);
	logfile_close(&log);
	assert_int_equal(file_replace_at(dir, "junk", junk, 8U << 20, 0600, 0, &err), 0);
	assert_int_equal(renameat(dir, "junk", dir, "log/" LOGFILE_NAME), 0);
	assert_int_equal(log_reader_open(&reader, dir, &err), 0);
	assert_int_equal(log_reader_next(&reader, &line, &len, &err), 0);
	assert_true(reader.buffer.len < 2U << 20);
	log_reader_close(&reader);
}

static void a_link_is_no_log(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct log_reader reader;
	struct error err = { 0 };

	assert_int_equal(mkdirat(dir, "log", 0700), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, "log/" LOGFILE_NAME), 0);
	assert_int_equal(log_reader_open(&reader, dir, &err), -ELOOP);
	log_reader_close(&reader);
}

static void no_log_is_told_from_an_empty_one(void **state)
{
	autoclose int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct log_reader reader;
	struct error err = { 0 };

	assert_int_equal(log_reader_open(&reader, dir, &err), -ENOENT);
	log_reader_close(&reader);
	assert_int_equal(mkdirat(dir, "log", 0700), 0);
	assert_int_equal(log_reader_open(&reader, dir, &err), -ENOENT);
	log_reader_close(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_taken_apart),
		cmocka_unit_test(escapes_give_back_every_byte),
		cmocka_unit_test(text_that_looks_like_an_end_is_none),
		cmocka_unit_test(torn_entries_are_refused),
		cmocka_unit_test_setup_teardown(reading_survives_rotation_at_any_moment, make_dir,
						drop_dir),
		cmocka_unit_test_setup_teardown(reading_begins_with_the_oldest_file, make_dir,
						drop_dir),
		cmocka_unit_test_setup_teardown(tail_counts_lines_not_entries, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(in_the_middle_of_a_rotation_nothing_is_lost,
						make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(who_is_too_slow_goes_on_with_the_oldest_file,
						make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(damage_takes_no_memory, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_link_is_no_log, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(no_log_is_told_from_an_empty_one, make_dir,
						drop_dir),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
