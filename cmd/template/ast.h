/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/template/ast.h - A parsed template, between its parser and its evaluator
 */
#ifndef CMD_TEMPLATE_AST_H
#define CMD_TEMPLATE_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "cmd/template/template.h"

struct json;

enum operand_kind {
	OPERAND_FIELD,	  /* .A.B; without fields the dot itself */
	OPERAND_VARIABLE, /* $name.A.B; the name is "" for $ */
	OPERAND_LITERAL,
	OPERAND_FUNCTION, /* only as the first of a call */
	OPERAND_PIPELINE, /* (pipeline).A.B */
};

struct operand {
	enum operand_kind kind;
	char *name;
	struct strlist fields;
	struct json *literal;
	struct pipeline *pipeline;
};

#define TEMPLATE_MAX_ARGS 32

/* operands[0] is what is called or, alone, the value. */
struct call {
	struct operand *operands;
	size_t n;
};

/* The value of each call is the last argument of the next. */
struct pipeline {
	struct call *calls;
	size_t n;
};

enum node_kind { NODE_TEXT, NODE_OUTPUT, NODE_SET, NODE_IF, NODE_RANGE, NODE_WITH };

struct node {
	enum node_kind kind;
	char *text;		   /* NODE_TEXT */
	struct pipeline *pipeline; /* all but NODE_TEXT */
	char *key, *value;	   /* variables of NODE_RANGE; NODE_SET has value only */
	bool assign;		   /* NODE_SET: "=", the variable exists */
	struct node *body, *otherwise;
	struct node *next;
};

struct template
{
	struct node *nodes;
};

/* A function: its arguments are evaluated, its result is new. */
struct template_function {
	const char *name;
	int min_args, max_args; /* max_args -1: any number */
	struct json *(*call)(const struct json *const *args, size_t n, struct error *err);
	bool plain_header; /* in a header row the (last) argument stays as it is */
};

void template_free_pipeline(struct pipeline *p);
const struct template_function *template_find_function(const char *name);
struct json *template_printf(const struct json *const *args, size_t n, struct error *err);

#endif
