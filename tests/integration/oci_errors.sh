#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_errors.sh - OCI runtime: configs that are wrong, hostile, or merely unknown
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

# judged: create of $T/x; a refusal is an exit code, a message, and nothing left
judged() {
	run timeout 20 "$RUNTIME" --root "$STATE" create --bundle "$T/x" x
	[ "$status" = 0 ] || ! peer crun || oci delete --force x 2>/dev/null
}

no_trace() {
	[ -z "$(oci list -q)$(find /sys/fs/cgroup -path "*$CGROUP/x" 2>/dev/null)" ]
}

# refused WHAT [REGEX]
refused() {
	judged
	if [ "$status" = 0 ]; then
		oci delete --force x
		fail "$1 is refused" 'it was created'
	elif [ "$status" -ge 124 ] && [ "$status" != 255 ]; then
		fail "$1 is refused" "status $status: $stderr"
	elif [ -z "$stderr" ]; then
		fail "$1 is refused" 'nothing was said'
	elif ! no_trace; then
		fail "$1 is refused" 'something is left'
	elif [ $# -gt 1 ] && ! [[ $stderr =~ $2 ]]; then
		fail "$1 is refused, and named" "got:      '$stderr'"$'\n'"no match: /$2/"
	else
		pass "$1 is refused"
	fi
}

accepted() {
	judged
	if [ "$status" = 0 ]; then
		pass "$1 is accepted"
		oci delete --force x
	else
		fail "$1 is accepted" "$stderr"
	fi
}

change() {
	bundle x 'args(["true"]) | '"$1"
}

change .
accepted 'the config that all others differ from'

# --- no JSON, or no config ----------------------------------------------------------

for text in '' ' ' '{' '}' '[' '[]' 'null' '1' '"text"' '{"ociVersion": "1.0.2"' '{"ociVersion": "1.0.2",}' "{'a': 1}" 'nonsense' \
	'{"ociVersion": "1.0.2"}'; do
	printf '%s' "$text" >"$T/x/config.json"
	refused "config.json of just '$text'"
done
change .
head -c 500 "$T/x/config.json" >"$T/cut" && mv "$T/cut" "$T/x/config.json"
refused 'a config.json that is cut off'
printf '\0\0\0\0' >"$T/x/config.json"
refused 'zeros'
head -c 100000 /dev/urandom >"$T/x/config.json"
refused 'noise'
head -c 100000 /dev/zero | tr '\0' '[' >"$T/x/config.json"
refused 'deep nesting'
{
	printf '{"ociVersion":"1.0.2","x":'
	head -c 50000 /dev/zero | sed 's/\x0/{"a":/g'
} >"$T/x/config.json"
refused 'deep nesting of objects'
rm "$T/x/config.json"
mkdir "$T/x/config.json"
refused 'a directory'
rmdir "$T/x/config.json"
refused 'no file' 'config.json'
ln -s /nonexistent "$T/x/config.json"
refused 'a link to nowhere'
rm "$T/x/config.json"
change .
jq -c . "$T/x/config.json" >"$T/real.json"
ln -sf "$T/real.json" "$T/x/config.json"
accepted 'a link to a config'
rm "$T/x/config.json"
printf '\xef\xbb\xbf' | cat - "$T/real.json" >"$T/x/config.json"
refused 'a byte order mark'

# --- versions -----------------------------------------------------------------------

for version in 1.0.0 1.0.1 1.0.2 1.0.2-dev 1.1.0 1.2.0 1.2.1 1.3.0; do
	change '.ociVersion = "'$version'"'
	deviates crun 'too old'
	accepted "ociVersion $version"
done
for version in 2.0.0 nonsense ''; do
	change '.ociVersion = "'$version'"'
	deviates runc 'does not look'
	deviates crun 'does not look'
	refused "ociVersion '$version'" 'ociVersion|version'
done
change 'del(.ociVersion)'
deviates runc 'does not look'
refused 'no ociVersion'

# --- what must be there ---------------------------------------------------------------------

change 'del(.root)'
refused 'no root'
change 'del(.root.path)'
refused 'no root.path'
change 'del(.process)'
refused 'no process'
change 'del(.process.args)'
deviates crun 'finds out at start'
refused 'no process.args'
change '.process.args = []'
refused 'an empty process.args'
change 'del(.process.cwd)'
deviates crun 'takes the root directory'
refused 'no process.cwd' '[cC]wd'
change '.process.cwd = ""'
deviates crun 'takes the root directory'
refused 'an empty process.cwd' '[cC]wd'
change '.mounts += [{type: "tmpfs", source: "tmpfs"}]'
deviates runc 'does not look'
refused 'a mount without destination'
for path in hostname mounts annotations hooks process.env process.capabilities process.user process.noNewPrivileges \
	linux.maskedPaths linux.readonlyPaths linux.resources linux.cgroupsPath; do
	change "args([\"/bin/true\"]) | del(.$path)"
	case $path in
	mounts) deviates runc 'needs /proc' && deviates crun 'needs it' ;;
	process.user) deviates crun 'needs it' ;;
	esac
	accepted "a config without $path"
done

# --- types -----------------------------------------------------------------------------------

