/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/platform.h - Which of several images for several platforms is meant
 */
#ifndef IMAGE_PLATFORM_H
#define IMAGE_PLATFORM_H

#include <stdbool.h>

#include "image/config.h"
#include "image/descriptor.h"

/* Texts are borrowed. */
struct plan_platform {
	const char *os, *architecture, *variant; /* variant may be NULL: any */
	bool asked;				 /* the user named it: nothing else will do */
	bool all; /* take all; this one decides who keeps a name that several have */
};

void plan_this_machine(struct plan_platform *out);
void platform_take_machine(struct plan_platform *out, const char *machine);
int platform_fit(const struct descriptor *d, const struct plan_platform *want);
int platform_fit_config(const struct image_config *c, const struct plan_platform *want);
bool platform_is_none(const struct descriptor *d);
char *platform_of(const struct descriptor *d);
char *platform_of_config(const struct image_config *c);

#endif
