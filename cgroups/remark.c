// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/remark.c - Limits that hold otherwise than they were asked for
 *
 * A limit that was written and read back may still not be what decides. The
 * kernel rounds to pages; a cgroup above may allow less, or protect less of its
 * memory; the machine may not have as much; a weight may be one that no disk
 * heeds. None of that is an error, and all of it makes a test lie. Here it is
 * put into words, for a warning, or for --strict to refuse.
 *
 * What nobody asked for (the default number of processes, the swap that comes
 * with memory) gives no remark, nor does an explicit "no limit".
 */
#include "cgroups/remark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/setting.h"
#include "cgroups/stats.h"

#define MEMINFO_MAX_BYTES 16384
#define SCHEDULER_MAX	  4096

/* ---- one setting and one text: pure --------------------------------------- */

/* A number; "max" and what cannot be read are no limit. */
static uint64_t number_of(const char *text)
{
	uint64_t value;

	return cgroup_parse_size(text, &value) ? value : UINT64_MAX;
}

/**
 * cgroup_remark_rounded() - What the kernel made of a number, where that is another one
 * @read_back:	The control file's content after the write
 *
 * Return: a text to be freed, or NULL
 */
char *cgroup_remark_rounded(const struct cgroup_setting *setting, const char *read_back)
{
	uint64_t asked, got;

	if ((setting->controller != CGROUP_MEMORY && setting->controller != CGROUP_HUGETLB) ||
	    !cgroup_parse_size(setting->value, &asked) || !cgroup_parse_size(read_back, &got) ||
	    asked == got)
		return NULL;
	return xasprintf("%s: the kernel rounds %" PRIu64 " to %" PRIu64 " (%s)", setting->option,
			 asked, got, setting->file);
}

/* Processors' worth of time in "50000 100000", in thousandths; "max 100000" is no limit. */
static uint64_t cpu_thousandths(const char *cpu_max)
{
	char *end;
	uint64_t quota = strtoull(cpu_max, &end, 10), period = strtoull(end, NULL, 10);

	return end == cpu_max || !period ? UINT64_MAX : quota * 1000 / period;
}

/* Whether the line of io.max "8:0 rbps=1 wbps=max …" allows less than one word of it. */
static bool word_is_tighter(const char *line, const char *word)
{
	size_t key = strcspn(word, "=") + 1, line_len = strcspn(line, "\n");
	autofree char *copy = xstrndup(line, line_len);
	char *save = NULL;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (!strncmp(w, word, key))
			return number_of(w + key) < number_of(word + key);
	return false;
}

static bool io_is_tighter(const char *asked, const char *above)
{
	autostrlist struct strlist words = { 0 };
	const char *line;

	strlist_split(&words, asked, ' ');
	line = words.n ? cgroup_find_key(above, words.items[0]) : NULL;
	for (size_t i = 1; line && i < words.n; i++)
		if (word_is_tighter(line, words.items[i]))
			return true;
	return false;
}

static bool is_protection(const char *file)
{
	return !strcmp(file, "memory.low") || !strcmp(file, "memory.min");
}

/**
 * cgroup_remark_above() - What a control file of a cgroup above does to a setting
 * @file:	Whose content @above is: the setting's own, or one that works like it
 *
 * Return: "memory.max is 4096", to be freed; NULL: it is out of the way
 */
char *cgroup_remark_above(const struct cgroup_setting *setting, const char *file, const char *above)
{
	const char *asked = setting->value;
	bool tighter;

	if (!strcmp(file, "cpu.max"))
		tighter = cpu_thousandths(above) < cpu_thousandths(asked) &&
			  cpu_thousandths(asked) != UINT64_MAX;
	else if (!strcmp(file, "io.max"))
		tighter = io_is_tighter(asked, above);
	else if (str_ends(file, ".max") || str_ends(file, ".high") || is_protection(file))
		tighter = number_of(above) < number_of(asked) && number_of(asked) != UINT64_MAX;
	else
		return NULL;
	if (!tighter)
		return NULL;
	if (!strcmp(file, "io.max"))
		return xstrdup("io.max allows less");
	return xasprintf("%s is %.*s", file, (int)strcspn(above, "\n"), above);
}

/* ---- the cgroups above ------------------------------------------------------ */

struct look {
	const struct cgroup_root *root;
	const char *relpath;
	int dirfd;
	struct strlist *remarks;
};

static bool remark_on_level(const struct look *l, const struct cgroup_setting *s, const char *dir,
			    const char *file)
{
	autofree char *path = xasprintf("%s/%s", dir, file);
	autofree char *text = cgroup_read_control(l->root->fd, path);
	autofree char *what = text ? cgroup_remark_above(s, file, text) : NULL;

	if (!what)
		return false;
	strlist_take(l->remarks, xasprintf("%s: cgroup '%s%s%s' above it decides: %s%s", s->option,
					   l->root->path, strcmp(dir, ".") ? "/" : "",
					   strcmp(dir, ".") ? dir : "", what,
					   is_protection(file) ? ", which protects no more" : ""));
	return true;
}

/* From the nearest on; the first that is in the way is enough. The machine's root has no such
 * files. */
