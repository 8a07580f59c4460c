/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/config.h - Everything that makes one container, as plain data
 *
 * Filled by cmd/assemble from flags and image, or by runtime/config_json from
 * a bundle's config.json; read by runtime/container and runtime/init. It is
 * complete before the clone: init only carries it out. Strings and arrays are
 * owned by the struct; config_done() releases them.
 */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/str.h"
#include "runtime/attributes.h"
#include "runtime/capability.h"
#include "runtime/rlimit.h"
#include "runtime/seccomp.h"

/* Ids that every user namespace of ours maps: 0..65535. */
#define CONFIG_IDMAP_SIZE 65536

/* Where the root file system comes from. */
enum config_root {
	CONFIG_ROOT_OVERLAY,   /* layers below a writable upper directory */
	CONFIG_ROOT_DIRECTORY, /* a directory of the host, used in place */
	CONFIG_ROOT_BUNDLE,    /* likewise, and only what config.json lists is mounted in it */
};

/* Where what the container writes goes, and files that we generate for it. */
enum config_scratch {
	CONFIG_SCRATCH_DISK,   /* ROOT/containers/ID */
	CONFIG_SCRATCH_MEMORY, /* a tmpfs that dies with the mount namespace */
};

/* Namespaces that a container may have of its own, share, or enter by path. */
enum config_ns {
	CONFIG_NS_USER, /* first: the others are entered with its rights */
	CONFIG_NS_PID,
	CONFIG_NS_NET,
	CONFIG_NS_IPC,
	CONFIG_NS_UTS,
	CONFIG_NS_CGROUP,
	CONFIG_NS_TIME,
	CONFIG_NS_MOUNT,
	CONFIG_NS_COUNT,
};

/* One line of uid_map or gid_map; user_namespaces(7). */
struct config_idmap {
	uint32_t inside, outside, size;
};

struct config_idmap_list {
	struct config_idmap *items;
	size_t n;
};

enum config_mount_kind {
	CONFIG_MOUNT_BIND,   /* source: path on the host */
	CONFIG_MOUNT_TMPFS,  /* data: options for fsconfig */
	CONFIG_MOUNT_FS,     /* type: any other file system */
	CONFIG_MOUNT_CGROUP, /* the cgroup2 tree as the container may see it */
};

/* Mount attributes to set and to clear; MOUNT_ATTR_*. */
struct config_attributes {
	uint64_t set, clear;
};

struct config_mount {
	enum config_mount_kind kind;
	char *type;	    /* CONFIG_MOUNT_FS only */
	char *source;	    /* bind: path on the host; else what /proc/mounts shows, or NULL */
	const char *inside; /* of a bind's source, where it lies in the container's root; or NULL */
	char *target;	    /* absolute, inside the container */
	uint64_t attributes;		/* MOUNT_ATTR_* */
	uint64_t clear;			/* bind: attributes of the source not to keep */
	struct config_attributes below; /* recursive ones (rro, rnosuid) */
	unsigned long propagation;	/* MS_SHARED, MS_SLAVE, …; 0: private */
	bool propagation_below;		/* also of what is mounted below */
	bool recursive;			/* bind: with what is mounted below the source */
	bool idmap;			/* bind: the container's root owns what root owns */
	bool idmap_below;		/* also what is mounted below */
	bool copy_up;			/* what is at the target goes into the new mount first */
	bool no_follow; /* bind: of a symbolic link as the source, the link itself */
	bool is_real;	/* bind: the source had no links in it, and must have none now */
	struct config_idmap_list uid_map, gid_map; /* idmap by these, not by the container's */
	struct strlist data;			   /* "size=1m", "mode=755" */
};

/* A device node of the host to show in /dev. */
struct config_device {
	char *source; /* path on the host */
	char *target; /* path in the container */
};

/* A device node or FIFO to make; runtime-spec config-linux.md, "Devices". */
struct config_node {
	char *path;
	mode_t mode; /* with the type: S_IFCHR, S_IFBLK, S_IFIFO */
	unsigned int major, minor;
	uid_t uid;
	gid_t gid;
};

