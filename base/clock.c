// SPDX-License-Identifier: Apache-2.0
/*
 * base/clock.c - The time that nobody sets, for what is to last or to be over
 */

#include "base/clock.h"

#include <time.h>

/** clock_monotonic_ns() - CLOCK_MONOTONIC in nanoseconds */
int64_t clock_monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/** clock_monotonic_ms() - The same in milliseconds */
int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / 1000000;
}
