// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/hierarchy.c - The cgroup2 mount: where it is, which controllers it has
 *
 * A controller works for a cgroup when every cgroup above it passes it on, in
 * its cgroup.subtree_control. That is written once, by the first container
 * that needs the controller, and stays: switching controllers on and off moves
 * every process of the subtree.
 *
 * That does not go together with processes of its own; only the machine's root
 * is exempt. For most controllers the kernel refuses it (EBUSY), for the others
 * it makes the cgroup one for threads, below which no container can be. Inside
 * somebody else's container our root is such a cgroup: its processes then move
 * to a leaf first, CGROUP_HOST_LEAF.
 */
#include "cgroups/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#define CGROUP_HOST_LEAF      "tare/host"
#define CONTROLLERS_MAX_BYTES 4096
#define MOUNTINFO_MAX_BYTES   (4U << 20)
#define PROCS_MAX_BYTES	      (1U << 20)
/* Processes fork while they are being moved; this often is the list read again. */
#define MOVE_ROUNDS 10

static const char *const controller_names[CGROUP_N_CONTROLLERS] = {
	[CGROUP_CPU] = "cpu",	[CGROUP_CPUSET] = "cpuset", [CGROUP_HUGETLB] = "hugetlb",
	[CGROUP_IO] = "io",	[CGROUP_MEMORY] = "memory", [CGROUP_MISC] = "misc",
	[CGROUP_PIDS] = "pids", [CGROUP_RDMA] = "rdma",
};

static int open_cgroup2(const char *path)
{
	autoclose int fd = -1;
	struct statfs fs;

	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENOENT;
	return steal_fd(&fd);
}

/* The mount point of a line of /proc/self/mountinfo if that is of cgroup2, else NULL. */
static const char *mountinfo_cgroup2(char *line)
{
	char *rest = strstr(line, " - cgroup2 "), *save = NULL, *word;

	if (!rest)
		return NULL;
	*rest = '\0';
	word = strtok_r(line, " ", &save); /* fields: id parent dev root mountpoint */
	for (int i = 0; word && i < 4; i++)
		word = strtok_r(NULL, " ", &save);
	return word;
}

static int search_mountinfo(struct cgroup_root *root, struct error *err)
{
	autofree char *text = NULL;
	char *save = NULL;
	size_t len;
	int r;

	r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *path = mountinfo_cgroup2(l);

		if (!path || strlen(path) >= sizeof(root->path))
			continue;
		root->fd = open_cgroup2(path);
		if (root->fd < 0)
			continue;
		snprintf(root->path, sizeof(root->path), "%s", path);
		return 0;
	}
	error_set(err, ENOENT, "find the cgroup2 file system: it is not mounted");
	return error_hint(err, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
}

/**
 * cgroup_root_open() - Find the cgroup2 tree
 * @root:	Filled in on success; cgroup_root_close() releases it
 *
 * Costs two system calls where cgroup2 is at its usual place.
 *
 * Return: 0, or -ENOENT if cgroup2 is not mounted: containers without limits
 * can do without it
 */
int cgroup_root_open(struct cgroup_root *root, struct error *err)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct cgroup_root found = { .fd = -1 };
	int r;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && found.fd < 0; i++) {
		found.fd = open_cgroup2(usual[i]);
		if (found.fd < 0)
			continue;
		snprintf(found.path, sizeof(found.path), "%s", usual[i]);
		found.hybrid = i > 0;
	}
	if (found.fd < 0) {
		found.hybrid = true;
		r = search_mountinfo(&found, err);
		if (r < 0)
			return r;
	}
	*root = found;
	return 0;
}

/** cgroup_root_close() - Release @root; NULL and already closed ones are fine */
void cgroup_root_close(struct cgroup_root *root)
{
	if (root)
		cleanup_close(&root->fd);
}

/** cgroup_controller_name() - The kernel's name of a controller */
const char *cgroup_controller_name(enum cgroup_controller controller)
{
	return controller_names[controller];
}

