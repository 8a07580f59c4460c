/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/report.h - All figures of a cgroup, as "events --stats" of runc prints them
 */
#ifndef CGROUPS_REPORT_H
#define CGROUPS_REPORT_H

struct error;
struct json;

struct json *cgroup_stats_json(int dirfd, struct error *err);

#endif
