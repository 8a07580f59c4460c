// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/systemd.c - A container's cgroup made, changed and removed by systemd
 *
 * Theory of operation:
 * Where systemd is in charge of the cgroup tree, it wants to make the cgroups
 * itself, and to be told of the limits, since it writes them again when it sees
 * fit. What it delegates is ours from there on.
 *
 *   1. the container's first process exists and waits: a scope is made around it
 *   2. cgroup_systemd_start() has systemd start a transient scope with that
 *      process, and waits until the job is done
 *   3. the caller opens the cgroup by the path that systemd gives, and writes
 *      all limits there: systemd knows some of them only, and rounds others
 *   4. when the container is dead, cgroup_systemd_stop() removes the unit, be
 *      it that it is there still, or failed (as after an OOM kill), or gone
 *
 * systemd removes a scope by itself when its last process is gone. Properties
 * that an older systemd does not know are left out when it says so; nothing
 * depends on its version.
 *
 * One connection for each operation: we keep none open while a container runs.
 */
#include "cgroups/systemd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroups/dbus.h"
#include "cgroups/dbus_address.h"
#include "cgroups/dbus_message.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/path.h"
#include "cgroups/setting.h"

#define DESTINATION    "org.freedesktop.systemd1"
#define MANAGER_PATH   "/org/freedesktop/systemd1"
#define MANAGER	       "org.freedesktop.systemd1.Manager"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define JOB_TIMEOUT_MS 30000
#define MAX_UNKNOWN    16 /* properties that this systemd may not know */
#define MAX_PROPERTIES 256

struct plan {
	struct cgroup_setting *settings;
	size_t n;
	struct strlist unknown; /* properties to leave out */
};

static void plan_done(struct plan *plan)
{
	cgroup_settings_free(plan->settings, plan->n);
	strlist_done(&plan->unknown);
}

static int make_plan(struct plan *plan, const struct cgroup_limits *limits, struct error *err)
{
	*plan = (struct plan){ 0 };
	return limits ? cgroup_limits_plan(limits, &plan->settings, &plan->n, err) : 0;
}

static int connect_manager(bool user, struct dbus **bus, struct error *err)
{
	struct dbus_address addresses[DBUS_MAX_ADDRESSES];
	size_t n;
	int r;

	n = dbus_addresses(user, addresses, DBUS_MAX_ADDRESSES);
	r = dbus_open(addresses, n, bus, err);
	if (r < 0) {
		error_wrap(err, "reach systemd%s", user ? " of the user" : "");
		error_hint(err, user ? "is XDG_RUNTIME_DIR set, and a user session running "
				       "(loginctl enable-linger)?"
				     : "cgroupfs is the manager to use where systemd does not run");
	}
	return r;
}

static struct dbus_call manager_call(const char *member, const char *signature)
{
	return (struct dbus_call){ .destination = DESTINATION,
				   .path = MANAGER_PATH,
				   .interface = MANAGER,
				   .member = member,
				   .signature = signature };
}

/* A call whose result is of no interest. */
static int call(struct dbus *bus, struct dbus_call *c, struct error *err)
{
	struct dbus_message reply = { 0 };
	int r;

	r = dbus_call(bus, c, &reply, err);
	dbus_message_done(&reply);
	return r;
}

/* --- jobs --- */

/* JobRemoved carries the job's number and object, the unit, and how it ended. */
static bool is_end_of_job(const struct dbus_message *signal, const void *unit_name)
{
	struct dbus_reader body = signal->body;
	const char *unit;

	if (strcmp(signal->member, "JobRemoved") || strcmp(signal->interface, MANAGER) ||
	    strcmp(signal->signature, "uoss"))
		return false;
	dbus_skip(&body, "uo");
	unit = dbus_read_string(&body);
	return unit && !strcmp(unit, unit_name);
}

static int listen_for_jobs(struct dbus *bus, const struct systemd_unit *unit, struct error *err)
{
	autofree char *rule = xasprintf("type='signal',sender='" DESTINATION "',path='" MANAGER_PATH
					"',interface='" MANAGER "',member='JobRemoved',arg2='%s'",
					unit->name);

	return dbus_listen(bus, rule, is_end_of_job, unit->name, err);
}

