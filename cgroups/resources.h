/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/resources.h - linux.resources of an OCI config: limits and device rules
 */
#ifndef CGROUPS_RESOURCES_H
#define CGROUPS_RESOURCES_H

struct cgroup_device_rules;
struct cgroup_limits;
struct error;
struct json;

int cgroup_resources_parse(const struct json *resources, struct cgroup_limits *limits,
			   struct cgroup_device_rules *devices, struct error *err);
void cgroup_resources_add_default_devices(struct cgroup_device_rules *devices);

#endif
