// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_timeline.c - Steps of --at: read, sorted, refused, done
 */
#include "cmd/report/timeline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/report/timeline_value.h"
#include "tests/unit/scratch.h"

static int parse(struct timeline *t, const char *a, const char *b, struct error *err)
{
	autostrlist struct strlist specs = { 0 };

	*t = (struct timeline){ 0 };
	*err = (struct error){ 0 };
	strlist_add(&specs, a);
	if (b)
		strlist_add(&specs, b);
	return timeline_parse(t, &specs, err);
}

static void steps_are_read(void **state)
{
	struct timeline t;
	struct error err;

	(void)state;
	assert_int_equal(parse(&t, "1m5s cpu.max=50000 100000", "250ms:freeze=1.5s", &err), 0);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.steps[0].at_ms, 250);
	assert_int_equal(t.steps[0].verb, TIMELINE_FREEZE);
	assert_int_equal(t.steps[0].amount, 1500);
	assert_string_equal(t.steps[0].spec, "250ms freeze=1.5s");
	assert_int_equal(t.steps[1].at_ms, 65000);
	assert_int_equal(t.steps[1].verb, TIMELINE_SET);
	assert_string_equal(t.steps[1].text, "cpu.max=50000 100000");
	assert_string_equal(t.steps[1].file, "cpu.max");
	assert_string_equal(t.steps[1].value, "50000 100000");
	timeline_done(&t);
	assert_int_equal(parse(&t, "2 kill=sigusr1", "2 reclaim=1.5m", &err), 0);
	assert_int_equal(t.steps[0].amount, SIGUSR1); /* of the same time: as they were given */
	assert_int_equal(t.steps[1].amount, 3 << 19);
	assert_true(timeline_touches_memory(&t));
	timeline_done(&t);
	assert_int_equal(parse(&t, "0s io.max=8:0 rbps=1048576", "1s memory.reclaim=4k", &err), 0);
	assert_string_equal(t.steps[0].value, "8:0 rbps=1048576");
	assert_int_equal(t.steps[1].verb, TIMELINE_RECLAIM);
	timeline_done(&t);
}

static void mistakes_are_refused_by_name(void **state)
{
	static const char *const bad[] = {
		"5s",
		"5s ",
		"5s freeze",
		"5s =1",
		" memory.max=1",
		"-5s memory.max=1",
		"later memory.max=1",
		"400d memory.max=1",
		"5s melt=1s",
		"5s freeze=0",
		"5s freeze=",
		"5s freeze=soon",
		"5s kill=",
		"5s kill=0",
		"5s kill=FOO",
		"5s reclaim=0",
		"5s reclaim=-1",
		"5s reclaim=most",
		"5s memory.max=",
		"5s memory.max=-1",
		"5s ../memory.max=1",
		"5s cgroup.procs=1",
		"5s cgroup.kill=1",
		"5s cgroup.freeze=1",
		"5s cgroup.subtree_control=+cpu",
		"5s memory.pressure=some 1 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct timeline t;
		struct error err;
		int r = parse(&t, bad[i], NULL, &err);

		if (r >= 0)
			fail_msg("'%s' was taken", bad[i]);
		if (!strstr(err.msg, "--at '") || !strstr(err.msg, bad[i]))
			fail_msg("'%s': '%s'", bad[i], err.msg);
		timeline_done(&t);
	}
}

static void there_are_not_too_many(void **state)
{
	autostrlist struct strlist specs = { 0 };
	struct error err;

	(void)state;
	for (int i = 0; i < 256; i++)
		strlist_add(&specs, "1s pids.max=max");
	assert_int_equal(timeline_check(&specs, &err), 0);
	strlist_add(&specs, "1s pids.max=max");
	assert_int_equal(timeline_check(&specs, &err), -EINVAL);
}

static void values_are_checked_like_the_flags(void **state)
{
	static const struct {
		const char *file, *value, *text; /* NULL: refused */
	} cases[] = {
		{ "memory.max", "64M", "67108864" },
		{ "memory.high", "1.5k", "1536" },
		{ "memory.swap.max", "max", "max" },
		{ "memory.max", "64 M", NULL },
		{ "memory.oom.group", "1", "1" },
		{ "memory.oom.group", "2", NULL },
		{ "memory.stat", "1", NULL },
		{ "pids.max", "7", "7" },
		{ "pids.max", "max", "max" },
		{ "pids.max", "-1", NULL },
		{ "pids.max", "7k", NULL },
		{ "cpu.max", "50000", "50000 100000" },
		{ "cpu.max", "max", "max 100000" },
		{ "cpu.max", "5000 20000", "5000 20000" },
		{ "cpu.max", "999", NULL },
		{ "cpu.max", "5000 999", NULL },
		{ "cpu.max", "5000 2000000", NULL },
		{ "cpu.max", "0.5", NULL },
		{ "cpu.weight", "10000", "10000" },
		{ "cpu.weight", "0", NULL },
		{ "cpu.weight.nice", "-20", "-20" },
		{ "cpu.idle", "2", NULL },
		{ "hugetlb.2MB.max", "4m", "4194304" },
		{ "cgroup.max.depth", "3", "3" },
		{ "cgroup.max.depth", "deep", NULL },
		{ "cpuset.cpus", "0-1", "0-1" },
		{ "nosuch.file", "1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { 0 };
		autofree char *text = timeline_value(cases[i].file, cases[i].value, &err);

		if (!text != !cases[i].text || (text && strcmp(text, cases[i].text) != 0))
			fail_msg("%s=%s: '%s' %s", cases[i].file, cases[i].value,
				 text ? text : "refused", err.msg);
		if (!text && err.code != EINVAL)
			fail_msg("%s=%s: no reason", cases[i].file, cases[i].value);
	}
}

/* ---- done: a directory of plain files stands for the cgroup ------------- */

static char first_of(const struct scratch *s, const char *name)
{
	autofree char *text = scratch_get(s, name);

	return text ? *text : '\0';
}

static char told[64];

static void tell(void *arg, const struct timeline_step *step)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s %s%d;", (const char *)arg,
		 step->text, step->outcome);
}

