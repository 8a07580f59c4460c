// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/idlist.c - Lists of CPUs and memory nodes: "0-3,7" as a bit mask
 */
#include "runtime/idlist.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "base/str.h"

/**
 * idlist_parse() - Read a list
 * @list:	Written on success only
 * @text:	Numbers and ranges, separated by commas; "" is a list that nobody gave
 * @where:	Field of config.json, for the message
 *
 * Return: 0 or -EBADMSG
 */
int idlist_parse(struct idlist *list, const char *text, const char *where, struct error *err)
{
	struct cpulist l;
	bool is_list = cpulist_parse(&l, text);

	for (size_t i = IDLIST_WORDS; is_list && i < CPULIST_MAX / 64; i++)
		is_list = !l.bits[i];
	if (!is_list) {
		autofree char *shown = str_escape(text);

		return error_set(err, EBADMSG, "%s: '%.64s' is not a list of numbers below %d",
				 where, shown, IDLIST_BITS);
	}
	static_assert(sizeof(list->words[0]) == sizeof(l.bits[0]), "longs have 64 bits");
	memcpy(list->words, l.bits, sizeof(list->words));
	list->is_set = *text;
	return 0;
}
