// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/parse.c - Templates: from text to nodes
 *
 * A recursive-descent parser over the text itself; the grammar is small enough
 * to need no tokens. Nesting is bounded, since the parser, the evaluator and
 * template_free() recurse.
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/template/ast.h"

#define TEMPLATE_MAX_DEPTH 32

struct parser {
	const char *start, *at;
	int depth;
	bool trim; /* the last action ended with -}} */
	struct error *err;
};

/* What ended a list of nodes. */
enum stop { STOP_EOF, STOP_END, STOP_ELSE };

static int fail(struct parser *p, const char *what)
{
	return error_set(p->err, EINVAL, "template, character %zu: %s",
			 (size_t)(p->at - p->start) + 1, what);
}

static int enter(struct parser *p)
{
	return ++p->depth > TEMPLATE_MAX_DEPTH ? fail(p, "nested too deeply") : 0;
}

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static char *take_name(struct parser *p)
{
	const char *start = p->at;

	while (is_name_char(*p->at))
		p->at++;
	return xstrndup(start, (size_t)(p->at - start));
}

/* The next word, if it is @word and ends there. */
static bool take_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(p->at, word, n) != 0 || is_name_char(p->at[n]))
		return false;
	p->at += n;
	skip_blanks(p);
	return true;
}

static bool at_close(const struct parser *p)
{
	return str_starts(p->at, "}}") || str_starts(p->at, "-}}");
}

static int take_close(struct parser *p)
{
	skip_blanks(p);
	if (!at_close(p))
		return fail(p, *p->at ? "expected '}}'" : "'{{' without '}}'");
	p->trim = *p->at == '-';
	p->at += p->trim ? 3 : 2;
	return 0;
}

/* ---- operands ----------------------------------------------------------- */

static int unescape(struct parser *p, struct str *out)
{
	static const char from[] = "nrt\\\"'", to[] = "\n\r\t\\\"'";
	const char *known = *p->at ? strchr(from, *p->at) : NULL;

	if (!known)
		return fail(p, "unknown escape in a string");
	str_putc(out, to[known - from]);
	p->at++;
	return 0;
}

static int parse_string(struct parser *p, struct operand *o)
{
	autostr struct str text = { 0 };
	char quote = *p->at++;
	int r;

	while (*p->at && *p->at != quote) {
		if (quote == '"' && *p->at == '\\') {
			p->at++;
			r = unescape(p, &text);
			if (r < 0)
				return r;
		} else {
			str_putc(&text, *p->at++);
		}
	}
	if (!*p->at)
		return fail(p, "string without its end");
	p->at++;
	o->kind = OPERAND_LITERAL;
	o->literal = json_new_text(text.data ? text.data : "");
	return 0;
}

static int parse_number(struct parser *p, struct operand *o)
{
	const char *start = p->at;
	autofree char *text = NULL;
	int64_t i;
	char *end;
	double d;

	p->at += *p->at == '-';
	while (isdigit((unsigned char)*p->at) || *p->at == '.')
		p->at++;
	text = xstrndup(start, (size_t)(p->at - start));
	o->kind = OPERAND_LITERAL;
	if (str_parse_i64(text, INT64_MIN + 1, INT64_MAX, &i) == 0) {
		o->literal = json_new_int(i);
		return 0;
	}
	d = strtod(text, &end);
	if (*end || end == text)
		return fail(p, "malformed number");
	o->literal = json_new_float(d);
	return 0;
}

static struct json *word_literal(const char *name)
{
	if (!strcmp(name, "true") || !strcmp(name, "false"))
		return json_new_bool(*name == 't');
	return !strcmp(name, "nil") ? json_new_nil() : NULL;
}

static int parse_word(struct parser *p, struct operand *o)
{
	o->name = take_name(p);
	o->literal = word_literal(o->name);
	o->kind = o->literal ? OPERAND_LITERAL : OPERAND_FUNCTION;
	if (o->literal || template_find_function(o->name) || !strcmp(o->name, "and") ||
	    !strcmp(o->name, "or"))
		return 0;
	return error_set(p->err, EINVAL, "template: unknown function '%s'", o->name);
}

static int parse_fields(struct parser *p, struct operand *o)
{
	while (*p->at == '.') {
		p->at++;
		if (!is_name_char(*p->at))
			return fail(p, "expected a field name after '.'");
		strlist_take(&o->fields, take_name(p));
	}
	return 0;
}

static struct pipeline *parse_pipeline(struct parser *p);

static int parse_parenthesis(struct parser *p, struct operand *o)
{
	int r;

	p->at++;
	r = enter(p);
	if (r < 0)
		return r;
	o->kind = OPERAND_PIPELINE;
	o->pipeline = parse_pipeline(p);
	p->depth--;
	if (!o->pipeline)
		return -EINVAL;
	if (*p->at != ')')
		return fail(p, "expected ')'");
	p->at++;
	return parse_fields(p, o);
}

