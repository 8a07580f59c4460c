// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/topology.c - The machine's processors: which share a core, a socket, memory
 *
 * From sysfs (Documentation/admin-guide/cputopology.rst). What a machine does
 * not say, virtual ones for example, is taken as: a core for each, one socket,
 * one node.
 */
#include "runtime/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define LIST_MAX_BYTES 65536

/* The first line of a file, NULL if there is none; the caller frees it. */
static char *read_line(const char *path)
{
	struct error ignored;
	char *text = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, path, LIST_MAX_BYTES, &text, &len, &ignored) < 0)
		return NULL;
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	return text;
}

static bool read_list(struct cpulist *l, const char *path)
{
	autofree char *text = read_line(path);

	return text && cpulist_parse(l, text);
}

static unsigned int first_of(const struct cpulist *l, unsigned int otherwise)
{
	for (unsigned int i = 0; i < CPULIST_MAX; i++)
		if (cpulist_has(l, i))
			return i;
	return otherwise;
}

static void read_cpu(struct topology_cpu *cpu, const char *path)
{
	autofree char *siblings = xasprintf("%s/cpu/cpu%u/topology/thread_siblings_list", path,
					    cpu->id);
	autofree char *package = xasprintf("%s/cpu/cpu%u/topology/physical_package_id", path,
					   cpu->id);
	autofree char *socket = read_line(package);
	struct cpulist core = { 0 };
	uint64_t number;

	cpu->core = read_list(&core, siblings) ? first_of(&core, cpu->id) : cpu->id;
	if (socket && str_parse_u64(socket, UINT32_MAX, &number) == 0) /* -1: unknown */
		cpu->socket = (unsigned int)number;
}

static void read_nodes(struct topology *t, const char *path)
{
	autofree char *online = xasprintf("%s/node/online", path);
	struct cpulist nodes = { 0 };

	if (!read_list(&nodes, online))
		return;
	for (unsigned int node = 0; node < CPULIST_MAX; node++) {
		autofree char *list = NULL;
		struct cpulist cpus = { 0 };

		if (!cpulist_has(&nodes, node))
			continue;
		list = xasprintf("%s/node/node%u/cpulist", path, node);
		for (size_t i = 0; read_list(&cpus, list) && i < t->n; i++)
			if (cpulist_has(&cpus, t->cpus[i].id))
				t->cpus[i].node = node;
	}
}

/**
 * topology_read() - Find the processors that are online
 * @t:		topology_done() releases it
 * @path:	TOPOLOGY_PATH
 *
 * Return: 0, or -errno if the kernel does not tell
 */
int topology_read(struct topology *t, const char *path, struct error *err)
{
	autofree char *online = xasprintf("%s/cpu/online", path);
	struct cpulist list = { 0 };

	*t = (struct topology){ 0 };
	if (!read_list(&list, online))
		return error_set(err, EIO, "read '%s': it is no list of processors", online);
	t->cpus = xcalloc(cpulist_count(&list), sizeof(*t->cpus));
	for (unsigned int i = 0; i < CPULIST_MAX; i++) {
		if (!cpulist_has(&list, i))
			continue;
		t->cpus[t->n].id = i;
		read_cpu(&t->cpus[t->n++], path);
	}
	read_nodes(t, path);
	return 0;
}

/** topology_done() - Release; safe twice */
void topology_done(struct topology *t)
{
	free(t->cpus);
	*t = (struct topology){ 0 };
}
