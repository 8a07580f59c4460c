/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/verdict.h - Which assertions about a run held: --assert, --assert-format
 */
#ifndef CMD_REPORT_VERDICT_H
#define CMD_REPORT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/report/sink.h"

struct error;
struct json;
struct str;
struct strlist;

enum verdict_format { VERDICT_TEXT, VERDICT_TAP, VERDICT_JUNIT };

/* Where it is told, and how. */
struct verdict_output {
	enum verdict_format format;
	bool mute;		 /* told later, by others */
	struct report_sink sink; /* not open: standard error */
};

#define VERDICT_OUTPUT_DEFAULT ((struct verdict_output){ .sink = REPORT_SINK_NONE })

struct verdict {
	struct json *assertions; /* list of { expression, ok, seen } */
	size_t n, failed;
	bool end_foretold; /* by one that says how the run shall end, and held */
};

int verdict_output_open(struct verdict_output *out, const char *spec, struct error *err);
char *verdict_output_absolute(const char *spec);
void verdict_output_close(struct verdict_output *out);

int verdict_check(const struct strlist *expressions, struct error *err);
void verdict_reach(struct verdict *v, const struct strlist *expressions, const struct json *report);
void verdict_format(const struct verdict *v, enum verdict_format format, const struct json *report,
		    struct str *text);
int verdict_tell(const struct verdict *v, const struct verdict_output *out,
		 const struct json *report, struct error *err);
void verdict_done(struct verdict *v);

#endif
