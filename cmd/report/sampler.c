// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/sampler.c - The time series of a run: --sample INTERVAL[:FILE|:fd:N]
 *
 * Theory of operation:
 * Each look is a deadline of the supervisor's poll loop and costs a dozen
 * system calls: one pread() for each control file, one write(). A look that
 * comes late is not made up for. Nobody who reads too slowly holds up the
 * container: a line that a pipe has no room for is dropped and counted. A file
 * cannot grow without bound either: after each LAP_BYTES the interval is twice
 * as long.
 */
#include "cmd/report/sampler.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/report/series.h"
#include "cmd/report/timeline.h"
#include "cmd/units.h"
#include "runtime/record.h"

#define MIN_INTERVAL_MS 1
#define MAX_INTERVAL_MS 3600000
#define LAP_BYTES	(UINT64_C(64) << 20)
#define LINE_MAX_BYTES	768 /* fits into what a pipe takes at once: PIPE_BUF */
#define TEXT_MAX_BYTES	256

/* ---- the flag ----------------------------------------------------------- */

static int parse_interval(const char *spec, int64_t *ms, struct error *err)
{
	autofree char *text = xstrndup(spec, strcspn(spec, ":"));

	if (units_parse_duration(text, ms) < 0)
		return error_set(err, EINVAL, "--sample '%s': '%s' is no interval, as 20ms", spec,
				 text);
	if (*ms < MIN_INTERVAL_MS || *ms > MAX_INTERVAL_MS)
		return error_set(err, ERANGE, "--sample '%s': an interval is 1ms to 1h", spec);
	return 0;
}

/* What is behind the interval; NULL: nothing. */
static const char *target_of(const char *spec)
{
	const char *colon = strchr(spec, ':');

	return colon ? colon + 1 : NULL;
}

/** sampler_is_stream() - It names a descriptor of the caller's, of no use to a later command */
bool sampler_is_stream(const char *spec)
{
	const char *target = target_of(spec);

	return target && str_starts(target, "fd:");
}

/**
 * sampler_check() - Whether the flag makes sense by itself
 * @is_kept:	The container has a directory when it has ended
 */
int sampler_check(const char *spec, bool is_kept, struct error *err)
{
	const char *target = target_of(spec);
	int64_t ms;
	int r = parse_interval(spec, &ms, err);

	if (r < 0)
		return r;
	if (target && !*target)
		return error_set(err, EINVAL, "--sample '%s' names no file", spec);
	if (!target && !is_kept) {
		error_set(err, EINVAL, "--sample %s: nothing is kept of a --rm container", spec);
		return error_hint(err, "name a file or a descriptor: --sample %s:FILE", spec);
	}
	return 0;
}

/** sampler_absolute() - The same flag from any directory; the caller frees it */
char *sampler_absolute(const char *spec)
{
	const char *target = target_of(spec);
	autofree char *path = NULL;

	if (target && !sampler_is_stream(spec))
		path = path_absolute(target);
	return path ? xasprintf("%.*s%s", (int)(target - spec), spec, path) : xstrdup(spec);
}

/* ---- opening ------------------------------------------------------------ */

/** sampler_init() - No samples are wanted */
void sampler_init(struct sampler *s)
{
	*s = (struct sampler){ .fd = -1 };
	cgroup_sampler_init(&s->files);
}

/* A copy: the monitor lets go of the caller's descriptors. */
static int open_stream(const char *target, struct error *err)
{
	uint64_t n;
	int fd, flags;

	if (str_parse_u64(target + strlen("fd:"), INT_MAX, &n) < 0)
		return error_set(err, EINVAL, "'%s' is not fd:N", target);
	fd = fcntl((int)n, F_DUPFD_CLOEXEC, 3);
	flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
	if (flags < 0)
		return error_sys(err, errno, "write to '%s'", target);
	if ((flags & O_ACCMODE) == O_RDONLY) {
		(void)close(fd);
		return error_set(err, EBADF, "write to '%s': it is open only to be read", target);
	}
	return fd;
}

/* It is there from the beginning, to be followed; only its own user's. */
static int open_file(int dir, const char *path, struct error *err)
{
	int fd = openat(dir, path,
			O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
			0644);

	return fd < 0 ? error_sys(err, errno, "write to '%s'", path) : fd;
}

/**
 * sampler_open() - Open what the samples go to
 * @s:			From sampler_init(); sampler_done() releases it
 * @spec:		The flag
 * @container_dir:	For a flag that names no file
 */
int sampler_open(struct sampler *s, const char *spec, int container_dir, struct error *err)
{
	const char *target = target_of(spec);
	struct stat st;
	int64_t ms;
	int r = parse_interval(spec, &ms, err);

	if (r < 0)
		return r;
	s->interval_ns = ms * UNITS_NS_PER_MS;
	if (sampler_is_stream(spec))
		s->fd = open_stream(target, err);
	else
		s->fd = target ? open_file(AT_FDCWD, target, err)
			       : open_file(container_dir, SAMPLER_FILE, err);
	if (s->fd < 0)
		return error_wrap(err, "--sample '%s'", spec);
	s->may_block = fstat(s->fd, &st) < 0 || !S_ISREG(st.st_mode);
	s->room = s->may_block ? UINT64_MAX : LAP_BYTES;
	return 0;
}

