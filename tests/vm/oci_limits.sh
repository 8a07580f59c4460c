#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_limits.sh - linux.resources through tare-oci's command line, on real controllers
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"
OCI_WITHOUT_PEER=1
. "$(dirname "$0")/../lib/oci.sh"

MIB=$((1 << 20))
disk=$(cat /sys/class/block/vda/dev)

new_root "$ROOT"
base_config >"$T/base.json"
on_exit remove_all_containers

# file_of NAME FILE: what the kernel holds for a container
file_of() {
	cat "/sys/fs/cgroup$CGROUP/$1/$2"
}

# value_of NAME FILE KEY: a figure of a flat-keyed file
value_of() {
	file_of "$1" "$2" | awk -v key="$3" '$1 == key { print $2 }'
}

reaches() {
	[ "$(value_of "$1" "$2" "$3")" -ge "$4" ]
}

# The kernel patches its code when the first device program is loaded and when the last goes, which
# the emulation of several processors does not always survive: one stays loaded.
bundle keeper 'args(["sleep", "1000"])'
ok 'a container that stays' start_up keeper

# --- AppArmor, which Debian's kernels have; its engines always name a profile
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
sh_run profile 'cat /proc/self/attr/apparmor/current' '.process.apparmorProfile = "unconfined"'
is 'a profile is set' "$status $stderr $stdout" '0  unconfined'
umount /sys/kernel/security

# --- what config.json asks for is in force
# A new mount from the first cgroup namespace would set the options of all: those of the host, too.
options=$(awk '$3 == "cgroup2" { print $4 }' /proc/mounts)
like 'the host delegates' "$options" nsdelegate
sh_run view 'ls /sys/fs/cgroup/cgroup.procs' 'mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
is 'a container sees the cgroups of the host' "$status" 0
is 'whose options stay' "$(awk '$3 == "cgroup2" { print $4 }' /proc/mounts)" "$options"
sh_run hog 'dd if=/dev/zero of=/dev/null bs=200M count=1' \
	".linux.resources.memory = {limit: $((64 * MIB)), swap: $((64 * MIB))}"
is 'a process beyond memory.limit ends with 137' "$status" 137
sh_run modest 'dd if=/dev/zero of=/dev/null bs=16M count=1' ".linux.resources.memory.limit = $((64 * MIB))"
is 'one within it succeeds' "$status" 0
sh_run forks 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done' '.linux.resources.pids.limit = 4'
like 'pids.limit refuses the fifth process' "$stderr" "can't fork"
sh_run tiny 'echo ran' '.linux.resources.memory.limit = 524288 | .linux.resources.pids.limit = 1'
is 'set-up is not under the limit: 512 KiB and one process are enough to refuse no start' \
	"$(grep -c "create the container's namespaces" <<<"$stderr")" 0
bundle echo 'args(["/bin/busybox", "echo", "ran"]) | .linux.resources.memory.limit = 524288
	| .linux.resources.pids.limit = 1'
launch echo
is 'a program that needs no more runs within 512 KiB and one process' "$status $stdout" '0 ran'
bundle spin 'sh("while :; do :; done") | .linux.resources.cpu = {quota: 20000, period: 100000, shares: 2048}'
ok 'a spinning process starts' start_up spin
ok 'and is held back' wait_for 60 reaches spin cpu.stat nr_throttled 3
is 'cpu.max is as asked for' "$(file_of spin cpu.max)" '20000 100000'
sh_run devices 'head -c 1 /dev/zero | wc -c; mknod /disk b $0 $1; head -c 1 /disk | wc -c' \
	'caps(["CAP_MKNOD"]) | .process.args += [$major, $minor]' --arg major "${disk%:*}" --arg minor "${disk#*:}"
like 'a device that the rules do not mention is refused' "$stdout $stderr" "^1.0 .*/disk: Operation not permitted"
sh_run devices 'mknod /disk b $0 $1; head -c 1 /disk | wc -c' \
	'caps(["CAP_MKNOD"]) | .process.args += [$major, $minor] | .linux.resources.devices +=
		[{allow: true, type: "b", major: ($major | tonumber), minor: ($minor | tonumber), access: "r"}]' \
	--arg major "${disk%:*}" --arg minor "${disk#*:}"
