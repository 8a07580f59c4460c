// SPDX-License-Identifier: Apache-2.0
/*
 * test_port - What --publish takes, and what it says otherwise
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "network/port.h"

/* The parsed form, as "tcp 127.0.0.1:8080->80 ..."; or the code of the error. */
static const char *parse(const char *spec)
{
	static char text[512];
	autoports struct network_ports ports = { 0 };
	struct error err;
	char ip[INET_ADDRSTRLEN];
	size_t used = 0;

	text[0] = '\0';
	if (network_port_parse(spec, &ports, &err) < 0) {
		assert_int_equal(ports.n, 0);
		assert_non_null(strstr(err.msg, spec));
		return strerrorname_np(err.code);
	}
	for (size_t i = 0; i < ports.n; i++) {
		const struct network_port *p = &ports.items[i];

		inet_ntop(AF_INET, &p->host_ip, ip, sizeof(ip));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s:%u->%u",
					 i ? ", " : "", network_protocol_name(p->protocol), ip,
					 p->host_port, p->container_port);
	}
	return text;
}

static void container_port_alone_leaves_the_host_port_open(void **state)
{
	(void)state;
	assert_string_equal(parse("80"), "tcp 0.0.0.0:0->80");
	assert_string_equal(parse(":80"), "tcp 0.0.0.0:0->80");
	assert_string_equal(parse("0:80"), "tcp 0.0.0.0:0->80");
	assert_string_equal(parse("127.0.0.1::80"), "tcp 127.0.0.1:0->80");
	assert_string_equal(parse("80-82/udp"),
			    "udp 0.0.0.0:0->80, udp 0.0.0.0:0->81, udp 0.0.0.0:0->82");
}

static void host_port_and_address_are_taken(void **state)
{
	(void)state;
	assert_string_equal(parse("8080:80"), "tcp 0.0.0.0:8080->80");
	assert_string_equal(parse("8080:80/tcp"), "tcp 0.0.0.0:8080->80");
	assert_string_equal(parse("53:53/UDP"), "udp 0.0.0.0:53->53");
	assert_string_equal(parse("127.0.0.1:8080:80"), "tcp 127.0.0.1:8080->80");
	assert_string_equal(parse("0.0.0.0:65535:1"), "tcp 0.0.0.0:65535->1");
}

static void ranges_pair_up(void **state)
{
	(void)state;
	assert_string_equal(parse("5000-5002:6000-6002/udp"),
			    "udp 0.0.0.0:5000->6000, udp 0.0.0.0:5001->6001, "
			    "udp 0.0.0.0:5002->6002");
	assert_string_equal(parse("5000-5000:80"), "tcp 0.0.0.0:5000->80");
	assert_string_equal(parse("5000-5001:80"), "EINVAL");
	assert_string_equal(parse("5000:80-81"), "EINVAL");
	assert_string_equal(parse("5001-5000:81-80"), "EINVAL");
}

static void whole_range_is_within_the_limit_or_refused(void **state)
{
	(void)state;
	assert_string_equal(parse("1-65535:1-65535"), "E2BIG");
	assert_string_equal(parse("1-8193"), "E2BIG");
}

static void nonsense_is_refused(void **state)
{
	static const char *const specs[] = {
		"",	"/",	 "/tcp",	":",	      "::",	    "0",	  "65536",
		"-1",	"80-",	 "-80",		"80/",	      "80/sctp",    "80/tcp/udp", "a:80",
		"80:a", "8080:", "1.2.3:80:80", "host:80:80", "1.2.3.4:80", "1:2:3:4",	  " 80",
		"80 ",	"+80",	 "0x50",	"65536:80",   "0-1:80-81",  "8080:0",	  "1-2-3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		if (strcmp(parse(specs[i]), "EINVAL") != 0)
			fail_msg("'%s' gives %s", specs[i], parse(specs[i]));
}

static void ipv6_host_address_says_that_it_is_not_supported(void **state)
{
	(void)state;
	assert_string_equal(parse("[::1]:8080:80"), "EOPNOTSUPP");
}

static void address_before_one_colon_gets_a_hint(void **state)
{
	autoports struct network_ports ports = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(network_port_parse("127.0.0.1:80", &ports, &err), -EINVAL);
	assert_non_null(strstr(err.hint, "ADDRESS::PORT"));
}

static int listen_somewhere(struct network_port *port, int type)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	port->protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	port->host_port = ntohs(sin.sin_port);
	return fd;
}

static void port_of_a_host_process_is_in_use(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	struct network_port port = { 0 };
	struct error err;
	int fd;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fd = listen_somewhere(&port, types[i]);
		assert_int_equal(network_port_probe(&port, &err), -EADDRINUSE);
		assert_non_null(strstr(err.msg, "address already in use"));
		assert_string_not_equal(err.hint, "");
		close(fd);
		assert_int_equal(network_port_probe(&port, &err), 0);
	}
}

/* The side that closes first keeps the port in TIME_WAIT for a minute. */
static void connections_that_have_ended_do_not_count(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct network_port port = { .protocol = IPPROTO_TCP };
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int server, on = 1;
	socklen_t len = sizeof(sin);
	struct error err;
	char end;

	(void)state;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&sin, sizeof(sin)), 0);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	close(listener);
	close(server);
	assert_int_equal(read(client, &end, 1), 0);
	close(client);
	port.host_port = ntohs(sin.sin_port);
	port.host_ip = sin.sin_addr;
	assert_int_equal(network_port_probe(&port, &err), 0);
}

static void foreign_host_address_is_not_available(void **state)
{
	struct network_port port = { .protocol = IPPROTO_TCP, .host_port = 45678 };
	struct error err;

	(void)state;
	inet_pton(AF_INET, "192.0.2.77", &port.host_ip); /* documentation only, RFC 5737 */
	assert_int_equal(network_port_probe(&port, &err), -EADDRNOTAVAIL);
}

static void chosen_port_is_in_the_ephemeral_range(void **state)
{
	struct network_port port = { .protocol = IPPROTO_TCP };
	struct error err;

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(network_port_choose(&port, &err), 0);
		assert_in_range(port.host_port, 32768, 60999);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(container_port_alone_leaves_the_host_port_open),
		cmocka_unit_test(host_port_and_address_are_taken),
		cmocka_unit_test(ranges_pair_up),
		cmocka_unit_test(whole_range_is_within_the_limit_or_refused),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(ipv6_host_address_says_that_it_is_not_supported),
		cmocka_unit_test(address_before_one_colon_gets_a_hint),
		cmocka_unit_test(port_of_a_host_process_is_in_use),
		cmocka_unit_test(connections_that_have_ended_do_not_count),
		cmocka_unit_test(foreign_host_address_is_not_available),
		cmocka_unit_test(chosen_port_is_in_the_ephemeral_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
