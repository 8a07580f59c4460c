/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/account.h - What a cgroup has used and what its limits did: the account of a run
 */
#ifndef CGROUPS_ACCOUNT_H
#define CGROUPS_ACCOUNT_H

struct json;

void cgroup_account_read(int dirfd, struct json *doc, struct json *missing);
void cgroup_account_absent(const char *why, struct json *doc, struct json *missing);
void cgroup_account_since(struct json *now, const struct json *before);

#endif