for try in 'ociVersion=1' 'process=[]' 'process=1' 'process.args="sh"' 'process.args=[1]' 'process.args={}' 'process.cwd=1' \
	'process.env="A=1"' 'process.env=[1]' 'process.terminal="yes"' 'process.user="root"' 'process.user.uid="0"' \
	'process.user.uid=-1' 'process.user.uid=4294967296' 'process.user.uid=1.5' 'process.user.additionalGids=5' \
	'process.user.additionalGids=["5"]' 'process.capabilities=[]' 'process.capabilities.bounding="CAP_KILL"' \
	'process.rlimits={}' 'process.rlimits=[{"type": "RLIMIT_CORE", "soft": "1", "hard": 1}]' \
	'process.rlimits=[{"type": "RLIMIT_CORE", "soft": -1, "hard": 1}]' 'process.noNewPrivileges=1' 'process.oomScoreAdj="1"' \
	'root="rootfs"' 'root.path=1' 'root.readonly="true"' 'hostname=1' 'mounts={}' 'mounts=["/proc"]' \
	'mounts=[{"destination": 1}]' 'mounts=[{"destination": "/x", "type": "tmpfs", "options": "ro"}]' 'hooks=[]' \
	'hooks.prestart={}' 'hooks.prestart=[{"path": 1}]' 'hooks.prestart=[{"path": "/bin/true", "timeout": "1"}]' 'annotations=[]' \
	'annotations={"a": 1}' 'linux=[]' 'linux.namespaces={}' 'linux.namespaces=[1]' 'linux.namespaces=[{"type": 1}]' \
	'linux.uidMappings=[{"containerID": "0"}]' 'linux.devices={}' 'linux.maskedPaths="/x"' 'linux.maskedPaths=[1]' \
	'linux.sysctl=[]' 'linux.sysctl={"net.ipv4.ip_forward": 1}' 'linux.cgroupsPath=1' 'linux.resources=[]' \
	'linux.resources.devices={}' 'linux.resources.devices=[{"allow": "no"}]' 'linux.resources.memory=1' \
	'linux.resources.memory.limit="1g"' 'linux.resources.pids.limit="1"' 'linux.seccomp=[]' 'linux.seccomp.syscalls={}' \
	'linux.rootfsPropagation=1'; do
	# Creates it without a mount namespace, and leaves mounts.
	[[ $try != linux@(=|.namespaces|.rootfs)* ]] || ! peer crun || continue
	change ".${try%%=*} = ${try#*=}"
	case ${try%%=*} in
	# Whatever follows from there is another type's: only that matters here.
	process.user.uid) deviates crun 'has its own way with numbers' ;;
	*) deviates crun 'takes some wrong types for nothing' ;;
	esac
	refused "$try"
done

# --- values ----------------------------------------------------------------------------------------

if ! peer crun; then
	change '.linux.rootfsPropagation = "nonsense"'
	refused 'an unknown rootfsPropagation'
fi
change '.process.env += ["nonsense"]'
judged
[ "$status" != 0 ] || oci delete --force x
ok 'a variable without = is refused or taken, no more' test "$status" -lt 2
change '.process.args = ["a\u0000b"]'
deviates crun 'C strings'
refused 'a zero byte in an argument'
change '.root.path = "a\u0000b"'
refused 'a zero byte in a path'
change '.process.args = ["true"] + [range(5000) | "argument \(.)"]'
accepted 'five thousand arguments'
change '.process.env += [range(5000) | "V\(.)=value"]'
accepted 'five thousand variables'
change '.annotations = ([range(5000) | {key: "org.example.\(.)", value: "v"}] | from_entries)'
accepted 'five thousand annotations'
change '.process.args = ["true", "x" * 100000]'
accepted 'an argument of 100,000 bytes'
change '.process.args = ["true", "x" * 200000]'
judged
[ "$status" != 0 ] || oci delete --force x
ok 'one that execve(2) cannot take is no crash' test "$status" -lt 124
change '.mounts += [range(200) | {destination: "/dev/shm/\(.)", type: "tmpfs", source: "tmpfs"}]'
accepted 'two hundred mounts'
change '.mounts += [{destination: ("/" + "x" * 5000), type: "tmpfs", source: "tmpfs"}]'
refused 'a destination that is too long'
change '.process.cwd = ("/x" * 3000)'
refused 'a cwd that is too long'
change ".linux.cgroupsPath = \"/../../../../../..$T/escape\""
judged
oci delete --force x >/dev/null 2>&1
# No runtime removes the cgroups above the container's.
for dir in /sys/fs/cgroup{,/*}; do
	[ ! -d "$dir$T" ] || (cd "$dir" && rmdir -p --ignore-fail-on-non-empty ".$T")
done
deviates crun 'does'
ok 'a cgroupsPath with dots does not lead out' test ! -e "$T/escape"

# --- what is unknown is ignored ---------------------------------------------------------------------

change '.unknown = {a: [1, 2, {}]} | .process.unknown = 1 | .root.unknown = null | .linux.unknown = "x"
	| .linux.resources.unknown = {} | .mounts[0].unknown = true | .linux.namespaces[0].unknown = 1
	| .windows = {layerFolders: []} | .solaris = {} | .vm = {} | .zos = {}'
deviates crun 'too old'
accepted 'what nobody knows'
change '.process.user.username = "x" | .process.commandLine = "x"'
accepted 'what is for other systems'
change '.annotations = {"": "", "a": "", "org.example/\"quoted\"": "\n\t\u0001ä"}'
accepted 'odd annotations'
change '.process.user.umask = null | .hooks = null | .annotations = null | .mounts[0].options = null | .linux.devices = null
	| .linux.seccomp = null | .process.rlimits = null'
deviates crun 'takes no null'
accepted 'null in place of what may be missing'
change 'args(["/bin/true"]) | .process.env = []'
accepted 'an empty environment when args[0] is found without'
ok 'after all this nothing is left' no_trace

done_testing
