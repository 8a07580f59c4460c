/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/delete.h - Removing all that create has made
 */
#ifndef CMD_OCI_DELETE_H
#define CMD_OCI_DELETE_H

struct context;
struct error;
struct oci_bundle;
struct state;

int oci_delete(const struct context *ctx, const struct state *s, const struct oci_bundle *b,
	       struct error *err);

#endif
