// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_run_options.c - Flags and image become the settings of one container
 */
#include "cmd/appliance.h"
#include "cmd/run_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "image/config.h"
#include "tests/unit/scratch.h"

#define MAX_ARGS 32

/* One command line and what came of it. */
struct order {
	struct run_options flags;
	struct image_config image;
	struct appliance asks;
	struct settings settings;
	struct error err;
	struct strlist words;
};

/* @line: words separated by blanks; the image's name stands before the command. */
static int merge(struct order *o, const char *line)
{
	char *argv[MAX_ARGS + 1];
	int argc, r;

	strlist_split(&o->words, line, ' ');
	argc = (int)o->words.n;
	assert_true(argc < MAX_ARGS);
	for (int i = 0; i <= argc; i++)
		argv[i] = o->words.items[i];
	o->err = (struct error){ 0 };
	r = options_parse(run_option_defs, &o->flags, true, &argc, argv, &o->err);
	if (r < 0)
		return r;
	assert_true(argc >= 1);
	return run_options_settings(&o->flags, &o->image, &o->asks, argv + 1, &o->settings,
				    &o->err);
}

static void forget(struct order *o)
{
	settings_done(&o->settings);
	options_done(run_option_defs, &o->flags);
	o->flags = (struct run_options){ 0 };
	strlist_done(&o->words);
}

static void done(struct order *o)
{
	forget(o);
	image_config_done(&o->image);
}

static void expect_list(const struct strlist *list, const char *joined)
{
	char *text = strlist_join(list, "|");

	assert_string_equal(text ? text : "", joined);
	free(text);
}

static void allow(struct order *o, const char *line)
{
	if (merge(o, line) < 0)
		fail_msg("'%s': %s", line, o->err.msg);
}

/* Refused with a message that contains @says. */
static void refuse(struct order *o, const char *line, const char *says)
{
	if (merge(o, line) >= 0)
		fail_msg("'%s' was accepted", line);
	if (!strstr(o->err.msg, says))
		fail_msg("'%s': %s", line, o->err.msg);
	forget(o);
}

static const char *const image_text =
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
	"\"Env\":[\"PATH=/bin\",\"MODE=image\"],\"Cmd\":[\"serve\",\"80\"],"
	"\"Entrypoint\":[\"/init\",\"--\"],\"WorkingDir\":\"/srv\",\"User\":\"web\","
	"\"StopSignal\":\"SIGQUIT\",\"ExposedPorts\":{\"80/tcp\":{}},"
	"\"Volumes\":{\"/data\":{}},\"Labels\":{\"a\":\"image\",\"b\":\"image\"}},"
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"]}}";

static void take_image(struct order *o)
{
	if (image_config_parse(image_text, strlen(image_text), &o->image, &o->err) < 0)
		fail_msg("%s", o->err.msg);
}

static void expect_systemd(const char *line, bool systemd, const char *stop_signal)
{
	struct order o = { 0 };

	allow(&o, line);
	assert_int_equal(o.settings.systemd, systemd);
	assert_string_equal(o.settings.stop_signal ? o.settings.stop_signal : "", stop_signal);
	done(&o);
}

static void systemd_is_known_by_the_command(void **state)
{
	struct order o = { 0 };

	(void)state;
	expect_systemd("image /sbin/init", true, "SIGRTMIN+3");
	expect_systemd("image /usr/local/sbin/init 3", true, "SIGRTMIN+3");
	expect_systemd("image /lib/systemd/systemd --show-status=0", true, "SIGRTMIN+3");
	expect_systemd("--entrypoint systemd image", true, "SIGRTMIN+3");
	expect_systemd("--systemd=true image /usr/sbin/init", true, "SIGRTMIN+3");
	expect_systemd("--stop-signal INT image /sbin/init", true, "INT");
	expect_systemd("--systemd=false image /sbin/init", false, "");
	expect_systemd("--init image /sbin/init", false, "");
	expect_systemd("image /init", false, "");
	expect_systemd("image sh /sbin/init", false, "");
	expect_systemd("--systemd=always image sh", true, "SIGRTMIN+3");
	refuse(&o, "--systemd=always --init image sh", "exclude each other");
	refuse(&o, "--systemd=yes image sh", "'yes' is not true, false or always");
	done(&o);
}

