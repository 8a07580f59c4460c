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

/* What flags of pack change in the same way. */
struct json *change_read_list(const char *text);
struct json *change_shell_line(const char *text);
struct json *change_map(const struct json *config, const char *key);
void change_variable(struct json *config, const char *name, const char *value);

#endif
