// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_config_linux.c - config.json: linux
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/config.h"
#include "runtime/config_json.h"
#include "tests/unit/scratch.h"

static int read_linux(const char *text, struct config *c, struct error *err)
{
	autojson struct json *map = json_parse(text, strlen(text), err);

	if (!map)
		fail_msg("%s: %s", text, err->msg);
	return config_linux_from_json(map, c, err);
}

static void accept(const char *text, struct config *c)
{
	struct error err = { 0 };

	config_init(c);
	if (read_linux(text, c, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
}

static void refuse(const char *text, const char *named)
{
	struct error err = { 0 };
	struct config c;
	int r;

	config_init(&c);
	r = read_linux(text, &c, &err);
	config_done(&c);
	if (r >= 0 || r != -err.code || !strstr(err.msg, named))
		fail_msg("%s: %d '%s', not '%s'", text, r, err.msg, named);
}

static void namespaces_are_made_or_entered(void **state)
{
	struct config c;

	(void)state;
	accept("{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"mount\"},"
	       " {\"type\": \"network\", \"path\": \"/run/netns/n\"}]}",
	       &c);
	assert_int_equal(c.namespaces, CLONE_NEWPID | CLONE_NEWNS);
	assert_string_equal(c.join_paths[CONFIG_NS_NET], "/run/netns/n");
	assert_null(c.join_paths[CONFIG_NS_PID]);
	config_done(&c);
}

static void odd_namespaces_are_refused(void **state)
{
	(void)state;
	refuse("{\"namespaces\": [{\"type\": \"nonsense\"}]}", "linux.namespaces[0]");
	refuse("{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"pid\"}]}",
	       "linux.namespaces[1]");
	refuse("{\"namespaces\": [{}]}", "linux.namespaces[0]");
	refuse("{\"namespaces\": {}}", "linux.namespaces: not a list");
}

static void mappings_are_of_the_user_namespace(void **state)
{
	struct config c;

	(void)state;
	accept("{\"namespaces\": [{\"type\": \"user\"}],"
	       " \"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 5}],"
	       " \"gidMappings\": [{\"containerID\": 0, \"hostID\": 2000, \"size\": 6}]}",
	       &c);
	assert_true(config_has_userns(&c));
	assert_int_equal(c.uid_map.items[0].outside, 1000);
	assert_int_equal(c.gid_map.items[0].size, 6);
	config_done(&c);
}

static void devices_have_type_mode_and_owner(void **state)
{
	struct config c;

	(void)state;
	accept("{\"devices\": [{\"path\": \"/dev/a\", \"type\": \"u\", \"major\": 1, \"minor\": 3,"
	       "  \"fileMode\": 384, \"uid\": 4, \"gid\": 5},"
	       " {\"path\": \"/dev/b\", \"type\": \"b\", \"major\": 7, \"minor\": 0},"
	       " {\"path\": \"/dev/p\", \"type\": \"p\"}]}",
	       &c);
	assert_int_equal(c.n_nodes, 3);
	assert_int_equal(c.nodes[0].mode, S_IFCHR | 0600);
	assert_int_equal(c.nodes[0].minor, 3);
	assert_int_equal(c.nodes[0].gid, 5);
	assert_int_equal(c.nodes[1].mode, S_IFBLK | 0666);
	assert_int_equal(c.nodes[2].mode, S_IFIFO | 0666);
	config_done(&c);
}

static void impossible_devices_are_refused(void **state)
{
	(void)state;
	refuse("{\"devices\": [{\"path\": \"dev/a\", \"type\": \"c\"}]}",
	       "linux.devices[0].path must be an absolute path");
	refuse("{\"devices\": [{\"path\": \"/dev/a\", \"type\": \"x\"}]}", "linux.devices[0].type");
	refuse("{\"devices\": [{\"path\": \"/dev/a\", \"type\": \"cc\"}]}",
	       "linux.devices[0].type");
	refuse("{\"devices\": [{\"path\": \"/dev/a\"}]}", "linux.devices[0].type");
	refuse("{\"devices\": [{\"path\": \"/dev/a\", \"type\": \"c\", \"major\": -1}]}",
	       "linux.devices[0].major");
}

/* As sysctl(8): the first separator tells which of both it is. */
static void sysctls_become_paths(void **state)
{
	struct config c;

	(void)state;
	accept("{\"namespaces\": [{\"type\": \"network\"}, {\"type\": \"ipc\"}],"
	       " \"sysctl\": {\"net.ipv4.ip_forward\": \"1\", \"net/ipv4/conf/eth0.1/mtu\": \"2\","
	       "  \"net.ipv4.conf.eth0/1.mtu\": \"3\", \"kernel.msgmax\": \"4\","
	       "  \"fs.mqueue.msg_max\": \"5\"}}",
	       &c);
	assert_true(strlist_has(&c.sysctls, "net/ipv4/ip_forward=1"));
	assert_true(strlist_has(&c.sysctls, "net/ipv4/conf/eth0.1/mtu=2"));
	assert_true(strlist_has(&c.sysctls, "net/ipv4/conf/eth0.1/mtu=3"));
	assert_true(strlist_has(&c.sysctls, "kernel/msgmax=4"));
	assert_true(strlist_has(&c.sysctls, "fs/mqueue/msg_max=5"));
	config_done(&c);
}

static void sysctls_of_the_host_are_refused(void **state)
{
	(void)state;
	refuse("{\"sysctl\": {\"net.ipv4.ip_forward\": \"1\"}}", "needs a private network");
	refuse("{\"sysctl\": {\"kernel.msgmax\": \"1\"}}", "needs a private ipc");
	refuse("{\"namespaces\": [{\"type\": \"network\"}],"
	       " \"sysctl\": {\"vm.swappiness\": \"1\"}}",
	       "not in a separate kernel namespace");
	refuse("{\"namespaces\": [{\"type\": \"network\"}],"
	       " \"sysctl\": {\"net/../kernel/panic\": \"1\"}}",
	       "malformed");
	refuse("{\"namespaces\": [{\"type\": \"uts\"}], \"sysctl\": {\"kernel.hostname\": \"h\"}}",
	       "use hostname");
	refuse("{\"namespaces\": [{\"type\": \"network\"}], \"sysctl\": {\"net.core.x\": 1}}",
	       "is not a string");
}

static void propagation_of_the_root(void **state)
{
	struct config c;

	(void)state;
	accept("{\"rootfsPropagation\": \"rshared\"}", &c);
	assert_int_equal(c.root_propagation, MS_SHARED | MS_REC);
	config_done(&c);
	accept("{\"rootfsPropagation\": \"\"}", &c);
	assert_int_equal(c.root_propagation, 0);
	config_done(&c);
	refuse("{\"rootfsPropagation\": \"ro\"}", "linux.rootfsPropagation: 'ro'");
}

static void clocks_need_a_namespace(void **state)
{
	struct config c;

	(void)state;
	accept("{\"namespaces\": [{\"type\": \"time\"}],"
	       " \"timeOffsets\": {\"monotonic\": {\"secs\": 60, \"nanosecs\": 1}}}",
	       &c);
	assert_string_equal(c.time_offsets, "monotonic 60 1\n");
	config_done(&c);
	refuse("{\"timeOffsets\": {\"monotonic\": {\"secs\": 60}}}",
	       "linux.timeOffsets: needs a new time namespace");
}

static void paths_are_kept_and_no_text_is_passed_over(void **state)
{
	struct config c;

	(void)state;
	accept("{\"maskedPaths\": [\"/proc/keys\"], \"readonlyPaths\": [\"/proc/sys\"]}", &c);
	assert_string_equal(c.masked_paths.items[0], "/proc/keys");
	assert_string_equal(c.readonly_paths.items[0], "/proc/sys");
	config_done(&c);
	refuse("{\"maskedPaths\": [1]}", "linux.maskedPaths[0]: not a string");
	refuse("{\"cgroupsPath\": 1}", "linux.cgroupsPath: not a string");
}

static void without_a_section_nothing_is_asked_for(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	config_init(&c);
	assert_int_equal(config_linux_from_json(NULL, &c, &err), 0);
	assert_int_equal(c.namespaces, 0);
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespaces_are_made_or_entered),
		cmocka_unit_test(odd_namespaces_are_refused),
		cmocka_unit_test(mappings_are_of_the_user_namespace),
		cmocka_unit_test(devices_have_type_mode_and_owner),
		cmocka_unit_test(impossible_devices_are_refused),
		cmocka_unit_test(sysctls_become_paths),
		cmocka_unit_test(sysctls_of_the_host_are_refused),
		cmocka_unit_test(propagation_of_the_root),
		cmocka_unit_test(clocks_need_a_namespace),
		cmocka_unit_test(paths_are_kept_and_no_text_is_passed_over),
		cmocka_unit_test(without_a_section_nothing_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
