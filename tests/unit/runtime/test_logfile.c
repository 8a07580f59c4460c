// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_logfile.c - Output of any shape becomes whole lines of JSON
 */
#include "runtime/logfile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "tests/unit/scratch.h"

#define MAX_LINE 16384

static void open_log(struct logfile *l, const struct scratch *s, uint64_t max_size,
		     unsigned int max_files)
{
	struct error err;

	if (logfile_open(l, s->fd, max_size, max_files, &err) < 0)
		fail_msg("%s", err.msg);
}

static void put(struct logfile *l, enum logfile_stream stream, const char *text)
{
	assert_int_equal(logfile_write(l, stream, text, strlen(text)), 0);
}

/* The nth file of the log as one list of its entries; NULL when there is no such file. */
static struct json *entries(const struct scratch *s, unsigned int n)
{
	char name[64] = "log/" LOGFILE_NAME, *text, *save = NULL;
	struct json *list;

	if (n)
		snprintf(name, sizeof(name), "log/" LOGFILE_NAME ".%u", n);
	text = scratch_get(s, name);
	if (!text)
		return NULL;
	list = json_new_list();
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		struct error err;
		struct json *v = json_parse(l, strlen(l), &err);

		if (!v)
			fail_msg("'%s': %s", l, err.msg);
		json_add(list, v);
	}
	free(text);
	return list;
}

/* What a stream wrote, put together again from all files. */
static void collect(const struct scratch *s, const char *stream, struct str *out)
{
	for (unsigned int n = 9; n < 10; n--) {
		autojson struct json *list = entries(s, n);

		for (size_t i = 0; i < json_count(list); i++) {
			const struct json *e = json_at(list, i);

			if (!strcmp(json_text_or(json_get(e, "stream"), ""), stream))
				str_puts(out, json_text(json_get(e, "log")));
		}
	}
}

static void expect_written(const struct scratch *s, const char *stream, const char *text)
{
	autostr struct str all = { 0 };

	str_puts(&all, "");
	collect(s, stream, &all);
	assert_string_equal(all.data, text);
}

static void a_line_is_one_entry_in_dockers_form(void **state)
{
	struct timespec before, after;
	struct tm tm = { 0 };
	struct logfile l;
	char *text;
	long ns;
	int end = 0;

	clock_gettime(CLOCK_REALTIME, &before);
	open_log(&l, *state, 0, 3);
	put(&l, LOGFILE_STDERR, "hello\n");
	clock_gettime(CLOCK_REALTIME, &after);
	text = scratch_get(*state, "log/" LOGFILE_NAME);
	assert_int_equal(sscanf(text,
				"{\"log\":\"hello\\n\",\"stream\":\"stderr\",\"time\":\""
				"%4d-%2d-%2dT%2d:%2d:%2d.%9ldZ\"}\n%n",
				&tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
				&tm.tm_sec, &ns, &end),
			 7);
	assert_int_equal(end, strlen(text));
	tm.tm_year -= 1900;
	tm.tm_mon--;
	assert_true(timegm(&tm) >= before.tv_sec && timegm(&tm) <= after.tv_sec);
	logfile_close(&l);
	free(text);
}

static void a_line_waits_until_it_is_complete(void **state)
{
	struct logfile l;

	open_log(&l, *state, 0, 3);
	put(&l, LOGFILE_STDOUT, "one ");
	put(&l, LOGFILE_STDERR, "other\n");
	put(&l, LOGFILE_STDOUT, "line");
	expect_written(*state, "stdout", "");
	expect_written(*state, "stderr", "other\n");
	put(&l, LOGFILE_STDOUT, "\ntwo\n\nfour");
	expect_written(*state, "stdout", "one line\ntwo\n\n");
	logfile_close(&l);
	expect_written(*state, "stdout", "one line\ntwo\n\nfour");
	logfile_close(&l);
	{
		autojson struct json *list = entries(*state, 0);

		assert_int_equal(json_count(list), 5);
	}
}

