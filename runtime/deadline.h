/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/deadline.h - What is to be done at a given time, while others wait for events
 *
 * A list in the order of time, of structs that their users embed. Nothing is
 * allocated, and an empty list costs nothing.
 */
#ifndef RUNTIME_DEADLINE_H
#define RUNTIME_DEADLINE_H

#include <stdint.h>

struct deadline {
	int64_t at_ns; /* clock_monotonic_ns() */
	/*
	 * Called once it is past, with the time. Returns when it is to be called again, 0 for
	 * never. Must not wait: whoever waits for events does nothing else meanwhile.
	 */
	int64_t (*due)(struct deadline *d, int64_t now_ns);
	struct deadline *next;
};

int64_t deadline_after(int64_t now_ns, int64_t ms);
void deadline_add(struct deadline **list, struct deadline *d, int64_t at_ns);
void deadline_remove(struct deadline **list, const struct deadline *d);
void deadline_run(struct deadline **list);

#endif
