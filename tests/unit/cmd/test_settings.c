// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_settings.c - What a user asked for survives config.json, all of it
 */
#include "cmd/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"

enum kind { TEXT, LIST, BOOL, INT, ELSEWHERE };

#define ROW(kind, m)                                                                         \
	{                                                                                    \
		kind, #m, offsetof(struct settings, m), sizeof(((struct settings *)NULL)->m) \
	}

/* ELSEWHERE: has a test of its own below, or is not stored. */
static const struct row {
	enum kind kind;
	const char *name;
	size_t offset, size;
} rows[] = {
	ROW(TEXT, name),
	ROW(TEXT, hostname),
	ROW(TEXT, image),
	ROW(TEXT, image_id),
	ROW(TEXT, image_store),
	ROW(TEXT, rootfs),
	ROW(TEXT, user),
	ROW(TEXT, cwd),
	ROW(TEXT, stop_signal),
	ROW(LIST, env),
	ROW(LIST, entrypoint),
	ROW(LIST, cmd),
	ROW(LIST, labels),
	ROW(LIST, exposed),
	ROW(BOOL, compat),
	ROW(BOOL, tty),
	ROW(BOOL, systemd),
	ROW(BOOL, interactive),
	ROW(BOOL, init),
	ROW(BOOL, auto_remove),
	ROW(BOOL, read_only),
	ROW(BOOL, privileged),
	ROW(BOOL, host_userns),
	ROW(BOOL, strict),
	ROW(INT, stop_timeout_s),
	ROW(INT, timeout_ms),
	ROW(TEXT, report),
	ROW(LIST, asserts),
	ROW(TEXT, assert_format),
	ROW(LIST, binds),
	ROW(LIST, tmpfs),
	ROW(ELSEWHERE, mounts),
	ROW(ELSEWHERE, n_mounts),
	ROW(TEXT, network),
	ROW(ELSEWHERE, publish),
	ROW(ELSEWHERE, ports),
	ROW(LIST, dns),
	ROW(LIST, dns_search),
	ROW(LIST, dns_options),
	ROW(LIST, extra_hosts),
	ROW(LIST, cap_add),
	ROW(LIST, cap_drop),
	ROW(LIST, security),
	ROW(LIST, ulimits),
	ROW(LIST, devices),
	ROW(LIST, groups),
	ROW(LIST, sysctls),
	ROW(INT, shm_bytes),
	ROW(INT, scratch_bytes),
	ROW(TEXT, scratch),
	ROW(INT, oom_score_adj),
	ROW(INT, memory_bytes),
	ROW(INT, memory_swap_bytes),
	ROW(INT, memory_reservation_bytes),
	ROW(INT, memory_min_bytes),
	ROW(INT, memory_high_bytes),
	ROW(INT, oom_group),
	ROW(INT, nano_cpus),
	ROW(INT, cpu_shares),
	ROW(INT, cpu_weight),
	ROW(INT, cpu_quota_us),
	ROW(INT, cpu_period_us),
	ROW(INT, cpu_burst_us),
	ROW(INT, vcpus),
	ROW(INT, pids_max),
	ROW(INT, io_weight),
	ROW(TEXT, cpuset_cpus),
	ROW(TEXT, cpuset_mems),
	ROW(LIST, io_limits[CGROUP_IO_RBPS]),
	ROW(LIST, io_limits[CGROUP_IO_WBPS]),
	ROW(LIST, io_limits[CGROUP_IO_RIOPS]),
	ROW(LIST, io_limits[CGROUP_IO_WIOPS]),
	ROW(LIST, io_weights),
	ROW(LIST, hugetlb),
	ROW(LIST, cgroup_conf),
	ROW(LIST, timeline),
	ROW(TEXT, sample),
	ROW(TEXT, cgroup_parent),
	ROW(TEXT, slice),
	ROW(INT, log_max_bytes),
	ROW(INT, log_max_files),
	ROW(LIST, health.test),
	ROW(INT, health.interval_ms),
	ROW(INT, health.timeout_ms),
	ROW(INT, health.start_ms),
	ROW(INT, health.retries),
	ROW(TEXT, restart),
	ROW(ELSEWHERE, limits_of_image),
	ROW(ELSEWHERE, document),
};

#define N_ROWS (sizeof(rows) / sizeof(*rows))

static void *member(struct settings *s, const struct row *row)
{
	return (char *)s + row->offset;
}

