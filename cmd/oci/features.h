/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/features.h - What the runtime can do, for engines that ask first
 */
#ifndef CMD_OCI_FEATURES_H
#define CMD_OCI_FEATURES_H

struct json;

struct json *oci_features(void);

#endif
