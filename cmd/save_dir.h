/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/save_dir.h - Saved images as a directory
 */
#ifndef CMD_SAVE_DIR_H
#define CMD_SAVE_DIR_H

#include "image/digest.h"

struct error;
struct save;

enum save_dir_format {
	SAVE_DIR_OCI,	 /* an OCI image layout */
	SAVE_DIR_DOCKER, /* skopeo's "dir:": one image, manifest.json and its blobs */
};

int save_dir_write(struct save *save, const char *path, enum save_dir_format format,
		   const struct digest *manifest, struct error *err);

#endif