/** sampler_done() - Close all; safe twice */
void sampler_done(struct sampler *s)
{
	cleanup_close(&s->fd);
	cgroup_sampler_close(&s->files);
	sampler_init(s);
}

/* ---- lines -------------------------------------------------------------- */

static bool has_room(const struct sampler *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	return !s->may_block || (poll(&p, 1, 0) > 0 && p.revents & POLLOUT);
}

static void write_line(struct sampler *s, const char *line, size_t len)
{
	if (!has_room(s) || file_write_fd(s->fd, line, len) < 0) {
		s->dropped++; /* disk full, reader gone: run on */
		return;
	}
	s->written += len;
	if (s->written < s->room)
		return;
	s->room += LAP_BYTES;
	s->interval_ns *= 2;
}

/* What the user chose freely, cut so that a line stays short. */
static void set_short(struct json *map, const char *key, const char *text)
{
	autofree char *cut = xstrndup(text, str_whole(text, TEXT_MAX_BYTES));

	json_set_text(map, key, cut);
}

static void write_document(struct sampler *s, const struct json *doc)
{
	autofree char *text = json_print(doc);
	autofree char *line = xasprintf("%s\n", text);

	write_line(s, line, strlen(line));
}

/* What is not known is left out. */
static size_t print_sample(char *line, size_t size, int64_t t_us, uint64_t dropped,
			   const struct cgroup_sample *sample)
{
	size_t len = (size_t)snprintf(line, size, "{\"t_us\":%" PRId64, t_us);

	for (size_t i = 0; i < (size_t)SERIES_FIGURES; i++) {
		int64_t value = *(const int64_t *)((const char *)sample + series_figures[i].offset);

		if (value != CGROUP_SAMPLE_NONE)
			len += (size_t)snprintf(line + len, size - len, ",\"%s\":%" PRId64,
						series_figures[i].name, value);
	}
	if (dropped)
		len += (size_t)snprintf(line + len, size - len, ",\"dropped\":%" PRIu64, dropped);
	return len + (size_t)snprintf(line + len, size - len, "}\n");
}

/* 13 names of up to 18 characters and as many numbers of up to 19 digits. */
static_assert(LINE_MAX_BYTES >= (SERIES_FIGURES + 2) * (18 + 19 + 4) + 4, "a line has room");

static void take(struct sampler *s, int64_t now_ns)
{
	struct cgroup_sample sample;
	char line[LINE_MAX_BYTES];
	uint64_t dropped = s->dropped;
	size_t len;

	cgroup_sampler_read(&s->files, &sample);
	len = print_sample(line, sizeof(line), (now_ns - s->start_ns) / UNITS_NS_PER_US, dropped,
			   &sample);
	write_line(s, line, len);
	if (s->dropped == dropped)
		s->dropped = 0; /* it has been told */
}

static int64_t look(struct deadline *d, int64_t now_ns)
{
	struct sampler *s = (struct sampler *)((char *)d - offsetof(struct sampler, deadline));
	int64_t next = d->at_ns + s->interval_ns;

	take(s, now_ns);
	return next > now_ns ? next : now_ns + s->interval_ns;
}

/**
 * sampler_begin() - The container's program has started: look at once, and from then on
 * @r:		Its record
 * @cgroup_fd:	-1: there is none, and nothing to be seen
 * @deadlines:	Of the loop that waits for it
 */
void sampler_begin(struct sampler *s, const struct record *r, int cgroup_fd,
		   struct deadline **deadlines)
{
	autojson struct json *head = NULL;
	char started[UNITS_TEXT_MAX];

	if (s->fd < 0)
		return;
	head = json_new_map();
	json_set_text(head, "kind", "samples");
	json_set_int(head, "version", 1);
	json_set_text(head, "container", r->id);
	set_short(head, "name", r->name);
	set_short(head, "image", r->image);
	set_short(head, "command", r->command);
	json_set_text(head, "started", units_print_rfc3339(started, r->started_ns));
	json_set_int(head, "interval_us", s->interval_ns / UNITS_NS_PER_US);
	write_document(s, head);
	cgroup_sampler_close(&s->files);
	cgroup_sampler_open(&s->files, cgroup_fd);
	s->start_ns = clock_monotonic_ns();
	s->deadline.due = look;
	deadline_add(deadlines, &s->deadline, s->start_ns);
}

/** sampler_add_step() - Note what became of a step of --at */
void sampler_add_step(struct sampler *s, const struct timeline_step *step)
{
	autojson struct json *line = NULL;

	if (s->fd < 0)
		return;
	line = json_new_map();
	json_set_int(line, "t_us", step->began_us);
	set_short(line, "step", step->text);
	json_set_text(line, "outcome", timeline_outcome_name(step->outcome));
	json_set_int(line, "took_us", step->took_us);
	if (step->error)
		set_short(line, "error", step->error);
	write_document(s, line);
}

/** sampler_end() - It has ended, as its record says: a last look, while the cgroup is there */
void sampler_end(struct sampler *s, const struct record *r)
{
	autojson struct json *line = NULL;
	int64_t now = clock_monotonic_ns();

	if (s->fd < 0)
		return;
	take(s, now);
	line = json_new_map();
	json_set_int(line, "t_us", (now - s->start_ns) / UNITS_NS_PER_US);
	json_set_text(line, "end", r->reason);
	json_set_int(line, "code", r->exit_code);
	write_document(s, line);
	cgroup_sampler_close(&s->files);
}
