// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/doctor/doctor.c - tare doctor: what works for this user on this host
 *
 * The features are in three tables, by who looks at what: kernel.c, cgroups.c
 * and host.c. Each is tried, on something that
 * nobody else sees, and nothing is left behind but the store's directories.
 */
#include "cmd/doctor/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/format.h"

struct doctor_options {
	bool json, quiet;
};

#define O(...) OPTION(struct doctor_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "json", NULL, OPTION_BOOL, json, "All findings as one JSON document"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Only what is needed and is not there"),
	{ 0 },
};

static const struct {
	const char *title;
	const struct doctor_feature *features;
} groups[] = {
	{ "Kernel", doctor_kernel },
	{ "Cgroups and limits", doctor_cgroups },
	{ "Host", doctor_host },
};

#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

/** doctor_yes() - It works; @fmt says what there is, NULL nothing */
void doctor_yes(struct doctor_finding *f, const char *fmt, ...)
{
	va_list args;

	f->works = true;
	if (!fmt)
		return;
	va_start(args, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, args);
	va_end(args);
}

/**
 * doctor_no() - It does not work
 * @errnum:	Its text is appended, and what helps against it usually is what to type; 0: none
 */
void doctor_no(struct doctor_finding *f, int errnum, const char *fmt, ...)
{
	size_t used;
	va_list args;

	f->works = false;
	va_start(args, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, args);
	va_end(args);
	used = strlen(f->why);
	if (errnum)
		snprintf(f->why + used, sizeof(f->why) - used, ": %s", strerror(errnum));
	if ((errnum == EPERM || errnum == EACCES) && geteuid() != 0)
		doctor_type(f, "sudo tare doctor");
}

/** doctor_type() - What to type so that it works */
void doctor_type(struct doctor_finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->type, sizeof(f->type), fmt, args);
	va_end(args);
}

/* ---- what is needed ------------------------------------------------------ */

static const struct doctor_feature *find_feature(const char *name)
{
	for (size_t g = 0; g < N_GROUPS; g++)
		for (const struct doctor_feature *f = groups[g].features; f->name; f++)
			if (!strcmp(f->name, name))
				return f;
	return NULL;
}

static int check_names(int argc, char **argv, struct error *err)
{
	autostrlist struct strlist names = { 0 };
	autofree char *list = NULL;

	for (int i = 0; i < argc; i++) {
		if (find_feature(argv[i]))
			continue;
		for (size_t g = 0; g < N_GROUPS; g++)
			for (const struct doctor_feature *f = groups[g].features; f->name; f++)
				strlist_add(&names, f->name);
		list = strlist_join(&names, " ");
		error_set(err, EINVAL, "there is no feature '%s'", argv[i]);
		return error_hint(err, "there are: %s", list);
	}
	return 0;
}

static bool is_needed(const struct doctor_feature *feature, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], feature->name))
			return true;
	return feature->needed;
}

/* ---- output -------------------------------------------------------------- */

static void print_finding(const struct doctor_feature *feature, const struct doctor_finding *f,
			  bool needed)
{
	printf("  %-4s %-15s %s%s%s\n", f->works ? "yes" : "no", feature->name, feature->what,
	       *f->why ? ": " : "", f->why);
	if (f->works)
		return;
	printf("       %-15s %s%s\n", needed ? "NEEDED" : "", "without it ", feature->without);
	if (*f->type)
		printf("       %-15s try: %s\n", "", f->type);
}

static struct json *make_finding(const struct doctor_feature *feature,
				 const struct doctor_finding *f, bool needed)
{
	struct json *one = json_new_map();

	json_set_bool(one, "Works", f->works);
	json_set_bool(one, "Needed", needed);
	json_set_text(one, "What", feature->what);
	json_set_text(one, "Why", f->why);
	json_set_text(one, "Without", f->works ? "" : feature->without);
	json_set_text(one, "Type", f->works ? "" : f->type);
	return one;
}

/* The tables one after the other; the names of what is needed and missing go to @missing. */
static void look_at_all(const struct doctor *d, int argc, char **argv, struct json *features,
			struct strlist *missing)
{
	const struct doctor_options *o = d->ctx->options;

	for (size_t g = 0; g < N_GROUPS; g++) {
		if (!o->json && !o->quiet)
			printf("%s%s\n", g ? "\n" : "", groups[g].title);
		for (const struct doctor_feature *f = groups[g].features; f->name; f++) {
			struct doctor_finding found = { 0 };
			bool needed = is_needed(f, argc, argv);

			f->look(d, f, &found);
			if (needed && !found.works)
				strlist_add(missing, f->name);
			if (o->json)
				json_set(features, f->name, make_finding(f, &found, needed));
			else if (!o->quiet || (needed && !found.works))
				print_finding(f, &found, needed);
		}
	}
}

static void print_document(struct json *features, const struct strlist *missing)
{
	autojson struct json *doc = json_new_map();

	json_set_bool(doc, "Ok", missing->n == 0);
	json_set_list(doc, "Missing", missing->items, missing->n);
	json_set(doc, "Features", features);
	format_print_json(doc);
}

/* A store that cannot be opened is a finding, not the end. */
static void open_store(struct context *ctx, struct error *err)
{
	int fd = command_open_dir(ctx->root, err);

	if (fd >= 0)
		ctx->store.root_fd = fd; /* main closes it */
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct doctor_options *o = ctx->options;
	struct doctor d = { .ctx = ctx };
	autostrlist struct strlist missing = { 0 };
	autofree char *list = NULL;
	struct json *features;
	int r = check_names(argc, argv, err);

	if (r < 0)
		return r;
	open_store(ctx, &d.store_err);
	doctor_group_try(&d.group);
	doctor_network_try(d.network);
	features = json_new_map();
	look_at_all(&d, argc, argv, features, &missing);
	cgroup_root_close(&d.group.root);
	list = strlist_join(&missing, ", ");
	if (o->json)
		print_document(features, &missing);
	else
		json_free(features);
	if (!o->json && missing.n)
		printf("%sNeeded and missing: %s\n", o->quiet ? "" : "\n", list);
	else if (!o->json && !o->quiet)
		printf("\nAll that is needed is there.\n");
	return missing.n ? EXIT_LIMIT : 0;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.args = "[FEATURE...]",
	.summary = "Say what works here, why not, and what to type",
	.details =
		"Tries each feature, for this user on this host. Some are needed by every container\n"
		"that runs with the usual options; the others by what the list says. FEATUREs, by the\n"
		"names in the list, are needed, too: in a CI job that sets limits, say\n"
		"\n"
		"  tare doctor --quiet memory cpu pids memory.peak\n"
		"\n"
		"What is made for a trial is removed again, and no process is moved. What stays is what\n"
		"the first container leaves as well: the store's directory, and controllers switched on\n"
		"for the cgroup 'tare'.\n"
		"\n"
		"Exit code 122: something needed is missing.",
	.options = options,
	COMMAND_OPTIONS(struct doctor_options, .json = false),
	.max_args = COMMAND_ANY,
	.run = run,
};
