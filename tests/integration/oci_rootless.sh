#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_rootless.sh - OCI runtime: called by a user, and by root of a user namespace as podman does it
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"
OCI_WITHOUT_PEER=1
. "$(dirname "$0")/../lib/oci.sh"

USER_ID=1234
OWN=/run/user/$USER_ID

# Where a user may get at it.
if [ "$RUNTIME" = /run/tare-oci ]; then
	install -D -m 0755 "$(readlink -f "$TARE")" /run/bin/tare-oci
	RUNTIME=/run/bin/tare-oci
fi
peer crun && skip_all 'crun has no use for a hybrid cgroup tree, as a user'
new_root "$ROOT"
base_config >"$T/base.json"
chmod 0755 "$T" "${T%/*}"
chown -R $USER_ID:$USER_ID "$ROOT"
mkdir -p "$OWN"
chown $USER_ID:$USER_ID "$OWN"
chmod 0700 "$OWN"

# as_user CMD...: an ordinary user, with as little environment as engines give
as_user() {
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -i PATH="$PATH" XDG_RUNTIME_DIR="$OWN" "$@"
}

# as_pod CMD...: root of a user namespace with a range of ids, and of a mount namespace
as_pod() {
	nsenter -t "$pod" -U -m -S 0 -G 0 env -i PATH="$PATH" XDG_RUNTIME_DIR="$OWN" "$@"
}

oci() {
	"$as" "$RUNTIME" "$@"
}

