/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/loader.h - Unpacking an archive into a staging directory, confined
 *
 * The part of loading that touches what others wrote. It runs in a process of
 * its own (load.c starts it) and leaves its result in the staging directory:
 *
 *	blobs/HEX	manifests and configs
 *	layer/N		unpacked layers; with LOADER_VIEW_STORED images' indices,
 *			and the layers are among the blobs: see view_store.h
 *	index, N	of a view, see view_make.h; then no layers
 *	result.json	{ "view": [device], "rootMode", "rootUid", "rootGid",
 *			"images": [{ name, id, manifest, manifestType, manifestSize,
 *			created, size }], "layers": [{ from, key }], "blobs": [HEX] }
 */
#ifndef IMAGE_LOADER_H
#define IMAGE_LOADER_H

#include "image/loader_task.h"

int loader_run(const struct loader *loader, struct error *err);

#endif
