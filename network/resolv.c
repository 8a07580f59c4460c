// SPDX-License-Identifier: Apache-2.0
/*
 * network/resolv.c - What a container finds in /etc/resolv.conf and /etc/hosts
 *
 * A name server at a loopback address cannot be reached from another network
 * namespace. systemd-resolved, the usual reason for one, keeps the real
 * servers in a file of its own.
 */
#include "network/resolv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#define RESOLV_CONF	     "/etc/resolv.conf"
#define RESOLVED_RESOLV_CONF "/run/systemd/resolve/resolv.conf"
#define RESOLV_MAX_BYTES     65536
#define HOST_GATEWAY	     "host-gateway"

#define BLANKS " \t\r"

static const char HOSTS_HEAD[] = "127.0.0.1\tlocalhost\n"
				 "::1\tlocalhost ip6-localhost ip6-loopback\n"
				 "fe00::\tip6-localnet\n"
				 "ff00::\tip6-mcastprefix\n"
				 "ff02::1\tip6-allnodes\n"
				 "ff02::2\tip6-allrouters\n";

/* An IPv4 address, or an IPv6 address perhaps with a zone ("fe80::1%eth0"). */
static bool is_address(const char *s)
{
	autofree char *plain = xstrndup(s, strcspn(s, "%"));
	struct in6_addr six;
	struct in_addr four;

	return inet_pton(AF_INET, s, &four) == 1 || inet_pton(AF_INET6, plain, &six) == 1;
}

static bool is_loopback(const char *s)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, s, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, s, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* The value of a line that starts with @keyword and a blank, else NULL. */
static char *value_of(char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	if (!str_starts(line, keyword) || !strchr(BLANKS, line[len]) || !line[len])
		return NULL;
	return line + len + strspn(line + len, BLANKS);
}

static char *server_of(char *line)
{
	char *value = value_of(line, "nameserver");

	if (value)
		value[strcspn(value, BLANKS)] = '\0'; /* a comment may follow */
	return value;
}

static bool has_usable_server(const char *text)
{
	autofree char *copy = xstrdup(text);
	char *save = NULL, *value;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		value = server_of(l);
		if (value && !is_loopback(value))
			return true;
	}
	return false;
}

static char *read_or_empty(const char *path)
{
	/* A FIFO is empty then, and nobody waits for its writer. */
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char *text;
	size_t len;

	/* A host without the file has no name service: nor has the container. */
	if (fd < 0 || file_read_fd(fd, RESOLV_MAX_BYTES, &text, &len) < 0)
		return xstrdup("");
	return text;
}

/**
 * network_read_host_resolv_conf() - The host's resolv.conf that is of use to a container
 * @own_netns:	Whether the container has a network namespace of its own
 *
 * Return: its text, "" if there is none; the caller frees it
 */
char *network_read_host_resolv_conf(bool own_netns)
{
	autofree char *text = read_or_empty(RESOLV_CONF);
	autofree char *resolved = NULL;

	if (!own_netns || has_usable_server(text))
		return steal_ptr(&text);
	resolved = read_or_empty(RESOLVED_RESOLV_CONF);
	return has_usable_server(resolved) ? steal_ptr(&resolved) : steal_ptr(&text);
}

static void put_list(struct str *out, const char *keyword, const struct strlist *values)
{
	autofree char *joined = NULL;

	/* "--dns-search ." is the usual way to ask for none. */
	if (values->n == 0 || (values->n == 1 && !strcmp(values->items[0], ".")))
		return;
	joined = strlist_join(values, " ");
	str_printf(out, "%s %s\n", keyword, joined);
}

static void copy_host_line(struct str *out, char *line, bool own_netns,
			   const struct network_dns *dns, size_t *n_servers)
{
	const char *value;

	if ((value = server_of(line))) {
		if (dns->servers.n || (own_netns && is_loopback(value)))
			return;
		str_printf(out, "nameserver %s\n", value);
		++*n_servers;
	} else if ((value = value_of(line, "search")) || (value = value_of(line, "domain"))) {
		if (!dns->search.n)
			str_printf(out, "search %s\n", value);
	} else if ((value = value_of(line, "options"))) {
		if (!dns->options.n)
			str_printf(out, "options %s\n", value);
	}
}

