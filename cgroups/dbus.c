// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/dbus.c - A D-Bus connection: method calls, and waiting for signals
 *
 * Theory of operation:
 *
 *   1. connect; say who we are (SASL, EXTERNAL): the kernel vouches for it
 *   2. on a bus: Hello, which gives us a name there. systemd's own socket has none
 *   3. dbus_call(): one message out, then read until the reply to it has come.
 *      Signals that the filter wants are kept on the way: the one that says how
 *      a job ended may well overtake the reply that says which job it is
 *   4. dbus_wait_signal(): the first of those, or read on
 *
 * The peer is trusted to be systemd's bus, and no further: sizes are bounded,
 * times too, and what does not parse ends the connection.
 */
#include "cgroups/dbus.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/dbus_address.h"
#include "cgroups/dbus_message.h"

#define CALL_TIMEOUT_S	 25 /* what other D-Bus libraries use */
#define LINE_MAX_BYTES	 512
#define ERROR_TEXT_BYTES 512
#define MAX_KEPT_SIGNALS 16
#define BUS_NAME	 "org.freedesktop.DBus"
#define BUS_PATH	 "/org/freedesktop/DBus"

struct dbus {
	int fd;
	bool on_bus;
	bool broken; /* half a message has been sent or read: nothing more can be */
	uint32_t serial;
	dbus_filter *wanted;
	const void *context;
	struct dbus_message kept[MAX_KEPT_SIGNALS]; /* oldest first */
	size_t n_kept;
};