is 'one that they allow is read' "$stdout" 1
sh_run unified 'cat /sys/fs/cgroup/memory.high /sys/fs/cgroup/pids.max' \
	'ns("cgroup") | mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])
	| .linux.resources.unified = {"memory.high": "50331648", "pids.max": "33"}'
is 'unified sets files' "$status $stdout" "0 50331648"$'\n33'
sh_run nothere true '.linux.resources.unified = {"memory.nosuch": "1"}'
isnt 'a file that is not there is an error' "$status" 0
like 'which names it' "$stderr" 'memory.nosuch'

# --- update
run oci update --memory $((96 * MIB)) --memory-swap $((96 * MIB)) --pids-limit 12 --cpu-quota 50000 spin
is 'update succeeds' "$status" 0
is 'and the kernel has it' "$(file_of spin memory.max) $(file_of spin pids.max) $(file_of spin cpu.max)" \
	"$((96 * MIB)) 12 50000 100000"
run oci update --resources - spin <<<'{"memory": {"limit": 134217728}, "cpu": {"shares": 1024}}'
is 'update takes resources from stdin' "$status $(file_of spin memory.max)" "0 134217728"
is 'and leaves what they do not mention' "$(file_of spin pids.max)" 12
run oci update --pids-limit 5 --cpuset-cpus 99 spin
isnt 'an update that cannot be is refused' "$status" 0
is 'and changes nothing at all' "$(file_of spin memory.max) $(file_of spin pids.max)" '134217728 12'

# --- what is going on
run oci events --stats spin
is 'events --stats is a document' "$(jq -r '.type + " " + .id' <<<"$stdout")" 'stats spin'
is 'with the limit' "$(jq .data.memory.usage.limit <<<"$stdout")" 134217728
ok 'and the time used' [ "$(jq .data.cpu.usage.total <<<"$stdout")" -gt 0 ]
is 'and the processes' "$(jq .data.pids.current <<<"$stdout")" 1
run oci ps -f json spin
is 'ps lists the process' "$(jq length <<<"$stdout")" 1
run oci pause spin
is 'pause freezes' "$status $(status_of spin) $(value_of spin cgroup.events frozen)" '0 paused 1'
run oci resume spin
is 'resume thaws' "$status $(status_of spin) $(value_of spin cgroup.events frozen)" '0 running 0'
run oci exec spin dd if=/dev/zero of=/dev/null bs=200M count=1
is 'exec is under the limit, too' "$status" 137
run oci delete --force spin
is 'delete --force' "$status" 0
ok 'leaves no cgroup' [ ! -e "/sys/fs/cgroup$CGROUP/spin" ]

# --- without a pid namespace the others outlive the first process: KILL is for them, too
bundle shared 'args(["sleep", "1000"]) | no_ns("pid")'
ok 'a container without a pid namespace' start_up shared
oci exec --detach shared sleep 1001 >/dev/null 2>&1
kill -KILL "$(field shared .pid)"
wait_for 5 has_status shared stopped
run oci kill shared TERM
isnt 'nobody is there for a TERM' "$status" 0
run oci kill shared KILL
is 'KILL finds the rest' "$status $stderr" '0 '
ok 'and ends it' wait_for 5 sh -c "! grep -q . /sys/fs/cgroup$CGROUP/shared/cgroup.procs"
run oci kill shared KILL
isnt 'then nobody is left' "$status" 0
run oci delete shared

# --- nothing at all is stopped by a limit that was to be checked
bundle checked 'args(["sleep", "1000"])'
ok 'a container' start_up checked
run oci update --resources - checked <<<'{"memory": {"limit": 1024, "checkBeforeUpdate": true}}'
like 'checkBeforeUpdate refuses what would kill it' "$status $stderr" '^1 .*rejecting memory limit'
is 'and it runs' "$(status_of checked)" running
run oci delete --force checked
done_testing
