// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_dbus.c - A connection, to a real bus and to peers that misbehave
 */
#include "cgroups/dbus.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/dbus_address.h"
#include "cgroups/dbus_message.h"

#define BUS	 "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define WELCOME	 "DATA\r\nOK 0123456789abcdef\r\n"

/* --- addresses --- */

static void addresses_are_lists(void **state)
{
	struct dbus_address list[DBUS_MAX_ADDRESSES];

	(void)state;
	assert_int_equal(dbus_addresses_parse("tcp:host=a;unix:guid=1,path=/a%20b;unix:abstract=c",
					      list, DBUS_MAX_ADDRESSES),
			 2);
	assert_string_equal(list[0].socket.sun_path, "/a b");
	assert_true(list[0].bus);
	assert_memory_equal(list[1].socket.sun_path, "\0c", 2);
	assert_int_equal(list[1].len, sizeof(sa_family_t) + 2);
	assert_int_equal(dbus_addresses_parse("unix:path=/a;unix:path=/b", list, 1), 1);
}

static void useless_addresses_are_passed_over(void **state)
{
	static const char *const useless[] = {
		"",
		"unix:",
		"unix:path=",
		"unix:path=relative",
		"unix:path=/a%2",
		"unix:path=/%zz",
		"unix:path=/a%00",
		"unix:runtime=yes",
		"unix:abstract=",
		"systemd:path=/a",
		"unix",
		";;",
	};
	struct dbus_address list[1];
	char longer[300] = "unix:path=/";

	(void)state;
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++)
		assert_int_equal(dbus_addresses_parse(useless[i], list, 1), 0);
	memset(longer + strlen(longer), 'x', 200);
	assert_int_equal(dbus_addresses_parse(longer, list, 1), 0);
}

