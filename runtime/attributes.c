// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/attributes.c - What a process has besides ids, capabilities and limits
 *
 * Priorities are set from outside: the kernel asks for CAP_SYS_NICE in the
 * initial user namespace, which a process in a namespace of its own never has.
 * What nobody but the process itself can set, it sets itself.
 *
 * Values are checked where the kernel would give no reason (EINVAL for all) or
 * would not look; what only the kernel can know is left to it.
 */
#include "runtime/attributes.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "runtime/field.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Longer labels do not fit the page that /proc/thread-self/attr/exec takes. */
#define LABEL_MAX_BYTES 4000

#define NSECS_PER_SEC 1000000000

struct name {
	const char *name;
	uint64_t value;
};

/* linux/sched.h */
enum policy {
	POLICY_OTHER,
	POLICY_FIFO,
	POLICY_RR,
	POLICY_BATCH,
	POLICY_ISO,
	POLICY_IDLE,
	POLICY_DEADLINE
};

static const struct name policies[] = {
	{ "SCHED_OTHER", POLICY_OTHER },
	{ "SCHED_FIFO", POLICY_FIFO },
	{ "SCHED_RR", POLICY_RR },
	{ "SCHED_BATCH", POLICY_BATCH },
	{ "SCHED_ISO", POLICY_ISO },
	{ "SCHED_IDLE", POLICY_IDLE },
	{ "SCHED_DEADLINE", POLICY_DEADLINE },
};

static const struct name scheduler_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

/* linux/ioprio.h */
static const struct name io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
};
#define IO_PRIORITY_MAX 7

static const struct name domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
};

/* linux/mempolicy.h */
enum mode {
	MODE_DEFAULT,
	MODE_PREFERRED,
	MODE_BIND,
	MODE_INTERLEAVE,
	MODE_LOCAL,
	MODE_PREFERRED_MANY,
	MODE_WEIGHTED_INTERLEAVE
};

static const struct name memory_modes[] = {
	{ "MPOL_BIND", MODE_BIND },
	{ "MPOL_DEFAULT", MODE_DEFAULT },
	{ "MPOL_INTERLEAVE", MODE_INTERLEAVE },
	{ "MPOL_LOCAL", MODE_LOCAL },
	{ "MPOL_PREFERRED", MODE_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MODE_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
};

static const struct name memory_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
};

static const struct name clocks[] = {
	{ "monotonic", ATTRIBUTES_MONOTONIC },
	{ "boottime", ATTRIBUTES_BOOTTIME },
};

/** attributes_memory_mode() - The @i-th mode of linux.memoryPolicy, NULL behind the last */
const char *attributes_memory_mode(size_t i)
{
	return i < ARRAY_SIZE(memory_modes) ? memory_modes[i].name : NULL;
}

/** attributes_memory_flag() - The @i-th flag of linux.memoryPolicy, NULL behind the last */
const char *attributes_memory_flag(size_t i)
{
	return i < ARRAY_SIZE(memory_flags) ? memory_flags[i].name : NULL;
}

/* --- reading config.json ----------------------------------------------------- */

static int read_name(const struct name *names, size_t n, const struct json *v, const char *where,
		     uint64_t *out, struct error *err)
{
	for (size_t i = 0; json_text(v) && i < n; i++)
		if (strcmp(names[i].name, json_text(v)) == 0) {
			*out = names[i].value;
			return 0;
		}
	return field_bad_value(where, v, err);
}

/* A list of names whose values are or-ed. */
static int read_flags(const struct name *names, size_t n, const struct json *map, const char *where,
		      uint64_t *out, struct error *err)
{
	autofree char *whole = xasprintf("%s.flags", where);
	const struct json *list = NULL;
	uint64_t flag = 0;
	int r = field_list(map, where, "flags", &list, err);

	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		r = read_name(names, n, json_at(list, i), whole, &flag, err);
		if (r == 0)
			*out |= flag;
	}
	return r;
}

static int read_idlist(const struct json *map, const char *where, const char *key,
		       struct idlist *out, struct error *err)
{
	autofree char *text = NULL, *whole = xasprintf("%s.%s", where, key);
	int r = field_text(map, where, key, &text, err);

	return r == 0 && text ? idlist_parse(out, text, whole, err) : r;
}

static int read_label(const struct json *map, const char *where, const char *key, char **out,
		      struct error *err)
{
	int r = field_word(map, where, key, out, err);

	if (r == 0 && *out && strlen(*out) > LABEL_MAX_BYTES)
		return error_set(err, EBADMSG, "%s.%s: longer than %d bytes", where, key,
				 LABEL_MAX_BYTES);
	return r;
}

