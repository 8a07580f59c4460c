// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/options.c - Command lines, parsed by table
 */
#include "cmd/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/units.h"

/* Where the parser stands in the command line. */
struct cursor {
	const struct option_def *defs;
	void *values;
	char **argv;
	int argc, next;
};

/** options_is_end() - The empty row behind the last; or NULL, no table at all */
bool options_is_end(const struct option_def *def)
{
	return !def || (!def->name && !def->short_name);
}

static bool equals(const char *name, const char *s, size_t len)
{
	return name && strlen(name) == len && !memcmp(name, s, len);
}

/**
 * options_find() - The option with this long name (or alias); NULL if there is none
 * @name:	Without dashes; @len bytes of it count
 */
const struct option_def *options_find(const struct option_def *defs, const char *name, size_t len)
{
	for (const struct option_def *d = defs; !options_is_end(d); d++)
		if (equals(d->name, name, len) || equals(d->alias, name, len))
			return d;
	return NULL;
}

static const struct option_def *find_short(const struct option_def *defs, char c)
{
	for (const struct option_def *d = defs; !options_is_end(d); d++)
		if (d->short_name && d->short_name == c)
			return d;
	return NULL;
}

/* It takes no value of its own. */
static bool is_switch(const struct option_def *def)
{
	return !def->arg;
}

/* The spelling that messages use. */
static const char *spell(const struct option_def *def, char *buf, size_t size)
{
	if (!def->name) {
		snprintf(buf, size, "-%c", def->short_name);
		return buf;
	}
	snprintf(buf, size, "--%s", def->name);
	return buf;
}