static int controller_by_name(const char *name, size_t len)
{
	for (int i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (strlen(controller_names[i]) == len && !strncmp(controller_names[i], name, len))
			return i;
	return -ENOENT;
}

/**
 * cgroup_controller_of_file() - Which controller a control file belongs to
 * @file:	As "memory.max"
 *
 * Return: enum cgroup_controller, or -ENOENT if it is none's
 */
int cgroup_controller_of_file(const char *file)
{
	size_t len = strcspn(file, ".");

	return file[len] ? controller_by_name(file, len) : -ENOENT;
}

/** cgroup_parse_controllers() - The set named by "cpuset cpu io"; unknown names are passed over */
unsigned int cgroup_parse_controllers(const char *text)
{
	unsigned int mask = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");
		int controller = controller_by_name(text, len);

		if (controller >= 0)
			mask |= CGROUP_BIT(controller);
		text += len;
		text += strspn(text, " \n");
	}
	return mask;
}

/**
 * cgroup_read_controllers() - Read a list of controllers
 * @dirfd:	A cgroup
 * @file:	"cgroup.controllers" (usable in it) or "cgroup.subtree_control" (passed on)
 * @mask:	Written on success
 */
int cgroup_read_controllers(int dirfd, const char *file, unsigned int *mask, struct error *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	r = file_read_at(dirfd, file, CONTROLLERS_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	*mask = cgroup_parse_controllers(text);
	return 0;
}

/* Whether cgroup v1 has taken the controller: a line as "8:memory:/path" in /proc/self/cgroup. */
static bool used_by_v1(enum cgroup_controller controller)
{
	const char *name = controller == CGROUP_IO ? "blkio" : controller_names[controller];
	autofree char *text = NULL;
	char *save = NULL;
	struct error ignored; /* this only refines a message */
	size_t len;

	if (file_read_at(AT_FDCWD, "/proc/self/cgroup", PROCS_MAX_BYTES, &text, &len, &ignored) < 0)
		return false;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(l, ':'), *end, *save_name = NULL;

		end = list ? strchr(list + 1, ':') : NULL;
		if (!end)
			continue;
		*end = '\0';
		for (char *n = strtok_r(list + 1, ",", &save_name); n;
		     n = strtok_r(NULL, ",", &save_name))
			if (!strcmp(n, name))
				return true;
	}
	return false;
}

/** cgroup_controller_absence() - Why a controller does not reach a cgroup; the caller frees it */
char *cgroup_controller_absence(enum cgroup_controller controller)
{
	return xasprintf(used_by_v1(controller) ? "controller '%s' is mounted as cgroup v1"
						: "controller '%s' does not reach the cgroup",
			 controller_names[controller]);
}

/**
 * cgroup_missing_controller() - Say why a limit cannot be enforced here
 * @option:	The flag that asked for it, as "--memory"
 *
 * Return: -EOPNOTSUPP, always
 */
int cgroup_missing_controller(enum cgroup_controller controller, const char *option,
			      struct error *err)
{
	const char *name = controller_names[controller];

	if (used_by_v1(controller)) {
		error_set(err, EOPNOTSUPP,
			  "%s on this host: controller '%s' is mounted as cgroup v1", option, name);
		return error_hint(err, "boot with cgroup_no_v1=%s, or run without %s",
				  controller == CGROUP_IO ? "blkio" : name, option);
	}
	error_set(err, EOPNOTSUPP, "%s on this host: controller '%s' is not available in cgroup v2",
		  option, name);
	return error_hint(err,
			  "cgroup.controllers of the cgroup2 mount lists what the kernel and the "
			  "surrounding container allow");
}

/**
 * cgroup_is_inhabited() - Whether a cgroup has processes that are in the way of controllers
 *
 * False for the machine's root, which alone may have both.
 */
bool cgroup_is_inhabited(int dirfd)
{
	autofree char *procs = NULL;
	struct error ignored; /* writing the file that matters says more */
	size_t len = 0;

	if (faccessat(dirfd, "cgroup.type", F_OK, 0) < 0)
		return false;
	return file_read_at(dirfd, "cgroup.procs", PROCS_MAX_BYTES, &procs, &len, &ignored) == 0 &&
	       len > 0;
}

