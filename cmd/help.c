// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/help.c - Help texts and man pages, made from the command tables
 */
#include "cmd/help.h"

#include <errno.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/options.h"

#define HELP_FLAG_COLUMN 30 /* where the explanation of a flag begins */
#define HELP_WIDTH	 80

/*
 * Prints words up to HELP_WIDTH columns; lines after the first begin at column
 * @indent, where the first is already.
 */
static void print_wrapped(const char *text, size_t len, size_t indent)
{
	size_t column = indent;

	while (len) {
		size_t n = 0;

		while (n < len && text[n] != ' ' && text[n] != '\n')
			n++;
		if (column > indent && column + 1 + n > HELP_WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		}
		if (n) {
			printf("%s%.*s", column > indent ? " " : "", (int)n, text);
			column += n + (column > indent);
		}
		n += n < len;
		text += n;
		len -= n;
	}
	putchar('\n');
}

/* Paragraphs are filled; lines that begin with a blank stay as they are. */
static void print_details(const char *text)
{
	while (*text) {
		const char *end = text;

		if (*text == ' ' || *text == '\n') {
			end += strcspn(text, "\n");
			printf("%.*s\n", (int)(end - text), text);
		} else {
			do
				end += strcspn(end, "\n");
			while (*end && end[1] && end[1] != '\n' && end[1] != ' ' && end++);
			print_wrapped(text, (size_t)(end - text), 0);
		}
		text = end + (*end == '\n');
	}
}

static void print_option(const struct option_def *def)
{
	autostr struct str flag = { 0 };

	if (def->short_name)
		str_printf(&flag, "  -%c%s", def->short_name, def->name ? ", " : "");
	else
		str_puts(&flag, "      ");
	if (def->name)
		str_printf(&flag, "--%s", def->name);
	if (def->arg)
		str_printf(&flag, " %s", def->arg);
	if (flag.len + 2 > HELP_FLAG_COLUMN)
		printf("%s\n%*s", flag.data, HELP_FLAG_COLUMN, "");
	else
		printf("%-*s", HELP_FLAG_COLUMN, flag.data);
	print_wrapped(def->help, strlen(def->help), HELP_FLAG_COLUMN);
}

static bool has_visible(const struct option_def *defs)
{
	for (; !options_is_end(defs); defs++)
		if (defs->help)
			return true;
	return false;
}

static void print_usage(const struct command *cmd, const char *group)
{
	printf("Usage: tare %s%s%s%s", group ? group : "", group ? " " : "", cmd->name,
	       has_visible(cmd->options) ? " [OPTIONS]" : "");
	if (cmd->args)
		printf(" %s", cmd->args);
	printf("\n\n%s\n", cmd->summary);
}

static void print_options(const struct option_def *defs, const char *title)
{
	printf("\n%s:\n", title);
	for (; !options_is_end(defs); defs++)
		if (defs->help)
			print_option(defs);
}

static void print_commands(const struct command *const *list)
{
	printf("\nCommands:\n");
	for (; *list; list++)
		if (!((*list)->flags & COMMAND_HIDDEN))
			printf("  %-12s%s\n", (*list)->name, (*list)->summary);
}

/** help_print_overview() - What "tare --help" shows */
void help_print_overview(void)
{
	printf("Usage: tare [OPTIONS] COMMAND\n\nRun containers without a daemon\n");
	print_commands(command_list);
	print_options(command_global_options, "Options");
	printf("\n'tare COMMAND --help' explains a command.\n");
}

/**
 * help_print_command() - What "tare COMMAND --help" shows
 * @group:	The command that this is a subcommand of, or NULL
 */
void help_print_command(const struct command *command, const char *group)
{
	print_usage(command, group);
	if (command->subcommands)
		print_commands(command->subcommands);
	if (has_visible(command->options))
		print_options(command->options, "Options");
	if (command->details) {
		putchar('\n');
		print_details(command->details);
	}
}

/* Text for troff: a backslash or a leading dot would be taken as a request. */
#define ELLIPSIS "\u2026" /* three bytes */

static void print_roff(const char *text)
{
	bool line_start = true;

	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			printf("\\&");
		if (*text == '\\')
			printf("\\e");
		else if (str_starts(text, ELLIPSIS)) /* man has none in the C locale */
			text += printf("...") - 1;
		else if (*text == '-')
			printf("\\-");
		else
			putchar(*text);
		line_start = *text == '\n';
	}
}

static void print_roff_option(const struct option_def *def)
{
	printf(".TP\n");
	if (def->short_name)
		printf("\\fB\\-%c\\fR%s", def->short_name, def->name ? ", " : "");
	if (def->name) {
		printf("\\fB");
		print_roff("--");
		print_roff(def->name);
		printf("\\fR");
	}
	if (def->arg)
		printf(" \\fI%s\\fR", def->arg);
	putchar('\n');
	print_roff(def->help);
	putchar('\n');
}

static void print_roff_options(const struct option_def *defs, const char *title)
{
	printf(".SH %s\n", title);
	for (; !options_is_end(defs); defs++)
		if (defs->help)
			print_roff_option(defs);
}

