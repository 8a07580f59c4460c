/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/systemd_mode.h - What systemd needs of a container whose first process it is
 */
#ifndef CMD_SYSTEMD_MODE_H
#define CMD_SYSTEMD_MODE_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct error;
struct settings;
struct strlist;

uint64_t systemd_mode_capabilities(void);
int systemd_mode_decide(const char *flag, struct settings *s, struct error *err);
int systemd_mode_add_mounts(struct config *c, struct error *err);
void systemd_mode_add_env(const char *id, struct strlist *env);

#endif
