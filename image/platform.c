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

/* uname(2) machine → GOARCH and variant, as image documents spell them. */
static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{ "x86_64", "amd64", NULL },	{ "aarch64", "arm64", "v8" },
	{ "armv7l", "arm", "v7" },	{ "armv6l", "arm", "v6" },
	{ "i686", "386", NULL },	{ "riscv64", "riscv64", NULL },
	{ "ppc64le", "ppc64le", NULL }, { "s390x", "s390x", NULL },
};

/** plan_this_machine() - The platform to choose when the user names none */
void plan_this_machine(struct plan_platform *out)
{
	struct utsname name;

	memset(out, 0, sizeof(*out));
	out->os = "linux";
	out->architecture = "amd64";
	if (uname(&name) < 0)
		return;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i].machine, name.machine)) {
			out->architecture = machines[i].architecture;
			out->variant = machines[i].variant;
		}
}

/* A variant that was asked for must be there; this machine's is but the best. */
static int compare(const char *os, const char *architecture, const char *variant,
		   const struct plan_platform *want)
{
	if (strcmp(os, want->os) || strcmp(architecture, want->architecture))
		return 0;
	if (!want->variant)
		return *variant ? 2 : 3;
	if (!strcmp(variant, want->variant))
		return 3;
	/* arm64 is v8 unless it says otherwise. */
	if (!*variant && !strcmp(architecture, "arm64") && !strcmp(want->variant, "v8"))
		return 3;
	return want->asked ? 0 : 2;
}

/**
 * platform_fit() - How well a descriptor fits the platform
 *
 * Return: 0 not at all, 1 if it does not say, 2 if it fits, 3 if the variant
 * does, too
 */
int platform_fit(const struct descriptor *d, const struct plan_platform *want)
{
	if (!d->platform)
		return 1;
	return compare(json_text_or(json_get(d->platform, "os"), ""),
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
	return print(json_text_or(json_get(d->platform, "os"), "?"),
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
