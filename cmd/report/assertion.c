// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/assertion.c - What a run is asserted to be: 'memory.peak<100M', '!oom', 'wall<30s'
 *
 * Parsed before anything starts, so that a mistake costs nothing, and compared
 * with the report at the end. A figure that is not known fulfils nothing.
 */
#include "cmd/report/assertion.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/units.h"

const struct assertion_field assertion_fields[] = {
	{ "reason", "reason", ASSERTION_WORD },
	{ "code", "code", ASSERTION_COUNT },
	{ "signal", "signal", ASSERTION_COUNT },
	{ "wall", "wall_us", ASSERTION_TIME },
	{ "oom", "oom.kills", ASSERTION_FACT },
	{ "oom.kills", "oom.kills", ASSERTION_COUNT },
	{ "oom.init", "oom.init", ASSERTION_FACT },
	{ "oom.group", "oom.group", ASSERTION_FACT },
	{ "oom.level", "oom.level", ASSERTION_WORD },
	{ "cpu.usage", "cpu.usage_us", ASSERTION_TIME },
	{ "cpu.user", "cpu.user_us", ASSERTION_TIME },
	{ "cpu.system", "cpu.system_us", ASSERTION_TIME },
	{ "cpu.periods", "cpu.periods", ASSERTION_COUNT },
	{ "cpu.throttled", "cpu.throttled", ASSERTION_COUNT },
	{ "cpu.throttled_time", "cpu.throttled_us", ASSERTION_TIME },
	{ "memory.peak", "memory.peak_bytes", ASSERTION_BYTES },
	{ "memory.end", "memory.end_bytes", ASSERTION_BYTES },
	{ "memory.swap_peak", "memory.swap_peak_bytes", ASSERTION_BYTES },
	{ "memory.swap_end", "memory.swap_end_bytes", ASSERTION_BYTES },
	{ "memory.events.low", "memory.events.low", ASSERTION_COUNT },
	{ "memory.events.high", "memory.events.high", ASSERTION_COUNT },
	{ "memory.events.max", "memory.events.max", ASSERTION_COUNT },
	{ "memory.events.oom", "memory.events.oom", ASSERTION_COUNT },
	{ "pids.peak", "pids.peak", ASSERTION_COUNT },
	{ "pids.refused", "pids.refused", ASSERTION_COUNT },
	{ "io.read", "io.read_bytes", ASSERTION_BYTES },
	{ "io.written", "io.written_bytes", ASSERTION_BYTES },
	{ "io.reads", "io.reads", ASSERTION_COUNT },
	{ "io.writes", "io.writes", ASSERTION_COUNT },
	{ "io.discarded", "io.discarded_bytes", ASSERTION_BYTES },
	{ "pressure.cpu.some", "pressure.cpu.some_us", ASSERTION_TIME },
	{ "pressure.cpu.full", "pressure.cpu.full_us", ASSERTION_TIME },
	{ "pressure.memory.some", "pressure.memory.some_us", ASSERTION_TIME },
	{ "pressure.memory.full", "pressure.memory.full_us", ASSERTION_TIME },
	{ "pressure.io.some", "pressure.io.some_us", ASSERTION_TIME },
	{ "pressure.io.full", "pressure.io.full_us", ASSERTION_TIME },
	{ "network.received", "network.received_bytes", ASSERTION_BYTES },
	{ "network.sent", "network.sent_bytes", ASSERTION_BYTES },
	{ NULL, NULL, ASSERTION_FACT },
};

/* In this order: a longer one is not to be taken for its beginning. */
static const struct {
	const char *text;
	enum assertion_operator op;
} operators[] = {
	{ "<=", ASSERTION_LE }, { ">=", ASSERTION_GE }, { "==", ASSERTION_EQ },
	{ "!=", ASSERTION_NE }, { "<", ASSERTION_LT },	{ ">", ASSERTION_GT },
};

/* The words that a field may have: a misspelt one would never hold, or always. */
static const struct {
	const char *path;
	const char *const words[9];
} vocabularies[] = {
	{ "reason",
	  { "exit", "signal", "oom", "timeout", "stopped", "shutdown", "limit", "start-failed",
	    NULL } },
	{ "oom.level", { "container", "inside", "slice", "ancestor", "host", NULL } },
};

/* ---- parsing ------------------------------------------------------------ */

/* Written as in the report a number is as it is there. */
static bool find_field(const char *name, struct assertion *a)
{
	for (const struct assertion_field *f = assertion_fields; f->name; f++) {
		bool raw = strcmp(f->name, name) != 0;

		if (raw && strcmp(f->path, name) != 0)
			continue;
		a->unit = raw ? ASSERTION_COUNT : f->unit;
		snprintf(a->path, sizeof(a->path), "%s", f->path);
		return true;
	}
	return false;
}

