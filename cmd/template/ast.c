// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/ast.c - A parsed template as a tree: released, and looked through
 */
#include "cmd/template/ast.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void free_operand(struct operand *o)
{
	free(o->name);
	strlist_done(&o->fields);
	json_free(o->literal);
	template_free_pipeline(o->pipeline);
}

/** template_free_pipeline() - Release one; NULL is fine */
void template_free_pipeline(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->calls[i].n; k++)
			free_operand(&p->calls[i].operands[k]);
		free(p->calls[i].operands);
	}
	free(p->calls);
	free(p);
}

static void free_nodes(struct node *node)
{
	while (node) {
		struct node *next = node->next;

		free(node->text);
		free(node->key);
		free(node->value);
		template_free_pipeline(node->pipeline);
		free_nodes(node->body);
		free_nodes(node->otherwise);
		free(node);
		node = next;
	}
}

/** template_free() - Release a template; NULL is fine */
void template_free(struct template *t)
{
	if (!t)
		return;
	free_nodes(t->nodes);
	free(t);
}

/** template_done() - For autotemplate */
void template_done(struct template **t)
{
	template_free(*t);
	*t = NULL;
}

static bool pipeline_uses(const struct pipeline *p, const char *field);

static bool operand_uses(const struct operand *o, const char *field)
{
	bool is_data = o->kind == OPERAND_FIELD || (o->kind == OPERAND_VARIABLE && !*o->name);

	if (o->kind == OPERAND_PIPELINE)
		return pipeline_uses(o->pipeline, field);
	return is_data && (!o->fields.n || !strcmp(o->fields.items[0], field));
}

static bool pipeline_uses(const struct pipeline *p, const char *field)
{
	for (size_t i = 0; p && i < p->n; i++)
		for (size_t k = 0; k < p->calls[i].n; k++)
			if (operand_uses(&p->calls[i].operands[k], field))
				return true;
	return false;
}

static bool nodes_use(const struct node *node, const char *field)
{
	for (; node; node = node->next)
		if (pipeline_uses(node->pipeline, field) || nodes_use(node->body, field) ||
		    nodes_use(node->otherwise, field))
			return true;
	return false;
}

/**
 * template_uses() - Whether a template may look at a field of its data
 *
 * Says true for the data as a whole ({{json .}}) and, to be on the safe side,
 * for a field of this name of something else.
 */
bool template_uses(const struct template *t, const char *field)
{
	return nodes_use(t->nodes, field);
}