static void what_the_image_says_holds_without_flags(void **state)
{
	struct order o = { 0 };

	(void)state;
	take_image(&o);
	allow(&o, "image");
	expect_list(&o.settings.entrypoint, "/init|--");
	expect_list(&o.settings.cmd, "serve|80");
	expect_list(&o.settings.env, "PATH=/bin|MODE=image");
	expect_list(&o.settings.exposed, "80/tcp");
	expect_list(&o.settings.labels, "a=image|b=image");
	assert_string_equal(o.settings.cwd, "/srv");
	assert_string_equal(o.settings.user, "web");
	assert_string_equal(o.settings.stop_signal, "SIGQUIT");
	assert_int_equal(o.settings.n_mounts, 1);
	assert_string_equal(o.settings.mounts[0].target, "/data");
	assert_int_equal(o.settings.ports.n, 0);
	assert_false(o.settings.compat || o.settings.host_userns);
	done(&o);
}

static void flags_go_before_the_image(void **state)
{
	struct order o = { 0 };

	(void)state;
	take_image(&o);
	allow(&o, "-w /tmp -u 5:6 --stop-signal INT -v db:/data/ -l a=flag -e MODE=flag image");
	assert_string_equal(o.settings.cwd, "/tmp");
	assert_string_equal(o.settings.user, "5:6");
	assert_string_equal(o.settings.stop_signal, "INT");
	assert_int_equal(o.settings.n_mounts, 1);
	assert_string_equal(o.settings.mounts[0].name, "db");
	expect_list(&o.settings.env, "PATH=/bin|MODE=flag");
	expect_list(&o.settings.labels, "a=image|b=image|a=flag");
	done(&o);
}

/* docker's rules, one by one. */
static void entrypoint_and_command_are_merged_as_docker_does(void **state)
{
	static const struct {
		const char *line, *entrypoint, *cmd;
	} cases[] = {
		{ "image", "/init|--", "serve|80" },
		{ "image ls -l", "/init|--", "ls|-l" },
		{ "--entrypoint sh image", "sh", "" },
		{ "--entrypoint sh image -c true", "sh", "-c|true" },
		{ "--entrypoint= image ls", "", "ls" },
	};
	struct order o = { 0 };

	(void)state;
	take_image(&o);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		allow(&o, cases[i].line);
		expect_list(&o.settings.entrypoint, cases[i].entrypoint);
		expect_list(&o.settings.cmd, cases[i].cmd);
		forget(&o);
	}
	refuse(&o, "--entrypoint= image", "names no command");
	done(&o);
}

static void without_an_image_there_must_be_a_command(void **state)
{
	struct order o = { 0 };

	(void)state;
	refuse(&o, "--rootfs /dir", "names no command");
	allow(&o, "--rootfs /dir sh");
	assert_null(o.settings.user);
	assert_null(o.settings.cwd);
	expect_list(&o.settings.cmd, "sh");
	done(&o);
}

static void variables_are_passed_replaced_and_left_out(void **state)
{
	struct order o = { 0 };

	(void)state;
	setenv("TARE_TEST_HOST", "of the host", 1);
	unsetenv("TARE_TEST_NONE");
	allow(&o, "-e AB=2 -e A=1 -e A=3=4 -e TARE_TEST_HOST -e TARE_TEST_NONE -e E= image sh");
	expect_list(&o.settings.env, "AB=2|A=3=4|TARE_TEST_HOST=of the host|E=");
	forget(&o);
	refuse(&o, "-e =x image sh", "has no name");
	refuse(&o, "--env= image sh", "has no name");
	done(&o);
}

static void files_of_variables_come_before_flags(void **state)
{
	const struct scratch *s = *state;
	struct order o = { 0 };
	char line[128];

	setenv("TARE_TEST_HOST", "host", 1);
	scratch_put_text(s, "env",
			 "# comment\n\n  INDENTED=1\r\nMODE=file\n\t#no\nTARE_TEST_HOST\n"
			 "SPACED= a b #c\nLAST=x=y");
	snprintf(line, sizeof(line), "-e MODE=flag --env-file %s/env image sh", s->path);
	allow(&o, line);
	expect_list(&o.settings.env,
		    "INDENTED=1|MODE=flag|TARE_TEST_HOST=host|SPACED= a b #c|LAST=x=y");
	forget(&o);
	scratch_put_text(s, "env", "GOOD=1\n=bad\n");
	refuse(&o, line, "/env': environment variable '=bad' has no name");
	scratch_put_text(s, "env", "SPACED =1\n");
	refuse(&o, line, "environment variable 'SPACED ' contains a space");
	scratch_put(s, "env", "A=1\0B=2\n", 9);
	refuse(&o, line, "contains a NUL byte");
	unlinkat(s->fd, "env", 0);
	refuse(&o, line, "No such file");
	done(&o);
}

