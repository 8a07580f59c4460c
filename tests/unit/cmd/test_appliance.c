// SPDX-License-Identifier: Apache-2.0
/* Labels are read strictly, and what they ask for is given within what the user allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/appliance.h"
#include "cmd/health.h"
#include "image/config.h"

static int set(struct appliance *a, const char *label, const char *value, struct error *err)
{
	appliance_done(a);
	*err = (struct error){ 0 };
	return appliance_set(a, label, value, err);
}

static void values_in_their_form_are_read(void **state)
{
	struct appliance a = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(set(&a, "tare.memory", "256m", &err), 0);
	assert_int_equal(a.memory_bytes, 256 << 20);
	assert_int_equal(set(&a, "tare.cpus", "1.5", &err), 0);
	assert_int_equal(a.nano_cpus, 1500000000);
	assert_int_equal(set(&a, "tare.pids", "64", &err), 0);
	assert_int_equal(a.pids_max, 64);
	assert_int_equal(set(&a, "tare.ports", "8080:80 53:53/udp,443", &err), 0);
	assert_int_equal(a.ports.n, 3);
	assert_int_equal(set(&a, "tare.volumes", "data:/data\n/etc/x:/x:ro /scratch", &err), 0);
	assert_int_equal(a.volumes.n, 3);
	assert_int_equal(set(&a, "tare.restart", "on-failure:3", &err), 0);
	assert_string_equal(a.restart, "on-failure:3");
	assert_int_equal(set(&a, "tare.help", "Reads the manual", &err), 0);
	assert_string_equal(a.help, "Reads the manual");
	appliance_done(&a);
}

static void bad_values_are_refused_by_name(void **state)
{
	static const char *const bad[][2] = {
		{ "tare.memory", "lots" },
		{ "tare.memory", "1" },
		{ "tare.memory", "-1" },
		{ "tare.memory", "" },
		{ "tare.cpus", "0" },
		{ "tare.cpus", "two" },
		{ "tare.cpus", "1e3" },
		{ "tare.pids", "0" },
		{ "tare.pids", "99999999999" },
		{ "tare.ports", "http" },
		{ "tare.ports", "80:99999" },
		{ "tare.volumes", "./here:/x" },
		{ "tare.volumes", "data:x" },
		{ "tare.volumes", "data:/../x" },
		{ "tare.volumes", "d:/x:exotic" },
		{ "tare.restart", "sometimes" },
		{ "tare.restart", "on-failure:0" },
		{ "tare.health", "" },
		{ "tare.health", "--retries=0 x" },
		{ "tare.health", "--colour=red x" },
		{ "tare.port", "80" },
		{ "tare.", "x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct appliance a = { 0 };
		struct error err;

		assert_true(set(&a, bad[i][0], bad[i][1], &err) < 0);
		assert_non_null(strstr(err.msg, bad[i][0]));
		appliance_done(&a);
	}
}

static void a_long_list_is_refused(void **state)
{
	struct appliance a = { 0 };
	struct str value = { 0 };
	struct error err;

	(void)state;
	for (int i = 0; i < 65; i++)
		str_printf(&value, "%d ", 1000 + i);
	assert_true(set(&a, "tare.ports", value.data, &err) < 0);
	appliance_done(&a);
	str_done(&value);
}

static void a_health_label_is_like_a_dockerfile_line(void **state)
{
	struct health_check h = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(health_parse_label("--interval=5s --timeout=1m --retries=2 "
					    "--start-period=1s wget -q --spider x",
					    &h, &err),
			 0);
	assert_int_equal(h.interval_ms, 5000);
	assert_int_equal(h.timeout_ms, 60000);
	assert_int_equal(h.start_ms, 1000);
	assert_int_equal(h.retries, 2);
	assert_string_equal(h.test.items[0], "CMD-SHELL");
	assert_string_equal(h.test.items[1], "wget -q --spider x");
	strlist_done(&h.test);
	h = (struct health_check){ 0 };
	assert_int_equal(health_parse_label("NONE", &h, &err), 0);
	assert_false(health_is_on(&h));
	strlist_done(&h.test);
}

/* What docker's form of a check becomes; negative: it is refused. */
static int docker_health(const char *text, struct health_check *h)
{
	autojson struct json *map = json_parse(text, strlen(text), &(struct error){ 0 });
	struct error err;
	int r;

	assert_non_null(map);
	*h = (struct health_check){ 0 };
	r = health_parse_docker(map, h, &err);
	strlist_done(&h->test);
	return r;
}

