// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/network/test_device.c - linux.netDevices: read, and moved between two namespaces
 *
 * The namespaces belong to a user namespace of the test's own, so no privilege
 * is needed; where that is not to be had, the moves are skipped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "network/address.h"
#include "network/device.h"
#include "network/link.h"
#include "network/netlink.h"
#include "network/netns.h"

#define SKIPPED 77

static int parse(const char *text, struct device_list *list, struct error *err)
{
	autojson struct json *v = json_parse(text, strlen(text), err);

	assert_non_null(v);
	*list = (struct device_list){ 0 };
	return device_parse(list, v, err);
}

static void names_are_read(void **state)
{
	autodevices struct device_list list = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse("{\"eth0\": {\"name\": \"lan%d\"}, \"ens4\": {}, \"e\": {\"name\": "
			       "\"\"}}",
			       &list, &err),
			 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[0].host_name, "eth0");
	assert_string_equal(list.items[0].name, "lan%d");
	assert_string_equal(list.items[1].name, "ens4");
	assert_string_equal(list.items[2].name, "e");
}

static void impossible_names_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"eth0\": 1}",
		"{\"\": {}}",
		"{\"sixteen-letters-\": {}}",
		"{\"eth%d\": {}}",
		"{\"..\": {}}",
		"{\"eth0\": {\"name\": \"a/b\"}}",
		"{\"eth0\": {\"name\": \"a b\"}}",
		"{\"eth0\": {\"name\": \"a:1\"}}",
		"{\"eth0\": {\"name\": \"a%s\"}}",
		"{\"eth0\": {\"name\": \"a%d%d\"}}",
		"{\"eth0\": {\"name\": 1}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		autodevices struct device_list list = { 0 };
		struct error err = { 0 };

		if (parse(bad[i], &list, &err) != -EBADMSG)
			fail_msg("%s was taken", bad[i]);
		assert_ptr_equal(strstr(err.msg, "linux.netDevices"), err.msg);
	}
}

/* --- two namespaces ---------------------------------------------------------- */

struct world {
	int host_netns, container_netns, host_fd, container_fd;
};

static int put_veth(struct world *w, const char *name, const char *peer)
{
	autobatch struct netlink_batch b = { 0 };
	struct ifinfomsg ifi = { 0 };
	size_t info, data, nest;

	netlink_begin(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
	netlink_put_text(&b, IFLA_IFNAME, name);
	info = netlink_nest(&b, IFLA_LINKINFO);
	netlink_put_text(&b, IFLA_INFO_KIND, "veth");
	data = netlink_nest(&b, IFLA_INFO_DATA);
	nest = netlink_nest(&b, VETH_INFO_PEER);
	netlink_put_header(&b, &ifi, sizeof(ifi));
	netlink_put_text(&b, IFLA_IFNAME, peer);
	netlink_nest_end(&b, nest);
	netlink_nest_end(&b, data);
	netlink_nest_end(&b, info);
	return netlink_send(w->host_fd, &b, NULL);
}

/* 10.9.8.7/24 and fd00::7/64 on a device that is up. */
static int put_addresses(struct world *w, const char *name)
{
	struct ifaddrmsg ifa = { .ifa_family = AF_INET6, .ifa_prefixlen = 64 };
	int index = link_index(w->host_fd, name);
	autobatch struct netlink_batch b = { 0 };
	struct in_addr v4;
	struct in6_addr v6;

	inet_pton(AF_INET, "10.9.8.7", &v4);
	inet_pton(AF_INET6, "fd00::7", &v6);
	ifa.ifa_index = (uint32_t)index;
	link_put_up(&b, index);
	address_put(&b, index, v4, 24);
	netlink_begin(&b, RTM_NEWADDR, NLM_F_CREATE, &ifa, sizeof(ifa));
	netlink_put(&b, IFA_LOCAL, &v6, sizeof(v6));
	return netlink_send(w->host_fd, &b, NULL);
}

struct search {
	int index;
	bool v4, v6;
};

static int look(void *arg, const struct netlink_answer *answer)
{
	const struct ifaddrmsg *ifa = answer->payload;
	struct search *s = arg;

	if (answer->type == RTM_NEWADDR && (int)ifa->ifa_index == s->index &&
	    ifa->ifa_scope == RT_SCOPE_UNIVERSE) {
		s->v4 |= ifa->ifa_family == AF_INET && ifa->ifa_prefixlen == 24;
		s->v6 |= ifa->ifa_family == AF_INET6 && ifa->ifa_prefixlen == 64;
	}
	return 0;
}

static bool has_both_addresses(int fd, const char *name)
{
	struct search s = { .index = link_index(fd, name) };
	struct ifaddrmsg any = { 0 };
	autobatch struct netlink_batch b = { 0 };

	netlink_begin(&b, RTM_GETADDR, NLM_F_DUMP, &any, sizeof(any));
	return netlink_dump(fd, &b, look, &s) == 0 && s.v4 && s.v6;
}

static bool is_up(int fd, const char *name)
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	return ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP);
}

