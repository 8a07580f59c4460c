/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/init.h - The container's first process, from clone to exec
 */
#ifndef RUNTIME_INIT_H
#define RUNTIME_INIT_H

struct init_plan;

_Noreturn void init_main(struct init_plan *plan);

#endif
