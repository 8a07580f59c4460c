// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/idlist.c - Lists of CPUs and memory nodes: "0-3,7" as a bit mask
 */
#include "runtime/idlist.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

/* config-schema.json allows digits, commas, dashes and spaces, the latter around numbers. */
static int parse_id(const char *from, const char *to, unsigned int *id)
{
	autofree char *text = NULL;
	uint64_t n;

	while (from < to && *from == ' ')
		from++;
	while (to > from && to[-1] == ' ')
		to--;
	text = xstrndup(from, (size_t)(to - from));
	if (str_parse_u64(text, IDLIST_BITS - 1, &n) < 0)
		return -EINVAL;
	*id = (unsigned int)n;
	return 0;
}

static int add_range(struct idlist *list, const char *from, const char *to)
{
	const char *dash = memchr(from, '-', (size_t)(to - from));
	unsigned int first, last;

	if (parse_id(from, dash ? dash : to, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && parse_id(dash + 1, to, &last) < 0)
		return -EINVAL;
	if (first > last)
		return -EINVAL;
	for (; first <= last; first++)
		list->words[first / IDLIST_WORD] |= 1UL << first % IDLIST_WORD;
	list->is_set = true;
	return 0;
}

/**
 * idlist_parse() - Read a list
 * @list:	Written on success only
 * @text:	Numbers and ranges, separated by commas; "" is a list that nobody gave
 * @where:	Field of config.json, for the message
 *
 * Empty elements are passed over, as the kernel's own parser does.
 *
 * Return: 0 or -EBADMSG
 */
int idlist_parse(struct idlist *list, const char *text, const char *where, struct error *err)
{
	struct idlist parsed = { 0 };

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, ",");

		if (strspn(p, " ") < n && add_range(&parsed, p, p + n) < 0) {
			autofree char *shown = str_escape(text);

			return error_set(err, EBADMSG,
					 "%s: '%.64s' is not a list of numbers below %d", where,
					 shown, IDLIST_BITS);
		}
		p += n + (p[n] == ',');
	}
	if (*text && !parsed.is_set)
		return error_set(err, EBADMSG, "%s: names nothing", where);
	*list = parsed;
	return 0;
}

/** idlist_has() - Whether @id is in the list */
bool idlist_has(const struct idlist *list, unsigned int id)
{
	return id < IDLIST_BITS && list->words[id / IDLIST_WORD] >> id % IDLIST_WORD & 1;
}
