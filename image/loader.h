/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/loader.h - Unpacking an archive into a staging directory, confined
 *
 * The part of loading that touches what others wrote. It runs in a process of
 * its own (load.c starts it) and leaves its result in the staging directory:
 *
 *	blobs/HEX	manifests and configs
 *	layer/N		unpacked layers
 *	index, N	of a view, see view_make.h; then no layers
 *	result.json	{ "view": [device], "rootMode", "rootUid", "rootGid",
 *			"images": [{ name, id, manifest, manifestType, manifestSize,
 *			created, size }], "layers": [{ from, key }], "blobs": [HEX] }
 */
#ifndef IMAGE_LOADER_H
#define IMAGE_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "image/plan.h"
#include "image/source.h"
#include "image/store.h"

#define LOADER_RESULT	  "result.json"
#define LOADER_MAX_RESULT (16U << 20)
#define LOADER_RATIO	  200	       /* bytes unpacked for one byte of archive, at most, */
#define LOADER_MIN_LIMIT  (2ULL << 30) /* but this much is always allowed */

enum loader_message_kind { LOADER_PROGRESS, LOADER_FAILED, LOADER_DONE };

struct loader_message {
	enum loader_message_kind kind;
	uint64_t done, total; /* bytes of the archive, with LOADER_PROGRESS */
	struct error err;     /* with LOADER_FAILED */
};

struct loader {
	const struct image_store *store;
	int source_fd; /* archive or layout directory, for source_open() */
	struct source_limits limits;
	int staging_fd;
	int report_fd; /* SOCK_SEQPACKET, one struct loader_message each */
	uint64_t max_bytes;
	bool keep_blobs; /* layers as they came, too */
	const struct plan_platform *platform;
	bool verify_only; /* read layers that the store has, too */
	/* Unpack only what cannot be shown where it lies; or can, once it is inflated. */
	enum loader_view { LOADER_UNPACK, LOADER_VIEW, LOADER_VIEW_INFLATED } view;
};

int loader_run(const struct loader *loader, struct error *err);

#endif
