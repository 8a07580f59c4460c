// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_dbus_message.c - Messages byte by byte, good and bad
 *
 * The bytes were written by GLib's GDBus.
 */
#include "cgroups/dbus_message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define FUZZ_ROUNDS 30000

static const char stop_unit[] =
	"6c01000120000000070000009900000001016f00190000002f6f72672f667265656465736b746f70"
	"2f73797374656d64310000000000000002017300200000006f72672e667265656465736b746f702e"
	"73797374656d64312e4d616e61676572000000000000000006017300180000006f72672e66726565"
	"6465736b746f702e73797374656d6431000000000000000008016700027373000301730008000000"
	"53746f70556e697400000000000000000c000000746172652d612e73636f70650000000007000000"
	"7265706c61636500";
static const char job_removed[] =
	"6c04010145000000090000008b00000007017300040000003a312e310000000001016f0019000000"
	"2f6f72672f667265656465736b746f702f73797374656d6431000000000000000201730020000000"
	"6f72672e667265656465736b746f702e73797374656d64312e4d616e616765720000000000000000"
	"0801670004756f737300000000000000030173000a0000004a6f6252656d6f766564000000000000"
	"050000001f0000002f6f72672f667265656465736b746f702f73797374656d64312f6a6f622f3500"
	"0c000000746172652d612e73636f70650000000004000000646f6e6500";
static const char job_removed_big_endian[] =
	"4204010100000045000000090000008b07017300000000043a312e310000000001016f0000000019"
	"2f6f72672f667265656465736b746f702f73797374656d6431000000000000000201730000000020"
	"6f72672e667265656465736b746f702e73797374656d64312e4d616e616765720000000000000000"
	"0801670004756f737300000000000000030173000000000a4a6f6252656d6f766564000000000000"
	"000000050000001f2f6f72672f667265656465736b746f702f73797374656d64312f6a6f622f3500"
	"0000000c746172652d612e73636f70650000000000000004646f6e6500";
static const char properties[] =
	"70000000000000000100000041000174000000000000000005000000000000000400000050494473"
	"00026175000000000400000001000000010000004300026179000000020000000301000000000000"
	"01000000530002617300000006000000010000007800000001000000420001620000000001000000";

static unsigned char *bytes_of(const char *hex, size_t *len)
{
	unsigned char *bytes;

	*len = strlen(hex) / 2;
	bytes = malloc(*len); /* not a byte more: sanitizers see what is read beyond */
	assert_non_null(bytes);
	for (size_t i = 0; i < *len; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1] };

		bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return bytes;
}

static void assert_bytes(const struct str *is, const char *hex)
{
	size_t len;
	unsigned char *wanted = bytes_of(hex, &len);

	assert_int_equal(is->len, len);
	assert_memory_equal(is->data, wanted, len);
	free(wanted);
}

static void a_call_is_what_others_write(void **state)
{
	struct dbus_call call = { .destination = "org.freedesktop.systemd1",
				  .path = "/org/freedesktop/systemd1",
				  .interface = "org.freedesktop.systemd1.Manager",
				  .member = "StopUnit",
				  .signature = "ss" };
	autostr struct str out = { 0 };
	struct error err;

	(void)state;
	dbus_put_string(&call.body, "tare-a.scope");
	dbus_put_string(&call.body, "replace");
	assert_int_equal(dbus_marshal_call(&call, 7, &out, &err), 0);
	assert_bytes(&out, stop_unit);
	str_done(&call.body);
}

static void variant(struct str *b, const char *name, const char *type)
{
	dbus_begin_struct(b);
	dbus_put_string(b, name);
	dbus_put_signature(b, type);
}

static void values_are_aligned(void **state)
{
	autostr struct str b = { 0 };
	struct dbus_array all, one;

	(void)state;
	all = dbus_begin_array(&b, '(');
	variant(&b, "A", "t");
	dbus_put_u64(&b, 5);
	variant(&b, "PIDs", "au");
	one = dbus_begin_array(&b, 'u');
	dbus_put_u32(&b, 1);
	dbus_end_array(&b, one);
	variant(&b, "C", "ay");
	one = dbus_begin_array(&b, 'y');
	dbus_put_byte(&b, 3);
	dbus_put_byte(&b, 1);
	dbus_end_array(&b, one);
	variant(&b, "S", "as");
	one = dbus_begin_array(&b, 's');
	dbus_put_string(&b, "x");
	dbus_end_array(&b, one);
	variant(&b, "B", "b");
	dbus_put_u32(&b, 1);
	dbus_end_array(&b, all);
	assert_bytes(&b, properties);
}

static void a_body_that_is_too_long_is_not_sent(void **state)
{
	struct dbus_call call = { .path = "/", .member = "M" };
	autostr struct str out = { 0 };
	struct error err;

	(void)state;
	call.body.len = DBUS_MESSAGE_MAX_BYTES + 1;
	assert_int_equal(dbus_marshal_call(&call, 1, &out, &err), -E2BIG);
}

