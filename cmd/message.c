// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/message.c - What the user is told besides the answer, on stderr
 *
 * One line per message, control characters escaped: names and paths in it may
 * come from an image. With --log-format json each line is an object.
 */
#include "cmd/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/rights.h"
#include "cmd/units.h"

static void write_line(struct str *line)
{
	str_putc(line, '\n');
	/* Nobody is left to tell when stderr itself fails. */
	(void)file_write_fd(STDERR_FILENO, line->data, line->len);
}

static void write_json(const char *level, const char *msg, const char *hint)
{
	autojson struct json *map = json_new_map();
	autofree char *text = NULL;
	autostr struct str line = { 0 };
	char time[UNITS_TEXT_MAX];

	json_set_text(map, "time", units_print_rfc3339(time, units_now_ns()));
	json_set_text(map, "level", level);
	json_set_text(map, "msg", msg);
	if (*hint)
		json_set_text(map, "hint", hint);
	text = json_print(map);
	str_puts(&line, text);
	write_line(&line);
}

static void write_text(const char *prefix, const char *msg, const char *hint)
{
	autofree char *safe = str_escape(msg);
	autostr struct str line = { 0 };

	str_printf(&line, "%s%s", prefix, safe);
	if (*hint) {
		autofree char *safe_hint = str_escape(hint);

		str_printf(&line, "\nhint: %s", safe_hint);
	}
	write_line(&line);
}

/* What went to stdout so far comes first, also when both are one terminal or file. */
static void write_message(const struct context *ctx, const char *level, const char *prefix,
			  const char *msg, const char *hint)
{
	(void)fflush(stdout);
	if (ctx->log_json)
		write_json(level, msg, hint);
	else
		write_text(prefix, msg, hint);
}

/** message_error() - Print an error and its hint */
void message_error(const struct context *ctx, const struct error *err)
{
	struct error full = *err;

	rights_explain(&full);
	write_message(ctx, "error", "tare: ", full.msg, full.hint);
}

/** message_warning() - Print one line that does not end the command */
void message_warning(const struct context *ctx, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	write_message(ctx, "warning", "tare: warning: ", text, "");
}

/**
 * message_name() - Print the name of what has been done with success
 *
 * A caller who has closed stdout does not want it. Any other failure is told, but is none of
 * the command: what runs would go on behind an error.
 */
void message_name(const struct context *ctx, const char *name)
{
	autofree char *line = xasprintf("%s\n", name);
	int r = file_write_fd(STDOUT_FILENO, line, strlen(line));

	if (r < 0 && r != -EBADF)
		message_warning(ctx, "write '%s' to standard output: %s", name, strerror(-r));
}

/**
 * message_finish_output() - Make sure that all of stdout arrived
 *
 * A full disk shows at the last write, or not before close.
 *
 * Return: 0, or -errno
 */
int message_finish_output(struct error *err)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) != 0 || failed) {
		if (!errno) /* an earlier write failed: ask once more why, with no more of the text */
			(void)!write(STDOUT_FILENO, "\n", 1);
		return error_sys(err, errno ? errno : EIO, "write to standard output");
	}
	/* A closed stdout is fine as long as nothing was to be written. */
	if (close(STDOUT_FILENO) < 0 && errno != EBADF)
		return error_sys(err, errno, "write to standard output");
	return 0;
}
