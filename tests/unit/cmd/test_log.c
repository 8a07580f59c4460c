// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_log.c - Reading logs while they are written and rotated
 */
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

/* A container's directory with a log that is written, and what a reader has had of it. */
struct fixture {
	char path[32];
	int dir;
	struct logfile log;
	struct log_reader reader;
	struct str got;
	struct error err;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	f->reader = (struct log_reader){ .dirfd = -1, .fd = -1 };
	snprintf(f->path, sizeof(f->path), "/tmp/tare-test-log.XXXXXX");
	f->dir = mkdtemp(f->path) ? open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return f->dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int r = file_remove_tree_at(AT_FDCWD, f->path);

	log_reader_close(&f->reader);
	str_done(&f->got);
	(void)close(f->dir);
	free(f);
	return r;
}

static void begin_log(struct fixture *f, uint64_t max_bytes, unsigned int max_files)
{
	assert_int_equal(logfile_open(&f->log, f->dir, max_bytes, max_files, &f->err), 0);
}

static void write_number(struct fixture *f, int i)
{
	char line[32];

	snprintf(line, sizeof(line), "line %d\n", i);
	assert_int_equal(logfile_write(&f->log, LOGFILE_STDOUT, line, strlen(line)), 0);
}

static void begin_reading(struct fixture *f)
{
	log_reader_close(&f->reader);
	assert_int_equal(log_reader_open(&f->reader, f->dir, &f->err), 0);
}

/* The text of all lines that are there, appended. */
static void read_all(struct fixture *f)
{
	struct log_entry e = { 0 };
	const char *line;
	size_t len;
	int r;

	while ((r = log_reader_next(&f->reader, &line, &len, &f->err)) > 0) {
		assert_int_equal(log_entry_parse(line, len, &e), 0);
		str_append(&f->got, e.text.data, e.text.len);
	}
	assert_int_equal(r, 0);
	str_done(&e.text);
}

static void reading_survives_rotation_at_any_moment(void **state)
{
	autostr struct str wanted = { 0 };
	struct fixture *f = *state;

	begin_log(f, 500, 50);
	write_number(f, 0);
	str_puts(&wanted, "line 0\n");
	begin_reading(f);
	for (int i = 1; i < 200; i++) {
		write_number(f, i);
		str_printf(&wanted, "line %d\n", i);
		if (i % 7 == 0 || i % 23 == 1)
			read_all(f);
	}
	read_all(f);
	assert_string_equal(f->got.data, wanted.data);
	logfile_close(&f->log);
}

static void reading_begins_with_the_oldest_file(void **state)
{
	struct fixture *f = *state;

	begin_log(f, 500, 3);
	for (int i = 0; i < 100; i++)
		write_number(f, i);
	logfile_close(&f->log);
	begin_reading(f);
	read_all(f);
	assert_non_null(strstr(f->got.data, "line 99\n"));
	assert_null(strstr(f->got.data, "line 1\n"));
	/* No gap: the first line there is, and all after it. */
	for (int i = (int)strtol(f->got.data + 5, NULL, 10); i < 100; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d\n", i);
		assert_non_null(strstr(f->got.data, line));
	}
}

static void tail_counts_lines_not_entries(void **state)
{
	autofree char *lengthy = xmalloc(40000);
	struct fixture *f = *state;

	memset(lengthy, 'x', 40000);
	lengthy[39999] = '\n';
	begin_log(f, 1 << 20, 3);
	write_number(f, 1);
	write_number(f, 2);
	assert_int_equal(logfile_write(&f->log, LOGFILE_STDOUT, lengthy, 40000), 0);
	logfile_close(&f->log);
	begin_reading(f);
	assert_int_equal(log_reader_skip_to_tail(&f->reader, 2, &f->err), 0);
	read_all(f);
	assert_int_equal(f->got.len, strlen("line 2\n") + 40000);
	assert_memory_equal(f->got.data, "line 2\nx", 8);
	begin_reading(f);
	assert_int_equal(log_reader_skip_to_tail(&f->reader, 0, &f->err), 0);
	f->got.len = 0;
	read_all(f);
	assert_int_equal(f->got.len, 0);
}

/* As rotation leaves it for a moment: no newest file. */
static void in_the_middle_of_a_rotation_nothing_is_lost(void **state)
{
	struct fixture *f = *state;

	begin_log(f, 500, 50);
	write_number(f, 1);
	logfile_close(&f->log);
	assert_int_equal(renameat(f->dir, "log/" LOGFILE_NAME, f->dir, "log/" LOGFILE_NAME ".1"),
			 0);
	begin_reading(f);
	read_all(f);
	assert_string_equal(f->got.data, "line 1\n");
	begin_log(f, 500, 50);
	write_number(f, 2);
	logfile_close(&f->log);
	read_all(f);
	assert_string_equal(f->got.data, "line 1\nline 2\n");
}

static void who_is_too_slow_goes_on_with_the_oldest_file(void **state)
{
	struct fixture *f = *state;

	begin_log(f, 500, 3);
	write_number(f, 0);
	begin_reading(f);
	for (int i = 1; i < 100; i++)
		write_number(f, i);
	logfile_close(&f->log);
	read_all(f);
	assert_memory_equal(f->got.data, "line 0\n", 7);
	assert_non_null(strstr(f->got.data, "line 99\n"));
	assert_null(strstr(f->got.data, "line 50\n"));
}

static void damage_takes_no_memory(void **state)
{
	autofree char *junk = xmalloc(8U << 20);
	struct fixture *f = *state;
	const char *line;
	size_t len;

	memset(junk, 'x', 8U << 20);
	begin_log(f, 1 << 20, 3);
	logfile_close(&f->log);
	assert_int_equal(file_replace_at(f->dir, "junk", junk, 8U << 20, 0600, 0, &f->err), 0);
	assert_int_equal(renameat(f->dir, "junk", f->dir, "log/" LOGFILE_NAME), 0);
	begin_reading(f);
	assert_int_equal(log_reader_next(&f->reader, &line, &len, &f->err), 0);
	assert_true(f->reader.buffer.len < 2U << 20);
}

static void a_link_is_no_log(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdirat(f->dir, "log", 0700), 0);
	assert_int_equal(symlinkat("/etc/passwd", f->dir, "log/" LOGFILE_NAME), 0);
	assert_int_equal(log_reader_open(&f->reader, f->dir, &f->err), -ELOOP);
}

static void no_log_is_told_from_an_empty_one(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(log_reader_open(&f->reader, f->dir, &f->err), -ENOENT);
	log_reader_close(&f->reader);
	assert_int_equal(mkdirat(f->dir, "log", 0700), 0);
	assert_int_equal(log_reader_open(&f->reader, f->dir, &f->err), -ENOENT);
}

#define with_files(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_taken_apart),
		cmocka_unit_test(escapes_give_back_every_byte),
		cmocka_unit_test(text_that_looks_like_an_end_is_none),
		cmocka_unit_test(torn_entries_are_refused),
		with_files(reading_survives_rotation_at_any_moment),
		with_files(reading_begins_with_the_oldest_file),
		with_files(tail_counts_lines_not_entries),
		with_files(in_the_middle_of_a_rotation_nothing_is_lost),
		with_files(who_is_too_slow_goes_on_with_the_oldest_file),
		with_files(damage_takes_no_memory),
		with_files(a_link_is_no_log),
		with_files(no_log_is_told_from_an_empty_one),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
