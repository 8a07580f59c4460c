// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/mount_options.c - Mount options by name, as config.json has them
 *
 * runtime-spec config.md, "Linux mount options". What is not in the table goes
 * to the file system as it is.
 */
#include "runtime/mount_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "runtime/config.h"

enum effect {
	SET,	     /* an attribute of the mount */
	CLEAR,	     /* the same, taken away */
	ATIME,	     /* one of several values of one attribute */
	PROPAGATION, /* MS_SHARED and the like */
	SUPERBLOCK,  /* a flag of the file system itself, which a bind mount cannot change */
	BIND,
	IDMAP,
	COPY_UP,
	NO_FOLLOW,
	NOTHING, /* the default, or without meaning here */
};

static const struct option {
	const char *name;
	enum effect effect;
	unsigned long value;
	bool below; /* also of the mounts below */
} options[] = {
	{ "acl", SUPERBLOCK, 0, false },
	{ "async", SUPERBLOCK, 0, false },
	{ "atime", ATIME, SYS_MOUNT_ATTR_RELATIME, false },
	{ "bind", BIND, 0, false },
	{ "defaults", NOTHING, 0, false },
	{ "dev", CLEAR, SYS_MOUNT_ATTR_NODEV, false },
	{ "diratime", CLEAR, SYS_MOUNT_ATTR_NODIRATIME, false },
	{ "dirsync", SUPERBLOCK, 0, false },
	{ "exec", CLEAR, SYS_MOUNT_ATTR_NOEXEC, false },
	{ "idmap", IDMAP, 0, false },
	{ "iversion", SUPERBLOCK, 0, false },
	{ "lazytime", SUPERBLOCK, 0, false },
	{ "loud", NOTHING, 0, false },
	{ "mand", NOTHING, 0, false }, /* gone since Linux 5.15 */
	{ "noacl", SUPERBLOCK, 0, false },
	{ "noatime", ATIME, SYS_MOUNT_ATTR_NOATIME, false },
	{ "nodev", SET, SYS_MOUNT_ATTR_NODEV, false },
	{ "nodiratime", SET, SYS_MOUNT_ATTR_NODIRATIME, false },
	{ "noexec", SET, SYS_MOUNT_ATTR_NOEXEC, false },
	{ "noiversion", SUPERBLOCK, 0, false },
	{ "nolazytime", SUPERBLOCK, 0, false },
	{ "nomand", NOTHING, 0, false },
	{ "norelatime", ATIME, SYS_MOUNT_ATTR_STRICTATIME, false },
	{ "nostrictatime", ATIME, SYS_MOUNT_ATTR_RELATIME, false },
	{ "nosuid", SET, SYS_MOUNT_ATTR_NOSUID, false },
	{ "nosymfollow", SET, SYS_MOUNT_ATTR_NOSYMFOLLOW, false },
	{ "private", PROPAGATION, MS_PRIVATE, false },
	{ "ratime", ATIME, SYS_MOUNT_ATTR_RELATIME, true },
	{ "rbind", BIND, 0, true },
	{ "rdev", CLEAR, SYS_MOUNT_ATTR_NODEV, true },
	{ "rdiratime", CLEAR, SYS_MOUNT_ATTR_NODIRATIME, true },
	{ "relatime", ATIME, SYS_MOUNT_ATTR_RELATIME, false },
	{ "remount", NOTHING, 0, false },
	{ "rexec", CLEAR, SYS_MOUNT_ATTR_NOEXEC, true },
	{ "ridmap", IDMAP, 0, true },
	{ "rnoatime", ATIME, SYS_MOUNT_ATTR_NOATIME, true },
	{ "rnodev", SET, SYS_MOUNT_ATTR_NODEV, true },
	{ "rnodiratime", SET, SYS_MOUNT_ATTR_NODIRATIME, true },
	{ "rnoexec", SET, SYS_MOUNT_ATTR_NOEXEC, true },
	{ "rnorelatime", ATIME, SYS_MOUNT_ATTR_STRICTATIME, true },
	{ "rnostrictatime", ATIME, SYS_MOUNT_ATTR_RELATIME, true },
	{ "rnosuid", SET, SYS_MOUNT_ATTR_NOSUID, true },
	{ "rnosymfollow", SET, SYS_MOUNT_ATTR_NOSYMFOLLOW, true },
	{ "ro", SET, SYS_MOUNT_ATTR_RDONLY, false },
	{ "rprivate", PROPAGATION, MS_PRIVATE, true },
	{ "rrelatime", ATIME, SYS_MOUNT_ATTR_RELATIME, true },
	{ "rro", SET, SYS_MOUNT_ATTR_RDONLY, true },
	{ "rrw", CLEAR, SYS_MOUNT_ATTR_RDONLY, true },
	{ "rshared", PROPAGATION, MS_SHARED, true },
	{ "rslave", PROPAGATION, MS_SLAVE, true },
	{ "rstrictatime", ATIME, SYS_MOUNT_ATTR_STRICTATIME, true },
	{ "rsuid", CLEAR, SYS_MOUNT_ATTR_NOSUID, true },
	{ "rsymfollow", CLEAR, SYS_MOUNT_ATTR_NOSYMFOLLOW, true },
	{ "runbindable", PROPAGATION, MS_UNBINDABLE, true },
	{ "rw", CLEAR, SYS_MOUNT_ATTR_RDONLY, false },
	{ "shared", PROPAGATION, MS_SHARED, false },
	{ "silent", NOTHING, 0, false },
	{ "slave", PROPAGATION, MS_SLAVE, false },
	{ "src-nofollow", NO_FOLLOW, 0, false }, /* crun's */
	{ "strictatime", ATIME, SYS_MOUNT_ATTR_STRICTATIME, false },
	{ "suid", CLEAR, SYS_MOUNT_ATTR_NOSUID, false },
	{ "symfollow", CLEAR, SYS_MOUNT_ATTR_NOSYMFOLLOW, false },
	{ "sync", SUPERBLOCK, 0, false },
	{ "tmpcopyup", COPY_UP, 0, false },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE, false },
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

