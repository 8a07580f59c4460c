/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/spec.h - The config.json that `spec` writes
 */
#ifndef CMD_OCI_SPEC_H
#define CMD_OCI_SPEC_H

#include <stdbool.h>

struct json;

/* Of the runtime specification: what is implemented, and what is accepted from. */
#define OCI_VERSION	"1.3.0"
#define OCI_VERSION_MIN "1.0.0"

struct json *oci_spec_default(bool rootless);

#endif
