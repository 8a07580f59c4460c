/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/connect.h - Which network a container gets, and the files that tell it so
 */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include <stdbool.h>

#include "network/network.h"

struct config;
struct container;
struct context;
struct error;
struct record;
struct settings;

/* What is decided goes into record and config; all four are borrowed. */
struct connection {
	const struct context *ctx;
	const struct settings *settings;
	struct record *record;
	struct config *config;

	struct network_lease lease;
	bool has_lease;
	int linger_fd; /* after connect_release(): slow to close, left to whoever ends last */
};

bool connect_has_own_netns(const char *network);
int connect_prepare(struct connection *n, struct error *err);
int connect_attach(struct connection *n, struct container *ct, struct error *err);
void connect_started(const struct connection *n);
void connect_release(struct connection *n);

#endif
