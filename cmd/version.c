// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/version.c - tare version
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/oci/spec.h"
#include "image/plan.h"

#ifdef __GLIBC__
#define VERSION_LIBC "glibc"
#else
#define VERSION_LIBC "musl"
#endif

struct version_options {
	const char *format;
};

static const struct option_def version_options[] = {
	OPTION(struct version_options, 'f', "format", "FORMAT", OPTION_TEXT, format,
	       "json, or a Go template"),
	{ 0 },
};

/* docker has a client and a server; here both are one, so either name finds it. */
static struct json *describe(const struct utsname *system)
{
	struct json *all = json_new_map(), *self = json_new_map();
	struct plan_platform platform;

	plan_this_machine(&platform);
	json_set_text(self, "Version", TARE_VERSION);
	json_set_text(self, "Os", "linux");
	json_set_text(self, "Arch", platform.architecture);
	json_set_text(self, "KernelVersion", system->release);
	json_set_text(self, "Libc", VERSION_LIBC);
	json_set_text(self, "OciRuntimeSpec", OCI_VERSION);
	json_set(all, "Server", json_clone(self));
	json_set(all, "Client", self);
	return all;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct version_options *o = ctx->options;
	autojson struct json *doc = NULL;
	struct plan_platform platform;
	struct utsname system;

	(void)argc;
	(void)argv;
	(void)uname(&system);
	plan_this_machine(&platform);
	if (o->format) {
		doc = describe(&system);
		return format_print_template(o->format, doc, err);
	}
	printf("Version:      %s\n", TARE_VERSION);
	printf("OS/Arch:      linux/%s\n", platform.architecture);
	printf("Kernel:       %s\n", system.release);
	printf("Built with:   %s\n", VERSION_LIBC);
	printf("OCI runtime:  %s\n", OCI_VERSION);
	return 0;
}

const struct command cmd_version = {
	.name = "version",
	.summary = "Show the version",
	.options = version_options,
	COMMAND_OPTIONS(struct version_options, .format = NULL),
	.run = run,
};
