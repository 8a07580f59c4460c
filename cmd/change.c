// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/change.c - --change of commit and import: instructions of a Dockerfile
 *
 * Those that only change the config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL,
 * STOPSIGNAL, USER, VOLUME, WORKDIR. A list is a JSON list or, where the
 * Dockerfile has it so, words.
 */
#include "cmd/change.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

struct instruction {
	const char *name, *key; /* of the config */
	int (*apply)(struct json *config, const struct instruction *i, const char *text,
		     struct error *err);
};

/* The next word; quotes and backslashes as in a shell. False at the end. */
static bool next_word(const char **text, struct str *word)
{
	const char *p = *text;
	char quote = '\0';

	p += strspn(p, " \t");
	word->len = 0;
	if (!*p)
		return false;
	str_puts(word, "");
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (quote && *p == quote)
			quote = '\0';
		else if (*p == '\\' && p[1] && quote != '\'')
			str_putc(word, *++p);
		else
			str_putc(word, *p);
	}
	str_puts(word, "");
	*text = p;
	return true;
}

/** change_read_list() - A JSON list of texts; NULL if it is none */
struct json *change_read_list(const char *text)
{
	struct error ignored;
	struct json *list = *text == '[' ? json_parse(text, strlen(text), &ignored) : NULL;

	for (size_t i = 0; list && i < json_count(list); i++)
		if (!json_text(json_at(list, i))) {
			json_free(list);
			return NULL;
		}
	return list;
}

/** change_shell_line() - What runs a line by the image's shell; a new list */
struct json *change_shell_line(const char *text)
{
	struct json *list = json_new_list();

	json_add_text(list, "/bin/sh");
	json_add_text(list, "-c");
	json_add_text(list, text);
	return list;
}

/* CMD, ENTRYPOINT: a list, or a line for the shell. */
static int apply_command(struct json *config, const struct instruction *i, const char *text,
			 struct error *err)
{
	struct json *list = change_read_list(text);

	(void)err;
	json_set(config, i->key, list ? list : change_shell_line(text));
	return 0;
}

static int apply_text(struct json *config, const struct instruction *i, const char *text,
		      struct error *err)
{
	(void)err;
	json_set_text(config, i->key, text);
	return 0;
}

static int apply_directory(struct json *config, const struct instruction *i, const char *text,
			   struct error *err)
{
	autofree char *joined = NULL;
	const char *before = json_text_or(json_get(config, i->key), "/");

	(void)err;
	if (*text != '/')
		joined = xasprintf("%s%s%s", before, str_ends(before, "/") ? "" : "/", text);
	json_set_text(config, i->key, joined ? joined : text);
	return 0;
}

/** change_map() - The map at @key, to be changed and set again; a new one if there is none */
struct json *change_map(const struct json *config, const char *key)
{
	const struct json *old = json_get(config, key);

	return json_kind_of(old) == JSON_MAP ? json_clone(old) : json_new_map();
}

/** change_variable() - Set a variable of the environment, instead of one of the same name */
void change_variable(struct json *config, const char *name, const char *value)
{
	autofree char *assignment = xasprintf("%s=%s", name, value);
	const struct json *old = json_get(config, "Env");
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(old); i++) {
		const char *one = json_text_or(json_at(old, i), "");

		if (strncmp(one, assignment, strlen(name) + 1) != 0)
			json_add_text(list, one);
	}
	json_add_text(list, assignment);
	json_set(config, "Env", list);
}

static void set_label(struct json *config, const char *name, const char *value)
{
	struct json *map = change_map(config, "Labels");

	json_set_text(map, name, value);
	json_set(config, "Labels", map);
}

/* NAME=VALUE words, or one NAME VALUE. */
static int apply_pairs(struct json *config, const struct instruction *i, const char *text,
		       struct error *err)
{
	void (*set)(struct json *, const char *,
		    const char *) = !strcmp(i->key, "Env") ? change_variable : set_label;
	autostr struct str word = { 0 };

	while (next_word(&text, &word)) {
		char *equals = strchr(word.data, '=');

		if (!equals) {
			text += strspn(text, " \t");
			if (!*text)
				return error_set(err, EINVAL, "%s: '%s' has no value", i->name,
						 word.data);
			set(config, word.data, text);
			return 0;
		}
		*equals = '\0';
		if (!*word.data)
			return error_set(err, EINVAL, "%s: a value without a name", i->name);
		set(config, word.data, equals + 1);
	}
	return 0;
}

/* "80" becomes "80/tcp". */
static int add_port(struct json *map, const struct instruction *i, const char *word,
		    struct error *err)
{
	size_t len = strcspn(word, "/");
	autofree char *number = xstrndup(word, len);
	autofree char *port = xasprintf("%s%s", word, word[len] ? "" : "/tcp");
	const char *protocol = port + len + 1;
	uint64_t n;

	if (str_parse_u64(number, 65535, &n) < 0 || !n ||
	    (strcmp(protocol, "tcp") && strcmp(protocol, "udp") && strcmp(protocol, "sctp")))
		return error_set(err, EINVAL, "%s: '%s' is no port", i->name, word);
	json_set(map, port, json_new_map());
	return 0;
}

static int add_member(struct json *map, const struct instruction *i, const char *word,
		      struct error *err)
{
	if (!strcmp(i->key, "ExposedPorts"))
		return add_port(map, i, word, err);
	json_set(map, word, json_new_map());
	return 0;
}

/* EXPOSE, VOLUME: sets, whose members are the keys of a map. */
static int apply_set(struct json *config, const struct instruction *i, const char *text,
		     struct error *err)
{
	struct json *map = change_map(config, i->key);
	autojson struct json *list = change_read_list(text);
	autostr struct str word = { 0 };
	int r = 0;

	for (size_t k = 0; r == 0 && k < json_count(list); k++)
		r = add_member(map, i, json_text(json_at(list, k)), err);
	while (r == 0 && !list && next_word(&text, &word))
		r = add_member(map, i, word.data, err);
	json_set(config, i->key, map);
	return r;
}

static const struct instruction instructions[] = {
	{ "CMD", "Cmd", apply_command },
	{ "ENTRYPOINT", "Entrypoint", apply_command },
	{ "ENV", "Env", apply_pairs },
	{ "EXPOSE", "ExposedPorts", apply_set },
	{ "LABEL", "Labels", apply_pairs },
	{ "STOPSIGNAL", "StopSignal", apply_text },
	{ "USER", "User", apply_text },
	{ "VOLUME", "Volumes", apply_set },
	{ "WORKDIR", "WorkingDir", apply_directory },
};

static int apply_one(struct json *config, const char *change, struct error *err)
{
	size_t len;
	const char *text;

	change += strspn(change, " \t");
	len = strcspn(change, " \t=");
	text = change + len + (change[len] != '\0');
	text += strspn(text, " \t");
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		if (strlen(instructions[i].name) != len ||
		    strncasecmp(change, instructions[i].name, len) != 0)
			continue;
		if (!*text)
			return error_set(err, EINVAL, "--change '%s' says nothing", change);
		return instructions[i].apply(config, &instructions[i], text, err);
	}
	error_set(err, EINVAL, "--change '%s' is not supported", change);
	return error_hint(err, "there are CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, "
			       "VOLUME, WORKDIR");
}

/**
 * change_apply() - Carry out instructions, in their order
 * @config:	The member "config" of an image's config, changed in place
 *
 * Return: 0 or -EINVAL
 */
int change_apply(struct json *config, const struct strlist *changes, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < changes->n; i++)
		r = apply_one(config, changes->items[i], err);
	return r;
}