static void a_freeze_ends_by_itself(void **state)
{
	const struct scratch *s = *state;
	struct deadline *list = NULL;
	struct timeline t;
	struct error err;

	scratch_put_text(s, "cgroup.freeze", "0\n");
	told[0] = '\0';
	assert_int_equal(parse(&t, "0s freeze=1ms", "0s freeze=1h", &err), 0);
	assert_int_equal(timeline_check_files(&t, s->fd, &err), 0);
	t.tell = tell;
	t.arg = (void *)(uintptr_t) "x";
	timeline_begin(&t, s->fd, -1, &list);
	deadline_run(&list);
	assert_int_equal(first_of(s, "cgroup.freeze"), '1');
	assert_int_equal(t.n_frozen, 2);
	assert_string_equal(told, "");
	while (t.n_frozen == 2)
		deadline_run(&list);
	assert_string_equal(told, "x freeze=1ms2;");
	assert_true(t.steps[0].took_us >= 1000);
	assert_int_equal(first_of(s, "cgroup.freeze"), '1'); /* the other one still holds it */
	timeline_end(&t);
	assert_string_equal(told, "x freeze=1ms2;x freeze=1h2;");
	timeline_done(&t);
}

static void who_is_paused_is_left_alone(void **state)
{
	const struct scratch *s = *state;
	struct deadline *list = NULL;
	struct timeline t;
	struct error err;

	scratch_put_text(s, "cgroup.freeze", "1\n");
	assert_int_equal(parse(&t, "0s freeze=1ms", NULL, &err), 0);
	timeline_begin(&t, s->fd, -1, &list);
	deadline_run(&list);
	assert_null(list);
	assert_int_equal(t.steps[0].outcome, TIMELINE_FAILED);
	assert_string_equal(t.steps[0].error, "it is paused already");
	assert_int_equal(first_of(s, "cgroup.freeze"), '1');
	timeline_done(&t);
}

static void much_is_reclaimed_in_pieces(void **state)
{
	const struct scratch *s = *state;
	struct deadline *list = NULL;
	struct timeline t;
	struct error err;
	int turns = 0;

	scratch_put_text(s, "memory.reclaim", "");
	assert_int_equal(parse(&t, "0s reclaim=9m", NULL, &err), 0);
	timeline_begin(&t, s->fd, -1, &list);
	for (; list; turns++)
		deadline_run(&list);
	assert_int_equal(turns, 3);
	assert_int_equal(t.steps[0].outcome, TIMELINE_DONE);
	assert_int_equal(first_of(s, "memory.reclaim"), '1'); /* 1048576, after twice 4194304 */
	timeline_done(&t);
}

static void what_cannot_be_is_known_before(void **state)
{
	const struct scratch *s = *state;
	struct timeline t;
	struct error err;

	scratch_put_text(s, "cgroup.controllers", "memory\n");
	scratch_put_text(s, "memory.peak", "");
	assert_int_equal(fchmodat(s->fd, "memory.peak", 0444, 0), 0);
	assert_int_equal(parse(&t, "3s memory.zswap.max=0", NULL, &err), 0);
	assert_int_equal(timeline_check_files(&t, s->fd, &err), -EOPNOTSUPP);
	assert_non_null(
		strstr(err.msg, "--at 3s memory.zswap.max=0 on this host: the kernel has no"));
	assert_int_equal(timeline_check_files(&t, -1, &err), -EOPNOTSUPP);
	timeline_done(&t);
	assert_int_equal(parse(&t, "3s memory.peak=0", NULL, &err), 0);
	assert_int_equal(timeline_check_files(&t, s->fd, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "only to be read"));
	timeline_done(&t);
	assert_int_equal(parse(&t, "3s pids.max=2", NULL, &err), 0);
	assert_int_equal(timeline_check_files(&t, s->fd, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "controller 'pids'"));
	timeline_done(&t);
	assert_int_equal(parse(&t, "3s kill=TERM", NULL, &err), 0);
	assert_int_equal(timeline_check_files(&t, -1, &err), 0); /* needs none */
	timeline_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_read),
		cmocka_unit_test(mistakes_are_refused_by_name),
		cmocka_unit_test(there_are_not_too_many),
		cmocka_unit_test(values_are_checked_like_the_flags),
		scratch_test(a_freeze_ends_by_itself),
		scratch_test(who_is_paused_is_left_alone),
		scratch_test(much_is_reclaimed_in_pieces),
		scratch_test(what_cannot_be_is_known_before),
	};

	return cmocka_run_group_tests_name("cmd/timeline", tests, NULL, NULL);
}
