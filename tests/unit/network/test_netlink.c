// SPDX-License-Identifier: Apache-2.0
/*
 * test_netlink - How a dump ends, said by a socket of our own in the kernel's place
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>

#include "base/cleanup.h"
#include "network/netlink.h"

struct done {
	struct nlmsghdr head;
	int error;
};

static int count(void *arg, const struct netlink_answer *answer)
{
	(void)answer;
	return ++*(int *)arg > 5;
}

/* A dump of @n messages that ends as @error says. */
static int dump(int n, int error, int *seen)
{
	struct done done = { { .nlmsg_len = sizeof(done), .nlmsg_type = NLMSG_DONE }, error };
	struct nlmsghdr one = { .nlmsg_len = sizeof(one), .nlmsg_type = RTM_NEWROUTE };
	autobatch struct netlink_batch b = { 0 };
	struct rtmsg any = { 0 };
	int fds[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(write(fds[1], &one, sizeof(one)), sizeof(one));
	assert_int_equal(write(fds[1], &done, sizeof(done)), sizeof(done));
	*seen = 0;
	netlink_begin(&b, RTM_GETROUTE, NLM_F_DUMP, &any, sizeof(any));
	r = netlink_dump(fds[0], &b, count, seen);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return r;
}

static void a_dump_that_the_kernel_breaks_off_fails(void **state)
{
	int seen;

	(void)state;
	assert_int_equal(dump(2, 0, &seen), 0);
	assert_int_equal(seen, 2);
	assert_int_equal(dump(2, -ENOMEM, &seen), -ENOMEM);
	assert_int_equal(seen, 2);
	assert_int_equal(dump(9, -ENOMEM, &seen), 1); /* we have seen enough before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_that_the_kernel_breaks_off_fails),
	};

	return cmocka_run_group_tests_name("network/netlink", tests, NULL, NULL);
}
