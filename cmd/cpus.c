// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/cpus.c - tare cpus: the machine's processors, and whose they are
 *
 * Three sources, none of which can be stale: sysfs says what there is, the
 * locks what is held (runtime/cpu_lease.c), the cgroups of running containers
 * which of them may run where.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cgroups/setting.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/settings.h"
#include "cmd/target.h"
#include "runtime/cpu_lease.h"
#include "runtime/topology.h"

struct cpus_options {
	const char *format;
	bool no_heading;
};

#define O(...) OPTION(struct cpus_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O('n', "noheading", NULL, OPTION_BOOL, no_heading, "No line of titles"),
	{ 0 },
};

static const struct format_column columns[] = {
	{ "CPU", "CPU" },   { "Core", "CORE" },		  { "Socket", "SOCKET" },
	{ "Node", "NODE" }, { "State", "STATE" },	  { "Container", "CONTAINER" },
	{ "VCPU", "VCPU" }, { "Shared", "ALSO USED BY" }, { NULL, NULL },
};

#define TEMPLATE                                                                               \
	"{{.CPU}}\t{{.Core}}\t{{.Socket}}\t{{.Node}}\t{{.State}}\t{{.Container}}\t{{.VCPU}}\t" \
	"{{.Shared}}"

/* A container that is bound to some processors. */
struct bound {
	char *name;
	struct cpulist cpus;
	bool owns; /* they are its own: --vcpus */
};

struct map {
	struct topology machine;
	struct cpulist held;
	struct bound *bound;
	size_t n;
};

static void map_done(struct map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->bound[i].name);
	free(m->bound);
	topology_done(&m->machine);
}

static void add_container(struct map *m, const struct context *ctx, const struct cgroup_root *root,
			  const struct record *r)
{
	autosettings struct settings s = { 0 };
	autofree char *path = xasprintf("%s/cpuset.cpus", r->cgroup);
	autofree char *list = *r->cgroup ? cgroup_read_control(root->fd, path) : NULL;
	struct bound b = { 0 };
	struct error ignored; /* it has just gone */

	if (!list || !*list || !cpulist_parse(&b.cpus, list) ||
	    settings_load(&s, &ctx->store, r->id, &ignored) < 0)
		return;
	b.name = xstrdup(r->name);
	b.owns = s.vcpus > 0;
	m->bound = xrealloc(m->bound, (m->n + 1) * sizeof(b));
	m->bound[m->n++] = b;
}

static int add_containers(struct map *m, const struct context *ctx, struct error *err)
{
	struct cgroup_root root = { .fd = -1 };
	autostrlist struct strlist ids = { 0 };
	int r;

	if (cgroup_root_open(&root, &(struct error){ 0 }) < 0)
		return 0; /* no cgroups: nobody is bound */
	r = target_list(ctx, true, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		autorecord struct record record;

		record_init(&record);
		if (record_read(&ctx->store, ids.items[i], &record, &(struct error){ 0 }) == 0)
			add_container(m, ctx, &root, &record);
	}
	cgroup_root_close(&root);
	return r;
}

static const struct bound *owner_of(const struct map *m, unsigned int cpu)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->bound[i].owns && cpulist_has(&m->bound[i].cpus, cpu))
			return &m->bound[i];
	return NULL;
}

/* The number that programs in there would give it, if they number those they have. */
static unsigned int virtual_number(const struct bound *b, unsigned int cpu)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < cpu; i++)
		n += cpulist_has(&b->cpus, i);
	return n;
}

static void list_others(const struct map *m, unsigned int cpu, struct strlist *names)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->bound[i].owns && cpulist_has(&m->bound[i].cpus, cpu))
			strlist_add(names, m->bound[i].name);
}

static const char *state_of(const struct map *m, const struct bound *owner, unsigned int cpu)
{
	if (!cpulist_has(&m->held, cpu))
		return "free";
	return owner ? "held" : "starting";
}

static struct json *text_row(const struct map *m, const struct topology_cpu *cpu)
{
	const struct bound *owner = owner_of(m, cpu->id);
	autostrlist struct strlist others = { 0 };
	struct json *row = json_new_map();
	const struct {
		const char *key;
		unsigned int value;
	} numbers[] = {
		{ "CPU", cpu->id },
		{ "Core", cpu->core },
		{ "Socket", cpu->socket },
		{ "Node", cpu->node },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		json_take_text(row, numbers[i].key, xasprintf("%u", numbers[i].value));
	list_others(m, cpu->id, &others);
	json_set_text(row, "State", state_of(m, owner, cpu->id));
	json_set_text(row, "Container", owner ? owner->name : "");
	json_take_text(row, "Shared", strlist_join(&others, ","));
	json_take_text(row, "VCPU",
		       owner ? xasprintf("%u", virtual_number(owner, cpu->id)) : xstrdup(""));
	return row;
}

static struct json *typed_row(const struct map *m, const struct topology_cpu *cpu)
{
	const struct bound *owner = owner_of(m, cpu->id);
	autostrlist struct strlist others = { 0 };
	struct json *row = json_new_map();

	list_others(m, cpu->id, &others);
	json_set_int(row, "CPU", cpu->id);
	json_set_int(row, "Core", cpu->core);
	json_set_int(row, "Socket", cpu->socket);
	json_set_int(row, "Node", cpu->node);
	json_set_text(row, "State", state_of(m, owner, cpu->id));
	json_set(row, "Container", owner ? json_new_text(owner->name) : json_new_nil());
	json_set(row, "VCPU",
		 owner ? json_new_int(virtual_number(owner, cpu->id)) : json_new_nil());
	json_set_list(row, "Shared", others.items, others.n);
	return row;
}

static int print(const struct map *m, const struct cpus_options *o, struct error *err)
{
	autoformat struct format f = { 0 };
	int r = format_open(&f, o->format, TEMPLATE, columns, !o->no_heading, err);

	for (size_t i = 0; r == 0 && i < m->machine.n; i++) {
		const struct topology_cpu *cpu = &m->machine.cpus[i];

		r = format_add(&f, format_is_typed(&f) ? typed_row(m, cpu) : text_row(m, cpu), err);
	}
	return r == 0 ? format_print(&f, err) : r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct map m = { 0 };
	int r;

	(void)argc;
	(void)argv;
	r = topology_read(&m.machine, TOPOLOGY_PATH, err);
	if (r == 0)
		r = cpu_lease_list(ctx->store.run_fd, &m.machine, &m.held, err);
	if (r == 0)
		r = add_containers(&m, ctx, err);
	if (r == 0)
		r = print(&m, ctx->options, err);
	map_done(&m);
	return r;
}

const struct command cmd_cpus = {
	.name = "cpus",
	.summary = "Show the machine's processors, and which containers have them",
	.details =
		"A container that was run with --vcpus N has N processors to itself, as far as other "
		"such containers go: held. VCPU is the number that it has among the container's. "
		"Others that are bound to a processor, by --cpuset-cpus, are listed beside it; those "
		"that are bound to none may run on all.\n\n"
		"Processors with the same CORE share it.\n\n"
		"  tare run -d --name db --vcpus 4 postgres\n"
		"  tare cpus --format '{{.Container}} {{.VCPU}} {{.CPU}}'",
	.options = options,
	COMMAND_OPTIONS(struct cpus_options, .no_heading = false),
	.max_args = 0,
	.flags = COMMAND_STORE,
	.run = run,
};
