/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/probe.h - What the kernel can do for us, found by trying
 */
#ifndef CMD_PROBE_H
#define CMD_PROBE_H

struct context;

struct probe {
	const char *name;		       /* in tare info --format json */
	const char *what;		       /* for people */
	const char *without;		       /* what does not work without it */
	int (*run)(const struct context *ctx); /* > 0: works; 0 or -errno: does not */
};

/* Ends with an empty row. */
extern const struct probe probe_list[];

#endif