static void the_environment_names_the_users_sockets(void **state)
{
	struct dbus_address list[DBUS_MAX_ADDRESSES];

	(void)state;
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/session", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	assert_int_equal(dbus_addresses(true, list, DBUS_MAX_ADDRESSES), 3);
	assert_string_equal(list[0].socket.sun_path, "/session");
	assert_string_equal(list[1].socket.sun_path, "/run/user/7/bus");
	assert_string_equal(list[2].socket.sun_path, "/run/user/7/systemd/private");
	assert_true(list[1].bus && !list[2].bus);
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(dbus_addresses(true, list, DBUS_MAX_ADDRESSES), 0);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/system", 1);
	assert_true(dbus_addresses(false, list, DBUS_MAX_ADDRESSES) >= 1);
	assert_string_equal(list[0].socket.sun_path, "/system");
	unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

/* --- a real bus --- */

static struct dbus_call bus_call(const char *member, const char *argument)
{
	struct dbus_call call = {
		.destination = BUS, .path = BUS_PATH, .interface = BUS, .member = member
	};

	if (argument) {
		call.signature = "s";
		dbus_put_string(&call.body, argument);
	}
	return call;
}

static bool is_new_name(const struct dbus_message *signal, const void *context)
{
	return !strcmp(signal->member, context);
}

/* A bus of our own; its address is the first thing that it says. 0 if there is no such program. */
static pid_t start_bus(char *address, size_t size)
{
	int out[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--print-address",
		       "--address=unix:tmpdir=/tmp", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	n = read(out[0], address, size - 1);
	close(out[0]);
	if (n <= 0) {
		(void)waitpid(pid, NULL, 0);
		return 0;
	}
	address[n] = '\0';
	address[strcspn(address, "\n")] = '\0';
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void check_bus(const char *text)
{
	struct dbus_call call = bus_call("NameHasOwner", BUS);
	struct dbus_message reply = { 0 };
	struct dbus *bus = NULL, *other = NULL;
	struct dbus_address address;
	struct error err;

	assert_int_equal(dbus_addresses_parse(text, &address, 1), 1);
	assert_int_equal(dbus_open(&address, 1, &bus, &err), 0);
	assert_int_equal(dbus_call(bus, &call, &reply, &err), 0);
	assert_string_equal(reply.signature, "b");
	assert_int_equal(dbus_read_u32(&reply.body), 1);
	dbus_message_done(&reply);

	call = bus_call("GetNameOwner", "no.such.name");
	assert_int_equal(dbus_call(bus, &call, &reply, &err), -ENOTCONN);
	assert_non_null(strstr(err.msg, "call 'GetNameOwner': "));
	assert_non_null(strstr(err.msg, "no.such.name"));

	assert_int_equal(dbus_listen(bus, "type='signal',member='NameOwnerChanged'", is_new_name,
				     "NameOwnerChanged", &err),
			 0);
	assert_int_equal(dbus_wait_signal(bus, 10, &reply, &err), -ETIMEDOUT);
	assert_int_equal(dbus_open(&address, 1, &other, &err), 0);
	call = bus_call("GetId", NULL); /* the signal comes before the reply to this */
	assert_int_equal(dbus_call(bus, &call, &reply, &err), 0);
	dbus_message_done(&reply);
	assert_int_equal(dbus_wait_signal(bus, 10000, &reply, &err), 0);
	assert_string_equal(reply.signature, "sss");
	dbus_message_done(&reply);
	dbus_close(other);
	dbus_close(bus);
}

static void a_real_bus_understands_us(void **state)
{
	char address[512];
	pid_t pid = start_bus(address, sizeof(address));

	(void)state;
	if (!pid)
		skip();
	check_bus(address);
	end(pid);
}

/* --- peers that misbehave --- */

/* The whole of a peer: takes one connection, says its piece, and is gone. */
static pid_t start_peer(struct dbus_address *address, const char *welcome, const void *answer,
			size_t len)
{
	char text[64], data[4096];
	int fd, peer;
	pid_t pid;

	snprintf(text, sizeof(text), "unix:abstract=tare-test-%d", (int)getpid());
	assert_int_equal(dbus_addresses_parse(text, address, 1), 1);
	address->bus = false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address->socket, address->len), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	if (pid == 0) {
		peer = accept(fd, NULL, NULL);
		(void)!read(peer, data, sizeof(data)); /* who we are */
		(void)!write(peer, welcome, strlen(welcome));
		if (len) {
			(void)!read(peer, data, sizeof(data)); /* the call */
			(void)!write(peer, answer, len);
		}
		_exit(0);
	}
	close(fd);
	return pid;
}

static int call_peer(const char *welcome, const void *answer, size_t len, struct error *err)
{
	struct dbus_call call = { .path = "/", .member = "Method" };
	struct dbus_message reply = { 0 };
	struct dbus_address address;
	struct dbus *bus = NULL;
	pid_t pid = start_peer(&address, welcome, answer, len);
	int r;

	r = dbus_open(&address, 1, &bus, err);
	if (r == 0)
		r = dbus_call(bus, &call, &reply, err);
	dbus_message_done(&reply);
	if (r < 0 && bus && err->code != EREMOTEIO) { /* nothing can be said any more */
		assert_int_equal(dbus_call(bus, &call, &reply, &(struct error){ 0 }), -ECONNRESET);
		assert_int_equal(dbus_wait_signal(bus, 10, &reply, &(struct error){ 0 }),
				 -ECONNRESET);
	}
	dbus_close(bus);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return r;
}

/* The reply to message 1, of a type, with fields up to the next multiple of 8. */
static size_t make_reply(unsigned char *out, unsigned char type, const char *error_name)
{
	autostr struct str b = { 0 };
	struct dbus_array fields;
	size_t len;

	dbus_put_byte(&b, 'l');
	dbus_put_byte(&b, type);
	dbus_put_byte(&b, 0);
	dbus_put_byte(&b, 1);
	dbus_put_u32(&b, 0);
	dbus_put_u32(&b, 1);
	fields = dbus_begin_array(&b, '(');
	dbus_put_byte(&b, 5);
	dbus_put_signature(&b, "u");
	dbus_put_u32(&b, 1);
	if (error_name) {
		dbus_begin_struct(&b);
		dbus_put_byte(&b, 4);
		dbus_put_signature(&b, "s");
		dbus_put_string(&b, error_name);
	}
	dbus_end_array(&b, fields);
	dbus_begin_struct(&b);
	len = b.len;
	memcpy(out, b.data, len);
	return len;
}

static void put_field(struct str *b, uint8_t code, const char *type, const char *text)
{
	dbus_begin_struct(b);
	dbus_put_byte(b, code);
	dbus_put_signature(b, type);
	dbus_put_string(b, text);
}

static void put_signal(struct str *out, uint8_t serial)
{
	autostr struct str b = { 0 };
	struct dbus_array fields;

	dbus_put_byte(&b, 'l');
	dbus_put_byte(&b, DBUS_SIGNAL);
	dbus_put_byte(&b, 0);
	dbus_put_byte(&b, 1);
	dbus_put_u32(&b, 0);
	dbus_put_u32(&b, serial);
	fields = dbus_begin_array(&b, '(');
	put_field(&b, 1, "o", "/");
	put_field(&b, 2, "s", "a.b");
	put_field(&b, 3, "s", "Member");
	dbus_end_array(&b, fields);
	dbus_begin_struct(&b);
	str_append(out, b.data, b.len);
}

/* Of too many that nobody has waited for yet the last 16 are kept. */
static void signals_are_kept_so_many(void **state)
{
	struct dbus_call call = { .path = "/", .member = "Method" };
	struct dbus_message reply = { 0 }, signal = { 0 };
	autostr struct str answer = { 0 };
	struct dbus_address address;
	unsigned char end[256];
	struct dbus *bus;
	struct error err;
	pid_t pid;

	(void)state;
	for (uint8_t i = 1; i <= 20; i++)
		put_signal(&answer, i);
	str_append(&answer, end, make_reply(end, DBUS_METHOD_RETURN, NULL));
	pid = start_peer(&address, WELCOME, answer.data, answer.len);
	assert_int_equal(dbus_open(&address, 1, &bus, &err), 0);
	assert_int_equal(dbus_listen(bus, "", is_new_name, "Member", &err), 0);
	assert_int_equal(dbus_call(bus, &call, &reply, &err), 0);
	dbus_message_done(&reply);
	for (uint32_t i = 5; i <= 20; i++) {
		assert_int_equal(dbus_wait_signal(bus, 10, &signal, &err), 0);
		assert_int_equal(signal.serial, i);
		dbus_message_done(&signal);
	}
	dbus_close(bus);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void replies_and_errors_come_through(void **state)
{
	unsigned char answer[256];
	struct error err;
	size_t len;

	(void)state;
	len = make_reply(answer, DBUS_METHOD_RETURN, NULL);
	assert_int_equal(call_peer(WELCOME, answer, len, &err), 0);
	assert_int_equal(call_peer("OK 1\r\nERROR\r\n", answer, len, &err), 0); /* of old */
	len = make_reply(answer, DBUS_ERROR, "a.b.Strange\033[31m");
	assert_int_equal(call_peer(WELCOME, answer, len, &err), -EREMOTEIO);
	assert_string_equal(err.msg, "call 'Method': a.b.Strange\\x1b[31m");
	answer[20] = 2; /* to another message: not of interest */
	len += make_reply(answer + len, DBUS_METHOD_RETURN, NULL);
	assert_int_equal(call_peer(WELCOME, answer, len, &err), 0);
}

static void every_cut_of_a_reply_is_noticed(void **state)
{
	unsigned char answer[256];
	size_t len = make_reply(answer, DBUS_METHOD_RETURN, NULL);
	struct error err;

	(void)state;
	for (size_t i = 1; i < len; i++) {
		assert_int_equal(call_peer(WELCOME, answer, i, &err), -ECONNRESET);
		assert_non_null(strstr(err.msg, "call 'Method'"));
	}
}

static void garbage_ends_the_connection(void **state)
{
	unsigned char answer[256];
	size_t len = make_reply(answer, DBUS_METHOD_RETURN, NULL);
	struct error err;

	(void)state;
	assert_int_equal(call_peer(WELCOME, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, &err),
			 -EBADMSG);
	answer[7] = 0x7f; /* a body of 2 GB */
	assert_int_equal(call_peer(WELCOME, answer, len, &err), -EBADMSG);
	answer[7] = 0;
	answer[16] = 99; /* no serial in reply to which it is */
	assert_int_equal(call_peer(WELCOME, answer, len, &err), -EBADMSG);
}

static void who_does_not_let_us_in_is_left(void **state)
{
	char longer[1200];
	struct error err;

	(void)state;
	assert_int_equal(call_peer("REJECTED EXTERNAL\r\nERROR\r\n", NULL, 0, &err), -EACCES);
	assert_non_null(strstr(err.msg, "authenticate to '@tare-test-"));
	assert_int_equal(call_peer("", NULL, 0, &err), -ECONNRESET);
	assert_int_equal(call_peer("OK 1\nDATA\n", NULL, 0, &err), -EBADMSG);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_true(call_peer(longer, NULL, 0, &err) < 0);
}

static void the_first_that_answers_is_taken(void **state)
{
	struct dbus_address list[2];
	struct dbus *bus = NULL;
	struct error err;
	pid_t pid;

	(void)state;
	assert_int_equal(dbus_addresses_parse("unix:path=/nowhere/bus", list, 1), 1);
	assert_int_equal(dbus_open(list, 1, &bus, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "connect to '/nowhere/bus'"));
	assert_int_equal(dbus_open(list, 0, &bus, &err), -ENOENT);
	pid = start_peer(&list[1], WELCOME, NULL, 0);
	assert_int_equal(dbus_open(list, 2, &bus, &err), 0);
	dbus_close(bus);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	dbus_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_lists),
		cmocka_unit_test(useless_addresses_are_passed_over),
		cmocka_unit_test(the_environment_names_the_users_sockets),
		cmocka_unit_test(a_real_bus_understands_us),
		cmocka_unit_test(signals_are_kept_so_many),
		cmocka_unit_test(replies_and_errors_come_through),
		cmocka_unit_test(every_cut_of_a_reply_is_noticed),
		cmocka_unit_test(garbage_ends_the_connection),
		cmocka_unit_test(who_does_not_let_us_in_is_left),
		cmocka_unit_test(the_first_that_answers_is_taken),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("cgroups/dbus", tests, NULL, NULL);
}