static void long_lines_are_split_where_a_reader_can_join_them(void **state)
{
	static char line[3 * MAX_LINE + 2];
	autojson struct json *list = NULL;
	struct logfile l;

	memset(line, 'x', sizeof(line));
	open_log(&l, *state, 0, 3);
	line[MAX_LINE - 1] = '\n';
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, line, MAX_LINE), 0);
	line[MAX_LINE - 1] = 'x';
	line[MAX_LINE] = '\n';
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, line, MAX_LINE + 1), 0);
	line[MAX_LINE] = 'x';
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, line, sizeof(line)), 0);
	logfile_close(&l);
	list = entries(*state, 0);
	assert_int_equal(json_count(list), 1 + 2 + 4);
	for (size_t i = 0; i < json_count(list); i++) {
		const char *text = json_text(json_get(json_at(list, i), "log"));
		bool ends = i == 0 || i == 2 || i == 6;

		assert_true(strlen(text) <= MAX_LINE);
		assert_int_equal(text[strlen(text) - 1] == '\n', ends);
	}
}

/* Letters of one to four bytes and newlines, in lines of up to two maximal lengths. */
static void make_text(struct str *out)
{
	static const char *const letters[] = {
		"a",  "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\"", "\\",
		"\t", "\x01",	  "\x7f"
	};
	unsigned int random = 1;

	for (int line = 0; line < 24; line++) {
		for (int i = 0; i < line * 1200; i++) {
			random = random * 1103515245 + 12345;
			str_puts(out, letters[(random >> 16) % 9]);
		}
		str_putc(out, '\n');
	}
}

static void no_letter_is_torn_however_the_pieces_fall(void **state)
{
	static const size_t sizes[] = { 1, 7, 4096, 16383, 16384, 100000 };
	autostr struct str text = { 0 };

	make_text(&text);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct scratch *s = *state;
		struct logfile l;

		open_log(&l, s, 0, 3);
		for (size_t at = 0; at < text.len; at += sizes[i]) {
			size_t left = text.len - at;

			assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, text.data + at,
						       left < sizes[i] ? left : sizes[i]),
					 0);
		}
		logfile_close(&l);
		expect_written(s, "stdout", text.data);
		assert_int_equal(file_remove_tree_at(s->fd, "log"), 0);
	}
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void what_is_no_utf8_is_replaced_byte_by_byte(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "a\xff"
		  "b\n",
		  "a" BAD "b\n" },
		{ "\x80\n", BAD "\n" },
		{ "\xc3\n", BAD "\n" },
		{ "\xc0\xaf\n", BAD BAD "\n" },			/* overlong */
		{ "\xe0\x9f\xbf\n", BAD BAD BAD "\n" },		/* overlong */
		{ "\xed\xa0\x80\n", BAD BAD BAD "\n" },		/* surrogate */
		{ "\xf0\x8f\xbf\xbf\n", BAD BAD BAD BAD "\n" }, /* overlong */
		{ "\xf4\x90\x80\x80\n", BAD BAD BAD BAD "\n" }, /* beyond Unicode */
		{ "\xf5\x80\x80\x80\n", BAD BAD BAD BAD "\n" },
		{ "\xe2\x82\n", BAD BAD "\n" },
		{ "\xf4\x8f\xbf\xbf\xed\x9f\xbf\n", "\xf4\x8f\xbf\xbf\xed\x9f\xbf\n" },
		{ "\x1b[1m\r\b\x7f\n", "\x1b[1m\r\b\x7f\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct logfile l;

		open_log(&l, *state, 0, 3);
		put(&l, LOGFILE_STDOUT, cases[i].bytes);
		logfile_close(&l);
		expect_written(*state, "stdout", cases[i].text);
		assert_int_equal(file_remove_tree_at(((struct scratch *)*state)->fd, "log"), 0);
	}
}

