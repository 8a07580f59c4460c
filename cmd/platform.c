// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/platform.c - --platform OS/ARCH[/VARIANT]
 */
#include "cmd/platform.h"

#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "image/plan.h"

/**
 * platform_parse() - Read the flag's value
 * @to:		Changed if there is one
 * @parts:	Keeps the texts that @to borrows
 * @text:	Or NULL: not given
 */
int platform_parse(struct plan_platform *to, struct strlist *parts, const char *text,
		   struct error *err)
{
	if (!text)
		return 0;
	strlist_split(parts, text, '/');
	if (parts->n < 2 || parts->n > 3 || !*parts->items[0] || !*parts->items[1] ||
	    (parts->n == 3 && !*parts->items[2]))
		return error_set(err, EINVAL, "malformed platform '%s': expected OS/ARCH[/VARIANT]",
				 text);
	to->os = parts->items[0];
	to->architecture = parts->items[1];
	to->variant = NULL;
	platform_take_machine(to, to->architecture);
	if (parts->n == 3)
		to->variant = parts->items[2];
	to->asked = true;
	return 0;
}
