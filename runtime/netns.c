// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/netns.c - A new network namespace for a container
 *
 * Theory of operation:
 * The kernel takes longer to make it than all others together, so it is made
 * beside them. One that belongs to our user namespace needs nothing of the
 * container, and a thread can begin as soon as it is known that there is to be one.
 * One that belongs to the container's is made once that exists, while the container's
 * first process is busy with its mounts: by a helper process, as there is no way back
 * from another user namespace.
 */
#include "runtime/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/config.h"
#include "runtime/namespace.h"

static int unshare_net(const char *own, struct error *err)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return error_sys(err, errno, "make the container's network namespace");
	fd = openat(AT_FDCWD, own, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open '%s'", own) : fd;
}

static void *make(void *arg)
{
	struct netns_maker *m = arg;

	m->netns = unshare_net("/proc/thread-self/ns/net", &m->err);
	return NULL;
}

/* A second thread is in the way of entering time, mount and user namespaces: setns(2). */
static bool may_begin(const struct config *c)
{
	for (int i = 0; i < CONFIG_NS_COUNT; i++)
		if (c->join_paths[i])
			return false;
	return (c->namespaces & CLONE_NEWNET) && !(c->namespaces & CLONE_NEWTIME) &&
	       !config_has_userns(c);
}

/**
 * netns_begin() - Begin to make it, if there is to be one that needs nothing of the container
 *
 * Where that is not possible netns_finish() does it all. Until then, or netns_give_up(),
 * the caller has a thread more, which takes no lock and no memory.
 */
void netns_begin(struct netns_maker *m, const struct config *c)
{
	*m = (struct netns_maker){ .netns = -1 };
	m->is_at_work = may_begin(c) && pthread_create(&m->thread, NULL, make, m) == 0;
}

struct helper {
	const struct config *config;
	pid_t pid;
	int netns;
	struct error *err;
};

static int make_inside(void *arg)
{
	struct helper *h = arg;
	autoclose int userns = -1;

	if (config_has_userns(h->config)) {
		userns = h->netns = namespace_open_of(h->pid, "user", h->err);
		if (userns < 0)
			return 0;
		if (setns(userns, CLONE_NEWUSER) < 0) {
			h->netns = error_sys(h->err, errno, "enter the container's user namespace");
			return 0;
		}
	}
	h->netns = unshare_net("/proc/self/ns/net", h->err);
	return 0;
}

static int make_by_helper(const struct config *c, pid_t pid, struct error *err)
{
	struct helper h = { c, pid, -1, err };
	_Alignas(16) char stack[16 << 10];
	int r = namespace_run_apart(make_inside, &h, stack, sizeof(stack), err);

	return r < 0 ? r : h.netns;
}

static int await(struct netns_maker *m)
{
	(void)pthread_join(m->thread, NULL);
	m->is_at_work = false;
	return m->netns;
}

/**
 * netns_finish() - The container's network namespace
 * @m:		From netns_begin(), or NULL if that was not called
 * @pid:	The container's first process, whose user namespace owns the new one
 *
 * Return: an fd that the caller closes, or -errno
 */
int netns_finish(struct netns_maker *m, const struct config *c, pid_t pid, struct error *err)
{
	if (!m || !m->is_at_work)
		return make_by_helper(c, pid, err);
	if (await(m) < 0)
		*err = m->err;
	return m->netns;
}

/** netns_give_up() - There will be no container; nothing to do after netns_finish() */
void netns_give_up(struct netns_maker *m)
{
	if (m->is_at_work && await(m) >= 0)
		(void)close(m->netns);
}
