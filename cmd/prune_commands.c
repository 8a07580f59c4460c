// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/prune_commands.c - tare container|image|volume|system prune
 */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/prune.h"
#include "cmd/units.h"
#include "image/reference.h"

struct prune_options {
	bool all, force, volumes;
	struct strlist filters;
};

#define O(...) OPTION(struct prune_options, __VA_ARGS__)

#define FORCE O('f', "force", NULL, OPTION_BOOL, force, "Do not ask")
#define FILTER                                            \
	O(0, "filter", "KEY=VALUE", OPTION_LIST, filters, \
	  "Only those that match: until=TIME (or an age, 24h), label=, label!=")

/* docker's question, on stderr so that stdout is the answer; the end of input is a no. */
static bool confirmed(const struct prune_options *o, const char *what)
{
	char answer[16];

	if (o->force)
		return true;
	fprintf(stderr, "WARNING! This will remove %s.\nAre you sure you want to continue? [y/N] ",
		what);
	if (fgets(answer, sizeof(answer), stdin))
		return answer[0] == 'y' || answer[0] == 'Y';
	fprintf(stderr, "no\n");
	return false;
}

static void print_list(const char *title, const struct strlist *list)
{
	if (list->n)
		printf("%s:\n", title);
	for (size_t i = 0; i < list->n; i++)
		printf("%s\n", list->items[i]);
	if (list->n)
		printf("\n");
}

static void print_images(const struct pruned *p)
{
	if (!p->untagged.n && !p->images.n)
		return;
	printf("Deleted Images:\n");
	for (size_t i = 0; i < p->untagged.n; i++)
		printf("untagged: %s\n", reference_familiar(p->untagged.items[i]));
	for (size_t i = 0; i < p->images.n; i++)
		printf("deleted: sha256:%s\n", p->images.items[i]);
	printf("\n");
}

static void print_pruned(const struct pruned *p)
{
	char text[UNITS_TEXT_MAX];

	print_list("Deleted Containers", &p->containers);
	print_list("Deleted Volumes", &p->volumes);
	print_images(p);
	printf("Total reclaimed space: %s\n", units_print_size(text, p->bytes));
}

static int run_container(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct prune_options *o = ctx->options;
	autopruned struct pruned pruned = { 0 };
	int r;

	(void)argc;
	(void)argv;
	if (!confirmed(o, "all stopped containers"))
		return 0;
	r = prune_containers(ctx, &o->filters, &pruned, err);
	print_pruned(&pruned);
	return r;
}

static int run_image(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct prune_options *o = ctx->options;
	autopruned struct pruned pruned = { 0 };
	int r;

	(void)argc;
	(void)argv;
	if (!confirmed(o,
		       o->all ? "all images that no container uses" : "all images without a name"))
		return 0;
	r = prune_images(ctx, o->all, &o->filters, &pruned, err);
	print_pruned(&pruned);
	return r;
}

static int run_volume(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct prune_options *o = ctx->options;
	autopruned struct pruned pruned = { 0 };
	int r;

	(void)argc;
	(void)argv;
	if (!confirmed(o, o->all ? "all volumes that no container has"
				 : "all anonymous volumes that no container has"))
		return 0;
	r = prune_volumes(ctx, o->all, &pruned, err);
	print_pruned(&pruned);
	return r;
}

static int run_system(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct prune_options *o = ctx->options;
	autopruned struct pruned pruned = { 0 };
	int r;

	(void)argc;
	(void)argv;
	if (o->volumes && o->filters.n)
		return error_set(err, EINVAL, "--volumes and --filter exclude each other");
	if (!confirmed(o, o->volumes ? "all stopped containers, unused volumes and unused images"
				     : "all stopped containers and unused images"))
		return 0;
	r = prune_containers(ctx, &o->filters, &pruned, err);
	if (r == 0 && o->volumes)
		r = prune_volumes(ctx, false, &pruned, err);
	if (r == 0)
		r = prune_images(ctx, o->all, &o->filters, &pruned, err);
	print_pruned(&pruned);
	return r;
}

static const struct option_def container_options[] = { FILTER, FORCE, { 0 } };

static const struct option_def image_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all,
	  "All that no container uses, not only those without a name"),
	FILTER,
	FORCE,
	{ 0 },
};

static const struct option_def volume_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "Volumes with names, too"),
	FORCE,
	{ 0 },
};

static const struct option_def system_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all,
	  "All images that no container uses, not only those without a name"),
	FILTER,
	FORCE,
	O(0, "volumes", NULL, OPTION_BOOL, volumes, "Anonymous volumes that no container has, too"),
	{ 0 },
};

#define PRUNE(name_, summary_, details_, options_, run_)                                    \
	{                                                                                   \
		.name = (name_), .summary = (summary_), .details = (details_),              \
		.options = (options_), COMMAND_OPTIONS(struct prune_options, .all = false), \
		.max_args = 0, .flags = COMMAND_STORE, .run = (run_),                       \
	}

const struct command cmd_container_prune = PRUNE("prune", "Remove all containers that do not run",
						 NULL, container_options, run_container);
const struct command cmd_image_prune =
	PRUNE("prune", "Remove images without a name, or all that no container uses", NULL,
	      image_options, run_image);
const struct command cmd_volume_prune = PRUNE("prune", "Remove volumes that no container has", NULL,
					      volume_options, run_volume);
const struct command cmd_system_prune =
	PRUNE("prune", "Remove containers that do not run, unused images, unused volumes",
	      "Volumes only with --volumes. Nothing that a container uses goes.", system_options,
	      run_system);