static void bytes_that_never_become_text_end_all_the_same(void **state)
{
	static char bytes[5 * MAX_LINE];
	autostr struct str all = { 0 };
	struct logfile l;

	memset(bytes, 0x80, sizeof(bytes));
	open_log(&l, *state, 0, 3);
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, bytes, sizeof(bytes)), 0);
	memset(bytes, 0xf0, sizeof(bytes));
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, bytes, sizeof(bytes)), 0);
	logfile_close(&l);
	collect(*state, "stdout", &all);
	assert_int_equal(all.len, 2 * sizeof(bytes) * strlen(BAD));
}

static void files_are_rotated_between_lines(void **state)
{
	autojson struct json *newest = NULL, *older = NULL, *oldest = NULL, *none = NULL;
	autostr struct str all = { 0 };
	struct logfile l;
	char line[32];

	open_log(&l, *state, 1000, 3);
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		put(&l, LOGFILE_STDOUT, line);
	}
	logfile_close(&l);
	newest = entries(*state, 0);
	older = entries(*state, 1);
	oldest = entries(*state, 2);
	none = entries(*state, 3);
	assert_null(none);
	assert_int_equal(json_count(older), 13); /* as many as it takes to reach 1000 bytes */
	assert_int_equal(json_count(oldest), 13);
	assert_true(json_count(newest) < 13);
	collect(*state, "stdout", &all);
	snprintf(line, sizeof(line), "line %zu\n", 100 - 26 - json_count(newest));
	assert_memory_equal(all.data, line, strlen(line));
	assert_true(str_ends(all.data, "line 98\nline 99\n"));
}

static void a_long_line_stays_in_one_file(void **state)
{
	static char line[40000];
	autojson struct json *newest = NULL, *older = NULL;
	struct logfile l;

	open_log(&l, *state, 30000, 3);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 300; i++)
		put(&l, LOGFILE_STDOUT, "filler\n");
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, line, sizeof(line)), 0);
	put(&l, LOGFILE_STDOUT, "next\n");
	logfile_close(&l);
	older = entries(*state, 1);
	newest = entries(*state, 0);
	assert_int_equal(json_count(older), 300 + 3);
	assert_int_equal(json_count(newest), 1);
}

static void a_line_without_end_cannot_fill_the_disk(void **state)
{
	const struct scratch *s = *state;
	static char chunk[4096];
	struct logfile l;
	struct stat st;
	off_t sum = 0;

	memset(chunk, 'x', sizeof(chunk));
	open_log(&l, s, 20000, 2);
	for (int i = 0; i < 256; i++)
		assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, chunk, sizeof(chunk)), 0);
	logfile_close(&l);
	for (int i = 0; i < 2; i++)
		if (fstatat(s->fd, i ? "log/container.log.1" : "log/container.log", &st, 0) == 0)
			sum += st.st_size;
	assert_true(sum > 20000);
	assert_true(sum < 2 * (2 * 20000 + MAX_LINE + 100));
	assert_false(scratch_has(s, "log/container.log.2"));
}

static void a_single_file_starts_again(void **state)
{
	struct logfile l;

	open_log(&l, *state, 100, 1);
	put(&l, LOGFILE_STDOUT, "a first line\n");
	put(&l, LOGFILE_STDOUT, "a second line\n");
	put(&l, LOGFILE_STDOUT, "a third line\n");
	logfile_close(&l);
	expect_written(*state, "stdout", "a third line\n");
	assert_false(scratch_has(*state, "log/container.log.1"));
}

static void the_next_start_goes_on_where_the_last_ended(void **state)
{
	struct logfile l;

	open_log(&l, *state, 150, 3);
	put(&l, LOGFILE_STDOUT, "first\n");
	logfile_close(&l);
	open_log(&l, *state, 150, 3);
	assert_true(l.size > 0);
	put(&l, LOGFILE_STDOUT, "second\n");
	put(&l, LOGFILE_STDOUT, "third\n");
	logfile_close(&l);
	expect_written(*state, "stdout", "first\nsecond\nthird\n");
	assert_true(scratch_has(*state, "log/container.log.1"));
}

