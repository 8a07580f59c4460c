// SPDX-License-Identifier: Apache-2.0
/*
 * test_firewall - Which rules of others drop what is forwarded, said by a socket in the kernel's
 * place
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>

#include "network/firewall.h"
#include "network/iptables.h"
#include "network/netlink.h"

#define LONG_NAME                                                       \
	"a_name_of_more_than_sixty_three_bytes_which_was_all_the_room_" \
	"that_there_was_and_that_a_command_with_it_needs"

static void begin(struct netlink_batch *b, uint8_t type, uint8_t family)
{
	struct nfgenmsg header = { .nfgen_family = family };

	netlink_begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), 0, &header, sizeof(header));
}

static void put_chain(struct netlink_batch *b, uint8_t family, const char *table, const char *name,
		      uint32_t hook, uint32_t policy)
{
	size_t nest;

	begin(b, NFT_MSG_NEWCHAIN, family);
	netlink_put_text(b, NFTA_CHAIN_TABLE, table);
	netlink_put_text(b, NFTA_CHAIN_NAME, name);
	nest = netlink_nest(b, NFTA_CHAIN_HOOK);
	netlink_put_be32(b, NFTA_HOOK_HOOKNUM, hook);
	netlink_nest_end(b, nest);
	netlink_put_be32(b, NFTA_CHAIN_POLICY, policy);
}

/* A rule whose expressions are named, separated by spaces: "drop" and "accept" are verdicts. */
static void put_rule(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
		     const char *expressions, const char *data_of_last)
{
	char words[128], *rest = words, *word;
	size_t list, element, data, value, verdict;

	begin(b, NFT_MSG_NEWRULE, family);
	netlink_put_text(b, NFTA_RULE_TABLE, table);
	netlink_put_text(b, NFTA_RULE_CHAIN, chain);
	list = netlink_nest(b, NFTA_RULE_EXPRESSIONS);
	strcpy(words, expressions);
	while ((word = strsep(&rest, " "))) {
		bool is_drop = !strcmp(word, "drop"),
		     is_verdict = is_drop || !strcmp(word, "accept");

		element = netlink_nest(b, NFTA_LIST_ELEM);
		netlink_put_text(b, NFTA_EXPR_NAME, is_verdict ? "immediate" : word);
		data = netlink_nest(b, NFTA_EXPR_DATA);
		if (is_verdict) {
			value = netlink_nest(b, NFTA_IMMEDIATE_DATA);
			verdict = netlink_nest(b, NFTA_DATA_VERDICT);
			netlink_put_be32(b, NFTA_VERDICT_CODE, is_drop ? NF_DROP : NF_ACCEPT);
			netlink_nest_end(b, verdict);
			netlink_nest_end(b, value);
		} else if (!rest && data_of_last) {
			netlink_put_text(b, NFTA_TARGET_NAME, data_of_last);
		}
		netlink_nest_end(b, data);
		netlink_nest_end(b, element);
	}
	netlink_nest_end(b, list);
}

