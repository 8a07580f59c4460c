/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/timeline_value.h - What may be written to a control file, checked beforehand
 */
#ifndef CMD_REPORT_TIMELINE_VALUE_H
#define CMD_REPORT_TIMELINE_VALUE_H

struct error;

char *timeline_value(const char *file, const char *value, struct error *err);

#endif
