// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/seccomp_entry.c - One entry of a seccomp profile
 *
 * For whom it is meant, what it does, and under which conditions. Which system
 * calls it is about, and how entries compete, is the business of seccomp.c.
 */
#include "runtime/seccomp_entry.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "runtime/capability.h"
#include "runtime/field.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The machine as docker's profiles call it. */
#if defined(__x86_64__)
#define NATIVE "amd64"
#else
#define NATIVE "arm64"
#endif

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
};

static const char *const ops[] = {
	[FILTER_NE] = "SCMP_CMP_NE",
	[FILTER_LT] = "SCMP_CMP_LT",
	[FILTER_LE] = "SCMP_CMP_LE",
	[FILTER_EQ] = "SCMP_CMP_EQ",
	[FILTER_GE] = "SCMP_CMP_GE",
	[FILTER_GT] = "SCMP_CMP_GT",
	[FILTER_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

/** seccomp_entry_known_action() - The @i-th action that a profile may name, NULL behind the last */
const char *seccomp_entry_known_action(size_t i)
{
	return i < ARRAY_SIZE(actions) ? actions[i].name : NULL;
}

/** seccomp_entry_known_op() - The @i-th comparison of arguments, NULL behind the last */
const char *seccomp_entry_known_op(size_t i)
{
	return i < ARRAY_SIZE(ops) ? ops[i] : NULL;
}

/* The value of a field in a table of names, or -1. */
static int find_name(const char *const *names, size_t n, const struct json *v)
{
	const char *text = json_text(v);

	for (size_t i = 0; text && i < n; i++)
		if (names[i] && strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

static int read_errno(const struct json *v, const char *where, uint32_t *out, struct error *err)
{
	int64_t n = json_int(v, -1);

	*out = EPERM;
	if (!json_is_given(v))
		return 0;
	if (n < 0 || n > SECCOMP_RET_DATA)
		return error_set(err, EBADMSG, "%s: not an error number", where);
	*out = (uint32_t)n;
	return 0;
}

/**
 * seccomp_entry_read_action() - An action as SECCOMP_RET_*
 * @v:			SCMP_ACT_...
 * @errno_value:	Its errno, or the tracer's message; EPERM if absent
 * @where:		Place in the document
 * @out:		Written on success only
 * @err:		Set on failure
 *
 * Return: 0 or -EBADMSG
 */
int seccomp_entry_read_action(const struct json *v, const struct json *errno_value,
			      const char *where, uint32_t *out, struct error *err)
{
	uint32_t data;

	if (read_errno(errno_value, where, &data, err) < 0)
		return -EBADMSG;
	for (size_t i = 0; json_text(v) && i < ARRAY_SIZE(actions); i++) {
		uint32_t action = actions[i].action;

		if (strcmp(actions[i].name, json_text(v)) != 0)
			continue;
		/* runtime-spec: "When the action doesn't support an errno, the runtime MUST fail." */
		if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
			action |= data;
		else if (json_is_given(errno_value))
			return error_set(err, EBADMSG, "%s: '%s' takes no errno", where,
					 actions[i].name);
		*out = action;
		return 0;
	}
	return field_bad_value(where, v, err);
}

static int read_u64(const struct json *v, bool required, const char *where, uint64_t *out,
		    struct error *err)
{
	*out = 0;
	if (!required && !json_is_given(v))
		return 0;
	/* Two fallbacks: no value of its own can be told from an error. */
	if (json_u64(v, 0) != json_u64(v, 1))
		return error_set(err, EBADMSG, "%s: not a number of 64 bits", where);
	*out = json_u64(v, 0);
	return 0;
}

static int read_test(const struct json *v, const char *entry, size_t i, struct filter_test *out,
		     struct error *err)
{
	autofree char *where = xasprintf("%s.args[%zu]", entry, i);
	int op = find_name(ops, ARRAY_SIZE(ops), json_get(v, "op"));
	uint64_t arg, value, second;

	if (op < 0)
		return field_bad_value(where, json_get(v, "op"), err);
	if (read_u64(json_get(v, "index"), true, where, &arg, err) < 0 ||
	    read_u64(json_get(v, "value"), true, where, &value, err) < 0 ||
	    read_u64(json_get(v, "valueTwo"), false, where, &second, err) < 0)
		return -EBADMSG;
	if (arg >= FILTER_ARGS)
		return error_set(err, EBADMSG, "%s: a system call has %d arguments", where,
				 FILTER_ARGS);
	*out = (struct filter_test){ .arg = (uint8_t)arg, .op = (enum filter_op)op };
	out->value = op == FILTER_MASKED_EQ ? second : value;
	out->mask = value;
	return 0;
}

/* A list that may be missing, but not be something else: it would count as empty. */
static int check_list(const struct json *map, const char *key, const char *where, struct error *err)
{
	const struct json *v = json_get(map, key);

	if (!json_is_given(v) || json_kind_of(v) == JSON_LIST)
		return 0;
	return error_set(err, EBADMSG, "%s: '%s' is not a list", where, key);
}

/**
 * seccomp_entry_check() - Whether the parts of an entry are of the right types
 * @v:		Object of syscalls[], or what stands there
 * @where:	Its place in the document
 * @err:	Set on failure
 *
 * Before all else: a capability list that is a string must not count as empty.
 *
 * Return: 0 or -EBADMSG
 */
int seccomp_entry_check(const struct json *v, const char *where, struct error *err)
{
	static const char *const parts[] = { "includes", "excludes" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct json *part = json_get(v, parts[i]);

		if (json_is_given(part) && json_kind_of(part) != JSON_MAP)
			return error_set(err, EBADMSG, "%s: '%s' is not an object", where,
					 parts[i]);
		if (check_list(part, "caps", where, err) < 0 ||
		    check_list(part, "arches", where, err) < 0)
			return -EBADMSG;
	}
	if (json_kind_of(v) != JSON_MAP)
		return error_set(err, EBADMSG, "%s: not an object", where);
	return check_list(v, "args", where, err);
}

static int read_tests(const struct json *args, const char *where, struct seccomp_entry *entry,
		      struct error *err)
{
	unsigned int seen = 0;

	if (json_count(args) > SECCOMP_ENTRY_MAX_TESTS)
		return error_set(err, EBADMSG, "%s.args: more than %d", where,
				 SECCOMP_ENTRY_MAX_TESTS);
	for (size_t i = 0; i < json_count(args); i++) {
		if (read_test(json_at(args, i), where, i, &entry->tests[i], err) < 0)
			return -EBADMSG;
		if (seen & 1U << entry->tests[i].arg)
			entry->any_test = true;
		seen |= 1U << entry->tests[i].arg;
	}
	entry->n_tests = json_count(args);
	return 0;
}

static bool list_has(const struct json *list, const char *text)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (strcmp(json_text_or(json_at(list, i), ""), text) == 0)
			return true;
	return false;
}

/* How many of a list of capabilities are held; one we do not know is held by nobody. */
static size_t count_held(const struct json *list, uint64_t caps)
{
	size_t n = 0;

	for (size_t i = 0; i < json_count(list); i++) {
		struct error ignored;
		uint64_t mask = 0;

		if (capability_parse(json_text_or(json_at(list, i), ""), &mask, &ignored) == 0 &&
		    (mask & caps) == mask)
			n++;
	}
	return n;
}

/* "6.12.3-rc1" as 6 << 16 | 12; 0 if it is no version. */
static unsigned long version_of(const char *text)
{
	char *end;
	unsigned long major = strtoul(text, &end, 10), minor;

	if (*end != '.')
		return 0;
	minor = strtoul(end + 1, &end, 10);
	return major > UINT16_MAX || minor > UINT16_MAX ? 0 : major << 16 | minor;
}

/* docker's format asks for a version; there is no feature to probe instead. */
static bool kernel_is_at_least(const char *wanted)
{
	struct utsname host;

	return version_of(wanted) && uname(&host) == 0 &&
	       version_of(host.release) >= version_of(wanted);
}

/**
 * seccomp_entry_applies() - Whether an entry is meant for this container and machine
 * @v:		Entry, docker's includes and excludes in it
 * @caps:	Bounding set of the container
 *
 * includes.caps wants all of them, excludes.caps none.
 */
bool seccomp_entry_applies(const struct json *v, uint64_t caps)
{
	const struct json *in = json_get(v, "includes"), *ex = json_get(v, "excludes");
	const char *in_kernel = json_text(json_get(in, "minKernel"));
	const char *ex_kernel = json_text(json_get(ex, "minKernel"));

	if (json_count(json_get(ex, "arches")) && list_has(json_get(ex, "arches"), NATIVE))
		return false;
	if (count_held(json_get(ex, "caps"), caps) > 0)
		return false;
	if (ex_kernel && kernel_is_at_least(ex_kernel))
		return false;
	if (json_count(json_get(in, "arches")) && !list_has(json_get(in, "arches"), NATIVE))
		return false;
	if (count_held(json_get(in, "caps"), caps) < json_count(json_get(in, "caps")))
		return false;
	return !in_kernel || kernel_is_at_least(in_kernel);
}

/**
 * seccomp_entry_read() - The action and the tests of an entry; the names are the caller's
 * @v:		Object of syscalls[]
 * @where:	Its place in the document
 * @entry:	Zeroed
 * @err:	Set on failure
 *
 * Return: 0 or -EBADMSG
 */
int seccomp_entry_read(const struct json *v, const char *where, struct seccomp_entry *entry,
		       struct error *err)
{
	if (seccomp_entry_read_action(json_get(v, "action"), json_get(v, "errnoRet"), where,
				      &entry->action, err) < 0)
		return -EBADMSG;
	return read_tests(json_get(v, "args"), where, entry, err);
}
