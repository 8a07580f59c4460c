// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/dbus_address.c - Where systemd listens, for the machine and for a user
 *
 * D-Bus Specification 0.41, "Server Addresses": a list "unix:key=value,...;..."
 * with %XX escapes. Only Unix sockets with a name are of use here.
 */
#include "cgroups/dbus_address.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define ADDRESS_MAX_BYTES 4096
#define SYSTEM_BUS	  "/run/dbus/system_bus_socket"
#define SYSTEM_PRIVATE	  "/run/systemd/private"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo %XX in place; the length, or -1 if malformed. */
static int unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		high = hex_digit(from[1]);
		low = high < 0 ? -1 : hex_digit(from[2]);
		if (low < 0 || !(high | low))
			return -1;
		*to++ = (char)(high * 16 + low);
		from += 2;
	}
	*to = '\0';
	return (int)(to - text);
}

/* A leading NUL takes the socket's name out of the file system. */
static bool set_socket(struct dbus_address *a, const char *path, bool abstract)
{
	size_t len = strlen(path), start = abstract ? 1 : 0;

	if (!len || len + start >= sizeof(a->socket.sun_path) || (!abstract && *path != '/'))
		return false;
	*a = (struct dbus_address){ .socket.sun_family = AF_UNIX, .bus = true };
	memcpy(a->socket.sun_path + start, path, len);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + start + len + !abstract);
	return true;
}

static bool parse_one(const char *text, struct dbus_address *a)
{
	autostrlist struct strlist pairs = { 0 };

	if (!str_starts(text, "unix:"))
		return false;
	strlist_split(&pairs, text + strlen("unix:"), ',');
	for (size_t i = 0; i < pairs.n; i++) {
		bool abstract = str_starts(pairs.items[i], "abstract=");

		if (!abstract && !str_starts(pairs.items[i], "path="))
			continue;
		return unescape(pairs.items[i]) > 0 &&
		       set_socket(a, strchr(pairs.items[i], '=') + 1, abstract);
	}
	return false;
}

/**
 * dbus_addresses_parse() - Read the value of DBUS_SYSTEM_BUS_ADDRESS and its like
 * @list:	Those that can be used, in order
 *
 * Return: how many these are, at most @max
 */
size_t dbus_addresses_parse(const char *text, struct dbus_address *list, size_t max)
{
	autostrlist struct strlist parts = { 0 };
	size_t n = 0;

	if (strlen(text) > ADDRESS_MAX_BYTES)
		return 0;
	strlist_split(&parts, text, ';');
	for (size_t i = 0; i < parts.n && n < max; i++)
		n += parse_one(parts.items[i], &list[n]) ? 1 : 0;
	return n;
}

static size_t add_path(const char *path, bool bus, struct dbus_address *list, size_t max)
{
	if (!max || !set_socket(list, path, false))
		return 0;
	list->bus = bus;
	return 1;
}

static size_t system_addresses(struct dbus_address *list, size_t max)
{
	const char *set = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	size_t n;

	n = set && *set ? dbus_addresses_parse(set, list, max)
			: add_path(SYSTEM_BUS, true, list, max);
	if (geteuid() == 0)
		n += add_path(SYSTEM_PRIVATE, false, list + n, max - n);
	return n;
}

static size_t user_addresses(struct dbus_address *list, size_t max)
{
	const char *set = getenv("DBUS_SESSION_BUS_ADDRESS"), *dir = getenv("XDG_RUNTIME_DIR");
	autofree char *bus = NULL, *private = NULL;
	size_t n = 0;

	if (set && *set)
		n = dbus_addresses_parse(set, list, max);
	if (!dir || !*dir)
		return n;
	bus = xasprintf("%s/bus", dir);
	private = xasprintf("%s/systemd/private", dir);
	n += add_path(bus, true, list + n, max - n);
	n += add_path(private, false, list + n, max - n);
	return n;
}

/**
 * dbus_addresses() - Where systemd may be reached, what is best first
 * @user:	The manager of the user's services, not the machine's
 *
 * The bus before systemd's own socket, which only answers to root and is no
 * public interface, but is there without a bus daemon.
 *
 * Return: how many there are in @list; 0 if the environment names none
 */
size_t dbus_addresses(bool user, struct dbus_address *list, size_t max)
{
	return user ? user_addresses(list, max) : system_addresses(list, max);
}
