/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/label.h - AppArmor profiles and SELinux labels
 */
#ifndef RUNTIME_LABEL_H
#define RUNTIME_LABEL_H

#include <stdbool.h>

struct error;

/* Strings are owned by who filled the struct; NULL: nothing asked. */
struct label_set {
	char *apparmor; /* process.apparmorProfile */
	char *selinux;	/* process.selinuxLabel */
	char *mounts;	/* linux.mountLabel */
};

bool label_has_apparmor(void);
bool label_has_selinux(void);
int label_check(const struct label_set *set, struct error *err);
bool label_is_for_mount(const char *fstype);
int label_apply(const struct label_set *set, int proc, struct error *err);

#endif
