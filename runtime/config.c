// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/config.c - Everything that makes one container, as plain data
 */
#include "runtime/config.h"

#include <sched.h>
#include <stdlib.h>

#include "base/cleanup.h"

/** config_init() - An empty configuration: no namespaces, nothing to join, no ids mapped */
void config_init(struct config *c)
{
	*c = (struct config){ .join_net = -1, .idmap_base = -1 };
}

/** config_process_done() - Release what the description of a process holds */
void config_process_done(struct config_process *p)
{
	strlist_done(&p->args);
	strlist_done(&p->env);
	strlist_done(&p->add_groups);
	free(p->cwd);
	free(p->user);
	seccomp_done(&p->seccomp);
}

/** config_done() - Release all that a configuration holds */
void config_done(struct config *c)
{
	free(c->id);
	free(c->hostname);
	free(c->root_path);
	strlist_done(&c->lowers);
	for (size_t i = 0; i < c->n_mounts; i++) {
		free(c->mounts[i].source);
		free(c->mounts[i].target);
		strlist_done(&c->mounts[i].data);
	}
	for (size_t i = 0; i < c->n_devices; i++) {
		free(c->devices[i].source);
		free(c->devices[i].target);
	}
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i].content);
	free(c->mounts);
	free(c->devices);
	free(c->files);
	if (c->join_net >= 0)
		(void)close(c->join_net);
	config_process_done(&c->process);
	config_init(c);
}

/** config_has_userns() - Whether the container gets a user namespace of its own */
bool config_has_userns(const struct config *c)
{
	return c->namespaces & CLONE_NEWUSER;
}