# own NAME FILTER: what a user may ask for: their own id, no cgroup
own() {
	local name=$1 filter=${2:-.}
	shift
	[ $# = 0 ] || shift
	# shellcheck disable=SC2016
	bundle "$name" 'userns($user | tonumber; 1) | del(.linux.cgroupsPath) | '"$filter" --arg user $USER_ID "$@"
}

# own_exe RUNTIME: what it runs from, while a container of its waits
own_exe() {
	own exe 'args(["true"])'
	as_user "$1" create --bundle "$T/exe" exe </dev/null >/dev/null
	readlink "/proc/$(field exe .pid)/exe"
	oci delete --force exe
}

in_namespace() {
	[ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ] && [ "$(cat "/proc/$1/comm")" = sleep ]
}

# own_run NAME SCRIPT [FILTER]
own_run() {
	# shellcheck disable=SC2016
	own "$1" 'sh($script) | '"${3:-.}" --arg script "$2"
	launch "$1"
}

# --- a user ------------------------------------------------------------------

as=as_user
own_run plain 'id -u; cat /proc/self/uid_map; hostname; echo $$; touch /made; exit 3'
is 'run passes the exit code on' "$status" 3
is 'the user is root inside, of a host of its own' "$(xargs <<<"$stdout")" "0 0 $USER_ID 1 bundle 1"
is 'what it makes belongs to the user' "$(stat -c %u:%g "$ROOT/made")" "$USER_ID:$USER_ID"
own_run groups 'cat /proc/self/setgroups'
is 'the groups that it has not stay out of reach' "$stdout" deny
own_run tree 'ip -o link | wc -l; echo x >/dev/null && echo null; head -c 4 /dev/zero | wc -c; cat /proc/kcore | wc -c
	touch /proc/sys/kernel/hostname 2>&1; mount | grep -c " on /dev/shm "' '.root.readonly = true'
is 'network, devices, masked and read-only paths are as for root' "$(xargs <<<"$stdout")" \
	'1 null 4 0 touch: /proc/sys/kernel/hostname: Read-only file system 1'
own_run bound 'cat /mnt/file; ls /sys | grep -c kernel' '.linux.namespaces |= map(select(.type != "network"))
	| .mounts |= map(select(.destination != "/sys")) | mnt("/sys"; "none"; "/sys"; ["rbind", "ro"])
	| bind("'"$T"'/data"; "/mnt"; ["ro"])'
isnt 'a source that is not there fails' "$status" 0
mkdir "$T/data"
echo mine >"$T/data/file"
launch bound
is 'directories of the host are bound' "$(xargs <<<"$stdout")" 'mine 1'
own_run cgroup 'ls /sys/fs/cgroup | grep -c .; mkdir /sys/fs/cgroup/new 2>&1' 'mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
deviates runc 'the tmpfs for the trees of version 1'
like 'cgroups are shown, read-only' "$(tr '\n' ' ' <<<"$stdout")" '^[1-9][0-9]* mkdir: .*Read-only file system'
own_run hooked 'true' 'hook("prestart"; "id -u >'"$OWN"'/hook")'
is 'hooks run as the user' "$(cat "$OWN/hook")" $USER_ID
rm -f "$OWN/hook"
is 'nothing is left of these' "$(oci list -q)" ''

own box 'sh("trap \"exit 5\" TERM; while :; do sleep 0.1; done")'
oci create --bundle "$T/box" --pid-file "$OWN/pid" box </dev/null >/dev/null 2>&1
is 'create' $? 0
is 'makes a container that waits' "$(status_of box)" created
is 'of the user' "$(stat -c %u "/proc/$(cat "$OWN/pid")") $(oci list --format json | jq -r '.[].pid')" "$USER_ID $(cat "$OWN/pid")"
is 'who is its owner' "$(oci state box | jq -r .owner)" "#$USER_ID"
rm -f "$OWN/pid"
ok 'start' oci start box
is 'lets it run' "$(status_of box)" running
fails 'a second start is refused' 1 oci start box
is 'exec is root in there, too' "$(oci exec box sh -c 'id -u; readlink /proc/self/ns/user')" \
	"0"$'\n'"$(readlink "/proc/$(field box .pid)/ns/user")"
fails 'exec passes the exit code on' 9 oci exec box sh -c 'exit 9'
run oci exec box nonsense
is 'exec of what is not there ends with 255' "$status" 255
run oci exec --user 7 box true
isnt 'nobody becomes a user that is not mapped' "$status" 0
ok 'exec --detach returns' oci exec -d --pid-file "$OWN/exec" box sleep 50 </dev/null
ok 'and its pid file names the process' wait_for 5 grep -q sleep "/proc/$(cat "$OWN/exec")/cmdline"
rm -f "$OWN/exec"
if peer tare-oci; then
	# Until it is the program, what joins has the memory of who called: that is not to be read from inside.
	oci exec --pid-file "$OWN/exec" box sleep 50 </dev/null &
	wait_for 5 test -s "$OWN/exec"
	cli=$(awk '/^PPid/ { print $2 }' "/proc/$(cat "$OWN/exec")/status")
	is 'who enters a container cannot be traced from inside' "$(stat -c %u "/proc/$cli/environ")" 0
	kill -9 "$(cat "$OWN/exec")"
	wait $!
	rm -f "$OWN/exec"
fi
run oci ps box
deviates runc 'needs a cgroup'
like 'ps shows its processes' "$stdout" "$(field box .pid)"
run oci pause box
is 'pause is an error: it has no cgroup' "$status" 1
like 'that says so' "$stderr" 'cgroup'
run oci update --memory 64M box
is 'update, too' "$status" 1
run oci delete box
is 'delete of a running one is refused' "$status" 1
ok 'kill' oci kill box TERM
ok 'ends it' wait_for 10 has_status box stopped
ok 'delete' oci delete box
is 'leaves nothing' "$(oci list -q)" ''
own idle 'args(["sleep", "1000"])'
ok 'another one' start_up idle
pid=$(field idle .pid)
ok 'delete --force' oci delete --force idle
ok 'ends it' wait_for 5 test ! -d "/proc/$pid"

own greedy 'args(["true"]) | .linux.resources.memory.limit = 67108864'
launch greedy
isnt 'a limit that cannot be had is an error' "$status" 0
like 'about cgroups' "$stderr" 'cgroup'
own placed 'args(["true"]) | .linux.cgroupsPath = "/placed"'
launch placed
isnt 'and so is a cgroup' "$status" 0
own mapped 'args(["true"]) | .mounts += [{destination: "/mnt", type: "bind", source: "/tmp", options: ["bind"],
	uidMappings: [{containerID: 0, hostID: 0, size: 1}], gidMappings: [{containerID: 0, hostID: 0, size: 1}]}]'
launch mapped
too_old
isnt 'and an id-mapped mount' "$status" 0
is 'nothing is left of what failed' "$(oci list -q)" ''

# More ids than their own: by newuidmap and newgidmap, set-user-ID root, as /etc/subuid allows.
maps='.linux.uidMappings += [{containerID: 1, hostID: 300000, size: 1000}, {containerID: 2000, hostID: 310000, size: 10}]
	| .linux.gidMappings += [{containerID: 1, hostID: 400000, size: 1000}]'
if command -v newuidmap >/dev/null; then
	for file in passwd group subuid subgid; do
		cp /etc/$file "$T/$file" 2>/dev/null || touch /etc/$file "$T/$file"
	done
	echo "someone:x:$USER_ID:$USER_ID::/:/bin/sh" >>"$T/passwd"
	echo "someone:x:$USER_ID:" >>"$T/group"
	printf 'someone:300000:1000\nsomeone:310000:10\n' >>"$T/subuid"
	echo someone:400000:1000 >>"$T/subgid"
	for file in passwd group subuid subgid; do
		mount --bind "$T/$file" /etc/$file
		on_exit umount /etc/$file
	done
	own_run several 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; touch /given; chown 5:6 /given' \
		"$maps"' | caps(["CAP_CHOWN"])'
	is 'several ranges of ids are mapped by newuidmap' "$(xargs <<<"$stdout")" \
		"0 $USER_ID 1 1 300000 1000 2000 310000 10 0 $USER_ID 1 1 400000 1000 allow"
	is 'they are whose on disk' "$(stat -c %u:%g "$ROOT/given")" 300004:400005
	own_run foreign 'true' "$maps"' | .linux.uidMappings[1].hostID = 500000'
	isnt 'ids that /etc/subuid does not grant are refused' "$status" 0
	like 'with its words' "$stderr" newuidmap
	own several "$maps"' | args(["true"])'
	run as_user env PATH=/nowhere "$RUNTIME" run --bundle several several
	isnt 'without newuidmap there is no way' "$status" 0
	deviates runc 'says less'
	like 'and the error names it' "$stderr" newuidmap
