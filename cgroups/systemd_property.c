// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/systemd_property.c - Limits and annotations as properties of a unit
 *
 * systemd is told of each limit that it has a property for, since it may write
 * the control files again at any time, from what it knows. The caller writes
 * the files as well: they take what systemd rounds (the processor quota, to
 * whole percents) and what it has no property for.
 */
#include "cgroups/systemd_property.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/dbus_message.h"
#include "cgroups/setting.h"

#define US_PER_S	   1000000U
#define QUOTA_STEP_US	   10000U /* one percent, which is all that systemd tells apart */
#define BLANKS		   " \t\n"
#define INFINITE	   UINT64_MAX
#define PROPERTY_MAX_BYTES 64
#define VALUE_MAX_BYTES	   4096
#define ANNOTATION_START   "org.systemd.property."

static void begin(struct str *b, const char *name, const char *type)
{
	dbus_begin_struct(b);
	dbus_put_string(b, name);
	dbus_put_signature(b, type);
}

/** systemd_put_bool() - Append a property of type b */
void systemd_put_bool(struct str *b, const char *name, bool value)
{
	begin(b, name, "b");
	dbus_put_u32(b, value);
}

/** systemd_put_u64() - Append a property of type t */
void systemd_put_u64(struct str *b, const char *name, uint64_t value)
{
	begin(b, name, "t");
	dbus_put_u64(b, value);
}

/** systemd_put_string() - Append a property of type s */
void systemd_put_string(struct str *b, const char *name, const char *value)
{
	begin(b, name, "s");
	dbus_put_string(b, value);
}

/** systemd_put_strings() - Append a property of type as, with one string in it */
void systemd_put_strings(struct str *b, const char *name, const char *value)
{
	struct dbus_array array;

	begin(b, name, "as");
	array = dbus_begin_array(b, 's');
	dbus_put_string(b, value);
	dbus_end_array(b, array);
}

/** systemd_put_pid() - Append a property of type au, with one number in it */
void systemd_put_pid(struct str *b, const char *name, uint32_t pid)
{
	struct dbus_array array;

	begin(b, name, "au");
	array = dbus_begin_array(b, 'u');
	dbus_put_u32(b, pid);
	dbus_end_array(b, array);
}

/* --- limits --- */

static int malformed(const struct cgroup_setting *s, struct error *err)
{
	return error_set(err, EINVAL, "%s: '%s' is no value of '%s'", s->option, s->value, s->file);
}

static int parse_amount(const char *text, uint64_t *amount)
{
	if (!strcmp(text, "max")) {
		*amount = INFINITE;
		return 0;
	}
	return str_parse_u64(text, INFINITE, amount);
}

static int put_amount(struct str *b, const char *name, const struct cgroup_setting *s,
		      struct error *err)
{
	uint64_t amount;

	if (parse_amount(s->value, &amount) < 0)
		return malformed(s, err);
	systemd_put_u64(b, name, amount);
	return 0;
}

/* "QUOTA PERIOD" or "QUOTA"; 100000 is the kernel's default period. */
static int parse_quota(const struct cgroup_setting *s, uint64_t *quota, uint64_t *period,
		       struct error *err)
{
	autostrlist struct strlist words = { 0 };

	*period = 100000;
	strlist_split(&words, s->value, ' ');
	if (words.n < 1 || words.n > 2 || parse_amount(words.items[0], quota) < 0 ||
	    (words.n == 2 && str_parse_u64(words.items[1], US_PER_S, period) < 0) || !*quota ||
	    !*period || (*quota != INFINITE && *quota > INFINITE / US_PER_S))
		return malformed(s, err);
	return 0;
}

static int put_quota(struct str *b, const char *name, const struct cgroup_setting *s,
		     struct error *err)
{
	uint64_t quota, period;
	int r;

	r = parse_quota(s, &quota, &period, err);
	if (r < 0)
		return r;
	if (quota != INFINITE) /* per second, rounded up */
		quota = (quota * US_PER_S / period + QUOTA_STEP_US - 1) / QUOTA_STEP_US *
			QUOTA_STEP_US;
	systemd_put_u64(b, name, quota);
	return 0;
}

static int put_period(struct str *b, const char *name, const struct cgroup_setting *s,
		      struct error *err)
{
	uint64_t quota, period;
	int r;