/* Move every process of the root to a leaf: inside a container that is where all of them start. */
static int vacate_root(const struct cgroup_root *root, struct error *err)
{
	autoclose int leaf = -1;
	int r;

	if (mkdirat(root->fd, "tare", 0755) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make cgroup '%s/tare'", root->path);
	leaf = file_open_dir(root->fd, CGROUP_HOST_LEAF, 0755, err);
	if (leaf < 0)
		return leaf;
	for (int round = 0; round < MOVE_ROUNDS; round++) {
		autofree char *pids = NULL;
		char *save = NULL;
		size_t len;

		r = file_read_at(root->fd, "cgroup.procs", PROCS_MAX_BYTES, &pids, &len, err);
		if (r < 0)
			return r;
		if (len == 0)
			return 0;
		for (char *p = strtok_r(pids, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
			r = file_write_at(leaf, "cgroup.procs", p);
			if (r < 0 && r != -ESRCH)
				return error_sys(err, -r, "move process %s to cgroup '%s/%s'", p,
						 root->path, CGROUP_HOST_LEAF);
		}
	}
	return error_set(err, EBUSY, "move the processes out of cgroup '%s': new ones kept coming",
			 root->path);
}

/* One write per controller: in a joint one a single unavailable name makes all of them fail. */
static int write_subtree_control(int dirfd, unsigned int controllers, int *failed)
{
	for (int i = 0; i < CGROUP_N_CONTROLLERS; i++) {
		char text[16];
		int r;

		if (!(controllers & CGROUP_BIT(i)))
			continue;
		snprintf(text, sizeof(text), "+%s", controller_names[i]);
		r = file_write_at(dirfd, "cgroup.subtree_control", text);
		if (r < 0) {
			*failed = i;
			return r;
		}
	}
	return 0;
}

static int enable_in(const struct cgroup_root *root, const char *dir, unsigned int wanted,
		     struct error *err)
{
	bool top = !strcmp(dir, ".");
	autoclose int fd = -1;
	unsigned int have;
	int r, failed = 0;

	fd = openat(root->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open cgroup '%s/%s'", root->path, dir);
	r = cgroup_read_controllers(fd, "cgroup.subtree_control", &have, err);
	if (r < 0 || !(wanted & ~have))
		return r;
	if (top && cgroup_is_inhabited(fd)) {
		r = vacate_root(root, err);
		if (r < 0)
			return r;
		log_debug("moved the processes of cgroup '%s' to '%s'", root->path,
			  CGROUP_HOST_LEAF);
	}
	r = write_subtree_control(fd, wanted & ~have, &failed);
	if (r < 0)
		return error_sys(err, -r,
				 "enable controller '%s' by '%s%s%s/cgroup.subtree_control'",
				 controller_names[failed], root->path, top ? "" : "/",
				 top ? "" : dir);
	return 0;
}

/**
 * cgroup_enable_controllers() - Have controllers passed down to one cgroup
 * @relpath:	The cgroup; every one above it, from the root on, is seen to
 * @wanted:	Set of controllers, all of them in the root's cgroup.controllers
 *
 * Return: 0, or -errno, with the file that refused in @err
 */
int cgroup_enable_controllers(const struct cgroup_root *root, const char *relpath,
			      unsigned int wanted, struct error *err)
{
	autofree char *dir = xstrdup(relpath);
	int r;

	r = enable_in(root, ".", wanted, err);
	for (char *p = strchr(dir, '/'); r == 0 && p; p = strchr(p + 1, '/')) {
		*p = '\0';
		r = enable_in(root, dir, wanted, err);
		*p = '/';
	}
	return r;
}

static void offer_in(const struct cgroup_root *root, const char *dir)
{
	autoclose int fd = openat(root->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned int there, passed_on;
	struct error ignored; /* limits that need one are refused later, by name */
	int failed = 0;

	if (fd < 0 || cgroup_read_controllers(fd, "cgroup.controllers", &there, &ignored) < 0 ||
	    cgroup_read_controllers(fd, "cgroup.subtree_control", &passed_on, &ignored) < 0 ||
	    !(there & ~passed_on) || cgroup_is_inhabited(fd))
		return;
	for (int i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (there & ~passed_on & CGROUP_BIT(i))
			(void)write_subtree_control(fd, CGROUP_BIT(i), &failed);
}

/**
 * cgroup_offer_controllers() - Have as many controllers as can be passed down to one cgroup
 * @relpath:	The cgroup; every one above it, from the root on, is seen to
 *
 * For the figures, which engines read from the control files of containers
 * without any limit too. Nothing is moved out of the way for it.
 */
void cgroup_offer_controllers(const struct cgroup_root *root, const char *relpath)
{
	autofree char *dir = xstrdup(relpath);

	offer_in(root, ".");
	for (char *p = strchr(dir, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		offer_in(root, dir);
		*p = '/';
	}
}
