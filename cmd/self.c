// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/self.c - The command line of a self-starting file
 *
 *	./app.run [OPTION...] [COMMAND...]	tare run [OPTION...] ./app.run [COMMAND...]
 *	./app.run run|create [OPTION...] …	likewise
 *	./app.run show|verify [OPTION...]	tare show [OPTION...] ./app.run
 *	./app.run ps, logs, stop, …		tare ps, …: all of tare is in there
 *	./app.run -- ps				the appliance's own ps
 */
#include "cmd/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/run_options.h"
#include "cmd/show.h"

#define PROGRAM "/proc/self/exe"

/* Its name, if that still is this file: for lists of containers. */
static char *own_path(void)
{
	autofree char *path = realpath(PROGRAM, NULL);
	struct stat self, named;

	if (path && stat(PROGRAM, &self) == 0 && stat(path, &named) == 0 &&
	    self.st_dev == named.st_dev && self.st_ino == named.st_ino)
		return steal_ptr(&path);
	return xstrdup(PROGRAM);
}

/* How many words of a command line of `run` come before its first operand. */
static int count_options(const struct option_def *defs, int argc, char **argv)
{
	char **copy = xcalloc((size_t)argc + 1, sizeof(*copy));
	struct run_options values = { 0 };
	struct error ignored;
	int left = argc;

	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	/* What is wrong with it is said when it is parsed for good. */
	if (options_parse(defs, &values, OPTIONS_PREFIX, &left, copy, &ignored) < 0)
		left = 0;
	options_done(defs, &values);
	free(copy);
	return argc - left;
}

static void add_words(struct strlist *out, int n, char **words)
{
	for (int i = 0; i < n; i++)
		strlist_add(out, words[i]);
}

static void translate_run(const char *command, int argc, char **argv, const char *path,
			  struct strlist *out)
{
	bool create = !strcmp(command, "create");
	int n = count_options(create ? run_option_defs + RUN_ONLY_OPTIONS : run_option_defs, argc,
			      argv);

	strlist_add(out, command);
	add_words(out, n, argv);
	strlist_add(out, path);
	add_words(out, argc - n, argv + n);
}

/**
 * self_translate() - The command line of tare that is meant
 * @argc:	Words after the program's name
 */
void self_translate(int argc, char **argv, struct strlist *out)
{
	autofree char *path = own_path();
	const char *first = argc ? argv[0] : "";

	if (!strcmp(first, "run") || !strcmp(first, "create")) {
		translate_run(first, argc - 1, argv + 1, path, out);
	} else if (!strcmp(first, "show") || !strcmp(first, "verify")) {
		add_words(out, argc, argv);
		strlist_add(out, path);
	} else if (argc && (command_find(command_list, first) || !strcmp(first, "--version"))) {
		add_words(out, argc, argv);
	} else {
		translate_run("run", argc, argv, path, out);
	}
}

/** self_wants_help() - Whether the appliance is asked what it is */
bool self_wants_help(int argc, char **argv)
{
	return argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"));
}

/** self_print_help() - What it is, and how it is used */
int self_print_help(const struct context *ctx, const char *name, struct error *err)
{
	autofree char *path = own_path(), *safe = str_escape(name);
	int r = show_file(ctx, path, err);

	if (r < 0)
		return r;
	printf("\nUsage: %s [OPTION...] [COMMAND [ARG...]]\n"
	       "   Runs it. Options are those of 'tare run', see '%s run --help'; --accept gives it\n"
	       "   all that it asks for.\n"
	       "\n"
	       "  %s show, verify       what it is, whether it is whole\n"
	       "  %s ps, logs, stop, …  all other commands of tare, see '%s help'\n"
	       "  %s -- ps              a command of its own that is called like one of these\n",
	       safe, safe, safe, safe, safe, safe);
	return 0;
}
