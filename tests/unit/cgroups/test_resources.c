// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_resources.c - From linux.resources to control files and device rules
 */
#include "cgroups/resources.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/setting.h"

#define EVERY_CONTROLLER ((1U << CGROUP_N_CONTROLLERS) - 1)

/* Read @text ('' for ""), plan, and check against the controllers @available. */
static int read_resources(const char *text, struct cgroup_limits *limits,
			  struct cgroup_device_rules *devices, struct error *err)
{
	char *quoted = xstrdup(text);
	struct json *v;
	int r;

	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_parse(quoted, strlen(quoted), err);
	free(quoted);
	if (!v)
		fail_msg("%s", err->msg);
	r = cgroup_resources_parse(v, limits, devices, err);
	json_free(v);
	return r;
}

/* The plan as "file=value" lines, an optional one with a '?'; or the error's message. */
static char *plan_text(const char *text)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct cgroup_setting *settings = NULL;
	struct str out = { 0 };
	struct error err;
	size_t n = 0;
	int r;

	r = read_resources(text, &limits, &devices, &err);
	if (r == 0)
		r = cgroup_limits_plan(&limits, &settings, &n, &err);
	str_puts(&out, r < 0 ? err.msg : "");
	for (size_t i = 0; i < n; i++) {
		str_printf(&out, "%s%s=%s", settings[i].file, settings[i].optional ? "?" : "",
			   settings[i].value);
		if (settings[i].fallback_file)
			str_printf(&out, " or %s=%s", settings[i].fallback_file,
				   settings[i].fallback_value);
		str_putc(&out, '\n');
	}
	cgroup_settings_free(settings, n);
	cgroup_limits_done(&limits);
	cgroup_device_rules_done(&devices);
	return str_take(&out);
}

static void assert_plan(const char *text, const char *wanted)
{
	char *got = plan_text(text);

	assert_string_equal(got, wanted);
	free(got);
}

static void assert_refused(const char *text, const char *words)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct cgroup_setting *settings = NULL;
	struct error err;
	size_t n = 0;
	int r;

	r = read_resources(text, &limits, &devices, &err);
	if (r == 0)
		r = cgroup_limits_plan(&limits, &settings, &n, &err);
	cgroup_settings_free(settings, n);
	cgroup_limits_done(&limits);
	cgroup_device_rules_done(&devices);
	assert_int_equal(r, -EINVAL);
	if (!strstr(err.msg, words))
		fail_msg("'%s' is not in '%s'", words, err.msg);
}

static void nothing_asks_for_nothing(void **state)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(cgroup_resources_parse(NULL, &limits, &devices, &err), 0);
	assert_false(cgroup_limits_any(&limits));
	assert_int_equal(devices.n, 0);
	assert_plan("{}", "");
	assert_plan("{'memory':null,'cpu':{},'pids':{},'devices':[],'unified':{},'network':{}}",
		    "");
	assert_plan("{'memory':{'limit':0,'swap':0},'cpu':{'shares':0,'quota':0,'cpus':''}}", "");
}

static void memory_and_swap_are_counted_apart(void **state)
{
	(void)state;
	assert_plan("{'memory':{'limit':67108864}}", "memory.max=67108864\n");
	assert_plan("{'memory':{'limit':67108864,'swap':100663296,'reservation':33554432}}",
		    "memory.swap.max=33554432\nmemory.low=33554432\nmemory.max=67108864\n");
	assert_plan("{'memory':{'limit':67108864,'swap':67108864}}",
		    "memory.swap.max?=0\nmemory.max=67108864\n");
	assert_plan("{'memory':{'limit':67108864,'swap':-1}}",
		    "memory.swap.max?=max\nmemory.max=67108864\n");
	assert_plan("{'memory':{'limit':-1}}", "memory.swap.max?=max\nmemory.max?=max\n");
	/* As it comes, with runc and crun: more than the limit protects, or all of it. */
	assert_plan("{'memory':{'limit':4096,'reservation':8192}}",
		    "memory.low=8192\nmemory.max=4096\n");
	assert_plan("{'memory':{'reservation':-1}}", "memory.low=max\n");
	assert_plan("{'memory':{'limit':-1,'swap':4096}}",
		    "memory.swap.max=4096\nmemory.max?=max\n");
	assert_refused("{'memory':{'swap':67108864}}",
		       "linux.resources.memory.swap: needs linux.resources.memory.limit");
	assert_refused("{'memory':{'limit':67108864,'swap':33554432}}",
		       "linux.resources.memory.swap: is memory plus swap");
}