static int parse_operand(struct parser *p, struct operand *o)
{
	if (*p->at == '.') {
		o->kind = OPERAND_FIELD;
		if (is_name_char(p->at[1]))
			return parse_fields(p, o);
		p->at++;
		return 0;
	}
	if (*p->at == '$') {
		p->at++;
		o->kind = OPERAND_VARIABLE;
		o->name = take_name(p);
		return parse_fields(p, o);
	}
	if (*p->at == '"' || *p->at == '`')
		return parse_string(p, o);
	if (*p->at == '(')
		return parse_parenthesis(p, o);
	if (isdigit((unsigned char)*p->at) || (*p->at == '-' && isdigit((unsigned char)p->at[1])))
		return parse_number(p, o);
	if (is_name_char(*p->at))
		return parse_word(p, o);
	return fail(p, "expected a field, a function or a value");
}

/* ---- pipelines ---------------------------------------------------------- */

static int parse_call(struct parser *p, struct call *c)
{
	int r;

	for (;;) {
		skip_blanks(p);
		if (c->n && (!*p->at || *p->at == '|' || *p->at == ')' || at_close(p)))
			return 0;
		if (c->n > TEMPLATE_MAX_ARGS)
			return fail(p, "too many arguments");
		c->operands = xrealloc(c->operands, (c->n + 1) * sizeof(*c->operands));
		c->operands[c->n] = (struct operand){ 0 };
		r = parse_operand(p, &c->operands[c->n++]);
		if (r < 0)
			return r;
		if (c->n > 1 && c->operands[c->n - 1].kind == OPERAND_FUNCTION)
			return fail(p, "a function as an argument needs parentheses");
	}
}

static struct pipeline *parse_pipeline(struct parser *p)
{
	struct pipeline *pipe = xcalloc(1, sizeof(*pipe));

	for (;;) {
		pipe->calls = xrealloc(pipe->calls, (pipe->n + 1) * sizeof(*pipe->calls));
		pipe->calls[pipe->n] = (struct call){ 0 };
		if (parse_call(p, &pipe->calls[pipe->n++]) < 0)
			break;
		if (*p->at != '|')
			return pipe;
		p->at++;
	}
	template_free_pipeline(pipe);
	return NULL;
}

/* "$v :=", "$k, $v :=" or "$v =" before a pipeline, if it is there. */
static int parse_variables(struct parser *p, struct node *node)
{
	const char *start = p->at;
	autofree char *first = NULL, *second = NULL;

	if (*p->at != '$')
		return 0;
	p->at++;
	first = take_name(p);
	skip_blanks(p);
	if (*p->at == ',' && node->kind == NODE_RANGE) {
		p->at++;
		skip_blanks(p);
		if (*p->at++ != '$')
			return fail(p, "expected a second variable");
		second = take_name(p);
		skip_blanks(p);
	}
	if (!str_starts(p->at, ":=") && (*p->at != '=' || second)) {
		p->at = start; /* the variable was the beginning of the pipeline */
		return second ? fail(p, "expected ':='") : 0;
	}
	node->assign = *p->at == '=';
	p->at += node->assign ? 1 : 2;
	node->key = second ? steal_ptr(&first) : NULL;
	node->value = second ? steal_ptr(&second) : steal_ptr(&first);
	return 0;
}

/* ---- nodes -------------------------------------------------------------- */

static int parse_nodes(struct parser *p, struct node **out, enum stop *stop);

/* The branch of if, range and with; "else if" is an if inside else. */
static int parse_block(struct parser *p, struct node *node);

static int parse_else(struct parser *p, struct node *node)
{
	enum stop stop = STOP_EOF;
	int r;

	if (take_word(p, "if")) {
		node->otherwise = xcalloc(1, sizeof(*node));
		node->otherwise->kind = NODE_IF;
		return parse_block(p, node->otherwise);
	}
	r = take_close(p);
	if (r == 0)
		r = parse_nodes(p, &node->otherwise, &stop);
	if (r == 0 && stop != STOP_END)
		r = fail(p, stop == STOP_ELSE ? "second else" : "missing {{end}}");
	return r < 0 ? r : take_close(p);
}

static int parse_block(struct parser *p, struct node *node)
{
	enum stop stop = STOP_EOF;
	int r;

	r = enter(p);
	if (r == 0)
		r = parse_variables(p, node);
	if (r < 0)
		return r;
	node->pipeline = parse_pipeline(p);
	if (!node->pipeline)
		return -EINVAL;
	r = take_close(p);
	if (r == 0)
		r = parse_nodes(p, &node->body, &stop);
	if (r < 0)
		return r;
	if (stop == STOP_EOF)
		return fail(p, "missing {{end}}");
	r = stop == STOP_ELSE ? parse_else(p, node) : take_close(p);
	p->depth--;
	return r;
}

