// SPDX-License-Identifier: Apache-2.0
/*
 * test_resolv - resolv.conf and hosts as a container gets them
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "network/resolv.h"

static void dns_done(struct network_dns *dns)
{
	strlist_done(&dns->servers);
	strlist_done(&dns->search);
	strlist_done(&dns->options);
}
#define autodns __attribute__((cleanup(dns_done)))

static void check(const char *host_text, bool own_netns, const struct network_dns *dns,
		  const char *wanted)
{
	autofree char *text = network_resolv_conf(host_text, own_netns, dns);

	assert_string_equal(text, wanted);
}

static void host_lines_are_taken_over(void **state)
{
	struct network_dns dns = { 0 };

	(void)state;
	check("# made by hand\nnameserver 192.0.2.1\nsearch a.example b.example\n"
	      "options ndots:2 edns0\nsortlist 1.2.3.4\nnameserver\t2001:db8::1",
	      true, &dns,
	      "nameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:2 edns0\n"
	      "nameserver 2001:db8::1\n");
}

static void loopback_servers_are_dropped_in_an_own_namespace_only(void **state)
{
	static const char host[] = "nameserver 127.0.0.53 # stub\nnameserver ::1 \n"
				   "nameserver 192.0.2.1\n";
	struct network_dns dns = { 0 };

	(void)state;
	check(host, true, &dns, "nameserver 192.0.2.1\n");
	check(host, false, &dns, "nameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\n");
}

static void no_server_left_is_explained_in_the_file(void **state)
{
	struct network_dns dns = { 0 };
	autofree char *text = network_resolv_conf("nameserver 127.0.0.1\n", true, &dns);

	(void)state;
	assert_null(strstr(text, "nameserver "));
	assert_int_equal(text[0], '#');
	assert_non_null(strstr(text, "--dns"));
}

static void what_is_asked_for_replaces_lines_of_its_kind(void **state)
{
	static const char host[] = "nameserver 192.0.2.1\nsearch a.example\noptions edns0\n";
	autodns struct network_dns dns = { 0 };

	(void)state;
	strlist_add(&dns.servers, "192.0.2.9");
	check(host, true, &dns, "nameserver 192.0.2.9\nsearch a.example\noptions edns0\n");
	strlist_add(&dns.servers, "127.0.0.1");
	strlist_add(&dns.search, "b.example");
	strlist_add(&dns.search, "c.example");
	strlist_add(&dns.options, "ndots:1");
	check(host, true, &dns,
	      "search b.example c.example\nnameserver 192.0.2.9\nnameserver 127.0.0.1\n"
	      "options ndots:1\n");
}

static void search_of_a_dot_means_none(void **state)
{
	autodns struct network_dns dns = { 0 };

	(void)state;
	strlist_add(&dns.search, ".");
	check("nameserver 192.0.2.1\nsearch a.example\n", true, &dns, "nameserver 192.0.2.1\n");
}

static void options_that_would_add_lines_are_refused(void **state)
{
	static const char *const bad[] = { "", "a b", "a\nnameserver 6.6.6.6", "a\tb" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		autodns struct network_dns server = { 0 };
		autodns struct network_dns search = { 0 };
		autodns struct network_dns option = { 0 };

		strlist_add(&server.servers, bad[i]);
		strlist_add(&search.search, bad[i]);
		strlist_add(&option.options, bad[i]);
		assert_int_equal(network_check_dns(&server, &err), -EINVAL);
		assert_int_equal(network_check_dns(&search, &err), -EINVAL);
		assert_int_equal(network_check_dns(&option, &err), -EINVAL);
	}
}

static void servers_are_addresses(void **state)
{
	static const char *const good[] = { "192.0.2.1", "2001:db8::1", "fe80::1%eth0" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		autodns struct network_dns dns = { 0 };

		strlist_add(&dns.servers, good[i]);
		assert_int_equal(network_check_dns(&dns, &err), 0);
		strlist_add(&dns.servers, "dns.example");
		assert_int_equal(network_check_dns(&dns, &err), -EINVAL);
	}
}

static int hosts_tail(const struct network_hosts *hosts, char **tail, struct error *err)
{
	autofree char *text = NULL;
	char *last;
	int r;

	r = network_hosts_file(hosts, &text, err);
	if (r < 0)
		return r;
	assert_ptr_equal(strstr(text, "127.0.0.1\tlocalhost\n"), text);
	last = strstr(text, "ff02::2\tip6-allrouters\n");
	assert_non_null(last);
	*tail = xstrdup(strchr(last, '\n') + 1);
	return 0;
}

static void hosts_names_the_container_last(void **state)
{
	struct network_hosts hosts = { "10.87.0.7", "web", "shop", "10.87.0.1", NULL };
	autofree char *tail = NULL;
	autofree char *alone = NULL;
	struct error err;

	(void)state;
	assert_int_equal(hosts_tail(&hosts, &tail, &err), 0);
	assert_string_equal(tail, "10.87.0.7\tweb shop\n");
	hosts = (struct network_hosts){ NULL, "web", "web", NULL, NULL };
	assert_int_equal(hosts_tail(&hosts, &alone, &err), 0);
	assert_string_equal(alone, "127.0.1.1\tweb\n");
}

static void added_hosts_come_before_it(void **state)
{
	autostrlist struct strlist extra = { 0 };
	struct network_hosts hosts = { "10.87.0.7", "web", NULL, "10.87.0.1", &extra };
	autofree char *tail = NULL;
	struct error err;

	(void)state;
	strlist_add(&extra, "db:192.0.2.5");
	strlist_add(&extra, "host.internal:host-gateway");
	strlist_add(&extra, "six=2001:db8::5");
	assert_int_equal(hosts_tail(&hosts, &tail, &err), 0);
	assert_string_equal(tail, "192.0.2.5\tdb\n10.87.0.1\thost.internal\n2001:db8::5\tsix\n"
				  "10.87.0.7\tweb\n");
}

static void malformed_added_hosts_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"db",
		"db:",
		":1.2.3.4",
		"db:1.2.3",
		"d b:1.2.3.4",
		"db:host-gateway",
		"db:1.2.3.4\n6.6.6.6 bank",
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		autostrlist struct strlist extra = { 0 };
		struct network_hosts hosts = { "10.87.0.7", "web", NULL, NULL, &extra };
		char *text;

		strlist_add(&extra, bad[i]);
		assert_int_equal(network_hosts_file(&hosts, &text, &err), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_lines_are_taken_over),
		cmocka_unit_test(loopback_servers_are_dropped_in_an_own_namespace_only),
		cmocka_unit_test(no_server_left_is_explained_in_the_file),
		cmocka_unit_test(what_is_asked_for_replaces_lines_of_its_kind),
		cmocka_unit_test(search_of_a_dot_means_none),
		cmocka_unit_test(options_that_would_add_lines_are_refused),
		cmocka_unit_test(servers_are_addresses),
		cmocka_unit_test(hosts_names_the_container_last),
		cmocka_unit_test(added_hosts_come_before_it),
		cmocka_unit_test(malformed_added_hosts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
