// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/oom_log.c - Who was killed for want of memory, and at whose limit: the kernel's log
 *
 * Theory of operation:
 * memory.events counts kills, but only the log names the dead. For each kill
 * there is a line with everything in it,
 *
 *	oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=/tare/ID,task_memcg=/tare/ID,task=dd,pid=12,uid=0
 *
 * followed by "… Killed process 12 (dd) …". With memory.oom.group the others of
 * the cgroup follow in lines of the second kind, after "Tasks in /tare/ID are
 * going to be killed due to memory.oom.group set". The first kind is rate
 * limited by the kernel: a victim without it is known by its pid alone, if at all.
 *
 * The log is not there for everybody (dmesg_restrict, no /dev/kmsg inside a
 * container) and old lines make room for new ones; then nothing is known.
 */
#include "cgroups/oom_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define RECORD_MAX_BYTES 8192 /* the kernel's own bound, and more than the lines looked for have */
#define RECORDS_MAX	 200000

/**
 * oom_log_is_below() - Whether a cgroup is a given one, or below it
 * @path:	From the hierarchy's top: "/tare/ID/sub"; ours may be mounted further down
 * @group:	"tare/ID"
 */
bool oom_log_is_below(const char *path, const char *group)
{
	size_t len = strlen(group);

	for (const char *p = strstr(path, group); p; p = strstr(p + 1, group))
		if (p > path && p[-1] == '/' && (!p[len] || p[len] == '/'))
			return true;
	return false;
}

/** oom_log_has() - Whether a process is among the victims */
bool oom_log_has(const struct oom_log *log, pid_t pid)
{
	for (size_t i = 0; i < log->n_victims; i++)
		if (log->victims[i].pid == pid)
			return true;
	return false;
}

static void add_victim(struct oom_log *log, pid_t pid, const char *command, size_t len)
{
	struct oom_log_victim *v;

	if (pid <= 0 || oom_log_has(log, pid))
		return;
	if (log->n_victims == OOM_LOG_VICTIMS) {
		memmove(log->victims, log->victims + 1, sizeof(*v) * (OOM_LOG_VICTIMS - 1));
		log->n_victims--;
	}
	v = &log->victims[log->n_victims++];
	v->pid = pid;
	snprintf(v->command, sizeof(v->command), "%.*s", (int)len, command);
}

/* The text after @key up to the next comma, which the caller frees; NULL if there is none. */
static char *value_of(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? xstrndup(at + strlen(key), strcspn(at + strlen(key), ",")) : NULL;
}

static const char *last(const char *text, const char *what)
{
	const char *found = NULL;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		found = p;
	return found;
}

/* A command may have commas in it: it ends where the last ",pid=" begins. */
static void take_summary(struct oom_log *log, const char *line)
{
	autofree char *group = value_of(line, ",task_memcg=");
	const char *task = strstr(line, ",task="), *pid_at = last(line, ",pid=");
	pid_t pid;

	log->in_group = false;
	if (!task || !pid_at || pid_at < task)
		return;
	pid = (pid_t)strtol(pid_at + strlen(",pid="), NULL, 10);
	task += strlen(",task=");
	if (!(log->group && group && oom_log_is_below(group, log->group)) &&
	    !(log->pid && pid == log->pid))
		return;
	add_victim(log, pid, task, (size_t)(pid_at - task));
	free(log->limit_path);
	log->limit_path = value_of(line, ",oom_memcg=");
	log->machine = !log->limit_path;
}

/* "Memory cgroup out of memory: Killed process 12 (dd) total-vm:…" */
static void take_victim(struct oom_log *log, const char *line)
{
	char *end;
	pid_t pid = (pid_t)strtol(line, &end, 10);
	const char *name = *end == ' ' && end[1] == '(' ? end + 2 : NULL;
	const char *close = name ? last(name, ") total-vm:") : NULL;

	if (!close)
		close = name ? strchr(name, ')') : NULL;
	if (!close || !(log->in_group || (log->pid && pid == log->pid)))
		return;
	log->n_again += log->in_group && oom_log_has(log, pid);
	add_victim(log, pid, name, (size_t)(close - name));
}

static void take_group(struct oom_log *log, const char *line)
{
	size_t len = strcspn(line, " ");
	autofree char *path = xstrndup(line, len);

	log->in_group = log->group && oom_log_is_below(path, log->group);
}

/**
 * oom_log_take() - Look at one record of /dev/kmsg: "6,1234,5678901,-;text"
 *
 * In the order of the log.
 */
void oom_log_take(struct oom_log *log, const char *record)
{
	static const char summary[] = "oom-kill:", group[] = "Tasks in ";
	static const char killed[] = "ut of memory: Killed process ";
	const char *text = strchr(record, ';'), *time = strchr(record, ',');
	autofree char *line = NULL;
	const char *found;

	time = time ? strchr(time + 1, ',') : NULL;
	if (!text || !time || time > text || strtoll(time + 1, NULL, 10) < log->since_us)
		return;
	line = xstrndup(text + 1, strcspn(text + 1, "\n"));
	if (str_starts(line, summary))
		take_summary(log, line);
	else if (str_starts(line, group) && strstr(line, "memory.oom.group"))
		take_group(log, line + strlen(group));
	else if ((found = strstr(line, killed)))
		take_victim(log, found + strlen(killed));
}

/**
 * oom_log_read() - Look through the kernel's log
 *
 * Return: false if it may not be read here
 */
bool oom_log_read(struct oom_log *log)
{
	autoclose int fd = openat(AT_FDCWD, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX_BYTES + 1];
	ssize_t n;

	if (fd < 0)
		return false;
	for (int i = 0; i < RECORDS_MAX; i++) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINVAL || errno == EINTR))
			continue; /* it was overwritten, or longer than any of ours */
		if (n <= 0)
			break;
		record[n] = '\0';
		oom_log_take(log, record);
	}
	return n < 0 && errno == EAGAIN;
}

/** oom_log_done() - Release what the struct holds */
void oom_log_done(struct oom_log *log)
{
	free(log->limit_path);
	log->limit_path = NULL;
}