static int parse_simple(struct parser *p, struct node *node)
{
	int r;

	node->kind = NODE_OUTPUT;
	r = parse_variables(p, node);
	if (r < 0)
		return r;
	if (node->value)
		node->kind = NODE_SET;
	node->pipeline = parse_pipeline(p);
	return node->pipeline ? take_close(p) : -EINVAL;
}

/* After "{{": an end or else belongs to the block around the list of nodes. */
static enum stop take_stop(struct parser *p)
{
	if (take_word(p, "end"))
		return STOP_END;
	return take_word(p, "else") ? STOP_ELSE : STOP_EOF;
}

static int parse_action(struct parser *p, struct node *node)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} blocks[] = { { "if", NODE_IF }, { "range", NODE_RANGE }, { "with", NODE_WITH } };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		if (take_word(p, blocks[i].word)) {
			node->kind = blocks[i].kind;
			return parse_block(p, node);
		}
	}
	return parse_simple(p, node);
}

/* Text up to the next "{{", with blanks trimmed where a marker says so. */
static char *take_text(struct parser *p)
{
	const char *start = p->at, *end = strstr(p->at, "{{");
	const char *next;

	if (!end)
		end = start + strlen(start);
	next = end;
	if (p->trim)
		while (start < end && isspace((unsigned char)*start))
			start++;
	if (str_starts(end, "{{-") && isspace((unsigned char)end[3]))
		while (end > start && isspace((unsigned char)end[-1]))
			end--;
	p->trim = false;
	p->at = next;
	return xstrndup(start, (size_t)(end - start));
}

static int open_action(struct parser *p)
{
	p->at += 2;
	if (*p->at == '-' && isspace((unsigned char)p->at[1]))
		p->at++;
	skip_blanks(p);
	if (!str_starts(p->at, "/*"))
		return 0;
	p->at = strstr(p->at, "*/");
	if (!p->at) {
		p->at = p->start + strlen(p->start);
		return fail(p, "comment without its end");
	}
	p->at += 2;
	return take_close(p) < 0 ? -EINVAL : 1;
}

static struct node *append(struct node ***tail)
{
	struct node *node = xcalloc(1, sizeof(*node));

	**tail = node;
	*tail = &node->next;
	return node;
}

static int parse_nodes(struct parser *p, struct node **out, enum stop *stop)
{
	struct node **tail = out;
	int r;

	*stop = STOP_EOF;
	while (*p->at) {
		autofree char *text = take_text(p);

		if (*text) {
			struct node *node = append(&tail);

			node->kind = NODE_TEXT;
			node->text = steal_ptr(&text);
		}
		if (!*p->at)
			break;
		r = open_action(p);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		*stop = take_stop(p);
		if (*stop != STOP_EOF)
			return 0;
		r = parse_action(p, append(&tail));
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Outside of actions docker turns the two characters \t and \n into a tab and
 * a newline: shells pass them as they are.
 */
static char *expand_escapes(const char *text)
{
	struct str out = { 0 };
	bool action = false;

	for (; *text; text++) {
		if (str_starts(text, "{{") || str_starts(text, "}}"))
			action = *text == '{';
		if (!action && text[0] == '\\' && (text[1] == 't' || text[1] == 'n')) {
			str_putc(&out, text[1] == 't' ? '\t' : '\n');
			text++;
		} else {
			str_putc(&out, *text);
		}
	}
	return str_take(&out);
}

/**
 * template_parse() - Parse a template
 * @text:	The argument of --format
 *
 * Return: the template, to be released with template_free(), or NULL
 */
struct template *template_parse(const char *text, struct error *err)
{
	autotemplate struct template *t = NULL;
	autofree char *expanded = NULL;
	struct parser p = { .err = err };
	enum stop stop = STOP_EOF;

	if (strlen(text) > TEMPLATE_MAX_BYTES) {
		error_set(err, EINVAL, "template is longer than %u bytes", TEMPLATE_MAX_BYTES);
		return NULL;
	}
	expanded = expand_escapes(text);
	p.start = p.at = expanded;
	t = xcalloc(1, sizeof(*t));
	if (parse_nodes(&p, &t->nodes, &stop) < 0)
		return NULL;
	if (stop != STOP_EOF) {
		fail(&p, stop == STOP_END ? "unexpected {{end}}" : "unexpected {{else}}");
		return NULL;
	}
	return steal_ptr(&t);
}
