/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/user.h - Who a container's process runs as
 */
#ifndef RUNTIME_USER_H
#define RUNTIME_USER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

struct error;

#define USER_MAX_GROUPS 64
#define USER_MAX_HOME	256

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_MAX_GROUPS]; /* supplementary */
	size_t n_groups;
	char home[USER_MAX_HOME]; /* "/" when /etc/passwd does not say */
};

char *user_name(int rootfd, uid_t uid);
int user_resolve(int rootfd, const char *spec, const struct strlist *add_groups, struct user *out,
		 struct error *err);

#endif