static void memory_fields_of_v1_are_passed_over(void **state)
{
	(void)state;
	assert_plan("{'memory':{'kernel':1,'kernelTCP':1,'swappiness':60,'disableOOMKiller':true}}",
		    "");
}

static void processor_fields_become_files(void **state)
{
	(void)state;
	assert_plan("{'cpu':{'shares':1024,'quota':50000,'period':200000,'burst':1000,"
		    "'cpus':'0-1','mems':'0'}}",
		    "cpu.max=50000 200000\ncpu.max.burst=1000\ncpu.weight=100\n"
		    "cpuset.cpus=0-1\ncpuset.mems=0\n");
	assert_plan("{'cpu':{'shares':2}}", "cpu.weight=1\n");
	assert_plan("{'cpu':{'shares':262144}}", "cpu.weight=10000\n");
	assert_plan("{'cpu':{'quota':-1}}", "cpu.max?=max 100000\n");
	assert_plan("{'cpu':{'period':50000}}", "cpu.max?=max 50000\n");
	assert_plan("{'cpu':{'idle':1,'shares':512}}", "cpu.idle=1\n");
	assert_plan("{'cpu':{'idle':0,'shares':1024}}", "cpu.idle=0\ncpu.weight=100\n");
	assert_refused("{'cpu':{'idle':2}}", "linux.resources.cpu.idle");
	assert_refused("{'cpu':{'period':10}}", "linux.resources.cpu.period");
	assert_refused("{'cpu':{'quota':10}}", "linux.resources.cpu.quota");
	assert_refused("{'cpu':{'cpus':'all'}}", "linux.resources.cpu.cpus");
	assert_refused("{'cpu':{'realtimeRuntime':1000}}", "linux.resources.cpu.realtimeRuntime");
	assert_plan("{'cpu':{'realtimeRuntime':0,'realtimePeriod':0}}", "");
}

static void no_process_at_all_is_one_process(void **state)
{
	(void)state;
	assert_plan("{'pids':{'limit':100}}", "pids.max=100\n");
	assert_plan("{'pids':{'limit':0}}", "pids.max=1\n");
	assert_plan("{'pids':{'limit':-1}}", "pids.max?=max\n");
}

static void block_devices_have_weights_and_rates(void **state)
{
	(void)state;
	assert_plan("{'blockIO':{'weight':500,'weightDevice':[{'major':8,'minor':0,'weight':10}]}}",
		    "io.bfq.weight=500 or io.weight=4950\n"
		    "io.bfq.weight=8:0 10 or io.weight=8:0 1\n");
	assert_plan("{'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':1024}],"
		    "'throttleWriteIOPSDevice':[{'major':8,'minor':16,'rate':0}]}}",
		    "io.max=8:0 rbps=1024\nio.max=8:16 wiops=max\n");
	assert_refused("{'blockIO':{'weight':5}}", "linux.resources.blockIO.weight");
	assert_refused("{'blockIO':{'weight':4294967796}}", "linux.resources.blockIO.weight");
	assert_refused("{'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':4294967296,"
		       "'rate':1}]}}",
		       "linux.resources.blockIO.throttleReadBpsDevice[0]");
	assert_refused("{'blockIO':{'leafWeight':500}}", "linux.resources.blockIO.leafWeight");
	assert_refused("{'blockIO':{'throttleReadBpsDevice':[{'major':8,'rate':1}]}}",
		       "linux.resources.blockIO.throttleReadBpsDevice[0]");
}

static void huge_pages_are_limited_by_whole_pages(void **state)
{
	(void)state;
	assert_plan("{'hugepageLimits':[{'pageSize':'2MB','limit':5242880}]}",
		    "hugetlb.2MB.max=4194304\nhugetlb.2MB.rsvd.max=4194304\n");
	assert_plan("{'hugepageLimits':[{'pageSize':'1GB','limit':0}]}",
		    "hugetlb.1GB.max=0\nhugetlb.1GB.rsvd.max=0\n");
	assert_plan("{'hugepageLimits':[{'pageSize':'64KB','limit':18446744073709551615}]}",
		    "hugetlb.64KB.max=max\n"
		    "hugetlb.64KB.rsvd.max=max\n");
	assert_refused("{'hugepageLimits':[{'pageSize':'2/B','limit':1}]}",
		       "linux.resources.hugepageLimits[0].pageSize");
	assert_refused("{'hugepageLimits':[{'pageSize':'M2B','limit':1}]}", "'M2B'");
	assert_refused("{'hugepageLimits':[{'pageSize':'2MB'}]}",
		       "linux.resources.hugepageLimits[0].limit");
}

