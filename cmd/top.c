// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/top.c - tare top: the processes of a container
 *
 * Nothing is started in the container: its processes are those of its cgroup
 * and of the cgroups below, or, without one, those of its pid namespace; what
 * is said of them comes from the host's /proc. Any of them may be gone by the
 * next look, and is then left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/pids.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/target.h"
#include "cmd/units.h"

#define STAT_MAX_BYTES	  4096
#define CMDLINE_MAX_BYTES (2U << 20)
#define CMDLINE_SHOWN	  4096
#define UID_MAP_MAX_BYTES 16384

struct process {
	pid_t pid, ppid;
	uid_t uid; /* as the container sees it */
	unsigned int terminal;
	uint64_t cpu_ticks, start_ticks;
	char *command;
};

static char *read_proc(int proc, const char *file, size_t max_bytes, size_t *len)
{
	char *text = NULL;

	return file_read_at(proc, file, max_bytes, &text, len, &(struct error){ 0 }) == 0 ? text
											  : NULL;
}

/* The fields of /proc/PID/stat after the name, which may contain anything; proc(5). */
static bool parse_stat(const char *text, struct process *p)
{
	enum { STATE, PPID, TERMINAL = 4, USER = 11, SYSTEM, START = 19, N_FIELDS };
	const char *rest = strrchr(text, ')');
	autostrlist struct strlist fields = { 0 };

	if (!rest || rest[1] != ' ')
		return false;
	strlist_split(&fields, rest + 2, ' ');
	if (fields.n < N_FIELDS)
		return false;
	p->ppid = (pid_t)strtol(fields.items[PPID], NULL, 10);
	p->terminal = (unsigned int)strtol(fields.items[TERMINAL], NULL, 10);
	p->cpu_ticks = strtoull(fields.items[USER], NULL, 10) +
		       strtoull(fields.items[SYSTEM], NULL, 10);
	p->start_ticks = strtoull(fields.items[START], NULL, 10);
	return true;
}

/* What the user namespace of the process calls the host's @uid. */
static uid_t map_uid(int proc, uid_t uid)
{
	size_t len;
	autofree char *text = read_proc(proc, "uid_map", UID_MAP_MAX_BYTES, &len);
	char *save = NULL;

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		uint64_t inside = strtoull(l, &l, 10), outside = strtoull(l, &l, 10);
		uint64_t count = strtoull(l, &l, 10);

		if (uid >= outside && uid - outside < count)
			return (uid_t)(inside + (uid - outside));
	}
	return uid;
}

/* The command line, or [name] of one that has none. */
static char *read_command(int proc, const char *stat)
{
	size_t len = 0;
	autofree char *text = read_proc(proc, "cmdline", CMDLINE_MAX_BYTES, &len);
	const char *name = strchr(stat, '('), *end = strrchr(stat, ')');

	while (len && text[len - 1] == '\0')
		len--;
	if (len == 0)
		return name && end && end > name
			       ? xasprintf("[%.*s]", (int)(end - name - 1), name + 1)
			       : xstrdup("?");
	if (len > CMDLINE_SHOWN)
		len = CMDLINE_SHOWN;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return xstrndup(text, len);
}

static bool read_process(pid_t pid, struct process *p)
{
	autoclose int proc = -1;
	autofree char *stat_text = NULL;
	char path[32];
	struct stat st;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0 || fstat(proc, &st) < 0)
		return false;
	stat_text = read_proc(proc, "stat", STAT_MAX_BYTES, &len);
	*p = (struct process){ .pid = pid };
	if (!stat_text || !parse_stat(stat_text, p))
		return false;
	p->uid = map_uid(proc, st.st_uid);
	p->command = read_command(proc, stat_text);
	return true;
}

