// SPDX-License-Identifier: Apache-2.0
/*
 * base/cpulist.c - Sets of processors or memory nodes, as the kernel writes them: "0-2,4"
 */
#include "base/cpulist.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define BLANKS " \t\n"

/* In place. */
static char *trim(char *text)
{
	size_t n;

	text += strspn(text, BLANKS);
	n = strlen(text);
	while (n && strchr(BLANKS, text[n - 1]))
		text[--n] = '\0';
	return text;
}

/**
 * cpulist_parse() - Read "0-2,4"; the empty text is the empty set
 * @l:		Written on success only
 *
 * Blanks around numbers and empty elements are passed over, as by the kernel.
 *
 * Return: whether it is such a list, and names something unless it is empty
 */
bool cpulist_parse(struct cpulist *l, const char *text)
{
	autostrlist struct strlist ranges = { 0 };
	struct cpulist read = { 0 };

	strlist_split(&ranges, text, ',');
	for (size_t i = 0; i < ranges.n; i++) {
		char *first = trim(ranges.items[i]), *last = strchr(first, '-');
		uint64_t from, to;

		if (!*first)
			continue;
		if (last)
			*last++ = '\0';
		if (str_parse_u64(trim(first), CPULIST_MAX - 1, &from) < 0 ||
		    str_parse_u64(trim(last ? last : first), CPULIST_MAX - 1, &to) < 0 || from > to)
			return false;
		for (; from <= to; from++)
			cpulist_add(&read, (unsigned int)from);
	}
	if (*text && !cpulist_count(&read))
		return false;
	*l = read;
	return true;
}

/** cpulist_print() - The shortest such text; the caller frees it */
char *cpulist_print(const struct cpulist *l)
{
	struct str out = { 0 };

	str_puts(&out, "");
	for (unsigned int i = 0; i < CPULIST_MAX; i++) {
		unsigned int last = i;

		if (!cpulist_has(l, i))
			continue;
		while (last + 1 < CPULIST_MAX && cpulist_has(l, last + 1))
			last++;
		str_printf(&out, "%s%u", out.len ? "," : "", i);
		if (last > i)
			str_printf(&out, "-%u", last);
		i = last;
	}
	return str_take(&out);
}

/** cpulist_add() - @cpu is below CPULIST_MAX */
void cpulist_add(struct cpulist *l, unsigned int cpu)
{
	l->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

/** cpulist_drop() - @cpu is below CPULIST_MAX */
void cpulist_drop(struct cpulist *l, unsigned int cpu)
{
	l->bits[cpu / 64] &= ~(UINT64_C(1) << (cpu % 64));
}

/** cpulist_intersect() - Keep those that are in @with, too */
void cpulist_intersect(struct cpulist *l, const struct cpulist *with)
{
	for (size_t i = 0; i < CPULIST_MAX / 64; i++)
		l->bits[i] &= with->bits[i];
}

/** cpulist_has() - Whether @cpu, below CPULIST_MAX, is in it */
bool cpulist_has(const struct cpulist *l, unsigned int cpu)
{
	return l->bits[cpu / 64] >> (cpu % 64) & 1;
}

/** cpulist_count() - How many there are */
unsigned int cpulist_count(const struct cpulist *l)
{
	unsigned int n = 0;

	for (size_t i = 0; i < CPULIST_MAX / 64; i++)
		n += (unsigned int)__builtin_popcountll(l->bits[i]);
	return n;
}
