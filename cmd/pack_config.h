/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/pack_config.h - The flags of pack that say how an appliance runs
 */
#ifndef CMD_PACK_CONFIG_H
#define CMD_PACK_CONFIG_H

#include "base/str.h"

struct error;
struct json;

struct pack_settings {
	const char *entrypoint, *cmd, *user, *workdir, *stop_signal;
	struct strlist env, labels, ports, volumes;
	const char *memory, *cpus, *pids, *health, *restart, *help;
	const char *title, *description, *version;
};

int pack_config_apply(const struct pack_settings *s, struct json *config, struct error *err);

#endif