static bool has_word(const char *path, const char *word)
{
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(*vocabularies); i++)
		for (const char *const *w = vocabularies[i].words; *w; w++)
			if (!strcmp(vocabularies[i].path, path) && !strcmp(*w, word))
				return true;
	return false;
}

/* "150us" too, which is below what other durations can say. */
static int parse_time(const char *value, int64_t *us)
{
	size_t digits = strspn(value, "0123456789");
	int64_t ms;
	int r;

	if (digits && !strcmp(value + digits, "us")) {
		autofree char *number = xstrndup(value, digits);

		return str_parse_i64(number, 0, INT64_MAX, us);
	}
	r = units_parse_duration(value, &ms);
	if (r < 0 || ms < 0 || ms > INT64_MAX / UNITS_US_PER_MS)
		return r < 0 ? r : -ERANGE;
	*us = ms * UNITS_US_PER_MS;
	return 0;
}

static int parse_value(struct assertion *a, const char *value)
{
	bool equality = a->op == ASSERTION_EQ || a->op == ASSERTION_NE;

	switch (a->unit) {
	case ASSERTION_FACT:
		if (!equality || (strcmp(value, "true") != 0 && strcmp(value, "false") != 0))
			return -EINVAL;
		a->number = !strcmp(value, "true");
		return 0;
	case ASSERTION_WORD:
		snprintf(a->word, sizeof(a->word), "%s", value);
		return equality && has_word(a->path, value) ? 0 : -EINVAL;
	case ASSERTION_BYTES:
		return units_parse_size(value, &a->number);
	case ASSERTION_TIME:
		return parse_time(value, &a->number);
	case ASSERTION_COUNT:
		break;
	}
	return str_parse_i64(value, 0, INT64_MAX, &a->number);
}

static const char *expected_value(const struct assertion *a)
{
	switch (a->unit) {
	case ASSERTION_FACT:
		return "true or false, after == or !=";
	case ASSERTION_WORD:
		return "a word that the report may have there, after == or !=";
	case ASSERTION_BYTES:
		return "a size: 100M, 1.5g";
	case ASSERTION_TIME:
		return "a time: 30s, 1m30s, 250ms, 10us";
	case ASSERTION_COUNT:
		break;
	}
	return "a whole number";
}

static const char *skip_blanks(const char *p)
{
	while (isblank((unsigned char)*p))
		p++;
	return p;
}

static bool take_operator(const char **p, enum assertion_operator *op)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (!str_starts(*p, operators[i].text))
			continue;
		*op = operators[i].op;
		*p += strlen(operators[i].text);
		return true;
	}
	return false;
}

static int parse_comparison(const char *text, const char *p, struct assertion *a, struct error *err)
{
	autofree char *value = NULL;
	size_t len;

	if (!take_operator(&p, &a->op))
		return error_set(err, EINVAL,
				 "assertion '%s': expected <, <=, >, >=, == or != at '%s'", text,
				 p);
	p = skip_blanks(p);
	len = strlen(p);
	while (len && isblank((unsigned char)p[len - 1]))
		len--;
	value = xstrndup(p, len);
	if (parse_value(a, value) < 0)
		return error_set(err, EINVAL, "assertion '%s': '%s' is not %s", text, value,
				 expected_value(a));
	return 0;
}

/**
 * assertion_parse() - Understand an expression
 * @a:	Written on success
 */
int assertion_parse(const char *text, struct assertion *a, struct error *err)
{
	struct assertion new = { .op = ASSERTION_EQ, .number = 1 };
	const char *p = skip_blanks(text);
	bool negated = *p == '!';
	char name[ASSERTION_MAX_BYTES];
	size_t len;
	int r = 0;

	if (strlen(text) >= ASSERTION_MAX_BYTES)
		return error_set(err, EINVAL, "assertion '%.40s…' is too long", text);
	p = skip_blanks(p + negated);
	len = strspn(p, "abcdefghijklmnopqrstuvwxyz._");
	snprintf(name, sizeof(name), "%.*s", (int)len, p);
	if (!find_field(name, &new)) {
		error_set(err, EINVAL, "assertion '%s': there is no figure '%s'", text, name);
		return error_hint(err, "as memory.peak, cpu.throttled, pids.peak, wall, oom, code: "
				       "'tare help run' and docs/report.md list them all");
	}
	p = skip_blanks(p + len);
	if (*p && negated)
		return error_set(err, EINVAL, "assertion '%s': ! is for what is true or false",
				 text);
	if (*p)
		r = parse_comparison(text, p, &new, err);
	else if (new.unit != ASSERTION_FACT)
		r = error_set(err, EINVAL, "assertion '%s': compare it with something: '%s<…'",
			      text, name);
	if (r < 0)
		return r;
	if (negated)
		new.number = 0;
	*a = new;
	return 0;
}