static int read_deadline(const struct json *v, struct sys_sched_attr *s, struct error *err)
{
	if (field_u64(v, "process.scheduler", "runtime", &s->runtime, err) < 0 ||
	    field_u64(v, "process.scheduler", "deadline", &s->deadline, err) < 0 ||
	    field_u64(v, "process.scheduler", "period", &s->period, err) < 0)
		return -err->code;
	if (s->policy != POLICY_DEADLINE && (s->runtime || s->deadline || s->period))
		return error_set(err, EBADMSG,
				 "process.scheduler: runtime, deadline and period are for "
				 "SCHED_DEADLINE only");
	return 0;
}

static int parse_scheduler(struct process_attributes *a, const struct json *process,
			   struct error *err)
{
	struct sys_sched_attr s = { .size = sizeof(s) };
	int64_t nice = 0, priority = 0;
	uint64_t policy = 0;
	const struct json *v = NULL;
	int r = field_map(process, "process", "scheduler", &v, err);

	if (r < 0 || !v)
		return r;
	if (read_name(policies, ARRAY_SIZE(policies), json_get(v, "policy"),
		      "process.scheduler.policy", &policy, err) < 0 ||
	    read_flags(scheduler_flags, ARRAY_SIZE(scheduler_flags), v, "process.scheduler",
		       &s.flags, err) < 0 ||
	    field_int(v, "process.scheduler", "nice", -20, 19, &nice, err) < 0 ||
	    field_int(v, "process.scheduler", "priority", 0, 99, &priority, err) < 0)
		return -err->code;
	if (priority && policy != POLICY_FIFO && policy != POLICY_RR)
		return error_set(err, EBADMSG,
				 "process.scheduler.priority: for SCHED_FIFO and SCHED_RR only");
	s.policy = (uint32_t)policy;
	s.nice = (int32_t)nice;
	s.priority = (uint32_t)priority;
	if (read_deadline(v, &s, err) < 0)
		return -err->code;
	a->scheduler = s;
	a->has_scheduler = true;
	return 0;
}

static int parse_io_priority(struct process_attributes *a, const struct json *process,
			     struct error *err)
{
	uint64_t class = 0;
	int64_t priority = 0;
	const struct json *v = NULL;
	int r = field_map(process, "process", "ioPriority", &v, err);

	if (r < 0 || !v)
		return r;
	/* The kernel takes what is above three bits for something else and does not complain. */
	if (read_name(io_classes, ARRAY_SIZE(io_classes), json_get(v, "class"),
		      "process.ioPriority.class", &class, err) < 0 ||
	    field_int(v, "process.ioPriority", "priority", 0, IO_PRIORITY_MAX, &priority, err) < 0)
		return -err->code;
	a->io_priority = (unsigned int)class << SYS_IOPRIO_CLASS_SHIFT | (unsigned int)priority;
	a->has_io_priority = true;
	return 0;
}

static int parse_affinity(struct process_attributes *a, const struct json *process,
			  struct error *err)
{
	const struct json *v = NULL;
	int r = field_map(process, "process", "execCPUAffinity", &v, err);

	if (r < 0 || !v)
		return r;
	r = read_idlist(v, "process.execCPUAffinity", "initial", &a->initial_cpus, err);
	return r < 0 ? r : read_idlist(v, "process.execCPUAffinity", "final", &a->final_cpus, err);
}

/**
 * attributes_parse_process() - What `process` of a config.json, or process.json, asks for
 * @a:		Zeroed; attributes_done() releases it, also after a failure
 * @process:	The object; NULL asks for nothing
 *
 * runtime-spec config.md, "Linux Process".
 *
 * Return: 0, or -EBADMSG, -ERANGE or -E2BIG with the field's name in the message
 */
int attributes_parse_process(struct process_attributes *a, const struct json *process,
			     struct error *err)
{
	if (parse_scheduler(a, process, err) < 0 || parse_io_priority(a, process, err) < 0 ||
	    parse_affinity(a, process, err) < 0 ||
	    read_label(process, "process", "apparmorProfile", &a->labels.apparmor, err) < 0 ||
	    read_label(process, "process", "selinuxLabel", &a->labels.selinux, err) < 0)
		return -err->code;
	return 0;
}

static int parse_personality(struct process_attributes *a, const struct json *section,
			     struct error *err)
{
	uint64_t domain = 0, flags = 0;
	const struct json *v = NULL;
	int r = field_map(section, "linux", "personality", &v, err);

