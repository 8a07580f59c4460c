/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/mount.h - Mounts by file descriptor
 *
 * Every mount of ours is made detached and then moved onto a target that was
 * opened inside the root: no path of an image is ever handed to mount(2).
 */
#ifndef RUNTIME_MOUNT_H
#define RUNTIME_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct config_mount;
struct error;

/* For file systems of the kernel that no program is run from. */
#define MOUNT_NOSUID_NODEV_NOEXEC \
	(SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC)

int mount_make(const char *fstype, const char *const *options, uint64_t attributes,
	       struct error *err);
int mount_make_from(const char *fstype, const char *source, const char *const *options,
		    uint64_t attributes, struct error *err);
int mount_clone(int dirfd, const char *path, bool recursive, struct error *err);
int mount_clone_fd(int fd, const char *name, bool recursive, struct error *err);
int mount_clone_source(const struct config_mount *m, struct error *err);
int mount_set_all(int mount_fd, const struct config_mount *m, unsigned long propagation,
		  struct error *err);
int mount_set(int mount_fd, uint64_t attributes, bool recursive, const char *path,
	      struct error *err);
int mount_attach(int mount_fd, int target_fd, const char *target, struct error *err);
int mount_attach_at(int mount_fd, int dirfd, const char *path, const char *target,
		    struct error *err);

int mount_make_private(struct error *err);

int mount_open_dir(int rootfd, const char *path, struct error *err);
int mount_open_file(int rootfd, const char *path, struct error *err);
int mount_open_plain_dir(int rootfd, const char *name, struct error *err);

#endif
