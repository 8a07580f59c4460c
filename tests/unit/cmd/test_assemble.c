// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_assemble.c - From what was asked for to what runtime/ and cgroups/ take
 */
#include "cmd/assemble.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/sys.h"
#include "cmd/volume.h"
#include "image/image.h"

static struct settings settings_of_test(void)
{
	return (struct settings){ .hostname = "host" };
}

static void expect_list(const struct strlist *list, const char *joined)
{
	char *text = strlist_join(list, "|");

	assert_string_equal(text ? text : "", joined);
	free(text);
}

static void assemble(const struct settings *s, struct config *c)
{
	static const struct image none;
	struct error err = { 0 };

	config_init(c);
	if (assemble_config(s, "0123", &none, c, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Refused with a message that contains @says. */
static void refuse(const struct settings *s, const char *says)
{
	static const struct image none;
	struct error err = { 0 };
	struct config c;

	config_init(&c);
	assert_true(assemble_config(s, "0123", &none, &c, &err) < 0);
	if (!strstr(err.msg, says))
		fail_msg("%s", err.msg);
	config_done(&c);
}

static void expect_targets(const struct settings *s, const char *joined)
{
	struct strlist targets = { 0 };
	struct config c;

	assemble(s, &c);
	for (size_t i = 0; i < c.n_mounts; i++)
		if (c.mounts[i].kind == CONFIG_MOUNT_TMPFS && c.mounts[i].copy_up)
			strlist_add(&targets, c.mounts[i].target);
	expect_list(&targets, joined);
	strlist_done(&targets);
	config_done(&c);
}

static void systemd_gets_memory_where_nothing_else_is(void **state)
{
	struct settings s = settings_of_test();

	(void)state;
	expect_targets(&s, "");
	s.systemd = true;
	expect_targets(&s, "/run|/tmp|/run/lock|/var/log/journal");
	strlist_add(&s.tmpfs, "/tmp");
	settings_add_mount(&s, &(struct settings_mount){ .source = xstrdup("/x"),
							 .name = xstrdup("log"),
							 .target = xstrdup("/var") });
	expect_targets(&s, "/run|/run/lock");
	settings_done(&s);
}

static void systemd_gets_its_cgroup_and_few_rights(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	s.systemd = true;
	assemble(&s, &c);
	assert_true(c.writable_cgroup && !c.writable_kernel);
	assert_int_equal(c.process.capabilities.bounding & ~CAPABILITY_DEFAULT,
			 CAPABILITY_BIT(CAP_SETPCAP) | CAPABILITY_BIT(CAP_NET_BIND_SERVICE));
	config_done(&c);
	settings_done(&s);
}

/* --- rights --- */

static void a_plain_container_is_confined(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	assemble(&s, &c);
	assert_int_equal(c.namespaces, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
					       CLONE_NEWCGROUP | CLONE_NEWUSER);
	assert_int_equal(c.process.capabilities.bounding, CAPABILITY_DEFAULT);
	assert_int_equal(c.process.capabilities.permitted, CAPABILITY_DEFAULT);
	assert_int_equal(c.process.capabilities.inheritable, 0);
	assert_int_equal(c.process.capabilities.ambient, 0);
	assert_true(c.process.no_new_privs);
	assert_true(c.process.seccomp.n > 0);
	assert_false(c.writable_kernel || c.read_only || c.init || c.process.terminal);
	assert_int_equal(c.shm_bytes, 64 << 20);
	assert_int_equal(c.n_mounts + c.n_devices, 0);
	assert_string_equal(c.process.cwd, "/");
	assert_string_equal(c.process.user, "");
	config_done(&c);
}

static void capabilities_are_added_and_dropped(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	strlist_add(&s.cap_add, "NET_ADMIN");
	strlist_add(&s.cap_drop, "CAP_CHOWN");
	assemble(&s, &c);
	assert_int_equal(c.process.capabilities.bounding,
			 (CAPABILITY_DEFAULT | CAPABILITY_BIT(CAP_NET_ADMIN)) &
				 ~CAPABILITY_BIT(CAP_CHOWN));
	config_done(&c);
	strlist_add(&s.cap_drop, "ALL");
	assemble(&s, &c);
	assert_int_equal(c.process.capabilities.bounding, CAPABILITY_BIT(CAP_NET_ADMIN));
	config_done(&c);
	strlist_add(&s.cap_add, "FLYING");
	refuse(&s, "FLYING");
	settings_done(&s);
}

static void a_privileged_container_has_what_we_have(void **state)
{
	struct settings s = settings_of_test();
	struct error err = { 0 };
	struct config c;
	uint64_t own;

	(void)state;
	s.privileged = s.host_userns = true;
	assert_int_equal(capability_limit_to_own(CAPABILITY_ALL, &own, &err), 0);
	assemble(&s, &c);
	assert_int_equal(c.namespaces & CLONE_NEWUSER, 0);
	assert_int_equal(c.process.capabilities.bounding & ~own, 0);
	assert_false(c.process.no_new_privs);
	assert_int_equal(c.process.seccomp.n, 0);
	assert_true(c.writable_kernel);
	config_done(&c);
	strlist_add(&s.security, "no-new-privileges");
	strlist_add(&s.security, "seccomp=builtin");
	assemble(&s, &c);
	assert_true(c.process.no_new_privs);
	assert_true(c.process.seccomp.n > 0);
	config_done(&c);
	settings_done(&s);
}

static void security_options_do_what_they_say(void **state)
{
	static const struct {
		const char *option;
		bool filter, no_new_privs, writable;
	} cases[] = {
		{ "seccomp=unconfined", false, true, false },
		{ "seccomp=builtin", true, true, false },
		{ "seccomp={\"defaultAction\":\"SCMP_ACT_ERRNO\"}", true, true, false },
		{ "no-new-privileges=false", true, false, false },
		{ "no-new-privileges:false", true, false, false },
		{ "no-new-privileges", true, true, false },
		{ "no-new-privileges=true", true, true, false },
		{ "no-new-privileges:true", true, true, false },
		{ "systempaths=unconfined", true, true, true },
		{ "unmask=ALL", true, true, true },
		{ "apparmor=unconfined", true, true, false },
		{ "label=disable", true, true, false },
		{ "label:disable", true, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct settings s = settings_of_test();
		struct config c;

		strlist_add(&s.security, cases[i].option);
		assemble(&s, &c);
		if ((c.process.seccomp.n > 0) != cases[i].filter ||
		    c.process.no_new_privs != cases[i].no_new_privs ||
		    c.writable_kernel != cases[i].writable)
			fail_msg("'%s' does something else", cases[i].option);
		config_done(&c);
		settings_done(&s);
	}
}

static void unknown_security_options_are_refused(void **state)
{
	static const char *const options[] = { "",
					       "seccomp",
					       "no-new-privileges=maybe",
					       "unmask=/proc/x",
					       "apparmor=tight",
					       "seccomp={",
					       "seccomp=",
					       "seccomp={\"defaultAction\":1}" };

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		struct settings s = settings_of_test();

		strlist_add(&s.security, options[i]);
		refuse(&s, "s");
		settings_done(&s);
	}
}

static void images_of_32_bits_get_another_filter(void **state)
{
	struct settings s = settings_of_test();
	struct config plain, compat;

	(void)state;
	assemble(&s, &plain);
	s.compat = true;
	assemble(&s, &compat);
	assert_true(plain.process.seccomp.n != compat.process.seccomp.n);
	config_done(&plain);
	config_done(&compat);
}

/* --- the process --- */

static void the_environment_is_completed_and_not_replaced(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	strlist_add(&s.env, "PATHS=x");
	assemble(&s, &c);
	expect_list(&c.process.env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
				    "/bin|HOSTNAME=host|PATHS=x");
	config_done(&c);
	s.tty = true;
	assemble(&s, &c);
	assert_true(strlist_has(&c.process.env, "TERM=xterm"));
	config_done(&c);
	strlist_add(&s.env, "PATH=/bin");
	strlist_add(&s.env, "TERM=dumb");
	strlist_add(&s.env, "HOSTNAME=");
	assemble(&s, &c);
	expect_list(&c.process.env, "PATHS=x|PATH=/bin|TERM=dumb|HOSTNAME=");
	config_done(&c);
	settings_done(&s);
}

static void what_was_asked_for_reaches_the_process(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	s.user = "web:www";
	s.cwd = "/srv";
	s.tty = s.init = s.read_only = s.auto_remove = true;
	s.oom_score_adj = 500;
	s.shm_bytes = 4096;
	strlist_add(&s.groups, "audio");
	strlist_add(&s.ulimits, "core=0");
	strlist_add(&s.entrypoint, "sh");
	strlist_add(&s.cmd, "-c");
	strlist_add(&s.cmd, "true");
	assemble(&s, &c);
	assert_string_equal(c.id, "0123");
	assert_string_equal(c.hostname, "host");
	assert_string_equal(c.process.user, "web:www");
	assert_string_equal(c.process.cwd, "/srv");
	assert_int_equal(c.process.oom_score_adj, 500);
	assert_int_equal(c.shm_bytes, 4096);
	assert_true(c.process.terminal && c.init && c.read_only && c.volatile_upper);
	assert_true(c.process.rlimits.limits[RLIMIT_CORE].is_asked);
	expect_list(&c.process.add_groups, "audio");
	expect_list(&c.process.args, "sh|-c|true");
	config_done(&c);
	s.auto_remove = false;
	assemble(&s, &c);
	assert_false(c.volatile_upper);
	config_done(&c);
	strlist_add(&s.ulimits, "nosuch=1");
	refuse(&s, "nosuch");
	settings_done(&s);
}

static void scores_out_of_range_are_refused(void **state)
{
	static const int64_t scores[] = { 1001, -1001, INT64_C(1) << 32 };

	(void)state;
	for (size_t i = 0; i < sizeof(scores) / sizeof(*scores); i++) {
		struct settings s = settings_of_test();

		s.oom_score_adj = scores[i];
		refuse(&s, "--oom-score-adj");
	}
}

static void the_root_is_the_images_or_a_directory(void **state)
{
	struct settings s = settings_of_test();
	struct image image = { .root_mode = 0711, .root_uid = 5, .root_gid = 6 };
	struct error err = { 0 };
	struct config c;

	(void)state;
	strlist_add(&image.layers, "images/layer/b");
	strlist_add(&image.layers, "images/layer/a");
	config_init(&c);
	assert_int_equal(assemble_config(&s, "0123", &image, &c, &err), 0);
	assert_int_equal(c.root, CONFIG_ROOT_OVERLAY);
	expect_list(&c.lowers, "images/layer/b|images/layer/a");
	assert_int_equal(c.root_mode, 0711);
	assert_int_equal(c.root_uid, 5);
	assert_int_equal(c.root_gid, 6);
	config_done(&c);
	strlist_done(&image.layers);

	s.rootfs = "/some/root";
	config_init(&c);
	assert_int_equal(assemble_config(&s, "0123", NULL, &c, &err), 0);
	assert_int_equal(c.root, CONFIG_ROOT_DIRECTORY);
	assert_string_equal(c.root_path, "/some/root");
	config_done(&c);
}

/* --- mounts and devices --- */

static void add_volume(struct settings *s, const char *spec)
{
	struct error err = { 0 };

	if (volume_parse(s, spec, &err) < 0)
		fail_msg("%s", err.msg);
}

static void what_is_mounted_deeper_comes_later(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	add_volume(&s, "/usr:/a/b/c:ro");
	add_volume(&s, "/usr:/z");
	add_volume(&s, "/usr:/a/b:noidmap");
	strlist_add(&s.tmpfs, "/a");
	assemble(&s, &c);
	assert_int_equal(c.n_mounts, 4);
	assert_string_equal(c.mounts[2].target, "/a/b");
	assert_string_equal(c.mounts[3].target, "/a/b/c");
	assert_int_equal(c.mounts[3].attributes,
			 SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_RDONLY);
	assert_true(c.mounts[3].idmap);
	assert_false(c.mounts[2].idmap);
	config_done(&c);
	s.host_userns = true;
	assemble(&s, &c);
	assert_false(c.mounts[3].idmap);
	config_done(&c);
	settings_done(&s);
}

static void two_mounts_on_one_place_are_refused(void **state)
{
	struct settings s = settings_of_test();

	(void)state;
	add_volume(&s, "/usr:/a");
	add_volume(&s, "/usr:/b");
	add_volume(&s, "/usr:/c");
	strlist_add(&s.tmpfs, "//a/");
	refuse(&s, "two mounts on '/a'");
	settings_done(&s);
}

static void devices_are_checked_and_placed(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	strlist_add(&s.devices, "/dev/null");
	strlist_add(&s.devices, "/dev/zero:/dev/my/zero");
	strlist_add(&s.devices, "/dev/full:/dev/f:rwm");
	strlist_add(&s.devices, "/dev/random:rwm");
	assemble(&s, &c);
	assert_int_equal(c.n_devices, 4);
	assert_string_equal(c.devices[0].source, "/dev/null");
	assert_string_equal(c.devices[0].target, "/dev/null");
	assert_string_equal(c.devices[1].target, "/dev/my/zero");
	assert_string_equal(c.devices[2].target, "/dev/f");
	assert_string_equal(c.devices[3].target, "/dev/random");
	config_done(&c);
	settings_done(&s);
}

static void access_to_a_device_is_limited_where_that_can_be_enforced(void **state)
{
	struct settings s = settings_of_test();
	struct config c;

	(void)state;
	strlist_add(&s.devices, "/dev/zero:/dev/zero:r");
	refuse(&s, "only be limited with --userns=host");
	s.host_userns = true;
	assemble(&s, &c);
	assert_int_equal(c.n_devices, 1);
	config_done(&c);
	s.privileged = true;
	refuse(&s, "only be limited with --userns=host");
	settings_done(&s);
}

static void what_is_no_device_is_refused(void **state)
{
	static const struct {
		const char *spec, *says;
	} cases[] = {
		{ "", "is not PATH" },
		{ "null", "'null' is not PATH" },
		{ "/dev/null:/a:rwm:x", "is not PATH" },
		{ "/dev/no-such-device", "No such file" },
		{ "/etc/passwd", "is no device" },
		{ "/dev", "is no device" },
		{ "/dev/null:/dev/n:rwx", "rwx" },
		{ "/dev/null:null", "null" },
		{ "/dev/null:/dev/n:", "is not PATH" },
		{ "/dev/null:/dev/n:r", "only be limited with --userns=host" },
		{ "/dev/null:wm", "only be limited with --userns=host" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct settings s = settings_of_test();

		strlist_add(&s.devices, cases[i].spec);
		refuse(&s, cases[i].says);
		settings_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_gets_memory_where_nothing_else_is),
		cmocka_unit_test(systemd_gets_its_cgroup_and_few_rights),
		cmocka_unit_test(a_plain_container_is_confined),
		cmocka_unit_test(capabilities_are_added_and_dropped),
		cmocka_unit_test(a_privileged_container_has_what_we_have),
		cmocka_unit_test(security_options_do_what_they_say),
		cmocka_unit_test(unknown_security_options_are_refused),
		cmocka_unit_test(images_of_32_bits_get_another_filter),
		cmocka_unit_test(the_environment_is_completed_and_not_replaced),
		cmocka_unit_test(what_was_asked_for_reaches_the_process),
		cmocka_unit_test(scores_out_of_range_are_refused),
		cmocka_unit_test(the_root_is_the_images_or_a_directory),
		cmocka_unit_test(what_is_mounted_deeper_comes_later),
		cmocka_unit_test(two_mounts_on_one_place_are_refused),
		cmocka_unit_test(devices_are_checked_and_placed),
		cmocka_unit_test(access_to_a_device_is_limited_where_that_can_be_enforced),
		cmocka_unit_test(what_is_no_device_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
