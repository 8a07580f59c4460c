// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_systemd_property.c - Limits and annotations as "(sv)"
 */
#include "cgroups/systemd_property.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/dbus_message.h"
#include "cgroups/setting.h"

/* "Name type value" of each property, as text. */
static char *text_of(const struct str *b)
{
	struct dbus_reader r = { .data = (const unsigned char *)b->data, .len = b->len };
	struct str out = { 0 };

	while (r.pos < r.len) {
		const char *name, *type;

		dbus_skip(&r, "()"); /* aligns */
		name = dbus_read_string(&r);
		type = dbus_read_signature(&r);
		assert_non_null(name);
		assert_non_null(type);
		str_printf(&out, "%s%s %s", out.len ? ", " : "", name, type);
		if (!strcmp(type, "ay") || !strcmp(type, "as") || !strcmp(type, "au")) {
			size_t end = dbus_read_u32(&r);

			end += r.pos;
			while (r.pos < end && type[1] == 'y')
				str_printf(&out, " %u", dbus_read_byte(&r));
			while (r.pos < end && type[1] == 'u')
				str_printf(&out, " %u", dbus_read_u32(&r));
			while (r.pos < end)
				str_printf(&out, " '%s'", dbus_read_string(&r));
		} else if (!strcmp(type, "s")) {
			str_printf(&out, " '%s'", dbus_read_string(&r));
		} else if (!strcmp(type, "t") || !strcmp(type, "x")) {
			str_printf(&out, " %lld", (long long)dbus_read_u64(&r));
		} else if (!strcmp(type, "y")) {
			str_printf(&out, " %u", dbus_read_byte(&r));
		} else {
			str_printf(&out, " %d", (int)dbus_read_u32(&r));
		}
		assert_false(r.bad);
	}
	return out.data ? str_take(&out) : xstrdup("");
}

static int put_setting(struct str *b, const char *file, const char *value, struct error *err)
{
	struct cgroup_setting s = { .file = xstrdup(file),
				    .value = xstrdup(value),
				    .option = "--option" };
	int r = systemd_put_settings(b, &s, 1, true, NULL, err);

	free(s.file);
	free(s.value);
	return r;
}

static void assert_setting(const char *file, const char *value, const char *wanted)
{
	autostr struct str b = { 0 };
	struct error err;
	char *text;

	assert_int_equal(put_setting(&b, file, value, &err), 0);
	text = text_of(&b);
	assert_string_equal(text, wanted);
	free(text);
}

static void assert_setting_refused(const char *file, const char *value)
{
	autostr struct str b = { 0 };
	struct error err;

	assert_int_equal(put_setting(&b, file, value, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "--option"));
}

static void amounts_are_numbers(void **state)
{
	(void)state;
	assert_setting("memory.max", "4096", "MemoryMax t 4096");
	assert_setting("memory.max", "max", "MemoryMax t -1");
	assert_setting("memory.swap.max", "0", "MemorySwapMax t 0");
	assert_setting("memory.low", "1", "MemoryLow t 1");
	assert_setting("pids.max", "max", "TasksMax t -1");
	assert_setting("cpu.weight", "100", "CPUWeight t 100");
	assert_setting("io.weight", "default 50", "IOWeight t 50");
	assert_setting("io.weight", "8:0 50", "");
	assert_setting("hugetlb.2MB.max", "0", "");
	assert_setting_refused("memory.max", "lots");
	assert_setting_refused("pids.max", "-1");
}

static void a_quota_is_per_second_and_in_percents(void **state)
{
	(void)state;
	assert_setting("cpu.max", "50000 100000",
		       "CPUQuotaPeriodUSec t 100000, CPUQuotaPerSecUSec t 500000");
	assert_setting("cpu.max", "12345 50000",
		       "CPUQuotaPeriodUSec t 50000, CPUQuotaPerSecUSec t 250000");
	assert_setting("cpu.max", "max 100000",
		       "CPUQuotaPeriodUSec t 100000, CPUQuotaPerSecUSec t -1");
	assert_setting("cpu.max", "200000",
		       "CPUQuotaPeriodUSec t 100000, CPUQuotaPerSecUSec t 2000000");
	assert_setting_refused("cpu.max", "");
	assert_setting_refused("cpu.max", "0 100000");
	assert_setting_refused("cpu.max", "1000 0");
	assert_setting_refused("cpu.max", "1 2 3");
	assert_setting_refused("cpu.max", "18446744073709551614 1000");
}

static void lists_are_bits(void **state)
{
	(void)state;
	assert_setting("cpuset.cpus", "0", "AllowedCPUs ay 1");
	assert_setting("cpuset.cpus", "0-2,4", "AllowedCPUs ay 23");
	assert_setting("cpuset.cpus", " 9, 0-0,", "AllowedCPUs ay 1 2");
	assert_setting("cpuset.mems", "8", "AllowedMemoryNodes ay 0 1");
	assert_setting_refused("cpuset.cpus", "");
	assert_setting_refused("cpuset.cpus", ",");
	assert_setting_refused("cpuset.cpus", "2-1");
	assert_setting_refused("cpuset.cpus", "0-99999");
	assert_setting_refused("cpuset.cpus", "x");
}

static void idleness_is_a_weight(void **state)
{
	char idle[] = "cpu.idle", one[] = "1", weight[] = "cpu.weight", hundred[] = "100";
	struct cgroup_setting s[] = { { .file = weight, .value = hundred },
				      { .file = idle, .value = one } };
	autostr struct str b = { 0 };
	struct error err;
	char *text;

	(void)state;
	assert_setting("cpu.idle", "0", "");
	assert_int_equal(systemd_put_settings(&b, s, 2, true, NULL, &err), 0);
	text = text_of(&b);
	assert_string_equal(text, "CPUWeight t 0");
	free(text);
}