/* What is found if the kernel says @chains and @rules however often it is asked. */
static int find(struct netlink_batch *chains, struct netlink_batch *rules,
		struct firewall_chain *found)
{
	struct nlmsghdr done = { .nlmsg_len = sizeof(done), .nlmsg_type = NLMSG_DONE };
	int fds[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	for (int i = 0; i < 8; i++) {
		struct netlink_batch *b = i % 2 ? rules : chains;

		if (b->len)
			assert_int_equal(write(fds[1], b->data, b->len), b->len);
		assert_int_equal(write(fds[1], &done, sizeof(done)), sizeof(done));
	}
	r = firewall_find_in_nftables(fds[0], "tare0", found);
	(void)close(fds[0]);
	(void)close(fds[1]);
	netlink_batch_done(chains);
	netlink_batch_done(rules);
	return r;
}

static void a_policy_of_a_chain_that_forwards_counts(void **state)
{
	struct netlink_batch chains = { 0 }, rules = { 0 };
	struct firewall_chain found;

	(void)state;
	put_chain(&chains, NFPROTO_INET, "own", "input", NF_INET_LOCAL_IN, NF_DROP);
	put_chain(&chains, NFPROTO_IPV6, "six", "forward", NF_INET_FORWARD, NF_DROP);
	put_chain(&chains, NFPROTO_INET, "own", "first", NF_INET_FORWARD, NF_ACCEPT);
	assert_int_equal(find(&chains, &rules, &found), 0);

	put_chain(&chains, NFPROTO_INET, "own", "first", NF_INET_FORWARD, NF_ACCEPT);
	put_chain(&chains, NFPROTO_INET, LONG_NAME, LONG_NAME, NF_INET_FORWARD, NF_DROP);
	put_rule(&rules, NFPROTO_INET, LONG_NAME, LONG_NAME, "ct cmp accept", NULL);
	assert_int_equal(find(&chains, &rules, &found), 1);
	assert_string_equal(found.kind, "inet");
	assert_string_equal(found.table, LONG_NAME);
	assert_string_equal(found.name, LONG_NAME);
}

/* Whether a chain that accepts by default is found because of one rule. */
static int find_by_rule(const char *expressions, const char *data)
{
	struct netlink_batch chains = { 0 }, rules = { 0 };
	struct firewall_chain found;

	put_chain(&chains, NFPROTO_IPV4, "filter", "FORWARD", NF_INET_FORWARD, NF_ACCEPT);
	put_rule(&rules, NFPROTO_INET, "filter", "FORWARD", "drop", NULL);
	put_rule(&rules, NFPROTO_IPV4, "raw", "FORWARD", "drop", NULL);
	put_rule(&rules, NFPROTO_IPV4, "filter", "INPUT", "drop", NULL);
	put_rule(&rules, NFPROTO_IPV4, "filter", "FORWARD", expressions, data);
	return find(&chains, &rules, &found);
}

static void a_rule_without_condition_counts_as_well(void **state)
{
	(void)state;
	assert_int_equal(find_by_rule("drop", NULL), 1);
	assert_int_equal(find_by_rule("counter log drop", NULL), 1);
	assert_int_equal(find_by_rule("reject", NULL), 1);
	assert_int_equal(find_by_rule("counter target", "REJECT"), 1);
	assert_int_equal(find_by_rule("counter target", "MARK"), 0);
	assert_int_equal(find_by_rule("accept", NULL), 0);
	assert_int_equal(find_by_rule("meta cmp counter drop", NULL), 0);
	assert_int_equal(find_by_rule("counter", NULL), 0);
}

static void a_table_that_names_our_bridge_is_passed_over(void **state)
{
	struct netlink_batch chains = { 0 }, rules = { 0 };
	struct firewall_chain found;

	(void)state;
	for (int i = 0; i < 2; i++) {
		put_chain(&chains, NFPROTO_IPV4, "filter", "FORWARD", NF_INET_FORWARD, NF_DROP);
		put_rule(&rules, NFPROTO_IPV4, "filter", "ours", "meta target", "tare0");
		if (i == 1)
			put_chain(&chains, NFPROTO_IPV4, "other", "f", NF_INET_FORWARD, NF_DROP);
		assert_int_equal(find(&chains, &rules, &found), i);
	}
	assert_string_equal(found.table, "other");
}

static void a_remedy_is_for_the_program_that_made_the_chain(void **state)
{
	struct firewall_chain chain = { "ip", "filter", "FORWARD" };
	char out[256];

	(void)state;
	firewall_print_remedy(&chain, "b", out, sizeof(out));
	assert_string_equal(
		out, "iptables -I FORWARD -i b -j ACCEPT; iptables -I FORWARD -o b -j ACCEPT");
	chain.kind = "iptables-legacy";
	firewall_print_remedy(&chain, "b", out, sizeof(out));
	assert_string_equal(out, "iptables-legacy -I FORWARD -i b -j ACCEPT; "
				 "iptables-legacy -I FORWARD -o b -j ACCEPT");
	chain.kind = "inet";
	firewall_print_remedy(&chain, "b", out, sizeof(out));
	assert_string_equal(out, "nft insert rule inet filter FORWARD iifname b accept; "
				 "nft insert rule inet filter FORWARD oifname b accept");
	strcpy(chain.table, "firewalld");
	firewall_print_remedy(&chain, "b", out, sizeof(out));
	assert_string_equal(out, "firewall-cmd --permanent --zone=trusted --add-interface=b; "
				 "firewall-cmd --reload");
}

static void what_a_shell_would_read_otherwise_or_half_is_no_remedy(void **state)
{
	struct firewall_chain chain = { "ip", "own", "$(reboot)" }, long_one = { "ip", "own", "" };
	char out[256];

	(void)state;
	firewall_print_remedy(&chain, "b", out, sizeof(out));
	assert_string_equal(out, "");
	memset(long_one.name, 'a', sizeof(long_one.name) - 1);
	firewall_print_remedy(&long_one, "b", out, sizeof(out));
	assert_string_equal(out, "");
}

/* ---- iptables of the older kind -------------------------------------------- */

struct entry {
	struct ipt_entry head;
	struct xt_standard_target target;
};

static struct entry entry(const char *in, const char *target, int verdict)
{
	struct entry e = { .head = { .target_offset = sizeof(e.head), .next_offset = sizeof(e) } };

