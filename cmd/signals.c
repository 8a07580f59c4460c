// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/signals.c - Signals by name
 */
#include "cmd/signals.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"

#define SIGNALS_MAX   64
#define SIGNALS_RTMIN 34 /* as programs see it: libcs keep 32 and 33 for themselves */

/* Numbers of x86, arm and all newer architectures, asm-generic/signal.h. */
static const char *const names[] = {
	[1] = "HUP",	 [2] = "INT",	[3] = "QUIT",	[4] = "ILL",   [5] = "TRAP",
	[6] = "ABRT",	 [7] = "BUS",	[8] = "FPE",	[9] = "KILL",  [10] = "USR1",
	[11] = "SEGV",	 [12] = "USR2", [13] = "PIPE",	[14] = "ALRM", [15] = "TERM",
	[16] = "STKFLT", [17] = "CHLD", [18] = "CONT",	[19] = "STOP", [20] = "TSTP",
	[21] = "TTIN",	 [22] = "TTOU", [23] = "URG",	[24] = "XCPU", [25] = "XFSZ",
	[26] = "VTALRM", [27] = "PROF", [28] = "WINCH", [29] = "IO",   [30] = "PWR",
	[31] = "SYS",
};

static int parse_name(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} aliases[] = { { "IOT", 6 },
			{ "CLD", 17 },
			{ "POLL", 29 },
			{ "RTMIN", SIGNALS_RTMIN },
			{ "RTMAX", SIGNALS_MAX } };
	uint64_t offset;

	for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++)
		if (!strcasecmp(name, names[i]))
			return (int)i;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (!strcasecmp(name, aliases[i].name))
			return aliases[i].number;
	if (!strncasecmp(name, "RTMIN+", 6) &&
	    str_parse_u64(name + 6, SIGNALS_MAX - SIGNALS_RTMIN, &offset) == 0)
		return SIGNALS_RTMIN + (int)offset;
	if (!strncasecmp(name, "RTMAX-", 6) &&
	    str_parse_u64(name + 6, SIGNALS_MAX - SIGNALS_RTMIN, &offset) == 0)
		return SIGNALS_MAX - (int)offset;
	return -EINVAL;
}

/**
 * signals_parse() - The signal that a user means
 * @text:	"TERM", "SIGTERM", "15", "RTMIN+3", in either case
 *
 * Return: its number, or -EINVAL
 */
int signals_parse(const char *text, struct error *err)
{
	uint64_t number;
	int sig;

	if (str_parse_u64(text, SIGNALS_MAX, &number) == 0 && number > 0)
		return (int)number;
	sig = parse_name(strncasecmp(text, "SIG", 3) != 0 ? text : text + 3);
	return sig < 0 ? error_set(err, EINVAL, "unknown signal '%s'", text) : sig;
}