	if (r < 0 || !v)
		return r;
	/* "Currently no flag values are supported." */
	if (read_name(domains, ARRAY_SIZE(domains), json_get(v, "domain"),
		      "linux.personality.domain", &domain, err) < 0 ||
	    read_flags(NULL, 0, v, "linux.personality", &flags, err) < 0)
		return -err->code;
	a->personality = (unsigned long)domain;
	a->has_personality = true;
	return 0;
}

/* mpol_new() of the kernel, in words. */
static int check_memory_policy(enum mode mode, uint64_t flags, const struct idlist *nodes,
			       struct error *err)
{
	bool takes_none = mode == MODE_DEFAULT || mode == MODE_LOCAL;

	if (takes_none && (nodes->is_set || flags))
		return error_set(err, EBADMSG,
				 "linux.memoryPolicy: MPOL_DEFAULT and MPOL_LOCAL take no nodes "
				 "and no flags");
	if (!takes_none && mode != MODE_PREFERRED && !nodes->is_set)
		return error_set(err, EBADMSG, "linux.memoryPolicy.nodes: the mode needs some");
	if ((flags & memory_flags[1].value) && (flags & memory_flags[2].value))
		return error_set(err, EBADMSG,
				 "linux.memoryPolicy.flags: MPOL_F_RELATIVE_NODES and "
				 "MPOL_F_STATIC_NODES exclude each other");
	return 0;
}

static int parse_memory_policy(struct process_attributes *a, const struct json *section,
			       struct error *err)
{
	uint64_t mode = 0, flags = 0;
	const struct json *v = NULL;
	int r = field_map(section, "linux", "memoryPolicy", &v, err);

	if (r < 0 || !v)
		return r;
	if (read_name(memory_modes, ARRAY_SIZE(memory_modes), json_get(v, "mode"),
		      "linux.memoryPolicy.mode", &mode, err) < 0 ||
	    read_flags(memory_flags, ARRAY_SIZE(memory_flags), v, "linux.memoryPolicy", &flags,
		       err) < 0 ||
	    read_idlist(v, "linux.memoryPolicy", "nodes", &a->memory_nodes, err) < 0 ||
	    check_memory_policy((enum mode)mode, flags, &a->memory_nodes, err) < 0)
		return -err->code;
	a->memory_policy = (unsigned int)(mode | flags);
	a->has_memory_policy = true;
	return 0;
}

static int parse_offset(struct process_attributes *a, const char *clock, const struct json *v,
			struct error *err)
{
	autofree char *shown = str_escape(clock);
	autofree char *where = xasprintf("linux.timeOffsets.%.64s", shown);
	int64_t nanosecs = 0;
	size_t i = 0;

	while (i < ARRAY_SIZE(clocks) && strcmp(clocks[i].name, clock) != 0)
		i++;
	if (i == ARRAY_SIZE(clocks))
		return error_set(err, EBADMSG, "%s: no clock of a time namespace", where);
	if (json_kind_of(v) != JSON_MAP)
		return error_set(err, EBADMSG, "%s: not an object", where);
	if (field_int(v, where, "secs", INT64_MIN, INT64_MAX, &a->offsets[i].secs, err) < 0 ||
	    field_int(v, where, "nanosecs", 0, NSECS_PER_SEC - 1, &nanosecs, err) < 0)
		return -err->code;
	a->offsets[i].nanosecs = (uint32_t)nanosecs;
	a->offsets[i].is_set = true;
	return 0;
}

static int parse_offsets(struct process_attributes *a, const struct json *section,
			 struct error *err)
{
	const struct json *v = NULL, *offset;
	const char *clock;
	int r = field_map(section, "linux", "timeOffsets", &v, err);

	for (void *it = NULL; r == 0 && v && json_next(v, &it, &clock, &offset);)
		if (parse_offset(a, clock, offset, err) < 0)
			return -err->code;
	return r;
}

/**
 * attributes_parse_linux() - What `linux` of a config.json asks for a process
 * @a:		As attributes_parse_process() left it, or zeroed
 * @section:	The object; NULL asks for nothing
 *
 * runtime-spec config-linux.md. That timeOffsets need a time namespace of the
 * container's own is for the caller to see.
 *
 * Return: 0, or -EBADMSG, -ERANGE or -E2BIG with the field's name in the message
 */
int attributes_parse_linux(struct process_attributes *a, const struct json *section,
			   struct error *err)
{
	if (parse_personality(a, section, err) < 0 || parse_memory_policy(a, section, err) < 0 ||
	    parse_offsets(a, section, err) < 0 ||
	    read_label(section, "linux", "mountLabel", &a->labels.mounts, err) < 0)
		return -err->code;
	return 0;
}

