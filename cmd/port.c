// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/port.c - tare port: where published ports are reached
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/target.h"

/* "80" or "80/udp". */
static int parse_port(const char *text, uint64_t *port, const char **protocol, struct error *err)
{
	const char *slash = strchr(text, '/');
	autofree char *number = xstrndup(text, slash ? (size_t)(slash - text) : strlen(text));

	*protocol = slash ? slash + 1 : "tcp";
	if (str_parse_u64(number, UINT16_MAX, port) < 0 || *port == 0 ||
	    (strcmp(*protocol, "tcp") != 0 && strcmp(*protocol, "udp") != 0))
		return error_set(err, EINVAL, "'%s' is no port such as 80 or 80/udp", text);
	return 0;
}

static int print_one(const struct record *r, const char *wanted, struct error *err)
{
	const char *protocol = "";
	uint64_t port = 0;
	bool found = false;
	int ret;

	ret = parse_port(wanted, &port, &protocol, err);
	if (ret < 0)
		return ret;
	for (size_t i = 0; target_is_running(r) && i < r->n_ports; i++) {
		const struct record_port *p = &r->ports[i];

		if (!p->host_port || p->container_port != port ||
		    strcmp(p->protocol, protocol) != 0)
			continue;
		printf("%s:%u\n", p->host_ip, p->host_port);
		found = true;
	}
	if (!found)
		return error_set(err, ENOENT, "container '%s' does not publish port %llu/%s",
				 r->name, (unsigned long long)port, protocol);
	return 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autorecord struct record r;
	int ret;

	record_init(&r);
	ret = target_find(ctx, argv[0], &r, err);
	if (ret < 0)
		return ret;
	if (argc > 1)
		return print_one(&r, argv[1], err);
	for (size_t i = 0; target_is_running(&r) && i < r.n_ports; i++)
		if (r.ports[i].host_port)
			printf("%u/%s -> %s:%u\n", r.ports[i].container_port, r.ports[i].protocol,
			       r.ports[i].host_ip, r.ports[i].host_port);
	return 0;
}

const struct command cmd_port = {
	.name = "port",
	.args = "CONTAINER [PORT[/PROTOCOL]]",
	.summary = "Show where the ports of a container are published",
	.min_args = 1,
	.max_args = 2,
	.flags = COMMAND_STORE,
	.run = run,
};
