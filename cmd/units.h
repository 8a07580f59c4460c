/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/units.h - Sizes, durations and times as people write and read them
 */
#ifndef CMD_UNITS_H
#define CMD_UNITS_H

#include <stdint.h>

#define UNITS_NS_PER_S	INT64_C(1000000000)
#define UNITS_NS_PER_MS INT64_C(1000000)
#define UNITS_NS_PER_US INT64_C(1000)
#define UNITS_US_PER_S	INT64_C(1000000)
#define UNITS_US_PER_MS INT64_C(1000)
#define UNITS_TEXT_MAX	64 /* room that every print function below is content with */

int units_parse_size(const char *s, int64_t *bytes);
int units_parse_cpus(const char *s, int64_t *nano_cpus); /* "1.5" */
int units_parse_duration(const char *s, int64_t *ms);
int units_parse_time(const char *s, int64_t now_ns, int64_t *ns);

const char *units_print_size(char *out, uint64_t bytes);   /* 1.09MB, docker's image sizes */
const char *units_print_binary(char *out, uint64_t bytes); /* 12.5MiB, docker's memory sizes */
const char *units_print_duration(char *out, int64_t duration_ns);	 /* 3 minutes */
const char *units_print_ago(char *out, int64_t then_ns, int64_t now_ns); /* 3 minutes ago */
const char *units_print_rfc3339(char *out, int64_t ns); /* 2026-01-02T03:04:05.123456789Z */
const char *units_print_created(char *out, int64_t ns); /* 2026-01-02 03:04:05 +0000 UTC */
int64_t units_now_ns(void);

#endif
