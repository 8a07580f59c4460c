// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/cpu_lease.c - Whole processors for one container each
 *
 * A processor is leased by an open-file-description lock on its byte of
 * RUNROOT/cpus.lock, which the container's supervisor holds: nothing to clean
 * up after a crash. Who chooses locks one more byte meanwhile, so that two
 * choices never meet half-way.
 *
 * Processors that share a core stay together as far as can be: whole cores are
 * taken first, and what is less than a core comes from one that is broken
 * already. All of them come from one memory node where one has enough, from
 * the one with the fewest, so that large wishes find room later.
 */
#include "runtime/cpu_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "runtime/topology.h"

#define CHOOSER CPULIST_MAX

/* ---- choosing: pure ------------------------------------------------------- */

static unsigned int count_node(const struct topology *t, const struct cpulist *from,
			       unsigned int node)
{
	unsigned int n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->cpus[i].node == node && cpulist_has(from, t->cpus[i].id);
	return n;
}

/* Only one node's, if one has enough. */
static void keep_one_node(const struct topology *t, struct cpulist *from, unsigned int n)
{
	unsigned int best = 0, best_count = 0;

	for (size_t i = 0; i < t->n; i++) {
		unsigned int count = count_node(t, from, t->cpus[i].node);

		if (count >= n && (!best_count || count < best_count)) {
			best = t->cpus[i].node;
			best_count = count;
		}
	}
	for (size_t i = 0; best_count && i < t->n; i++)
		if (t->cpus[i].node != best)
			cpulist_drop(from, t->cpus[i].id);
}

struct core {
	unsigned int id, all, there; /* how many processors; how many are to be had */
};

static struct core core_at(const struct topology *t, const struct cpulist *from, size_t at)
{
	struct core core = { .id = t->cpus[at].core };

	for (size_t i = 0; i < t->n; i++) {
		if (t->cpus[i].core != core.id)
			continue;
		core.all++;
		core.there += cpulist_has(from, t->cpus[i].id);
	}
	return core;
}

/* The better one for @left more: whole if that is not too much; else the least that is enough. */
static bool is_better(const struct core *a, const struct core *b, unsigned int left)
{
	bool a_whole = a->there == a->all && a->all <= left;
	bool b_whole = b->there == b->all && b->all <= left;

	if (!b->there || a_whole != b_whole)
		return !b->there || a_whole;
	if ((a->there >= left) != (b->there >= left))
		return a->there >= left;
	return a->there >= left ? a->there < b->there : a->there > b->there;
}

static unsigned int take_core(const struct topology *t, struct cpulist *from, unsigned int core,
			      unsigned int most, struct cpulist *out)
{
	unsigned int taken = 0;

	for (size_t i = 0; i < t->n && taken < most; i++) {
		if (t->cpus[i].core != core || !cpulist_has(from, t->cpus[i].id))
			continue;
		cpulist_drop(from, t->cpus[i].id);
		cpulist_add(out, t->cpus[i].id);
		taken++;
	}
	return taken;
}

/**
 * cpu_lease_choose() - Choose processors
 * @from:	To choose from; those that are not in @t do not count
 * @n:		How many
 * @out:	Written on success only
 *
 * Return: 0, or -EBUSY if there are not as many
 */
int cpu_lease_choose(const struct topology *t, const struct cpulist *from, unsigned int n,
		     struct cpulist *out)
{
	struct cpulist there = *from, chosen = { 0 };

	keep_one_node(t, &there, n);
	for (unsigned int left = n; left > 0;) {
		struct core best = { .there = 0 };

		for (size_t i = 0; i < t->n; i++) {
			struct core core = core_at(t, &there, i);

			if (core.there && is_better(&core, &best, left))
				best = core;
		}
		if (!best.there)
			return -EBUSY;
		left -= take_core(t, &there, best.id, left, &chosen);
	}
	*out = chosen;
	return 0;
}

/* ---- leasing -------------------------------------------------------------- */

static int set_lock(int fd, int command, short type, unsigned int byte)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};
	int r;

	do
		r = fcntl(fd, command, &lock);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static bool is_held(int fd, unsigned int byte)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

static int open_locks(int run_fd, struct error *err)
{
	int fd = openat(run_fd, "cpus.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? error_sys(err, errno, "open 'cpus.lock'") : fd;
}

static int lease(int fd, const struct topology *t, const struct cpulist *allowed, unsigned int n,
		 struct cpulist *out, struct error *err)
{
	struct cpulist from = { 0 };
	int r = 0;

	for (size_t i = 0; i < t->n; i++)
		if (cpulist_has(allowed, t->cpus[i].id) && !is_held(fd, t->cpus[i].id))
			cpulist_add(&from, t->cpus[i].id);
	if (cpu_lease_choose(t, &from, n, out) < 0) {
		error_set(err, EBUSY, "%u processors are wanted, %u are free", n,
			  cpulist_count(&from));
		return error_hint(err, "'tare cpus' shows who has which");
	}
	for (size_t i = 0; r == 0 && i < t->n; i++)
		if (cpulist_has(out, t->cpus[i].id))
			r = set_lock(fd, F_OFD_SETLK, F_WRLCK, t->cpus[i].id);
	return r < 0 ? error_sys(err, -r, "lock 'cpus.lock'") : 0;
}

/**
 * cpu_lease() - Take processors that no other container has
 * @run_fd:	RUNROOT
 * @allowed:	To choose from
 * @n:		How many
 * @out:	Which; written on success only
 *
 * Return: the fd that holds the lease until its last copy is closed; -EBUSY if
 * not as many are free; or -errno
 */
int cpu_lease(int run_fd, const struct topology *t, const struct cpulist *allowed, unsigned int n,
	      struct cpulist *out, struct error *err)
{
	autoclose int fd = open_locks(run_fd, err);
	int r;

	if (fd < 0)
		return fd;
	r = set_lock(fd, F_OFD_SETLKW, F_WRLCK, CHOOSER);
	if (r < 0)
		return error_sys(err, -r, "lock 'cpus.lock'");
	r = lease(fd, t, allowed, n, out, err);
	(void)set_lock(fd, F_OFD_SETLK, F_UNLCK, CHOOSER);
	return r < 0 ? r : steal_fd(&fd);
}

/** cpu_lease_list() - Which processors somebody has; 0 or -errno */
int cpu_lease_list(int run_fd, const struct topology *t, struct cpulist *held, struct error *err)
{
	autoclose int fd = open_locks(run_fd, err);

	if (fd < 0)
		return fd;
	*held = (struct cpulist){ 0 };
	for (size_t i = 0; i < t->n; i++)
		if (is_held(fd, t->cpus[i].id))
			cpulist_add(held, t->cpus[i].id);
	return 0;
}
