# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# oci.sh - For tests of the OCI runtime interface: bundles, and who reads them
#
#	. "$(dirname "$0")/../lib/harness.sh"
#	. "$(dirname "$0")/../lib/oci.sh"
#
# The tests drive $RUNTIME, $TARE by the name tare-oci unless set, by runc's command line.
# They hold for runc and crun as well, which is how they are themselves tested:
#
#	RUNTIME=/usr/sbin/runc tests/integration/oci_exec.sh
#
#	oci ARG...          $RUNTIME with a private --root
#	bundle NAME [FILTER [JQ-ARG...]]
#	                    $T/NAME/config.json: the base below, changed by a jq filter,
#	                    which has the functions of $JQ_WORDS. The root is $ROOT, a
#	                    copy of the fixture that the script's bundles share.
#	new_root DIR        a root directory for one bundle
#	launch NAME [FLAG...]  oci run of that bundle, the name is also the id; as run()
#	start_up NAME [FLAG...]  create and start in the background, output discarded
#	sh_run NAME SCRIPT [FILTER [JQ-ARG...]]   bundle and launch of sh -c SCRIPT
#	status_of ID        created, running, stopped, paused, or nothing
#	has_status ID STATUS    for wait_for
#	field NAME FILTER   of oci state's answer
#	peer NAME...        whether $RUNTIME is one of these others
#	deviates NAME REASON    the next check may fail with that other runtime
#	too_old             the same for both, which are the versions of Debian 12
#	at_terminal COMMAND...  as run(), at a terminal of 44 rows and 55 columns whose
#	                    output is $stdout; input from $console_input
#	OCI_WITHOUT_PEER=1  set before: python3 may be missing, see $has_peer
#	with_console NAME COMMAND...  runs COMMAND, which is to use --console-socket
#	                    $T/console.sock; sets $console to what the terminal showed and
#	                    $slave to the name that came with it; input from $console_input

if [ -z "${RUNTIME:-}" ]; then
	# As make install has it: the name chooses the command line.
	ln -s "$(readlink -f "$TARE")" /run/tare-oci
	RUNTIME=/run/tare-oci
fi
runtime_name=${RUNTIME##*/}
STATE=/run/oci
ROOT=$T/rootfs
PEER_PY=$TARE_TEST_LIB/oci_peer.py
# shellcheck disable=SC2034
has_peer=$(type -P python3)
# Below one parent that nobody else has: it is what has to be gone in the end.
CGROUP=/tare-oci.${TARE_TEST_SCRATCH##*.}

oci() {
	"$RUNTIME" --root "$STATE" "$@"
}

new_root() {
	cp -a "$FIXTURES/root" "$1"
	mkdir -p "$1/mnt"
}

# shellcheck disable=SC2016 # jq's variables
JQ_WORDS='
def sh($script): .process.args = ["/bin/sh", "-c", $script];
def args($words): .process.args = $words;
def mnt($where; $type; $source; $options):
	.mounts += [{destination: $where, type: $type, source: $source, options: $options}];
def bind($source; $where; $options): mnt($where; "bind"; $source; ["bind"] + $options);
def ns($type): .linux.namespaces += [{type: $type}];
def ns($type; $path): .linux.namespaces |= map(select(.type != $type)) | .linux.namespaces += [{type: $type, path: $path}];
def no_ns($type): .linux.namespaces |= map(select(.type != $type));
def caps($names): .process.capabilities = {bounding: $names, effective: $names, permitted: $names};
def userns($first; $size): ns("user")
	| .linux.uidMappings = [{containerID: 0, hostID: $first, size: $size}]
	| .linux.gidMappings = [{containerID: 0, hostID: $first, size: $size}];
def hook($kind; $script): .hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script]}];
def seccomp($default): .linux.seccomp = {defaultAction: $default, architectures: ["SCMP_ARCH_X86_64"], syscalls: []};
def rule($names; $action): .linux.seccomp.syscalls += [{names: $names, action: $action}];
'

