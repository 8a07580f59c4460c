/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/features.h - What the runtime can do, for engines that ask first
 */
#ifndef CMD_OCI_FEATURES_H
#define CMD_OCI_FEATURES_H

#include <stddef.h>

struct json;

/* The i-th name of a table, NULL behind the last. */
typedef const char *oci_names(size_t i);

/* The tables by which config.json is read; what is not given is left out of the document. */
struct oci_features_tables {
	oci_names *hooks, *mount_options, *namespaces;
};

struct json *oci_features(const struct oci_features_tables *tables);

#endif
