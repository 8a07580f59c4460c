// SPDX-License-Identifier: Apache-2.0
/*
 * network/netlink.c - Netlink requests: build a batch, send it, know what failed
 *
 * The only door to libmnl. Its message functions are used, its sockets are
 * not: they cost two system calls more each, to learn a port id that nobody
 * here wants.
 */
#include "network/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "base/cleanup.h"
#include "base/str.h"

/* Room for any one attribute header, its padding and a message header. */
#define NETLINK_SLACK 64

/* The kernel's dump replies are at most this long (NLMSG_GOODSIZE, 32 KiB at most). */
#define NETLINK_DUMP_BYTES 32768

/**
 * netlink_open() - A netlink socket in the current network namespace
 * @protocol:	NETLINK_ROUTE, NETLINK_NETFILTER
 *
 * Device ioctls work on it as on any socket. The kernel binds it when the
 * first message is sent.
 *
 * Return: the fd, or -errno
 */
int netlink_open(int protocol)
{
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	return fd < 0 ? -errno : fd;
}

static void reserve(struct netlink_batch *b, size_t more)
{
	size_t need = b->len + more + NETLINK_SLACK;
	char *grown;

	if (!b->data) {
		b->data = b->first;
		b->cap = sizeof(b->first);
	}
	if (need <= b->cap)
		return;
	b->cap = need * 2;
	grown = xcalloc(1, b->cap); /* libmnl before 1.0.5 leaves padding as it is */
	memcpy(grown, b->data, b->len);
	if (b->data != b->first)
		free(b->data);
	b->data = grown;
}

static struct nlmsghdr *current_message(const struct netlink_batch *b)
{
	return (struct nlmsghdr *)(b->data + b->head);
}

static void update_length(struct netlink_batch *b)
{
	b->len = b->head + NLMSG_ALIGN(current_message(b)->nlmsg_len);
}

/**
 * netlink_begin() - Start the next message of a batch
 * @flags:	NLM_F_*, besides NLM_F_REQUEST
 * @header:	The family's own header, such as struct ifinfomsg
 */
void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header,
		   size_t len)
{
	struct nlmsghdr *nlh;

	reserve(b, len);
	b->head = b->len;
	nlh = mnl_nlmsg_put_header(b->data + b->head);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++b->n;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
	update_length(b);
}

/** netlink_begin_netfilter() - The same for a subsystem of netfilter (NFNL_SUBSYS_*), about IPv4 */
void netlink_begin_netfilter(struct netlink_batch *b, uint8_t subsystem, uint8_t type,
			     uint16_t flags)
{
	struct nfgenmsg header = { .nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0 };

	netlink_begin(b, (uint16_t)(subsystem << 8 | type), flags, &header, sizeof(header));
}

/** netlink_put_header() - Append a family header inside a nest, as veth's peer has */
void netlink_put_header(struct netlink_batch *b, const void *header, size_t len)
{
	reserve(b, len);
	memcpy(mnl_nlmsg_put_extra_header(current_message(b), len), header, len);
	update_length(b);
}

/** netlink_put() - Append an attribute; the others below say it in the type's words */
void netlink_put(struct netlink_batch *b, uint16_t attr, const void *data, size_t len)
{
	reserve(b, len);
	mnl_attr_put(current_message(b), attr, len, data);
	update_length(b);
}

void netlink_put_u8(struct netlink_batch *b, uint16_t attr, uint8_t value)
{
	netlink_put(b, attr, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_batch *b, uint16_t attr, uint32_t value)
{
	netlink_put(b, attr, &value, sizeof(value));
}

/** netlink_put_be32() - Append a number in network order, as nftables wants them all */
void netlink_put_be32(struct netlink_batch *b, uint16_t attr, uint32_t value)
{
	netlink_put_u32(b, attr, htonl(value));
}

void netlink_put_text(struct netlink_batch *b, uint16_t attr, const char *text)
{
	netlink_put(b, attr, text, strlen(text) + 1);
}

/** netlink_nest() - Begin an attribute made of attributes; hand the result to netlink_nest_end() */
size_t netlink_nest(struct netlink_batch *b, uint16_t attr)
{
	struct nlattr *start;

	reserve(b, 0);
	start = mnl_attr_nest_start(current_message(b), attr);
	update_length(b);
	return (size_t)((char *)start - b->data);
}

void netlink_nest_end(struct netlink_batch *b, size_t nest)
{
	mnl_attr_nest_end(current_message(b), (struct nlattr *)(b->data + nest));
}

/** netlink_batch_done() - Release the contents of @b */
void netlink_batch_done(struct netlink_batch *b)
{
	int saved = errno;

	if (b->data != b->first)
		free(b->data);
	b->data = NULL;
	b->len = b->cap = b->head = b->n = 0;
	errno = saved;
}

/* Returns the first failure among the acknowledgements in @buf; *@last tells the batch's end. */
static int read_acks(const char *buf, size_t len, uint32_t n, uint32_t *failed, bool *last)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	const struct nlmsgerr *e;
	int left = (int)len, r = 0;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
			continue;
		e = mnl_nlmsg_get_payload(nlh);
		if (e->error && r == 0) {
			r = e->error;
			if (failed)
				*failed = nlh->nlmsg_seq;
		}
		if (e->error == 0 && nlh->nlmsg_seq == n)
			*last = true;
	}
	return r;
}

