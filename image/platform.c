// SPDX-License-Identifier: Apache-2.0
/*
 * image/platform.c - Which of several images for several platforms is meant
 */
#include "image/platform.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"

#define PLATFORM_VARIANT 12 /* fits, and so does the variant: 12 to 21 */

/* uname(2) machine → GOARCH and variant, as image documents spell them. */
static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{ "x86_64", "amd64", NULL },	{ "aarch64", "arm64", "v8" },
	{ "armv7l", "arm", "v7" },	{ "armv6l", "arm", "v6" },
	{ "i686", "386", NULL },	{ "riscv64", "riscv64", NULL },
	{ "ppc64le", "ppc64le", NULL }, { "s390x", "s390x", NULL },
};

/** platform_take_machine() - Architecture and variant as uname(2) calls them; others do nothing */
void platform_take_machine(struct plan_platform *out, const char *machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i].machine, machine)) {
			out->architecture = machines[i].architecture;
			out->variant = machines[i].variant;
		}
}

/** plan_this_machine() - The platform to choose when the user names none */
void plan_this_machine(struct plan_platform *out)
{
	struct utsname name;

	memset(out, 0, sizeof(*out));
	out->os = "linux";
	out->architecture = "amd64";
	if (uname(&name) == 0)
		platform_take_machine(out, name.machine);
}

/* "v7", or "7" → 7; what does not say has what is usual; 0: no number. */
static int level_of(const char *architecture, const char *variant)
{
	if (!variant || !*variant)
		return !strcmp(architecture, "arm") ? 7 : !strcmp(architecture, "arm64") ? 8 : 1;
	variant += *variant == 'v';
	return *variant > '0' && *variant <= '9' && !variant[1] ? *variant - '0' : 0;
}

/*
 * A machine runs what was made for earlier variants of it, and the latest of these best.
 * A later one than was asked for will not do; than this machine's, if there is nothing else.
 */
static int compare(const char *os, const char *architecture, const char *variant,
		   const struct plan_platform *want)
{
	int have, most;

	if (strcmp(os, want->os) || strcmp(architecture, want->architecture))
		return 0;
	have = level_of(architecture, variant);
	most = level_of(architecture, want->variant);
	if (have && have <= most)
		return PLATFORM_VARIANT + have;
	if (want->variant && *variant && !strcmp(variant, want->variant))
		return PLATFORM_VARIANT;
	return want->asked && want->variant && *variant ? 0 : PLATFORM_VARIANT - 1 - have;
}

/**
 * platform_fit() - How well a descriptor fits the platform
 *
 * Return: 0 not at all, 1 if it does not say, more the better it fits
 */
int platform_fit(const struct descriptor *d, const struct plan_platform *want)
{
	if (!d->platform)
		return 1;
	return compare(json_text_or(json_get(d->platform, "os"), "linux"),
		       json_text_or(json_get(d->platform, "architecture"), ""),
		       json_text_or(json_get(d->platform, "variant"), ""), want);
}

/** platform_fit_config() - The same for what an image's config says */
int platform_fit_config(const struct image_config *c, const struct plan_platform *want)
{
	if (!c->architecture)
		return 1;
	return compare(c->os ? c->os : "linux", c->architecture, c->variant ? c->variant : "",
		       want);
}

/** platform_is_none() - Whether a descriptor is no image at all: an attestation of another */
bool platform_is_none(const struct descriptor *d)
{
	return descriptor_annotation(d, "vnd.docker.reference.type") ||
	       (d->platform && !strcmp(json_text_or(json_get(d->platform, "os"), ""), "unknown"));
}

static char *print(const char *os, const char *architecture, const char *variant)
{
	return xasprintf("%s/%s%s%s", os, architecture, *variant ? "/" : "", variant);
}

/** platform_of() - OS/ARCH[/VARIANT] of a descriptor, freed by the caller; NULL: it does not say */
char *platform_of(const struct descriptor *d)
{
	if (!d->platform)
		return NULL;
	return print(json_text_or(json_get(d->platform, "os"), "linux"),
		     json_text_or(json_get(d->platform, "architecture"), "?"),
		     json_text_or(json_get(d->platform, "variant"), ""));
}

/** platform_of_config() - The same of a config */
char *platform_of_config(const struct image_config *c)
{
	if (!c->architecture)
		return NULL;
	return print(c->os ? c->os : "linux", c->architecture, c->variant ? c->variant : "");
}