static void rdma_devices_have_handles_and_objects(void **state)
{
	(void)state;
	assert_plan(
		"{'rdma':{'mlx5_1':{'hcaHandles':3,'hcaObjects':10000},'mlx4_0':{'hcaObjects':"
		"1000},'rxe3':{}}}",
		"rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma.max=mlx4_0 hca_object=1000\n");
	assert_refused("{'rdma':{'a b':{'hcaHandles':3}}}", "linux.resources.rdma");
}

static void network_classes_are_refused(void **state)
{
	(void)state;
	assert_refused("{'network':{'classID':1048577}}", "linux.resources.network.classID");
	assert_refused("{'network':{'priorities':[{'name':'eth0','priority':500}]}}",
		       "linux.resources.network.priorities");
}

static void unified_files_come_last_line_by_line(void **state)
{
	(void)state;
	assert_plan("{'unified':{'memory.high':'60M','io.max':'8:0 rbps=1\\n8:0 wbps=2\\n',"
		    "'cgroup.max.depth':''},'memory':{'limit':67108864}}",
		    "memory.max=67108864\nmemory.high=60M\nio.max=8:0 rbps=1\nio.max=8:0 wbps=2\n");
	assert_refused("{'unified':{'../memory.high':'1'}}", "must be a file name (no slashes)");
	assert_refused("{'unified':{'memory':'1'}}", "CONTROLLER.PARAMETER");
	assert_refused("{'unified':{'..':'1'}}", "CONTROLLER.PARAMETER");
	assert_refused("{'unified':{'foo.bar':'1'}}", "controller 'foo' not available");
	assert_refused("{'unified':{'memory.high':1}}", "must be a string");
}

static void unified_files_are_not_read_back(void **state)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct cgroup_setting *settings;
	struct error err;
	size_t n;

	(void)state;
	assert_int_equal(read_resources("{'pids':{'limit':5},'memory':{'checkBeforeUpdate':true},"
					"'unified':{'memory.reclaim':'1M'}}",
					&limits, &devices, &err),
			 0);
	assert_true(limits.memory_check_before);
	assert_int_equal(cgroup_limits_plan(&limits, &settings, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_false(settings[0].unchecked);
	assert_true(settings[1].unchecked);
	cgroup_settings_free(settings, n);
	cgroup_limits_done(&limits);
}

static void lists_are_bounded(void **state)
{
	struct str text = { 0 };

	(void)state;
	str_puts(&text, "{'hugepageLimits':[");
	for (int i = 0; i < 257; i++)
		str_puts(&text, i ? ",{}" : "{}");
	str_puts(&text, "]}");
	assert_refused(text.data, "linux.resources.hugepageLimits: more than 256 entries");
	str_done(&text);
}

static void a_missing_controller_names_the_field(void **state)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(read_resources("{'pids':{'limit':5}}", &limits, &devices, &err), 0);
	assert_int_equal(cgroup_limits_check(&limits, EVERY_CONTROLLER, &err), 0);
	assert_int_equal(cgroup_limits_check(&limits, 0, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "linux.resources.pids.limit"));
	cgroup_limits_done(&limits);
}

static void malformed_values_name_the_field(void **state)
{
	(void)state;
	assert_refused("[]", "linux.resources: must be an object");
	assert_refused("{'memory':[]}", "linux.resources.memory: must be an object");
	assert_refused("{'memory':{'limit':'64m'}}",
		       "linux.resources.memory.limit: must be a number");
	assert_refused("{'memory':{'limit':1.5}}",
		       "linux.resources.memory.limit: must be an integer");
	assert_refused("{'memory':{'limit':-2}}",
		       "linux.resources.memory.limit: must be at least -1");
	assert_refused("{'cpu':{'shares':-1}}", "linux.resources.cpu.shares");
}

