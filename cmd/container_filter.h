/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/container_filter.h - Which containers --filter lets through
 */
#ifndef CMD_CONTAINER_FILTER_H
#define CMD_CONTAINER_FILTER_H

#include <stdbool.h>

struct container_item;
struct error;
struct record_store;
struct strlist;

/* @filters are the arguments of --filter, KEY=VALUE. */
int container_filter_check(const struct strlist *filters, const struct record_store *store,
			   struct error *err);
bool container_filter_needs_config(const struct strlist *filters);
bool container_filter_asks_for_state(const struct strlist *filters);
bool container_filter_matches(const struct strlist *filters, const struct record_store *store,
			      const struct container_item *item);

#endif
