/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/supervise.h - While a container runs: its streams, signals and end
 */
#ifndef RUNTIME_SUPERVISE_H
#define RUNTIME_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/deadline.h"
#include "runtime/logfile.h"

struct error;

/* systemd kills what has not ended 90 seconds after SIGTERM. */
#define SUPERVISE_FAREWELL_MAX_MS 60000

/* One more descriptor to look at meanwhile. */
struct supervise_news {
	int fd; /* -1: none any more */
	void (*take)(void *arg);
	void *arg;
};

/* What is to be carried where; -1 for what there is not. Closed by supervise_run(). */
struct supervise {
	int pidfd;	 /* borrowed */
	int signal_fd;	 /* from supervise_block_signals(); borrowed */
	int stdin_to;	 /* the container's standard input (or its terminal) */
	int stdout_from; /* the container's output (or its terminal) */
	int stderr_from;
	bool read_stdin;    /* carry our standard input there */
	bool write_streams; /* carry its output to our standard output and error */
	bool pass_signals;
	bool ends_on_term;   /* SIGTERM is to end the container: asked, or not hearing of it, or
				forced */
	int thaw_fd;	     /* then: its cgroup, which may be frozen; -1: none; borrowed */
	pid_t pid;	     /* then: of its first process */
	bool terminal;	     /* stdout_from is a pty: follow our terminal's size */
	struct logfile *log; /* or NULL; borrowed */
	struct supervise_news *news; /* or NULL; borrowed */
	bool frugal;		     /* keep little memory while there is nothing to do */
	int64_t timeout_ms;	     /* how long it may run; 0: as long as it likes */
	int64_t grace_ms; /* and go on after stop_signal, until it is killed; negative: for ever */
	int stop_signal;
	/* Set by supervise_run(): */
	bool timed_out;	   /* its time ran out */
	bool asked_to_end; /* somebody wants us to end, and the container was told */
	bool lease_ended;  /* the lease of its slice did */
	bool shut_down;	   /* SIGTERM came, with ends_on_term */
	int output_lost;   /* errno, if some of its output could not be written */

	/* How long the lease lasts, 0: it has ended; INT64_MAX: for ever. NULL: there is none. */
	int64_t (*lease_left_ms)(void *arg);
	void *lease_arg;
	int lease_fd; /* readable when that may say something else; -1: it does not */

	struct deadline limit;	    /* for timeout_ms: supervise_run()'s own */
	struct deadline lease;	    /* likewise */
	struct deadline farewell;   /* likewise, after SIGTERM */
	struct deadline *deadlines; /* what else is to be done when; borrowed until its return */
};

int supervise_block_signals(struct error *err);
bool supervise_is_terminated(int signal_fd);
int supervise_run(struct supervise *s, int *wait_status, struct error *err);

#endif
