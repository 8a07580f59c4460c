// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_resctrl.c - linux.intelRdt, on a directory that looks like resctrl
 */
#include <errno.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "runtime/resctrl.h"
#include "tests/unit/scratch.h"

static int parse(const char *text, struct resctrl_config *c, struct error *err)
{
	autojson struct json *v = json_parse(text, strlen(text), err);

	if (!v)
		fail_msg("%s: %s", text, err->msg);
	*c = (struct resctrl_config){ 0 };
	return resctrl_parse(c, v, err);
}

static struct resctrl_config parsed(const char *text)
{
	struct resctrl_config c;
	struct error err = { 0 };

	if (parse(text, &c, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return c;
}

static void example_of_the_specification_is_read(void **state)
{
	autoresctrl struct resctrl_config c = parsed(
		"{\"intelRdt\": {\"closID\": \"guaranteed_group\", \"schemata\":"
		" [\"L3:0=7f0;1=1f\", \"MB:0=20;1=70\"], \"enableMonitoring\": true}}");

	(void)state;
	assert_true(c.is_set && c.monitor);
	assert_string_equal(c.group, "guaranteed_group");
	assert_int_equal(c.match.n, 0);
	assert_int_equal(c.lines.n, 2);
	assert_string_equal(c.lines.items[1], "MB:0=20;1=70");
}

static void bandwidth_lines_of_the_cache_schema_give_way(void **state)
{
	autoresctrl struct resctrl_config both = parsed(
		"{\"intelRdt\": {\"l3CacheSchema\": \"L3:0=f\\nMB:0=10\\n\","
		" \"memBwSchema\": \"MB:0=20\"}}");
	autoresctrl struct resctrl_config alone =
		parsed("{\"intelRdt\": {\"l3CacheSchema\": \"L3:0=f\\nMB:0=10\\n\"}}");

	(void)state;
	assert_null(both.group);
	assert_int_equal(both.match.n, 2);
	assert_string_equal(both.match.items[0], "L3:0=f");
	assert_string_equal(both.match.items[1], "MB:0=20");
	assert_int_equal(alone.match.n, 2);
	assert_string_equal(alone.match.items[1], "MB:0=10");
}

static void nothing_is_asked_for_by_default(void **state)
{
	autoresctrl struct resctrl_config none = parsed("{}");
	autoresctrl struct resctrl_config empty = parsed("{\"intelRdt\": {\"closID\": \"\"}}");

	(void)state;
	assert_false(none.is_set);
	assert_true(empty.is_set && !empty.group && !empty.match.n && !empty.lines.n);
}

static void malformed_fields_are_named(void **state)
{
	static const char *const bad[][2] = {
		{ "{\"intelRdt\": 1}", "linux.intelRdt: " },
		{ "{\"intelRdt\": {\"closID\": \"..\"}}", "linux.intelRdt.closID: " },
		{ "{\"intelRdt\": {\"closID\": \"a/b\"}}", "linux.intelRdt.closID: " },
		{ "{\"intelRdt\": {\"closID\": 1}}", "linux.intelRdt.closID: " },
		{ "{\"intelRdt\": {\"memBwSchema\": \"L3:0=f\"}}", "linux.intelRdt.memBwSchema: " },
		{ "{\"intelRdt\": {\"memBwSchema\": \"MB:0=1\\nL3:0=f\"}}",
		  "linux.intelRdt.memBwSchema: " },
		{ "{\"intelRdt\": {\"l3CacheSchema\": []}}", "linux.intelRdt.l3CacheSchema: " },
		{ "{\"intelRdt\": {\"schemata\": [1]}}", "linux.intelRdt.schemata: " },
		{ "{\"intelRdt\": {\"enableMonitoring\": 1}}",
		  "linux.intelRdt.enableMonitoring: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = { 0 };
		autoresctrl struct resctrl_config c = { 0 };

		if (parse(bad[i][0], &c, &err) != -EBADMSG)
			fail_msg("%s was taken", bad[i][0]);
		if (strncmp(err.msg, bad[i][1], strlen(bad[i][1])) != 0)
			fail_msg("%s: %s", bad[i][0], err.msg);
	}
}

static void lines_are_compared_as_numbers(void **state)
{
	static const char have[] = "    MB:0=  20;1=  70\n    L3:0=00f;1=7f0\n";

	(void)state;
	assert_true(resctrl_line_matches(have, "L3:0=f;1=7f0"));
	assert_true(resctrl_line_matches(have, "L3:1=7f0"));
	assert_true(resctrl_line_matches(have, "MB:1=70;0=20;"));
	assert_false(resctrl_line_matches(have, "L3:0=ff;1=7f0"));
	assert_false(resctrl_line_matches(have, "L3:2=f"));
	assert_false(resctrl_line_matches(have, "MB:0=32"));
	assert_false(resctrl_line_matches(have, "L2:0=f"));
	assert_false(resctrl_line_matches(have, "L3:0"));
	assert_false(resctrl_line_matches("", "L3:0=f"));
}

/* A group as the kernel would have made it. */
static void put_group(const struct scratch *s, const char *name, const char *schemata)
{
	autofree char *file = xasprintf("%s/schemata", name);
	autofree char *tasks = xasprintf("%s/tasks", name);
	autofree char *monitoring = xasprintf("%s/mon_groups", name);

	(void)mkdirat(s->fd, name, 0700);
	(void)mkdirat(s->fd, monitoring, 0700);
	scratch_put(s, file, schemata, strlen(schemata));
	scratch_put(s, tasks, "", 0);
}

static void assert_file(const struct scratch *s, const char *path, const char *want)
{
	struct error err = { 0 };
	char *text = NULL;
	size_t len;

	if (file_read_at(s->fd, path, 4096, &text, &len, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(text, want);
	free(text);
}

static bool exists(const struct scratch *s, const char *path)
{
	struct stat st;

	return fstatat(s->fd, path, &st, 0) == 0;
}

static void a_group_that_exists_and_matches_is_joined(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c =
		parsed("{\"intelRdt\": {\"closID\": \"gold\", \"l3CacheSchema\": \"L3:0=f\"}}");
	struct error err = { 0 };

	put_group(s, "gold", "L3:0=00f;1=1");
	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), 0);
	assert_file(s, "gold/tasks", "42");
	assert_file(s, "gold/schemata", "L3:0=00f;1=1");
	assert_int_equal(resctrl_remove(&c, s->fd, "id", &err), 0);
	assert_true(exists(s, "gold"));
}

static void a_group_with_other_limits_is_not_joined(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c =
		parsed("{\"intelRdt\": {\"closID\": \"gold\", \"l3CacheSchema\": \"L3:0=ff\"}}");
	struct error err = { 0 };

	put_group(s, "gold", "L3:0=00f");
	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "linux.intelRdt"));
	assert_file(s, "gold/tasks", "");
	assert_true(exists(s, "gold"));
}

static void schemata_are_written_to_a_group_that_exists(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c = parsed(
		"{\"intelRdt\": {\"closID\": \"gold\", \"schemata\": [\"L2:0=f\", \"MB:0=20\"]}}");
	struct error err = { 0 };

	put_group(s, "gold", "");
	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), 0);
	assert_file(s, "gold/schemata", "L2:0=f\nMB:0=20\n");
	assert_file(s, "gold/tasks", "42");
}

