// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/units.c - Sizes, durations and times as people write and read them
 *
 * The wording and the rounding are docker's (go-units), which scripts and eyes
 * are used to. Times are shown in UTC: the binary carries no zone database.
 */
#include "cmd/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/str.h"

#define NUMBER_DIGITS_MAX 18

/*
 * A decimal number as an integer and a fraction in units of 10^-9, so that no
 * rounding of floating point gets into sizes. Moves @s behind it.
 */
static int parse_decimal(const char **s, uint64_t *whole, uint64_t *nano)
{
	uint64_t scale = 100000000;
	int digits = 0;

	*whole = *nano = 0;
	for (; isdigit((unsigned char)**s); (*s)++) {
		if (++digits > NUMBER_DIGITS_MAX)
			return -ERANGE;
		*whole = *whole * 10 + (uint64_t)(**s - '0');
	}
	if (**s != '.')
		return digits ? 0 : -EINVAL;
	for ((*s)++; isdigit((unsigned char)**s); (*s)++) {
		*nano += scale * (uint64_t)(**s - '0');
		scale /= 10;
		digits++;
	}
	return digits ? 0 : -EINVAL;
}

/* whole.nano times @unit, checked. */
static int scale_decimal(uint64_t whole, uint64_t nano, uint64_t unit, int64_t *out)
{
	unsigned __int128 value = (unsigned __int128)whole * unit +
				  (unsigned __int128)nano * unit / 1000000000;

	if (value > INT64_MAX)
		return -ERANGE;
	*out = (int64_t)value;
	return 0;
}

/**
 * units_parse_size() - Parse "512M", "1.5g", "100", "64KiB"
 * @bytes:	Result, written on success only
 *
 * Multiples are binary, letters in either case, as docker has it.
 *
 * Return: 0, -EINVAL, or -ERANGE
 */
int units_parse_size(const char *s, int64_t *bytes)
{
	static const char letters[] = "bkmgtp";
	uint64_t whole, nano, unit = 1;
	int r;

	r = parse_decimal(&s, &whole, &nano);
	if (r < 0)
		return r;
	if (*s) {
		const char *letter = strchr(letters, tolower((unsigned char)*s));

		if (!letter)
			return -EINVAL;
		unit <<= 10 * (letter - letters);
		s++;
		if (unit > 1 && *s && strcasecmp(s, "b") != 0 && strcasecmp(s, "ib") != 0)
			return -EINVAL;
		if (unit == 1 && *s)
			return -EINVAL;
	}
	return scale_decimal(whole, nano, unit, bytes);
}

/* Longer suffixes first: "ms" is not "m". */
static const struct {
	const char *suffix;
	uint64_t ns;
} duration_units[] = {
	{ "ns", 1 },	     { "us", 1000 },	   { "ms", 1000000 },
	{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 },
};

static int parse_duration_ns(const char *s, int64_t *ns)
{
	int64_t total = 0, part;
	uint64_t whole, nano;
	int r;

	do {
		uint64_t unit = 0;

		r = parse_decimal(&s, &whole, &nano);
		if (r < 0)
			return r;
		for (size_t i = 0; i < sizeof(duration_units) / sizeof(*duration_units); i++) {
			if (!unit && str_starts(s, duration_units[i].suffix)) {
				unit = duration_units[i].ns;
				s += strlen(duration_units[i].suffix);
			}
		}
		/* Seconds may do without a unit, if they are all there is. */
		if (!unit && (*s || total))
			return -EINVAL;
		r = scale_decimal(whole, nano, unit ? unit : 1000000000, &part);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(total, part, &total))
			return -ERANGE;
	} while (*s);
	*ns = total;
	return 0;
}

/**
 * units_parse_cpus() - Parse a number of CPUs, "2" or "0.5"
 * @nano_cpus:	In units of 10^-9, written on success only; never 0, which would be no limit
 *
 * Return: 0, -EINVAL, or -ERANGE
 */
int units_parse_cpus(const char *s, int64_t *nano_cpus)
{
	uint64_t whole, nano;
	int r = parse_decimal(&s, &whole, &nano);

	if (r < 0 || *s)
		return r < 0 ? r : -EINVAL;
	if ((!whole && !nano) || whole >= 1000000)
		return -ERANGE;
	return scale_decimal(whole, nano, 1000000000, nano_cpus);
}

/**
 * units_parse_duration() - Parse "30s", "1m30s", "1.5h", "250ms", or plain seconds
 * @ms:	Milliseconds, rounded up: 0, which often means never, is 0 only; written on success only
 *
 * Return: 0, -EINVAL, or -ERANGE
 */
int units_parse_duration(const char *s, int64_t *ms)
{
	int64_t ns;
	int r = parse_duration_ns(s, &ns);

	if (r == 0)
		*ms = ns / 1000000 + (ns % 1000000 != 0);
	return r;
}

/* The zone at the end of an RFC 3339 time: Z, +hh:mm, -hh:mm or nothing. */
static int parse_zone(const char *s, int64_t *offset_s)
{
	bool west = *s == '-';

	*offset_s = 0;
	if (!*s || !strcmp(s, "Z"))
		return 0;
	if ((*s != '+' && !west) || strlen(s) != 6 || s[3] != ':' ||
	    !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) ||
	    !isdigit((unsigned char)s[4]) || !isdigit((unsigned char)s[5]))
		return -EINVAL;
	*offset_s = ((s[1] - '0') * 10 + s[2] - '0') * 3600 + ((s[4] - '0') * 10 + s[5] - '0') * 60;
	if (west)
		*offset_s = -*offset_s;
	return 0;
}

