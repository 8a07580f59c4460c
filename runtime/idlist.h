/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/idlist.h - Lists of CPUs and memory nodes: "0-3,7" as a bit mask
 */
#ifndef RUNTIME_IDLIST_H
#define RUNTIME_IDLIST_H

#include <stdbool.h>

struct error;

/* CPU_SETSIZE of libc, and the kernel's largest CONFIG_NODES_SHIFT. */
#define IDLIST_BITS  1024
#define IDLIST_WORD  (8 * sizeof(unsigned long))
#define IDLIST_WORDS (IDLIST_BITS / IDLIST_WORD)

/* { 0 } is a list that nobody gave. */
struct idlist {
	unsigned long words[IDLIST_WORDS]; /* as sched_setaffinity(2) and set_mempolicy(2) want it */
	bool is_set;
};

int idlist_parse(struct idlist *list, const char *text, const char *where, struct error *err);

#endif
