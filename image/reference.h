/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/reference.h - Image names: DOMAIN/PATH[:TAG][@DIGEST]
 */
#ifndef IMAGE_REFERENCE_H
#define IMAGE_REFERENCE_H

#include <stdbool.h>

#include "image/digest.h"

struct error;

#define REFERENCE_MAX 512 /* bytes of a whole reference; the longest name alone is 255 */

struct reference {
	char repository[256]; /* normalised: docker.io/library/busybox */
	char tag[129];	      /* "latest" when neither tag nor digest is given; else may be "" */
	bool has_digest;
	struct digest digest;
	bool short_name; /* the user named no registry */
};

int reference_parse(const char *text, struct reference *out, struct error *err);
int reference_normalise(const char *text, char **name, struct error *err);
char *reference_name(const struct reference *r);
const char *reference_familiar(const char *name);

#endif
