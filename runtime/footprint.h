/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/footprint.h - What a process that only waits keeps in memory
 */
#ifndef RUNTIME_FOOTPRINT_H
#define RUNTIME_FOOTPRINT_H

void footprint_shrink(const void *waiting_function);

#endif
