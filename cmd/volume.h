/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/volume.h - -v, --mount and --tmpfs: directories of the host, volumes, scratch
 */
#ifndef CMD_VOLUME_H
#define CMD_VOLUME_H

#include "cmd/settings.h"
#include "runtime/config.h"

struct error;

int volume_parse(struct settings *s, const char *spec, struct error *err);
int volume_parse_mount(struct settings *s, const char *spec, struct error *err);
int volume_add_anonymous(struct settings *s, const char *target, struct error *err);
void volume_locate(struct settings *s, const char *root);
bool volume_is_name(const char *s);
char *volume_random_name(void);
int volume_create(int root_fd, const char *name, bool *fresh, struct error *err);
int volume_make(struct settings *s, int root_fd, struct error *err);
int volume_parse_tmpfs(const char *spec, struct config_mount *out, struct error *err);
void volume_remove_anonymous(const struct settings *s, int root_fd);

#endif
