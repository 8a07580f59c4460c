// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/capability.c - Capability names, sets, and giving them up
 *
 * Names come from libcap. Sets are changed by raw system calls: libcap's
 * allocate, and this must work between clone and exec.
 *
 * The order in the child is fixed by the kernel: the bounding set goes while
 * CAP_SETPCAP is still held, then groups and ids change, then the rest is set,
 * which nothing can undo once no_new_privs is on.
 */
#include "runtime/capability.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"

#define NAME_MAX_BYTES 40

static_assert(CAP_LAST_CAP < 63, "capabilities fit a mask of 64 bits");

/* "cap_chown", as libcap spells it; NULL for what is no word at all. */
static char *libcap_spelling(const char *name)
{
	if (strnlen(name, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
		return NULL;
	for (const char *p = name; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && *p != '_')
			return NULL;
	if (strncasecmp(name, "cap_", 4) == 0)
		name += 4;
	return xasprintf("cap_%s", name);
}

/**
 * capability_parse() - The mask of one capability, or of ALL
 * @name:	With or without CAP_, in any case
 * @mask:	Written on success only
 * @err:	Set on failure
 *
 * Return: 0 or -EINVAL
 */
int capability_parse(const char *name, uint64_t *mask, struct error *err)
{
	autofree char *spelled = libcap_spelling(name);
	cap_value_t value;

	if (spelled && strcasecmp(spelled, "cap_all") == 0) {
		*mask = CAPABILITY_ALL;
		return 0;
	}
	if (!spelled || cap_from_name(spelled, &value) < 0 || value > CAP_LAST_CAP) {
		autofree char *shown = str_escape(name);

		return error_set(err, EINVAL, "unknown capability '%s'", shown);
	}
	*mask = CAPABILITY_BIT(value);
	return 0;
}

static int parse_list(const struct strlist *list, uint64_t *mask, bool *all, struct error *err)
{
	*mask = 0;
	*all = false;
	for (size_t i = 0; list && i < list->n; i++) {
		uint64_t one = 0;

		if (capability_parse(list->items[i], &one, err) < 0)
			return -EINVAL;
		if (one == CAPABILITY_ALL)
			*all = true;
		else
			*mask |= one;
	}
	return 0;
}

/**
 * capability_tweak() - Apply --cap-add and --cap-drop to a set
 * @basis:	What the container would hold without them
 * @add:	Names to add, or NULL
 * @drop:	Names to drop, or NULL
 * @out:	Written on success only
 * @err:	Set on failure
 *
 * docker's algebra: adding ALL gives all but what is dropped by name, dropping
 * ALL leaves what is added by name, else a name in both lists is added.
 *
 * Return: 0 or -EINVAL
 */
int capability_tweak(uint64_t basis, const struct strlist *add, const struct strlist *drop,
		     uint64_t *out, struct error *err)
{
	uint64_t added, dropped;
	bool add_all, drop_all;

	if (parse_list(add, &added, &add_all, err) < 0 ||
	    parse_list(drop, &dropped, &drop_all, err) < 0)
		return -EINVAL;
	if (add_all)
		*out = CAPABILITY_ALL & ~dropped;
	else if (drop_all)
		*out = added;
	else
		*out = (basis & ~dropped) | added;
	return 0;
}

/**
 * capability_list_text() - A set in words, for people and records
 * @mask:	Set
 *
 * Return: "CHOWN,KILL" in the order of the numbers, "" for none; caller frees
 */
char *capability_list_text(uint64_t mask)
{
	struct str text = { 0 };

	str_puts(&text, "");
	for (int n = 0; n <= CAP_LAST_CAP; n++) {
		char *name;

		if (!(mask & CAPABILITY_BIT(n)))
			continue;
		name = cap_to_name(n);
		if (!name)
			continue;
		if (text.len)
			str_putc(&text, ',');
		for (const char *p = name + strlen("cap_"); *p; p++)
			str_putc(&text, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
		(void)cap_free(name);
	}
	return str_take(&text);
}

/**
 * capability_sets_for_root() - The sets of a container's process
 * @mask:	What it may hold
 *
 * Inheritable and ambient stay empty, whoever runs: files with inheritable
 * capabilities would gain them (CVE-2022-24769 and its siblings). For a user
 * other than root, exec then leaves nothing but the bounding set.
 */
struct capability_sets capability_sets_for_root(uint64_t mask)
{
	return (struct capability_sets){ .bounding = mask, .effective = mask, .permitted = mask };
}

/* One call for each that is asked about. */
static int read_bounding(uint64_t wanted, uint64_t *mask, struct error *err)
{
	uint64_t own = 0;

	for (unsigned long n = 0; n <= CAP_LAST_CAP; n++) {
		int held = wanted & CAPABILITY_BIT(n) ? prctl(PR_CAPBSET_READ, n, 0, 0, 0) : 0;

		if (held < 0 && errno == EINVAL) /* newer than the kernel */
			break;
		if (held < 0)
			return error_sys(err, errno, "read the bounding set");
		if (held)
			own |= CAPABILITY_BIT(n);
	}
	*mask = own;
	return 0;
}

/**
 * capability_limit_to_own() - What can be given to a container that shares our user namespace
 * @wanted:	Set asked for
 * @out:	What of it the calling process holds; written on success only
 * @err:	Set on failure
 *
 * Not for a container with a user namespace: its first process holds every
 * capability there, whatever we hold here.
 *
 * Return: 0 or -errno
 */
int capability_limit_to_own(uint64_t wanted, uint64_t *out, struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t bounding = 0;
	int ret;

	ret = read_bounding(wanted, &bounding, err);
	if (ret < 0)
		return ret;
	if (sys_capget(&head, data) < 0)
		return error_sys(err, errno, "read our capabilities");
	*out = bounding & ((uint64_t)data[1].permitted << 32 | data[0].permitted);
	return 0;
}

/**
 * capability_limit_sets() - Leave out of all sets what we could not give
 *
 * runtime-spec config.md, "capabilities": what cannot be granted is no error.
 * For a container that shares our user namespace, see capability_limit_to_own().
 */
int capability_limit_sets(struct capability_sets *sets, struct error *err)
{
	uint64_t own = 0, wanted = sets->bounding | sets->effective | sets->permitted |
				   sets->inheritable | sets->ambient;
	int ret = capability_limit_to_own(wanted, &own, err);

	if (ret < 0)
		return ret;
	sets->bounding &= own;
	sets->effective &= own;
	sets->permitted &= own;
	sets->inheritable &= own;
	sets->ambient &= own;
	return 0;
}

/**
 * capability_keep_over_setuid() - Keep the permitted set when root becomes another user
 *
 * Needed only where that user is to have capabilities: exec clears the flag.
 *
 * Return: 0 or -errno
 */
int capability_keep_over_setuid(void)
{
	return prctl(PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL) < 0 ? -errno : 0;
}

/**
 * capability_drop_bounding() - Take capabilities out of reach for good
 * @keep:	The bounding set to be left with
 *
 * Needs CAP_SETPCAP in the user namespace, unless there is nothing to drop.
 * The kernel has no call for more than one at a time.
 *
 * Return: 0 or -errno
 */
int capability_drop_bounding(uint64_t keep)
{
	for (unsigned long n = 0; n < 64; n++) {
		if (keep & CAPABILITY_BIT(n) || prctl(PR_CAPBSET_DROP, n, 0UL, 0UL, 0UL) == 0)
			continue;
		/* Refused: past the kernel's last, or none to drop, or not ours to drop. */
		switch (prctl(PR_CAPBSET_READ, n, 0UL, 0UL, 0UL)) {
		case 0:
			continue;
		case 1:
			return -EPERM;
		default:
			return 0;
		}
	}
	return 0;
}

static int raise_ambient(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL) < 0)
		return -errno;
	for (unsigned long n = 0; n <= CAP_LAST_CAP; n++)
		if (ambient & CAPABILITY_BIT(n) &&
		    prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_RAISE, n, 0UL, 0UL) < 0)
			return -errno;
	return 0;
}

/**
 * capability_set() - Set all of the calling process's sets but the bounding one
 * @sets:	Sets; the bounding set in it is for capability_drop_bounding()
 *
 * The kernel keeps ambient within permitted and inheritable, so an empty
 * inheritable set has emptied it already.
 *
 * Return: 0 or -errno
 */
int capability_set(const struct capability_sets *sets)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)sets->effective,
		  .permitted = (uint32_t)sets->permitted,
		  .inheritable = (uint32_t)sets->inheritable },
		{ .effective = (uint32_t)(sets->effective >> 32),
		  .permitted = (uint32_t)(sets->permitted >> 32),
		  .inheritable = (uint32_t)(sets->inheritable >> 32) },
	};

	if (sys_capset(&head, data) < 0)
		return -errno;
	return sets->inheritable ? raise_ambient(sets->ambient) : 0;
}
