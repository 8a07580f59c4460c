/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/verify.h - Whether an archive is what its digests say, without unpacking it
 */
#ifndef IMAGE_VERIFY_H
#define IMAGE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "image/digest.h"
#include "image/plan.h"

struct source;

/* One layer as it was found. */
struct verify_layer {
	bool valid;
	struct digest blob; /* of the file */
	uint64_t size;
	struct error err; /* if not valid */
};

struct verify {
	struct verify_layer *layers; /* of all images of the plan, one image after the other */
	size_t n_layers;
	size_t n_blobs;		/* files named by a digest; all were compared */
	struct strlist damaged; /* those that are not what they are named */
};

int verify_run(const struct source *source, int dir_fd, const struct plan *plan, struct verify *out,
	       struct error *err);
const struct error *verify_first_error(const struct verify *v);
void verify_done(struct verify *v);

#endif