static int parse_rfc3339(const char *s, int64_t *ns)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					     "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	uint64_t whole, nano = 0;
	int64_t offset;
	const char *rest = NULL;
	struct tm tm;

	for (size_t i = 0; !rest && i < sizeof(forms) / sizeof(*forms); i++) {
		tm = (struct tm){ 0 };
		rest = strptime(s, forms[i], &tm);
	}
	if (!rest)
		return -EINVAL;
	if (*rest == '.' && parse_decimal(&rest, &whole, &nano) < 0)
		return -EINVAL;
	if (parse_zone(rest, &offset) < 0)
		return -EINVAL;
	if (tm.tm_year < 0 || tm.tm_year > 300) /* what 64 bits of nanoseconds hold */
		return -ERANGE;
	*ns = ((int64_t)timegm(&tm) - offset) * UNITS_NS_PER_S + (int64_t)nano;
	return 0;
}

/**
 * units_parse_time() - Parse a point in time
 * @s:		RFC 3339, a part of it, seconds since the epoch, or a duration before now
 * @now_ns:	Now, since the epoch
 * @ns:		Result, written on success only
 *
 * As with docker's --since, plain numbers are seconds since the epoch and
 * "10m" means ten minutes ago.
 *
 * Return: 0, -EINVAL, or -ERANGE
 */
int units_parse_time(const char *s, int64_t now_ns, int64_t *ns)
{
	const char *end = s;
	uint64_t whole, nano;
	int64_t duration;
	int r;

	if (parse_decimal(&end, &whole, &nano) == 0 && !*end)
		return scale_decimal(whole, nano, (uint64_t)UNITS_NS_PER_S, ns);
	r = parse_duration_ns(s, &duration);
	if (r < 0)
		return parse_rfc3339(s, ns);
	*ns = now_ns - duration;
	return 0;
}

static const char *print_scaled(char *out, uint64_t bytes, double base, int digits,
				const char *const units[])
{
	double value = (double)bytes;
	int i = 0;

	/* What would be rounded up to the base belongs to the next unit: "1MB", not "1e+03kB". */
	while (value >= (digits == 3 ? 999.5 : base) && units[i + 1]) {
		value /= base;
		i++;
	}
	snprintf(out, UNITS_TEXT_MAX, "%.*g%s", digits, value, units[i]);
	return out;
}

/** units_print_size() - "1.09MB": decimal multiples, three significant digits; returns @out */
const char *units_print_size(char *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", NULL };

	return print_scaled(out, bytes, 1000, 3, units);
}

/** units_print_binary() - "12.5MiB": binary multiples, four significant digits; returns @out */
const char *units_print_binary(char *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL };

	return print_scaled(out, bytes, 1024, 4, units);
}

/** units_print_duration() - "3 minutes", "About an hour", "2 weeks"; returns @out */
const char *units_print_duration(char *out, int64_t duration_ns)
{
	int64_t seconds = duration_ns / UNITS_NS_PER_S, hours = (seconds + 1800) / 3600;
	const size_t size = UNITS_TEXT_MAX;

	if (seconds < 1)
		snprintf(out, size, "Less than a second");
	else if (seconds < 60)
		snprintf(out, size, "%d second%s", (int)seconds, seconds == 1 ? "" : "s");
	else if (seconds < 120)
		snprintf(out, size, "About a minute");
	else if (seconds < 3600)
		snprintf(out, size, "%d minutes", (int)(seconds / 60));
	else if (hours == 1)
		snprintf(out, size, "About an hour");
	else if (hours < 48)
		snprintf(out, size, "%d hours", (int)hours);
	else if (hours < 24 * 7 * 2)
		snprintf(out, size, "%d days", (int)(hours / 24));
	else if (hours < 24 * 30 * 2)
		snprintf(out, size, "%d weeks", (int)(hours / 24 / 7));
	else if (hours < 24 * 365 * 2)
		snprintf(out, size, "%d months", (int)(hours / 24 / 30));
	else
		snprintf(out, size, "%d years", (int)(hours / 24 / 365));
	return out;
}

/** units_print_ago() - "3 minutes ago"; returns @out */
const char *units_print_ago(char *out, int64_t then_ns, int64_t now_ns)
{
	units_print_duration(out, now_ns - then_ns);
	snprintf(out + strlen(out), UNITS_TEXT_MAX - strlen(out), " ago");
	return out;
}

/* Seconds and date in UTC; the rest in nanoseconds. */
static int64_t split_utc(int64_t ns, struct tm *tm)
{
	time_t seconds = (time_t)(ns / UNITS_NS_PER_S);
	int64_t fraction = ns % UNITS_NS_PER_S;

	if (fraction < 0) {
		fraction += UNITS_NS_PER_S;
		seconds--;
	}
	*tm = (struct tm){ 0 };
	(void)gmtime_r(&seconds, tm);
	return fraction;
}

/** units_print_rfc3339() - "2026-01-02T03:04:05.123456789Z", always nine digits; returns @out */
const char *units_print_rfc3339(char *out, int64_t ns)
{
	struct tm tm;
	int64_t fraction = split_utc(ns, &tm);
	size_t n = strftime(out, UNITS_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(out + n, UNITS_TEXT_MAX - n, ".%09dZ", (int)fraction);
	return out;
}

/** units_print_created() - "2026-01-02 03:04:05 +0000 UTC", docker's CreatedAt; returns @out */
const char *units_print_created(char *out, int64_t ns)
{
	struct tm tm;

	(void)split_utc(ns, &tm);
	(void)strftime(out, UNITS_TEXT_MAX, "%Y-%m-%d %H:%M:%S +0000 UTC", &tm);
	return out;
}

/** units_now_ns() - The wall clock, nanoseconds since the epoch */
int64_t units_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * UNITS_NS_PER_S + ts.tv_nsec;
}