	r = parse_quota(s, &quota, &period, err);
	if (r == 0)
		systemd_put_u64(b, name, period);
	return r;
}

/* As bits, the lowest in the first byte. */
static int put_list(struct str *b, const char *name, const struct cgroup_setting *s,
		    struct error *err)
{
	unsigned char bits[CPULIST_MAX / 8] = { 0 };
	struct dbus_array array;
	struct cpulist list;
	size_t n = 0;

	if (!cpulist_parse(&list, s->value) || !cpulist_count(&list))
		return malformed(s, err);
	for (unsigned int i = 0; i < CPULIST_MAX; i++)
		if (cpulist_has(&list, i)) {
			n = i / 8 + 1;
			bits[i / 8] |= (unsigned char)(1U << i % 8);
		}
	begin(b, name, "ay");
	array = dbus_begin_array(b, 'y');
	str_append(b, bits, n);
	dbus_end_array(b, array);
	return 0;
}

/* Idle is a weight of 0; not to be idle is what is usual. */
static int put_idle(struct str *b, const char *name, const struct cgroup_setting *s,
		    struct error *err)
{
	(void)err;
	if (!strcmp(s->value, "1"))
		systemd_put_u64(b, name, 0);
	return 0;
}

/* "N" or "default N"; those of single devices are for the file. */
static int put_io_weight(struct str *b, const char *name, const struct cgroup_setting *s,
			 struct error *err)
{
	const char *text = s->value + (str_starts(s->value, "default ") ? strlen("default ") : 0);
	uint64_t weight;

	(void)err;
	if (str_parse_u64(text, 10000, &weight) == 0)
		systemd_put_u64(b, name, weight);
	return 0;
}

static int put_oom_policy(struct str *b, const char *name, const struct cgroup_setting *s,
			  struct error *err)
{
	(void)err;
	systemd_put_string(b, name, !strcmp(s->value, "1") ? "kill" : "continue");
	return 0;
}

static const struct translation {
	const char *file, *property;
	int (*put)(struct str *b, const char *name, const struct cgroup_setting *s,
		   struct error *err);
	bool at_start; /* systemd doesn't change it later */
} translations[] = {
	{ "cpu.idle", "CPUWeight", put_idle, false },
	{ "cpu.max", "CPUQuotaPeriodUSec", put_period, false },
	{ "cpu.max", "CPUQuotaPerSecUSec", put_quota, false },
	{ "cpu.weight", "CPUWeight", put_amount, false },
	{ "cpuset.cpus", "AllowedCPUs", put_list, false },
	{ "cpuset.mems", "AllowedMemoryNodes", put_list, false },
	{ "io.weight", "IOWeight", put_io_weight, false },
	{ "memory.high", "MemoryHigh", put_amount, false },
	{ "memory.low", "MemoryLow", put_amount, false },
	{ "memory.max", "MemoryMax", put_amount, false },
	{ "memory.min", "MemoryMin", put_amount, false },
	{ "memory.oom.group", "OOMPolicy", put_oom_policy, true },
	{ "memory.swap.max", "MemorySwapMax", put_amount, false },
	{ "pids.max", "TasksMax", put_amount, false },
};

#define N_TRANSLATIONS (sizeof(translations) / sizeof(translations[0]))

static bool is_idle(const struct cgroup_setting *settings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(settings[i].file, "cpu.idle") && !strcmp(settings[i].value, "1"))
			return true;
	return false;
}

/**
 * systemd_put_settings() - Append the properties for control files
 * @settings:	From cgroup_limits_plan() and its like; files that systemd has no
 *		property for are left out
 * @starting:	The unit is new; some properties can only be set then
 * @without:	Names of properties that this systemd does not know; may be NULL
 *
 * Return: 0, or -EINVAL naming the option
 */
int systemd_put_settings(struct str *b, const struct cgroup_setting *settings, size_t n,
			 bool starting, const struct strlist *without, struct error *err)
{
	bool idle = is_idle(settings, n); /* systemd has one number for both */
	int r = 0;

	for (size_t i = 0; r == 0 && i < n * N_TRANSLATIONS; i++) {
		const struct cgroup_setting *s = &settings[i / N_TRANSLATIONS];
		const struct translation *t = &translations[i % N_TRANSLATIONS];

		if (strcmp(t->file, s->file) != 0 || (t->at_start && !starting) ||
		    (without && strlist_has(without, t->property)) ||
		    (idle && !strcmp(t->file, "cpu.weight")))
			continue;
		r = t->put(b, t->property, s, err);
	}
	return r;
}

