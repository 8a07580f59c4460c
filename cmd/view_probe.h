/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/view_probe.h - Whether archives can be used where they lie, see image/view.h
 */
#ifndef CMD_VIEW_PROBE_H
#define CMD_VIEW_PROBE_H

#include <stdbool.h>

struct image_store;

bool view_is_possible(const struct image_store *store);
bool view_is_safe(int archive_fd);

#endif
