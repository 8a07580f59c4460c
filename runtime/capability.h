/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/capability.h - Capability names, sets, and giving them up
 *
 * A set is a mask: bit n is the capability number n of linux/capability.h.
 */
#ifndef RUNTIME_CAPABILITY_H
#define RUNTIME_CAPABILITY_H

#include <linux/capability.h>
#include <stdint.h>

struct error;
struct strlist;

#define CAPABILITY_BIT(n) (UINT64_C(1) << (n))
#define CAPABILITY_ALL	  (CAPABILITY_BIT(CAP_LAST_CAP + 1) - 1)

/*
 * What a container's root holds unless told otherwise: enough to own files,
 * change identity and signal, which is what images do. Not here, though other
 * engines give them: NET_RAW and NET_BIND_SERVICE (two sysctls of the
 * container's own network namespace do), MKNOD, AUDIT_WRITE, SETPCAP, SETFCAP.
 */
#define CAPABILITY_DEFAULT                                                                    \
	(CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) |                       \
	 CAPABILITY_BIT(CAP_FOWNER) | CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_KILL) | \
	 CAPABILITY_BIT(CAP_SETGID) | CAPABILITY_BIT(CAP_SETUID) | CAPABILITY_BIT(CAP_SYS_CHROOT))

struct capability_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* Names and masks: pure, parent only. */
int capability_parse(const char *name, uint64_t *mask, struct error *err);
int capability_tweak(uint64_t basis, const struct strlist *add, const struct strlist *drop,
		     uint64_t *out, struct error *err);
char *capability_list_text(uint64_t mask);
struct capability_sets capability_sets_for_root(uint64_t mask);

/* Of the calling process. */
int capability_limit_sets(struct capability_sets *sets, struct error *err);
int capability_limit_to_own(uint64_t wanted, uint64_t *out, struct error *err);

/* Between clone and exec: async-signal-safe, -errno without words. */
int capability_keep_over_setuid(void);
int capability_drop_bounding(uint64_t keep);
int capability_set(const struct capability_sets *sets);

#endif
