// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/habit.c - What people type who know docker, and what there is instead
 */
#include "cmd/habit.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

/* Docker's own second names, which its scripts have, too. */
static const struct {
	const char *group, *name, *ours;
} second_names[] = {
	{ "container", "list", "ls" }, { "container", "ps", "ls" }, { "container", "remove", "rm" },
	{ "image", "list", "ls" },     { "image", "remove", "rm" }, { "volume", "list", "ls" },
	{ "volume", "remove", "rm" },
};

#define NO_BUILDER "buildah, podman or docker build images; 'tare load' takes what they save"
#define NO_CLUSTER "there is no cluster; docker and swarm can have tare-oci as their runtime"

/* Commands, also as those of a group (image pull). */
static const struct {
	const char *name, *instead;
} elsewhere[] = {
	{ "attach", "'tare logs -f' shows the output; 'tare exec -it' gives a shell" },
	{ "build", NO_BUILDER },
	{ "builder", NO_BUILDER },
	{ "buildx", NO_BUILDER },
	{ "compose", "start each service with 'tare run -d'" },
	{ "context", "there is no daemon to choose; --root and --runroot choose a store" },
	{ "events", "'tare wait' waits for the end of a container, 'tare ps' shows all" },
	{ "exists", "'tare inspect NAME' ends with 1 if there is none" },
	{ "login", "tare has no network client; skopeo has: skopeo login" },
	{ "logout", "tare has no network client; skopeo has: skopeo logout" },
	{ "ls", "'tare ps -a' lists containers, 'tare images' images" },
	{ "manifest", "tare has no network client; skopeo inspect shows an image of a registry" },
	{ "network", "there is one bridge, made when needed; see --network in 'tare run --help'" },
	{ "pull", "tare has no network client: skopeo copy docker://NAME oci-archive:FILE:NAME, "
		  "then 'tare load -i FILE'" },
	{ "push", "tare has no network client; skopeo copies images to registries" },
	{ "search", "tare has no network client; skopeo list-tags asks registries" },
	{ "secret", "mount the file that has it: tare run -v FILE:/run/secrets/NAME:ro" },
	{ "service", NO_CLUSTER },
	{ "stack", NO_CLUSTER },
	{ "swarm", NO_CLUSTER },
};

/** habit_name() - Our name of a command that docker has two names for; @name if it has one */
const char *habit_name(const char *group, const char *name)
{
	for (size_t i = 0; i < sizeof(second_names) / sizeof(*second_names); i++)
		if (!strcmp(group, second_names[i].group) && !strcmp(name, second_names[i].name))
			return second_names[i].ours;
	return name;
}

/**
 * habit_unknown_command() - The error of a command that is not there, with what to type instead
 * @group:	The command that it would belong to, or NULL
 *
 * Return: -EINVAL
 */
int habit_unknown_command(const char *group, const char *name, struct error *err)
{
	error_set(err, EINVAL, "unknown command '%s%s%s'", group ? group : "", group ? " " : "",
		  name);
	error_hint(err, "see 'tare%s%s --help'", group ? " " : "", group ? group : "");
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		if (!strcmp(name, elsewhere[i].name))
			error_hint(err, "%s", elsewhere[i].instead);
	return -EINVAL;
}
