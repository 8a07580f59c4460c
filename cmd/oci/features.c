// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/features.c - What the runtime can do, for engines that ask first
 *
 * runtime-spec features.md and features-linux.md. Names come from the tables
 * that read them, so that nothing is promised which would then be refused.
 */
#include "cmd/oci/features.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/format.h"
#include "cmd/oci/oci.h"
#include "cmd/oci/spec.h"
#include "runtime/attributes.h"
#include "runtime/capability.h"
#include "runtime/hook.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_entry.h"

/*
 * Annotations that change what the runtime does to the host, hence not for a container's
 * author to choose. One that ends with a dot stands for all that begin so.
 */
static const char *const unsafe_annotations[] = { "org.systemd.property.", "run.oci.", NULL };

/* The i-th name of a table, NULL behind the last. */
typedef const char *nth_name(size_t i);

static const char *hook_name(size_t i)
{
	return i < CONFIG_HOOK_KINDS ? hook_kind_name((enum config_hook_kind)i) : NULL;
}

static const char *namespace_name(size_t i)
{
	return i < CONFIG_NS_COUNT ? config_ns_name((enum config_ns)i) : NULL;
}

/* Sorted, as runc lists them; @keep: in the order of the table. */
static void set_names(struct json *map, const char *key, nth_name *name, bool keep)
{
	autostrlist struct strlist list = { 0 };

	for (size_t i = 0; name(i); i++)
		strlist_add(&list, name(i));
	if (!keep)
		strlist_sort(&list);
	json_set_list(map, key, list.items, list.n);
}

static void set_enabled(struct json *map, const char *key)
{
	struct json *feature = json_new_map();

	json_set_bool(feature, "enabled", true);
	json_set(map, key, feature);
}

static struct json *list_capabilities(void)
{
	autofree char *text = capability_list_text(CAPABILITY_ALL);
	autostrlist struct strlist names = { 0 };
	struct json *list = json_new_list();

	strlist_split(&names, text, ',');
	for (size_t i = 0; i < names.n; i++) {
		autofree char *name = xasprintf("CAP_%s", names.items[i]);

		json_add_text(list, name);
	}
	return list;
}

static struct json *describe_cgroup(void)
{
	struct json *cgroup = json_new_map();

	json_set_bool(cgroup, "v1", false);
	json_set_bool(cgroup, "v2", true);
	json_set_bool(cgroup, "systemd", true);
	json_set_bool(cgroup, "systemdUser", true);
	json_set_bool(cgroup, "rdma", true);
	return cgroup;
}

static struct json *describe_seccomp(void)
{
	struct json *seccomp = json_new_map(), *supported = json_new_list();

	json_set_bool(seccomp, "enabled", true);
	set_names(seccomp, "actions", seccomp_entry_known_action, false);
	set_names(seccomp, "operators", seccomp_entry_known_op, false);
	set_names(seccomp, "archs", seccomp_known_arch, false);
	set_names(seccomp, "knownFlags", seccomp_known_flag, true);
	for (size_t i = 0; seccomp_known_flag(i); i++)
		if (seccomp_flag_is_supported(i))
			json_add_text(supported, seccomp_known_flag(i));
	json_set(seccomp, "supportedFlags", supported);
	return seccomp;
}

static struct json *describe_intel_rdt(void)
{
	struct json *rdt = json_new_map();

	json_set_bool(rdt, "enabled", true);
	json_set_bool(rdt, "schemata", true);
	json_set_bool(rdt, "monitoring", true);
	return rdt;
}

static struct json *describe_memory_policy(void)
{
	struct json *policy = json_new_map();

	set_names(policy, "modes", attributes_memory_mode, false);
	set_names(policy, "flags", attributes_memory_flag, false);
	return policy;
}

static struct json *describe_linux(void)
{
	struct json *section = json_new_map(), *extensions = json_new_map();

	set_names(section, "namespaces", namespace_name, false);
	json_set(section, "capabilities", list_capabilities());
	json_set(section, "cgroup", describe_cgroup());
	json_set(section, "seccomp", describe_seccomp());
	set_enabled(section, "apparmor");
	set_enabled(section, "selinux");
	json_set(section, "intelRdt", describe_intel_rdt());
	json_set(section, "memoryPolicy", describe_memory_policy());
	set_enabled(extensions, "idmap");
	json_set(section, "mountExtensions", extensions);
	set_enabled(section, "netDevices");
	return section;
}

static struct json *describe_annotations(void)
{
	struct json *annotations = json_new_map();

	/* The name that engines look for; through CRIU, when it is installed. */
	json_set_text(annotations, "org.opencontainers.runc.checkpoint.enabled", "true");
	return annotations;
}

/**
 * oci_features() - The features document, which the caller frees
 *
 * What is enabled is what this build knows, whether this kernel has it or not.
 */
struct json *oci_features(void)
{
	struct json *features = json_new_map(), *unsafe = json_new_list();

	json_set_text(features, "ociVersionMin", OCI_VERSION_MIN);
	json_set_text(features, "ociVersionMax", OCI_VERSION);
	set_names(features, "hooks", hook_name, true);
	set_names(features, "mountOptions", mount_option_name, false);
	json_set(features, "linux", describe_linux());
	json_set(features, "annotations", describe_annotations());
	for (const char *const *a = unsafe_annotations; *a; a++)
		json_add_text(unsafe, *a);
	json_set(features, "potentiallyUnsafeConfigAnnotations", unsafe);
	return features;
}

/* ---- the command -------------------------------------------------------- */

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autojson struct json *v = oci_features();

	(void)ctx;
	(void)argc;
	(void)argv;
	(void)err;
	format_print_json(v);
	return 0;
}

const struct command oci_cmd_features = {
	.name = "features",
	.summary = "Print what this runtime can do, as JSON",
	.flags = COMMAND_ONE_DASH,
	.run = run,
};
