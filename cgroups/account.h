/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/account.h - What a cgroup has used and what its limits did: the account of a run
 */
#ifndef CGROUPS_ACCOUNT_H
#define CGROUPS_ACCOUNT_H

struct json;

/* What a cgroup does from now on, of which others have had their part before. */
struct cgroup_account_part {
	struct json *before;
	int peak_fd, swap_peak_fd; /* -1: this kernel cannot begin a peak anew */
};

#define CGROUP_ACCOUNT_PART_NONE ((struct cgroup_account_part){ .peak_fd = -1, .swap_peak_fd = -1 })

void cgroup_account_read(int dirfd, struct json *doc, struct json *missing);
void cgroup_account_absent(const char *why, struct json *doc, struct json *missing);
void cgroup_account_since(struct json *now, const struct json *before);
void cgroup_account_begin_part(struct cgroup_account_part *part, int dirfd);
void cgroup_account_read_part(const struct cgroup_account_part *part, int dirfd, struct json *doc,
			      struct json *missing);
void cgroup_account_done_part(struct cgroup_account_part *part);

#endif
