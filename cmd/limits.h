/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/limits.h - The limits of a container, from flags to what cgroups/ takes
 *
 * In the settings 0 and NULL are "not asked for". What can be lifted again by
 * `update` has a value for that: -1, "no limit".
 */
#ifndef CMD_LIMITS_H
#define CMD_LIMITS_H

#include <stdbool.h>

#include "cgroups/limits.h"
#include "cmd/options.h"
#include "cmd/settings.h"

struct error;

int limits_parse_cpus(void *member, const char *value, struct error *err);
int limits_parse_burst(void *member, const char *value, struct error *err);
int limits_parse_group(void *member, const char *value, struct error *err);

/*
 * The flags of limits, for the tables of run, create and update, whose structs
 * have a member "settings"; O makes a row as OPTION() does.
 */
#define LIMITS_FLAGS(O)                                                                            \
	O(0, "blkio-weight", "N", OPTION_INT, settings.io_weight,                                  \
	  "Share of disk time, 10 to 1000"),                                                       \
		O(0, "blkio-weight-device", "PATH:N", OPTION_LIST, settings.io_weights,            \
		  "Share of one disk's time, 10 to 1000"),                                         \
		O(0, "cgroup-conf", "KEY=VALUE", OPTION_LIST, settings.cgroup_conf,                \
		  "Set a file of the cgroup"),                                                     \
		O(0, "cpu-burst", "US", OPTION_FUNC, settings.cpu_burst_us,                        \
		  "CPU time that may be saved up for later, 0: none",                              \
		  .parse = limits_parse_burst),                                                    \
		O(0, "cpu-period", "US", OPTION_INT, settings.cpu_period_us,                       \
		  "Period of the CPU limit"),                                                      \
		O(0, "cpu-quota", "US", OPTION_INT, settings.cpu_quota_us,                         \
		  "CPU time per period, -1: no limit"),                                            \
		O('c', "cpu-shares", "N", OPTION_INT, settings.cpu_shares,                         \
		  "Share of CPU time, 1024 is normal"),                                            \
		O(0, "cpu-weight", "N", OPTION_INT, settings.cpu_weight,                           \
		  "Share of CPU time as cgroup v2 counts it, 100 is normal"),                      \
		O(0, "cpus", "N", OPTION_FUNC, settings.nano_cpus, "CPUs' worth of time at most",  \
		  .parse = limits_parse_cpus),                                                     \
		O(0, "cpuset-cpus", "LIST", OPTION_TEXT, settings.cpuset_cpus,                     \
		  "CPUs to run on: 0-2,4"),                                                        \
		O(0, "cpuset-mems", "LIST", OPTION_TEXT, settings.cpuset_mems,                     \
		  "Memory nodes to use"),                                                          \
		O(0, "device-read-bps", "PATH:RATE", OPTION_LIST,                                  \
		  settings.io_limits[CGROUP_IO_RBPS],                                              \
		  "Bytes per second read from a disk at most"),                                    \
		O(0, "device-read-iops", "PATH:RATE", OPTION_LIST,                                 \
		  settings.io_limits[CGROUP_IO_RIOPS], "Reads per second from a disk at most"),    \
		O(0, "device-write-bps", "PATH:RATE", OPTION_LIST,                                 \
		  settings.io_limits[CGROUP_IO_WBPS],                                              \
		  "Bytes per second written to a disk at most"),                                   \
		O(0, "device-write-iops", "PATH:RATE", OPTION_LIST,                                \
		  settings.io_limits[CGROUP_IO_WIOPS], "Writes per second to a disk at most"),     \
		O(0, "hugetlb", "SIZE=LIMIT", OPTION_LIST, settings.hugetlb,                       \
		  "Huge pages of one size at most: 2MB=64m"),                                      \
		O('m', "memory", "SIZE", OPTION_LIMIT, settings.memory_bytes,                      \
		  "Memory at most, -1: no limit"),                                                 \
		O(0, "memory-high", "SIZE", OPTION_LIMIT, settings.memory_high_bytes,              \
		  "Memory from which on processes are slowed down"),                               \
		O(0, "memory-min", "SIZE", OPTION_LIMIT, settings.memory_min_bytes,                \
		  "Memory that is never reclaimed"),                                               \
		O(0, "memory-reservation", "SIZE", OPTION_LIMIT,                                   \
		  settings.memory_reservation_bytes, "Memory protected from reclaim (memory.low)", \
		  .alias = "memory-low"),                                                          \
		O(0, "memory-swap", "SIZE", OPTION_LIMIT, settings.memory_swap_bytes,              \
		  "Memory and swap together, -1: no limit"),                                       \
		O(0, "oom-group", NULL, OPTION_FUNC, settings.oom_group,                           \
		  "Out of memory ends all processes together", .parse = limits_parse_group),       \
		O(0, "pids-limit", "N", OPTION_INT, settings.pids_max,                             \
		  "Processes at most, -1: no limit"),                                              \
		O(0, "strict", NULL, OPTION_BOOL, settings.strict,                                 \
		  "Start nothing (122) unless all limits hold as asked for"),                      \
		OPTION_REFUSE("cpu-rt-period", "cgroup v2 has no such limit; --ulimit rtprio= "    \
					       "allows real-time scheduling"),                     \
		OPTION_REFUSE("cpu-rt-runtime", "cgroup v2 has no such limit; --ulimit rtprio= "   \
						"allows real-time scheduling"),                    \
		OPTION_REFUSE("kernel-memory",                                                     \
			      "cgroup v2 counts the kernel's memory as part of --memory"),         \
		OPTION_REFUSE("memory-swappiness",                                                 \
			      "cgroup v2 has none; limit swap with --memory-swap"),                \
		OPTION_REFUSE("oom-kill-disable",                                                  \
			      "cgroup v2 cannot; --memory-high slows down instead of killing")

bool limits_are_asked(const struct settings *s);
bool limits_reach_memory(const struct settings *s);
int limits_of_settings(const struct settings *s, struct cgroup_limits *limits, struct error *err);
int limits_refuse(const struct strlist *remarks, struct error *err);
int limits_check(const struct settings *s, struct error *err);
char *limits_cgroup_path(const struct settings *s, const char *id);

#endif
