// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_mount_options.c - Mount options by name
 */
#include "runtime/mount_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "tests/unit/scratch.h"

/* All of a list like "ro,nosuid"; every one of them is to be known. */
static struct config_mount with(const char *list)
{
	autostrlist struct strlist options = { 0 };
	struct config_mount m = { .kind = CONFIG_MOUNT_FS };

	strlist_split(&options, list, ',');
	for (size_t i = 0; i < options.n; i++)
		if (!mount_option_apply(&m, options.items[i]))
			fail_msg("'%s' is not known", options.items[i]);
	return m;
}

static void options_set_attributes(void **state)
{
	struct config_mount m = with("ro,nosuid,nodev,noexec");

	(void)state;
	assert_int_equal(m.attributes, SYS_MOUNT_ATTR_RDONLY | SYS_MOUNT_ATTR_NOSUID |
					       SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC);
	assert_int_equal(m.clear, 0);
	assert_int_equal(m.below.set, 0);
}

static void the_last_word_counts(void **state)
{
	struct config_mount m = with("ro,rw");

	(void)state;
	assert_int_equal(m.attributes, 0);
	assert_int_equal(m.clear, SYS_MOUNT_ATTR_RDONLY);
	m = with("rw,ro");
	assert_int_equal(m.attributes, SYS_MOUNT_ATTR_RDONLY);
	assert_int_equal(m.clear, 0);
}

/* mount_setattr(2): the field of the access time is to be cleared with any new value. */
static void access_times_replace_each_other(void **state)
{
	struct config_mount m = with("noatime,strictatime,nosuid");

	(void)state;
	assert_int_equal(m.attributes, SYS_MOUNT_ATTR_STRICTATIME | SYS_MOUNT_ATTR_NOSUID);
	assert_int_equal(m.clear, SYS_MOUNT_ATTR__ATIME);
}

static void with_an_r_they_are_for_what_is_below(void **state)
{
	struct config_mount m = with("rro,rnosuid,rexec");

	(void)state;
	assert_int_equal(m.attributes | m.clear, 0);
	assert_int_equal(m.below.set, SYS_MOUNT_ATTR_RDONLY | SYS_MOUNT_ATTR_NOSUID);
	assert_int_equal(m.below.clear, SYS_MOUNT_ATTR_NOEXEC);
}

static void bind_makes_it_one(void **state)
{
	struct config_mount m = with("bind");

	(void)state;
	assert_int_equal(m.kind, CONFIG_MOUNT_BIND);
	assert_false(m.recursive);
	m = with("rbind");
	assert_int_equal(m.kind, CONFIG_MOUNT_BIND);
	assert_true(m.recursive);
}

static void idmap_and_others_are_remembered(void **state)
{
	struct config_mount m = with("idmap,tmpcopyup,src-nofollow");

	(void)state;
	assert_true(m.idmap && !m.idmap_below && m.copy_up && m.no_follow);
	m = with("ridmap");
	assert_true(m.idmap && m.idmap_below);
}

static void propagation_has_two_readers_that_agree(void **state)
{
	static const struct {
		const char *name;
		unsigned long flags;
		bool below;
	} known[] = {
		{ "shared", MS_SHARED, false },		{ "rshared", MS_SHARED, true },
		{ "slave", MS_SLAVE, false },		{ "rslave", MS_SLAVE, true },
		{ "private", MS_PRIVATE, false },	{ "rprivate", MS_PRIVATE, true },
		{ "unbindable", MS_UNBINDABLE, false }, { "runbindable", MS_UNBINDABLE, true },
	};
	unsigned long flags = 0;
	bool below = false;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct config_mount m = with(known[i].name);

		assert_int_equal(m.propagation, known[i].flags);
		assert_int_equal(m.propagation_below, known[i].below);
		assert_true(mount_option_propagation(known[i].name, &flags, &below));
		assert_int_equal(flags, known[i].flags);
		assert_int_equal(below, known[i].below);
	}
	assert_false(mount_option_propagation("ro", &flags, &below));
	assert_false(mount_option_propagation("", &flags, &below));
}

static void what_is_the_file_systems_is_left_to_it(void **state)
{
	struct config_mount m = { .kind = CONFIG_MOUNT_FS }, before = m;

	(void)state;
	assert_false(mount_option_apply(&m, "size=64k"));
	assert_false(mount_option_apply(&m, "sync"));
	assert_false(mount_option_apply(&m, "RO"));
	assert_false(mount_option_apply(&m, ""));
	assert_memory_equal(&m, &before, sizeof(m));
}

static void names_are_in_order_and_end(void **state)
{
	size_t n = 0;

	(void)state;
	for (; mount_option_name(n); n++)
		assert_true(n == 0 || strcmp(mount_option_name(n - 1), mount_option_name(n)) != 0);
	assert_true(n > 50);
	assert_null(mount_option_name(n + 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_set_attributes),
		cmocka_unit_test(the_last_word_counts),
		cmocka_unit_test(access_times_replace_each_other),
		cmocka_unit_test(with_an_r_they_are_for_what_is_below),
		cmocka_unit_test(bind_makes_it_one),
		cmocka_unit_test(idmap_and_others_are_remembered),
		cmocka_unit_test(propagation_has_two_readers_that_agree),
		cmocka_unit_test(what_is_the_file_systems_is_left_to_it),
		cmocka_unit_test(names_are_in_order_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
