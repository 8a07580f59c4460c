/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/check.h - Whether the store is whole
 */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#include <stdbool.h>

#include "image/store.h"

struct error;

/* What is wrong, or was: one at a time. @object: an image, layer or blob. */
struct check_finding {
	const char *object, *what;
	bool repaired;
	const char *advice; /* what the user can do, or NULL */
};

typedef void check_report(void *arg, const struct check_finding *finding);

struct check_options {
	bool repair;
	bool keep_layers; /* containers run: not even damaged ones go */
	check_report *report;
	void *arg;
};

int check_store(const struct image_store *s, const struct check_options *options,
		struct error *err);

#endif