static void set(struct settings *s, const struct row *row)
{
	switch (row->kind) {
	case TEXT:
		*(const char **)member(s, row) = row->name;
		break;
	case LIST:
		strlist_take(member(s, row), xasprintf("%s=1", row->name));
		strlist_add(member(s, row), "other=\"\\\n");
		break;
	case BOOL:
		*(bool *)member(s, row) = true;
		break;
	case INT:
		*(int64_t *)member(s, row) = INT64_C(-1234567890123) - (int64_t)row->offset;
		break;
	case ELSEWHERE:
		break;
	}
}

static void expect_same(struct settings *a, struct settings *b, const struct row *row)
{
	const struct strlist *x, *y;
	const char *s, *t;

	switch (row->kind) {
	case TEXT:
		s = *(const char **)member(a, row);
		t = *(const char **)member(b, row);
		if ((s || t) && (!s || !t || strcmp(s, t) != 0))
			fail_msg("%s: '%s' became '%s'", row->name, s, t);
		break;
	case LIST:
		x = member(a, row);
		y = member(b, row);
		if (x->n != y->n)
			fail_msg("%s: %zu items became %zu", row->name, x->n, y->n);
		for (size_t i = 0; i < x->n; i++)
			assert_string_equal(x->items[i], y->items[i]);
		break;
	case BOOL:
		if (*(bool *)member(a, row) != *(bool *)member(b, row))
			fail_msg("%s is lost", row->name);
		break;
	case INT:
		if (*(int64_t *)member(a, row) != *(int64_t *)member(b, row))
			fail_msg("%s is lost", row->name);
		break;
	case ELSEWHERE:
		break;
	}
}

/* To text and back. */
static void store(const struct settings *from, struct settings *to)
{
	struct json *v = settings_to_json(from);
	char *text = json_print(v);
	struct error err = { 0 };

	json_free(v);
	v = json_parse(text, strlen(text), &err);
	assert_non_null(v);
	if (settings_from_json(to, v, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	free(text);
}

#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
static void this_test_knows_every_member(void **state)
{
	struct settings s;
	const unsigned char *bytes = (const unsigned char *)&s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	__builtin_clear_padding(&s);
	for (size_t i = 0; i < N_ROWS; i++)
		memset(member(&s, &rows[i]), 0, rows[i].size);
	for (size_t i = 0; i < sizeof(s); i++)
		if (bytes[i])
			fail_msg("the member at offset %zu is in no row", i);
}
#endif

static void each_member_alone_survives_and_sets_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		struct settings s = { 0 }, back = { 0 };

		set(&s, &rows[i]);
		store(&s, &back);
		for (size_t j = 0; j < N_ROWS; j++)
			expect_same(&s, &back, &rows[j]);
		settings_done(&s);
		settings_done(&back);
	}
}

static void all_members_together_survive_twice(void **state)
{
	struct settings s = { 0 }, once = { 0 }, twice = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		set(&s, &rows[i]);
	store(&s, &once);
	store(&once, &twice);
	for (size_t i = 0; i < N_ROWS; i++)
		expect_same(&s, &twice, &rows[i]);
	settings_done(&s);
	settings_done(&once);
	settings_done(&twice);
}

static void empty_text_is_not_given(void **state)
{
	struct settings s = { .name = "", .user = "", .network = "" }, back = { 0 };

	(void)state;
	store(&s, &back);
	assert_null(back.name);
	assert_null(back.user);
	assert_null(back.network);
	settings_done(&s);
	settings_done(&back);
}

/* As docker has it: one key has one value, the last. */
static void labels_are_a_map(void **state)
{
	struct settings s = { 0 }, back = { 0 };

	(void)state;
	strlist_add(&s.labels, "a=1");
	strlist_add(&s.labels, "bare");
	strlist_add(&s.labels, "a=2=3");
	store(&s, &back);
	assert_int_equal(back.labels.n, 2);
	assert_true(strlist_has(&back.labels, "a=2=3"));
	assert_true(strlist_has(&back.labels, "bare="));
	settings_done(&s);
	settings_done(&back);
}

static void mounts_survive(void **state)
{
	struct settings s = { 0 }, back = { 0 };

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct settings_mount m = {
			.source = xasprintf("/source %d", i),
			.name = xasprintf("%s", i % 2 ? "volume" : ""),
			.target = xasprintf("/target/%d", i),
			.read_only = i == 1,
			.recursive = i == 2,
			.idmap = i == 3,
			.no_copy = i == 4,
			.anonymous = i == 5,
		};

		settings_add_mount(&s, &m);
	}
	store(&s, &back);
	assert_int_equal(back.n_mounts, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(back.mounts[i].source, s.mounts[i].source);
		assert_string_equal(back.mounts[i].name, s.mounts[i].name);
		assert_string_equal(back.mounts[i].target, s.mounts[i].target);
		assert_int_equal(back.mounts[i].read_only, i == 1);
		assert_int_equal(back.mounts[i].recursive, i == 2);
		assert_int_equal(back.mounts[i].idmap, i == 3);
		assert_int_equal(back.mounts[i].no_copy, i == 4);
		assert_int_equal(back.mounts[i].anonymous, i == 5);
		assert_false(back.mounts[i].fresh);
	}
	settings_done(&s);
	settings_done(&back);
}

