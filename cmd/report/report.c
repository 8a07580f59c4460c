// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/report.c - What a run did and why it ended, as one JSON document
 *
 * A figure that is not known is null, and "missing" says why: nothing in a
 * report is a guess.
 */
#include "cmd/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/account.h"
#include "cgroups/stats.h"
#include "cmd/command.h"
#include "cmd/connect.h"
#include "cmd/report/oom.h"
#include "cmd/report/traffic.h"
#include "cmd/units.h"
#include "runtime/record.h"

#define REPORT_MAX_BYTES (4U << 20)

static const char not_run[] = "the program did not run";

/**
 * report_open() - Begin a report that the user asked for
 * @r:		REPORT_NONE before; report_done() releases it
 * @spec:	Where it goes; NULL: nowhere, it is for assertions or `inspect`
 */
int report_open(struct report *r, const char *spec, struct error *err)
{
	r->wanted = r->asked_for = true;
	return spec ? report_sink_open(&r->sink, spec, "--report", err) : 0;
}

/**
 * report_open_verdicts() - Begin a report that assertions are compared with
 * @asserts:	--assert; none: nothing is done
 * @spec:	--assert-format, or NULL
 */
int report_open_verdicts(struct report *r, const struct strlist *asserts, const char *spec,
			 struct error *err)
{
	int ret = verdict_check(asserts, err);

	if (ret == 0 && spec && !asserts->n)
		return error_set(err, EINVAL, "--assert-format needs --assert");
	if (ret < 0 || !asserts->n)
		return ret;
	r->wanted = r->asked_for = true;
	return verdict_output_open(&r->verdicts, spec, err);
}

/** report_no_cgroup() - There is none to read figures from: say why in the report */
void report_no_cgroup(struct report *r, const char *why)
{
	free(r->no_cgroup);
	r->no_cgroup = xstrdup(why);
}

/**
 * report_began() - The program runs, and what was reported before is over
 * @began_ns:	Since then: CLOCK_MONOTONIC
 */
void report_began(struct report *r, int64_t began_ns)
{
	if (!r->wanted)
		return;
	json_done(&r->doc);
	r->missing = NULL;
	r->delivered = false;
	r->ended_ns = 0;
	r->began_ns = began_ns;
}

static void make_doc(struct report *r)
{
	if (r->doc)
		return;
	r->doc = json_new_map();
	r->missing = json_new_map();
}

static void read_network(struct report *r, int netns_fd, const char *network)
{
	struct json *map = json_new_map();
	struct traffic t = { 0 };
	bool own = connect_has_own_netns(network);
	bool known = own && netns_fd >= 0 && traffic_of_namespace(netns_fd, &t);

	json_set(map, "received_bytes",
		 known ? json_new_int((int64_t)t.received_bytes) : json_new_nil());
	json_set(map, "sent_bytes", known ? json_new_int((int64_t)t.sent_bytes) : json_new_nil());
	json_set(r->doc, "network", map);
	if (!known)
		json_set_text(r->missing, "network",
			      !own	     ? "the network is shared with others"
			      : netns_fd < 0 ? not_run
					     : "the network namespace could not be entered");
}

/**
 * report_read() - Read all figures, once all processes have ended
 * @cgroup_fd:	-1: there is none
 * @netns_fd:	-1: there is none of its own
 * @network:	The container's network mode
 */
void report_read(struct report *r, int cgroup_fd, int netns_fd, const char *network)
{
	if (!r->wanted)
		return;
	r->ended_ns = clock_monotonic_ns();
	make_doc(r);
	if (cgroup_fd >= 0)
		cgroup_account_read(cgroup_fd, r->doc, r->missing);
	else
		cgroup_account_absent(r->no_cgroup ? r->no_cgroup : not_run, r->doc, r->missing);
	read_network(r, netns_fd, network);
}

/**
 * report_read_part() - Read the figures of a command that is one of several in a container
 * @part:	Begun before it was started
 */