/** systemd_is_limit() - Whether systemd_put_settings() may have set a property */
bool systemd_is_limit(const char *name)
{
	for (size_t i = 0; i < N_TRANSLATIONS; i++)
		if (!strcmp(translations[i].property, name))
			return true;
	return false;
}

/* --- annotations --- */

/** systemd_property_of_annotation() - The property's name, if that is what a key is for, or NULL */
const char *systemd_property_of_annotation(const char *key)
{
	return str_starts(key, ANNOTATION_START) ? key + strlen(ANNOTATION_START) : NULL;
}

/* GVariant's words for the types, and how far each number goes. */
static const struct number_type {
	const char *word;
	char type;
	int64_t min;
	uint64_t max;
} number_types[] = {
	{ "byte", 'y', 0, UINT8_MAX },	  { "int16", 'n', INT16_MIN, INT16_MAX },
	{ "uint16", 'q', 0, UINT16_MAX }, { "int32", 'i', INT32_MIN, INT32_MAX },
	{ "uint32", 'u', 0, UINT32_MAX }, { "int64", 'x', INT64_MIN, INT64_MAX },
	{ "uint64", 't', 0, UINT64_MAX },
};

/* The text of a value while it is read; one element of an array after the other. */
struct scanner {
	const char *at;
	char type;    /* of what was read, or must be; 0: not known yet */
	bool seconds; /* numbers are to become microseconds, of type t */
};

static void skip_blanks(struct scanner *s)
{
	s->at += strspn(s->at, BLANKS);
}

static bool skip_word(struct scanner *s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(s->at, word, len) ||
	    strspn(s->at + len, "abcdefghijklmnopqrstuvwxyz0123456789"))
		return false;
	s->at += len;
	skip_blanks(s);
	return true;
}

static bool set_type(struct scanner *s, char type)
{
	if (s->type && s->type != type)
		return false;
	s->type = type;
	return true;
}

static const struct number_type *number_type_of(char type)
{
	for (size_t i = 0; i < sizeof(number_types) / sizeof(number_types[0]); i++)
		if (number_types[i].type == type)
			return &number_types[i];
	return NULL;
}

static void put_number(struct str *b, char type, uint64_t value)
{
	if (type == 'y')
		dbus_put_byte(b, (uint8_t)value);
	else if (type == 'n' || type == 'q')
		dbus_put_u16(b, (uint16_t)value);
	else if (type == 'i' || type == 'u')
		dbus_put_u32(b, (uint32_t)value);
	else
		dbus_put_u64(b, value);
}

static bool scan_number(struct scanner *s, struct str *b)
{
	size_t len = strcspn(s->at, BLANKS ",]");
	autofree char *text = xstrndup(s->at, len);
	const struct number_type *t;
	uint64_t value;
	int64_t negative;

	if (!s->type)
		s->type = 'i';
	t = number_type_of(s->type);
	if (!t)
		return false;
	if (*text == '-') {
		if (s->seconds || str_parse_i64(text, t->min, 0, &negative) < 0)
			return false;
		value = (uint64_t)negative;
	} else if (str_parse_u64(text, t->max, &value) < 0) {
		return false;
	}
	if (s->seconds && value > UINT64_MAX / US_PER_S)
		return false;
	s->at += len;
	put_number(b, s->seconds ? 't' : s->type, s->seconds ? value * US_PER_S : value);
	return true;
}

static bool scan_string(struct scanner *s, struct str *b)
{
	static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
	autostr struct str text = { 0 };
	char quote = *s->at++;

	for (; *s->at && *s->at != quote; s->at++) {
		const char *letter;

		if (*s->at != '\\') {
			str_putc(&text, *s->at);
			continue;
		}
		letter = *++s->at ? strchr(letters, *s->at) : NULL;
		if (!*s->at || *s->at == 'u' || *s->at == 'U')
			return false;
		str_putc(&text, letter ? meanings[letter - letters] : *s->at);
	}
	if (!*s->at)
		return false;
	s->at++;
	dbus_put_string(b, text.data ? text.data : "");
	return true;
}

