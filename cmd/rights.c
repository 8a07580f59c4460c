// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/rights.c - Whether our root is a whole one
 *
 * In a container without --privileged, under a service manager's hardening or a
 * seccomp filter, root may be refused what only the kernel's words tell then.
 */
#include "cmd/rights.h"

#include <errno.h>
#include <string.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "runtime/capability.h"

/* Without any one of these some way of running, copying or loading is closed. */
#define RIGHTS_NEEDED                                                     \
	(CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) |   \
	 CAPABILITY_BIT(CAP_NET_ADMIN) | CAPABILITY_BIT(CAP_SETGID) |     \
	 CAPABILITY_BIT(CAP_SETPCAP) | CAPABILITY_BIT(CAP_SETUID) |       \
	 CAPABILITY_BIT(CAP_SYS_ADMIN) | CAPABILITY_BIT(CAP_SYS_CHROOT) | \
	 CAPABILITY_BIT(CAP_SYS_PTRACE))

/** rights_missing() - What we as root should have: "CHOWN,SYS_PTRACE" or NULL; caller frees */
char *rights_missing(void)
{
	uint64_t held = 0;

	if (geteuid() != 0 ||
	    capability_limit_to_own(RIGHTS_NEEDED, &held, &(struct error){ 0 }) < 0 ||
	    held == RIGHTS_NEEDED)
		return NULL;
	return capability_list_text(RIGHTS_NEEDED & ~held);
}

/** rights_explain() - Add to an error what may be behind it, unless something is said already */
void rights_explain(struct error *err)
{
	autofree char *missing = NULL;

	if (*err->hint)
		return;
	if (err->code == ENOSYS)
		error_hint(err, "a kernel before Linux 6.1, or a seccomp filter around tare: "
				"'tare doctor' says what is missing");
	if (err->code == EFBIG && str_ends(err->msg, strerror(EFBIG))) /* not by a limit of ours */
		error_hint(err, "the size of files is limited here: ulimit -f unlimited");
	if (err->code != EPERM && err->code != EACCES)
		return;
	missing = rights_missing();
	if (missing)
		error_hint(err,
			   "here root has no %s: in a container, start that one with "
			   "--privileged",
			   missing);
}