static int parse_bool(bool *out, const char *value)
{
	static const char *const yes[] = { "true", "1", "t", "T", "TRUE", "True" };
	static const char *const no[] = { "false", "0", "f", "F", "FALSE", "False" };

	if (!value) {
		*out = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (!strcmp(value, yes[i]) || !strcmp(value, no[i])) {
			*out = !strcmp(value, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_limit(int64_t *out, const char *value)
{
	if (strcmp(value, "-1") != 0)
		return units_parse_size(value, out);
	*out = -1;
	return 0;
}

/* What a value of this type looks like, for the message about one that does not. */
static const char *const expected[] = {
	[OPTION_BOOL] = "true or false",
	[OPTION_INT] = "a whole number",
	[OPTION_U64] = "a whole number, not negative",
	[OPTION_SIZE] = "a size such as 512m or 1.5g",
	[OPTION_LIMIT] = "a size such as 512m or 1.5g, or -1 for unlimited",
	[OPTION_DURATION] = "a duration such as 30s or 1m30s",
};

static int store_value(const struct option_def *def, void *member, const char *value)
{
	switch (def->type) {
	case OPTION_BOOL:
		return parse_bool(member, value);
	case OPTION_TEXT:
		*(const char **)member = value;
		return 0;
	case OPTION_LIST:
	case OPTION_PAIR:
		strlist_add(member, value);
		return 0;
	case OPTION_INT:
		return str_parse_i64(value, INT64_MIN + 1, INT64_MAX, member);
	case OPTION_U64:
		return str_parse_u64(value, UINT64_MAX, member);
	case OPTION_SIZE:
		return units_parse_size(value, member);
	case OPTION_LIMIT:
		return parse_limit(member, value);
	case OPTION_DURATION:
		return units_parse_duration(value, member);
	default:
		return -EINVAL;
	}
}

static int apply(const struct cursor *c, const struct option_def *def, const char *value,
		 struct error *err)
{
	void *member = (char *)c->values + def->offset;
	char name[64];
	int r;

	spell(def, name, sizeof(name));
	if (def->type == OPTION_REFUSED)
		return error_set(err, ENOTSUP, "flag '%s' is not supported: %s", name,
				 def->refused);
	if (def->type == OPTION_FUNC) {
		r = def->parse(member, value, err);
		return r < 0 ? error_wrap(err, "flag '%s'", name) : 0;
	}
	r = store_value(def, member, value);
	if (r < 0)
		return error_set(err, -r, "flag '%s': '%s' is %s; expected %s", name, value,
				 r == -ERANGE ? "out of range" : "not understood",
				 expected[def->type]);
	return 0;
}

/* "--at 5s x=1": the next argument is the other half, unless the value has both. */
static int apply_pair(struct cursor *c, const struct option_def *def, const char *value,
		      struct error *err)
{
	autofree char *both = NULL;

	if (strpbrk(value, " :"))
		return apply(c, def, value, err);
	if (c->next >= c->argc)
		return error_set(err, EINVAL, "flag '--%s' needs two values (%s)", def->name,
				 def->arg);
	both = xasprintf("%s %s", value, c->argv[c->next++]);
	return apply(c, def, both, err);
}

/* An option whose value may be the next argument. */
static int apply_with_next(struct cursor *c, const struct option_def *def, struct error *err)
{
	char name[64];

	if (is_switch(def) || def->type == OPTION_REFUSED)
		return apply(c, def, NULL, err);
	if (c->next >= c->argc)
		return error_set(err, EINVAL, "flag '%s' needs a value (%s)",
				 spell(def, name, sizeof(name)), def->arg);
	if (def->type == OPTION_PAIR)
		return apply_pair(c, def, c->argv[c->next++], err);
	return apply(c, def, c->argv[c->next++], err);
}

static int parse_long(struct cursor *c, const char *text, struct error *err)
{
	const char *value = strchr(text, '=');
	size_t len = value ? (size_t)(value - text) : strlen(text);
	const struct option_def *def = options_find(c->defs, text, len);

	if (!def && equals("help", text, len))
		return OPTIONS_HELP;
	if (!def)
		return error_set(err, EINVAL, "unknown flag '--%.*s'", (int)len, text);
	if (!value)
		return apply_with_next(c, def, err);
	if (def->type == OPTION_PAIR)
		return apply_pair(c, def, value + 1, err);
	return apply(c, def, value + 1, err);
}

/* "kill -HUP", as kill(1) has it */
static int unknown_short(const struct option_def *defs, const char *text, struct error *err)
{
	error_set(err, EINVAL, "unknown flag '-%c'", *text);
	if (strchr("123456789ABCHIKPQRSTUW", *text) &&
	    options_find(defs, "signal", strlen("signal")))
		error_hint(err, "a signal is given as -s %.32s", text);
	return -EINVAL;
}

/* -x, -xyz (switches), -xVALUE, -x=VALUE, -x VALUE, and -abxVALUE. */
static int parse_short(struct cursor *c, const char *text, struct error *err)
{
	for (; *text; text++) {
		const struct option_def *def = find_short(c->defs, *text);
		int r;

		if (!def && !strcmp(text, "h"))
			return OPTIONS_HELP;
		if (!def)
			return unknown_short(c->defs, text, err);
		if (text[1] == '=')
			return apply(c, def, text + 2, err);
		if (!is_switch(def) && text[1])
			return apply(c, def, text + 1, err);
		r = apply_with_next(c, def, err);
		if (r)
			return r;
	}
	return 0;
}

static bool is_long(const struct option_def *defs, const char *text)
{
	size_t len = strcspn(text, "=");

	return len > 1 && (options_find(defs, text, len) || equals("help", text, len));
}

/**
 * options_parse() - Read a command line into a struct
 * @defs:	Table of options, ends with an empty row; NULL: none
 * @values:	Struct that the table describes, holding the defaults
 * @flags:	enum options_flags
 * @argc:	In: number of arguments; out: number of operands
 * @argv:	Arguments, without the command's name; afterwards the operands
 *		and a NULL (there must be room for it, as in main()'s)
 * @err:	Set on failure
 *
 * Return: 0, OPTIONS_HELP when --help was met, or -h that is nothing else, or -errno
 */
int options_parse(const struct option_def *defs, void *values, unsigned int flags, int *argc,
		  char **argv, struct error *err)
{
	struct cursor c = { .defs = defs, .values = values, .argv = argv, .argc = *argc };
	bool operands_only = false;
	int kept = 0, r;

	while (c.next < c.argc) {
		char *arg = argv[c.next++];

		if (operands_only || arg[0] != '-' || !arg[1]) {
			operands_only |= (flags & OPTIONS_PREFIX) != 0;
			argv[kept++] = arg;
			continue;
		}
		if (!strcmp(arg, "--")) {
			operands_only = true;
			continue;
		}
		if (arg[1] == '-')
			r = parse_long(&c, arg + 2, err);
		else if ((flags & OPTIONS_ONE_DASH) && is_long(defs, arg + 1))
			r = parse_long(&c, arg + 1, err);
		else
			r = parse_short(&c, arg + 1, err);
		if (r)
			return r;
	}
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

/** options_done() - Release the lists that options_parse() filled */
void options_done(const struct option_def *defs, void *values)
{
	for (const struct option_def *d = defs; !options_is_end(d); d++)
		if (d->type == OPTION_LIST || d->type == OPTION_PAIR)
			strlist_done((struct strlist *)((char *)values + d->offset));
}
