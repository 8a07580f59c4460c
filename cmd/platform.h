/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/platform.h - --platform OS/ARCH[/VARIANT]
 */
#ifndef CMD_PLATFORM_H
#define CMD_PLATFORM_H

struct error;
struct plan_platform;
struct strlist;

int platform_parse(struct plan_platform *to, struct strlist *parts, const char *text,
		   struct error *err);

#endif