static void dockers_health_checks_are_read_strictly(void **state)
{
	autostr struct str lengthy = { 0 };
	struct health_check h;

	(void)state;
	assert_int_equal(docker_health("{\"Test\":[\"NONE\"]}", &h), 0);
	assert_int_equal(docker_health("{\"Test\":[],\"Interval\":1}", &h), 0);
	assert_int_equal(h.interval_ms, 1); /* not what "not given" is */
	assert_true(docker_health("{\"Test\":[\"CMD\"]}", &h) < 0);
	assert_true(docker_health("{\"Test\":[\"RUN\",\"x\"]}", &h) < 0);
	assert_true(docker_health("{\"Test\":[\"CMD\",1]}", &h) < 0);
	assert_true(docker_health("{\"Interval\":-1}", &h) < 0);
	assert_true(docker_health("{\"Interval\":\"5s\"}", &h) < 0);
	assert_true(docker_health("{\"Retries\":1001}", &h) < 0);
	str_printf(&lengthy, "{\"Test\":[\"CMD\",\"%04096d\"]}", 0);
	assert_true(docker_health(lengthy.data, &h) < 0);
}

/* The limits that @labels make of @s. */
static void apply(const char *config, bool accept, struct settings *s)
{
	struct image_config image = { 0 };
	struct appliance a;
	struct error err;

	assert_int_equal(image_config_parse(config, strlen(config), &image, &err), 0);
	assert_int_equal(appliance_read(&image, &a, &err), 0);
	appliance_apply_limits(&a, s);
	if (accept)
		assert_int_equal(appliance_apply_ports(&a, s, &err), 0);
	assert_int_equal(appliance_apply_volumes(&a, accept, s, &err), 0);
	appliance_done(&a);
	image_config_done(&image);
}

#define ZEROS "0000000000000000"
#define CONFIG(labels)                                                                          \
	"{\"config\":{\"Labels\":{" labels "},\"Healthcheck\":{\"Test\":[\"CMD\",\"check\"],"   \
	"\"Interval\":2000000000}},\"rootfs\":{\"diff_ids\":[\"sha256:" ZEROS ZEROS ZEROS ZEROS \
	"\"]}}"
#define ALL                                                                              \
	CONFIG("\"tare.memory\":\"64m\",\"tare.pids\":\"9\",\"tare.ports\":\"8080:80\"," \
	       "\"tare.volumes\":\"data:/data /etc:/conf:ro\",\"other\":\"x\"")

static void flags_win(void **state)
{
	struct settings s = { .memory_bytes = 1 << 20 };

	(void)state;
	apply(ALL, false, &s);
	assert_int_equal(s.memory_bytes, 1 << 20);
	assert_int_equal(s.pids_max, 9);
	assert_int_equal(s.limits_of_image, SETTINGS_PIDS);
	assert_string_equal(s.health.test.items[0], "CMD");
	assert_int_equal(s.health.interval_ms, 2000);
	settings_done(&s);
}

static void nothing_of_the_host_without_consent(void **state)
{
	struct settings s = { 0 };

	(void)state;
	apply(ALL, false, &s);
	assert_int_equal(s.ports.n, 0);
	assert_int_equal(s.n_mounts, 1);
	assert_true(s.mounts[0].anonymous);
	assert_string_equal(s.mounts[0].target, "/data");
	settings_done(&s);
}

static void all_of_it_with_consent(void **state)
{
	struct settings s = { 0 };

	(void)state;
	apply(ALL, true, &s);
	assert_int_equal(s.ports.n, 1);
	assert_int_equal(s.ports.items[0].host_port, 8080);
	assert_int_equal(s.n_mounts, 2);
	assert_string_equal(s.mounts[0].name, "data");
	assert_string_equal(s.mounts[1].source, "/etc");
	assert_true(s.mounts[1].read_only);
	settings_done(&s);
}

static void what_is_not_given_is_named(void **state)
{
	struct settings s = { 0 };
	struct appliance a = { 0 };
	struct error err;
	char *left;

	(void)state;
	assert_int_equal(appliance_set(&a, "tare.ports", "8080:80 9090:90", &err), 0);
	assert_int_equal(appliance_set(&a, "tare.volumes", "data:/data", &err), 0);
	assert_int_equal(network_port_parse("1234:80", &s.ports, &err), 0);
	left = appliance_not_given(&a, &s);
	assert_string_equal(left, "port 9090:90, volume data:/data");
	free(left);
	assert_int_equal(appliance_apply_ports(&a, &s, &err), 0);
	assert_int_equal(appliance_apply_volumes(&a, true, &s, &err), 0);
	assert_int_equal(s.ports.n, 2);
	assert_null(appliance_not_given(&a, &s));
	settings_done(&s);
	appliance_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_in_their_form_are_read),
		cmocka_unit_test(bad_values_are_refused_by_name),
		cmocka_unit_test(a_long_list_is_refused),
		cmocka_unit_test(a_health_label_is_like_a_dockerfile_line),
		cmocka_unit_test(dockers_health_checks_are_read_strictly),
		cmocka_unit_test(flags_win),
		cmocka_unit_test(nothing_of_the_host_without_consent),
		cmocka_unit_test(all_of_it_with_consent),
		cmocka_unit_test(what_is_not_given_is_named),
	};

	return cmocka_run_group_tests_name("appliance", tests, NULL, NULL);
}