static void a_closid_alone_must_exist(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c = parsed("{\"intelRdt\": {\"closID\": \"gold\"}}");
	struct error err = { 0 };

	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "linux.intelRdt.closID"));
	assert_false(exists(s, "gold"));
	put_group(s, "gold", "L3:0=f");
	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), 0);
	assert_file(s, "gold/tasks", "42");
}

static void a_group_made_in_vain_goes_again(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c =
		parsed("{\"intelRdt\": {\"l3CacheSchema\": \"L3:0=f\"}}");
	struct error err = { 0 };

	/* An ordinary directory comes without a file to write to. */
	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), -ENOENT);
	assert_false(exists(s, "id"));
	assert_int_equal(resctrl_remove(&c, s->fd, "id", &err), 0);
}

static void the_root_group_is_a_slash(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c =
		parsed("{\"intelRdt\": {\"closID\": \"/\", \"enableMonitoring\": true}}");
	struct error err = { 0 };

	put_group(s, ".", "L3:0=f");
	put_group(s, "mon_groups/id", "");
	assert_int_equal(resctrl_join(&c, s->fd, "id", 42, &err), 0);
	assert_file(s, "tasks", "42");
	assert_file(s, "mon_groups/id/tasks", "42");
	assert_file(s, "schemata", "L3:0=f");
}

static void monitoring_is_removed_from_a_group_that_stays(void **state)
{
	struct scratch *s = *state;
	autoresctrl struct resctrl_config c =
		parsed("{\"intelRdt\": {\"closID\": \"gold\", \"enableMonitoring\": true}}");
	struct error err = { 0 };

	put_group(s, "gold", "");
	assert_int_equal(mkdirat(s->fd, "gold/mon_groups/id", 0700), 0);
	assert_int_equal(resctrl_remove(&c, s->fd, "id", &err), 0);
	assert_false(exists(s, "gold/mon_groups/id"));
	assert_true(exists(s, "gold"));
	assert_int_equal(resctrl_remove(&c, s->fd, "id", &err), 0);
}

static void without_resctrl_the_field_is_named(void **state)
{
	struct error err = { 0 };
	int fd = resctrl_open(&err);

	(void)state;
	if (fd >= 0) {
		close(fd);
		skip();
	}
	assert_int_equal(fd, -ENOTSUP);
	assert_ptr_equal(strstr(err.msg, "linux.intelRdt: "), err.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_of_the_specification_is_read),
		cmocka_unit_test(bandwidth_lines_of_the_cache_schema_give_way),
		cmocka_unit_test(nothing_is_asked_for_by_default),
		cmocka_unit_test(malformed_fields_are_named),
		cmocka_unit_test(lines_are_compared_as_numbers),
		scratch_test(a_group_that_exists_and_matches_is_joined),
		scratch_test(a_group_with_other_limits_is_not_joined),
		scratch_test(schemata_are_written_to_a_group_that_exists),
		scratch_test(a_closid_alone_must_exist),
		scratch_test(a_group_made_in_vain_goes_again),
		scratch_test(the_root_group_is_a_slash),
		scratch_test(monitoring_is_removed_from_a_group_that_stays),
		cmocka_unit_test(without_resctrl_the_field_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
