/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/report.h - What a run did and why it ended, as one JSON document
 *
 *	report_open()	  before anything starts: --report FILE|fd:N|-
 *	report_began()	  its program runs
 *	report_read()	  all has ended, the cgroup is still there
 *	report_finish()	  how it ended is known: the document is complete
 *	report_deliver()  to FILE, and into the store for `inspect`
 *
 * docs/report.md says what is in it, docs/report.schema.json in which form.
 */
#ifndef CMD_REPORT_REPORT_H
#define CMD_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cmd/report/sink.h"
#include "cmd/report/verdict.h"

struct error;
struct json;
struct cgroup_account_part;
struct oom;
struct record;
struct record_store;
struct strlist;

#define REPORT_VERSION 1
#define REPORT_FILE    "report.json" /* in ROOT/containers/ID */

struct report {
	bool wanted;	/* figures are read at the end */
	bool asked_for; /* by a flag, and not only for `inspect` */
	struct report_sink sink;
	struct verdict_output verdicts; /* where assertions are told of */
	char *no_cgroup;		/* why there is none, or NULL */
	int64_t began_ns, ended_ns;	/* CLOCK_MONOTONIC; 0: not yet */
	struct json *doc;		/* NULL until report_read() or report_finish() */
	struct json *missing;		/* part of doc: why a figure is null */
	bool delivered;
};

#define REPORT_NONE \
	((struct report){ .sink = REPORT_SINK_NONE, .verdicts = VERDICT_OUTPUT_DEFAULT })

/* What only the caller knows of an end. */
struct report_end {
	const char *kind;	     /* "run", "exec" */
	const struct record *record; /* of the container */
	const char *command;	     /* NULL: the container's */
	const char *reason; /* exit, signal, oom, timeout, stopped, shutdown, limit, start-failed */
	const char *error;  /* why it did not start, or "" */
	int code, signal;   /* signal 0: none */
	int64_t started_ns, finished_ns; /* since the epoch; 0: never */
};

int report_open(struct report *r, const char *spec, struct error *err);
int report_open_verdicts(struct report *r, const struct strlist *asserts, const char *spec,
			 struct error *err);
void report_no_cgroup(struct report *r, const char *why);
void report_began(struct report *r, int64_t began_ns);
void report_read(struct report *r, int cgroup_fd, int netns_fd, const char *network);
void report_read_part(struct report *r, const struct cgroup_account_part *part, int cgroup_fd);
void report_oom(struct report *r, const struct oom *oom);
void report_finish(struct report *r, const struct report_end *end);
int report_judge(struct report *r, const struct strlist *asserts, int code, struct error *err);
int report_deliver(struct report *r, const struct record_store *store, const struct record *record,
		   struct error *err);
int report_fail(struct report *r, const struct record *record, int code, const struct error *why,
		struct error *err);
void report_done(struct report *r);

struct json *report_read_stored(const struct record_store *store, const struct record *r);

#endif
