// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/seccomp.c - Programs from a user's profile, and installing them
 *
 * Reads docker's profile format and linux.seccomp of the OCI runtime spec,
 * which is a subset of it. libseccomp is asked at build time, for the names:
 * its program would cost twenty times as much to make and to load, so filter.c
 * writes ours.
 *
 * Profiles in use rely on things that no specification says; here as there:
 * - a name that the architecture (or libseccomp) lacks is passed over;
 * - two tests of one argument in an entry mean either of them, not both;
 * - an entry without tests beats those with tests; of entries that apply
 *   alike the first one counts; one that repeats the default action does not;
 * - where the default is an errno, numbers above all that the profile names
 *   answer ENOSYS: its author did not know them, and libc can do without.
 *
 * x32 numbers answer ENOSYS always, also where a profile names x32: nothing
 * needs them, and they have been a way around filters.
 */
#include "runtime/seccomp.h"

#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/field.h"
#include "runtime/filter.h"
#include "runtime/gen/seccomp_ranges.h"
#include "runtime/seccomp_entry.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Numbers a profile may name; from here on there is no system call. */
#define N_SYSCALLS 1024
/* Set in the numbers of x32 system calls, which share AUDIT_ARCH_X86_64. */
#define X32_BIT 0x40000000U

/* Bounds on what a profile makes us allocate; the kernel's on the program comes later. */
#define PROFILE_MAX_ENTRIES 4096
#define PROFILE_MAX_RULES   16384

#define NOSYS (SECCOMP_RET_ERRNO | ENOSYS)

/* Newer than the headers of the oldest supported distribution: linux/seccomp.h, Linux 5.19. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct arch {
	uint32_t audit_arch;
	bool is_32bit;
	const char *name; /* in architectures and archMap */
};

/* The architectures of this machine, the native one first. */
static const struct arch archs[] = {
#if defined(__x86_64__)
	{ FILTER_ARCH_NATIVE, false, "SCMP_ARCH_X86_64" },
	{ FILTER_ARCH_COMPAT, true, "SCMP_ARCH_X86" },
#else
	{ FILTER_ARCH_NATIVE, false, "SCMP_ARCH_AARCH64" },
#endif
};
#define N_ARCHS ARRAY_SIZE(archs)

/* What a profile may name, besides: nothing runs in another machine's mode here. */
static const char *const arch_names[] = {
	"SCMP_ARCH_AARCH64",	 "SCMP_ARCH_ARM",    "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",	 "SCMP_ARCH_MIPS",   "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32",	 "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
	"SCMP_ARCH_PPC",	 "SCMP_ARCH_PPC64",  "SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_RISCV64",	 "SCMP_ARCH_S390",   "SCMP_ARCH_S390X",
	"SCMP_ARCH_SH",		 "SCMP_ARCH_SHEB",   "SCMP_ARCH_X32",
	"SCMP_ARCH_X86",	 "SCMP_ARCH_X86_64",
};

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* init has one thread */
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

struct call_rules {
	bool is_decided; /* unconditionally: action counts, rules do not */
	uint32_t action;
	struct filter_rule *rules;
	size_t n;
};

struct profile {
	uint64_t caps;
	uint32_t default_action;
	uint32_t flags;
	bool has_arch[N_ARCHS];
	struct seccomp_entry **entries;
	size_t n_entries, n_rules;
	int last[N_ARCHS]; /* the highest number that an entry names, or -1 */
	struct call_rules calls[N_ARCHS][N_SYSCALLS];
};

static void profile_done(struct profile **pp)
{
	struct profile *p = *pp;

	for (size_t i = 0; i < p->n_entries; i++)
		free(p->entries[i]);
	free(p->entries);
	for (size_t i = 0; i < N_ARCHS; i++)
		for (size_t nr = 0; nr < N_SYSCALLS; nr++)
			free(p->calls[i][nr].rules);
	free(p);
}

#define autoprofile __attribute__((cleanup(profile_done)))

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct seccomp_name *)entry)->name);
}

