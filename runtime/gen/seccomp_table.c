// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/gen/seccomp_table.c - Print the default seccomp profile as a table of numbers
 *
 * Runs at build time, on the architecture built for. A name that the
 * architecture lacks is skipped; one that nobody knows is a mistake in the
 * profile and stops the build.
 *
 * Prints all names, too, for profiles of users: libseccomp compares with one
 * after the other, which takes a millisecond for a usual profile.
 */
#include <err.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/gen/seccomp_default.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Numbers that are looked at; those above are SECCOMP_RULE_NOSYS. */
#define N_SYSCALLS 1024

#define MAX_NAMES 16384

struct action {
	enum seccomp_rule rule, without;
	uint64_t caps;
};

struct arch {
	uint32_t token;	  /* libseccomp's */
	int late;	  /* enum seccomp_name_archs */
	const char *name; /* in the names of the arrays */
};

static int look_up(const struct arch *arch, const char *name)
{
	for (size_t i = 0; i < SECCOMP_N_LATE_NAMES; i++)
		if (seccomp_late_names[i].archs & arch->late &&
		    strcmp(seccomp_late_names[i].name, name) == 0)
			return seccomp_late_names[i].nr;
	return seccomp_syscall_resolve_name_arch(arch->token, name);
}

static int number_of(const struct arch *arch, const char *name)
{
	int nr = look_up(arch, name);

	if (nr == __NR_SCMP_ERROR)
		errx(1, "seccomp profile: nobody knows the system call '%s'", name);
	if (nr >= N_SYSCALLS)
		errx(1, "seccomp profile: '%s' has the number %d", name, nr);
	return nr;
}

static void set_action(const struct arch *arch, struct action *actions, const char *name,
		       struct action action)
{
	int nr = number_of(arch, name);

	if (nr >= 0)
		actions[nr] = action;
}

static void set_unlisted(const struct arch *arch, struct action *actions)
{
	for (int nr = 0; nr < N_SYSCALLS; nr++) {
		char *name = nr <= SECCOMP_LAST_REVIEWED
				     ? seccomp_syscall_resolve_num_arch(arch->token, nr)
				     : NULL;
		enum seccomp_rule rule = name ? SECCOMP_RULE_REFUSE : SECCOMP_RULE_NOSYS;

		actions[nr] = (struct action){ rule, rule, 0 };
		free(name);
	}
}

static void print_ranges(const struct arch *arch, const struct action *actions)
{
	const struct action *last = NULL;
	size_t n = 0;

	printf("const struct seccomp_range seccomp_default_%s[] = {\n", arch->name);
	for (int nr = 0; nr < N_SYSCALLS; nr++) {
		const struct action *a = &actions[nr];

		if (last && last->rule == a->rule && last->without == a->without &&
		    last->caps == a->caps)
			continue;
		printf("\t{ %d, %d, %d, UINT64_C(%#" PRIx64 ") },\n", nr, a->rule, a->without,
		       a->caps);
		last = a;
		n++;
	}
	printf("};\nconst size_t seccomp_default_n_%s = %zu;\n\n", arch->name, n);
}

static void print_arch(const struct arch *arch, int compat)
{
	static const struct action allow = { SECCOMP_RULE_ALLOW, SECCOMP_RULE_ALLOW, 0 };
	static struct action actions[N_SYSCALLS];

	set_unlisted(arch, actions);
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_allowed); i++)
		set_action(arch, actions, seccomp_allowed[i], allow);
	for (size_t i = 0; compat && i < ARRAY_SIZE(seccomp_allowed_compat); i++)
		set_action(arch, actions, seccomp_allowed_compat[i], allow);
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_conditional); i++) {
		const struct seccomp_conditional *c = &seccomp_conditional[i];

		set_action(arch, actions, c->name, (struct action){ c->rule, c->without, c->caps });
	}
	print_ranges(arch, actions);
}

/* ---- names -------------------------------------------------------------- */

static char *names[MAX_NAMES];
static size_t n_names;

static void add_name(const char *name)
{
	if (n_names == MAX_NAMES)
		errx(1, "seccomp names: more than %d", MAX_NAMES);
	names[n_names] = strdup(name);
	if (!names[n_names++])
		err(1, "seccomp names");
}

/* libseccomp lists no names, but has one for each number: on some machine for each name. */
static void collect_names(void)
{
	static const uint32_t tokens[] = {
		SCMP_ARCH_X86_64, SCMP_ARCH_X86,     SCMP_ARCH_ARM,	SCMP_ARCH_AARCH64,
		SCMP_ARCH_MIPS,	  SCMP_ARCH_PPC64LE, SCMP_ARCH_S390,	SCMP_ARCH_S390X,
		SCMP_ARCH_PARISC, SCMP_ARCH_PPC,     SCMP_ARCH_RISCV64,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		/* MIPS counts from 4000. */
		for (int nr = 0; nr < 4000 + N_SYSCALLS; nr++) {
			char *name = seccomp_syscall_resolve_num_arch(tokens[i], nr);

			if (name)
				add_name(name);
			free(name);
		}
	for (size_t i = 0; i < SECCOMP_N_LATE_NAMES; i++)
		add_name(seccomp_late_names[i].name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A number of a name that some machine may lack; -1: this one does. */
static int number_or_none(const struct arch *arch, const char *name)
{
	int nr = arch ? look_up(arch, name) : -1;

	return nr < 0 || nr >= N_SYSCALLS ? -1 : nr;
}

static void print_names(const struct arch *native, const struct arch *compat)
{
	size_t n = 0;

	collect_names();
	qsort(names, n_names, sizeof(*names), by_name);
	printf("const struct seccomp_name seccomp_names[] = {\n");
	for (size_t i = 0; i < n_names; i++) {
		if (i && strcmp(names[i], names[i - 1]) == 0)
			continue;
		if (number_or_none(native, names[i]) < 0 && number_or_none(compat, names[i]) < 0)
			continue;
		printf("\t{ \"%s\", %d, %d },\n", names[i], number_or_none(native, names[i]),
		       number_or_none(compat, names[i]));
		n++;
	}
	printf("};\nconst size_t seccomp_n_names = %zu;\n", n);
}

int main(void)
{
	printf("/* Generated by runtime/gen/seccomp_table.c. */\n"
	       "#include \"runtime/gen/seccomp_ranges.h\"\n\n");
#if defined(__x86_64__)
	const struct arch native = { SCMP_ARCH_X86_64, SECCOMP_NAME_X86_64, "native" };
	const struct arch compat = { SCMP_ARCH_X86, SECCOMP_NAME_I386, "compat" };

	print_arch(&native, 0);
	print_arch(&compat, 1);
	print_names(&native, &compat);
#elif defined(__aarch64__)
	const struct arch native = { SCMP_ARCH_AARCH64, SECCOMP_NAME_AARCH64, "native" };

	print_arch(&native, 0);
	printf("const struct seccomp_range seccomp_default_compat[1];\n"
	       "const size_t seccomp_default_n_compat = 0;\n\n");
	print_names(&native, NULL);
#else
#error "the default profile has not been reviewed for this architecture"
#endif
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
