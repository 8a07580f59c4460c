// SPDX-License-Identifier: Apache-2.0
/*
 * test_mnl_static - Our stand-in builds the bytes that the real libmnl builds
 *
 * The mnl_*() functions defined here go before those of the archive under
 * test, and call the stand-in or libmnl.so.0 as use_real says. So every
 * message is built twice by the very code that builds it for the kernel.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

#include <cmocka.h>

#define mnl_nlmsg_put_header	   standin_nlmsg_put_header
#define mnl_nlmsg_put_extra_header standin_nlmsg_put_extra_header
#define mnl_nlmsg_get_payload	   standin_nlmsg_get_payload
#define mnl_nlmsg_get_payload_len  standin_nlmsg_get_payload_len
#define mnl_nlmsg_get_payload_tail standin_nlmsg_get_payload_tail
#define mnl_nlmsg_ok		   standin_nlmsg_ok
#define mnl_nlmsg_next		   standin_nlmsg_next
#define mnl_attr_put		   standin_attr_put
#define mnl_attr_nest_start	   standin_attr_nest_start
#define mnl_attr_nest_end	   standin_attr_nest_end
#define mnl_attr_get_type	   standin_attr_get_type
#define mnl_attr_get_payload_len   standin_attr_get_payload_len
#define mnl_attr_get_payload	   standin_attr_get_payload
#define mnl_attr_ok		   standin_attr_ok
#define mnl_attr_next		   standin_attr_next
#include "network/mnl_static.c"
#undef mnl_nlmsg_put_header
#undef mnl_nlmsg_put_extra_header
#undef mnl_nlmsg_get_payload
#undef mnl_nlmsg_get_payload_len
#undef mnl_nlmsg_get_payload_tail
#undef mnl_nlmsg_ok
#undef mnl_nlmsg_next
#undef mnl_attr_put
#undef mnl_attr_nest_start
#undef mnl_attr_nest_end
#undef mnl_attr_get_type
#undef mnl_attr_get_payload_len
#undef mnl_attr_get_payload
#undef mnl_attr_ok
#undef mnl_attr_next

#include "network/address.h"
#include "network/link.h"
#include "network/netlink.h"
#include "network/nftables.h"
#include "network/port.h"

static bool use_real;

#define EITHER(ret, name, params, args)                                   \
	static ret(*real_##name) params;                                  \
	ret mnl_##name params;                                            \
	ret mnl_##name params                                             \
	{                                                                 \
		return use_real ? real_##name args : standin_##name args; \
	}

EITHER(struct nlmsghdr *, nlmsg_put_header, (void *buf), (buf))
EITHER(void *, nlmsg_put_extra_header, (struct nlmsghdr * nlh, size_t size), (nlh, size))
EITHER(void *, nlmsg_get_payload, (const struct nlmsghdr *nlh), (nlh))
EITHER(size_t, nlmsg_get_payload_len, (const struct nlmsghdr *nlh), (nlh))
EITHER(void *, nlmsg_get_payload_tail, (const struct nlmsghdr *nlh), (nlh))
EITHER(bool, nlmsg_ok, (const struct nlmsghdr *nlh, int len), (nlh, len))
EITHER(struct nlmsghdr *, nlmsg_next, (const struct nlmsghdr *nlh, int *len), (nlh, len))
EITHER(void, attr_put, (struct nlmsghdr * nlh, uint16_t type, size_t len, const void *data),
       (nlh, type, len, data))
EITHER(struct nlattr *, attr_nest_start, (struct nlmsghdr * nlh, uint16_t type), (nlh, type))
EITHER(void, attr_nest_end, (struct nlmsghdr * nlh, struct nlattr *start), (nlh, start))
EITHER(uint16_t, attr_get_type, (const struct nlattr *attr), (attr))
EITHER(uint16_t, attr_get_payload_len, (const struct nlattr *attr), (attr))
EITHER(void *, attr_get_payload, (const struct nlattr *attr), (attr))
EITHER(bool, attr_ok, (const struct nlattr *attr, int len), (attr, len))
EITHER(struct nlattr *, attr_next, (const struct nlattr *attr), (attr))

static const uint8_t MAC[6] = { 2, 0x54, 10, 87, 0, 7 };

static struct in_addr address(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static void put_bridge(struct netlink_batch *b)
{
	link_put_bridge(b, "tare0", MAC);
}

static void put_veth(struct netlink_batch *b)
{
	struct link_veth veth = { "tare0123456789", "eth0", 7, 42, MAC };

	link_put_veth(b, &veth);
	link_put_hairpin(b, veth.host_name);
}

static void put_container_side(struct netlink_batch *b)
{
	link_put_up(b, 1);
	address_put(b, 2, address("10.87.0.7"), 16);
	link_put_up(b, 2);
	address_put_default_route(b, 2, address("10.87.0.1"));
}

static void put_table(struct netlink_batch *b)
{
	struct address_prefix subnet = { address("10.87.0.0"), 16 };

	nftables_put_table(b, "tare0", &subnet);
}

static const struct network_port PORTS[] = {
	{ IPPROTO_TCP, { INADDR_ANY }, 8080, 80 },
	{ IPPROTO_UDP, { 0x0100007f }, 53, 5353 },
};

static void put_ports(struct netlink_batch *b)
{
	struct in_addr to = address("10.87.0.7");

	nftables_put_ports(b, PORTS, 2, &to);
}

static void put_no_ports(struct netlink_batch *b)
{
	nftables_put_ports(b, PORTS, 2, NULL);
}

static void put_odd_lengths(struct netlink_batch *b)
{
	struct rtmsg rtm = { .rtm_family = AF_INET };

	netlink_begin(b, RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));
	for (size_t len = 0; len < 9; len++)
		netlink_put(b, (uint16_t)len, "12345678", len);
	netlink_put_u8(b, 20, 255);
	netlink_put_be32(b, 21, 1);
}

static void *load_libmnl(void)
{
	void *lib = dlopen("libmnl.so.0", RTLD_NOW);

	if (!lib)
		return NULL;
#define LOAD(name) *(void **)&real_##name = dlsym(lib, "mnl_" #name)
	LOAD(nlmsg_put_header);
	LOAD(nlmsg_put_extra_header);
	LOAD(nlmsg_get_payload);
	LOAD(nlmsg_get_payload_len);
	LOAD(nlmsg_get_payload_tail);
	LOAD(nlmsg_ok);
	LOAD(nlmsg_next);
	LOAD(attr_put);
	LOAD(attr_nest_start);
	LOAD(attr_nest_end);
	LOAD(attr_get_type);
	LOAD(attr_get_payload_len);
	LOAD(attr_get_payload);
	LOAD(attr_ok);
	LOAD(attr_next);
	return lib;
}

static void build(struct netlink_batch *b, bool real, void (*put)(struct netlink_batch *b))
{
	use_real = real;
	put(b);
	use_real = false;
}

static void every_message_is_built_alike(void **state)
{
	static void (*const puts[])(struct netlink_batch * b) = {
		put_bridge, put_veth,	  put_container_side, put_table,
		put_ports,  put_no_ports, put_odd_lengths,
	};

	(void)state;
	if (!load_libmnl())
		skip();
	for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
		autobatch struct netlink_batch ours = { 0 };
		autobatch struct netlink_batch theirs = { 0 };

		build(&ours, false, puts[i]);
		build(&theirs, true, puts[i]);
		assert_true(ours.len > 0);
		assert_int_equal(ours.len, theirs.len);
		assert_memory_equal(ours.data, theirs.data, ours.len);
	}
}

static void truncated_messages_are_refused_alike(void **state)
{
	struct nlmsghdr nlh = { 0 };
	struct nlattr attr = { 0 };

	(void)state;
	if (!load_libmnl())
		skip();
	for (int declared = 0; declared < 40; declared++)
		for (int left = -8; left < 40; left++) {
			nlh.nlmsg_len = (uint32_t)declared;
			attr.nla_len = (uint16_t)declared;
			assert_int_equal(standin_nlmsg_ok(&nlh, left), real_nlmsg_ok(&nlh, left));
			assert_int_equal(standin_attr_ok(&attr, left), real_attr_ok(&attr, left));
		}
}

static void attributes_are_found_alike(void **state)
{
	autobatch struct netlink_batch b = { 0 };
	struct netlink_answer answer, found;

	(void)state;
	if (!load_libmnl())
		skip();
	put_odd_lengths(&b);
	answer = (struct netlink_answer){ RTM_GETROUTE, b.data + NLMSG_HDRLEN,
					  b.len - NLMSG_HDRLEN };
	for (int real = 0; real < 2; real++) {
		use_real = real;
		for (uint16_t i = 0; i < 9; i++) {
			assert_true(netlink_find(&answer, sizeof(struct rtmsg), i, &found));
			assert_int_equal(found.len, i);
			assert_memory_equal(found.payload, "12345678", i);
		}
		assert_false(netlink_find(&answer, sizeof(struct rtmsg), 9, &found));
	}
	use_real = false;
}

static void long_batches_grow(void **state)
{
	autobatch struct netlink_batch b = { 0 };
	const struct nlmsghdr *nlh;
	size_t offset = 0;
	uint32_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		put_veth(&b);
	for (; offset < b.len; offset += NLMSG_ALIGN(nlh->nlmsg_len)) {
		nlh = (const struct nlmsghdr *)(b.data + offset);
		assert_int_equal(nlh->nlmsg_seq, ++n);
		assert_int_equal(nlh->nlmsg_type, RTM_NEWLINK);
	}
	assert_int_equal(offset, b.len);
	assert_int_equal(n, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_built_alike),
		cmocka_unit_test(truncated_messages_are_refused_alike),
		cmocka_unit_test(attributes_are_found_alike),
		cmocka_unit_test(long_batches_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