/* 0 if @signal is the end of @job and that was done, 1 if it is of another, or -errno. */
static int judge_job(const struct dbus_message *signal, const char *job, struct error *err)
{
	struct dbus_reader body = signal->body;
	const char *ended, *result;
	autofree char *shown = NULL;

	dbus_skip(&body, "u");
	ended = dbus_read_string(&body);
	dbus_skip(&body, "s");
	result = dbus_read_string(&body);
	if (body.bad)
		return error_set(err, EBADMSG, "wait for the job: malformed signal");
	if (strcmp(ended, job) != 0)
		return 1;
	if (!strcmp(result, "done"))
		return 0;
	shown = str_escape(result);
	return error_set(err, EREMOTEIO, "wait for the job: it ended as '%.64s'", shown);
}

/* A method that begins a job: call it, and wait until that is done. */
static int run_job(struct dbus *bus, struct dbus_call *c, struct error *err)
{
	struct dbus_message reply = { 0 };
	struct dbus_reader body;
	const char *job;
	int r;

	r = dbus_call(bus, c, &reply, err);
	if (r < 0)
		return r;
	body = reply.body;
	job = *reply.signature == 'o' ? dbus_read_string(&body) : NULL;
	r = job ? 1 : error_set(err, EBADMSG, "call '%s': malformed reply", c->member);
	while (r == 1) {
		struct dbus_message signal = { 0 };

		r = dbus_wait_signal(bus, JOB_TIMEOUT_MS, &signal, err);
		if (r == 0)
			r = judge_job(&signal, job, err);
		dbus_message_done(&signal);
	}
	dbus_message_done(&reply);
	return r;
}

static int call_reset_failed(struct dbus *bus, const struct systemd_unit *unit, struct error *err)
{
	struct dbus_call c = manager_call("ResetFailedUnit", "s");

	dbus_put_string(&c.body, unit->name);
	return call(bus, &c, err);
}

/* A failed unit that nobody looked at keeps its name; one that is none does not mind. */
static void reset_failed(struct dbus *bus, const struct systemd_unit *unit)
{
	struct error ignored;

	if (call_reset_failed(bus, unit, &ignored) < 0)
		log_debug("systemd: '%s': %s", unit->name, ignored.msg);
}

/* --- properties that an old systemd does not know --- */

/*
 * Whether systemd's complaint is about a property that the limits brought in, not
 * yet left out; if so, it will be. The limit itself is written to the file.
 */
static bool leave_out(struct plan *plan, const struct error *err)
{
	static const char *const complaints[] = { "Cannot set property ", "Value specified in " };

	if ((err->code != EOPNOTSUPP && err->code != EINVAL) || plan->unknown.n >= MAX_UNKNOWN)
		return false;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		const char *at = strstr(err->msg, complaints[i]);
		autofree char *name = NULL;

		if (!at)
			continue;
		at += strlen(complaints[i]);
		name = xstrndup(at, strcspn(at, ", "));
		if (!systemd_is_limit(name) || strlist_has(&plan->unknown, name))
			return false;
		log_debug("systemd: no property '%s' for this limit", name);
		strlist_add(&plan->unknown, name);
		return true;
	}
	return false;
}

/* --- start --- */

static void put_basics(struct str *b, const struct systemd_unit *unit, pid_t pid)
{
	autofree char *description = xasprintf("tare container %s", unit->name);

	systemd_put_string(b, "Description", description);
	if (systemd_unit_is_slice(unit)) {
		systemd_put_strings(b, "Wants", unit->slice); /* its place is in its name */
	} else {
		systemd_put_string(b, "Slice", unit->slice);
		systemd_put_bool(b, "Delegate", true);
		systemd_put_pid(b, "PIDs", (uint32_t)pid);
	}
	/* Of use from the first moment on: controllers cannot be had later for what is counted. */
	systemd_put_bool(b, "MemoryAccounting", true);
	systemd_put_bool(b, "CPUAccounting", true);
	systemd_put_bool(b, "IOAccounting", true);
	systemd_put_bool(b, "TasksAccounting", true);
	/* Without it a shutdown would stop containers before what was started after them. */
	systemd_put_bool(b, "DefaultDependencies", false);
	systemd_put_string(b, "CollectMode", "inactive-or-failed");
}

static int put_start(struct str *b, const struct systemd_unit *unit,
		     const struct systemd_start *start, const struct plan *plan, struct error *err)
{
	struct dbus_array array;
	int r;

	dbus_put_string(b, unit->name);
	dbus_put_string(b, "replace");
	array = dbus_begin_array(b, '(');
	put_basics(b, unit, start->pid);
	r = systemd_put_settings(b, plan->settings, plan->n, true, &plan->unknown, err);
	for (size_t i = 0; r == 0 && i < start->n_properties; i++) /* may replace ours */
		r = systemd_put_property(b, &start->properties[i], err);
	dbus_end_array(b, array);
	dbus_end_array(b, dbus_begin_array(b, '(')); /* auxiliary units: none */
	return r;
}

