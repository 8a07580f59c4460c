/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/bridge.h - The host's side of the default network, made when missing
 */
#ifndef NETWORK_BRIDGE_H
#define NETWORK_BRIDGE_H

struct address_prefix;
struct error;

#define BRIDGE_NAME "tare0"

int bridge_choose_subnet(struct address_prefix *subnet, struct error *err);
int bridge_setup(const struct address_prefix *subnet, struct error *err);

#endif
