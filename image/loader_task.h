/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/loader_task.h - What the loader is to do, and what it sends while it does
 */
#ifndef IMAGE_LOADER_TASK_H
#define IMAGE_LOADER_TASK_H

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
	/*
	 * Unpack only what cannot be shown where it lies; or can, once it is inflated;
	 * or as an archive of the store's own.
	 */
	enum loader_view {
		LOADER_UNPACK,
		LOADER_VIEW,
		LOADER_VIEW_INFLATED,
		LOADER_VIEW_STORED
	} view;
};

#endif
