/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/assemble.h - From settings and image to what runtime/, cgroups/ and network/ take
 */
#ifndef CMD_ASSEMBLE_H
#define CMD_ASSEMBLE_H

#include "cmd/settings.h"
#include "runtime/config.h"

struct error;
struct image;

int assemble_config(const struct settings *s, const char *id, const struct image *image,
		    struct config *c, struct error *err);
int assemble_process(const struct settings *s, struct config_process *p, struct error *err);

#endif
