// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/completion.c - tare completion: scripts for shells, from the command tables
 *
 * The scripts hold the names of commands and flags. Names of containers and
 * images are asked for when they are needed, from tare itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"

typedef void (*print_command)(const struct command *cmd, const char *group);

static void for_each_command(print_command print)
{
	for (const struct command *const *c = command_list; *c; c++) {
		if ((*c)->flags & COMMAND_HIDDEN)
			continue;
		print(*c, NULL);
		for (const struct command *const *s = (*c)->subcommands; s && *s; s++)
			print(*s, (*c)->name);
	}
}

static void print_names(const struct command *const *list)
{
	for (const struct command *const *c = list; c && *c; c++)
		if (!((*c)->flags & COMMAND_HIDDEN))
			printf("%s%s", c == list ? "" : " ", (*c)->name);
}

static void print_flags(const struct option_def *defs)
{
	const char *separator = "";

	for (; !options_is_end(defs); defs++) {
		if (!defs->help)
			continue;
		if (defs->name)
			printf("%s--%s", separator, defs->name);
		else
			printf("%s-%c", separator, defs->short_name);
		separator = " ";
	}
	printf("%s--help", separator);
}

/* What the operands of a command are; each kind is a function in the scripts. */
static const char *operand_kind(const struct command *cmd)
{
	if (!cmd->args)
		return "none";
	if (str_starts(cmd->args, "FILE|CONTAINER"))
		return "files";
	if (strstr(cmd->args, "CONTAINER"))
		return "containers";
	if (strstr(cmd->args, "IMAGE"))
		return "images";
	if (strstr(cmd->args, "SLICE"))
		return "slices";
	if (str_starts(cmd->args, "VOLUME"))
		return "volumes";
	if (strstr(cmd->args, "FILE") || strstr(cmd->args, "ARCHIVE"))
		return "paths";
	return str_starts(cmd->args, "NAME [NAME") ? "everything" : "none";
}

/* ---- bash --------------------------------------------------------------- */

static const char bash_head[] =
	"# bash completion for tare; made by: tare completion bash\n"
	"_tare_names() {\n"
	"	case $1 in\n"
	"	containers) tare ps -a --format '{{.Names}}' 2>/dev/null ;;\n"
	"	images) tare images -f dangling=false --format '{{.Repository}}:{{.Tag}}' 2>/dev/null ;;\n"
	"	slices) tare slice ls -q 2>/dev/null ;;\n"
	"	volumes) tare volume ls -q 2>/dev/null ;;\n"
	"	files) _tare_names containers ;;\n"
	"	everything) _tare_names containers; _tare_names images ;;\n"
	"	esac\n"
	"}\n"
	"_tare() {\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} command='' flags='' kind=none i word\n"
	"	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	"		word=${COMP_WORDS[i]}\n"
	"		[[ $word == [-=]* || ${COMP_WORDS[i - 1]} == = ]] && continue\n"
	"		[[ -z $command && ${COMP_WORDS[i - 1]} == --@(";

static const char bash_groups[] = ") ]] && continue\n"
				  "		case $command in\n"
				  "		'') command=$word ;;\n";

static const char bash_middle[] = "		esac\n"
				  "	done\n"
				  "	case $command in\n";

static const char bash_tail[] =
	"	esac\n"
	"	if [[ $cur == -* ]]; then\n"
	"		mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$cur\")\n"
	"	elif [[ $kind == words ]]; then\n"
	"		mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"	else\n"
	"		mapfile -t COMPREPLY < <(compgen -W \"$(_tare_names $kind)\" -- \"$cur\")\n"
	"		[[ $kind == images || $kind == files ]] && mapfile -O ${#COMPREPLY[@]} -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"	fi\n"
	"}\n"
	"complete -o default -F _tare tare\n";

/* Options in front of the command whose next word is their value. */
static void print_global_values(void)
{
	const char *separator = "";

	for (const struct option_def *d = command_global_options; d->name; d++)
		if (d->arg) {
			printf("%s%s", separator, d->name);
			separator = "|";
		}
}

static void print_bash_group(const struct command *cmd, const char *group)
{
	if (!group && cmd->subcommands)
		printf("		%s) command=\"%s $word\" ;;\n", cmd->name, cmd->name);
}

static void print_bash_command(const struct command *cmd, const char *group)
{
	printf("	'%s%s%s') flags='", group ? group : "", group ? " " : "", cmd->name);
	print_flags(cmd->options);
	if (cmd->subcommands) {
		printf("' kind=words words='");
		print_names(cmd->subcommands);
		printf("' ;;\n");
	} else {
		printf("' kind=%s ;;\n", operand_kind(cmd));
	}
}

static void print_bash(void)
{
	printf("%s", bash_head);
	print_global_values();
	printf("%s", bash_groups);
	for_each_command(print_bash_group);
	printf("%s	'') flags='", bash_middle);
	print_flags(command_global_options);
	printf("' kind=words words='");
	print_names(command_list);
	printf("' ;;\n");
	for_each_command(print_bash_command);
	printf("%s", bash_tail);
}

/* ---- zsh ---------------------------------------------------------------- */

/* In single quotes, with what _arguments and _describe give a meaning to. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else if (strchr(":[]\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

/* Not DIR, which may be one of the container. */
static bool is_path(const char *arg)
{
	return str_starts(arg, "FILE") || str_starts(arg, "KEY.");
}