static void labels_come_from_files_and_flags(void **state)
{
	const struct scratch *s = *state;
	struct order o = { 0 };
	char line[128];

	scratch_put_text(s, "labels", "a=file\n# no\nbare\n");
	snprintf(line, sizeof(line), "-l a=flag -l b --label-file %s/labels image sh", s->path);
	allow(&o, line);
	expect_list(&o.settings.labels, "a=file|bare|a=flag|b");
	forget(&o);
	refuse(&o, "-l =x image sh", "label '=x' has no key");
	done(&o);
}

static void ports_are_published_on_request(void **state)
{
	struct order o = { 0 };

	(void)state;
	take_image(&o);
	allow(&o, "-p 127.0.0.1:8080:80 -p 53:53/udp --expose 90 image");
	assert_int_equal(o.settings.ports.n, 2);
	assert_int_equal(o.settings.ports.items[0].host_port, 8080);
	assert_int_equal(ntohl(o.settings.ports.items[0].host_ip.s_addr), INADDR_LOOPBACK);
	assert_int_equal(o.settings.ports.items[1].protocol, IPPROTO_UDP);
	expect_list(&o.settings.exposed, "80/tcp|90/tcp");
	forget(&o);
	allow(&o, "-P --expose 90/udp image");
	assert_int_equal(o.settings.ports.n, 2);
	assert_int_equal(o.settings.ports.items[0].container_port, 80);
	assert_int_equal(o.settings.ports.items[0].host_port, 0);
	assert_int_equal(o.settings.ports.items[1].container_port, 90);
	forget(&o);
	allow(&o, "-p 8080:80 -P --expose 80-82 --expose 80/udp image");
	assert_int_equal(o.settings.ports.n, 4);
	assert_int_equal(o.settings.ports.items[0].host_port, 8080);
	assert_int_equal(o.settings.ports.items[1].container_port, 81);
	assert_int_equal(o.settings.ports.items[3].protocol, IPPROTO_UDP);
	forget(&o);
	refuse(&o, "-p 8080:80 --network none image", "published with --network none");
	refuse(&o, "-p 8080:80 --network host image", "published with --network host");
	refuse(&o, "-p 99999:80 image", "99999");
	refuse(&o, "--expose 80:80 image", "'80:80' is not PORT");
	allow(&o, "-p 8080:80 --network bridge image");
	done(&o);
}

static void names_are_what_docker_allows(void **state)
{
	static const char *const bad[] = { "_a", ".a", "-a", "a/b", "a:b", "..", "\xc3\xa9" };
	struct order o = { 0 };
	char line[300] = "--name ";

	(void)state;
	allow(&o, "--name 9a_B.c-d image sh");
	assert_string_equal(o.settings.name, "9a_B.c-d");
	forget(&o);
	refuse(&o, "--name= image sh", "container name ''");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "--name=%s image sh", bad[i]);
		refuse(&o, line, "container name");
	}
	for (int n = 255; n <= 256; n++) {
		strcpy(line, "--name=");
		memset(line + 7, 'n', (size_t)n);
		strcpy(line + 7 + n, " image sh");
		if (n == 255)
			allow(&o, line);
		else
			refuse(&o, line, "container name");
		forget(&o);
	}
	done(&o);
}

