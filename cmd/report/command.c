// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/command.c - tare report: draw what --sample has noted, or show a --report
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/birth.h"
#include "cmd/command.h"
#include "cmd/outfile.h"
#include "cmd/report/chart.h"
#include "cmd/report/report.h"
#include "cmd/report/sampler.h"
#include "cmd/report/series.h"
#include "cmd/report/summary.h"
#include "cmd/target.h"
#include "runtime/record.h"

#define CHUNK	       65536
#define MIN_COLUMNS    40
#define USUAL_COLUMNS  80
#define SVG_COLUMNS    800
#define MAX_TEXT_WIDTH 500

struct report_options {
	bool ascii;
	const char *svg;
	int64_t width;
};

#define O(...) OPTION(struct report_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "ascii", NULL, OPTION_BOOL, ascii, "Draw with ASCII characters alone"),
	O(0, "svg", "FILE", OPTION_TEXT, svg,
	  "Write a drawing there instead; -: to standard output"),
	O(0, "width", "N", OPTION_INT, width, "Columns of text (default: the terminal's, else 80)"),
	{ 0 },
};

/* ---- reading ------------------------------------------------------------ */

/* What is read: a series, line by line; or one document, kept as it is. */
struct input {
	struct series series;
	struct json *document; /* of --report; NULL: it is a series */
	struct str line;
	bool is_first;	  /* nothing is known yet */
	bool is_document; /* line is all of it so far */
	bool is_too_long; /* the line is not kept */
};

static void input_done(struct input *in)
{
	series_done(&in->series);
	json_free(in->document);
	str_done(&in->line);
}

/* The first line of a series is a document of its own; that of a report need not be one. */
static bool begins_series(const struct str *line)
{
	autojson struct json *doc = NULL;
	struct error ignored;

	doc = line->len ? json_parse(line->data, line->len, &ignored) : NULL;
	return !strcmp(json_text_or(json_get(doc, "kind"), ""), "samples");
}

static void end_line(struct input *in)
{
	if (in->is_first) {
		in->is_first = false;
		in->is_document = !begins_series(&in->line);
	}
	if (in->is_document) {
		str_putc(&in->line, '\n');
		return;
	}
	if (in->is_too_long)
		in->series.malformed++;
	else if (in->line.len)
		series_add_line(&in->series, in->line.data, in->line.len);
	in->is_too_long = false;
	in->line.len = 0;
}

static int add_chunk(struct input *in, const char *data, size_t len, struct error *err)
{
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;

		if (in->is_document && in->line.len + n > JSON_MAX_BYTES)
			return error_set(err, EFBIG, "it is neither a series nor a report");
		if (!in->is_document && in->line.len + n > SERIES_MAX_LINE)
			in->is_too_long = true;
		if (!in->is_too_long)
			str_append(&in->line, data, n);
		if (in->is_first && in->is_too_long)
			return error_set(err, EBADMSG, "it is neither a series nor a report");
		if (newline)
			end_line(in);
		n += newline != NULL;
		data += n;
		len -= n;
	}
	return 0;
}

static int finish(struct input *in, struct error *err)
{
	if (in->line.len && !in->is_document)
		end_line(in);
	if (in->is_document) {
		in->document = json_parse(in->line.data, in->line.len, err);
		if (!in->document)
			return -err->code;
		if (!json_text(json_get(in->document, "reason")))
			return error_set(err, EBADMSG, "it is neither a series nor a report");
		return 0;
	}
	if (!in->series.n)
		return error_set(err, ENODATA, "there is no look in it");
	return 0;
}

static int read_all(struct input *in, int fd, struct error *err)
{
	autofree char *data = xmalloc(CHUNK);
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, data, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "read");
		r = add_chunk(in, data, (size_t)n, err);
	}
	return r == 0 ? finish(in, err) : r;
}

/* The series that is kept beside a container, or else its report. */
static int open_container(struct context *ctx, const char *operand, struct input *in, int *fd,
			  struct error *err)
{
	autorecord struct record r;
	autoclose int dir = -1;
	int ret;

