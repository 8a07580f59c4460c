/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/repeat.h - run --repeat: the same run several times, and how its figures vary
 */
#ifndef CMD_REPORT_REPEAT_H
#define CMD_REPORT_REPEAT_H

#include <stdbool.h>

struct error;
struct json;
struct str;
struct verdict_output;

#define REPEAT_MAX 1000

struct repeat {
	struct json *reports;	 /* list, of one run each */
	struct json *assertions; /* as of a report: ok if it held every time */
};

void repeat_init(struct repeat *r);
void repeat_add(struct repeat *r, const struct json *report);
bool repeat_is_over(const struct json *report);
struct json *repeat_document(const struct repeat *r);
void repeat_table(const struct json *document, struct str *out);
int repeat_tell(const struct repeat *r, const struct verdict_output *out, struct error *err);
void repeat_done(struct repeat *r);

#endif