static int wait_for(const struct dbus *bus, short events, int64_t deadline)
{
	struct pollfd p = { .fd = bus->fd, .events = events };
	int64_t left;
	int r;

	do {
		struct timespec t;

		left = deadline - clock_monotonic_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		t = (struct timespec){ .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
		r = sys_ppoll(&p, 1, &t);
	} while (r == 0 || (r < 0 && errno == EINTR));
	return r < 0 ? -errno : 0;
}

static int send_all(struct dbus *bus, const void *data, size_t len, int64_t deadline)
{
	const char *from = data;

	while (len) {
		ssize_t n = send(bus->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		int r = n < 0 ? -errno : 0;

		if (r == -EAGAIN)
			r = wait_for(bus, POLLOUT, deadline);
		if (r < 0 && r != -EINTR)
			return r;
		if (n > 0) {
			from += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* At least one byte, at most @max; the number. */
static ssize_t receive_some(struct dbus *bus, void *data, size_t max, int64_t deadline)
{
	for (;;) {
		ssize_t n = recv(bus->fd, data, max, MSG_DONTWAIT);
		int r = n < 0 ? -errno : 0;

		if (n > 0)
			return n;
		if (n == 0)
			return -ECONNRESET;
		if (r == -EAGAIN)
			r = wait_for(bus, POLLIN, deadline);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

static int receive_all(struct dbus *bus, unsigned char *data, size_t len, int64_t deadline)
{
	while (len) {
		ssize_t n = receive_some(bus, data, len, deadline);

		if (n < 0)
			return (int)n;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* --- who we are --- */

/* One line of the authentication, without its end: byte by byte, since what follows is no text. */
static int receive_line(struct dbus *bus, char *line, int64_t deadline)
{
	size_t len = 0;

	do {
		ssize_t n = receive_some(bus, line + len, 1, deadline);

		if (n < 0)
			return (int)n;
		if (!line[len++])
			return -EBADMSG;
	} while (len < LINE_MAX_BYTES && line[len - 1] != '\n');
	if (len < 2 || line[len - 1] != '\n' || line[len - 2] != '\r')
		return -EBADMSG;
	line[len - 2] = '\0';
	return 0;
}

/*
 * All in one: whose process we are the kernel tells, hence an empty answer to
 * "who are you", which is also right in a user namespace, where our number is
 * not the one that the peer sees. BEGIN must not come later: sd-bus at the other
 * end may read it together with the first message, and then not look at that
 * before more comes.
 */
static int authenticate(struct dbus *bus, int64_t deadline)
{
	/* The NUL in front once carried credentials, on other systems. */
	static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	char line[LINE_MAX_BYTES];
	bool accepted = false;
	int r;

	r = send_all(bus, hello, sizeof(hello) - 1, deadline);
	for (int i = 0; r == 0 && i < 2; i++) { /* "DATA", "OK": one for each of ours */
		r = receive_line(bus, line, deadline);
		accepted |= r == 0 && str_starts(line, "OK ");
	}
	if (r < 0)
		return r;
	return accepted ? 0 : -EACCES;
}

/* --- messages --- */

static int receive_message(struct dbus *bus, struct dbus_message *m, int64_t deadline)
{
	unsigned char header[DBUS_HEADER_BYTES];
	autofree unsigned char *data = NULL;
	size_t size = 0;
	int r;

	r = wait_for(bus, POLLIN, deadline); /* until here a time-out breaks nothing */
	if (r < 0)
		return r;
	bus->broken = true;
	r = receive_all(bus, header, sizeof(header), deadline);
	if (r == 0)
		r = dbus_message_size(header, &size);
	if (r < 0)
		return r;
	data = xmalloc(size);
	memcpy(data, header, sizeof(header));
	r = receive_all(bus, data + sizeof(header), size - sizeof(header), deadline);
	if (r == 0)
		r = dbus_message_parse(data, size, m);
	if (r < 0)
		return r;
	m->data = steal_ptr(&data);
	bus->broken = false;
	return 0;
}

static bool is_wanted(const struct dbus *bus, const struct dbus_message *m)
{
	return m->type == DBUS_SIGNAL && bus->wanted && bus->wanted(m, bus->context);
}

static void take_kept(struct dbus *bus, struct dbus_message *m)
{
	*m = bus->kept[0];
	bus->n_kept--;
	memmove(bus->kept, bus->kept + 1, bus->n_kept * sizeof(*bus->kept));
}

/* What nobody waits for yet, or never; @m changes hands. */
static void keep(struct dbus *bus, struct dbus_message *m)
{
	struct dbus_message oldest;

	if (!is_wanted(bus, m)) {
		dbus_message_done(m);
		return;
	}
	if (bus->n_kept == MAX_KEPT_SIGNALS) {
		take_kept(bus, &oldest);
		dbus_message_done(&oldest);
	}
	bus->kept[bus->n_kept++] = *m;
}

/* The reply to message @serial, be it an error. */
static int receive_reply(struct dbus *bus, uint32_t serial, struct dbus_message *reply,
			 int64_t deadline)
{
	int r;

	for (;;) {
		struct dbus_message m = { 0 };

		r = receive_message(bus, &m, deadline);
		if (r < 0)
			return r;
		if ((m.type == DBUS_METHOD_RETURN || m.type == DBUS_ERROR) &&
		    m.reply_serial == serial) {
			*reply = m;
			return 0;
		}
		keep(bus, &m);
	}
}

/* The errno for what callers want to tell apart, by the last part of the error's name. */
static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} table[] = {
		{ "AccessDenied", EACCES },	   { "InteractiveAuthorizationRequired", EACCES },
		{ "InvalidArgs", EINVAL },	   { "NameHasNoOwner", ENOTCONN },
		{ "NoReply", ETIMEDOUT },	   { "NoSuchProcess", ESRCH },
		{ "NoSuchUnit", ENOENT },	   { "PropertyReadOnly", EOPNOTSUPP },
		{ "ServiceUnknown", ENOTCONN },	   { "Timeout", ETIMEDOUT },
		{ "UnitExists", EEXIST },	   { "UnknownProperty", EOPNOTSUPP },
		{ "UnixProcessIdUnknown", ESRCH },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(dot + 1, table[i].name))
			return table[i].code;
	return EREMOTEIO;
}

static int report(const struct dbus_call *call, const struct dbus_message *reply, struct error *err)
{
	struct dbus_reader body = reply->body;
	const char *text = *reply->signature == 's' ? dbus_read_string(&body) : NULL;
	autofree char *shown = str_escape(text && *text ? text : reply->error_name);

	return error_set(err, errno_of(reply->error_name), "call '%s': %.*s", call->member,
			 ERROR_TEXT_BYTES, shown);
}

/**
 * dbus_call() - Call a method and wait for what it returns
 * @call:	Its body is consumed
 * @reply:	Written on success only; dbus_message_done() releases it
 *
 * Return: 0; -ETIMEDOUT after 25 seconds; what the peer says in its words and
 * the nearest errno (-ENOENT for no such unit, -EEXIST, -EACCES, -EOPNOTSUPP
 * for no such property, -EREMOTEIO for all else); or -errno
 */
int dbus_call(struct dbus *bus, struct dbus_call *call, struct dbus_message *reply,
	      struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + CALL_TIMEOUT_S * 1000;
	autostr struct str body = call->body, out = { 0 };
	struct dbus_message m = { 0 };
	int r;

	call->body = (struct str){ 0 };
	if (bus->broken)
		return error_set(err, ECONNRESET, "call '%s': the connection is lost",
				 call->member);
	r = dbus_marshal_call(&(struct dbus_call){ call->destination, call->path, call->interface,
						   call->member, call->signature, body },
			      ++bus->serial, &out, err);
	if (r < 0)
		return r;
	bus->broken = true;
	r = send_all(bus, out.data, out.len, deadline);
	if (r == 0) {
		bus->broken = false;
		r = receive_reply(bus, bus->serial, &m, deadline);
	}
	if (r < 0)
		return error_sys(err, -r, "call '%s'", call->member);
	log_debug("dbus: %s: %s", call->member, m.type == DBUS_ERROR ? m.error_name : "returned");
	if (m.type == DBUS_ERROR) {
		r = report(call, &m, err);
		dbus_message_done(&m);
		return r;
	}
	*reply = m;
	return 0;
}

static int call_bus(struct dbus *bus, const char *member, const char *argument, struct error *err)
{
	struct dbus_call call = {
		.destination = BUS_NAME, .path = BUS_PATH, .interface = BUS_NAME, .member = member
	};
	struct dbus_message reply = { 0 };
	int r;

	if (argument) {
		call.signature = "s";
		dbus_put_string(&call.body, argument);
	}
	r = dbus_call(bus, &call, &reply, err);
	dbus_message_done(&reply);
	return r;
}

static int open_socket(const struct dbus_address *address)
{
	struct timeval limit = { .tv_sec = CALL_TIMEOUT_S };
	autoclose int fd = -1;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Bounds connect(), which waits for a place in the queue. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address->socket, address->len) < 0)
		return -errno;
	return steal_fd(&fd);
}

/* A name for messages: '@' for those that are in no file system. */
static void show_address(const struct dbus_address *address, char *out, size_t size)
{
	const char *path = address->socket.sun_path;
	size_t len = address->len - offsetof(struct sockaddr_un, sun_path);

	snprintf(out, size, "%s%.*s", *path ? "" : "@", (int)(len - !*path), path + !*path);
}

static int open_one(const struct dbus_address *address, struct dbus **bus, struct error *err)
{
	struct dbus *b;
	char name[128];
	int fd, r;

	show_address(address, name, sizeof(name));
	fd = open_socket(address);
	if (fd < 0)
		return error_sys(err, -fd, "connect to '%s'", name);
	b = xcalloc(1, sizeof(*b));
	b->fd = fd;
	b->on_bus = address->bus;
	r = authenticate(b, clock_monotonic_ms() + CALL_TIMEOUT_S * 1000);
	if (r < 0)
		r = error_sys(err, -r, "authenticate to '%s'", name);
	else if (b->on_bus)
		r = call_bus(b, "Hello", NULL, err);
	if (r < 0) {
		dbus_close(b);
		return r;
	}
	log_debug("dbus: connected to '%s'", name);
	*bus = b;
	return 0;
}

/**
 * dbus_open() - Connect to the first that lets us
 * @addresses:	From dbus_addresses()
 * @bus:	Written on success; dbus_close() closes it
 *
 * Return: 0; -ENOENT if there are no addresses; or -errno of the first address
 */
int dbus_open(const struct dbus_address *addresses, size_t n, struct dbus **bus, struct error *err)
{
	struct error other;
	int r = 0;

	if (!n)
		return error_set(err, ENOENT, "connect to D-Bus: no address is known");
	for (size_t i = 0; i < n; i++) {
		r = open_one(&addresses[i], bus, i ? &other : err);
		if (r == 0)
			return 0;
	}
	return -err->code;
}

/** dbus_close() - Close a connection; NULL is fine */
void dbus_close(struct dbus *bus)
{
	if (!bus)
		return;
	for (size_t i = 0; i < bus->n_kept; i++)
		dbus_message_done(&bus->kept[i]);
	(void)close(bus->fd);
	free(bus);
}

/**
 * dbus_listen() - Ask for signals, and keep those that are wanted from now on
 * @rule:	A match rule; what is no bus sends all it has unasked
 * @wanted:	Whether to keep a signal; the others are dropped
 * @context:	For @wanted; must stay
 *
 * Return: 0, or -errno
 */
int dbus_listen(struct dbus *bus, const char *rule, dbus_filter *wanted, const void *context,
		struct error *err)
{
	bus->wanted = wanted;
	bus->context = context;
	return bus->on_bus ? call_bus(bus, "AddMatch", rule, err) : 0;
}

/**
 * dbus_wait_signal() - The oldest signal that dbus_listen() asked for
 * @signal:	Written on success; dbus_message_done() releases it
 *
 * Return: 0, -ETIMEDOUT, or -errno
 */
int dbus_wait_signal(struct dbus *bus, int timeout_ms, struct dbus_message *signal,
		     struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + timeout_ms;
	int r = bus->broken ? -ECONNRESET : 0;

	while (r == 0 && !bus->n_kept) {
		struct dbus_message m = { 0 };

		r = receive_message(bus, &m, deadline);
		if (r == 0)
			keep(bus, &m);
	}
	if (r < 0)
		return error_sys(err, -r, "wait for a signal");
	take_kept(bus, signal);
	return 0;
}
