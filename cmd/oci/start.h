/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/start.h - Letting a created container run its program
 */
#ifndef CMD_OCI_START_H
#define CMD_OCI_START_H

#include <stdbool.h>

struct container;
struct context;
struct error;
struct oci_bundle;
struct state;

int oci_start(const struct context *ctx, int dirfd, const struct state *s,
	      const struct oci_bundle *b, struct container *ct, bool attended, struct error *err);

#endif