/* ---- comparing ---------------------------------------------------------- */

/** assertion_find() - What a report has at a path as "memory.peak_bytes"; NULL if nothing */
const struct json *assertion_find(const struct json *report, const char *path)
{
	autostrlist struct strlist parts = { 0 };

	strlist_split(&parts, path, '.');
	for (size_t i = 0; i < parts.n; i++)
		report = json_get(report, parts.items[i]);
	return report;
}

/** assertion_print() - A number as people read it */
void assertion_print(struct str *out, enum assertion_unit unit, int64_t number)
{
	char text[UNITS_TEXT_MAX];

	switch (unit) {
	case ASSERTION_FACT:
		str_puts(out, number ? "true" : "false");
		break;
	case ASSERTION_BYTES:
		str_puts(out, units_print_binary(text, (uint64_t)number));
		break;
	case ASSERTION_TIME:
		if (number >= UNITS_US_PER_S)
			str_printf(out, "%.3fs", (double)number / UNITS_US_PER_S);
		else if (number >= UNITS_US_PER_MS)
			str_printf(out, "%.3fms", (double)number / UNITS_US_PER_MS);
		else
			str_printf(out, "%" PRId64 "us", number);
		break;
	case ASSERTION_COUNT:
	case ASSERTION_WORD:
		str_printf(out, "%" PRId64, number);
		break;
	}
}

static bool compare(enum assertion_operator op, int64_t a, int64_t b)
{
	switch (op) {
	case ASSERTION_LT:
		return a < b;
	case ASSERTION_LE:
		return a <= b;
	case ASSERTION_GT:
		return a > b;
	case ASSERTION_GE:
		return a >= b;
	case ASSERTION_EQ:
		return a == b;
	case ASSERTION_NE:
		break;
	}
	return a != b;
}

/* "missing" names the figure, or a section that it belongs to; NULL: nothing is missing there. */
static const char *why_missing(const struct json *report, const char *path)
{
	autofree char *at = xstrdup(path);
	const struct json *missing = json_get(report, "missing");
	const char *why;

	while (!(why = json_text(json_get(missing, at)))) {
		char *dot = strrchr(at, '.');

		if (!dot)
			break;
		*dot = '\0';
	}
	return why;
}

/* There was no signal, or no kill that could have had a level: different from any. */
static bool compare_none(const struct assertion *a, const struct json *report, struct str *seen)
{
	const char *why = why_missing(report, a->path);

	if (why)
		str_printf(seen, "unknown: %s", why);
	else
		str_puts(seen, "none");
	return !why && a->op == ASSERTION_NE;
}

/**
 * assertion_holds() - Compare with a report
 * @seen:	Gets what the report has, in words
 */
bool assertion_holds(const struct assertion *a, const struct json *report, struct str *seen)
{
	const struct json *value = assertion_find(report, a->path);
	int64_t number;

	if (json_kind_of(value) == JSON_TEXT && a->unit == ASSERTION_WORD) {
		str_puts(seen, json_text(value));
		return !strcmp(json_text(value), a->word) == (a->op == ASSERTION_EQ);
	}
	if (json_kind_of(value) == JSON_BOOL)
		number = json_is_true(value);
	else if (json_kind_of(value) == JSON_INT)
		number = json_int(value, 0);
	else
		return compare_none(a, report, seen);
	if (a->unit == ASSERTION_FACT)
		number = number != 0;
	assertion_print(seen, a->unit, number);
	return compare(a->op, number, a->number);
}

/**
 * assertion_is_of_the_end() - Whether it says how the run shall end, though that be badly
 *
 * Who asserts 'oom' or 'code==3' has a run that does so in mind when it ends well.
 */
bool assertion_is_of_the_end(const struct assertion *a)
{
	bool end = !strcmp(a->path, "reason") || !strcmp(a->path, "code") ||
		   !strcmp(a->path, "signal") || !strcmp(a->path, "oom.init") ||
		   (!strcmp(a->path, "oom.kills") && a->unit == ASSERTION_FACT);

	return end && a->op == ASSERTION_EQ && (a->unit != ASSERTION_FACT || a->number);
}