/* The last word about an attribute counts. */
static void change(uint64_t *set, uint64_t *clear, const struct option *o)
{
	switch (o->effect) {
	case SET:
		*set |= o->value;
		*clear &= ~(uint64_t)o->value;
		break;
	case CLEAR:
		*set &= ~(uint64_t)o->value;
		*clear |= o->value;
		break;
	default: /* mount_setattr(2): a new access time mode is set by clearing the field, too */
		*set = (*set & ~(uint64_t)SYS_MOUNT_ATTR__ATIME) | o->value;
		*clear |= SYS_MOUNT_ATTR__ATIME;
	}
}

/**
 * mount_option_apply() - Have an option take effect on a mount
 *
 * Return: false if the option is not ours, but the file system's
 */
bool mount_option_apply(struct config_mount *m, const char *option)
{
	const struct option *o = find(option);

	if (!o)
		return false;
	switch (o->effect) {
	case SET:
	case CLEAR:
	case ATIME:
		if (o->below)
			change(&m->below.set, &m->below.clear, o);
		else
			change(&m->attributes, &m->clear, o);
		break;
	case PROPAGATION:
		m->propagation = o->value;
		m->propagation_below = o->below;
		break;
	case BIND:
		m->kind = CONFIG_MOUNT_BIND;
		m->recursive = o->below;
		break;
	case IDMAP:
		m->idmap = true;
		m->idmap_below = o->below;
		break;
	case COPY_UP:
		m->copy_up = true;
		break;
	case NO_FOLLOW:
		m->no_follow = true;
		break;
	case SUPERBLOCK:
		return false;
	case NOTHING:
		break;
	}
	return true;
}

/** mount_option_propagation() - MS_* of "shared", "rslave", …; false: it is none of these */
bool mount_option_propagation(const char *option, unsigned long *flags, bool *below)
{
	const struct option *o = find(option);

	if (!o || o->effect != PROPAGATION)
		return false;
	*flags = o->value;
	*below = o->below;
	return true;
}

/** mount_option_name() - The @i-th that is known, NULL behind the last */
const char *mount_option_name(size_t i)
{
	return i < N_OPTIONS ? options[i].name : NULL;
}
