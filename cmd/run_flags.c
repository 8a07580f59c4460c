// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/run_flags.c - The flags of run and create, as tables
 *
 * Flags that docker and podman have and tare does not are here too, so that
 * the answer says why and what to use instead.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cmd/limits.h"
#include "cmd/run_options.h"

/* There is one mode of each of these namespaces. */
static int parse_namespace_mode(void *member, const char *value, struct error *err)
{
	(void)member;
	if (!strcmp(value, "private"))
		return 0;
	error_set(err, ENOTSUP, "mode '%s' is not supported", value);
	return error_hint(err, "every container has this namespace to itself; "
			       "only --network and --userns can share the host's");
}

#define O(...) OPTION(struct run_options, __VA_ARGS__)

const struct option_def run_option_defs[] = {
	/* Of `run` only: see RUN_ONLY_OPTIONS. */
	O('d', "detach", NULL, OPTION_BOOL, detach, "Run in the background, print the id"),
	O(0, "ephemeral", NULL, OPTION_BOOL, ephemeral,
	  "Leave nothing behind, not even the archive's image (implies --rm)"),
	O(0, "repeat", "N", OPTION_INT, repeat,
	  "Run it N times, and show how its figures vary; with --rm"),
	O(0, "sig-proxy", NULL, OPTION_BOOL, sig_proxy,
	  "Pass signals on to the container (default true)"),

	/* Of `create` too. */
	O(0, "accept", NULL, OPTION_BOOL, accept,
	  "Give the ports and volumes that the image asks for in its labels"),
	O(0, "add-host", "NAME:IP", OPTION_LIST, settings.extra_hosts, "Add a line to /etc/hosts"),
	O(0, "assert", "EXPR", OPTION_LIST, settings.asserts,
	  "Fail (123) unless 'memory.peak<100M', '!oom', 'wall<30s', …"),
	O(0, "assert-format", "FORMAT[:FILE]", OPTION_TEXT, settings.assert_format,
	  "text, tap or junit; on stderr unless to FILE, fd:N or -"),
	O(0, "at", "TIME WHAT=VALUE", OPTION_PAIR, settings.timeline,
	  "So long after the start: 5s memory.max=64M, freeze=1s, kill=HUP, reclaim=50m"),
	O(0, "cap-add", "CAP", OPTION_LIST, settings.cap_add, "Give a capability"),
	O(0, "cap-drop", "CAP", OPTION_LIST, settings.cap_drop, "Take a capability away"),
	O(0, "cgroup-parent", "PATH", OPTION_TEXT, settings.cgroup_parent,
	  "Have its cgroup below this one, as /ci/jobs"),
	O(0, "cgroupns", "MODE", OPTION_FUNC, settings, NULL, .parse = parse_namespace_mode),
	O(0, "cidfile", "FILE", OPTION_TEXT, cidfile, "Write the container's id there"),
	O(0, "device", "PATH[:PATH]", OPTION_LIST, settings.devices,
	  "Show a device of the host; its owner stays (see --userns=host)"),
	O(0, "dns", "IP", OPTION_LIST, settings.dns, "Name server"),
	O(0, "dns-option", "OPTION", OPTION_LIST, settings.dns_options, "Option for resolv.conf",
	  .alias = "dns-opt"),
	O(0, "dns-search", "DOMAIN", OPTION_LIST, settings.dns_search, "Search domain"),
	O(0, "entrypoint", "COMMAND", OPTION_TEXT, entrypoint, "Instead of the image's ENTRYPOINT"),
	O('e', "env", "NAME[=VALUE]", OPTION_LIST, env, "Set a variable, or pass the host's on"),
	O(0, "env-file", "FILE", OPTION_LIST, env_files, "Variables from a file"),
	O(0, "expose", "PORT", OPTION_LIST, expose, "Note a port without publishing it"),
	O(0, "group-add", "GROUP", OPTION_LIST, settings.groups, "Add a supplementary group"),
	O(0, "health-cmd", "COMMAND", OPTION_TEXT, health_cmd,
	  "Check health with this, by the container's shell"),
	O(0, "health-interval", "TIME", OPTION_DURATION, settings.health.interval_ms,
	  "Time between checks (30s)"),
	O(0, "health-retries", "N", OPTION_INT, settings.health.retries,
	  "Failures in a row until it is unhealthy (3)"),
	O(0, "health-start-period", "TIME", OPTION_DURATION, settings.health.start_ms,
	  "Time in which failures do not count (0s)"),
	O(0, "health-timeout", "TIME", OPTION_DURATION, settings.health.timeout_ms,
	  "Time for one check (30s)"),
	O('h', "hostname", "NAME", OPTION_TEXT, settings.hostname, "Host name inside"),
	O(0, "import", NULL, OPTION_BOOL, import,
	  "Load an archive into the store rather than use it where it lies"),
	O(0, "init", NULL, OPTION_BOOL, settings.init, "Run a reaper as process 1"),
	O('i', "interactive", NULL, OPTION_BOOL, settings.interactive, "Keep standard input open"),
	O(0, "ipc", "MODE", OPTION_FUNC, settings, NULL, .parse = parse_namespace_mode),
	O('l', "label", "KEY=VALUE", OPTION_LIST, settings.labels, "Attach a label"),
	O(0, "label-file", "FILE", OPTION_LIST, label_files, "Labels from a file"),
	O(0, "log-driver", "NAME", OPTION_TEXT, log_driver, "json-file or none"),
	O(0, "log-opt", "KEY=VALUE", OPTION_LIST, log_opts, "max-size=10m, max-file=3"),
	O(0, "mount", "SPEC", OPTION_LIST, mounts, "type=bind|volume|tmpfs,source=,target="),
	O(0, "name", "NAME", OPTION_TEXT, settings.name, "Name of the container"),
	O(0, "network", "MODE", OPTION_TEXT, settings.network,
	  "bridge, none, host, container:NAME or ns:PATH", .alias = "net"),
	O(0, "no-healthcheck", NULL, OPTION_BOOL, no_healthcheck,
	  "Without the image's health check"),
	O(0, "oom-score-adj", "N", OPTION_INT, settings.oom_score_adj,
	  "Rank for the OOM killer, up to 1000"),
	O(0, "pid", "MODE", OPTION_FUNC, settings, NULL, .parse = parse_namespace_mode),
	O(0, "platform", "OS/ARCH[/VARIANT]", OPTION_TEXT, platform,
	  "Take this platform's image from an archive; refuse one for another"),
	O(0, "privileged", NULL, OPTION_BOOL, settings.privileged,
	  "Give everything away (implies --userns=host)"),
	O('p', "publish", "SPEC", OPTION_LIST, settings.publish, "[[IP:]HOSTPORT:]PORT[/udp]"),
	O('P', "publish-all", NULL, OPTION_BOOL, publish_all, "Publish all exposed ports"),
	O(0, "pull", "POLICY", OPTION_TEXT, pull, "never or missing: images come from tarballs"),
	O(0, "read-only", NULL, OPTION_BOOL, settings.read_only,
	  "Root file system cannot be written"),
	O(0, "report", "FILE|fd:N|-", OPTION_TEXT, settings.report,
	  "Write there at the end what it used and why it ended, as JSON"),
	O(0, "restart", "POLICY", OPTION_TEXT, settings.restart,
	  "no, on-failure[:N], always or unless-stopped: with -d"),
	O(0, "rm", NULL, OPTION_BOOL, settings.auto_remove, "Remove the container when it ends"),
	O(0, "rootfs", NULL, OPTION_BOOL, rootfs, "The operand is a root directory, no image"),
	O(0, "sample", "TIME[:FILE|:fd:N]", OPTION_TEXT, settings.sample,
	  "Note what it uses so often, as JSON lines, for 'tare report'"),
	O(0, "security-opt", "OPTION", OPTION_LIST, settings.security,
	  "seccomp=, no-new-privileges=, systempaths=unconfined, apparmor=, label="),
	O(0, "shm-size", "SIZE", OPTION_SIZE, settings.shm_bytes, "Size of /dev/shm (64m)"),
	O(0, "slice", "NAME", OPTION_TEXT, settings.slice,
	  "Run in this slice, within its limits and its lease: tare slice create"),
	O(0, "stop-signal", "SIGNAL", OPTION_TEXT, settings.stop_signal, "Signal for 'stop'"),
	O(0, "stop-timeout", "SECONDS", OPTION_INT, settings.stop_timeout_s,
	  "How long 'stop' waits (10)"),
	O(0, "storage-opt", "KEY=VALUE", OPTION_LIST, storage_opts, "size=1g, upper=disk|memory"),
	O(0, "sysctl", "KEY=VALUE", OPTION_LIST, settings.sysctls,
	  "Set a kernel parameter of its own namespaces: net.core.somaxconn=1024"),
	O(0, "systemd", "true|false|always", OPTION_TEXT, systemd,
	  "What systemd as process 1 needs; true (default): if the command is systemd or init"),
	O(0, "timeout", "TIME", OPTION_DURATION, settings.timeout_ms,
	  "End it after this time, with code 124: 30s, 1m30s"),
	O(0, "tmpfs", "PATH[:OPTIONS]", OPTION_LIST, settings.tmpfs, "Mount a tmpfs"),
	O('t', "tty", NULL, OPTION_BOOL, settings.tty, "Give it a terminal"),
	O(0, "ulimit", "NAME=SOFT[:HARD]", OPTION_LIST, settings.ulimits, "Set a resource limit"),
	O('u', "user", "USER[:GROUP]", OPTION_TEXT, settings.user, "Run as this user"),
	O(0, "userns", "MODE", OPTION_TEXT, userns, "private (the default) or host"),
	O(0, "uts", "MODE", OPTION_FUNC, settings, NULL, .parse = parse_namespace_mode),
	O(0, "signature", "FILE", OPTION_TEXT, signature,
	  "For --verify: the signature (ARCHIVE.minisig)"),
	O(0, "verify", "KEY.pub", OPTION_TEXT, verify,
	  "Run the archive only if it is signed with this key of minisign"),
	O(0, "vcpus", "N", OPTION_INT, settings.vcpus,
	  "So many whole CPUs to itself, whichever are free (see 'tare cpus')"),
	O('v', "volume", "[SRC:]DST[:OPTIONS]", OPTION_LIST, settings.binds,
	  "Mount a directory or a volume"),
	O('w', "workdir", "DIR", OPTION_TEXT, settings.cwd, "Working directory, made if missing"),

	LIMITS_FLAGS(O),

	/* Known elsewhere. */
	{ .name = "attach",
	  .short_name = 'a',
	  .arg = "STREAM",
	  .type = OPTION_REFUSED,
	  .refused = "without -d all output is attached; add -i for the input" },
	OPTION_REFUSE("annotation", "that is for other runtimes; keep it in a label: --label"),
	OPTION_REFUSE("detach-keys", "start it with -d, and look at it with 'tare logs -f'"),
	OPTION_REFUSE("device-cgroup-rule", "name the devices with --device"),
	OPTION_REFUSE("disable-content-trust", "nothing is checked unless --verify says by whom"),
	OPTION_REFUSE("domainname", "give the whole name: --hostname NAME.DOMAIN"),
	OPTION_REFUSE("env-host", "name each variable: -e NAME"),
	OPTION_REFUSE("gidmap", "each container has a range of ids of its own; or --userns=host"),
	OPTION_REFUSE("gpus", "name the devices with --device"),
	OPTION_REFUSE("ip", "addresses are given out by tare; publish ports with -p"),
	OPTION_REFUSE("isolation", "it is for Windows"),
	OPTION_REFUSE("link", "links are gone; use --network container:NAME or --add-host"),
	OPTION_REFUSE("mac-address", "it follows from the container's address"),
	OPTION_REFUSE("network-alias",
		      "containers do not find each other by name yet; use --add-host"),
	OPTION_REFUSE("pidfile", "tare inspect -f '{{.State.Pid}}' NAME"),
	OPTION_REFUSE("pod", "share a network instead: --network container:NAME"),
	OPTION_REFUSE("preserve-fds", "a container gets standard streams only; use a volume"),
	{ .name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_REFUSED,
	  .refused = "'tare load -q' loads quietly; 'tare run' then shows no progress" },
	OPTION_REFUSE("replace", "remove the other one first: tare rm -f NAME"),
	OPTION_REFUSE("runtime", "tare is its own; other engines run tare-oci"),
	OPTION_REFUSE("secret", "mount the file that has it: -v FILE:/run/secrets/NAME:ro"),
	OPTION_REFUSE("tz", "-e TZ=ZONE, or -v /etc/localtime:/etc/localtime:ro"),
	OPTION_REFUSE("uidmap", "each container has a range of ids of its own; or --userns=host"),
	OPTION_REFUSE("umask", "it is 0022; the command may set it: sh -c 'umask 077; …'"),
	OPTION_REFUSE("unsetenv", "set it to nothing: -e NAME="),
	OPTION_REFUSE("volume-driver", "-v NAME:/x is a directory of the store, -v /PATH:/x any"),
	OPTION_REFUSE("volumes-from", "repeat the -v options of the other container"),
	{ 0 },
};