/**
 * network_resolv_conf() - Content of a container's /etc/resolv.conf
 * @host_text:	The host's
 * @own_netns:	Drop servers at loopback addresses
 * @dns:	What was asked for; each list replaces the host's lines of its kind
 *
 * Return: the text; the caller frees it
 */
char *network_resolv_conf(const char *host_text, bool own_netns, const struct network_dns *dns)
{
	autofree char *copy = xstrdup(host_text);
	struct str out = { 0 };
	size_t n_servers = dns->servers.n;
	char *save = NULL;

	put_list(&out, "search", &dns->search);
	for (size_t i = 0; i < dns->servers.n; i++)
		str_printf(&out, "nameserver %s\n", dns->servers.items[i]);
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		copy_host_line(&out, l, own_netns, dns, &n_servers);
	put_list(&out, "options", &dns->options);
	if (n_servers == 0)
		str_puts(&out,
			 "# no name server of the host can be reached from here, see --dns\n");
	return str_take(&out);
}

static bool is_line_part(const char *s)
{
	return *s && !s[strcspn(s, " \t\r\n#")];
}

/** network_check_dns() - Refuse what would break or extend the lines of resolv.conf: -EINVAL */
int network_check_dns(const struct network_dns *dns, struct error *err)
{
	for (size_t i = 0; i < dns->servers.n; i++)
		if (!is_address(dns->servers.items[i]) || !is_line_part(dns->servers.items[i]))
			return error_set(err, EINVAL, "set DNS server '%s': not an address",
					 dns->servers.items[i]);
	for (size_t i = 0; i < dns->search.n; i++)
		if (!is_line_part(dns->search.items[i]))
			return error_set(err, EINVAL, "set DNS search domain '%s': not a domain",
					 dns->search.items[i]);
	for (size_t i = 0; i < dns->options.n; i++)
		if (!is_line_part(dns->options.items[i]))
			return error_set(err, EINVAL, "set DNS option '%s': not an option",
					 dns->options.items[i]);
	return 0;
}

/* NAME:ADDRESS, as docker has it, or NAME=ADDRESS, as its newer versions do. */
static int put_extra_host(struct str *out, const char *spec, const char *gateway, struct error *err)
{
	size_t len = strcspn(spec, ":=");
	autofree char *name = xstrndup(spec, len);
	const char *address = spec[len] ? spec + len + 1 : "";

	if (!is_line_part(name) || !*address)
		return error_set(err, EINVAL, "add host '%s': expected NAME:ADDRESS", spec);
	if (!strcmp(address, HOST_GATEWAY)) {
		if (!gateway)
			return error_set(err, EINVAL,
					 "add host '%s': there is no host-gateway on this network",
					 spec);
		address = gateway;
	}
	if (!is_address(address) || !is_line_part(address))
		return error_set(err, EINVAL, "add host '%s': '%s' is not an address", spec,
				 address);
	str_printf(out, "%s\t%s\n", address, name);
	return 0;
}

/**
 * network_hosts_file() - Content of a container's /etc/hosts
 * @text:	The caller frees it
 *
 * Return: 0, or -EINVAL if an --add-host is malformed
 */
int network_hosts_file(const struct network_hosts *hosts, char **text, struct error *err)
{
	autostr struct str out = { 0 };
	const char *address = hosts->address ? hosts->address : "127.0.1.1";
	int r;

	str_puts(&out, HOSTS_HEAD);
	for (size_t i = 0; hosts->extra && i < hosts->extra->n; i++) {
		r = put_extra_host(&out, hosts->extra->items[i], hosts->gateway, err);
		if (r < 0)
			return r;
	}
	if (hosts->hostname && *hosts->hostname) {
		str_printf(&out, "%s\t%s", address, hosts->hostname);
		if (hosts->name && *hosts->name && strcmp(hosts->name, hosts->hostname) != 0)
			str_printf(&out, " %s", hosts->name);
		str_putc(&out, '\n');
	}
	*text = str_take(&out);
	return 0;
}
