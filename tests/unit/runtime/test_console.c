// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_console.c - Pseudo-terminals: sizes, modes, ends
 */
#include "runtime/console.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "tests/unit/scratch.h"

struct pty {
	int master, peer;
};

static int setup(void **state)
{
	static struct pty p;

	p.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p.master < 0 || grantpt(p.master) < 0 || unlockpt(p.master) < 0)
		return -1;
	p.peer = open(ptsname(p.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	*state = &p;
	return p.peer < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct pty *p = *state;

	close(p->master);
	close(p->peer);
	return 0;
}

static void a_new_terminal_has_the_users_size_and_closes_at_exec(void **state)
{
	int devpts = open("/dev/pts", O_RDONLY | O_DIRECTORY | O_CLOEXEC), master, peer;
	struct winsize size;
	struct error err;

	(void)state;
	if (faccessat(devpts, "ptmx", R_OK | W_OK, 0) < 0) {
		close(devpts);
		skip(); /* the host's is for root */
	}
	master = console_setup(devpts, 33, 99, &peer, &err);
	assert_true(master >= 0);
	assert_true(isatty(peer));
	assert_int_equal(ioctl(peer, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_row, 33);
	assert_int_equal(size.ws_col, 99);
	assert_true(fcntl(master, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(peer, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(peer, "x", 1), 1);
	{
		char byte = 0;

		assert_int_equal(read(master, &byte, 1), 1);
		assert_int_equal(byte, 'x');
	}
	close(master);
	close(peer);
	close(devpts);
}

static void what_is_no_devpts_is_refused(void **state)
{
	const struct scratch *s = *state;
	struct error err;
	int peer = -5;

	assert_int_equal(console_setup(s->fd, 0, 0, &peer, &err), -ENOENT);
	scratch_put_text(s, "ptmx", "");
	assert_true(console_setup(s->fd, 0, 0, &peer, &err) < 0);
	assert_non_null(strstr(err.msg, "unlock the terminal"));
	unlinkat(s->fd, "ptmx", 0);
	assert_int_equal(symlinkat("/dev/ptmx", s->fd, "ptmx"), 0);
	assert_int_equal(console_setup(s->fd, 0, 0, &peer, &err), -ELOOP);
	assert_int_equal(peer, -5);
}

static void raw_mode_hands_over_every_key_and_can_be_undone(void **state)
{
	const struct pty *p = *state;
	struct console_mode mode = { 0 };
	struct termios before, raw, after;

	assert_int_equal(tcgetattr(p->peer, &before), 0);
	assert_int_equal(console_make_raw(p->peer, &mode), 0);
	assert_int_equal(tcgetattr(p->peer, &raw), 0);
	assert_int_equal(raw.c_lflag & (tcflag_t)(ICANON | ISIG | ECHO), 0);
	console_restore(&mode);
	assert_int_equal(tcgetattr(p->peer, &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	assert_int_equal(after.c_oflag, before.c_oflag);
}

static void only_what_was_made_raw_is_restored_and_once(void **state)
{
	const struct pty *p = *state;
	struct console_mode mode = { 0 }, never = { 0 };
	struct termios own, now;

	assert_int_equal(console_make_raw(p->peer, &mode), 0);
	console_restore(&mode);
	assert_int_equal(tcgetattr(p->peer, &own), 0);
	own.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(p->peer, TCSANOW, &own), 0);
	console_restore(&mode);
	console_restore(&never);
	assert_int_equal(tcgetattr(p->peer, &now), 0);
	assert_int_equal(now.c_lflag & (tcflag_t)ECHO, 0);
}

static void what_is_no_terminal_cannot_be_made_raw(void **state)
{
	const struct scratch *s = *state;
	struct console_mode mode = { 0 };

	assert_int_equal(console_make_raw(s->fd, &mode), -ENOTTY);
	assert_false(mode.saved);
	console_restore(&mode);
}

static void sizes_are_copied_between_terminals(void **state)
{
	const struct pty *p = *state;
	struct winsize size = { .ws_row = 12, .ws_col = 34 }, got;
	int other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(ioctl(p->master, TIOCSWINSZ, &size), 0);
	console_copy_size(p->master, other);
	console_copy_size(file, other); /* says nothing and changes nothing */
	assert_int_equal(ioctl(other, TIOCGWINSZ, &got), 0);
	assert_int_equal(got.ws_row, 12);
	assert_int_equal(got.ws_col, 34);
	close(other);
	close(file);
}

static int take_over(void *arg)
{
	const struct pty *p = arg;
	struct error err;
	int tty;

	if (setsid() < 0 || console_take_over(p->peer, &err) < 0)
		return 1;
	if (!isatty(0) || !isatty(1) || !isatty(2) || tcgetsid(0) != getpid())
		return 2;
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0 || write(tty, "hi", 2) != 2)
		return 3;
	return fcntl(1, F_GETFD) & FD_CLOEXEC ? 4 : 0;
}

static void a_session_gets_its_controlling_terminal(void **state)
{
	struct pty *p = *state;
	char text[3] = "";

	assert_int_equal(scratch_in_child(take_over, p), 0);
	assert_int_equal(read(p->master, text, 2), 2);
	assert_string_equal(text, "hi");
}

static int take_over_a_file(void *arg)
{
	struct error err;

	(void)arg;
	setsid();
	return console_take_over(open("/dev/null", O_RDWR | O_CLOEXEC), &err) == -ENOTTY ? 0 : 1;
}

static void a_file_is_no_controlling_terminal(void **state)
{
	(void)state;
	assert_int_equal(scratch_in_child(take_over_a_file, NULL), 0);
}

#define pty_test(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_terminal_has_the_users_size_and_closes_at_exec),
		scratch_test(what_is_no_devpts_is_refused),
		pty_test(raw_mode_hands_over_every_key_and_can_be_undone),
		pty_test(only_what_was_made_raw_is_restored_and_once),
		scratch_test(what_is_no_terminal_cannot_be_made_raw),
		pty_test(sizes_are_copied_between_terminals),
		pty_test(a_session_gets_its_controlling_terminal),
		cmocka_unit_test(a_file_is_no_controlling_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