static void logs_are_limited_as_asked(void **state)
{
	struct order o = { 0 };

	(void)state;
	allow(&o, "--log-opt max-size=2m --log-opt max-file=7 image sh");
	assert_int_equal(o.settings.log_max_bytes, 2 << 20);
	assert_int_equal(o.settings.log_max_files, 7);
	forget(&o);
	allow(&o, "--log-driver json-file image sh");
	assert_int_equal(o.settings.log_max_files, 0);
	forget(&o);
	allow(&o, "--log-driver none --log-opt max-file=7 image sh");
	assert_int_equal(o.settings.log_max_files, -1);
	forget(&o);
	refuse(&o, "--log-driver syslog image sh", "log driver 'syslog'");
	refuse(&o, "--log-opt max-file=0 image sh", "log option 'max-file=0'");
	refuse(&o, "--log-opt max-file=1001 image sh", "log option");
	refuse(&o, "--log-opt max-size=big image sh", "log option");
	refuse(&o, "--log-opt tag=x image sh", "log option");
	done(&o);
}

static void scratch_options_depend_on_each_other(void **state)
{
	struct order o = { 0 };

	(void)state;
	allow(&o, "--rm --storage-opt upper=memory --storage-opt size=5m image sh");
	assert_string_equal(o.settings.scratch, "memory");
	assert_int_equal(o.settings.scratch_bytes, 5 << 20);
	forget(&o);
	allow(&o, "--storage-opt upper=disk image sh");
	forget(&o);
	refuse(&o, "--storage-opt upper=memory image sh", "needs --rm");
	refuse(&o, "--rm --storage-opt size=5m image sh", "needs upper=memory");
	refuse(&o, "--rm --storage-opt upper=disk --storage-opt size=5m image sh", "upper=memory");
	refuse(&o, "--storage-opt upper=tape image sh", "'upper=tape'");
	refuse(&o, "--storage-opt size=x image sh", "'size=x'");
	done(&o);
}

static void modes_are_checked(void **state)
{
	struct order o = { 0 };
	char line[128] = "-h ";

	(void)state;
	allow(&o, "--userns host image sh");
	assert_true(o.settings.host_userns);
	forget(&o);
	allow(&o, "--userns private --pull never -w /a -h host image sh");
	assert_false(o.settings.host_userns);
	forget(&o);
	allow(&o, "--privileged image sh");
	assert_true(o.settings.host_userns);
	forget(&o);
	refuse(&o, "--userns keep-id image sh", "'keep-id' is not private or host");
	refuse(&o, "--pull always image sh", "pull policy 'always'");
	refuse(&o, "--stop-signal NOSUCH image sh", "NOSUCH");
	refuse(&o, "-w relative image sh", "'relative' is no absolute path");
	refuse(&o, "--hostname= image sh", "host name ''");
	refuse(&o, "--hostname a#b image sh", "odd characters");
	refuse(&o, "--oom-group=2 image sh", "'2' is neither true nor false");
	memset(line + 3, 'h', 64);
	strcpy(line + 67, " image sh");
	allow(&o, line);
	forget(&o);
	memset(line + 3, 'h', 65);
	strcpy(line + 68, " image sh");
	refuse(&o, line, "host name");
	done(&o);
}

static void cpus_are_a_positive_number(void **state)
{
	static const char *const bad[] = { "0.0",  "-2",  "",	 "x",	"1x",
					   "nan",  "inf", "1e7", "0x2", "0.0000000001",
					   "1..2", "+1",  "1,5" };
	struct order o = { 0 };
	char line[64];

	(void)state;
	allow(&o, "--cpus 1.5 image sh");
	assert_int_equal(o.settings.nano_cpus, 1500000000);
	forget(&o);
	allow(&o, "--cpus .1 image sh");
	assert_int_equal(o.settings.nano_cpus, 100000000);
	forget(&o);
	allow(&o, "--cpus 0 --oom-group=false image sh");
	assert_int_equal(o.settings.nano_cpus, 0); /* as with docker */
	assert_int_equal(o.settings.oom_group, -1);
	forget(&o);
	allow(&o, "--cpus -1 image sh");
	assert_int_equal(o.settings.nano_cpus, -1);
	forget(&o);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "--cpus=%s image sh", bad[i]);
		refuse(&o, line, "is no number of CPUs");
	}
	done(&o);
}

static void a_seccomp_profile_is_read_at_once(void **state)
{
	const struct scratch *s = *state;
	struct order o = { 0 };
	char line[160];

	scratch_put_text(s, "profile.json", "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	snprintf(line, sizeof(line),
		 "--security-opt seccomp=unconfined --security-opt seccomp=%s/profile.json "
		 "--security-opt no-new-privileges image sh",
		 s->path);
	allow(&o, line);
	expect_list(&o.settings.security,
		    "seccomp=unconfined|seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}|"
		    "no-new-privileges");
	forget(&o);
	unlinkat(s->fd, "profile.json", 0);
	refuse(&o, line, "read the seccomp profile");
	done(&o);
}