static int send_all(int fd, const struct netlink_batch *b)
{
	ssize_t sent;

	do
		sent = send(fd, b->data, b->len, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/**
 * netlink_send() - Send a batch and wait for what the kernel makes of it
 * @b:		At least one message
 * @failed:	Number (from 1) of the message that failed first, or NULL
 *
 * The kernel has carried out everything and queued its answers when send()
 * returns, so an empty queue ends the wait. (The end of an nftables transaction
 * is not acknowledged before Linux 6.10.)
 *
 * Return: 0, or the first -errno
 */
int netlink_send(int fd, struct netlink_batch *b, uint32_t *failed)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool acked = false;
	ssize_t n;
	int r, first = 0;

	current_message(b)->nlmsg_flags |= NLM_F_ACK;
	r = send_all(fd, b);
	if (r < 0)
		return r;
	while (!acked) {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -errno;
		r = read_acks(buf, (size_t)n, b->n, first ? NULL : failed, &acked);
		if (first == 0)
			first = r;
	}
	return first;
}

/* The kernel's errno of a dump that it could not complete, as a negative number; 0: it did. */
static int end_of_dump(const struct nlmsghdr *nlh)
{
	int r = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(r))
		memcpy(&r, mnl_nlmsg_get_payload(nlh), sizeof(r));
	return r < 0 ? r : 0;
}

/* One read of an answer; 1 when the dump is complete. *@r keeps the first non-zero result. */
static int walk_dump(const char *buf, int left,
		     int (*each)(void *arg, const struct netlink_answer *answer), void *arg, int *r)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	struct netlink_answer answer;
	bool last;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type == NLMSG_DONE) {
			*r = *r ? *r : end_of_dump(nlh);
			return 1;
		}
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			*r = read_acks((const char *)nlh, nlh->nlmsg_len, 0, NULL, &last);
			return 1;
		}
		answer.type = nlh->nlmsg_type;
		answer.payload = mnl_nlmsg_get_payload(nlh);
		answer.len = mnl_nlmsg_get_payload_len(nlh);
		if (*r == 0)
			*r = each(arg, &answer);
	}
	return 0;
}

/**
 * netlink_dump() - Send one NLM_F_DUMP request and walk its answers
 * @each:	Called per message until it returns non-zero, which is then our
 *		result; the rest is read all the same, so @fd stays usable
 */
int netlink_dump(int fd, struct netlink_batch *b,
		 int (*each)(void *arg, const struct netlink_answer *answer), void *arg)
{
	autofree char *buf = xmalloc(NETLINK_DUMP_BYTES);
	bool done = false;
	ssize_t n;
	int r;

	r = send_all(fd, b);
	if (r < 0)
		return r;
	while (!done) {
		n = recv(fd, buf, NETLINK_DUMP_BYTES, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done = walk_dump(buf, (int)n, each, arg, &r);
	}
	return r;
}

/**
 * netlink_find() - Find an attribute of an answer, or of a nest in it
 * @header_len:	Size of the family's header before the attributes, 0 in a nest
 * @found:	Its payload and type
 */
bool netlink_find(const struct netlink_answer *in, size_t header_len, uint16_t attr,
		  struct netlink_answer *found)
{
	const char *end = (const char *)in->payload + in->len;
	const struct nlattr *a;

	if (in->len < NLMSG_ALIGN(header_len))
		return false;
	a = (const struct nlattr *)((const char *)in->payload + NLMSG_ALIGN(header_len));
	for (; mnl_attr_ok(a, (int)(end - (const char *)a)); a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) != attr)
			continue;
		found->type = attr;
		found->payload = mnl_attr_get_payload(a);
		found->len = mnl_attr_get_payload_len(a);
		return true;
	}
	return false;
}