	strcpy(e.head.ip.iniface, in);
	strcpy(e.target.target.u.user.name, target);
	e.target.verdict = verdict;
	return e;
}

static void a_legacy_chain_drops_by_its_policy_or_by_a_rule(void **state)
{
	const int drop = -NF_DROP - 1, accept = -NF_ACCEPT - 1;
	const size_t size = sizeof(struct entry);
	struct entry t[4] = { entry("", "", drop), entry("eth0", "", drop), entry("", "", accept),
			      entry("", "", drop) };
	const char *bytes = (const char *)t;

	(void)state;
	assert_true(iptables_chain_drops(bytes, sizeof(t), size, 3 * size));
	assert_false(iptables_chain_drops(bytes, sizeof(t), size, 2 * size)); /* others' entries */
	t[1] = entry("eth0", "REJECT", 0);
	assert_false(iptables_chain_drops(bytes, sizeof(t), size, 2 * size));
	t[1] = entry("", "REJECT", 0);
	assert_true(iptables_chain_drops(bytes, sizeof(t), size, 2 * size));
	t[1] = entry("", "LOG", drop);
	assert_false(iptables_chain_drops(bytes, sizeof(t), size, 2 * size));
}

static void a_legacy_table_that_is_cut_ends_there(void **state)
{
	struct entry t[2] = { entry("", "", 0), entry("", "", -NF_DROP - 1) };
	const char *bytes = (const char *)t;

	(void)state;
	assert_false(iptables_chain_drops(bytes, sizeof(t) - 1, 0, sizeof(*t)));
	assert_false(iptables_chain_drops(bytes, 10, 0, sizeof(*t)));
	t[0].head.next_offset = 0;
	assert_false(iptables_chain_drops(bytes, sizeof(t), 0, sizeof(*t)));
	t[1].head.next_offset = sizeof(t[1].head) + 4;
	assert_false(iptables_chain_drops(bytes, sizeof(t), sizeof(*t), sizeof(*t)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_of_a_chain_that_forwards_counts),
		cmocka_unit_test(a_rule_without_condition_counts_as_well),
		cmocka_unit_test(a_table_that_names_our_bridge_is_passed_over),
		cmocka_unit_test(a_remedy_is_for_the_program_that_made_the_chain),
		cmocka_unit_test(what_a_shell_would_read_otherwise_or_half_is_no_remedy),
		cmocka_unit_test(a_legacy_chain_drops_by_its_policy_or_by_a_rule),
		cmocka_unit_test(a_legacy_table_that_is_cut_ends_there),
	};

	return cmocka_run_group_tests_name("network/firewall", tests, NULL, NULL);
}