static void print_zsh_flags(const struct option_def *defs)
{
	for (; !options_is_end(defs); defs++) {
		if (!defs->help || !defs->name)
			continue;
		printf("		'*--%s%s[", defs->name, defs->arg ? "=" : "");
		print_zsh_text(defs->help);
		putchar(']');
		if (defs->arg) {
			putchar(':');
			print_zsh_text(defs->arg);
			printf("%s", is_path(defs->arg) ? ":_files" : "");
		}
		printf("' \\\n");
	}
}

static void print_zsh_command(const struct command *cmd, const char *group)
{
	if (group)
		return; /* below its group */
	printf("	%s)\n", cmd->name);
	if (cmd->subcommands) {
		printf("		_values command");
		for (const struct command *const *s = cmd->subcommands; *s; s++)
			printf(" %s", (*s)->name);
		printf(" ;;\n");
		return;
	}
	printf("		_arguments \\\n");
	print_zsh_flags(cmd->options);
	printf("		'*:%s:_tare_%s' ;;\n", operand_kind(cmd), operand_kind(cmd));
}

static void print_zsh_summary(const struct command *cmd, const char *group)
{
	if (group)
		return;
	printf("		'%s:", cmd->name);
	print_zsh_text(cmd->summary);
	printf("'\n");
}

static void print_zsh(void)
{
	printf("#compdef tare\n"
	       "# zsh completion for tare; made by: tare completion zsh\n"
	       "_tare_none() { _message 'no more operands' }\n"
	       "_tare_containers() { compadd -- ${(f)\"$(tare ps -a --format '{{.Names}}' "
	       "2>/dev/null)\"} }\n"
	       "_tare_images() {\n"
	       "	compadd -- ${(f)\"$(tare images -f dangling=false --format '{{.Repository}}:{{.Tag}}' "
	       "2>/dev/null)\"}\n"
	       "	_files\n"
	       "}\n"
	       "_tare_files() { _tare_containers; _files }\n"
	       "_tare_paths() { _files }\n"
	       "_tare_slices() { compadd -- ${(f)\"$(tare slice ls -q 2>/dev/null)\"} }\n"
	       "_tare_volumes() { compadd -- ${(f)\"$(tare volume ls -q 2>/dev/null)\"} }\n"
	       "_tare_everything() { _tare_containers; _tare_images }\n"
	       "_tare() {\n"
	       "	local -a commands\n"
	       "	commands=(\n");
	for_each_command(print_zsh_summary);
	printf("	)\n"
	       "	if ((CURRENT == 2)); then\n"
	       "		_describe command commands\n"
	       "		return\n"
	       "	fi\n"
	       "	local command=$words[2]\n"
	       "	shift words\n"
	       "	((CURRENT--))\n"
	       "	case $command in\n");
	for_each_command(print_zsh_command);
	printf("	esac\n"
	       "}\n"
	       "compdef _tare tare\n");
}

/* ---- fish --------------------------------------------------------------- */

static void print_fish_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void print_fish_command(const struct command *cmd, const char *group)
{
	const char *parent = group ? group : cmd->name;

	if (group)
		printf("complete -c tare -n '__fish_seen_subcommand_from %s' -a %s -d '", group,
		       cmd->name);
	else
		printf("complete -c tare -n __fish_use_subcommand -a %s -d '", cmd->name);
	print_fish_text(cmd->summary);
	printf("'\n");
	for (const struct option_def *d = cmd->options; !options_is_end(d); d++) {
		if (!d->help)
			continue;
		printf("complete -c tare -n '__fish_seen_subcommand_from %s'", parent);
		if (d->short_name)
			printf(" -s %c", d->short_name);
		if (d->name)
			printf(" -l %s", d->name);
		printf("%s -d '", d->arg ? " -r" : "");
		print_fish_text(d->help);
		printf("'\n");
	}
	if (!strcmp(operand_kind(cmd), "paths"))
		printf("complete -c tare -n '__fish_seen_subcommand_from %s' -F\n", parent);
	else if (strcmp(operand_kind(cmd), "none") != 0)
		printf("complete -c tare -n '__fish_seen_subcommand_from %s' -a '(__tare_%s)'\n",
		       parent, operand_kind(cmd));
}

static void print_fish(void)
{
	printf("# fish completion for tare; made by: tare completion fish\n"
	       "function __tare_containers\n"
	       "	tare ps -a --format '{{.Names}}' 2>/dev/null\n"
	       "end\n"
	       "function __tare_images\n"
	       "	tare images -f dangling=false --format '{{.Repository}}:{{.Tag}}' 2>/dev/null\n"
	       "end\n"
	       "function __tare_files\n"
	       "	__tare_containers\n"
	       "end\n"
	       "function __tare_slices\n"
	       "	tare slice ls -q 2>/dev/null\n"
	       "end\n"
	       "function __tare_volumes\n"
	       "	tare volume ls -q 2>/dev/null\n"
	       "end\n"
	       "function __tare_everything\n"
	       "	__tare_containers\n"
	       "	__tare_images\n"
	       "end\n"
	       "complete -c tare -f\n");
	for_each_command(print_fish_command);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };

	(void)ctx;
	(void)argc;
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		if (!strcmp(shells[i].name, argv[0])) {
			shells[i].print();
			return 0;
		}
	}
	return error_set(err, EINVAL, "'%s' is none of bash, zsh, fish", argv[0]);
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.summary = "Print a completion script for a shell",
	.details = "For bash, in ~/.bashrc:\n"
		   "\n"
		   "  source <(tare completion bash)",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
