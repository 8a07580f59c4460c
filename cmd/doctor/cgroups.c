// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/doctor/cgroups.c - Which limits can be had, for tare doctor
 *
 * A cgroup is made where a container's would be, with all controllers that can
 * be passed on without moving anybody.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/group.h"
#include "cmd/doctor/doctor.h"
#include "cmd/slice/cap.h"

#define PRESSURE_MAX_BYTES 4096

static bool exists(int dirfd, const char *file)
{
	struct stat st;

	return fstatat(dirfd, file, &st, 0) == 0;
}

/* Why the top does not pass a controller on: asked of one, told as errno. */
static int ask_why(const struct doctor_group *g)
{
	for (int i = 0; i < CGROUP_N_CONTROLLERS; i++) {
		autofree char *text = xasprintf("+%s",
						cgroup_controller_name((enum cgroup_controller)i));
		int r;

		if (!(g->available & ~g->usable & CGROUP_BIT(i)))
			continue;
		r = file_write_at(g->root.fd, "cgroup.subtree_control", text);
		if (r < 0)
			return -r;
	}
	return 0;
}

static bool pressure_is_counted(int fd)
{
	autofree char *text = NULL;
	struct error ignored;
	size_t len;

	return file_read_at(fd, "memory.pressure", PRESSURE_MAX_BYTES, &text, &len, &ignored) == 0;
}

static void look_into(struct doctor_group *g, int fd)
{
	struct error ignored;

	(void)cgroup_read_controllers(fd, "cgroup.controllers", &g->usable, &ignored);
	g->must_vacate = cgroup_is_inhabited(g->root.fd);
	if ((g->available & ~g->usable) && !g->must_vacate)
		g->enable_error = ask_why(g);
	g->has_kill = exists(fd, "cgroup.kill");
	g->has_swap = exists(fd, "memory.swap.max");
	g->has_peak = exists(fd, "memory.peak");
	g->has_pressure = pressure_is_counted(fd);
}

/**
 * doctor_group_try() - Make a cgroup, see what it has, remove it
 *
 * Controllers that were switched on for it stay so: a container may have been
 * started meanwhile that needs them, and would lose its limits.
 */
void doctor_group_try(struct doctor_group *g)
{
	autofree char *path = xasprintf("%s/doctor-%d", CGROUP_PARENT, (int)getpid());
	int fd = -1;

	g->root.fd = -1;
	if (cgroup_root_open(&g->root, &g->err) < 0)
		return;
	g->root.on_new_top = cap_enforce;
	(void)cgroup_read_controllers(g->root.fd, "cgroup.controllers", &g->available,
				      &(struct error){ 0 });
	if (cgroup_create(&g->root, path, NULL, &fd, &g->err) < 0)
		return;
	cgroup_offer_controllers(&g->root, path);
	look_into(g, fd);
	(void)close(fd);
	(void)cgroup_remove(&g->root, path, 0, &(struct error){ 0 });
}

/* ---- findings ------------------------------------------------------------ */

static void look_group(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	const struct doctor_group *g = &d->group;

	(void)feature;
	if (g->err.code) {
		doctor_no(f, 0, "%s", g->err.msg);
		if (*g->err.hint)
			doctor_type(f, "%s", g->err.hint);
		return;
	}
	doctor_yes(f, "'%s/%s'%s", g->root.path, CGROUP_PARENT,
		   g->root.hybrid ? ", beside cgroup v1" : "");
}

/* The reason without the flag that it is usually told with. */
static const char *after_colon(const char *msg)
{
	const char *colon = strstr(msg, ": ");

	return colon ? colon + 2 : msg;
}

static void look_controller(const struct doctor *d, const struct doctor_feature *feature,
			    struct doctor_finding *f)
{
	const struct doctor_group *g = &d->group;
	autofree char *file = xasprintf("%s.x", feature->name);
	int controller = cgroup_controller_of_file(file);
	struct error why = { 0 };

