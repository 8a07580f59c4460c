/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock.h - The time that nobody sets, for what is to last or to be over
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_ms(void);

#endif