else
	skip 'several ranges of ids' 'no newuidmap'
fi
own_run nomaps 'cat /proc/self/uid_map /proc/self/gid_map' 'del(.linux.uidMappings, .linux.gidMappings)'
deviates runc 'needs mappings'
is 'without mappings root is who calls' "$(xargs <<<"$stdout")" "0 $USER_ID 1 0 $USER_ID 1"

# Who could write our program runs a copy of it, which nobody can.
if peer tare-oci; then
	is "a program of root's is run as it is" "$(own_exe "$RUNTIME")" "$RUNTIME"
	install -D -m 0755 -o $USER_ID "$RUNTIME" "$OWN/mine/tare-oci"
	like "one of the user's, from memory" "$(own_exe "$OWN/mine/tare-oci")" '^/memfd:tare'
	for mode in 0775 0757; do
		install -m $mode -o 0 -g 0 "$RUNTIME" "$OWN/mine/tare-oci"
		like "and one of root's with mode $mode" "$(own_exe "$OWN/mine/tare-oci")" '^/memfd:tare'
	done
	rm -rf "$OWN/mine"
fi

# --- root of a user namespace -------------------------------------------------

as=as_pod
setpriv --reuid $USER_ID --regid $USER_ID --clear-groups unshare -U -m --propagation slave sleep 1000 &
pod=$!
on_exit kill $pod
wait_for 5 in_namespace $pod
for kind in uid gid; do
	printf '0 %d 1\n1 200000 65536\n' $USER_ID | dd of=/proc/$pod/${kind}_map bs=4096 2>/dev/null
done

pod_run() {
	# shellcheck disable=SC2016
	bundle "$1" 'sh($script) | del(.linux.cgroupsPath) | '"${3:-.}" --arg script "$2"
	launch "$1"
}

pod_run shared 'id -u; cat /proc/self/uid_map; chown 5:5 /made; stat -c %u /made; exit 4' 'caps(["CAP_CHOWN"])'
is 'a container without a user namespace of its own' "$status" 4
is 'has that of who calls' "$(xargs <<<"$stdout")" "0 0 $USER_ID 1 1 200000 65536 5"
is 'with the ids that it maps' "$(stat -c %u "$ROOT/made")" 200004
pod_run nested 'id -u; cat /proc/self/uid_map' 'userns(1; 1000)'
is 'one with its own has a part of them' "$(xargs <<<"$stdout")" '0 0 1 1000'
own box 'args(["sleep", "1000"]) | no_ns("user") | del(.linux.uidMappings, .linux.gidMappings)'
ok 'create and start' start_up box
is 'exec' "$(oci exec box id -u)" 0
# As in podman's pods. The host's, where we are, is not of this user namespace: nobody returns to it.
for ns in uts ipc network; do
	file=${ns/network/net}
	sh_run friend "readlink /proc/self/ns/$file" 'no_ns("user") | del(.linux.uidMappings, .linux.gidMappings, .linux.cgroupsPath, .hostname)
		| ns($ns; "/proc/" + $pid + "/ns/" + $file)' --arg ns $ns --arg file "$file" --arg pid "$(field box .pid)"
	is "its $ns namespace is shared" "$stdout" "$(readlink "/proc/$(field box .pid)/ns/$file")"
done
sh_run friend 'hostname; cut -d. -f1 /proc/uptime' 'no_ns("user") | del(.linux.uidMappings, .linux.gidMappings, .linux.cgroupsPath, .hostname)
	| ns("uts"; "/proc/" + $pid + "/ns/uts") | ns("pid"; "/proc/" + $pid + "/ns/pid") | ns("time")
	| .linux.timeOffsets = {boottime: {secs: 50000000}}' --arg pid "$(field box .pid)"
too_old
like 'with its processes and a clock of its own' "$(xargs <<<"$stdout")" '^bundle [5-9][0-9]{7}$'
ok 'kill' oci kill box KILL
ok 'ends it' wait_for 10 has_status box stopped
ok 'delete' oci delete box
is 'nothing is left' "$(oci list -q)$(find "$OWN" -mindepth 2 -maxdepth 2)" ''
rm -rf "$OWN"
done_testing
