/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/assertion.h - What a run is asserted to be: 'memory.peak<100M', '!oom', 'wall<30s'
 *
 *	EXPRESSION = [ "!" ] FIELD | FIELD OPERATOR VALUE
 *	OPERATOR   = "<" | "<=" | ">" | ">=" | "==" | "!="
 *
 * FIELD is a name of the table in assertion.c, or the path of a number in the
 * report as it is written there (cpu.throttled_us), which has no unit then.
 */
#ifndef CMD_REPORT_ASSERTION_H
#define CMD_REPORT_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json;
struct str;

enum assertion_unit {
	ASSERTION_FACT,	 /* true or false */
	ASSERTION_COUNT, /* a number without unit */
	ASSERTION_BYTES,
	ASSERTION_TIME, /* microseconds */
	ASSERTION_WORD,
};

enum assertion_operator {
	ASSERTION_LT,
	ASSERTION_LE,
	ASSERTION_GT,
	ASSERTION_GE,
	ASSERTION_EQ,
	ASSERTION_NE,
};

enum { ASSERTION_MAX_BYTES = 128 };

struct assertion {
	char path[ASSERTION_MAX_BYTES]; /* in the report: "memory.peak_bytes" */
	enum assertion_unit unit;
	enum assertion_operator op;
	int64_t number; /* to compare with; of a fact: 0 or 1 */
	char word[ASSERTION_MAX_BYTES];
};

struct assertion_field {
	const char *name, *path;
	enum assertion_unit unit;
};

/* All names, ends with an empty row. */
extern const struct assertion_field assertion_fields[];

int assertion_parse(const char *text, struct assertion *a, struct error *err);
const struct json *assertion_find(const struct json *report, const char *path);
bool assertion_holds(const struct assertion *a, const struct json *report, struct str *seen);
bool assertion_is_of_the_end(const struct assertion *a);
void assertion_print(struct str *out, enum assertion_unit unit, int64_t number);

#endif
