// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/slice.c - What a slice is: names, limits, documents
 *
 * The same keys are in the stored document, in what `inspect` and `export`
 * show, and in what `apply` reads; there sizes and durations may also be
 * written as with flags.
 */
#include "cmd/slice/slice.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cmd/units.h"

#define CPUSET_MAX_BYTES 4096
#define DEFAULT_WEIGHT	 100
#define MIN_LEASE_MS	 1000

enum kind { KIND_SIZE, KIND_CPUS, KIND_COUNT, KIND_DURATION };

/* The numbers of struct slice_limits; the text beside them is handled by hand. */
static const struct {
	const char *key;
	enum kind kind;
	size_t offset;
	int64_t min, max;
} numbers[] = {
	{ "Memory", KIND_SIZE, offsetof(struct slice_limits, memory_bytes), 1, INT64_MAX },
	{ "MemoryHigh", KIND_SIZE, offsetof(struct slice_limits, memory_high_bytes), 1, INT64_MAX },
	{ "MemorySwap", KIND_SIZE, offsetof(struct slice_limits, memory_swap_bytes), -1,
	  INT64_MAX },
	{ "Cpus", KIND_CPUS, offsetof(struct slice_limits, nano_cpus), 10000000, INT64_MAX },
	{ "Pids", KIND_COUNT, offsetof(struct slice_limits, pids), 1, INT64_MAX },
	{ "Weight", KIND_COUNT, offsetof(struct slice_limits, weight), 1, 10000 },
	{ "BlkioWeight", KIND_COUNT, offsetof(struct slice_limits, io_weight), 10, 1000 },
	{ "Lease", KIND_DURATION, offsetof(struct slice_limits, lease_ms), MIN_LEASE_MS,
	  SLICE_LEASE_MAX_MS },
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int64_t *number_in(const struct slice_limits *limits, size_t i)
{
	return (int64_t *)((char *)(uintptr_t)limits + numbers[i].offset);
}

/** slice_done() - Release what the struct holds; it may be zeroed */
void slice_done(struct slice *s)
{
	json_free(s->report);
	s->report = NULL;
}

/** slice_check_name() - Whether a slice may be called so */
int slice_check_name(const char *name, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	if (*name && *name != '-' && strlen(name) <= SLICE_NAME_MAX && !name[strspn(name, letters)])
		return 0;
	return error_set(err, EINVAL,
			 "slice name '%s' must be at most %d letters, digits, '_' and '-'", name,
			 SLICE_NAME_MAX);
}

/* ---- documents ----------------------------------------------------------- */

static int number_from_text(const char *text, enum kind kind, int64_t *out)
{
	switch (kind) {
	case KIND_SIZE:
		return units_parse_size(text, out);
	case KIND_CPUS:
		return units_parse_cpus(text, out);
	case KIND_DURATION:
		return units_parse_duration(text, out);
	case KIND_COUNT:
		break;
	}
	return str_parse_i64(text, 0, INT64_MAX, out);
}

/* Numbers are bytes, CPUs, counts, seconds. */
static int number_from_json(const struct json *v, enum kind kind, int64_t *out)
{
	if (json_kind_of(v) == JSON_TEXT)
		return number_from_text(json_text(v), kind, out);
	if (json_kind_of(v) == JSON_FLOAT && kind == KIND_CPUS && json_float(v, 0) < 1e6) {
		*out = (int64_t)(json_float(v, 0) * 1e9 + 0.5);
		return 0;
	}
	if (json_kind_of(v) != JSON_INT)
		return -EINVAL;
	*out = json_int(v, 0);
	if (kind == KIND_CPUS || kind == KIND_DURATION) {
		if (*out < 0 || *out > INT32_MAX)
			return -ERANGE;
		*out *= kind == KIND_CPUS ? INT64_C(1000000000) : 1000;
	}
	return 0;
}

static int set_cpuset(struct slice_limits *limits, const char *text, struct error *err)
{
	if (!text || strlen(text) >= sizeof(limits->cpuset_cpus) ||
	    text[strspn(text, "0123456789,-")])
		return error_set(err, EINVAL, "'CpusetCpus' is no list of CPUs, as \"0-2,4\"");
	snprintf(limits->cpuset_cpus, sizeof(limits->cpuset_cpus), "%s", text);
	return 0;
}

/**
 * slice_check_keys() - Refuse what is no map, or has other members
 * @known:	Ends with NULL
 * @what:	The map, for the error
 *
 * A key that is misspelt would be a limit that does not hold.
 */
int slice_check_keys(const struct json *map, const char *const *known, const char *what,
		     struct error *err)
{
	const struct json *value;
	const char *key;

	if (json_kind_of(map) != JSON_MAP)
		return error_set(err, EBADMSG, "%s is no map", what);
	for (void *it = NULL; json_next(map, &it, &key, &value);) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return error_set(err, EBADMSG, "%s has an unknown key '%s'", what, key);
	}
	return 0;
}