static int start_once(struct dbus *bus, const struct systemd_unit *unit,
		      const struct systemd_start *start, const struct plan *plan, struct error *err)
{
	struct dbus_call c = manager_call("StartTransientUnit", "ssa(sv)a(sa(sv))");
	int r;

	r = put_start(&c.body, unit, start, plan, err);
	if (r < 0) {
		str_done(&c.body);
		return r;
	}
	return run_job(bus, &c, err);
}

/* Once more without what this systemd does not know, or a failed unit of that name. */
static int start_unit(struct dbus *bus, const struct systemd_unit *unit,
		      const struct systemd_start *start, struct plan *plan, struct error *err)
{
	bool was_reset = false;
	int r;

	for (;;) {
		r = start_once(bus, unit, start, plan, err);
		if (r == -EEXIST && !was_reset) {
			reset_failed(bus, unit);
			was_reset = true;
			continue;
		}
		if (r >= 0 || !leave_out(plan, err))
			break;
	}
	if (r < 0 && r != -EEXIST)
		reset_failed(bus, unit);
	return r < 0 ? error_wrap(err, "start unit '%s'", unit->name) : 0;
}

static int query_group(struct dbus *bus, const struct systemd_unit *unit, char **relpath,
		       struct error *err)
{
	autofree char *object = systemd_object_path(unit->name);
	struct dbus_call c = { .destination = DESTINATION,
			       .path = object,
			       .interface = PROPERTIES,
			       .member = "Get",
			       .signature = "ss" };
	struct dbus_message reply = { 0 };
	struct dbus_reader body;
	const char *type, *path;
	int r;

	dbus_put_string(&c.body,
			systemd_unit_is_slice(unit) ? DESTINATION ".Slice" : DESTINATION ".Scope");
	dbus_put_string(&c.body, "ControlGroup");
	r = dbus_call(bus, &c, &reply, err);
	if (r < 0)
		return error_wrap(err, "find the cgroup of unit '%s'", unit->name);
	body = reply.body;
	type = *reply.signature == 'v' ? dbus_read_signature(&body) : NULL;
	path = type && !strcmp(type, "s") ? dbus_read_string(&body) : NULL;
	if (path && *path == '/' && cgroup_path_is_clean(path + 1))
		*relpath = xstrdup(path + 1);
	else
		r = error_set(err, EBADMSG, "find the cgroup of unit '%s': systemd names none",
			      unit->name);
	dbus_message_done(&reply);
	return r;
}

static int open_group(struct dbus *bus, const struct systemd_unit *unit,
		      const struct cgroup_root *root, pid_t pid, char **relpath, int *dirfd,
		      struct error *err)
{
	autofree char *path = NULL;
	autoclose int fd = -1;
	int r;

	r = query_group(bus, unit, &path, err);
	if (r < 0)
		return r;
	fd = cgroup_open(root, path, err);
	if (fd < 0)
		return fd;
	/* Slices are started empty. */
	r = systemd_unit_is_slice(unit) ? cgroup_add_process(fd, pid, err) : 0;
	if (r < 0)
		return r;
	*relpath = steal_ptr(&path);
	*dirfd = steal_fd(&fd);
	return 0;
}

static int call_stop(struct dbus *bus, const struct systemd_unit *unit, struct error *err)
{
	struct dbus_call c = manager_call("StopUnit", "ss");

	dbus_put_string(&c.body, unit->name);
	dbus_put_string(&c.body, "replace");
	return run_job(bus, &c, err);
}

static int check_start(const struct systemd_start *start, struct error *err)
{
	if (start->n_properties > MAX_PROPERTIES)
		return error_set(err, EINVAL, "annotations: more than %d systemd properties",
				 MAX_PROPERTIES);
	return 0;
}

/**
 * cgroup_systemd_start() - Have systemd make a unit around a process
 * @relpath:	The unit's cgroup, below @root; the caller frees it
 * @dirfd:	The same, open; the caller closes it. Both are written on success only
 *
 * The limits that systemd knows of are in force; the caller writes them all to
 * the files, with cgroup_limits_apply(). A failed unit of that name gives way.
 * On failure there is no unit, and the process is where it was, or, should
 * nothing but opening the cgroup have failed, wherever systemd has left it.
 *
 * Return: 0; -EEXIST if a unit of that name is in use; -EINVAL for limits and
 * properties that make no sense; -ENOENT, -EACCES ... if systemd cannot be
 * reached; -EREMOTEIO for what else systemd refuses; or -errno
 */
