/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/config.h - Everything that makes one container, as plain data
 *
 * Filled by cmd/assemble from flags and image, read by runtime/container and
 * runtime/init. It is complete before the clone: init only carries it out.
 * Strings and arrays are owned by the struct; config_done() releases them.
 */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/str.h"
#include "runtime/capability.h"
#include "runtime/rlimit.h"
#include "runtime/seccomp.h"

/* Ids that every user namespace of ours maps: 0..65535. */
#define CONFIG_IDMAP_SIZE 65536

/* Where the root file system comes from. */
enum config_root {
	CONFIG_ROOT_OVERLAY,   /* layers below a writable upper directory */
	CONFIG_ROOT_DIRECTORY, /* a directory of the host, used in place */
};

/* Where what the container writes goes, and files that we generate for it. */
enum config_scratch {
	CONFIG_SCRATCH_DISK,   /* ROOT/containers/ID */
	CONFIG_SCRATCH_MEMORY, /* a tmpfs that dies with the mount namespace */
};

enum config_mount_kind {
	CONFIG_MOUNT_BIND,  /* source: path on the host */
	CONFIG_MOUNT_TMPFS, /* data: options for fsconfig */
};

struct config_mount {
	enum config_mount_kind kind;
	char *source;	     /* bind only */
	char *target;	     /* absolute, inside the container */
	uint64_t attributes; /* MOUNT_ATTR_* */
	bool recursive;	     /* bind: with what is mounted below the source */
	bool idmap;	     /* bind: the container's root owns what root owns */
	bool copy_up;	     /* bind: a new volume: takes what the image has at the target */
	struct strlist data; /* tmpfs: "size=1m", "mode=755" */
};

/* A device node of the host to show in /dev. */
struct config_device {
	char *source; /* path on the host */
	char *target; /* path in the container */
};

/* A file that init writes into the scratch and binds over target. */
struct config_file {
	const char *name;   /* in the scratch directory */
	const char *target; /* in the container */
	char *content;
};

struct config_process {
	struct strlist args, env;
	char *cwd;
	char *user; /* "", name, uid, with ":group": resolved in the root */
	struct strlist add_groups;
	struct capability_sets capabilities;
	struct rlimit_set rlimits;
	struct seccomp_program seccomp; /* n == 0: unconfined */
	bool no_new_privs;
	bool terminal;
	bool home_from_passwd;	/* set HOME unless the environment has it */
	uint16_t rows, columns; /* of the terminal; 0: unknown */
	int oom_score_adj;	/* 0: inherit */
};

struct config {
	char *id, *hostname;

	uint64_t namespaces; /* CLONE_NEW* to create */
	int join_net;	     /* network namespace fd to be born in instead, or -1 */
	int64_t idmap_base;  /* first host id; -1 without CLONE_NEWUSER */

	enum config_root root;
	struct strlist lowers; /* overlay: relative to ROOT, top layer first */
	mode_t root_mode;      /* overlay: metadata of the image's root directory */
	uid_t root_uid;
	gid_t root_gid;
	char *root_path; /* directory: on the host */
	enum config_scratch scratch;
	uint64_t scratch_bytes; /* memory: limit; 0: half of the machine's */
	bool read_only;
	bool volatile_upper;

	struct config_mount *mounts;
	size_t n_mounts;
	struct config_device *devices;
	size_t n_devices;
	struct config_file *files;
	size_t n_files;
	uint64_t shm_bytes;
	bool writable_kernel; /* --privileged: /proc, /sys, cgroup writable, nothing masked */
	bool net_sysctls;     /* own network namespace: ping and low ports for all */

	struct config_process process;
	bool init; /* a reaper as process 1 */
};

void config_init(struct config *c);
void config_done(struct config *c);
void config_process_done(struct config_process *p);
bool config_has_userns(const struct config *c);

#endif