/**
 * slice_limits_from_json() - Read limits from a map, whose other members are passed over
 * @limits:	What the map does not mention is left as it is
 */
int slice_limits_from_json(const struct json *v, struct slice_limits *limits, struct error *err)
{
	const struct json *cpuset = json_get(v, "CpusetCpus");

	for (size_t i = 0; i < N_NUMBERS; i++) {
		const struct json *n = json_get(v, numbers[i].key);

		if (n && number_from_json(n, numbers[i].kind, number_in(limits, i)) < 0)
			return error_set(err, EBADMSG, "'%s' has a value that makes no sense",
					 numbers[i].key);
	}
	if (cpuset && set_cpuset(limits, json_text(cpuset), err) < 0)
		return -err->code;
	return slice_io_from_json(v, &limits->io, err);
}

/** slice_limits_to_json() - Put what is limited into a map; sizes in bytes, the lease as "90s" */
void slice_limits_to_json(const struct slice_limits *limits, struct json *map)
{
	for (size_t i = 0; i < N_NUMBERS; i++) {
		int64_t value = *number_in(limits, i);
		char text[32];

		if (!value)
			continue;
		if (numbers[i].kind == KIND_CPUS) {
			json_set(map, numbers[i].key, json_new_float((double)value / 1e9));
		} else if (numbers[i].kind == KIND_DURATION) {
			snprintf(text, sizeof(text), "%lld%s",
				 (long long)(value % 1000 ? value : value / 1000),
				 value % 1000 ? "ms" : "s");
			json_set_text(map, numbers[i].key, text);
		} else {
			json_set_int(map, numbers[i].key, value);
		}
	}
	if (*limits->cpuset_cpus)
		json_set_text(map, "CpusetCpus", limits->cpuset_cpus);
	slice_io_to_json(&limits->io, map);
}

/** slice_to_json() - The stored document */
struct json *slice_to_json(const struct slice *s)
{
	struct json *map = json_new_map();

	json_set_text(map, "Name", s->name);
	slice_limits_to_json(&s->limits, map);
	json_set_text(map, "Cgroup", s->cgroup);
	json_set_int(map, "CreatedNs", s->created_ns);
	json_set_int(map, "ExpiresNs", s->expires_ns);
	json_set_int(map, "EndedNs", s->ended_ns);
	if (s->report)
		json_set(map, "Report", json_clone(s->report));
	return map;
}

/** slice_from_json() - Read it back; @s is zeroed, and released with slice_done() */
int slice_from_json(const struct json *v, struct slice *s, struct error *err)
{
	const char *name = json_text_or(json_get(v, "Name"), "");
	const char *cgroup = json_text_or(json_get(v, "Cgroup"), "");
	int r = slice_check_name(name, err);

	if (r == 0 && (!*cgroup || strlen(cgroup) >= sizeof(s->cgroup)))
		r = error_set(err, EBADMSG, "slice '%s' has no 'Cgroup'", name);
	if (r == 0)
		r = slice_limits_from_json(v, &s->limits, err);
	if (r < 0)
		return r;
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->cgroup, sizeof(s->cgroup), "%s", cgroup);
	s->created_ns = json_int(json_get(v, "CreatedNs"), 0);
	s->expires_ns = json_int(json_get(v, "ExpiresNs"), 0);
	s->ended_ns = json_int(json_get(v, "EndedNs"), 0);
	if (json_get(v, "Report"))
		s->report = json_clone(json_get(v, "Report"));
	return 0;
}

/* ---- limits -------------------------------------------------------------- */