static void ports_survive(void **state)
{
	static const struct network_port ports[] = {
		{ .protocol = IPPROTO_TCP, .host_port = 8080, .container_port = 80 },
		{ .protocol = IPPROTO_TCP, .host_port = 8081, .container_port = 80 },
		{ .protocol = IPPROTO_UDP, .host_port = 0, .container_port = 53 },
		{ .protocol = IPPROTO_TCP, .host_port = 65535, .container_port = 65535 },
	};
	struct settings s = { 0 }, back = { 0 };
	struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	struct json *doc;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct network_port p = ports[i];

		if (i == 3)
			p.host_ip = loopback;
		network_ports_add(&s.ports, &p);
	}
	doc = settings_to_json(&s);
	assert_int_equal(json_count(json_get(json_get(doc, "HostConfig"), "PortBindings")), 3);
	json_free(doc);
	store(&s, &back);
	assert_int_equal(back.ports.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_memory_equal(&back.ports.items[i], &s.ports.items[i],
				    sizeof(struct network_port));
	settings_done(&s);
	settings_done(&back);
}

static void a_damaged_port_is_an_error(void **state)
{
	const char *text =
		"{\"HostConfig\":{\"PortBindings\":{\"80/sctp\":[{\"HostPort\":\"1\"}]}}}";
	struct settings s = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_true(settings_from_json(&s, json_parse(text, strlen(text), &err), &err) < 0);
	settings_done(&s);
}

static void a_document_of_the_wrong_shape_gives_nothing(void **state)
{
	static const char *const texts[] = {
		"[]",
		"\"x\"",
		"{}",
		"{\"Config\":[],\"HostConfig\":1,\"Mounts\":{},\"Name\":5}",
		"{\"Config\":{\"Env\":\"x\",\"Labels\":[1],\"Tty\":\"true\",\"StopTimeout\":\"5\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct settings s = { 0 }, none = { 0 };
		struct error err;

		assert_int_equal(
			settings_from_json(&s, json_parse(texts[i], strlen(texts[i]), &err), &err),
			0);
		for (size_t j = 0; j < N_ROWS; j++)
			expect_same(&none, &s, &rows[j]);
		settings_done(&s);
	}
}

static void the_command_is_shown_as_docker_shows_it(void **state)
{
	static const struct {
		const char *entrypoint[3], *cmd[3], *path, *args;
	} cases[] = {
		{ { "sh", "-c" }, { "true" }, "sh", "[\"-c\",\"true\"]" },
		{ { NULL }, { "echo", "a" }, "echo", "[\"a\"]" },
		{ { "top" }, { NULL }, "top", "[]" },
		{ { NULL }, { NULL }, "", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct settings s = { 0 };
		struct json *doc;
		char *args;

		for (size_t j = 0; cases[i].entrypoint[j]; j++)
			strlist_add(&s.entrypoint, cases[i].entrypoint[j]);
		for (size_t j = 0; cases[i].cmd[j]; j++)
			strlist_add(&s.cmd, cases[i].cmd[j]);
		doc = settings_to_json(&s);
		args = json_print(json_get(doc, "Args"));
		assert_string_equal(json_text(json_get(doc, "Path")), cases[i].path);
		assert_string_equal(args, cases[i].args);
		free(args);
		json_free(doc);
		settings_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
		cmocka_unit_test(this_test_knows_every_member),
#endif
		cmocka_unit_test(each_member_alone_survives_and_sets_no_other),
		cmocka_unit_test(all_members_together_survive_twice),
		cmocka_unit_test(empty_text_is_not_given),
		cmocka_unit_test(labels_are_a_map),
		cmocka_unit_test(mounts_survive),
		cmocka_unit_test(ports_survive),
		cmocka_unit_test(a_damaged_port_is_an_error),
		cmocka_unit_test(a_document_of_the_wrong_shape_gives_nothing),
		cmocka_unit_test(the_command_is_shown_as_docker_shows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
