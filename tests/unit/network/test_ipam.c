// SPDX-License-Identifier: Apache-2.0
/*
 * test_ipam - Address leases, in a directory of their own
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "network/address.h"
#include "network/ipam.h"

static struct address_prefix subnet_of(const char *text)
{
	struct address_prefix subnet;

	assert_int_equal(ipam_parse_subnet(text, &subnet), 0);
	return subnet;
}

static int make_dir(void **state)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/test_ipam.XXXXXX");
	*state = mkdtemp(path);
	return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
	return file_remove_tree_at(AT_FDCWD, *state);
}

static int open_dir(void **state)
{
	int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int take(int dir, const struct address_prefix *subnet, const char *id, char *text)
{
	struct in_addr address;
	struct error err;
	int fd = ipam_take(dir, subnet, id, &address, &err);

	if (fd >= 0)
		inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
	return fd;
}

static void subnets_are_networks_of_sensible_size(void **state)
{
	static const char *const bad[] = {
		"",	      "10.87.0.0",   "10.87.0.0/", "10.87.0.1/16",     "10.87.0.0/29",
		"10.0.0.0/7", "10.87.0.0/x", "/16",	   "1000.87.0.0000/16"
	};
	struct address_prefix subnet = subnet_of("10.87.0.0/16");
	struct in_addr gateway = ipam_gateway(&subnet);

	(void)state;
	assert_int_equal(subnet.len, 16);
	assert_string_equal(inet_ntoa(gateway), "10.87.0.1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ipam_parse_subnet(bad[i], &subnet), -EBADMSG);
}

static void subnet_is_kept(void **state)
{
	struct address_prefix subnet = subnet_of("172.29.0.0/16"), read;
	autoclose int dir = open_dir(state);
	struct error err;

	assert_int_equal(ipam_read_subnet(dir, &read, &err), -ENOENT);
	assert_int_equal(ipam_write_subnet(dir, &subnet, &err), 0);
	assert_int_equal(ipam_read_subnet(dir, &read, &err), 0);
	assert_int_equal(read.base.s_addr, subnet.base.s_addr);
	assert_int_equal(read.len, 16);
}

static void one_id_starts_at_one_address_and_goes_on_to_the_next(void **state)
{
	struct address_prefix subnet = subnet_of("10.87.0.0/16");
	autoclose int dir = open_dir(state);
	char first[INET_ADDRSTRLEN], second[INET_ADDRSTRLEN], again[INET_ADDRSTRLEN];
	struct error err;

	close(take(dir, &subnet, "abcdef", first));
	close(take(dir, &subnet, "abcdef", second));
	assert_string_not_equal(first, second);
	assert_int_equal(ipam_give_back(dir, first, &err), 0);
	assert_int_equal(ipam_give_back(dir, first, &err), 0);
	close(take(dir, &subnet, "abcdef", again));
	assert_string_equal(first, again);
}

static void all_addresses_but_four_of_a_24_are_leased_then_none(void **state)
{
	struct address_prefix subnet = subnet_of("192.168.187.0/24");
	autoclose int dir = open_dir(state);
	char text[INET_ADDRSTRLEN];
	struct stat st;

	for (int i = 0; i < 253; i++) {
		int fd = take(dir, &subnet, "abcdef", text);

		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(take(dir, &subnet, "abcdef", text), -ENOSPC);
	assert_int_equal(fstatat(dir, "192.168.187.0", &st, 0), -1);
	assert_int_equal(fstatat(dir, "192.168.187.1", &st, 0), -1);
	assert_int_equal(fstatat(dir, "192.168.187.255", &st, 0), -1);
	assert_int_equal(fstatat(dir, "192.168.187.254", &st, 0), 0);
}

static void the_last_address_of_a_subnet_is_nobodys(void **state)
{
	struct address_prefix subnet = subnet_of("10.1.2.32/28");
	autoclose int dir = open_dir(state);
	struct in_addr address;
	struct error err;

	for (int i = 0; i < 13; i++) {
		int fd = ipam_take(dir, &subnet, "id", &address, &err);

		assert_true(fd >= 0);
		close(fd);
		assert_in_range(ntohl(address.s_addr) & 0xff, 34, 46);
	}
	assert_int_equal(ipam_take(dir, &subnet, "id", &address, &err), -ENOSPC);
}

static void lease_says_whose_it_is_and_which_ports_it_has(void **state)
{
	struct address_prefix subnet = subnet_of("10.87.0.0/16");
	struct network_port ports[] = {
		{ IPPROTO_TCP, { htonl(INADDR_ANY) }, 8080, 80 },
		{ IPPROTO_UDP, { htonl(INADDR_LOOPBACK) }, 53, 5353 },
	};
	struct network_ports list = { ports, 2 };
	autoipam struct ipam_lease lease = { 0 };
	autoclose int dir = open_dir(state);
	char text[INET_ADDRSTRLEN];
	autoclose int fd = -1;
	struct error err;

	fd = take(dir, &subnet, "abcdef", text);
	assert_int_equal(ipam_fill(fd, "abcdef", &list, &err), 0);
	assert_int_equal(ipam_read(dir, text, &lease, &err), 0);
	assert_string_equal(lease.id, "abcdef");
	assert_int_equal(lease.ports.n, 2);
	assert_int_equal(lease.ports.items[0].host_port, 8080);
	assert_int_equal(lease.ports.items[0].container_port, 80);
	assert_int_equal(lease.ports.items[1].protocol, IPPROTO_UDP);
	assert_int_equal(lease.ports.items[1].host_ip.s_addr, htonl(INADDR_LOOPBACK));
}

static void only_addresses_are_read(void **state)
{
	autoclose int dir = open_dir(state);
	struct ipam_lease lease;
	struct error err;

	assert_int_equal(ipam_read(dir, "10.87.0.9", &lease, &err), -ENOENT);
	assert_int_equal(ipam_read(dir, "../../etc/passwd", &lease, &err), -EINVAL);
	assert_int_equal(ipam_read(dir, "", &lease, &err), -EINVAL);
}

static void damaged_lease_is_refused(void **state)
{
	static const char *const bad[] = { "id\ntcp\n", "id\nicmp 0.0.0.0 1 1\n",
					   "id\ntcp 0.0.0.0 65536 1\n", "id\ntcp 0.0.0 1 1\n" };
	autoclose int dir = open_dir(state);
	struct ipam_lease lease;
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(file_replace_at(dir, "10.87.0.9", bad[i], strlen(bad[i]), 0600, 0,
						 &err),
				 0);
		assert_int_equal(ipam_read(dir, "10.87.0.9", &lease, &err), -EBADMSG);
	}
}

static int count(void *arg, const struct ipam_lease *lease)
{
	(void)lease;
	return ++*(int *)arg == 3;
}

static void each_walks_leases_only_and_stops_when_told(void **state)
{
	struct address_prefix subnet = subnet_of("10.87.0.0/16");
	autoclose int dir = open_dir(state);
	char text[INET_ADDRSTRLEN];
	struct error err;
	int n = 0;

	assert_int_equal(ipam_write_subnet(dir, &subnet, &err), 0);
	close(take(dir, &subnet, "a", text));
	close(take(dir, &subnet, "b", text));
	assert_int_equal(ipam_each(dir, count, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ipam_each(dir, count, &n, &err), 1);
	assert_int_equal(n, 3);
}

static void empty_lease_is_abandoned_only_when_old(void **state)
{
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct address_prefix subnet = subnet_of("10.87.0.0/16");
	struct network_ports none = { 0 };
	autoclose int dir = open_dir(state);
	char text[INET_ADDRSTRLEN];
	autoclose int fd = -1;
	struct error err;

	fd = take(dir, &subnet, "a", text);
	assert_false(ipam_is_abandoned(dir, text));
	assert_int_equal(futimens(fd, old), 0);
	assert_true(ipam_is_abandoned(dir, text));
	assert_int_equal(ipam_fill(fd, "a", &none, &err), 0);
	assert_int_equal(futimens(fd, old), 0);
	assert_false(ipam_is_abandoned(dir, text));
}

static void mac_follows_from_the_address(void **state)
{
	struct in_addr address = { htonl(0x0a570103) };
	uint8_t mac[6];

	(void)state;
	address_to_mac(address, mac);
	assert_memory_equal(mac, "\x02\x54\x0a\x57\x01\x03", 6);
	assert_int_equal(address_mask(16).s_addr, htonl(0xffff0000));
	assert_int_equal(address_mask(0).s_addr, 0);
	assert_int_equal(address_mask(32).s_addr, 0xffffffff);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subnets_are_networks_of_sensible_size),
		cmocka_unit_test(mac_follows_from_the_address),
		IN_DIR(subnet_is_kept),
		IN_DIR(one_id_starts_at_one_address_and_goes_on_to_the_next),
		IN_DIR(all_addresses_but_four_of_a_24_are_leased_then_none),
		IN_DIR(the_last_address_of_a_subnet_is_nobodys),
		IN_DIR(lease_says_whose_it_is_and_which_ports_it_has),
		IN_DIR(only_addresses_are_read),
		IN_DIR(damaged_lease_is_refused),
		IN_DIR(each_walks_leases_only_and_stops_when_told),
		IN_DIR(empty_lease_is_abandoned_only_when_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
