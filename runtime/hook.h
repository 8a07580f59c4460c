/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/hook.h - Programs that a bundle wants run at points of a container's life
 */
#ifndef RUNTIME_HOOK_H
#define RUNTIME_HOOK_H

#include "runtime/config.h"

struct error;

int hook_run_all(const struct config *c, enum config_hook_kind kind, const char *state,
		 char *const *env, struct error *err);
const char *hook_kind_name(enum config_hook_kind kind);

#endif
