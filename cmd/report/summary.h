/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/summary.h - The document of --report, for people
 */
#ifndef CMD_REPORT_SUMMARY_H
#define CMD_REPORT_SUMMARY_H

#include <stdbool.h>

struct json;
struct str;

void report_summary(const struct json *report, bool ascii, struct str *out);

#endif