static void check_signal(const char *hex)
{
	size_t len, size;
	unsigned char *bytes = bytes_of(hex, &len);
	struct dbus_message m;

	assert_int_equal(dbus_message_size(bytes, &size), 0);
	assert_int_equal(size, len);
	assert_int_equal(dbus_message_parse(bytes, len, &m), 0);
	assert_int_equal(m.type, DBUS_SIGNAL);
	assert_int_equal(m.serial, 9);
	assert_string_equal(m.path, "/org/freedesktop/systemd1");
	assert_string_equal(m.interface, "org.freedesktop.systemd1.Manager");
	assert_string_equal(m.member, "JobRemoved");
	assert_string_equal(m.signature, "uoss");
	assert_string_equal(m.error_name, "");
	assert_int_equal(dbus_read_u32(&m.body), 5);
	assert_string_equal(dbus_read_string(&m.body), "/org/freedesktop/systemd1/job/5");
	dbus_skip(&m.body, "s");
	assert_string_equal(dbus_read_string(&m.body), "done");
	assert_false(m.body.bad);
	assert_null(dbus_read_string(&m.body)); /* no more of them */
	assert_true(m.body.bad);
	free(bytes);
}

static void signals_are_read_in_either_byte_order(void **state)
{
	(void)state;
	check_signal(job_removed);
	check_signal(job_removed_big_endian);
}

static void values_of_any_type_are_skipped(void **state)
{
	size_t len;
	unsigned char *bytes = bytes_of(properties, &len);
	struct dbus_reader all = { .data = bytes, .len = len }, one = all, odd = all;

	(void)state;
	dbus_skip(&all, "a(sv)");
	assert_false(all.bad);
	assert_int_equal(all.pos, len);
	dbus_skip(&one, "u(sv)(sv)(sv)(sv)(sv)");
	assert_false(one.bad);
	assert_int_equal(one.pos, len);
	dbus_skip(&odd, "u(sv");
	assert_true(odd.bad);
	odd = (struct dbus_reader){ .data = bytes, .len = len };
	dbus_skip(&odd, "az");
	assert_true(odd.bad);
	free(bytes);
}

/* A variant of a variant of a variant ... */
static void depth_is_bounded(void **state)
{
	unsigned char bytes[3000];
	struct dbus_reader r = { .data = bytes, .len = sizeof(bytes) };
	char arrays[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i += 3)
		memcpy(bytes + i, "\1v", 3);
	dbus_skip(&r, "v");
	assert_true(r.bad);
	memset(arrays, 'a', sizeof(arrays));
	memcpy(arrays + sizeof(arrays) - 2, "y", 2);
	r = (struct dbus_reader){ .data = bytes, .len = sizeof(bytes) };
	dbus_skip(&r, arrays);
	assert_true(r.bad);
}

/* What is asked of a message, without regard to what it says. */
static void read_all(const unsigned char *bytes, size_t len)
{
	struct dbus_message m;
	size_t size;

	if (len >= DBUS_HEADER_BYTES)
		(void)dbus_message_size(bytes, &size);
	if (dbus_message_parse(bytes, len, &m) < 0)
		return;
	(void)strlen(m.path);
	(void)strlen(m.error_name);
	dbus_skip(&m.body, m.signature);
	m.body.pos = 0;
	m.body.bad = false;
	(void)dbus_read_signature(&m.body);
	(void)dbus_read_string(&m.body);
	(void)dbus_read_u64(&m.body);
}

static void every_truncation_is_refused(void **state)
{
	size_t len;
	unsigned char *bytes = bytes_of(job_removed, &len);
	struct dbus_message m;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		unsigned char *part = malloc(i ? i : 1);

		assert_non_null(part);
		memcpy(part, bytes, i);
		assert_int_equal(dbus_message_parse(part, i, &m), -EBADMSG);
		free(part);
	}
	free(bytes);
}

static void garbled_messages_do_no_harm(void **state)
{
	static const char *const seeds[] = { stop_unit, job_removed, job_removed_big_endian };

	(void)state;
	srand(1); /* the same ones each time */
	for (int round = 0; round < FUZZ_ROUNDS; round++) {
		size_t len;
		unsigned char *bytes = bytes_of(seeds[round % 3], &len);

		for (int i = rand() % 4; i >= 0; i--) {
			size_t at = (size_t)rand() % (rand() % 2 ? 32 : len);

			bytes[at] = (unsigned char)(rand() % 3 ? rand() : "av(s"[rand() % 4]);
		}
		read_all(bytes, len);
		free(bytes);
	}
}

static void headers_that_promise_too_much_are_refused(void **state)
{
	size_t len, size;
	unsigned char *bytes = bytes_of(job_removed, &len);

	(void)state;
	bytes[6] = 0x11; /* body of more than a MiB */
	assert_int_equal(dbus_message_size(bytes, &size), -EBADMSG);
	bytes[6] = 0;
	bytes[14] = 2; /* fields of 128 KiB */
	assert_int_equal(dbus_message_size(bytes, &size), -EBADMSG);
	bytes[14] = 0;
	bytes[0] = 'x';
	assert_int_equal(dbus_message_size(bytes, &size), -EBADMSG);
	bytes[0] = 'l';
	bytes[3] = 2; /* protocol version */
	assert_int_equal(dbus_message_size(bytes, &size), -EBADMSG);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_what_others_write),
		cmocka_unit_test(values_are_aligned),
		cmocka_unit_test(a_body_that_is_too_long_is_not_sent),
		cmocka_unit_test(signals_are_read_in_either_byte_order),
		cmocka_unit_test(values_of_any_type_are_skipped),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(garbled_messages_do_no_harm),
		cmocka_unit_test(headers_that_promise_too_much_are_refused),
	};

	return cmocka_run_group_tests_name("cgroups/dbus_message", tests, NULL, NULL);
}
