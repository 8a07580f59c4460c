// SPDX-License-Identifier: Apache-2.0
/*
 * network/iptables.c - The older kind of iptables, which is not nftables'
 *
 * The kernel hands out a table whole: entries one after the other, each with its
 * own length, and where each built-in chain begins and has its policy, which is
 * an entry, too.
 */
#include "network/iptables.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define TABLES	      "/proc/net/ip_tables_names"
#define FILTER	      "filter"
#define MAX_BYTES     (64U << 20)
#define NAMES_MAX     4096
#define VERDICT(code) (-(code)-1)

/* That the module is there says the file; to ask for a table would load it, and make one. */
static int has_filter(void)
{
	autofree char *names = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, TABLES, NAMES_MAX, &names, &len, &(struct error){ 0 });

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return !strncmp(names, FILTER "\n", strlen(FILTER "\n")) || strstr(names, "\n" FILTER "\n");
}

/* An entry for all packets that says no to them. */
static bool is_refusal(const struct ipt_entry *e, size_t size)
{
	static const struct ipt_ip any;
	struct xt_standard_target target = { 0 };
	struct xt_entry_target head;

	if (e->target_offset != sizeof(*e) || size < sizeof(*e) + sizeof(head) ||
	    memcmp(&e->ip, &any, sizeof(any)))
		return false;
	memcpy(&head, e->elems, sizeof(head));
	if (!strncmp(head.u.user.name, "REJECT", sizeof(head.u.user.name)))
		return true;
	if (head.u.user.name[0] != '\0' || size < sizeof(*e) + sizeof(target))
		return false;
	memcpy(&target, e->elems, sizeof(target));
	return target.verdict == VERDICT(NF_DROP);
}

/**
 * iptables_chain_drops() - Whether one of a chain's entries says no to whatever gets there
 * @entries:	The table as the kernel hands it out, @size bytes, aligned for any type
 * @first:	Offset of the chain's first entry
 * @last:	That of its policy
 */
bool iptables_chain_drops(const char *entries, size_t size, size_t first, size_t last)
{
	const struct ipt_entry *e;

	for (size_t at = first; at <= last && at < size && size - at >= sizeof(*e);
	     at += e->next_offset) {
		e = (const struct ipt_entry *)(entries + at);
		if (e->next_offset < sizeof(*e) || e->next_offset > size - at)
			return false;
		if (is_refusal(e, e->next_offset))
			return true;
	}
	return false;
}

/**
 * iptables_drops_forwarded() - Whether its filter drops or rejects what is forwarded and not
 * accepted
 * @bridge:	A table in which this device is named has been thought of
 *
 * Return: 1, 0, or -errno; -EAGAIN if somebody is just changing the rules
 */
int iptables_drops_forwarded(const char *bridge)
{
	autofree struct ipt_get_entries *table = NULL;
	struct ipt_getinfo info = { .name = FILTER };
	socklen_t len = sizeof(info);
	autoclose int fd = -1;
	int r = has_filter();

	if (r <= 0)
		return r;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || getsockopt(fd, SOL_IP, IPT_SO_GET_INFO, &info, &len) < 0)
		return -errno;
	if (info.size > MAX_BYTES)
		return -E2BIG;
	len = (socklen_t)(sizeof(*table) + info.size);
	table = xcalloc(1, len);
	memcpy(table->name, FILTER, sizeof(FILTER));
	table->size = info.size;
	if (getsockopt(fd, SOL_IP, IPT_SO_GET_ENTRIES, table, &len) < 0)
		return -errno;
	return !memmem(table->entrytable, info.size, bridge, strlen(bridge)) &&
	       iptables_chain_drops((const char *)table->entrytable, info.size,
				    info.hook_entry[NF_INET_FORWARD],
				    info.underflow[NF_INET_FORWARD]);
}
