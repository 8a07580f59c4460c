/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/launch_state.h - What one run of a container holds, for those that take part in it
 */
#ifndef CMD_LAUNCH_STATE_H
#define CMD_LAUNCH_STATE_H

#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/oom.h"
#include "cmd/assemble.h"
#include "cmd/command.h"
#include "cmd/connect.h"
#include "cmd/report/course.h"
#include "cmd/report/report.h"
#include "cmd/slice/member.h"
#include "runtime/container.h"
#include "runtime/logfile.h"
#include "runtime/supervise.h"
#include "runtime/teardown.h"

struct ephemeral;
struct image;

struct launch {
	const struct context *ctx;
	struct settings *settings;
	struct settings *next; /* owned: other settings for the next run; NULL: the same */
	struct image *image;   /* NULL with --rootfs */
	struct record *record;
	int lock_fd;		     /* given back by launch_finish() */
	struct ephemeral *ephemeral; /* NULL, or what nothing may stay of: ended likewise */

	bool foreground; /* carry our own streams and signals */
	bool pass_signals;
	int report_fd;	   /* a monitor's, to whom warnings go; -1: to stderr */
	bool limit_failed; /* --strict: why launch_start() failed */

	struct config config;
	struct cgroup_root cgroup_root;
	struct cgroup_limits limits;
	int cgroup_fd, idmap_fd, signal_fd;
	int console_fd; /* -t with systemd: its end of the terminal, lest that be hung up */
	int cpus_fd;	/* holds its processors, with --vcpus: */
	char *cpus;	/* these */
	struct connection network;
	struct slice_member member; /* of a slice */
	int stdio[3];		    /* the container's ends, until it has them */
	struct container container;
	struct teardown teardown;
	struct supervise streams;
	struct course course; /* opened by whoever launches; released by launch_done() */
	struct logfile log;
	bool has_log;
	bool slim;	     /* launch_slim() was called */
	bool has_protection; /* memory.low or memory.min, which the parent cgroup has to grant */
	int failed;	     /* why its program never ran: launch_await_exec() */
	struct cgroup_oom_watch oom_watch;
	struct supervise_news news;
	uint64_t kills;		     /* for want of memory, as far as has been noticed */
	bool dying;		     /* the first process was when the last of them was noticed */
	int64_t killed_ns, began_ns; /* CLOCK_MONOTONIC */
	int64_t *begun_ns;	     /* shared with init, which knows it first; NULL: nobody asks */
	struct report report;	     /* asked for by whoever launches; released by launch_done() */
	pid_t health_pid;	     /* checks the container's health; 0: nobody does */
};

#endif