static void what_is_not_known_is_left_out(void **state)
{
	char oom[] = "memory.oom.group", one[] = "1", cpu[] = "cpu.max", quota[] = "1000 10000";
	struct cgroup_setting s[] = { { .file = oom, .value = one },
				      { .file = cpu, .value = quota } };
	autostrlist struct strlist without = { 0 };
	autostr struct str b = { 0 };
	struct error err;
	char *text;

	(void)state;
	assert_setting("memory.oom.group", "1", "OOMPolicy s 'kill'");
	assert_setting("memory.oom.group", "0", "OOMPolicy s 'continue'");
	strlist_add(&without, "CPUQuotaPeriodUSec");
	assert_int_equal(systemd_put_settings(&b, s, 2, false, &without, &err), 0);
	text = text_of(&b);
	assert_string_equal(text, "CPUQuotaPerSecUSec t 100000");
	free(text);
	assert_true(systemd_is_limit("OOMPolicy"));
	assert_false(systemd_is_limit("Description"));
}

static void assert_property(const char *name, const char *value, const char *wanted)
{
	struct systemd_property p = { name, value };
	autostr struct str b = { 0 };
	struct error err;
	char *text;

	if (systemd_put_property(&b, &p, &err) < 0)
		fail_msg("%s", err.msg);
	text = text_of(&b);
	assert_string_equal(text, wanted);
	free(text);
}

static void assert_property_refused(const char *name, const char *value)
{
	struct systemd_property p = { name, value };
	autostr struct str b = { 0 };
	struct error err;

	assert_int_equal(systemd_put_property(&b, &p, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "annotation 'org.systemd.property."));
}

static void annotations_have_types(void **state)
{
	(void)state;
	assert_property("Abc", "true", "Abc b 1");
	assert_property("Abc", " false ", "Abc b 0");
	assert_property("Abc", "5", "Abc i 5");
	assert_property("Abc", "-5", "Abc i -5");
	assert_property("Abc", "uint32 5", "Abc u 5");
	assert_property("Abc", "int64 -5", "Abc x -5");
	assert_property("Abc", "uint64 18446744073709551615", "Abc t -1");
	assert_property("Abc", "byte 255", "Abc y 255");
	assert_property("Abc", "@t 5", "Abc t 5");
	assert_property("Abc", "'text'", "Abc s 'text'");
	assert_property("Abc", "\"it's\"", "Abc s 'it's'");
	assert_property("Abc", "'a\\'b\\\\c'", "Abc s 'a'b\\c'");
	assert_property("Abc", "''", "Abc s ''");
}

static void arrays_are_of_one_type(void **state)
{
	(void)state;
	assert_property("Abc", "['a', \"b\"]", "Abc as 'a' 'b'");
	assert_property("Abc", "['a',]", "Abc as 'a'");
	assert_property("Abc", "[ uint32 1, 2 ]", "Abc au 1 2");
	assert_property("Abc", "@as []", "Abc as");
	assert_property("Abc", "@au [7]", "Abc au 7");
	assert_property_refused("Abc", "[]");
	assert_property_refused("Abc", "['a', 1]");
	assert_property_refused("Abc", "[1, 'a']");
	assert_property_refused("Abc", "['a'");
	assert_property_refused("Abc", "['a' 'b']");
	assert_property_refused("Abc", "[['a']]");
}

static void seconds_become_microseconds(void **state)
{
	(void)state;
	assert_property("TimeoutStopSec", "5", "TimeoutStopUSec t 5000000");
	assert_property("TimeoutStopSec", "uint64 5", "TimeoutStopUSec t 5000000");
	assert_property("TimeoutStopUSec", "uint64 5", "TimeoutStopUSec t 5");
	assert_property_refused("TimeoutStopSec", "-5");
	assert_property_refused("TimeoutStopSec", "'5'");
	assert_property_refused("TimeoutStopSec", "true");
	assert_property_refused("TimeoutStopSec", "[5]");
	assert_property_refused("TimeoutStopSec", "uint64 18446744073709551615");
}

static void other_text_is_refused(void **state)
{
	(void)state;
	assert_property_refused("Ab", "true");
	assert_property_refused("Abc1", "true");
	assert_property_refused("", "true");
	assert_property_refused("Abc", "");
	assert_property_refused("Abc", "text");
	assert_property_refused("Abc", "truex");
	assert_property_refused("Abc", "true true");
	assert_property_refused("Abc", "'open");
	assert_property_refused("Abc", "'open\\");
	assert_property_refused("Abc", "'\\u0000'");
	assert_property_refused("Abc", "byte 256");
	assert_property_refused("Abc", "uint32 -1");
	assert_property_refused("Abc", "2147483648");
	assert_property_refused("Abc", "uint32");
	assert_property_refused("Abc", "@z 1");
	assert_property_refused("Abc", "@a");
	assert_property_refused("Abc", "@as 'a'");
	assert_property_refused("Abc", "@s 1");
	assert_property_refused("Abc", "@t'a'");
}

static void annotations_are_told_by_their_prefix(void **state)
{
	(void)state;
	assert_string_equal(systemd_property_of_annotation("org.systemd.property.After"), "After");
	assert_null(systemd_property_of_annotation("org.systemd.After"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_numbers),
		cmocka_unit_test(a_quota_is_per_second_and_in_percents),
		cmocka_unit_test(lists_are_bits),
		cmocka_unit_test(idleness_is_a_weight),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(annotations_have_types),
		cmocka_unit_test(arrays_are_of_one_type),
		cmocka_unit_test(seconds_become_microseconds),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(annotations_are_told_by_their_prefix),
	};

	return cmocka_run_group_tests_name("cgroups/systemd_property", tests, NULL, NULL);
}
