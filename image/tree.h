/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/tree.h - A directory tree under construction, from names that others chose
 */
#ifndef IMAGE_TREE_H
#define IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "base/str.h"

struct error;

#define TREE_DIR_MODE	0755  /* of directories that nobody gave a mode */
#define TREE_ENTRY_COST 4096U /* of the budget: an inode and a name */

/* What this process may do here; found out by trying, see tree_probe(). */
struct tree_rights {
	bool root;    /* give files away, and pass by every mode */
	bool devices; /* make device nodes */
	bool trusted; /* set trusted.* attributes */
};

int tree_probe(int dirfd, struct tree_rights *out, struct error *err);

/* Bytes that may still be written, shared by all layers of a load. */
struct tree_budget {
	uint64_t left, limit; /* left is changed atomically */
	uint64_t holes;	      /* what files may be longer than what is written to them; likewise */
	uint64_t entries;     /* files, directories, links, whiteouts; likewise */
};

int tree_budget_take(struct tree_budget *budget, uint64_t bytes, struct error *err);
int tree_budget_take_entry(struct tree_budget *budget, struct error *err);
int tree_budget_take_hole(struct tree_budget *budget, uint64_t bytes, struct error *err);

/* Set root, rights, budget and parent = -1; the rest begins as zeros. */
struct tree {
	int root; /* borrowed, like rights and budget */
	const struct tree_rights *rights;
	struct tree_budget *budget;
	struct strlist implied; /* directories made on the way, parents first */
	bool root_carried;	/* an entry gave the root its metadata */
	bool root_opaque;
	bool follow; /* a directory's name may be a link to another directory of the tree */

	/* The directory of the last entry. */
	char *parent_path;
	int parent;
	char *followed; /* the last entry's path without links */

	struct tree_later *later;
	size_t n_later, cap_later, later_bytes;
	bool has_setgid; /* a directory has that bit, which is set at the end, too */
};

/* An entry's place: its directory, opened, and its name there. */
struct tree_place {
	int parent; /* borrowed from the tree */
	const char *path, *leaf;
};

int tree_find_place(struct tree *t, const char *path, struct tree_place *out, struct error *err);
int tree_clear_place(struct tree *t, const struct tree_place *p, struct error *err);
mode_t tree_working_bits(const struct tree *t);
int tree_remember_dir(struct tree *t, const char *path, struct timespec mtime, mode_t perm,
		      struct error *err);
int tree_renew_dir(struct tree *t, int fd, const char *path, struct error *err);
int tree_set_opaque(const struct tree *t, int fd, const char *path, struct error *err);
void tree_mark_whiteouts(const struct tree *t, int fd);
bool tree_is_default_root(const struct stat *st);
bool tree_is_whiteout(const struct stat *st);
bool tree_has_whiteout(int dirfd, const char *name);
int tree_finish(struct tree *t, struct error *err);
void tree_done(struct tree *t);

/* Whether layers, and archives of containers' files, have an extended attribute of this name. */
bool tree_keeps_xattr(const char *name);

int tree_refuse(struct error *err, const char *path, const char *why);
int tree_failed(struct error *err, int errnum, const char *what, const char *path);

#endif
