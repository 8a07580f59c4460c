// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/limits_merge.c - Limits that were asked for before, and now others
 *
 * What is not asked for again stays. Of two flags for one thing the new one
 * counts (--cpus and --cpu-quota, --cpu-shares and --cpu-weight). Of what there
 * is one of for each disk, size of page or file, the new one replaces the one
 * with the same key.
 */
#include "cmd/limits_merge.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cmd/settings.h"

#define AT(member) offsetof(struct settings, member)

static const size_t numbers[] = {
	AT(memory_bytes),     AT(memory_swap_bytes), AT(memory_reservation_bytes),
	AT(memory_min_bytes), AT(memory_high_bytes), AT(oom_group),
	AT(nano_cpus),	      AT(cpu_shares),	     AT(cpu_weight),
	AT(cpu_quota_us),     AT(cpu_period_us),     AT(cpu_burst_us),
	AT(pids_max),	      AT(io_weight),
};

static const size_t texts[] = { AT(cpuset_cpus), AT(cpuset_mems), AT(restart) };

static const struct {
	size_t list;
	char before_value; /* the last one of these ends the key; '=': the first one */
} lists[] = {
	{ AT(io_limits[CGROUP_IO_RBPS]), ':' },
	{ AT(io_limits[CGROUP_IO_WBPS]), ':' },
	{ AT(io_limits[CGROUP_IO_RIOPS]), ':' },
	{ AT(io_limits[CGROUP_IO_WIOPS]), ':' },
	{ AT(io_weights), ':' },
	{ AT(hugetlb), '=' },
	{ AT(cgroup_conf), '=' },
};

static void *at(const struct settings *s, size_t offset)
{
	return (char *)(uintptr_t)s + offset;
}

/* "memory.high=" of "memory.high=5", "io.max=8:0" of "io.max=8:0 rbps=5", "/dev/sda:" of
 * "/dev/sda:5" */
static size_t key_length(const char *item, char before_value)
{
	const char *end = before_value == '=' ? strchr(item, '=') : strrchr(item, ':');
	size_t word;

	if (!end)
		return strlen(item);
	if (before_value != '=')
		return (size_t)(end - item) + 1;
	word = strcspn(end + 1, " ");
	return (size_t)(end - item) + 1 + (memchr(end + 1, ':', word) ? word : 0);
}

static void merge_list(struct strlist *to, const struct strlist *by, char before_value)
{
	for (size_t i = 0; i < by->n; i++) {
		size_t len = key_length(by->items[i], before_value), j = 0;

		while (j < to->n && (key_length(to->items[j], before_value) != len ||
				     strncmp(to->items[j], by->items[i], len) != 0))
			j++;
		if (j < to->n)
			str_replace(&to->items[j], by->items[i]);
		else
			strlist_add(to, by->items[i]);
	}
}

/* --cpu-period alone does not say how much of it: with --cpus before, that is refused later. */
static void settle_alternatives(struct settings *to, const struct settings *by)
{
	if (by->nano_cpus)
		to->cpu_quota_us = to->cpu_period_us = 0;
	if (by->cpu_quota_us)
		to->nano_cpus = 0;
	if (by->cpu_weight)
		to->cpu_shares = 0;
	if (by->cpu_shares)
		to->cpu_weight = 0;
	if (by->memory_bytes < 0) /* no limit of one, none of the sum */
		to->memory_swap_bytes = 0;
}

/**
 * limits_merge() - Change the limits and the restart policy that were asked for
 * @by:		As flags give them; texts are borrowed from it
 */
void limits_merge(struct settings *to, const struct settings *by)
{
	settle_alternatives(to, by);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		int64_t value = *(const int64_t *)at(by, numbers[i]);

		if (value)
			*(int64_t *)at(to, numbers[i]) = value;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *value = *(const char **)at(by, texts[i]);

		if (value)
			*(const char **)at(to, texts[i]) = value;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		merge_list(at(to, lists[i].list), at(by, lists[i].list), lists[i].before_value);
	to->strict |= by->strict;
}
