// SPDX-License-Identifier: Apache-2.0
/*
 * Tests of runtime/criu_message. The vectors are those of the format's own
 * description (protobuf.dev/programming-guides/encoding).
 */
#include "runtime/criu_message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static struct criu_reader reader_of(const void *data, size_t len)
{
	return (struct criu_reader){ data, (const unsigned char *)data + len };
}

static void a_number_is_written_as_described(void **state)
{
	autostr struct str m = { 0 };

	(void)state;
	criu_put_int(&m, 1, 150);
	assert_int_equal(m.len, 3);
	assert_memory_equal(m.data, "\x08\x96\x01", 3);
}

static void a_text_is_written_as_described(void **state)
{
	autostr struct str m = { 0 };

	(void)state;
	criu_put_text(&m, 2, "testing");
	assert_int_equal(m.len, 9);
	assert_memory_equal(m.data, "\x12\x07testing", 9);
	criu_put_text(&m, 3, NULL);
	assert_int_equal(m.len, 9);
}

static void a_message_inside_is_written_as_described(void **state)
{
	autostr struct str inner = { 0 }, m = { 0 };

	(void)state;
	criu_put_int(&inner, 1, 150);
	criu_put_message(&m, 3, &inner);
	assert_int_equal(m.len, 5);
	assert_memory_equal(m.data, "\x1a\x03\x08\x96\x01", 5);
}

static void a_negative_number_has_ten_bytes(void **state)
{
	autostr struct str m = { 0 };
	struct criu_reader r;
	struct criu_field f;

	(void)state;
	criu_put_int(&m, 1, -1);
	assert_int_equal(m.len, 11);
	r = reader_of(m.data, m.len);
	assert_int_equal(criu_next(&r, &f), 1);
	assert_int_equal((int64_t)f.value, -1);
}

static void what_is_written_is_read(void **state)
{
	autostr struct str m = { 0 }, empty = { 0 };
	struct criu_reader r;
	struct criu_field f;

	(void)state;
	criu_put_int(&m, 5000, INT64_MAX);
	criu_put_text(&m, 1, "");
	criu_put_message(&m, 2, &empty);
	criu_put_bytes(&m, 3, "a\0b", 3);
	r = reader_of(m.data, m.len);
	assert_int_equal(criu_next(&r, &f), 1);
	assert_int_equal(f.number, 5000);
	assert_int_equal((int64_t)f.value, INT64_MAX);
	for (unsigned int i = 1; i <= 3; i++) {
		assert_int_equal(criu_next(&r, &f), 1);
		assert_int_equal(f.number, i);
		assert_int_equal(f.len, i == 3 ? 3 : 0);
	}
	assert_memory_equal(f.data, "a\0b", 3);
	assert_int_equal(criu_next(&r, &f), 0);
}

static void fixed_numbers_are_passed_over(void **state)
{
	static const char data[] = "\x09"
				   "12345678"
				   "\x15"
				   "1234"
				   "\x18\x05";
	struct criu_reader r = reader_of(data, sizeof(data) - 1);
	struct criu_field f;

	(void)state;
	assert_int_equal(criu_next(&r, &f), 1);
	assert_int_equal(f.number, 1);
	assert_int_equal(criu_next(&r, &f), 1);
	assert_int_equal(f.number, 2);
	assert_int_equal(criu_next(&r, &f), 1);
	assert_int_equal(f.number, 3);
	assert_int_equal(f.value, 5);
}

static void what_is_cut_off_is_refused(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{ "\x08", 1 },						    /* no value */
		{ "\x08\x96", 2 },					    /* half of one */
		{ "\x12\x07test", 6 },					    /* less than said */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },	    /* all of memory */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, /* too long */
		{ "\x09"
		  "1234567",
		  8 },
		{ "\x0b", 1 },	   /* a group: not of proto2's fields here */
		{ "\x00\x01", 2 }, /* field 0 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct criu_reader r = reader_of(bad[i].data, bad[i].len);
		struct criu_field f;

		assert_int_equal(criu_next(&r, &f), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_written_as_described),
		cmocka_unit_test(a_text_is_written_as_described),
		cmocka_unit_test(a_message_inside_is_written_as_described),
		cmocka_unit_test(a_negative_number_has_ten_bytes),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(fixed_numbers_are_passed_over),
		cmocka_unit_test(what_is_cut_off_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
