/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/limits_merge.h - Limits that were asked for before, and now others
 */
#ifndef CMD_LIMITS_MERGE_H
#define CMD_LIMITS_MERGE_H

struct settings;

void limits_merge(struct settings *to, const struct settings *by);

#endif