static int list_group(int group, struct strlist *pids, struct error *err)
{
	autofree pid_t *list = NULL;
	size_t n = 0;
	int r = cgroup_pids(group, &list, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		strlist_take(pids, xasprintf("%d", (int)list[i]));
	return r;
}

/* Add the processes that share the pid namespace of @first. */
static int list_namespace(pid_t first, struct strlist *pids, struct error *err)
{
	autodir DIR *dir = dir_open(AT_FDCWD, "/proc", 0);
	struct stat wanted, st;
	const struct dirent *e;
	char path[300];

	if (!dir)
		return error_sys(err, errno, "open '/proc'");
	snprintf(path, sizeof(path), "%d/ns/pid", (int)first);
	if (fstatat(dirfd(dir), path, &wanted, 0) < 0)
		return error_sys(err, errno, "look at '/proc/%s'", path);
	while ((e = dir_next(dir))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/ns/pid", e->d_name);
		if (fstatat(dirfd(dir), path, &st, 0) == 0 && st.st_ino == wanted.st_ino)
			strlist_add(pids, e->d_name);
	}
	return 0;
}

static int list_processes(const struct record *r, struct strlist *pids, struct error *err)
{
	autoclose int group = -1;

	if (!*r->cgroup)
		return list_namespace(r->pid, pids, err);
	group = target_open_cgroup(r, err);
	return group < 0 ? group : list_group(group, pids, err);
}

/* As ps writes them: pts/0, tty1, ? */
static void print_terminal(char *out, size_t size, unsigned int device)
{
	unsigned int major = device >> 8 & 0xfff,
		     minor = (device & 0xff) | (device >> 12 & 0xfff00);

	if (major >= 136 && major <= 143)
		snprintf(out, size, "pts/%u", (major - 136) * 256 + minor);
	else if (major == 4)
		snprintf(out, size, "tty%u", minor);
	else
		snprintf(out, size, "?");
}

/* The hour and minute of today's starts, the day of others. */
static void print_start(char *out, size_t size, int64_t start_s, int64_t now_s)
{
	time_t start = (time_t)start_s;
	struct tm tm;

	localtime_r(&start, &tm);
	strftime(out, size, now_s - start_s < 86400 ? "%H:%M" : "%b%d", &tm);
}

static void add_process(struct table *table, const struct process *p)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), used = p->cpu_ticks / hz;
	int64_t now = units_now_ns() / UNITS_NS_PER_S, age;
	struct timespec since_boot;
	char cell[64];

	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	age = since_boot.tv_sec - (int64_t)(p->start_ticks / hz);
	snprintf(cell, sizeof(cell), "%u", p->uid);
	table_add(table, cell);
	snprintf(cell, sizeof(cell), "%d", (int)p->pid);
	table_add(table, cell);
	snprintf(cell, sizeof(cell), "%d", (int)p->ppid);
	table_add(table, cell);
	snprintf(cell, sizeof(cell), "%" PRIu64, age > 0 ? used * 100 / (uint64_t)age : 0);
	table_add(table, cell);
	print_start(cell, sizeof(cell), now - age, now);
	table_add(table, cell);
	print_terminal(cell, sizeof(cell), p->terminal);
	table_add(table, cell);
	snprintf(cell, sizeof(cell), "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, used / 3600,
		 used / 60 % 60, used % 60);
	table_add(table, cell);
	table_add(table, p->command);
	table_end_row(table);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autostrlist struct strlist pids = { 0 };
	autotable struct table table = { 0 };
	autostr struct str out = { 0 };
	autorecord struct record r;
	int ret;

	record_init(&r);
	if (argc > 1) {
		error_set(err, EINVAL, "'top' passes nothing on to ps, as '%.64s'", argv[1]);
		return error_hint(err, "tare exec %.64s ps %.64s", argv[0], argv[1]);
	}
	ret = target_find(ctx, argv[0], &r, err);
	if (ret < 0)
		return ret;
	if (!target_is_running(&r))
		return error_set(err, ESRCH, "container '%s' is not running", argv[0]);
	ret = list_processes(&r, &pids, err);
	if (ret < 0)
		return error_wrap(err, "list the processes of container '%s'", argv[0]);
	table_add_line(&table, "UID\tPID\tPPID\tC\tSTIME\tTTY\tTIME\tCMD");
	for (size_t i = 0; i < pids.n; i++) {
		struct process p;
		int64_t pid;

		if (str_parse_i64(pids.items[i], 1, INT32_MAX, &pid) < 0 ||
		    !read_process((pid_t)pid, &p))
			continue;
		add_process(&table, &p);
		free(p.command);
	}
	table_print(&table, &out);
	printf("%s", out.data);
	return 0;
}

const struct command cmd_top = {
	.name = "top",
	.args = "CONTAINER",
	.summary = "List the processes of a container",
	.details = "UID is the number that the container knows the user by; PID and PPID are the "
		   "host's numbers. Nothing is executed in the container.",
	.min_args = 1,
	.max_args = COMMAND_ANY, /* to say what to type instead of docker's "top NAME -o pid" */
	.flags = COMMAND_STORE | COMMAND_PREFIX,
	.run = run,
};
