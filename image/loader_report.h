/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/loader_report.h - What the loader found, for the process that started it
 */
#ifndef IMAGE_LOADER_REPORT_H
#define IMAGE_LOADER_REPORT_H

struct error;
struct plan;
struct work;

int loader_report(const struct work *w, const struct plan *plan, int blobs_fd, struct error *err);

#endif
