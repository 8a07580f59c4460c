/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/settings.h - What a user asked of one container
 *
 * Flags merged with the image's configuration: all that `start` needs to make
 * the same container again, and all that `inspect` shows of it. On disk it is
 * config.json, with docker's field names.
 */
#ifndef CMD_SETTINGS_H
#define CMD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cgroups/limits.h"
#include "cmd/health.h"
#include "network/port.h"

/* Unless it says so itself. */
#define SETTINGS_STOP_TIMEOUT_S 10
#define SETTINGS_SHM_BYTES	(INT64_C(64) << 20)
#define SETTINGS_LOG_BYTES	(INT64_C(10) << 20) /* per file */
#define SETTINGS_LOG_FILES	3

struct error;
struct json;
struct record_store;

/* A volume that tare made (-v NAME:/x or -v /x), or a directory of the host. */
struct settings_mount {
	char *source; /* on the host */
	char *name;   /* of the volume; "" for a bind */
	char *target;
	bool read_only, recursive, idmap;
	bool anonymous; /* goes with `rm -v`, and with --rm */
	bool no_copy;	/* the image's content stays out of it, also when it is empty */
	bool fresh;	/* the volume is new: it takes the image's content */
};

/* Limits that only the image asked for: see appliance_fit_host(). */
enum { SETTINGS_MEMORY = 1 << 0, SETTINGS_CPUS = 1 << 1, SETTINGS_PIDS = 1 << 2 };

/*
 * Texts are borrowed: from argv, from the image, or from the document that
 * settings_from_json() keeps. NULL is "not given". Lists are owned.
 */
struct settings {
	const char *name, *hostname;
	const char *image, *image_id; /* as the user named it; config digest */
	const char *image_store;      /* ROOT of a store for this run alone; or NULL, or "" */
	const char *rootfs;	      /* --rootfs: the directory instead of an image */

	const char *user, *cwd, *stop_signal;
	struct strlist env, entrypoint, cmd;
	struct strlist labels;	/* "key=value" */
	struct strlist exposed; /* "80/tcp" */
	bool compat;		/* an image of 32-bit programs */
	bool tty, interactive, init, auto_remove, read_only, privileged, host_userns;
	bool systemd;		/* as systemd expects it: see cmd/systemd_mode.h */
	bool strict;		/* --strict: all limits hold as asked for, or it is not started */
	int64_t stop_timeout_s; /* 0: SETTINGS_STOP_TIMEOUT_S */
	int64_t timeout_ms;	/* 0: it runs as long as it likes */
	const char *report; /* --report: FILE, absolute once on record; fd:N or - for this run */

	struct strlist asserts;	   /* about the report, see cmd/report/assertion.h */
	const char *assert_format; /* where they are told of: text, tap or junit, :FILE */

	struct strlist binds, tmpfs;   /* as given: -v, --tmpfs */
	struct settings_mount *mounts; /* binds, resolved */
	size_t n_mounts;
	const char *network;	/* NULL: bridge */
	struct strlist publish; /* as given: -p */
	struct network_ports ports;
	struct strlist dns, dns_search, dns_options, extra_hosts;

	struct strlist cap_add, cap_drop, security, ulimits, devices, groups, sysctls;
	int64_t shm_bytes;     /* 0: SETTINGS_SHM_BYTES */
	int64_t scratch_bytes; /* --storage-opt size= */
	const char *scratch;   /* --storage-opt upper=disk|memory; NULL: chosen */
	int64_t oom_score_adj;

	/* See cmd/limits.h; 0: not asked for, -1: none. */
	int64_t memory_bytes, memory_swap_bytes, memory_reservation_bytes;
	int64_t memory_min_bytes, memory_high_bytes, oom_group;
	int64_t nano_cpus, cpu_shares, cpu_weight, cpu_quota_us, cpu_period_us, cpu_burst_us;
	int64_t pids_max, io_weight;
	const char *cpuset_cpus, *cpuset_mems;
	int64_t vcpus; /* so many whole processors, chosen at the start; 0: none */
	struct strlist io_limits[CGROUP_IO_KINDS]; /* as given: "/dev/sda:1m" */
	struct strlist io_weights;		   /* "/dev/sda:500" */
	struct strlist hugetlb;			   /* "2MB=64m" */
	struct strlist cgroup_conf;		   /* "file=value" */
	const char *cgroup_parent;		   /* NULL: tare's own */
	const char *slice;			   /* whose cgroup is the parent then; NULL: none */
	struct strlist timeline;		   /* --at: "5s memory.max=64M" */
	const char *sample;			   /* --sample: "20ms", "20ms:FILE", "20ms:fd:3" */

	int64_t log_max_bytes, log_max_files; /* 0: SETTINGS_LOG_… */

	struct health_check health;
	const char *restart;	      /* "no", "always", "unless-stopped", "on-failure[:N]" */
	unsigned int limits_of_image; /* SETTINGS_MEMORY, …; not kept */

	struct json *document; /* owned: what the texts were borrowed from */
};

struct json *settings_to_json(const struct settings *s);
void settings_put_host(const struct settings *s, struct json *document);
int settings_from_json(struct settings *s, struct json *document, struct error *err);
int settings_load(struct settings *s, const struct record_store *store, const char *id,
		  struct error *err);
void settings_copy_flags(struct settings *to, const struct settings *from);
void settings_add_mount(struct settings *s, const struct settings_mount *m);
void settings_done(struct settings *s);
#define autosettings __attribute__((cleanup(settings_done)))

#endif
