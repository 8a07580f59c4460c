/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp_entry.h - One entry of a seccomp profile
 */
#ifndef RUNTIME_SECCOMP_ENTRY_H
#define RUNTIME_SECCOMP_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/filter.h"

struct error;
struct json;

#define SECCOMP_ENTRY_MAX_TESTS 64

/* One object of syscalls[]: its tests serve every rule made of it. */
struct seccomp_entry {
	struct filter_test tests[SECCOMP_ENTRY_MAX_TESTS];
	size_t n_tests;
	bool any_test; /* one test has to hold, not all */
	uint32_t action;
};

int seccomp_entry_check(const struct json *v, const char *where, struct error *err);
bool seccomp_entry_applies(const struct json *v, uint64_t caps);
int seccomp_entry_read(const struct json *v, const char *where, struct seccomp_entry *entry,
		       struct error *err);
int seccomp_entry_read_action(const struct json *v, const struct json *errno_value,
			      const char *where, uint32_t *out, struct error *err);

/* For the features document: the i-th name, NULL behind the last. */
const char *seccomp_entry_known_action(size_t i);
const char *seccomp_entry_known_op(size_t i);

#endif