static bool remark_on_levels(const struct look *l, const struct cgroup_setting *s)
{
	const char *other = !strcmp(s->file, "memory.max")    ? "memory.high"
			    : !strcmp(s->file, "memory.high") ? "memory.max"
							      : NULL;
	autofree char *dir = xstrdup(l->relpath);
	char *slash;

	do {
		slash = strrchr(dir, '/');
		if (slash)
			*slash = '\0';
		if (remark_on_level(l, s, slash ? dir : ".", s->file) ||
		    (other && remark_on_level(l, s, slash ? dir : ".", other)))
			return true;
	} while (slash);
	return false;
}

/* ---- the machine ------------------------------------------------------------ */

/* "MemTotal:  8000000 kB" in bytes. */
static uint64_t meminfo(const char *key)
{
	autofree char *text = NULL;
	const char *line;
	struct error ignored; /* then nothing is known of it, and nothing said */
	size_t len;

	if (file_read_at(AT_FDCWD, "/proc/meminfo", MEMINFO_MAX_BYTES, &text, &len, &ignored) < 0)
		return UINT64_MAX;
	line = cgroup_find_key(text, key);
	return line ? strtoull(line, NULL, 10) * 1024 : UINT64_MAX;
}

/* Those that a process in the cgroup can run on. */
static unsigned int cpus_of(int dirfd)
{
	autofree char *text = cgroup_read_control(dirfd, "cpuset.cpus.effective");
	struct cpulist list;

	if (text && cpulist_parse(&list, text) && cpulist_count(&list))
		return cpulist_count(&list);
	return (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
}

static bool disk_has_bfq(const char *disk)
{
	autofree char *path = xasprintf("/sys/block/%s/queue/scheduler", disk);
	autofree char *text = NULL;
	struct error ignored;
	size_t len;

	return file_read_at(AT_FDCWD, path, SCHEDULER_MAX, &text, &len, &ignored) == 0 &&
	       strstr(text, "[bfq]");
}

static bool some_disk_heeds_weights(const struct cgroup_root *root)
{
	autofree char *cost = cgroup_read_control(root->fd, "io.cost.qos");
	bool found = cost && strstr(cost, "enable=1");
	autodir DIR *dir = found ? NULL : dir_open(AT_FDCWD, "/sys/block", 0);
	const struct dirent *e;

	while (!found && (e = dir_next(dir)))
		found = disk_has_bfq(e->d_name);
	return found;
}

static void remark_on_cpus(const struct look *l, const struct cgroup_setting *s)
{
	unsigned int cpus = cpus_of(l->dirfd);
	uint64_t asked = cpu_thousandths(s->value);

	if (asked != UINT64_MAX && asked > (uint64_t)cpus * 1000)
		strlist_take(l->remarks,
			     xasprintf("%s: the time of %" PRIu64 ".%" PRIu64
				       " processors, but it can run on %u only",
				       s->option, asked / 1000, asked % 1000 / 100, cpus));
}

static void remark_on_memory(const struct look *l, const struct cgroup_setting *s)
{
	bool swap = !strcmp(s->file, "memory.swap.max");
	uint64_t asked, there = meminfo(swap ? "SwapTotal:" : "MemTotal:");

	if (cgroup_parse_size(s->value, &asked) && asked > there)
		strlist_take(l->remarks,
			     xasprintf("%s: %" PRIu64 " bytes of %s, but this machine has %" PRIu64,
				       s->option, asked, swap ? "swap" : "memory", there));
}

static void remark_on_machine(const struct look *l, const struct cgroup_setting *s)
{
	if (!strcmp(s->file, "cpu.max"))
		remark_on_cpus(l, s);
	else if (s->controller == CGROUP_MEMORY)
		remark_on_memory(l, s);
	else if (!strcmp(s->file, "io.weight") && !strchr(s->value, ' ') &&
		 !some_disk_heeds_weights(l->root))
		strlist_take(l->remarks, xasprintf("%s: no disk here heeds weights (that needs bfq "
						   "or io.cost)",
						   s->option));
}

/* ---- all ---------------------------------------------------------------------- */

static void remark_on(const struct look *l, const struct cgroup_setting *s)
{
	autofree char *text = NULL, *rounded = NULL;

	if (s->derived || s->unchecked)
		return;
	text = cgroup_read_control(l->dirfd, s->file);
	if (!text && strcmp(s->file, "io.weight") != 0)
		return; /* optional, or another file stands in for it */
	rounded = text ? cgroup_remark_rounded(s, text) : NULL;
	if (rounded)
		strlist_add(l->remarks, rounded);
	if (!remark_on_levels(l, s))
		remark_on_machine(l, s);
}

/**
 * cgroup_limits_remark() - Where limits that are in force are not what they were asked to be
 * @relpath:	A cgroup that has taken @limits
 * @remarks:	Texts are appended; none: all holds as asked
 *
 * Return: 0, or -errno if that cannot be found out
 */
int cgroup_limits_remark(const struct cgroup_root *root, const char *relpath,
			 const struct cgroup_limits *limits, struct strlist *remarks,
			 struct error *err)
{
	autoclose int fd = cgroup_open(root, relpath, err);
	const struct look look = { root, relpath, fd, remarks };
	struct cgroup_setting *settings = NULL;
	size_t n = 0;
	int r;

	if (fd < 0)
		return fd;
	r = cgroup_limits_plan(limits, &settings, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		remark_on(&look, &settings[i]);
	cgroup_settings_free(settings, n);
	return r;
}