/* The number of a system call on each architecture, -1 where there is none. */
static void find_numbers(const char *name, int numbers[N_ARCHS])
{
	const struct seccomp_name *found = bsearch(name, seccomp_names, seccomp_n_names,
						   sizeof(*found), by_name);

	for (size_t i = 0; i < N_ARCHS; i++)
		numbers[i] = !found ? -1 : i == 0 ? found->native : found->compat;
}

static void call_add(struct call_rules *call, const struct filter_test *tests, size_t n,
		     uint32_t action)
{
	call->rules = xrealloc(call->rules, (call->n + 1) * sizeof(*call->rules));
	call->rules[call->n++] =
		(struct filter_rule){ .tests = tests, .n_tests = n, .action = action };
}

/* Have @entry decide about one system call. */
static void entry_add_call(struct profile *p, const struct seccomp_entry *entry,
			   struct call_rules *call)
{
	if (call->is_decided)
		return;
	if (!entry->n_tests) {
		call->is_decided = true;
		call->action = entry->action;
	} else if (entry->any_test) {
		for (size_t i = 0; i < entry->n_tests; i++)
			call_add(call, &entry->tests[i], 1, entry->action);
		p->n_rules += entry->n_tests;
	} else {
		call_add(call, entry->tests, entry->n_tests, entry->action);
		p->n_rules++;
	}
}

static int entry_add_name(struct profile *p, const struct seccomp_entry *entry,
			  const struct json *v, const char *where, struct error *err)
{
	const char *name = json_text(v);
	int numbers[N_ARCHS];
	bool found = false;

	if (!name)
		return field_bad_value(where, v, err);
	if (entry->action == SECCOMP_RET_USER_NOTIF && strcmp(name, "write") == 0)
		return error_set(err, EBADMSG,
				 "%s: SCMP_ACT_NOTIFY cannot be used for the write syscall: "
				 "init reports its listener with it",
				 where);
	find_numbers(name, numbers);
	for (size_t i = 0; i < N_ARCHS; i++) {
		int nr = numbers[i];

		if (nr < 0 || !p->has_arch[i])
			continue;
		found = true;
		if (nr > p->last[i])
			p->last[i] = nr;
		if (entry->action != p->default_action)
			entry_add_call(p, entry, &p->calls[i][nr]);
	}
	if (!found)
		log_debug("%s: no system call '%s' here", where, name);
	if (p->n_rules > PROFILE_MAX_RULES)
		return error_set(err, E2BIG, "%s: more than %d rules", where, PROFILE_MAX_RULES);
	return 0;
}

