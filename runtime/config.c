// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/config.c - Everything that makes one container, as plain data
 */
#include "runtime/config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sys.h"

/* Names as in config.json (config-linux.md, "Namespaces"), flags of clone(2). */
static const struct {
	const char *name;
	uint64_t flag;
} namespaces[CONFIG_NS_COUNT] = {
	[CONFIG_NS_USER] = { "user", CLONE_NEWUSER },
	[CONFIG_NS_PID] = { "pid", CLONE_NEWPID },
	[CONFIG_NS_NET] = { "network", CLONE_NEWNET },
	[CONFIG_NS_IPC] = { "ipc", CLONE_NEWIPC },
	[CONFIG_NS_UTS] = { "uts", CLONE_NEWUTS },
	[CONFIG_NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP },
	[CONFIG_NS_TIME] = { "time", CLONE_NEWTIME },
	[CONFIG_NS_MOUNT] = { "mount", CLONE_NEWNS },
};

/** config_ns_flag() - CLONE_NEW* of a namespace */
uint64_t config_ns_flag(enum config_ns ns)
{
	return namespaces[ns].flag;
}

/** config_ns_name() - "network", "pid", …: linux.namespaces[].type */
const char *config_ns_name(enum config_ns ns)
{
	return namespaces[ns].name;
}

/** config_ns_of_name() - The enum config_ns of a name, or -ENOENT */
int config_ns_of_name(const char *name)
{
	for (int i = 0; i < CONFIG_NS_COUNT; i++)
		if (!strcmp(namespaces[i].name, name))
			return i;
	return -ENOENT;
}

/** config_init() - An empty configuration: no namespaces, nothing to join, no ids mapped */
void config_init(struct config *c)
{
	*c = (struct config){ .join_net = -1, .idmap_base = -1, .process.umask = 022 };
}

/** config_process_done() - Release what the description of a process holds */
void config_process_done(struct config_process *p)
{
	strlist_done(&p->args);
	strlist_done(&p->env);
	strlist_done(&p->add_groups);
	free(p->cwd);
	free(p->user);
	free(p->groups);
	seccomp_done(&p->seccomp);
	attributes_done(&p->attributes);
}

static void mount_done(struct config_mount *m)
{
	free(m->type);
	free(m->source);
	free(m->target);
	free(m->uid_map.items);
	free(m->gid_map.items);
	strlist_done(&m->data);
}

static void hooks_done(struct config_hook_list *hooks)
{
	for (size_t i = 0; i < hooks->n; i++) {
		free(hooks->items[i].path);
		strlist_done(&hooks->items[i].args);
		strlist_done(&hooks->items[i].env);
	}
	free(hooks->items);
}

static void bundle_done(struct config *c)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		free(c->nodes[i].path);
	free(c->nodes);
	strlist_done(&c->masked_paths);
	strlist_done(&c->readonly_paths);
	strlist_done(&c->sysctls);
	for (size_t i = 0; i < CONFIG_HOOK_KINDS; i++)
		hooks_done(&c->hooks[i]);
	for (size_t i = 0; i < CONFIG_NS_COUNT; i++)
		free(c->join_paths[i]);
	free(c->uid_map.items);
	free(c->gid_map.items);
	free(c->time_offsets);
}

/** config_done() - Release all that a configuration holds */
void config_done(struct config *c)
{
	free(c->id);
	free(c->hostname);
	free(c->domainname);
	free(c->root_path);
	free(c->lower_store);
	strlist_done(&c->lowers);
	for (size_t i = 0; i < c->n_mounts; i++)
		mount_done(&c->mounts[i]);
	for (size_t i = 0; i < c->n_devices; i++) {
		free(c->devices[i].source);
		free(c->devices[i].target);
	}
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i].content);
	free(c->mounts);
	free(c->devices);
	free(c->files);
	cleanup_close(&c->join_net);
	bundle_done(c);
	config_process_done(&c->process);
	config_init(c);
}

/** config_has_hooks_before_pivot() - Whether init has to wait with its tree complete; runtime/sync */
bool config_has_hooks_before_pivot(const struct config *c)
{
	return c->hooks[CONFIG_HOOK_PRESTART].n || c->hooks[CONFIG_HOOK_CREATE_RUNTIME].n ||
	       c->hooks[CONFIG_HOOK_CREATE_CONTAINER].n;
}

/** config_has_own() - Whether the container has another such namespace than we, new or joined by
 * path */
bool config_has_own(const struct config *c, enum config_ns ns)
{
	return (c->namespaces & config_ns_flag(ns)) || c->join_paths[ns];
}

/** config_has_userns() - Whether the container has another user namespace than we */
bool config_has_userns(const struct config *c)
{
	return config_has_own(c, CONFIG_NS_USER);
}

/**
 * config_root_attributes() - MOUNT_ATTR_* of a root that is no bundle's
 *
 * Where no privileges can be gained, setuid bits are without effect. But a program with a file
 * capability that is not to be had (Debian's ping) could not be executed at all
 * (capabilities(7), "Safety checking for capability-dumb binaries"), unless its mount is nosuid.
 */
uint64_t config_root_attributes(const struct config *c)
{
	return SYS_MOUNT_ATTR_NODEV | (c->process.no_new_privs ? SYS_MOUNT_ATTR_NOSUID : 0);
}