	if (g->err.code) {
		doctor_no(f, 0, "there is no cgroup to try it in");
	} else if (g->usable & CGROUP_BIT(controller)) {
		doctor_yes(f, NULL);
	} else if (!(g->available & CGROUP_BIT(controller))) {
		(void)cgroup_missing_controller((enum cgroup_controller)controller, "it", &why);
		doctor_no(f, 0, "%s", after_colon(why.msg));
		doctor_type(f, "%s",
			    strstr(why.msg, "cgroup v1")
				    ? why.hint
				    : "boot a kernel that has it; inside a container, have that "
				      "one start with it");
	} else if (g->must_vacate) {
		doctor_yes(f, "with the first limit the processes in '%s' move to '%s/host' there",
			   g->root.path, CGROUP_PARENT);
	} else {
		doctor_no(f, g->enable_error, "write '+%s' to '%s/cgroup.subtree_control'",
			  feature->name, g->root.path);
	}
}

static void say_file(const struct doctor_group *g, bool there, const char *file, const char *type,
		     struct doctor_finding *f)
{
	if (there) {
		doctor_yes(f, NULL);
	} else if (g->err.code ||
		   (str_starts(file, "memory.") && !(g->usable & CGROUP_BIT(CGROUP_MEMORY)))) {
		doctor_no(f, 0, "no controller 'memory' was at hand to look for '%s'", file);
		if (g->must_vacate)
			doctor_type(f, "tare run --rm --memory 64m IMAGE, and ask again");
	} else {
		doctor_no(f, 0, "there is no '%s'", file);
		doctor_type(f, "%s", type);
	}
}

static void look_swap(const struct doctor *d, const struct doctor_feature *feature,
		      struct doctor_finding *f)
{
	(void)feature;
	say_file(&d->group, d->group.has_swap, "memory.swap.max",
		 "boot with swapaccount=1, or a kernel with CONFIG_SWAP", f);
}

static void look_peak(const struct doctor *d, const struct doctor_feature *feature,
		      struct doctor_finding *f)
{
	(void)feature;
	say_file(&d->group, d->group.has_peak, "memory.peak", "boot Linux 5.19 or later", f);
}

static void look_kill(const struct doctor *d, const struct doctor_feature *feature,
		      struct doctor_finding *f)
{
	(void)feature;
	if (d->group.err.code)
		doctor_no(f, 0, "there is no cgroup to try it in");
	else
		say_file(&d->group, d->group.has_kill, "cgroup.kill", "boot Linux 5.14 or later",
			 f);
}

static void look_pressure(const struct doctor *d, const struct doctor_feature *feature,
			  struct doctor_finding *f)
{
	autofree char *text = NULL;
	struct error err = { 0 };
	size_t len;
	int r = 0;

	(void)feature;
	if (!d->group.has_pressure)
		r = file_read_at(AT_FDCWD, "/proc/pressure/memory", PRESSURE_MAX_BYTES, &text, &len,
				 &err);
	if (r == 0 && (d->group.has_pressure || d->group.err.code)) {
		doctor_yes(f, NULL);
	} else if (r < 0) {
		doctor_no(f, -r, "read '/proc/pressure/memory'");
		doctor_type(f, "boot with psi=1");
	} else {
		doctor_no(f, 0, "the host's is counted, that of cgroups not");
		doctor_type(f, "boot without cgroup_disable=pressure");
	}
}

const struct doctor_feature doctor_cgroups[] = {
	{ "cgroup", "cgroups of our own", "there are no limits, and stats shows nothing", false,
	  look_group },
	{ "cpu", "processor time: limits, shares, figures", "--cpus and --cpu-shares are refused",
	  false, look_controller },
	{ "cpuset", "which processors and memory nodes",
	  "--cpuset-cpus and --cpuset-mems are refused", false, look_controller },
	{ "io", "disks: limits and figures", "--device-read-bps and the like are refused", false,
	  look_controller },
	{ "memory", "memory: limits and figures", "--memory is refused", false, look_controller },
	{ "pids", "number of processes", "--pids-limit is refused", false, look_controller },
	{ "hugetlb", "huge pages", "huge pages cannot be limited", false, look_controller },
	{ "misc", "scalar resources of some hardware", "--cgroup-conf misc.max is refused", false,
	  look_controller },
	{ "rdma", "RDMA devices", "--cgroup-conf rdma.max is refused", false, look_controller },
	{ "swap", "swap is counted and limited", "--memory-swap is refused", false, look_swap },
	{ "memory.peak", "the most memory that was in use", "reports have no peak", false,
	  look_peak },
	{ "cgroup.kill", "all processes of a container killed at once",
	  "they are killed one by one", false, look_kill },
	{ "psi", "pressure: time spent waiting", "stats and reports have no pressure", false,
	  look_pressure },
	{ 0 },
};
