// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/systemd_mode.c - What systemd needs of a container whose first process it is
 *
 * As podman's --systemd has it, and systemd's CONTAINER_INTERFACE.md asks for:
 * memory on /run, /run/lock, /tmp and /var/log/journal, its own cgroup to make
 * others in (cmd/launch_cgroup), SIGRTMIN+3 to be stopped by, and two variables.
 */
#include "cmd/systemd_mode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/settings.h"
#include "cmd/volume.h"
#include "runtime/capability.h"
#include "runtime/config.h"

#define STOP_SIGNAL "SIGRTMIN+3" /* systemd(1), SIGNALS: halt */
#define UUID_HEX    32

/*
 * Sizes as systemd's own. /run/lock is a mount of its own in Debian's, which cannot be made
 * from inside. A volume on /var or /var/log is there to keep the journal, among others.
 */
static const struct {
	const char *spec;
	const char *unless; /* a mount that lies above it: it stays in there */
} mounts[] = {
	{ "/run:exec,mode=0755,size=20%,nr_inodes=800k", NULL },
	{ "/run/lock:mode=1777,size=5m", NULL },
	{ "/tmp:exec,mode=1777,size=50%,nr_inodes=1m", NULL },
	{ "/var/log/journal:mode=0755,size=10%", "/var/log/" },
};

/**
 * systemd_mode_capabilities() - What systemd uses of its rights that others do without
 *
 * To take capabilities away from services (CapabilityBoundingSet=), and to give one
 * that is harmless in a network of its own (AmbientCapabilities=).
 */
uint64_t systemd_mode_capabilities(void)
{
	return CAPABILITY_BIT(CAP_SETPCAP) | CAPABILITY_BIT(CAP_NET_BIND_SERVICE);
}

static bool is_systemd(const struct settings *s)
{
	static const char *const paths[] = { "/sbin/init", "/usr/sbin/init",
					     "/usr/local/sbin/init" };
	const char *command = s->entrypoint.n ? s->entrypoint.items[0] : s->cmd.items[0];
	const char *slash = strrchr(command, '/');

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (!strcmp(command, paths[i]))
			return true;
	return !strcmp(slash ? slash + 1 : command, "systemd");
}

/**
 * systemd_mode_decide() - Whether this container is for systemd, and what stops it then
 * @flag:	Of --systemd, or NULL
 * @s:		With its command; gets systemd and, if nobody said anything else, stop_signal
 */
int systemd_mode_decide(const char *flag, struct settings *s, struct error *err)
{
	bool always = flag && !strcmp(flag, "always");

	if (flag && !always && strcmp(flag, "true") != 0 && strcmp(flag, "false") != 0)
		return error_set(err, EINVAL, "--systemd: '%s' is not true, false or always", flag);
	if (always && s->init) {
		error_set(err, EINVAL, "--systemd=always and --init exclude each other");
		return error_hint(err, "systemd is a reaper itself, and wants to be process 1");
	}
	if (flag && !strcmp(flag, "false"))
		return 0;
	s->systemd = always || (!s->init && (s->entrypoint.n || s->cmd.n) && is_systemd(s));
	if (s->systemd && !s->stop_signal)
		s->stop_signal = STOP_SIGNAL;
	return 0;
}

static bool is_taken(const struct config *c, const char *target, const char *above)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		const char *other = c->mounts[i].target;
		size_t len = strlen(other);

		if (!strcmp(other, target) ||
		    (above && !strncmp(above, other, len) && above[len] == '/'))
			return true;
	}
	return false;
}

/** systemd_mode_add_mounts() - Memory where systemd wants it, and the user has nothing else */
int systemd_mode_add_mounts(struct config *c, struct error *err)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		autofree char *target = xstrndup(mounts[i].spec, strcspn(mounts[i].spec, ":"));
		struct config_mount m;
		int r;

		if (is_taken(c, target, mounts[i].unless))
			continue;
		r = volume_parse_tmpfs(mounts[i].spec, &m, err);
		if (r < 0)
			return r;
		m.copy_up = true;
		c->mounts = xrealloc(c->mounts, (c->n_mounts + 1) * sizeof(*c->mounts));
		c->mounts[c->n_mounts++] = m;
	}
	return 0;
}

/** systemd_mode_add_env() - What tells systemd that it is in a container, and of which id */
void systemd_mode_add_env(const char *id, struct strlist *env)
{
	strlist_add(env, "container=tare");
	strlist_take(env, xasprintf("container_uuid=%.*s", UUID_HEX, id));
}