	record_init(&r);
	ret = command_open_stores(ctx, err);
	if (ret == 0)
		ret = target_find(ctx, operand, &r, err);
	if (ret < 0)
		return ret;
	dir = record_open_dir(&ctx->store, r.id, false);
	*fd = dir < 0 ? -1 : openat(dir, SAMPLER_FILE, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	in->document = report_read_stored(&ctx->store, &r);
	if (in->document)
		return 0;
	error_set(err, ENOENT, "nothing was noted of container '%s'", operand);
	return error_hint(err, "start one with --sample 20ms, or with a limit");
}

static int read_operand(struct context *ctx, const char *operand, struct input *in,
			struct error *err)
{
	autoclose int fd = -1;
	int r = 0;

	if (!strcmp(operand, "-"))
		return read_all(in, STDIN_FILENO, err);
	if (birth_is_path(operand)) {
		fd = openat(AT_FDCWD, operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		r = fd < 0 ? error_sys(err, errno, "open") : 0;
	} else {
		r = open_container(ctx, operand, in, &fd, err);
	}
	return r == 0 && fd >= 0 ? read_all(in, fd, err) : r;
}

/* ---- drawing ------------------------------------------------------------ */

static size_t text_columns(const struct report_options *o)
{
	struct winsize size;
	int64_t width = o->width;

	if (!width)
		width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col
										    : USUAL_COLUMNS;
	if (width < MIN_COLUMNS)
		width = MIN_COLUMNS;
	if (width > MAX_TEXT_WIDTH)
		width = MAX_TEXT_WIDTH;
	return (size_t)width - CHART_LABEL_COLUMNS;
}

static int write_svg(const struct report_options *o, const struct input *in, struct error *err)
{
	autostr struct str out = { 0 };
	struct outfile file;
	struct chart chart;
	int r;

	if (in->document)
		return error_set(err, EINVAL, "a report has no course of time to draw");
	chart_of_series(&chart, &in->series, SVG_COLUMNS);
	chart_print_svg(&chart, &out);
	chart_done(&chart);
	r = outfile_open(&file, o->svg, err);
	if (r == 0 && (r = file_write_fd(file.fd, out.data, out.len)) < 0)
		error_sys(err, -r, "write '%s'", o->svg);
	if (r == 0)
		r = outfile_commit(&file, 0666, err);
	outfile_close(&file);
	return r;
}

static void print(const struct report_options *o, const struct input *in)
{
	autostr struct str out = { 0 };
	struct chart chart;

	if (in->document) {
		report_summary(in->document, o->ascii, &out);
	} else {
		chart_of_series(&chart, &in->series, text_columns(o));
		chart_print_text(&chart, o->ascii, &out);
		chart_done(&chart);
	}
	fwrite(out.data, 1, out.len, stdout);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct report_options *o = ctx->options;
	struct input in = { .is_first = true };
	int r;

	(void)argc;
	if (o->width < 0)
		return error_set(err, EINVAL, "--width must be positive");
	series_init(&in.series);
	r = read_operand(ctx, argv[0], &in, err);
	if (r == 0 && o->svg)
		r = write_svg(o, &in, err);
	else if (r == 0)
		print(o, &in);
	if (r < 0)
		(void)error_wrap(err, "report '%s'", argv[0]);
	input_done(&in);
	return r;
}

const struct command cmd_report = {
	.name = "report",
	.args = "FILE|CONTAINER|-",
	.summary = "Draw what a run used over time, or show how it ended",
	.details =
		"FILE is what 'run --sample 20ms:FILE' has written, or 'run --report FILE'. Of a "
		"CONTAINER that is kept, it is what 'run --sample 20ms' has left beside it, or else the "
		"report of its last run.\n\n"
		"A series is drawn as curves of memory (with its limit as a dashed line), processor "
		"time, throttling and pressure, with the steps of --at below; --svg makes a drawing "
		"for a browser of it. A column shows the most memory in its time, and what share of "
		"its time a processor was used or a process had to wait.\n\n"
		"  tare run --rm --memory 200m --sample 20ms:s.jsonl --at 5s memory.max=64M ./app.tar\n"
		"  tare report s.jsonl\n"
		"  tare report --svg s.svg s.jsonl",
	.options = options,
	COMMAND_OPTIONS(struct report_options, .ascii = false),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
