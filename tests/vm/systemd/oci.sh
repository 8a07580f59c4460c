#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci.sh - tare-oci --systemd-cgroup: containers in scopes of systemd, root's and a user's
# shellcheck disable=SC2317 # functions that wait_for calls
export TARE_TEST_PIDS=shared # systemd is told of processes by their ids
. "$(dirname "$0")/../../lib/harness.sh"
OCI_WITHOUT_PEER=1
. "$(dirname "$0")/../../lib/oci.sh"

MIB=$((1 << 20))
USER_ID=1000

for dir in systemd dbus user; do
	mkdir -p "/run/$dir"
	mount --bind "/outer-run/$dir" "/run/$dir"
	on_exit umount "/run/$dir"
done
new_root "$ROOT"
base_config >"$T/base.json"
on_exit remove_all_containers

oci() {
	"$RUNTIME" --root "$STATE" --systemd-cgroup "$@"
}

# Engines name the manager for create only.
plain() {
	"$RUNTIME" --root "$STATE" "$@"
}

# unit NAME PATH [FILTER]: a bundle with that cgroupsPath
unit() {
	# shellcheck disable=SC2016
	bundle "$1" '.linux.cgroupsPath = $path | args(["sleep", "1000"]) | '"${3:-.}" --arg path "$2"
}

# property UNIT NAME
property() {
	systemctl show -P "$2" -- "$1"
}

# properties UNIT NAME...: their values on one line
properties() {
	local unit=$1 names
	shift
	names=$*
	systemctl show -p "${names// /,}" -- "$unit" |
		awk -F= -v names="$names" '{ value[$1] = substr($0, length($1) + 2) }
			END { n = split(names, name, " "); for (i = 1; i <= n; i++) printf("%s%s", (i > 1) ? " " : "", value[name[i]]) }'
}

is_gone() {
	[ "$(property "$1" LoadState)" = not-found ]
}

cgroup_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

units_before=$(systemctl list-units --all --plain --no-legend | awk '{ print $1 }' | sort)

# --- a scope's life ----------------------------------------------------------------

unit box system.slice:tare:box ".linux.resources.memory = {limit: $((64 * MIB)), reservation: $((16 * MIB))}
	| .linux.resources.cpu = {quota: 50000, period: 100000, shares: 2048} | .linux.resources.pids.limit = 50"
oci create --bundle "$T/box" --pid-file "$T/pid" box </dev/null >"$T/out" 2>&1
is 'create' "$? $(cat "$T/out")" '0 '
scope=tare-box.scope
is 'there is a scope in the slice' "$(properties $scope ActiveState Slice ControlGroup)" \
	"active system.slice /system.slice/$scope"
is 'in which the process waits' "$(cgroup_of "$(cat "$T/pid")") $(status_of box)" "/system.slice/$scope created"
group=/sys/fs/cgroup/system.slice/$scope
is 'that is delegated, with limits' "$(properties $scope Delegate MemoryMax MemoryLow TasksMax CPUQuotaPerSecUSec CPUWeight)" \
	"yes $((64 * MIB)) $((16 * MIB)) 50 500ms $(cat $group/cpu.weight)"
is 'they are in force' "$(cat $group/memory.max $group/memory.low $group/pids.max $group/cpu.max | xargs)" \
	"$((64 * MIB)) $((16 * MIB)) 50 50000 100000"
ok 'start' plain start box
is 'lets it run' "$(status_of box)" running
is 'exec is in the scope' "$(plain exec box sh -c 'cat /proc/self/cgroup')" "0::/system.slice/$scope"
ok 'update' plain update --memory $((128 * MIB)) --pids-limit 60 box
is 'changes the files' "$(cat $group/memory.max $group/pids.max | xargs)" "$((128 * MIB)) 60"
is 'and what systemd knows' "$(properties $scope MemoryMax TasksMax)" "$((128 * MIB)) 60"
ok 'systemd reads its units again' systemctl daemon-reload
is 'all that stays' "$(cat $group/memory.max $group/pids.max $group/cpu.max | xargs)" "$((128 * MIB)) 60 50000 100000"
ok 'pause' plain pause box
is 'freezes it' "$(grep frozen $group/cgroup.events) $(status_of box)" 'frozen 1 paused'
ok 'resume' plain resume box
is 'lets it go on' "$(plain exec box echo on)" on
like 'events knows its memory' "$(plain events --stats box | jq .data.memory.usage.usage)" '^[1-9]'
is 'ps knows its processes' "$(plain ps --format json box | jq -c .)" "[$(cat "$T/pid")]"
ok 'kill' plain kill box KILL
ok 'ends it' wait_for 20 has_status box stopped
ok 'and the scope with it' wait_for 20 is_gone $scope
ok 'delete' plain delete box
fails 'leaves no cgroup' 1 test -e $group

# shellcheck disable=SC2016
unit once system.slice:tare:once 'sh("exit 7")'
fails 'run passes the exit code on' 7 oci run --bundle "$T/once" once
ok 'and leaves no scope' is_gone tare-once.scope
unit hog system.slice:tare:hog "sh(\"dd if=/dev/zero of=/dev/null bs=200M count=1\")
	| .linux.resources.memory = {limit: $((32 * MIB)), swap: $((32 * MIB))}"
fails 'one that is killed for memory' 137 oci run --bundle "$T/hog" hog
ok 'leaves no failed unit either' wait_for 20 is_gone tare-hog.scope