static bool make_world(struct world *w)
{
	struct error err;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	w->host_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET) < 0)
		return false;
	w->container_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(w->host_netns, CLONE_NEWNET) < 0)
		return false;
	w->host_fd = netlink_open(NETLINK_ROUTE);
	w->container_fd = netns_open_netlink(w->container_netns, NETLINK_ROUTE, &err);
	return w->container_fd >= 0 && put_veth(w, "mine", "other") == 0 &&
	       put_addresses(w, "mine") == 0;
}

/* Runs @claim in a child, who has a world of its own; @claim returns what went wrong. */
static void in_world(const char *(*claim)(struct world *w))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct world w;
		const char *wrong;

		if (!make_world(&w))
			_exit(SKIPPED);
		wrong = claim(&w);
		if (wrong)
			(void)!write(2, wrong, strlen(wrong));
		_exit(wrong ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

static int move(struct world *w, const char *name, struct error *err)
{
	struct device_move one = { .host_name = xstrdup("mine"), .name = xstrdup(name) };
	struct device_list list = { .items = &one, .n = 1 };

	return device_move_all(&list, w->container_netns, err);
}

static const char *renames(struct world *w)
{
	struct error err = { 0 };

	if (move(w, "theirs", &err) < 0)
		return xstrdup(err.msg);
	if (link_index(w->host_fd, "mine") != -ENODEV)
		return "it stayed\n";
	if (!is_up(w->container_fd, "theirs"))
		return "it is not up\n";
	return has_both_addresses(w->container_fd, "theirs") ? NULL : "addresses are lost\n";
}

static void a_device_moves_with_its_addresses(void **state)
{
	(void)state;
	in_world(renames);
}

static const char *numbers(struct world *w)
{
	struct error err = { 0 };

	if (move(w, "net%d", &err) < 0)
		return xstrdup(err.msg);
	return has_both_addresses(w->container_fd, "net0") ? NULL : "it is not net0\n";
}

static void a_template_is_numbered_by_the_kernel(void **state)
{
	(void)state;
	in_world(numbers);
}

static const char *conflicts(struct world *w)
{
	struct error err = { 0 };

	if (move(w, "lo", &err) != -EEXIST)
		return "a taken name was taken\n";
	if (!strstr(err.msg, "linux.netDevices"))
		return "the field is not named\n";
	return has_both_addresses(w->host_fd, "mine") && is_up(w->host_fd, "mine")
		       ? NULL
		       : "the device was changed\n";
}

static void a_taken_name_leaves_the_device_alone(void **state)
{
	(void)state;
	in_world(conflicts);
}

static const char *misses(struct world *w)
{
	struct device_move one = { .host_name = (char[]){ "none" }, .name = (char[]){ "none" } };
	struct device_list list = { .items = &one, .n = 1 };
	struct error err = { 0 };

	return device_move_all(&list, w->container_netns, &err) == -ENODEV ? NULL
									   : "it was found\n";
}

static void a_device_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	in_world(misses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(impossible_names_are_refused),
		cmocka_unit_test(a_device_moves_with_its_addresses),
		cmocka_unit_test(a_template_is_numbered_by_the_kernel),
		cmocka_unit_test(a_taken_name_leaves_the_device_alone),
		cmocka_unit_test(a_device_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