# What runc's own default is, without a terminal and the cgroup mount.
base_config() {
	cat <<-'END'
		{
		"ociVersion": "1.0.2",
		"process": {
			"terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["sh"], "cwd": "/",
			"env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
			"capabilities": {
				"bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
				"effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
				"permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
			},
			"noNewPrivileges": true
		},
		"root": {"path": "rootfs"},
		"hostname": "bundle",
		"mounts": [
			{"destination": "/proc", "type": "proc", "source": "proc"},
			{"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
				"options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
			{"destination": "/dev/pts", "type": "devpts", "source": "devpts",
				"options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
			{"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
				"options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
			{"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
				"options": ["nosuid", "noexec", "nodev"]},
			{"destination": "/sys", "type": "sysfs", "source": "sysfs",
				"options": ["nosuid", "noexec", "nodev", "ro"]}
		],
		"linux": {
			"resources": {"devices": [{"allow": false, "access": "rwm"}]},
			"namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
				{"type": "mount"}],
			"maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
			"readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
		}
		}
	END
}

bundle() {
	local name=$1 filter=${2:-.}
	shift
	[ $# = 0 ] || shift
	mkdir -p "$T/$name"
	# shellcheck disable=SC2016
	jq --arg root "$ROOT" --arg cgroup "$CGROUP/$name" "$@" \
		"$JQ_WORDS"' .root.path = $root | .linux.cgroupsPath = $cgroup | '"$filter" \
		"$T/base.json" >"$T/$name/config.json" || fail "bundle $name has a config.json"
}

launch() {
	local name=$1
	shift
	run oci run --bundle "$T/$name" "$@" "$name"
	# It leaves what failed.
	[ "${status:-0}" = 0 ] || ! peer crun || oci delete --force "$name" 2>/dev/null
}

start_up() {
	local name=$1
	shift
	if ! oci create --bundle "$T/$name" "$@" "$name" >"$T/$name.out" 2>&1 </dev/null ||
		! oci start "$name" >>"$T/$name.out" 2>&1; then
		diag "$(cat "$T/$name.out")"
		return 1
	fi
}

sh_run() {
	local name=$1 script=$2 filter=${3:-.}
	shift 2
	[ $# = 0 ] || shift
	# shellcheck disable=SC2016
	bundle "$name" 'sh($script) | '"$filter" --arg script "$script" "$@"
	launch "$name"
}

field() {
	oci state "$1" 2>/dev/null | jq -r "$2"
}

status_of() {
	field "$1" .status
}

has_status() {
	[ "$(status_of "$1")" = "$2" ]
}

peer() {
	local name
	for name; do
		[ "$runtime_name" = "$name" ] && return
	done
	return 1
}

# One runtime may differ from the rest, which then is right: an old one, mostly.
deviation=''
deviates() {
	! peer "$1" || deviation="$1: $2"
}

# What Debian 12's know nothing of, and the specification does.
too_old() {
	deviates runc 'too old'
	deviates crun 'too old'
}

eval "$(declare -f fail | sed '1s/fail/fail_for_good/')"

fail() {
	local why=$deviation
	deviation=''
	if [ -n "$why" ]; then
		result ok "$1" "$why"
	else
		fail_for_good "$@"
	fi
}

pass() {
	deviation=''
	result ok "$1"
}

# shellcheck disable=SC2034 # $console and $slave are for the script
with_console() {
	local job name=$1
	shift
	rm -f "$T/console.sock"
	python3 "$PEER_PY" console "$T/console.sock" "$T/$name.console" "${console_input:-}" &
	job=$!
	wait_for 10 test -S "$T/console.sock"
	run "$@"
	[ "$status" = 0 ] || kill $job
	wait $job
	console=$(tr -d '\r\0' <"$T/$name.console")
	slave=$(cat "$T/$name.console.name" 2>/dev/null)
}

at_terminal() {
	local words
	words=$(printf '%q ' "$@")
	# oci is a function, which the shell of script knows nothing of.
	words=${words/#oci /"$RUNTIME --root $STATE "}
	run script -qec "stty rows 44 cols 55 -echo; $words" /dev/null < <(printf '%b' "${console_input:-}"; sleep 1)
	stdout=${stdout//$'\r'/}
}

remove_all_containers() {
	local id dir
	for id in $(oci list -q); do
		oci delete --force -- "$id"
	done
	for dir in /sys/fs/cgroup{,/*}$CGROUP; do
		[ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} \;
	done
}

# runc and crun are not made for a hybrid tree: leave the cgroup2 part out.
hide_unified() {
	local entry
	mountpoint -q /sys/fs/cgroup/unified || return 0
	mkdir /run/cgroup-view
	mount -t tmpfs tmpfs /run/cgroup-view
	for entry in /sys/fs/cgroup/*; do
		case $entry in */unified) continue ;; esac
		if [ -L "$entry" ]; then
			cp -P "$entry" /run/cgroup-view
		else
			mkdir "/run/cgroup-view/${entry##*/}"
			mount --bind "$entry" "/run/cgroup-view/${entry##*/}"
		fi
	done
	mount --rbind /run/cgroup-view /sys/fs/cgroup
	on_exit umount -l /run/cgroup-view
	on_exit umount -l /sys/fs/cgroup
}

# Not by a pipe, as the harness has it: what is created would keep it open.
ok() {
	local desc=$1 code=0
	shift
	"$@" >"$T/.output" 2>&1 || code=$?
	if [ $code = 0 ]; then
		pass "$desc"
	else
		fail "$desc" "$* ended with $code"$'\n'"$(tr -d '\0' <"$T/.output")"
	fi
}

fails() {
	local desc=$1 wanted=$2 code=0
	shift 2
	"$@" >"$T/.output" 2>&1 || code=$?
	if [ $code = "$wanted" ]; then
		pass "$desc"
	else
		fail "$desc" "$* ended with $code, not $wanted"$'\n'"$(tr -d '\0' <"$T/.output")"
	fi
}

need jq
[ -n "${OCI_WITHOUT_PEER:-}" ] || need python3
! peer runc crun || hide_unified
mkdir -p "$STATE"
# Runtimes give stdin to the container's user; here that is no harm to others.
mknod -m 0666 /run/null c 1 3
mount --bind /run/null /dev/null
on_exit umount -l /dev/null
exec </dev/null
base_config >"$T/base.json"
new_root "$ROOT"
on_exit remove_all_containers
