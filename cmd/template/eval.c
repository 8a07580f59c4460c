// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/eval.c - Templates: from nodes and data to text
 *
 * Values are borrowed: from the data, from the template's literals, or from a
 * list of all intermediate results, which lives until the end of the run.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/template/ast.h"
#include "cmd/template/value.h"

struct variable {
	const char *name;
	const struct json *value;
};

struct run {
	struct str *out;
	struct json *results;
	struct variable *variables;
	size_t n_variables;
	bool header;   /* data are column titles, functions leave them alone */
	bool is_shown; /* on a terminal */
	struct error *err;
};

static const struct json *keep(struct run *run, struct json *result)
{
	if (result)
		json_add(run->results, result);
	return result;
}

static void push_variable(struct run *run, const char *name, const struct json *value)
{
	run->variables = xrealloc(run->variables, (run->n_variables + 1) * sizeof(*run->variables));
	run->variables[run->n_variables++] = (struct variable){ name, value };
}

static struct variable *find_variable(struct run *run, const char *name)
{
	for (size_t i = run->n_variables; i > 0; i--)
		if (!strcmp(run->variables[i - 1].name, name))
			return &run->variables[i - 1];
	error_set(run->err, EINVAL, "template: undefined variable '$%s'", name);
	return NULL;
}

static const struct json *walk_fields(struct run *run, const struct json *v,
				      const struct strlist *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v = json_get(v, fields->items[i]);
		if (!v) {
			error_set(run->err, EINVAL, "template: unknown field '.%s'",
				  fields->items[i]);
			return NULL;
		}
	}
	return v;
}

static const struct json *eval_pipeline(struct run *run, const struct pipeline *p,
					const struct json *dot);

static const struct json *eval_operand(struct run *run, const struct operand *o,
				       const struct json *dot)
{
	const struct variable *var;
	const struct json *v;

	switch (o->kind) {
	case OPERAND_FIELD:
		return walk_fields(run, dot, &o->fields, o->fields.n);
	case OPERAND_VARIABLE:
		var = find_variable(run, o->name);
		return var ? walk_fields(run, var->value, &o->fields, o->fields.n) : NULL;
	case OPERAND_LITERAL:
		return o->literal;
	case OPERAND_PIPELINE:
		v = eval_pipeline(run, o->pipeline, dot);
		return v ? walk_fields(run, v, &o->fields, o->fields.n) : NULL;
	default:
		return NULL;
	}
}

/* {{.Label "key"}}: see template_set_method(). */
static const struct json *call_method(struct run *run, const struct operand *o,
				      const struct json *dot, const struct json *const *args,
				      size_t n)
{
	autofree char *key = NULL;
	const struct json *map, *v;

	if (o->kind != OPERAND_FIELD || !o->fields.n || n != 1 || !json_text(args[0])) {
		error_set(run->err, EINVAL, "template: only functions take arguments");
		return NULL;
	}
	v = walk_fields(run, dot, &o->fields, o->fields.n - 1);
	if (!v)
		return NULL;
	if (run->header)
		return args[0];
	key = xasprintf("%s()", o->fields.items[o->fields.n - 1]);
	map = json_get(v, key);
	if (!map) {
		error_set(run->err, EINVAL, "template: '.%s' takes no arguments",
			  o->fields.items[o->fields.n - 1]);
		return NULL;
	}
	v = json_get(map, json_text(args[0]));
	return v ? v : keep(run, json_new_text(""));
}

static const struct json *call_function(struct run *run, const char *name,
					const struct json *const *args, size_t n)
{
	const struct template_function *f = template_find_function(name);

	if (n < (size_t)f->min_args || (f->max_args >= 0 && n > (size_t)f->max_args)) {
		error_set(run->err, EINVAL, "template: %s: wrong number of arguments (%zu)", name,
			  n);
		return NULL;
	}
	if (run->header && f->plain_header && n > 0)
		return args[0];
	return keep(run, f->call(args, n, run->err));
}

/* The first argument that settles the matter is the result; the rest is not looked at. */
static const struct json *eval_and_or(struct run *run, const struct call *c, const struct json *dot,
				      const struct json *piped)
{
	bool is_or = !strcmp(c->operands[0].name, "or");
	const struct json *v = NULL;

	for (size_t i = 1; i < c->n; i++) {
		v = eval_operand(run, &c->operands[i], dot);
		if (!v || template_is_true(v) == is_or)
			return v;
	}
	if (piped)
		return piped;
	if (!v)
		error_set(run->err, EINVAL, "template: %s: wrong number of arguments (0)",
			  c->operands[0].name);
	return v;
}

/* @piped: the value of the call before this one, or NULL. */
static const struct json *eval_call(struct run *run, const struct call *c, const struct json *dot,
				    const struct json *piped)
{
	const struct operand *first = &c->operands[0];
	const struct json *args[TEMPLATE_MAX_ARGS + 1]; /* one may be piped */
	size_t n = 0;

	if (first->kind == OPERAND_FUNCTION && (first->name[0] == 'a' || first->name[0] == 'o'))
		return eval_and_or(run, c, dot, piped);
	if (first->kind != OPERAND_FUNCTION && c->n == 1 && !piped)
		return eval_operand(run, first, dot);
	for (size_t i = 1; i < c->n; i++) {
		args[n] = eval_operand(run, &c->operands[i], dot);
		if (!args[n++])
			return NULL;
	}
	if (piped)
		args[n++] = piped;
	if (first->kind == OPERAND_FUNCTION)
		return call_function(run, first->name, args, n);
	return call_method(run, first, dot, args, n);
}

