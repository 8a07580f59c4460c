// SPDX-License-Identifier: Apache-2.0
/*
 * test_footprint.c - What a process that only waits keeps in memory
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/footprint.h"

#define FRAME 48

/* Shrinks at every depth: the stack pointer passes every place of a page, and more. */
static unsigned int shrink_at_all_depths(unsigned int depth)
{
	volatile unsigned char frame[FRAME];
	unsigned int wrong = 0;

	memset((void *)(uintptr_t)frame, (int)(depth & 0xff), FRAME);
	footprint_shrink((const void *)(uintptr_t)shrink_at_all_depths);
	for (int i = 0; i < FRAME; i++)
		wrong += frame[i] != (depth & 0xff);
	if (depth)
		wrong += shrink_at_all_depths(depth - 1);
	for (int i = 0; i < FRAME; i++)
		wrong += frame[i] != (depth & 0xff);
	return wrong;
}

static int status_of(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		body();
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void shrink_often(void)
{
	_exit(shrink_at_all_depths(200) ? 2 : 0);
}

static void nothing_in_use_is_lost_wherever_the_stack_ends(void **state)
{
	(void)state;
	assert_int_equal(status_of(shrink_often), 0);
}

static int initialised = 7;
static int *heap;

static void shrink_and_look(void)
{
	initialised = 8;
	heap = malloc(sizeof(*heap));
	*heap = 9;
	footprint_shrink((const void *)(uintptr_t)shrink_and_look);
	_exit(initialised == 8 && *heap == 9 ? 0 : 2);
}

static void changed_data_stays(void **state)
{
	(void)state;
	assert_int_equal(status_of(shrink_and_look), 0);
	assert_int_equal(initialised, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_use_is_lost_wherever_the_stack_ends),
		cmocka_unit_test(changed_data_stays),
	};

	return cmocka_run_group_tests_name("footprint", tests, NULL, NULL);
}
