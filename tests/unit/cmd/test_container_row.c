// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_container_row.c - What ps says of a container
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/container_filter.h"
#include "cmd/container_row.h"
#include "cmd/units.h"

#define S UNITS_NS_PER_S

static void replace(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

static void add_port(struct record *r, const char *ip, unsigned int host, unsigned int container,
		     const char *protocol)
{
	struct record_port *p;

	r->ports = xrealloc(r->ports, (r->n_ports + 1) * sizeof(*r->ports));
	p = &r->ports[r->n_ports++];
	*p = (struct record_port){ .host_port = (uint16_t)host,
				   .container_port = (uint16_t)container };
	snprintf(p->host_ip, sizeof(p->host_ip), "%s", ip);
	snprintf(p->protocol, sizeof(p->protocol), "%s", protocol);
}

static void expect_owned(char *got, const char *wanted)
{
	autofree char *owned = got;

	assert_string_equal(owned, wanted);
}

static void status_is_worded_as_docker_does(void **state)
{
	autorecord struct record r;

	(void)state;
	record_init(&r);
	expect_owned(container_status_text(&r, 0), "Created");
	r.status = RECORD_RUNNING;
	r.started_ns = 100 * S;
	expect_owned(container_status_text(&r, 280 * S), "Up 3 minutes");
	r.status = RECORD_PAUSED;
	expect_owned(container_status_text(&r, 280 * S), "Up 3 minutes (Paused)");
	r.status = RECORD_RUNNING;
	replace(&r.health, "starting");
	expect_owned(container_status_text(&r, 280 * S), "Up 3 minutes (health: starting)");
	replace(&r.health, "healthy");
	expect_owned(container_status_text(&r, 280 * S), "Up 3 minutes (healthy)");
	r.status = RECORD_EXITED;
	r.finished_ns = 100 * S;
	r.exit_code = 137;
	replace(&r.reason, "signal");
	expect_owned(container_status_text(&r, 400 * S), "Exited (137) 5 minutes ago");
	replace(&r.reason, "oom");
	expect_owned(container_status_text(&r, 400 * S),
		     "Exited (137) 5 minutes ago, out of memory");
	r.exit_code = 0;
	r.oom_killed = true;
	replace(&r.reason, "exit");
	expect_owned(container_status_text(&r, 400 * S),
		     "Exited (0) 5 minutes ago, after running out of memory");
}

static void runs_of_ports_are_folded(void **state)
{
	autorecord struct record r;

	(void)state;
	record_init(&r);
	r.status = RECORD_RUNNING;
	r.pid = 42;
	expect_owned(container_ports_text(&r), "");
	add_port(&r, "0.0.0.0", 2001, 2001, "tcp");
	add_port(&r, "0.0.0.0", 2000, 2000, "tcp");
	add_port(&r, "0.0.0.0", 2002, 2002, "tcp");
	add_port(&r, "0.0.0.0", 8080, 80, "tcp");
	add_port(&r, "127.0.0.1", 53, 53, "udp");
	add_port(&r, "", 0, 9000, "tcp");
	add_port(&r, "", 0, 9001, "tcp");
	expect_owned(container_ports_text(&r),
		     "9000-9001/tcp, 0.0.0.0:8080->80/tcp, 0.0.0.0:2000-2002->2000-2002/tcp, "
		     "127.0.0.1:53->53/udp");
}

static void other_addresses_and_gaps_end_a_run(void **state)
{
	autorecord struct record r;

	(void)state;
	record_init(&r);
	r.status = RECORD_RUNNING;
	r.pid = 42;
	add_port(&r, "0.0.0.0", 2000, 80, "tcp");
	add_port(&r, "0.0.0.0", 2002, 81, "tcp");
	add_port(&r, "127.0.0.1", 2003, 82, "tcp");
	add_port(&r, "127.0.0.1", 0, 83, "tcp");
	expect_owned(container_ports_text(&r), "0.0.0.0:2000->80/tcp, 0.0.0.0:2002->81/tcp, "
					       "127.0.0.1:2003->82/tcp, 83/tcp");
}

static void what_has_ended_publishes_nothing(void **state)
{
	autorecord struct record r;

	(void)state;
	record_init(&r);
	r.status = RECORD_EXITED;
	add_port(&r, "0.0.0.0", 8080, 80, "tcp");
	expect_owned(container_ports_text(&r), "");
}

static void long_commands_are_cut_at_twenty(void **state)
{
	autorecord struct record r;

	(void)state;
	record_init(&r);
	replace(&r.command, "sleep 100");
	expect_owned(container_command_text(&r, true), "\"sleep 100\"");
	replace(&r.command, "12345678901234567890");
	expect_owned(container_command_text(&r, true), "\"12345678901234567890\"");
	replace(&r.command, "sh -c 'echo hello world'");
	expect_owned(container_command_text(&r, true), "\"sh -c 'echo hello w…\"");
	expect_owned(container_command_text(&r, false), "\"sh -c 'echo hello world'\"");
	/* Not within a character of two bytes. */
	replace(&r.command, "éééééééééééééééééééééé");
	expect_owned(container_command_text(&r, true), "\"ééééééééééééééééééé…\"");
}

#define RANDOM_NAME "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A container "web" with labels and volumes. */
static void make_item(struct container_item *item)
{
	static const char config[] =
		"{\"Config\":{\"Labels\":{\"app\":\"web\",\"tier\":\"front\"}},"
		"\"Path\":\"/bin/httpd\",\"Args\":[\"-f\"],"
		"\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"data\",\"Source\":\"/src\","
		"\"Destination\":\"/data\"},"
		"{\"Type\":\"volume\",\"Name\":\"some-long-name\",\"Destination\":\"/n\"},"
		"{\"Type\":\"volume\",\"Name\":\"" RANDOM_NAME "\",\"Destination\":\"/a\"}]}";

	*item = (struct container_item){ .size_bytes = -1 };
	record_init(&item->record);
	memset(item->record.id, 'a', RECORD_ID_HEX);
	replace(&item->record.name, "web-1");
	replace(&item->record.image, "docker.io/library/nginx:1.25");
	replace(&item->record.network, "bridge");
	replace(&item->record.command, "/bin/httpd -f");
	item->record.status = RECORD_RUNNING;
	item->config = json_parse(config, strlen(config), &(struct error){ 0 });
	assert_non_null(item->config);
}

static void drop_item(struct container_item *item)
{
	record_done(&item->record);
	json_free(item->config);
}

static void rows_have_every_column(void **state)
{
	struct container_item item;
	struct json *row;

	(void)state;
	make_item(&item);
	row = container_row(&item, true, 0);
	for (const struct format_column *c = container_columns; c->field; c++)
		assert_non_null(json_text(json_get(row, c->field)));
	assert_string_equal(json_text(json_get(row, "ID")), "aaaaaaaaaaaa");
	assert_string_equal(json_text(json_get(row, "Labels")), "app=web,tier=front");
	assert_string_equal(json_text(json_get(row, "Mounts")), "data,some-long-name,0123456789ab");
	assert_string_equal(json_text(json_get(row, "LocalVolumes")), "3");
	json_free(row);
	drop_item(&item);
}

static void typed_rows_have_podmans_types(void **state)
{
	struct container_item item;
	struct json *row;

	(void)state;
	make_item(&item);
	add_port(&item.record, "0.0.0.0", 8080, 80, "tcp");
	add_port(&item.record, "", 0, 53, "tcp");
	add_port(&item.record, "", 0, 53, "udp");
	item.record.status = RECORD_RUNNING;
	item.record.pid = 42;
	row = container_typed_row(&item, 0);
	assert_int_equal(json_count(json_get(json_get(row, "ExposedPorts"), "53")), 2);
	assert_string_equal(json_text(json_at(json_get(row, "Names"), 0)), "web-1");
	assert_int_equal(json_count(json_get(row, "Command")), 2);
	assert_int_equal(json_int(json_get(json_at(json_get(row, "Ports"), 0), "host_port"), 0),
			 8080);
	assert_string_equal(json_text(json_at(json_get(row, "Mounts"), 0)), "/data");
	json_free(row);
	item.record.status = RECORD_EXITED;
	row = container_typed_row(&item, 0);
	assert_int_equal(json_count(json_get(row, "Ports")), 0);
	json_free(row);
	drop_item(&item);
}

static bool passes(const struct container_item *item, const char *filters)
{
	autostrlist struct strlist list = { 0 };
	struct error err = { 0 };

	strlist_split(&list, filters, ' ');
	assert_int_equal(container_filter_check(&list, NULL, &err), 0);
	return container_filter_matches(&list, NULL, item);
}

static void filters_choose_containers(void **state)
{
	struct container_item item;

	(void)state;
	make_item(&item);
	assert_true(passes(&item, "name=web"));
	assert_true(passes(&item, "name=^web-[0-9]$"));
	assert_false(passes(&item, "name=^web$"));
	assert_true(passes(&item, "id=aaaa"));
	assert_false(passes(&item, "id=b"));
	assert_true(passes(&item, "label=app"));
	assert_true(passes(&item, "label=app=web"));
	assert_false(passes(&item, "label=app=db"));
	assert_false(passes(&item, "label!=app=web"));
	assert_true(passes(&item, "label!=app=db"));
	assert_true(passes(&item, "status=running"));
	assert_false(passes(&item, "status=exited"));
	assert_true(passes(&item, "ancestor=nginx"));
	assert_true(passes(&item, "ancestor=nginx:1.25"));
	assert_true(passes(&item, "ancestor=docker.io/library/nginx:1.25"));
	assert_false(passes(&item, "ancestor=ngin"));
	assert_true(passes(&item, "network=bridge"));
	assert_true(passes(&item, "volume=data"));
	assert_true(passes(&item, "volume=/data"));
	assert_true(passes(&item, "volume=/src"));
	assert_false(passes(&item, "volume=/sr"));
	assert_false(passes(&item, "exited=0"));
	assert_true(passes(&item, "name=/web"));
	assert_true(passes(&item, "name=^/web-[0-9]$"));
	assert_false(passes(&item, "name=web("));
	assert_false(passes(&item, "ancestor="));
	replace(&item.record.image_id, "abcdef");
	assert_false(passes(&item, "ancestor="));
	assert_true(passes(&item, "ancestor=sha256:abc"));
	item.record.status = RECORD_EXITED;
	assert_true(passes(&item, "exited=0"));
	assert_false(passes(&item, "exited=1"));
	assert_true(passes(&item, "status=stopped"));
	drop_item(&item);
}

static void same_keys_are_alternatives_and_others_must_all_match(void **state)
{
	struct container_item item;

	(void)state;
	make_item(&item);
	assert_true(passes(&item, "status=exited status=running"));
	assert_false(passes(&item, "status=running name=db"));
	assert_true(passes(&item, "label=app label=tier"));
	assert_false(passes(&item, "label=app label=nope"));
	assert_false(passes(&item, "name!=web name!=db"));
	drop_item(&item);
}

static bool asks_for_state(const char *filter)
{
	autostrlist struct strlist list = { 0 };

	strlist_add(&list, filter);
	return container_filter_asks_for_state(&list);
}

static void who_asks_for_an_end_gets_what_has_ended(void **state)
{
	(void)state;
	assert_true(asks_for_state("status=running"));
	assert_true(asks_for_state("exited=3"));
	assert_true(asks_for_state("reason=oom"));
	assert_false(asks_for_state("name=exited=3"));
}

static void unknown_filters_are_errors(void **state)
{
	static const char *const bad[] = { "nope=1",  "name",	  "",		"=x",
					   "names=x", "exited=x", "health=ill", NULL };
	char lengthy[1100] = "name=";

	(void)state;
	memset(lengthy + 5, 'x', 1025);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		autostrlist struct strlist list = { 0 };
		struct error err = { 0 };

		strlist_add(&list, bad[i] ? bad[i] : lengthy);
		assert_true(container_filter_check(&list, NULL, &err) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_worded_as_docker_does),
		cmocka_unit_test(runs_of_ports_are_folded),
		cmocka_unit_test(other_addresses_and_gaps_end_a_run),
		cmocka_unit_test(what_has_ended_publishes_nothing),
		cmocka_unit_test(long_commands_are_cut_at_twenty),
		cmocka_unit_test(rows_have_every_column),
		cmocka_unit_test(typed_rows_have_podmans_types),
		cmocka_unit_test(filters_choose_containers),
		cmocka_unit_test(same_keys_are_alternatives_and_others_must_all_match),
		cmocka_unit_test(who_asks_for_an_end_gets_what_has_ended),
		cmocka_unit_test(unknown_filters_are_errors),
	};

	return cmocka_run_group_tests_name("container_row", tests, NULL, NULL);
}