static const struct json *eval_pipeline(struct run *run, const struct pipeline *p,
					const struct json *dot)
{
	const struct json *v = NULL;

	for (size_t i = 0; i < p->n; i++) {
		v = eval_call(run, &p->calls[i], dot, v);
		if (!v)
			return NULL;
	}
	return v;
}

static int run_nodes(struct run *run, const struct node *node, const struct json *dot);

/* One turn of a range. */
static int run_turn(struct run *run, const struct node *node, struct json *key,
		    const struct json *value)
{
	size_t mark = run->n_variables;
	int r;

	(void)keep(run, key);
	if (node->key)
		push_variable(run, node->key, key);
	if (node->value)
		push_variable(run, node->value, value);
	r = run_nodes(run, node->body, value);
	run->n_variables = mark;
	return r;
}

/* Maps come in the order of their keys, as Go has it. */
static int range_map(struct run *run, const struct node *node, const struct json *map)
{
	autofree const char **keys = template_sorted_keys(map);
	int r = 0;

	for (size_t i = 0; i < json_count(map) && r == 0; i++)
		r = run_turn(run, node, json_new_text(keys[i]), json_get(map, keys[i]));
	return r;
}

static int run_range(struct run *run, const struct node *node, const struct json *v,
		     const struct json *dot)
{
	enum json_kind kind = json_kind_of(v);
	int r = 0;

	if (kind != JSON_LIST && kind != JSON_MAP && kind != JSON_NIL)
		return error_set(run->err, EINVAL, "template: range over neither a list nor a map");
	if (!json_count(v))
		return run_nodes(run, node->otherwise, dot);
	if (kind == JSON_MAP)
		return range_map(run, node, v);
	for (size_t i = 0; i < json_count(v) && r == 0; i++)
		r = run_turn(run, node, json_new_int((int64_t)i), json_at(v, i));
	return r;
}

/* if and with; a variable set in the condition lives inside only. */
static int run_branch(struct run *run, const struct node *node, const struct json *v,
		      const struct json *dot)
{
	size_t mark = run->n_variables;
	bool yes = template_is_true(v);
	int r;

	if (node->value)
		push_variable(run, node->value, v);
	r = run_nodes(run, yes ? node->body : node->otherwise,
		      yes && node->kind == NODE_WITH ? v : dot);
	run->n_variables = mark;
	return r;
}

static int set_variable(struct run *run, const struct node *node, const struct json *v)
{
	struct variable *var;

	if (!node->assign) {
		push_variable(run, node->value, v);
		return 0;
	}
	var = find_variable(run, node->value);
	if (!var)
		return -EINVAL;
	var->value = v;
	return 0;
}

/* A terminal would obey what an image or a container has put into its data. */
static void print_value(struct run *run, const struct json *v)
{
	autostr struct str text = { 0 };
	const char *p;

	if (!run->is_shown) {
		template_print_value(run->out, v);
		return;
	}
	str_puts(&text, "");
	template_print_value(&text, v);
	for (p = text.data; *p; p += *p != '\0') {
		size_t n = strcspn(p, "\n\t");
		autofree char *part = xstrndup(p, n), *safe = str_escape(part);

		p += n;
		str_printf(run->out, "%s%.1s", safe, p);
	}
}

static int run_node(struct run *run, const struct node *node, const struct json *dot)
{
	const struct json *v;

	if (node->kind == NODE_TEXT) {
		str_puts(run->out, node->text);
		return 0;
	}
	v = eval_pipeline(run, node->pipeline, dot);
	if (!v)
		return -EINVAL;
	switch (node->kind) {
	case NODE_OUTPUT:
		print_value(run, v);
		return 0;
	case NODE_SET:
		return set_variable(run, node, v);
	case NODE_RANGE:
		return run_range(run, node, v, dot);
	default:
		return run_branch(run, node, v, dot);
	}
}

static int run_nodes(struct run *run, const struct node *node, const struct json *dot)
{
	int r = 0;

	for (; node && r == 0; node = node->next)
		r = run_node(run, node, dot);
	return r;
}

static int execute(const struct template *t, const struct json *data, bool header, struct str *out,
		   struct error *err)
{
	struct run run = { .out = out, .header = header, .err = err };
	autojson struct json *results = json_new_list();
	int r;

	run.is_shown = isatty(STDOUT_FILENO);
	run.results = results;
	push_variable(&run, "", data);
	r = run_nodes(&run, t->nodes, data);
	free(run.variables);
	return r;
}

/**
 * template_execute() - Apply a template to one value
 * @data:	What "." and "$" are
 * @out:	The text is appended
 *
 * Return: 0, or -EINVAL (unknown field, wrong arguments)
 */
int template_execute(const struct template *t, const struct json *data, struct str *out,
		     struct error *err)
{
	return execute(t, data, false, out, err);
}

/**
 * template_execute_header() - The title row that goes with a table template
 * @headers:	Map of field to column title
 *
 * Functions that change how a field looks leave its title alone.
 */
int template_execute_header(const struct template *t, const struct json *headers, struct str *out,
			    struct error *err)
{
	return execute(t, headers, true, out, err);
}
