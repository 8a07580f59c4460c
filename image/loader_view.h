/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/loader_view.h - Images that are not unpacked, see view.h and view_store.h
 */
#ifndef IMAGE_LOADER_VIEW_H
#define IMAGE_LOADER_VIEW_H

struct error;
struct plan;
struct work;

int loader_view_try(struct work *w, const struct plan *plan, int blobs_fd, struct error *err);

#endif