/** attributes_done() - Release what the attributes hold; they ask for nothing then */
void attributes_done(struct process_attributes *a)
{
	free(a->labels.apparmor);
	free(a->labels.selinux);
	free(a->labels.mounts);
	*a = (struct process_attributes){ 0 };
}

/* --- time namespace ---------------------------------------------------------- */

/** attributes_has_time() - Whether any clock is to be set off */
bool attributes_has_time(const struct process_attributes *a)
{
	return a->offsets[ATTRIBUTES_MONOTONIC].is_set || a->offsets[ATTRIBUTES_BOOTTIME].is_set;
}

/** attributes_time_text() - What /proc/PID/timens_offsets is to get; the caller frees it */
char *attributes_time_text(const struct process_attributes *a)
{
	struct str s = { 0 };

	str_puts(&s, "");
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		if (a->offsets[i].is_set)
			str_printf(&s, "%s %" PRId64 " %" PRIu32 "\n", clocks[i].name,
				   a->offsets[i].secs, a->offsets[i].nanosecs);
	return str_take(&s);
}

/* --- between clone and exec -------------------------------------------------- */

static int set_cpus(const struct idlist *cpus, pid_t pid)
{
	cpu_set_t set;

	static_assert(sizeof(set) == sizeof(cpus->words), "as many CPUs as libc knows");
	memcpy(&set, cpus->words, sizeof(set));
	return sched_setaffinity(pid, sizeof(set), &set) < 0 ? -errno : 0;
}

/**
 * attributes_set_initial_cpus() - Bind the calling process to execCPUAffinity.initial
 *
 * For an exec only, before its process is cloned, which inherits it.
 */
int attributes_set_initial_cpus(const struct process_attributes *a, struct error *err)
{
	int r = a->initial_cpus.is_set ? set_cpus(&a->initial_cpus, 0) : 0;

	return r < 0 ? error_sys(err, -r, "set process.execCPUAffinity.initial") : 0;
}

/*
 * "If omitted or empty, the container's default CPU affinity is used": all CPUs, from which the
 * kernel takes those of the cgroup. A process moved into one keeps a narrower wish of its own.
 */
static int set_final_cpus(const struct process_attributes *a, pid_t pid, struct error *err)
{
	struct idlist all;
	int r = 0;

	if (a->final_cpus.is_set) {
		r = set_cpus(&a->final_cpus, pid);
	} else if (a->initial_cpus.is_set || a->resets_cpus) {
		memset(&all, 0xff, sizeof(all));
		r = set_cpus(&all, pid);
	}
	if (!a->final_cpus.is_set && !a->initial_cpus.is_set)
		r = 0; /* nobody asked */
	return r < 0 ? error_sys(err, -r, "set process.execCPUAffinity.final") : 0;
}

/**
 * attributes_apply_outside() - Priorities and CPUs of a process, by its parent
 * @pid:	In its cgroup already, has not called execve yet; 0 for the calling
 *		process, while it still has the host's rights
 *
 * Async-signal-safe. The scheduler comes last: a process of SCHED_DEADLINE
 * may neither fork nor change its CPUs, one of SCHED_IDLE takes its time.
 *
 * Return: 0 or -errno
 */
int attributes_apply_outside(const struct process_attributes *a, pid_t pid, struct error *err)
{
	int r = set_final_cpus(a, pid, err);

	if (r < 0)
		return r;
	if (a->has_io_priority && sys_ioprio_set(SYS_IOPRIO_WHO_PROCESS, pid, a->io_priority) < 0)
		return error_sys(err, errno, "set process.ioPriority");
	if (a->has_scheduler && sys_sched_setattr(pid, &a->scheduler) < 0) {
		r = error_sys(err, errno, "set process.scheduler");
		if (r == -EPERM && a->scheduler.policy == POLICY_DEADLINE)
			error_hint(err, "this process scheduler can't be used together with "
					"AllowedCPUs, linux.resources.cpu.cpus");
		return r;
	}
	return 0;
}

/**
 * attributes_apply_inside() - What only a process itself can set
 *
 * Async-signal-safe. In its cgroup, whose memory nodes count, and before a
 * seccomp filter that may refuse it.
 *
 * Return: 0 or -errno
 */
int attributes_apply_inside(const struct process_attributes *a, struct error *err)
{
	const unsigned long *nodes = a->memory_nodes.is_set ? a->memory_nodes.words : NULL;

	if (a->has_memory_policy &&
	    sys_set_mempolicy(a->memory_policy, nodes, nodes ? IDLIST_BITS + 1 : 0) < 0)
		return error_sys(err, errno, "set linux.memoryPolicy");
	if (a->has_personality && personality(a->personality) < 0)
		return error_sys(err, errno, "set linux.personality");
	return 0;
}