static int read_entry(struct profile *p, const struct json *v, size_t index, struct error *err)
{
	autofree char *where = xasprintf("seccomp profile: syscalls[%zu]", index);
	const struct json *names = json_get(v, "names");
	struct seccomp_entry *entry;

	if (seccomp_entry_check(v, where, err) < 0)
		return -EBADMSG;
	if (!seccomp_entry_applies(v, p->caps))
		return 0;
	entry = p->entries[p->n_entries++] = xcalloc(1, sizeof(*entry));
	if (seccomp_entry_read(v, where, entry, err) < 0)
		return -EBADMSG;
	if (json_kind_of(names) == JSON_ABSENT) /* docker before 1.12 */
		return entry_add_name(p, entry, json_get(v, "name"), where, err);
	if (json_kind_of(names) != JSON_LIST)
		return error_set(err, EBADMSG, "%s.names: not a list", where);
	for (size_t i = 0; i < json_count(names); i++) {
		int ret = entry_add_name(p, entry, json_at(names, i), where, err);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int add_arch(struct profile *p, const struct json *v, const char *where, struct error *err)
{
	const char *name = json_text(v);

	for (size_t i = 0; name && i < N_ARCHS; i++)
		if (strcmp(archs[i].name, name) == 0)
			p->has_arch[i] = true;
	for (size_t i = 0; name && i < ARRAY_SIZE(arch_names); i++)
		if (strcmp(arch_names[i], name) == 0)
			return 0; /* perhaps one of another machine, or x32 */
	return field_bad_value(where, v, err);
}

/* docker's archMap: the other entries that go with the native architecture. */
static int read_arch_map(struct profile *p, const struct json *map, struct error *err)
{
	for (size_t i = 0; i < json_count(map); i++) {
		const struct json *sub = json_get(json_at(map, i), "subArchitectures");
		const char *name = json_text(json_get(json_at(map, i), "architecture"));

		if (!name || strcmp(name, archs[0].name) != 0)
			continue;
		for (size_t k = 0; k < json_count(sub); k++)
			if (add_arch(p, json_at(sub, k), "seccomp profile: archMap", err) < 0)
				return -EBADMSG;
	}
	return 0;
}

static int read_archs(struct profile *p, const struct json *v, struct error *err)
{
	const struct json *list = json_get(v, "architectures");

	p->has_arch[0] = true;
	for (size_t i = 0; i < json_count(list); i++)
		if (add_arch(p, json_at(list, i), "seccomp profile: architectures", err) < 0)
			return -EBADMSG;
	return read_arch_map(p, json_get(v, "archMap"), err);
}

/* Left out, there is one: so do runc and crun. An empty list is none. */
static int read_flags(struct profile *p, const struct json *list, struct error *err)
{
	if (!json_is_given(list)) {
		p->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
		return 0;
	}
	if (json_kind_of(list) != JSON_LIST)
		return error_set(err, EBADMSG, "seccomp profile: flags: not a list");
	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_text_or(json_at(list, i), "");
		size_t k = 0;

		while (k < ARRAY_SIZE(flags) && strcmp(flags[k].name, name) != 0)
			k++;
		if (k == ARRAY_SIZE(flags))
			return field_bad_value("seccomp profile: flags", json_at(list, i), err);
		p->flags |= flags[k].flag;
	}
	return 0;
}

static int read_head(struct profile *p, const struct json *v, struct error *err)
{
	if (json_kind_of(v) != JSON_MAP)
		return error_set(err, EBADMSG, "seccomp profile: not an object");
	if (seccomp_entry_read_action(json_get(v, "defaultAction"), json_get(v, "defaultErrnoRet"),
				      "seccomp profile: defaultAction", &p->default_action,
				      err) < 0)
		return -EBADMSG;
	if (p->default_action == SECCOMP_RET_USER_NOTIF)
		return error_set(err, EBADMSG,
				 "seccomp profile: defaultAction: cannot be SCMP_ACT_NOTIFY");
	if (read_archs(p, v, err) < 0)
		return -EBADMSG;
	return read_flags(p, json_get(v, "flags"), err);
}

static int read_entries(struct profile *p, const struct json *list, struct error *err)
{
	if (json_is_given(list) && json_kind_of(list) != JSON_LIST)
		return error_set(err, EBADMSG, "seccomp profile: syscalls: not a list");
	if (json_count(list) > PROFILE_MAX_ENTRIES)
		return error_set(err, EBADMSG, "seccomp profile: syscalls: more than %d entries",
				 PROFILE_MAX_ENTRIES);
	p->entries = xcalloc(json_count(list) + 1, sizeof(struct seccomp_entry *));
	for (size_t i = 0; i < json_count(list); i++) {
		int ret = read_entry(p, json_at(list, i), i, err);

		if (ret < 0)
			return ret;
	}
	return 0;
}

/* What answers above the last number that the profile names. */
static uint32_t beyond_action(const struct profile *p, size_t arch)
{
	bool is_errno = (p->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;

	return is_errno && p->last[arch] >= 0 ? NOSYS : p->default_action;
}

static void fill_arch(const struct profile *p, size_t arch, struct filter_arch *out)
{
	out->audit_arch = archs[arch].audit_arch;
	out->is_32bit = archs[arch].is_32bit;
	for (int nr = 0; nr < N_SYSCALLS; nr++) {
		const struct call_rules *call = &p->calls[arch][nr];
		struct filter_range range = { .first = (uint32_t)nr };

		range.action = nr > p->last[arch] ? beyond_action(p, arch) : p->default_action;
		if (call->is_decided) {
			range.action = call->action;
		} else {
			range.rules = call->rules;
			range.n_rules = call->n;
		}
		filter_arch_add(out, &range);
	}
	if (archs[arch].audit_arch == AUDIT_ARCH_X86_64)
		filter_arch_add(out, &(struct filter_range){ .first = X32_BIT, .action = NOSYS });
}

static bool has_listener(const struct profile *p)
{
	for (size_t i = 0; i < p->n_entries; i++)
		if (p->entries[i]->action == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

static int compile(const struct profile *p, struct seccomp_program *out, struct error *err)
{
	struct filter_arch filters[N_ARCHS] = { 0 };
	struct seccomp_program program = { .flags = p->flags };
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < N_ARCHS; i++)
		if (p->has_arch[i])
			fill_arch(p, i, &filters[n++]);
	ret = filter_compile(filters, n, SECCOMP_RET_KILL_PROCESS, &program.insns, &program.n);
	for (size_t i = 0; i < n; i++)
		filter_arch_done(&filters[i]);
	if (ret < 0)
		return error_set(err, E2BIG,
				 "seccomp profile: more than the kernel's %d instructions",
				 BPF_MAXINSNS);
	if (has_listener(p))
		program.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else /* which the kernel takes together with a listener only */
		program.flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	*out = program;
	return 0;
}

/**
 * seccomp_from_profile() - A user's profile
 * @profile:	Document in docker's format, or linux.seccomp of a config.json
 * @caps:	The container's bounding set, for includes.caps and excludes.caps
 * @out:	Program, for seccomp_done(); written on success only
 * @err:	Set on failure
 *
 * Return: 0, -EBADMSG if the document is malformed, -E2BIG if it is too large
 */
int seccomp_from_profile(const struct json *profile, uint64_t caps, struct seccomp_program *out,
			 struct error *err)
{
	autoprofile struct profile *p = xcalloc(1, sizeof(*p));
	int ret;

	p->caps = caps;
	for (size_t i = 0; i < N_ARCHS; i++)
		p->last[i] = -1;
	ret = read_head(p, profile, err);
	if (ret == 0)
		ret = read_entries(p, json_get(profile, "syscalls"), err);
	return ret < 0 ? ret : compile(p, out, err);
}

/**
 * seccomp_apply() - Confine the calling process
 * @program:	Program; an empty one leaves it unconfined
 *
 * Async-signal-safe, one system call. Needs no_new_privs or CAP_SYS_ADMIN in
 * the user namespace.
 *
 * Return: 0, the listener's fd if the program asks a supervisor
 * (SECCOMP_FILTER_FLAG_NEW_LISTENER), or -errno
 */
int seccomp_apply(const struct seccomp_program *program)
{
	struct sock_fprog prog = { .len = program->n, .filter = program->insns };
	int ret;

	if (!program->n)
		return 0;
	ret = sys_seccomp(SECCOMP_SET_MODE_FILTER, program->flags, &prog);
	return ret < 0 ? -errno : ret;
}

/** seccomp_known_arch() - The @i-th architecture that a profile may name, NULL behind the last */
const char *seccomp_known_arch(size_t i)
{
	return i < ARRAY_SIZE(arch_names) ? arch_names[i] : NULL;
}

/** seccomp_known_flag() - The @i-th flag that a profile may name, NULL behind the last */
const char *seccomp_known_flag(size_t i)
{
	return i < ARRAY_SIZE(flags) ? flags[i].name : NULL;
}

/**
 * seccomp_flag_is_supported() - Whether the kernel knows a flag of seccomp_known_flag()
 *
 * It looks at flags before it looks for the program, of which there is none.
 */
bool seccomp_flag_is_supported(size_t i)
{
	uint32_t flag = flags[i].flag;

	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

/** seccomp_done() - Release a program; an empty one is left */
void seccomp_done(struct seccomp_program *program)
{
	free(program->insns);
	*program = (struct seccomp_program){ 0 };
}