void report_read_part(struct report *r, const struct cgroup_account_part *part, int cgroup_fd)
{
	report_read(r, -1, -1, "container");
	if (cgroup_fd < 0)
		return;
	json_free(r->missing);
	r->missing = json_new_map();
	json_set_text(r->missing, "network", "only the whole container's is known");
	cgroup_account_read_part(part, cgroup_fd, r->doc, r->missing);
}

/* ---- how it ended ------------------------------------------------------- */

static void set_time(struct json *map, const char *key, int64_t ns)
{
	char text[UNITS_TEXT_MAX];

	json_set(map, key, ns ? json_new_text(units_print_rfc3339(text, ns)) : json_new_nil());
}

static struct json *container(const struct report_end *end)
{
	const struct record *record = end->record;
	struct json *map = json_new_map();
	autofree char *digest = xasprintf("sha256:%s", record->image_id);

	json_set_text(map, "id", record->id);
	json_set_text(map, "name", record->name);
	json_set_text(map, "image", record->image);
	json_set(map, "digest", *record->image_id ? json_new_text(digest) : json_new_nil());
	json_set_text(map, "command", end->command ? end->command : record->command);
	return map;
}

static struct json *host(void)
{
	struct json *map = json_new_map();
	struct utsname system;

	(void)uname(&system);
	json_set_text(map, "kernel", system.release);
	json_set_text(map, "tare", TARE_VERSION);
	return map;
}

static void set_wall(struct report *r, struct json *head)
{
	bool ran = r->began_ns && r->ended_ns;

	json_set(head, "wall_us",
		 ran ? json_new_int((r->ended_ns - r->began_ns) / UNITS_NS_PER_US)
		     : json_new_nil());
	if (!ran)
		json_set_text(r->missing, "wall_us", not_run);
}

/**
 * report_oom() - Say who was killed for want of memory
 * @oom:	From oom_look(), after report_read()
 */
void report_oom(struct report *r, const struct oom *oom)
{
	if (!r->wanted)
		return;
	make_doc(r);
	json_set(r->doc, "oom", oom_to_json(oom));
	if (!oom->known)
		json_set_text(r->missing, "oom",
			      json_text_or(json_get(r->missing, "memory"), not_run));
	else if (oom->kills && !oom->has_victims)
		json_set_text(r->missing, "oom.victims", "/dev/kmsg may not be read here");
	else if (oom->kills && oom->level == OOM_LEVEL_UNKNOWN)
		json_set_text(r->missing, "oom.level",
			      "several cgroups above have run out of memory before");
}

/* The figures were put in first; a reader wants to know first how it ended. */
static void put_first(struct report *r, struct json *head)
{
	const struct json *value;
	const char *key;

	for (void *it = NULL; json_next(r->doc, &it, &key, &value);)
		json_set(head, key, json_clone(value));
	json_set(head, "missing", json_clone(r->missing));
	json_free(r->missing);
	json_free(r->doc);
	r->doc = head;
	r->missing = NULL;
}

/** report_finish() - Complete the document; report_read() has been called if anything ran */
void report_finish(struct report *r, const struct report_end *end)
{
	struct json *head;

	if (!r->wanted)
		return;
	if (!r->doc) {
		report_read(r, -1, -1, "none");
		report_oom(r,
			   &(struct oom){ .group = OOM_UNKNOWN, .limit_bytes = CGROUP_NO_LIMIT });
	}
	if (!end->started_ns)
		r->began_ns = 0;
	head = json_new_map();
	json_set_int(head, "version", REPORT_VERSION);
	json_set_text(head, "kind", end->kind);
	json_set_text(head, "reason", end->reason);
	json_set_int(head, "code", end->code);
	json_set(head, "signal", end->signal ? json_new_int(end->signal) : json_new_nil());
	json_set(head, "error", *end->error ? json_new_text(end->error) : json_new_nil());
	set_time(head, "started", end->started_ns);
	set_time(head, "finished", end->finished_ns);
	set_wall(r, head);
	json_set(r->doc, "container", container(end));
	json_set(r->doc, "host", host());
	put_first(r, head);
	json_set(r->doc, "assertions", json_new_list());
}