int cgroup_systemd_start(const struct systemd_unit *unit, const struct systemd_start *start,
			 const struct cgroup_root *root, char **relpath, int *dirfd,
			 struct error *err)
{
	struct dbus *bus = NULL;
	struct error ignored;
	struct plan plan;
	int r;

	r = check_start(start, err);
	if (r < 0)
		return r;
	r = make_plan(&plan, start->limits, err);
	if (r == 0)
		r = connect_manager(unit->user, &bus, err);
	if (r == 0)
		r = listen_for_jobs(bus, unit, err);
	if (r == 0)
		r = start_unit(bus, unit, start, &plan, err);
	if (r == 0) {
		r = open_group(bus, unit, root, start->pid, relpath, dirfd, err);
		if (r < 0)
			(void)call_stop(bus, unit, &ignored); /* the first error is the one to tell
								 of */
	}
	dbus_close(bus);
	plan_done(&plan);
	return r;
}

/* --- update --- */

static int set_properties(struct dbus *bus, const struct systemd_unit *unit,
			  const struct plan *plan, struct error *err)
{
	struct dbus_call c = manager_call("SetUnitProperties", "sba(sv)");
	struct dbus_array array;
	int r;

	dbus_put_string(&c.body, unit->name);
	dbus_put_u32(&c.body, true); /* until it stops */
	array = dbus_begin_array(&c.body, '(');
	r = systemd_put_settings(&c.body, plan->settings, plan->n, false, &plan->unknown, err);
	if (r < 0 || c.body.len == array.start) { /* nothing that systemd would know */
		str_done(&c.body);
		return r;
	}
	dbus_end_array(&c.body, array);
	return call(bus, &c, err);
}

/**
 * cgroup_systemd_update() - Tell systemd of changed limits
 *
 * To be followed by cgroup_limits_apply(), in this order: systemd writes the
 * files too.
 *
 * Return: 0, -ENOENT if there is no such unit, or as for cgroup_systemd_start()
 */
int cgroup_systemd_update(const struct systemd_unit *unit, const struct cgroup_limits *limits,
			  struct error *err)
{
	struct dbus *bus = NULL;
	struct plan plan;
	int r;

	r = make_plan(&plan, limits, err);
	if (r == 0)
		r = connect_manager(unit->user, &bus, err);
	if (r == 0) {
		do
			r = set_properties(bus, unit, &plan, err);
		while (r < 0 && leave_out(&plan, err));
		if (r < 0)
			error_wrap(err, "update unit '%s'", unit->name);
	}
	dbus_close(bus);
	plan_done(&plan);
	return r;
}

/* --- attach --- */

/**
 * cgroup_systemd_attach() - Have systemd move a process into a unit
 *
 * For a user's process that is outside of what the user's manager has been delegated: the
 * kernel lets only those move it who may write above both places.
 *
 * Return: 0, or -errno
 */
int cgroup_systemd_attach(const struct systemd_unit *unit, pid_t pid, struct error *err)
{
	struct dbus_call c = manager_call("AttachProcessesToUnit", "ssau");
	struct dbus *bus = NULL;
	struct dbus_array pids;
	int r;

	dbus_put_string(&c.body, unit->name);
	dbus_put_string(&c.body, ""); /* its own cgroup, none below */
	pids = dbus_begin_array(&c.body, 'u');
	dbus_put_u32(&c.body, (uint32_t)pid);
	dbus_end_array(&c.body, pids);
	r = connect_manager(unit->user, &bus, err);
	if (r < 0)
		str_done(&c.body);
	else
		r = call(bus, &c, err);
	dbus_close(bus);
	return r < 0 ? error_wrap(err, "move process %d to unit '%s'", (int)pid, unit->name) : 0;
}

/* --- stop --- */

/**
 * cgroup_systemd_stop() - Have systemd remove a unit, if there is one still
 *
 * Kill its processes before, with cgroup_kill(): systemd asks them nicely, and
 * waits long. A container's own cgroups below it are removed by systemd too.
 *
 * Return: 0, also if there is none; or -errno
 */
int cgroup_systemd_stop(const struct systemd_unit *unit, struct error *err)
{
	struct dbus *bus = NULL;
	int r;

	r = connect_manager(unit->user, &bus, err);
	if (r < 0)
		return r;
	r = listen_for_jobs(bus, unit, err);
	if (r == 0) {
		r = call_stop(bus, unit, err);
		reset_failed(bus, unit);
	}
	dbus_close(bus);
	return r < 0 && r != -ENOENT ? error_wrap(err, "stop unit '%s'", unit->name) : 0;
}
