/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/pack.h - Directory trees into tar streams
 */
#ifndef IMAGE_PACK_H
#define IMAGE_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "image/tar_write.h"

struct error;
struct pack_links;

/* How a tree is seen. { 0 } but for out is the tree as it is. */
struct pack {
	struct tar_writer *out;
	int64_t id_base;  /* subtracted from owners: first host id of a user namespace, or 0 */
	bool overlay;	  /* a layer of the store: whiteouts become .wh. files */
	bool root_owned;  /* all is root's, whoever owns it here */
	int64_t latest_s; /* later times are set to this one; 0: they stay */
	int64_t newest_s; /* of all times written, kept up to date */
	bool one_fs;	  /* what is mounted in the tree is left out but for the mount point */
	struct pack_links *links; /* made at need; pack_done() releases it */
};

int pack_tree(struct pack *p, int dirfd, const char *prefix, struct error *err);
int pack_layer(struct pack *p, int dirfd, struct error *err);
int pack_whiteout(struct pack *p, const char *path, struct error *err);
int pack_path(struct pack *p, int parent, const char *name, const char *path, bool deep,
	      struct error *err);
void pack_done(struct pack *p);

#endif