static void another_platform_is_refused(void **state)
{
	struct order o = { 0 };

	(void)state;
	take_image(&o);
	allow(&o, "--platform linux/amd64 image");
	forget(&o);
	refuse(&o, "--platform linux/arm64 image", "is for 'linux/amd64', not for 'linux/arm64'");
	refuse(&o, "--platform linux/amd image", "not for 'linux/amd'");
	refuse(&o, "--platform linux image", "malformed platform 'linux'");
	done(&o);
}

static void only_images_of_32_bits_get_32_bit_calls(void **state)
{
	static const struct {
		const char *architecture;
		bool compat;
	} cases[] = { { "386", true }, { "arm", true }, { "amd64", false }, { "arm64", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct order o = { 0 };

		o.image.architecture = xstrdup(cases[i].architecture);
		allow(&o, "image sh");
		assert_int_equal(o.settings.compat, cases[i].compat);
		done(&o);
	}
}

/* Both own what they hold: a list that is shared would be freed twice, one left out be lost. */
static void every_list_is_copied(void **state)
{
	static const char *const lists[] = { "add-host",
					     "cap-add",
					     "cap-drop",
					     "cgroup-conf",
					     "blkio-weight-device",
					     "device",
					     "assert",
					     "device-read-bps",
					     "device-read-iops",
					     "device-write-bps",
					     "device-write-iops",
					     "dns",
					     "dns-option",
					     "dns-search",
					     "group-add",
					     "sysctl",
					     "hugetlb",
					     "security-opt",
					     "tmpfs",
					     "ulimit" };
	const struct option_def *d;
	struct order o = { 0 };
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const struct strlist *given, *got;

		d = options_find(run_option_defs, lists[i], strlen(lists[i]));
		assert_non_null(d);
		assert_int_equal(d->type, OPTION_LIST);
		snprintf(line, sizeof(line), "--%s 1:one --%s 2:two image sh", lists[i], lists[i]);
		allow(&o, line);
		given = (const struct strlist *)((char *)&o.flags + d->offset);
		got = (const struct strlist *)((char *)&o.settings +
					       (d->offset -
						offsetof(struct run_options, settings)));
		expect_list(got, "1:one|2:two");
		assert_ptr_not_equal(given->items, got->items);
		forget(&o);
	}
	/* No list among the flags is unknown to this test. */
	for (d = run_option_defs; d->name; d++) {
		static const char *const merged[] = { "env",   "env-file",   "expose",
						      "label", "label-file", "log-opt",
						      "mount", "publish",    "storage-opt",
						      "volume" };
		bool known = d->type != OPTION_LIST;

		for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
			known |= !strcmp(d->name, lists[i]);
		for (size_t i = 0; i < sizeof(merged) / sizeof(*merged); i++)
			known |= !strcmp(d->name, merged[i]);
		if (!known)
			fail_msg("--%s is a list that copy_flags() may not know", d->name);
	}
	done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_is_known_by_the_command),
		cmocka_unit_test(what_the_image_says_holds_without_flags),
		cmocka_unit_test(flags_go_before_the_image),
		cmocka_unit_test(entrypoint_and_command_are_merged_as_docker_does),
		cmocka_unit_test(without_an_image_there_must_be_a_command),
		cmocka_unit_test(variables_are_passed_replaced_and_left_out),
		scratch_test(files_of_variables_come_before_flags),
		scratch_test(labels_come_from_files_and_flags),
		cmocka_unit_test(ports_are_published_on_request),
		cmocka_unit_test(names_are_what_docker_allows),
		cmocka_unit_test(logs_are_limited_as_asked),
		cmocka_unit_test(scratch_options_depend_on_each_other),
		cmocka_unit_test(modes_are_checked),
		cmocka_unit_test(cpus_are_a_positive_number),
		scratch_test(a_seccomp_profile_is_read_at_once),
		cmocka_unit_test(another_platform_is_refused),
		cmocka_unit_test(only_images_of_32_bits_get_32_bit_calls),
		cmocka_unit_test(every_list_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
