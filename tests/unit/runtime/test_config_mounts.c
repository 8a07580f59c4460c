// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_config_mounts.c - config.json: mounts
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/config_json.h"
#include "tests/unit/scratch.h"

static int read_mounts(const char *list, struct config *c, struct error *err)
{
	autofree char *text = xasprintf("{\"mounts\": %s}", list);
	autojson struct json *document = json_parse(text, strlen(text), err);

	assert_non_null(document);
	return config_mounts_from_json(document, "/bundle", c, err);
}

static void accept(const char *list, struct config *c)
{
	struct error err = { 0 };

	config_init(c);
	if (read_mounts(list, c, &err) < 0)
		fail_msg("%s: %s", list, err.msg);
}

static void refuse(const char *list, const char *named)
{
	struct error err = { 0 };
	struct config c;
	int r;

	config_init(&c);
	r = read_mounts(list, &c, &err);
	config_done(&c);
	if (r >= 0 || r != -err.code || !strstr(err.msg, named))
		fail_msg("%s: %d '%s', not '%s'", list, r, err.msg, named);
}

static void none_are_fine(void **state)
{
	struct config c;

	(void)state;
	accept("[]", &c);
	assert_int_equal(c.n_mounts, 0);
	config_done(&c);
	accept("null", &c);
	assert_int_equal(c.n_mounts, 0);
	config_done(&c);
}