static void device_rules_keep_their_order(void **state)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(read_resources("{'devices':[{'allow':false,'access':'rwm'},{'allow':true,"
					"'type':'c','major':10,'minor':229,'access':'rw'},{'allow':"
					"true,'type':'b','major':8,'minor':-1,'access':'r'}]}",
					&limits, &devices, &err),
			 0);
	assert_int_equal(devices.n, 3);
	assert_false(devices.items[0].allow);
	assert_int_equal(devices.items[0].type, 'a');
	assert_int_equal(devices.items[0].access, CGROUP_DEVICE_ALL);
	assert_int_equal(devices.items[1].major, 10);
	assert_int_equal(devices.items[1].minor, 229);
	assert_int_equal(devices.items[2].minor, CGROUP_DEVICE_ANY);
	assert_false(cgroup_devices_allow_all(devices.items, devices.n));
	cgroup_resources_add_default_devices(&devices);
	assert_true(devices.n > 3 && devices.items[devices.n - 1].minor == 1);
	assert_false(cgroup_devices_allow_all(devices.items, devices.n));
	cgroup_device_rules_done(&devices);
}

static void allowing_all_needs_no_program(void **state)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	struct error err;

	(void)state;
	assert_false(cgroup_devices_allow_all(NULL, 0));
	assert_int_equal(read_resources("{'devices':[{'allow':false,'access':'rwm'},"
					"{'allow':true,'access':'rwm'}]}",
					&limits, &devices, &err),
			 0);
	cgroup_resources_add_default_devices(&devices);
	assert_true(cgroup_devices_allow_all(devices.items, devices.n));
	cgroup_device_rules_done(&devices);
}

static void malformed_device_rules_are_refused(void **state)
{
	(void)state;
	assert_refused("{'devices':[{'access':'rwm'}]}", "linux.resources.devices[0].allow");
	assert_refused("{'devices':[{'allow':true}]}", "linux.resources.devices[0].access");
	assert_refused("{'devices':[{'allow':true,'access':'x'}]}",
		       "linux.resources.devices[0].access");
	assert_refused("{'devices':[{'allow':true,'access':'r','type':'u'}]}",
		       "linux.resources.devices[0].type");
	assert_refused("{'devices':[{'allow':true,'access':'r','major':4294967296}]}",
		       "linux.resources.devices[0]");
}

static void a_copy_shares_nothing(void **state)
{
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 }, copy;
	struct error err;

	(void)state;
	assert_int_equal(read_resources("{'hugepageLimits':[{'pageSize':'2MB','limit':0}],'rdma':{"
					"'a':{'hcaHandles':1}},'unified':{'memory.high':'1'},"
					"'blockIO':{'weightDevice':[{'major':8,'minor':0,"
					"'weight':10}]},'cpu':{'cpus':'0'}}",
					&limits, &devices, &err),
			 0);
	cgroup_limits_copy(&copy, &limits);
	cgroup_limits_done(&limits);
	assert_string_equal(copy.hugepages[0].size, "2MB");
	assert_string_equal(copy.rdma[0].device, "a");
	assert_string_equal(copy.conf[0].file, "memory.high");
	assert_int_equal(copy.io_weights[0].weight, 10);
	cgroup_limits_done(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asks_for_nothing),
		cmocka_unit_test(memory_and_swap_are_counted_apart),
		cmocka_unit_test(memory_fields_of_v1_are_passed_over),
		cmocka_unit_test(processor_fields_become_files),
		cmocka_unit_test(no_process_at_all_is_one_process),
		cmocka_unit_test(block_devices_have_weights_and_rates),
		cmocka_unit_test(huge_pages_are_limited_by_whole_pages),
		cmocka_unit_test(rdma_devices_have_handles_and_objects),
		cmocka_unit_test(network_classes_are_refused),
		cmocka_unit_test(unified_files_come_last_line_by_line),
		cmocka_unit_test(unified_files_are_not_read_back),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(a_missing_controller_names_the_field),
		cmocka_unit_test(malformed_values_name_the_field),
		cmocka_unit_test(device_rules_keep_their_order),
		cmocka_unit_test(allowing_all_needs_no_program),
		cmocka_unit_test(malformed_device_rules_are_refused),
		cmocka_unit_test(a_copy_shares_nothing),
	};

	return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