static void where_it_cannot_rotate_nothing_is_lost(void **state)
{
	const struct scratch *s = *state;
	autofree char *text = NULL;
	struct logfile l;

	open_log(&l, s, 150, 2);
	assert_int_equal(mkdirat(s->fd, "log/container.log.1", 0700), 0);
	put(&l, LOGFILE_STDOUT, "first\n");
	put(&l, LOGFILE_STDOUT, "second\n");
	put(&l, LOGFILE_STDOUT, "third\n");
	logfile_close(&l);
	text = scratch_get(s, "log/container.log");
	assert_non_null(strstr(text, "first"));
	assert_non_null(strstr(text, "third"));
}

static void a_link_in_the_place_of_the_log_is_refused(void **state)
{
	const struct scratch *s = *state;
	struct logfile l;
	struct error err;

	scratch_put_text(s, "target", "");
	assert_int_equal(mkdirat(s->fd, "log", 0700), 0);
	assert_int_equal(symlinkat("../target", s->fd, "log/container.log"), 0);
	assert_int_equal(logfile_open(&l, s->fd, 0, 1, &err), -ELOOP);
	assert_int_equal(l.fd, -1);
	assert_int_equal(l.dirfd, -1);
}

static void a_full_disk_is_told(void **state)
{
	struct logfile l;

	open_log(&l, *state, 0, 3);
	close(l.fd);
	l.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, "a\nb\n", 4), -ENOSPC);
	logfile_close(&l);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_disk_that_fills_up_holds_whole_entries(void **state)
{
	struct logfile l;

	signal(SIGXFSZ, SIG_IGN);
	open_log(&l, *state, 0, 3);
	put(&l, LOGFILE_STDOUT, "first\n");
	limit_files(l.size + 10);
	assert_int_equal(logfile_write(&l, LOGFILE_STDOUT, "lost\n", 5), -EFBIG);
	limit_files(RLIM_INFINITY);
	put(&l, LOGFILE_STDOUT, "second\n");
	logfile_close(&l);
	expect_written(*state, "stdout", "first\nsecond\n");
}

static void a_torn_entry_takes_no_other_with_it(void **state)
{
	const struct scratch *s = *state;
	autofree char *text = NULL;
	struct logfile l;

	assert_int_equal(mkdirat(s->fd, "log", 0700), 0);
	scratch_put_text(s, "log/container.log", "{\"log\":\"to");
	open_log(&l, *state, 0, 3);
	put(&l, LOGFILE_STDOUT, "whole\n");
	logfile_close(&l);
	text = scratch_get(s, "log/container.log");
	assert_non_null(strstr(text, "{\"log\":\"to\n{\"log\":\"whole"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(a_line_is_one_entry_in_dockers_form),
		scratch_test(a_line_waits_until_it_is_complete),
		scratch_test(long_lines_are_split_where_a_reader_can_join_them),
		scratch_test(no_letter_is_torn_however_the_pieces_fall),
		scratch_test(what_is_no_utf8_is_replaced_byte_by_byte),
		scratch_test(bytes_that_never_become_text_end_all_the_same),
		scratch_test(files_are_rotated_between_lines),
		scratch_test(a_long_line_stays_in_one_file),
		scratch_test(a_line_without_end_cannot_fill_the_disk),
		scratch_test(a_single_file_starts_again),
		scratch_test(the_next_start_goes_on_where_the_last_ended),
		scratch_test(where_it_cannot_rotate_nothing_is_lost),
		scratch_test(a_link_in_the_place_of_the_log_is_refused),
		scratch_test(a_full_disk_is_told),
		scratch_test(a_disk_that_fills_up_holds_whole_entries),
		scratch_test(a_torn_entry_takes_no_other_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