/* One value that is no array. */
static bool scan_basic(struct scanner *s, struct str *b)
{
	if (*s->at == '\'' || *s->at == '"') {
		if (!s->type)
			s->type = 's';
		return (s->type == 's' || s->type == 'o') && !s->seconds && scan_string(s, b);
	}
	for (int yes = 0; yes < 2; yes++) {
		if (!skip_word(s, yes ? "true" : "false"))
			continue;
		dbus_put_u32(b, (uint32_t)yes);
		return set_type(s, 'b') && !s->seconds;
	}
	for (size_t i = 0; i < sizeof(number_types) / sizeof(number_types[0]); i++)
		if (skip_word(s, number_types[i].word))
			return set_type(s, number_types[i].type) && scan_number(s, b);
	return scan_number(s, b);
}

static bool scan_array(struct scanner *s, struct str *b)
{
	s->at++;
	skip_blanks(s);
	while (*s->at != ']') {
		if (!scan_basic(s, b))
			return false;
		skip_blanks(s);
		if (*s->at == ']')
			break;
		if (*s->at != ',')
			return false;
		s->at++;
		skip_blanks(s);
	}
	s->at++;
	return s->type; /* an empty one must say of what */
}

/* "@as", "@t": the type, of an array or not. */
static bool scan_type(struct scanner *s, bool *array)
{
	*array = false;
	if (*s->at != '@')
		return true;
	s->at++;
	if (*s->at == 'a') {
		*array = true;
		s->at++;
	}
	if (!*s->at || !strchr("bsoynqiuxt", *s->at))
		return false;
	s->type = *s->at++;
	if (!*s->at || !strchr(BLANKS, *s->at))
		return false;
	skip_blanks(s);
	return true;
}

/* The whole text: what is its type, and, with @b not NULL, its value. */
static bool scan_value(const char *text, bool seconds, char *type, bool *array, struct str *b)
{
	struct scanner s = { .at = text, .seconds = seconds };
	bool is_array, ok;

	skip_blanks(&s);
	if (!scan_type(&s, &is_array) || (is_array && *s.at != '['))
		return false;
	is_array = *s.at == '[';
	ok = is_array ? !seconds && scan_array(&s, b) : scan_basic(&s, b);
	skip_blanks(&s);
	*type = seconds ? 't' : s.type;
	*array = is_array;
	return ok && !*s.at;
}

static bool is_property_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 3 && len <= PROPERTY_MAX_BYTES &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

/* A time is documented as TimeoutStopSec; the property is TimeoutStopUSec. */
static char *real_name(const char *name, bool *seconds)
{
	size_t len = strlen(name);

	*seconds = len > 3 && str_ends(name, "Sec") && name[len - 4] >= 'a' && name[len - 4] <= 'z';
	return *seconds ? xasprintf("%.*sUSec", (int)(len - 3), name) : xstrdup(name);
}

static void put_value(struct str *b, const char *text, bool seconds, char type, bool array)
{
	struct dbus_array a = { 0 };

	if (array)
		a = dbus_begin_array(b, type);
	(void)scan_value(text, seconds, &type, &array, b); /* not its first time */
	if (array)
		dbus_end_array(b, a);
}

/**
 * systemd_put_property() - Append a property that an annotation asks for
 *
 * Values have GVariant's text form, of which there are booleans, strings,
 * numbers (a bare one is an int32) and arrays of these. Seconds are converted
 * where the name says "Sec", as all container runtimes do.
 *
 * Return: 0, or -EINVAL naming the annotation
 */
int systemd_put_property(struct str *b, const struct systemd_property *property, struct error *err)
{
	autostr struct str scratch = { 0 };
	autofree char *name = NULL;
	char type = 0, signature[3] = "";
	bool seconds, array = false;

	if (!is_property_name(property->name))
		return error_set(err, EINVAL,
				 "annotation '" ANNOTATION_START "%.64s': not a property's name",
				 property->name);
	name = real_name(property->name, &seconds);
	if (strlen(property->value) > VALUE_MAX_BYTES ||
	    !scan_value(property->value, seconds, &type, &array, &scratch))
		return error_set(err, EINVAL,
				 "annotation '" ANNOTATION_START "%s': '%.64s' is not a value",
				 property->name, property->value);
	signature[0] = array ? 'a' : type;
	signature[1] = array ? type : '\0';
	begin(b, name, signature);
	put_value(b, property->value, seconds, type, array);
	return 0;
}
