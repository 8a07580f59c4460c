// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/overlay.c - The container's root as an overlay over the layers of an image
 *
 * Mounted by the container's own root, whose attributes must then be user.*
 * ones (userxattr, Linux 5.11), with everything below the store: names are
 * relative to it, so they are short and no parent of ROOT need be searchable.
 */
#include "runtime/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/mount.h"
#include "runtime/plan.h"

/*
 * The merged root shows the upper directory's own metadata: give it the image's. That there is one
 * tells that it is complete and that there is a work directory; whoever makes it may be killed.
 */
static int make_upper(const struct rootfs *fs, const struct config *c, struct error *err)
{
	const mode_t mode = c->root_mode & 07777;
	/* mkdir(2) sets no owner, and does not take the set-id bits. */
	const bool by_mkdir = !c->root_uid && !c->root_gid && !(mode & 07000);
	const char *name = by_mkdir ? "upper" : "upper.new";

	if (mkdirat(fs->scratch, "work", 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make the work directory");
	if (!by_mkdir && faccessat(fs->scratch, "upper", F_OK, 0) == 0)
		return 0;
	if (mkdirat(fs->scratch, name, mode) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make the upper directory");
	if (by_mkdir)
		return 0;
	if (fchownat(fs->scratch, name, c->root_uid, c->root_gid, 0) < 0)
		return error_sys(err, errno, "set the owner of the upper directory");
	if (fchmodat(fs->scratch, name, mode, 0) < 0)
		return error_sys(err, errno, "set the mode of the upper directory");
	if (renameat(fs->scratch, name, fs->scratch, "upper") < 0)
		return error_sys(err, errno, "name the upper directory");
	return 0;
}

static void overlay_dirs(const struct config *c, char *upper, char *work, size_t size)
{
	const char *dir = c->scratch == CONFIG_SCRATCH_MEMORY ? "" : c->id;
	const char *slash = *dir ? "/" : "";

	snprintf(upper, size, "containers/%s%supper", dir, slash);
	snprintf(work, size, "containers/%s%swork", dir, slash);
}

/* Why, the kernel tells nobody but its log. */
static int explain_overlay(int errnum, const struct config *c, struct error *err)
{
	error_sys(err, errnum, "mount the overlay of %zu layer%s", c->lowers.n,
		  c->lowers.n == 1 ? "" : "s");
	if (errnum == EINVAL)
		error_hint(err, "if the store is on an overlay itself, as in a container: have "
				"--root (TARE_ROOT) on a volume");
	return -errnum;
}

/*
 * Linux 6.7 and later: a parameter per layer, so their number has no limit but the kernel's.
 * Older ones must not come as far as to create it, for they take all parameters and then complain
 * of them in the kernel's log, and on the console. They know no CREATE_EXCL and say so only to us;
 * to an overlay it is no other than CREATE: there never is one already.
 */
static int overlay_by_fs(const struct config *c, const char *upper, const char *work,
			 struct error *err)
{
	autoclose int fs = sys_fsopen("overlay", SYS_FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", "overlay", 0) < 0)
		return error_sys(err, errno, "open file system 'overlay'");
	for (size_t i = 0; i < c->lowers.n; i++)
		if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "lowerdir+", c->lowers.items[i], 0) <
		    0)
			return error_sys(err, errno, "add layer '%s' to the overlay",
					 c->lowers.items[i]);
	if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "upperdir", upper, 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "workdir", work, 0) < 0)
		return error_sys(err, errno, "set the overlay's upper directory");
	if (config_has_userns(c) &&
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return error_sys(err, errno, "set the overlay's option userxattr");
	if (c->volatile_upper && sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
		return error_sys(err, errno, "set the overlay's option volatile");
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE_EXCL, NULL, NULL, 0) < 0)
		return explain_overlay(errno, c, err);
	fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, (unsigned int)config_root_attributes(c));
	return fd < 0 ? error_sys(err, errno, "mount the overlay") : fd;
}

/* Before Linux 6.7: one page of options for mount(2), on a path of ours. */
static int overlay_by_mount(const struct rootfs *fs, const struct config *c, const char *upper,
			    const char *work, struct error *err)
{
	autofree char *lowers = strlist_join(&c->lowers, ":"), *target = NULL;
	autofree char *options = xasprintf("lowerdir=%s,upperdir=%s,workdir=%s%s%s", lowers, upper,
					   work, config_has_userns(c) ? ",userxattr" : "",
					   c->volatile_upper ? ",volatile" : "");
	bool nosuid = config_root_attributes(c) & SYS_MOUNT_ATTR_NOSUID;
	unsigned long flags = MS_NODEV | (nosuid ? MS_NOSUID : 0);
	int fd;

	if (strlen(options) >= 4096) {
		error_set(err, E2BIG, "mount the overlay of %zu layers: too many for this kernel",
			  c->lowers.n);
		return error_hint(err, "Linux 6.7 or later takes up to 500 layers");
	}
	if (mkdirat(fs->scratch, "root", 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make the root's mount point");
	/* Below the scratch, which nobody else writes: a path is safe here. */
	target = xasprintf("%.*s/root", (int)(strrchr(upper, '/') - upper), upper);
	if (mount("overlay", target, "overlay", flags, options) < 0)
		return explain_overlay(errno, c, err);
	fd = openat(fs->store, target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open the overlay") : fd;
}

/**
 * overlay_mount() - Mount the container's root over the store
 * @fs:		Store and scratch are open
 *
 * Leaves the store as the working directory.
 *
 * Return: an fd of the root, or -errno
 */
int overlay_mount(const struct rootfs *fs, const struct config *c, struct error *err)
{
	char upper[120], work[120];
	int fd, r;

	r = make_upper(fs, c, err);
	if (r < 0)
		return r;
	if (fchdir(fs->store) < 0)
		return error_sys(err, errno, "enter the store");
	overlay_dirs(c, upper, work, sizeof(upper));
	fd = overlay_by_fs(c, upper, work, err);
	if (fd == -EOPNOTSUPP || fd == -EINVAL)
		return overlay_by_mount(fs, c, upper, work, err);
	if (fd < 0)
		return fd;
	r = mount_attach(fd, fs->store, "the container's root", err);
	if (r < 0)
		(void)close(fd);
	return r < 0 ? r : fd;
}