static void print_roff_head(const char *title, const char *summary)
{
	printf(".TH \"");
	for (const char *c = title; *c; c++)
		putchar(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	printf("\" 1 \"\" \"tare %s\" \"tare\"\n.SH NAME\n", TARE_VERSION);
	print_roff(title);
	printf(" \\- ");
	print_roff(summary);
	putchar('\n');
}

/* Empty lines of a details text begin paragraphs; indented ones are kept as they are. */
static void print_roff_details(const char *details)
{
	bool literal = false;

	printf(".SH DESCRIPTION\n");
	while (*details) {
		size_t n = strcspn(details, "\n");
		autofree char *line = xstrndup(details, n);
		bool indented = *line == ' ' || *line == '\t';

		if (indented != literal && n)
			printf(indented ? ".nf\n" : ".fi\n");
		if (n)
			literal = indented;
		if (n)
			print_roff(line);
		else
			printf("%s", literal ? "" : ".PP");
		putchar('\n');
		details += n + (details[n] == '\n');
	}
	if (literal)
		printf(".fi\n");
}

static void print_man_command(const struct command *cmd, const char *group)
{
	autofree char *title = group ? xasprintf("tare-%s-%s", group, cmd->name)
				     : xasprintf("tare-%s", cmd->name);

	print_roff_head(title, cmd->summary);
	printf(".SH SYNOPSIS\n\\fBtare %s%s%s\\fR", group ? group : "", group ? " " : "",
	       cmd->name);
	if (has_visible(cmd->options))
		printf(" [OPTIONS]");
	if (cmd->args) {
		putchar(' ');
		print_roff(cmd->args);
	}
	putchar('\n');
	if (cmd->details)
		print_roff_details(cmd->details);
	if (cmd->subcommands) {
		printf(".SH COMMANDS\n");
		for (const struct command *const *c = cmd->subcommands; *c; c++)
			printf(".TP\n\\fB%s\\fR\n%s\n", (*c)->name, (*c)->summary);
	}
	if (has_visible(cmd->options))
		print_roff_options(cmd->options, "OPTIONS");
	printf(".SH SEE ALSO\n.BR tare (1)\n");
}

static const char man_exit_codes[] =
	".SH EXIT STATUS\n"
	".TP\n122\na limit cannot be had as asked for, and it was to be \\fB\\-\\-strict\\fR; or "
	"\\fBdoctor\\fR misses something\n"
	".TP\n123\nan \\fB\\-\\-assert\\fR does not hold\n"
	".TP\n124\na \\fB\\-\\-timeout\\fR ran out\n"
	".TP\n125\ntare itself failed: a bad flag, no such image, a limit refused\n"
	".TP\n126\nthe command was found but cannot be run\n"
	".TP\n127\nthe command was not found in the container\n"
	".TP\n128+n\nthe container was ended by signal n\n"
	".TP\nother\n\\fBrun\\fR and \\fBexec\\fR pass on the code of the command; "
	"\\fBinspect\\fR, \\fBrm\\fR and \\fBrmi\\fR end with 1 when something is absent, "
	"\\fBrm\\fR and \\fBrmi\\fR with 2 when it is in use\n";

static const char man_files[] =
	".SH FILES\n"
	".TP\n\\fI/var/lib/tare\\fR\nimages and containers (mode 0700)\n"
	".TP\n\\fI/run/tare\\fR\nwhat is gone after a restart of the machine\n"
	".SH ENVIRONMENT\n"
	".TP\n\\fBTARE_ROOT\\fR, \\fBTARE_RUNROOT\\fR\nother places for these two\n"
	".TP\n\\fBTARE_ADDITIONAL_STORES\\fR\nas \\fB\\-\\-additional\\-store\\fR, apart by colons\n"
	".TP\n\\fBTARE_SUBNET\\fR\nthe default network's, as in 10.99.0.0/16; looked at by the first "
	"container that is connected after a restart of the machine. It is taken even where the host "
	"routes it elsewhere\n";

static void print_man_overview(void)
{
	print_roff_head("tare", "run containers without a daemon");
	printf(".SH SYNOPSIS\n\\fBtare\\fR [OPTIONS] COMMAND\n.SH COMMANDS\n");
	for (const struct command *const *c = command_list; *c; c++)
		if (!((*c)->flags & COMMAND_HIDDEN))
			printf(".TP\n.BR tare\\-%s (1)\n%s\n", (*c)->name, (*c)->summary);
	print_roff_options(command_global_options, "OPTIONS");
	printf("%s%s", man_exit_codes, man_files);
}

struct help_options {
	bool man;
};

static const struct option_def help_options[] = {
	OPTION(struct help_options, 0, "man", NULL, OPTION_BOOL, man, NULL),
	{ 0 },
};

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct help_options *o = ctx->options;
	const struct command *cmd = NULL, *group = NULL;

	if (argc > 0) {
		cmd = command_find(command_list, argv[0]);
		if (cmd && argc > 1) {
			group = cmd;
			cmd = group->subcommands ? command_find(group->subcommands, argv[1]) : NULL;
		}
		if (!cmd)
			return error_set(err, EINVAL, "unknown command '%s%s%s'", argv[0],
					 argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	}
	if (cmd && o->man)
		print_man_command(cmd, group ? group->name : NULL);
	else if (cmd)
		help_print_command(cmd, group ? group->name : NULL);
	else if (o->man)
		print_man_overview();
	else
		help_print_overview();
	return 0;
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND [SUBCOMMAND]]",
	.summary = "Explain a command",
	.options = help_options,
	COMMAND_OPTIONS(struct help_options),
	.max_args = 2,
	.run = run,
};