# --- names -------------------------------------------------------------------------

# placed NAME PATH UNIT CGROUP: where a cgroupsPath leads
placed() {
	unit "$1" "$2"
	start_up "$1"
	is "cgroupsPath '$2' is $3" "$(property "$3" ActiveState) $(cgroup_of "$(field "$1" .pid)")" "active $4"
	plain delete --force "$1"
	fails 'and is gone with its cgroup' 1 test -e "/sys/fs/cgroup$4"
}

placed name machine.slice:libpod:name libpod-name.scope /machine.slice/libpod-name.scope
placed deep a-b-c.slice:crio:deep crio-deep.scope /a.slice/a-b.slice/a-b-c.slice/crio-deep.scope
placed own :tare:own.slice own.slice /own.slice
placed none '' tare-none.scope /system.slice/tare-none.scope
for path in /a/b 'no-slice:tare:x'; do
	unit bad "$path"
	run oci create --bundle "$T/bad" bad
	is "'$path' is refused" "$status" 1
	like 'by its field' "$stderr" 'cgroupsPath'
done
is 'and leaves nothing' "$(oci list -q)" ''

# --- properties --------------------------------------------------------------------

unit props system.slice:tare:props '.annotations = {
	"org.systemd.property.TimeoutStopSec": "int32 150",
	"org.systemd.property.Description": "\u0027a container of ours\u0027",
	"org.systemd.property.Before": "[\u0027shutdown.target\u0027]",
	"org.systemd.property.IPAccounting": "true",
	"org.example.other": "not for systemd"}'
ok 'annotations set properties' start_up props
is 'of all types' "$(properties tare-props.scope TimeoutStopUSec Description IPAccounting)" \
	'2min 30s a container of ours yes'
like 'also lists' "$(property tare-props.scope Before)" shutdown.target
plain delete --force props
unit wrong :tare:wrong '.annotations = {"org.systemd.property.NoSuch": "true"}'
run oci create --bundle "$T/wrong" wrong
is 'one that systemd does not know is refused' "$status" 1
like 'by its name' "$stderr" NoSuch
unit taken system.slice:tare:taken
ok 'a container' start_up taken
unit second system.slice:tare:taken
run oci create --bundle "$T/second" second
is 'a unit that there is already is refused' "$status" 1
like 'by its name' "$stderr" tare-taken.scope
is 'the first goes on' "$(status_of taken)" running
plain delete --force taken
unit lost system.slice:tare:lost
run env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere unshare -m sh -c 'umount /run/systemd; exec "$@"' sh \
	"$RUNTIME" --root "$STATE" --systemd-cgroup create --bundle "$T/lost" lost
is 'without systemd it is an error' "$status" 1
like 'that says so' "$stderr" 'reach systemd'
is 'and leaves nothing' "$(oci list -q)" ''

# --- a user ------------------------------------------------------------------------

own=/run/user/$USER_ID
chmod 0755 "$T" "${T%/*}"
chown -R $USER_ID:$USER_ID "$ROOT"

as_user() {
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -i PATH="$PATH" XDG_RUNTIME_DIR=$own "$@"
}

user_oci() {
	as_user "$RUNTIME" --systemd-cgroup "$@"
}

user_property() {
	as_user systemctl --user show -P "$2" -- "$1"
}

# shellcheck disable=SC2016
bundle mine 'args(["sleep", "1000"]) | userns($user | tonumber; 1) | .linux.cgroupsPath = "user.slice:libpod:mine"
	| .linux.resources.memory.limit = $limit' --arg user $USER_ID --argjson limit $((64 * MIB))
user_oci create --bundle "$T/mine" --pid-file $own/pid mine </dev/null >"$T/out" 2>&1
is 'create as a user' "$? $(cat "$T/out")" '0 '
group=/user.slice/user-$USER_ID.slice/user@$USER_ID.service/user.slice/libpod-mine.scope
is "is a scope of the user's manager" "$(user_property libpod-mine.scope ActiveState) $(cgroup_of "$(cat $own/pid)")" \
	"active $group"
is 'with its limit' "$(user_property libpod-mine.scope MemoryMax) $(cat "/sys/fs/cgroup$group/memory.max")" \
	"$((64 * MIB)) $((64 * MIB))"
ok 'start' as_user "$RUNTIME" start mine
is 'exec' "$(as_user "$RUNTIME" exec mine id -u)" 0
ok 'update' as_user "$RUNTIME" update --memory $((32 * MIB)) mine
is 'reaches both' "$(user_property libpod-mine.scope MemoryMax) $(cat "/sys/fs/cgroup$group/memory.max")" \
	"$((32 * MIB)) $((32 * MIB))"
ok 'pause' as_user "$RUNTIME" pause mine
is 'freezes it' "$(as_user "$RUNTIME" state mine | jq -r .status)" paused
ok 'resume' as_user "$RUNTIME" resume mine
ok 'delete --force' as_user "$RUNTIME" delete --force mine
is 'leaves no unit' "$(user_property libpod-mine.scope LoadState)" not-found
fails 'and no cgroup' 1 test -e "/sys/fs/cgroup$group"
rm -rf $own/pid $own/tare-oci

is 'systemd knows no more units than before' \
	"$(systemctl list-units --all --plain --no-legend | awk '{ print $1 }' | sort | comm -13 <(echo "$units_before") - | grep -v '\.slice$')" ''
is 'and no process is left' "$(pgrep -xc sleep)" 0
done_testing