static void a_destination_has_one_spelling(void **state)
{
	static const char *const spellings[][2] = {
		{ "/dev", "/dev" }, { "/dev/", "/dev" }, { "//a//./b/", "/a/b" },
		{ "mnt/", "/mnt" }, { "/", "/" },	 { "/a/../b", "/a/../b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		autofree char *list = xasprintf("[{\"destination\": \"%s\", \"type\": \"tmpfs\"}]",
						spellings[i][0]);
		struct config c;

		accept(list, &c);
		assert_string_equal(c.mounts[0].target, spellings[i][1]);
		config_done(&c);
	}
}

static void types_become_kinds_in_order(void **state)
{
	static const enum config_mount_kind kinds[] = {
		CONFIG_MOUNT_FS,     CONFIG_MOUNT_TMPFS, CONFIG_MOUNT_CGROUP,
		CONFIG_MOUNT_CGROUP, CONFIG_MOUNT_BIND,	 CONFIG_MOUNT_BIND,
	};
	struct config c;

	(void)state;
	accept("[{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
	       " {\"destination\": \"/t\", \"type\": \"tmpfs\"},"
	       " {\"destination\": \"/c\", \"type\": \"cgroup\"},"
	       " {\"destination\": \"/c2\", \"type\": \"cgroup2\"},"
	       " {\"destination\": \"/b\", \"type\": \"bind\", \"source\": \"/a\"},"
	       " {\"destination\": \"/n\", \"type\": \"none\", \"source\": \"/a\","
	       "  \"options\": [\"rbind\"]}]",
	       &c);
	assert_int_equal(c.n_mounts, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(c.mounts[i].kind, kinds[i]);
	assert_true(c.mounts[5].recursive);
	config_done(&c);
}

static void options_are_ours_or_the_file_systems(void **state)
{
	struct config c;

	(void)state;
	accept("[{\"destination\": \"/t\", \"type\": \"tmpfs\","
	       "  \"options\": [\"ro\", \"\", \"size=1m\", \"mode=755,uid=1\"]}]",
	       &c);
	assert_int_equal(c.mounts[0].attributes, SYS_MOUNT_ATTR_RDONLY);
	assert_int_equal(c.mounts[0].data.n, 3);
	assert_string_equal(c.mounts[0].data.items[0], "size=1m");
	assert_string_equal(c.mounts[0].data.items[2], "uid=1");
	config_done(&c);
}

static void a_relative_source_is_in_the_bundle(void **state)
{
	struct config c;

	(void)state;
	accept("[{\"destination\": \"/b\", \"type\": \"bind\", \"source\": \"data\"}]", &c);
	assert_string_equal(c.mounts[0].source, "/bundle/data");
	config_done(&c);
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	refuse("{}", "mounts: not a list");
	refuse("[1]", "mounts[0]: not an object");
	refuse("[{\"type\": \"tmpfs\"}]", "mounts[0].destination is missing");
	refuse("[{\"destination\": \"/a\"}]", "mounts[0].type is missing");
	refuse("[{\"destination\": \"/a\", \"type\": \"bind\"}]", "mounts[0].source is missing");
	refuse("[{\"destination\": \"/a\", \"type\": \"tmpfs\"}, {\"destination\": 1}]",
	       "mounts[1].destination: not a string");
	refuse("[{\"destination\": \"/a\", \"type\": \"tmpfs\", \"options\": [1]}]",
	       "mounts[0].options[0]: not a string");
}

static void mappings_are_for_bind_mounts_and_in_pairs(void **state)
{
	static const char map[] = "[{\"containerID\": 0, \"hostID\": 5, \"size\": 1}]";
	autofree char *both = xasprintf("\"uidMappings\": %s, \"gidMappings\": %s", map, map);
	autofree char *bind = xasprintf("[{\"destination\": \"/a\", \"type\": \"bind\","
					" \"source\": \"/b\", %s}]",
					both);
	autofree char *tmpfs = xasprintf("[{\"destination\": \"/a\", \"type\": \"tmpfs\", %s}]",
					 both);
	autofree char *half = xasprintf("[{\"destination\": \"/a\", \"type\": \"bind\","
					" \"source\": \"/b\", \"uidMappings\": %s}]",
					map);
	struct config c;

	(void)state;
	accept(bind, &c);
	assert_true(c.mounts[0].idmap);
	assert_int_equal(c.mounts[0].uid_map.items[0].outside, 5);
	config_done(&c);
	refuse(tmpfs, "mounts[0]: invalid mount: only bind mounts can be idmapped");
	refuse(half, "mounts[0]: invalid mount: uidMappings and gidMappings go together");
}

static void idmap_may_bring_its_maps(void **state)
{
#define BIND(option)                                                                                 \
	"[{\"destination\": \"/a\", \"type\": \"bind\", \"source\": \"/b\", \"options\": [\"" option \
	"\"]}]"
	struct config c;

	(void)state;
	accept(BIND("ridmap=uids=0-5-1#1-7-2;gids=0-9-3"), &c);
	assert_true(c.mounts[0].idmap && c.mounts[0].idmap_below);
	assert_int_equal(c.mounts[0].uid_map.n, 2);
	assert_int_equal(c.mounts[0].uid_map.items[1].inside, 1);
	assert_int_equal(c.mounts[0].uid_map.items[1].outside, 7);
	assert_int_equal(c.mounts[0].uid_map.items[1].size, 2);
	assert_int_equal(c.mounts[0].gid_map.items[0].outside, 9);
	config_done(&c);
	refuse(BIND("idmap=uids=0-5"), "mounts[0].options: 'idmap=uids=0-5': uids=");
	refuse(BIND("idmap=uids=0-5-0"), "mounts[0].options");
	refuse(BIND("idmap=uids=0-4294967296-1"), "mounts[0].options");
	refuse(BIND("idmap=pids=0-5-1"), "mounts[0].options");
	refuse(BIND("idmap=uids=0-5-1"),
	       "mounts[0]: invalid mount: uidMappings and gidMappings go");
#undef BIND
}

static void idmap_alone_needs_a_user_namespace(void **state)
{
	static const char list[] = "[{\"destination\": \"/a\", \"type\": \"bind\","
				   " \"source\": \"/b\", \"options\": [\"idmap\"]}]";
	struct error err = { 0 };
	struct config c;

	(void)state;
	refuse(list, "mounts[0]: invalid mount: idmap needs");
	config_init(&c);
	c.namespaces = CLONE_NEWUSER;
	assert_int_equal(read_mounts(list, &c, &err), 0);
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_are_fine),
		cmocka_unit_test(a_destination_has_one_spelling),
		cmocka_unit_test(types_become_kinds_in_order),
		cmocka_unit_test(options_are_ours_or_the_file_systems),
		cmocka_unit_test(a_relative_source_is_in_the_bundle),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(mappings_are_for_bind_mounts_and_in_pairs),
		cmocka_unit_test(idmap_may_bring_its_maps),
		cmocka_unit_test(idmap_alone_needs_a_user_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
