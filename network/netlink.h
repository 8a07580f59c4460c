/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/netlink.h - Netlink requests: build a batch, send it, know what failed
 *
 *   autobatch struct netlink_batch b = { 0 };
 *
 *   netlink_begin(&b, RTM_NEWADDR, NLM_F_CREATE, &ifa, sizeof(ifa));
 *   netlink_put(&b, IFA_LOCAL, &address, sizeof(address));
 *   netlink_begin(&b, ...);
 *   r = netlink_send(fd, &b, NULL);
 *
 * Only the last message of a batch asks for an acknowledgement; the kernel
 * reports failures of the others whether asked to or not.
 */
#ifndef NETWORK_NETLINK_H
#define NETWORK_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages one after the other as they are sent; { 0 } is empty. Not to be copied. */
struct netlink_batch {
	char first[1024] __attribute__((aligned(4))); /* most batches fit */
	char *data;
	size_t len, cap;
	size_t head; /* offset of the message being built */
	uint32_t n;  /* messages so far; their nlmsg_seq is 1 to n */
};

/* One message of an answer, or an attribute in it; borrowed from the receive buffer. */
struct netlink_answer {
	uint16_t type;
	const void *payload;
	size_t len;
};

int netlink_open(int protocol);

void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header,
		   size_t len);
void netlink_begin_netfilter(struct netlink_batch *b, uint8_t subsystem, uint8_t type,
			     uint16_t flags);
void netlink_put(struct netlink_batch *b, uint16_t attr, const void *data, size_t len);
void netlink_put_u8(struct netlink_batch *b, uint16_t attr, uint8_t value);
void netlink_put_u32(struct netlink_batch *b, uint16_t attr, uint32_t value);
void netlink_put_be32(struct netlink_batch *b, uint16_t attr, uint32_t value);
void netlink_put_text(struct netlink_batch *b, uint16_t attr, const char *text);
size_t netlink_nest(struct netlink_batch *b, uint16_t attr);
void netlink_put_header(struct netlink_batch *b, const void *header, size_t len);
void netlink_nest_end(struct netlink_batch *b, size_t nest);
void netlink_batch_done(struct netlink_batch *b);
#define autobatch __attribute__((cleanup(netlink_batch_done)))

int netlink_send(int fd, struct netlink_batch *b, uint32_t *failed);
int netlink_dump(int fd, struct netlink_batch *b,
		 int (*each)(void *arg, const struct netlink_answer *answer), void *arg);
bool netlink_find(const struct netlink_answer *in, size_t header_len, uint16_t attr,
		  struct netlink_answer *found);

#endif
