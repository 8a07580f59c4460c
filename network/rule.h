/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/rule.h - The expressions an nftables rule is made of
 *
 * Each call appends one expression, as `nft --debug=netlink` lists them. A
 * value is loaded into a register, compared there, and the rule goes on if it
 * matches. Register 1 is 16 bytes wide; the 32-bit ones from 8 on overlay it,
 * which is how keys of several fields are put together.
 */
#ifndef NETWORK_RULE_H
#define NETWORK_RULE_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netfilter/nf_tables.h>

struct netlink_batch;

struct rule {
	struct netlink_batch *batch;
	size_t expressions; /* the open nest */
};

/* Where in the packet: base, offset, length. */
struct rule_field {
	uint8_t base, offset, len;
};

void rule_begin(struct rule *r, struct netlink_batch *b, const char *table, const char *chain);
void rule_load_meta(struct rule *r, enum nft_meta_keys key, uint32_t reg);
void rule_load_ct(struct rule *r, enum nft_ct_keys key);
void rule_load_field(struct rule *r, struct rule_field field, uint32_t reg);
void rule_load_destination_type(struct rule *r);
void rule_mask(struct rule *r, const void *mask, size_t len);
void rule_compare(struct rule *r, enum nft_cmp_ops op, const void *data, size_t len);
void rule_look_up(struct rule *r, const char *map);
void rule_dnat(struct rule *r);
void rule_masquerade(struct rule *r);
void rule_verdict(struct rule *r, int32_t verdict);
void rule_end(struct rule *r);

#endif
