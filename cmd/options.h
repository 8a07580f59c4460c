/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/options.h - Command lines, parsed by table
 *
 * A table of struct option_def describes the members of a command's own
 * struct:
 *
 *	#define O(...) OPTION(struct kill_options, __VA_ARGS__)
 *	static const struct option_def kill_options[] = {
 *		O('s', "signal", "SIGNAL", OPTION_TEXT, signal, "Signal to send (default KILL)"),
 *		O(0, "all", NULL, OPTION_BOOL, all, "All containers", .alias = "every"),
 *		OPTION_REFUSE("link", "put both on one network instead"),
 *		{ 0 },
 *	};
 *
 * Understood: --x=v, --x v, -xv, -x=v, -x v, -abc for switches, --x=false,
 * and -- to end the options. A repeated option adds to a list and otherwise
 * replaces what came before. An unknown option is an error.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* How a value is read, and the type of the member that it goes to. */
enum option_type {
	OPTION_BOOL,	 /* bool; takes no value but understands =true and =false */
	OPTION_TEXT,	 /* const char *, borrowed from argv */
	OPTION_LIST,	 /* struct strlist; options_done() releases it */
	OPTION_PAIR,	 /* the same, of "A B": two arguments, or one with a blank or colon */
	OPTION_INT,	 /* int64_t */
	OPTION_U64,	 /* uint64_t */
	OPTION_SIZE,	 /* int64_t bytes: 512m, 1.5g */
	OPTION_LIMIT,	 /* int64_t bytes, or -1 for unlimited */
	OPTION_DURATION, /* int64_t milliseconds: 1m30s; plain numbers are seconds */
	OPTION_FUNC,	 /* whatever parse() makes of it; @value is NULL for a switch */
	OPTION_REFUSED,	 /* known elsewhere, not to be had here: .refused says why */
};

struct option_def {
	char short_name;  /* 0: none */
	const char *name; /* without dashes */
	const char *arg;  /* what the help calls the value; NULL: a switch */
	const char *help; /* NULL: not shown */
	enum option_type type;
	size_t offset; /* of the member in the command's struct */
	int (*parse)(void *member, const char *value, struct error *err); /* OPTION_FUNC */
	const char *alias;   /* another long name, understood but not shown */
	const char *refused; /* OPTION_REFUSED: why, and what to use instead */
};

/* Rows of a table: see above. More members of the row may follow the help text. */
#define OPTION(type_, short_, name_, arg_, kind_, member_, help_, ...)                   \
	{                                                                                \
		.short_name = (short_), .name = (name_), .arg = (arg_), .type = (kind_), \
		.offset = offsetof(type_, member_), .help = (help_), __VA_ARGS__         \
	}
#define OPTION_REFUSE(name_, why_)                                         \
	{                                                                  \
		.name = (name_), .type = OPTION_REFUSED, .refused = (why_) \
	}

enum { OPTIONS_HELP = 1 }; /* from options_parse(): --help was given */

enum options_flags {
	OPTIONS_PREFIX =
		1 << 0, /* options end at the first operand; else they may stand anywhere */
	OPTIONS_ONE_DASH = 1 << 1, /* -bundle is --bundle, if there is such an option */
};

int options_parse(const struct option_def *defs, void *values, unsigned int flags, int *argc,
		  char **argv, struct error *err);
bool options_is_end(const struct option_def *def);
void options_done(const struct option_def *defs, void *values);
const struct option_def *options_find(const struct option_def *defs, const char *name, size_t len);

#endif
