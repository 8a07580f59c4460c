// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_oci_spec.c - The documents that `spec` and `features` print
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/features.h"
#include "cmd/oci/spec.h"
#include "runtime/attributes.h"

static const char *text_at(const struct json *v, const char *a, const char *b)
{
	return json_text_or(json_get(json_get(v, a), b), "");
}

static bool has_text(const struct json *list, const char *text)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (strcmp(json_text_or(json_at(list, i), ""), text) == 0)
			return true;
	return false;
}

static const struct json *mount_on(const struct json *spec, const char *destination)
{
	const struct json *mounts = json_get(spec, "mounts");

	for (size_t i = 0; i < json_count(mounts); i++)
		if (strcmp(json_text(json_get(json_at(mounts, i), "destination")), destination) ==
		    0)
			return json_at(mounts, i);
	fail_msg("nothing is mounted on %s", destination);
	return NULL;
}

static bool has_namespace(const struct json *spec, const char *type)
{
	const struct json *list = json_get(json_get(spec, "linux"), "namespaces");

	for (size_t i = 0; i < json_count(list); i++)
		if (strcmp(json_text(json_get(json_at(list, i), "type")), type) == 0)
			return true;
	return false;
}

static void members_come_in_runcs_order(void **state)
{
	static const char *const want[] = { "ociVersion", "process", "root",
					    "hostname",	  "mounts",  "linux" };
	autojson struct json *spec = oci_spec_default(false);
	const struct json *value;
	const char *key;
	size_t i = 0;

	(void)state;
	for (void *it = NULL; json_next(spec, &it, &key, &value); i++)
		assert_string_equal(key, want[i]);
	assert_int_equal(i, 6);
	assert_string_equal(json_text(json_get(spec, "ociVersion")), "1.3.0");
	assert_int_equal(json_count(json_get(spec, "mounts")), 7);
	assert_string_equal(text_at(spec, "root", "path"), "rootfs");
	assert_true(has_namespace(spec, "network") && !has_namespace(spec, "user"));
	assert_true(has_text(json_get(mount_on(spec, "/dev/pts"), "options"), "gid=5"));
	assert_int_equal(json_kind_of(json_get(mount_on(spec, "/proc"), "options")), JSON_ABSENT);
}

static void rootless_maps_the_caller_and_keeps_the_network(void **state)
{
	autojson struct json *spec = oci_spec_default(true);
	const struct json *section = json_get(spec, "linux");
	const struct json *mapping = json_at(json_get(section, "uidMappings"), 0);

	(void)state;
	assert_int_equal(json_int(json_get(mapping, "hostID"), -1), geteuid());
	assert_int_equal(json_int(json_get(mapping, "size"), -1), 1);
	assert_true(has_namespace(spec, "user") && !has_namespace(spec, "network"));
	assert_int_equal(json_kind_of(json_get(section, "resources")), JSON_ABSENT);
	assert_false(has_text(json_get(mount_on(spec, "/dev/pts"), "options"), "gid=5"));
	assert_string_equal(json_text(json_get(mount_on(spec, "/sys"), "source")), "/sys");
	assert_true(has_text(json_get(mount_on(spec, "/sys"), "options"), "rbind"));
}

static void the_default_asks_for_no_attributes(void **state)
{
	autojson struct json *spec = oci_spec_default(false);
	autoattributes struct process_attributes a = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(attributes_parse_process(&a, json_get(spec, "process"), &err), 0);
	assert_int_equal(attributes_parse_linux(&a, json_get(spec, "linux"), &err), 0);
	assert_false(a.has_scheduler || a.labels.apparmor);
}

static void features_come_from_the_tables(void **state)
{
	autojson struct json *features = oci_features();
	const struct json *section = json_get(features, "linux");
	const struct json *seccomp = json_get(section, "seccomp");

	(void)state;
	assert_string_equal(json_text(json_get(features, "ociVersionMin")), "1.0.0");
	assert_string_equal(json_text(json_get(features, "ociVersionMax")), "1.3.0");
	/* Hooks in the table's order, all else sorted. */
	assert_string_equal(json_text(json_at(json_get(features, "hooks"), 0)), "prestart");
	assert_string_equal(json_text(json_at(json_get(features, "mountOptions"), 0)), "acl");
	assert_string_equal(json_text(json_at(json_get(section, "namespaces"), 1)), "ipc");
	assert_true(has_text(json_get(section, "capabilities"), "CAP_CHECKPOINT_RESTORE"));
	assert_int_equal(json_count(json_get(seccomp, "actions")), 9);
	assert_int_equal(json_count(json_get(seccomp, "operators")), 7);
	assert_int_equal(json_count(json_get(seccomp, "knownFlags")), 4);
	assert_true(has_text(json_get(seccomp, "supportedFlags"), "SECCOMP_FILTER_FLAG_LOG"));
	assert_int_equal(json_count(json_get(json_get(section, "memoryPolicy"), "modes")), 7);
	assert_true(json_is_true(
		json_get(json_get(json_get(section, "mountExtensions"), "idmap"), "enabled")));
}

static void hooks_after_the_start_and_resctrl_are_errands(void **state)
{
	struct oci_bundle b;

	(void)state;
	oci_bundle_init(&b);
	assert_false(oci_bundle_has_errands(&b));
	b.config.hooks[CONFIG_HOOK_POSTSTART].n = 1;
	assert_true(oci_bundle_has_errands(&b));
	b.config.hooks[CONFIG_HOOK_POSTSTART].n = 0;
	b.config.hooks[CONFIG_HOOK_POSTSTOP].n = 1;
	assert_true(oci_bundle_has_errands(&b));
	b.config.hooks[CONFIG_HOOK_POSTSTOP].n = 0;
	b.rdt.is_set = true;
	assert_true(oci_bundle_has_errands(&b));
	b.rdt.is_set = false;
	oci_bundle_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_in_runcs_order),
		cmocka_unit_test(rootless_maps_the_caller_and_keeps_the_network),
		cmocka_unit_test(the_default_asks_for_no_attributes),
		cmocka_unit_test(features_come_from_the_tables),
		cmocka_unit_test(hooks_after_the_start_and_resctrl_are_errands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
