/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/change.h - --change of commit and import: instructions of a Dockerfile
 */
#ifndef CMD_CHANGE_H
#define CMD_CHANGE_H

struct error;
struct json;
struct strlist;

int change_apply(struct json *config, const struct strlist *changes, struct error *err);

#endif
