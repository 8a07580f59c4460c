/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/executable.h - Our own program file, out of a container's reach
 */
#ifndef RUNTIME_EXECUTABLE_H
#define RUNTIME_EXECUTABLE_H

struct error;

int executable_protect(struct error *err);

#endif
