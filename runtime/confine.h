/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/confine.h - Giving up rights, and the exec that ends it
 *
 * Shared by init (runtime/init) and processes that join later (runtime/process).
 */
#ifndef RUNTIME_CONFINE_H
#define RUNTIME_CONFINE_H

#include "runtime/config.h"

struct error;

#define CONFINE_PROGRAM_MAX 4096 /* bytes of its path, as of any (path_resolution(7)) */

int confine_reset_signals(struct error *err);
int confine_process(const struct config_process *p, int rootfd, struct strlist *env,
		    struct error *err);
int confine_filter(const struct config_process *p, struct error *err);
int confine_chdir(const char *cwd, int rootfd, bool make, struct error *err);
int confine_find_program(const struct config_process *p, char *const *env,
			 char full[CONFINE_PROGRAM_MAX], struct error *err);
int confine_exec(const struct config_process *p, char *const *env, const char *found,
		 struct error *err);

#endif