/** slice_limits_check() - Whether limits make sense; 0, -EINVAL or -ERANGE */
int slice_limits_check(const struct slice_limits *limits, struct error *err)
{
	for (size_t i = 0; i < N_NUMBERS; i++) {
		int64_t value = *number_in(limits, i);

		if (value && (value < numbers[i].min || value > numbers[i].max))
			return error_set(err, ERANGE, "'%s' is out of range", numbers[i].key);
	}
	if (limits->memory_swap_bytes && !limits->memory_bytes)
		return error_set(err, EINVAL, "'MemorySwap' needs 'Memory'");
	if (limits->memory_swap_bytes > 0 && limits->memory_swap_bytes < limits->memory_bytes)
		return error_set(err, EINVAL,
				 "'MemorySwap' is memory and swap together: it cannot be less "
				 "than 'Memory'");
	return 0;
}

/** slice_limits_equal() - Whether two slices are limited alike */
bool slice_limits_equal(const struct slice_limits *a, const struct slice_limits *b)
{
	for (size_t i = 0; i < N_NUMBERS; i++)
		if (*number_in(a, i) != *number_in(b, i))
			return false;
	return !strcmp(a->cpuset_cpus, b->cpuset_cpus) && slice_io_equal(&a->io, &b->io);
}

/* What is not limited any more must be said so. */
static int64_t lifted(int64_t value, int64_t before)
{
	return !value && before ? CGROUP_UNLIMITED : value;
}

/** slice_all_cpus() - The machine's processors for a cpuset; to be freed; NULL: cannot be read */
char *slice_all_cpus(const struct cgroup_root *root)
{
	char *text = NULL;
	struct error ignored;
	size_t len;

	if (file_read_at(root->fd, "cpuset.cpus.effective", CPUSET_MAX_BYTES, &text, &len,
			 &ignored) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/**
 * slice_limits_to_cgroup() - What cgroups/ takes
 * @before:	What was in force so far, or NULL; what @limits lack of that is lifted
 * @all_cpus:	To lift a set of CPUs, which has no value for "all"; may be NULL
 * @out:	Zeroed; cgroup_limits_done() releases it, also after a failure
 */
int slice_limits_to_cgroup(const struct slice_limits *limits, const struct slice_limits *before,
			   const char *all_cpus, struct cgroup_limits *out, struct error *err)
{
	const struct slice_limits none = { 0 };
	const char *cpuset = limits->cpuset_cpus;
	int r;

	before = before ? before : &none;
	out->memory_bytes = lifted(limits->memory_bytes, before->memory_bytes);
	out->memory_high_bytes = lifted(limits->memory_high_bytes, before->memory_high_bytes);
	out->memory_swap_bytes = limits->memory_swap_bytes; /* 0: follows from the memory */
	out->pids_max = lifted(limits->pids, before->pids);
	out->cpu_weight = (uint64_t)(!limits->weight && before->weight ? DEFAULT_WEIGHT
								       : limits->weight);
	out->io_weight = !limits->io_weight && before->io_weight ? CGROUP_IO_WEIGHT_DEFAULT
								 : (unsigned int)limits->io_weight;
	if (!*cpuset && *before->cpuset_cpus)
		cpuset = all_cpus ? all_cpus : "";
	out->cpuset_cpus = *cpuset ? xstrdup(cpuset) : NULL;
	r = slice_io_to_cgroup(&limits->io, &before->io, out, err);
	if (r == 0 && limits->nano_cpus)
		return cgroup_limits_set_cpus(out, (double)limits->nano_cpus / 1e9, err);
	out->cpu_quota_us = before->nano_cpus ? CGROUP_UNLIMITED : 0;
	return r;
}

/* ---- the lease ----------------------------------------------------------- */

/** slice_start_lease() - From now on, as long as its lease is; also a new one for an ended slice */
void slice_start_lease(struct slice *s, int64_t now_ns)
{
	s->expires_ns = s->limits.lease_ms ? now_ns + s->limits.lease_ms * UNITS_NS_PER_MS : 0;
	s->ended_ns = 0;
	json_free(s->report);
	s->report = NULL;
}

/** slice_is_over() - Whether its lease has ended, told or not */
bool slice_is_over(const struct slice *s, int64_t now_ns)
{
	return s->ended_ns || (s->expires_ns && now_ns >= s->expires_ns);
}
