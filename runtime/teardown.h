/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/teardown.h - Taking down the mounts of a container, without anybody waiting
 */
#ifndef RUNTIME_TEARDOWN_H
#define RUNTIME_TEARDOWN_H

#include <sys/types.h>

struct teardown {
	int held, other; /* a pair of sockets; -1: nothing is held */
};
#define TEARDOWN_NONE ((struct teardown){ -1, -1 })

void teardown_defer(struct teardown *t, pid_t pid);
void teardown_begin(struct teardown *t);

#endif
