/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/bundle.h - A bundle's config.json, read for all who act on it
 */
#ifndef CMD_OCI_BUNDLE_H
#define CMD_OCI_BUNDLE_H

#include "cgroups/devices.h"
#include "cgroups/limits.h"
#include "network/device.h"
#include "runtime/config.h"
#include "runtime/resctrl.h"
#include "runtime/seccomp_notify.h"

struct error;
struct json;

struct oci_bundle {
	char *path; /* absolute */
	char *text; /* the file, as it is */
	size_t text_len;
	struct json *document;

	struct config config;
	struct cgroup_limits limits;
	struct cgroup_device_rules devices;
	struct seccomp_notify notify;
	struct device_list net_devices;
	struct resctrl_config rdt;
};

void oci_bundle_init(struct oci_bundle *b);
int oci_bundle_load(struct oci_bundle *b, const char *dir, const char *file, struct error *err);
bool oci_bundle_has_errands(const struct oci_bundle *b);
int oci_bundle_load_saved(struct oci_bundle *b, int state_dir, const char *bundle,
			  struct error *err);
void oci_bundle_done(struct oci_bundle *b);
#define autobundle __attribute__((cleanup(oci_bundle_done)))

#endif