/**
 * report_judge() - Compare the complete document with assertions, which it gets
 * @code:	The exit code of the run
 *
 * Return: the exit code to end with. EXIT_ASSERT if one does not hold; 0 if all hold
 * and one of them has said that the run would end as it did; else @code
 */
int report_judge(struct report *r, const struct strlist *asserts, int code, struct error *err)
{
	struct verdict v = { .n = 0 };

	err->code = 0;
	if (!r->wanted)
		return code;
	verdict_reach(&v, asserts, r->doc);
	json_set(r->doc, "assertions", json_clone(v.assertions));
	if (v.n && verdict_tell(&v, &r->verdicts, r->doc, err) == 0)
		err->code = 0;
	code = v.failed ? EXIT_ASSERT : v.end_foretold ? 0 : code;
	verdict_done(&v);
	return code;
}

static int keep(const struct record_store *store, const struct record *record, const char *text,
		struct error *err)
{
	autoclose int dir = record_open_dir(store, record->id, false);

	if (dir < 0)
		return error_sys(err, -dir, "open the directory of container %.12s", record->id);
	return file_replace_at(dir, REPORT_FILE, text, strlen(text), 0600, 0, err);
}

/**
 * report_deliver() - Write the document where it is wanted
 * @store:	Keep it for `inspect`, too; NULL: the container does not stay
 *
 * Once: nothing is done the second time.
 */
int report_deliver(struct report *r, const struct record_store *store, const struct record *record,
		   struct error *err)
{
	autofree char *text = NULL;
	struct error ignored; /* then `inspect` does not show it */

	if (!r->wanted || !r->doc || r->delivered)
		return 0;
	r->delivered = true;
	text = json_print_pretty(r->doc);
	if (store)
		(void)keep(store, record, text, &ignored);
	if (report_sink_is_open(&r->sink)) {
		autofree char *line = xasprintf("%s\n", text);

		return report_sink_write(&r->sink, line, strlen(line), err);
	}
	return 0;
}

/**
 * report_fail() - What never came to run has a report, too
 * @code:	What tare ends with
 * @why:	The failure
 *
 * Nothing is done if a report has been delivered already.
 */
int report_fail(struct report *r, const struct record *record, int code, const struct error *why,
		struct error *err)
{
	const struct report_end end = {
		.kind = "run",
		.record = record,
		.reason = code == EXIT_LIMIT ? "limit" : "start-failed",
		.error = why->msg,
		.code = code,
		.finished_ns = units_now_ns(),
	};

	if (!r->asked_for || r->delivered)
		return 0;
	report_finish(r, &end);
	return report_deliver(r, NULL, record, err);
}

/** report_done() - Release; safe twice */
void report_done(struct report *r)
{
	report_sink_close(&r->sink);
	verdict_output_close(&r->verdicts);
	free(r->no_cgroup);
	if (r->missing)
		json_free(r->missing);
	json_free(r->doc);
	*r = REPORT_NONE;
}

/**
 * report_read_stored() - The report of a container's last run; the caller frees it
 *
 * Return: NULL if there is none, or if it is that of an earlier run
 */
struct json *report_read_stored(const struct record_store *store, const struct record *r)
{
	autofree char *path = xasprintf("containers/%s/%s", r->id, REPORT_FILE);
	char finished[UNITS_TEXT_MAX];
	struct error ignored;
	struct json *doc;

	if (r->status != RECORD_EXITED)
		return NULL;
	doc = json_read_at(store->root_fd, path, REPORT_MAX_BYTES, &ignored);
	if (doc && strcmp(json_text_or(json_get(doc, "finished"), ""),
			  units_print_rfc3339(finished, r->finished_ns)) != 0)
		json_done(&doc);
	return doc;
}