/* runtime-spec config.md, "POSIX-platform Hooks", in the order of their calls. */
enum config_hook_kind {
	CONFIG_HOOK_PRESTART,
	CONFIG_HOOK_CREATE_RUNTIME,
	CONFIG_HOOK_CREATE_CONTAINER,
	CONFIG_HOOK_START_CONTAINER,
	CONFIG_HOOK_POSTSTART,
	CONFIG_HOOK_POSTSTOP,
	CONFIG_HOOK_KINDS,
};

struct config_hook {
	char *path;
	struct strlist args, env; /* args empty: the path alone */
	int timeout_s;		  /* 0: none */
};

struct config_hook_list {
	struct config_hook *items;
	size_t n;
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
	bool numeric; /* the ids are these, nothing is looked up but the home directory */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	bool keep_groups; /* the caller's supplementary groups, not these */
	mode_t umask;
	struct capability_sets capabilities;
	struct rlimit_set rlimits;
	struct seccomp_program seccomp; /* n == 0: unconfined */
	struct process_attributes attributes;
	bool no_new_privs;
	bool terminal;
	bool home_from_passwd;	/* set HOME unless the environment has it */
	uint16_t rows, columns; /* of the terminal; 0: unknown */
	bool has_oom_score;	/* else inherited */
	int oom_score_adj;
	unsigned int preserve_fds; /* descriptors 3, 4, … that the program gets, too */
	bool keep_keyring;	   /* the caller's session keyring, not a new one */
};

struct config {
	char *id, *hostname, *domainname;

	uint64_t namespaces;		   /* CLONE_NEW* to create */
	int join_net;			   /* network namespace fd to be born in instead, or -1 */
	char *join_paths[CONFIG_NS_COUNT]; /* namespaces to enter; NULL: not by path */
	int64_t idmap_base;		   /* first host id of 65536; -1: see the maps */
	struct config_idmap_list uid_map, gid_map;
	char *time_offsets; /* for /proc/PID/timens_offsets, or NULL */

	enum config_root root;
	struct strlist lowers; /* overlay: relative to ROOT, top layer first */
	mode_t root_mode;      /* overlay: metadata of the image's root directory */
	uid_t root_uid;
	gid_t root_gid;
	char *lower_store; /* overlay: attached over images/tmp of ROOT, lowers are in it; or NULL */
	/* overlay: of an archive's view, attached likewise: see lower.h. Borrowed. */
	const int *view_fds;
	size_t n_view_fds;
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

	/* CONFIG_ROOT_BUNDLE only. */
	struct config_node *nodes;
	size_t n_nodes;
	struct strlist masked_paths, readonly_paths;
	struct strlist sysctls;		/* "net/ipv4/ip_forward=1": below /proc/sys */
	unsigned long root_propagation; /* MS_SHARED, …, with MS_REC; 0: slave */
	bool no_pivot;
	struct config_hook_list hooks[CONFIG_HOOK_KINDS];

	uint64_t shm_bytes;
	bool writable_kernel; /* --privileged: /proc, /sys, cgroup writable, nothing masked */
	bool writable_cgroup; /* its own cgroup, to make others below it */
	bool net_sysctls;     /* own network namespace: ping and low ports for all */

	struct config_process process;
	bool init; /* a reaper as process 1 */
};

void config_init(struct config *c);
void config_done(struct config *c);
void config_process_done(struct config_process *p);
bool config_has_own(const struct config *c, enum config_ns ns);
bool config_has_userns(const struct config *c);
uint64_t config_root_attributes(const struct config *c);
bool config_has_hooks_before_pivot(const struct config *c);
uint64_t config_ns_flag(enum config_ns ns);
const char *config_ns_name(enum config_ns ns);
int config_ns_of_name(const char *name);
int config_add_sysctl(struct config *c, const char *name, const char *value, struct error *err);

#endif
