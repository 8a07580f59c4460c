#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_crash.sh - OCI runtime: killed at any system call, it leaves nothing that delete does not find
#
# The harness judges as well: no process, mount, cgroup or file may stay.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"
. "$(dirname "$0")/../lib/crash.sh"

# Every STEP-th system call of a command is one to die at; 1 takes minutes.
STEP=${TARE_CRASH_STEP:-23}

bundle long 'args(["sleep", "1000"])'
# shellcheck disable=SC2016 # jq's variables
bundle short 'args(["true"]) | bind($t; "/mnt"; []) | .mounts[-1] += {
	uidMappings: [{containerID: 0, hostID: 5000, size: 10}],
	gidMappings: [{containerID: 0, hostID: 6000, size: 10}]}' --arg t "$T"

# What there is of the one container that all of this makes.
remains() {
	ls "$STATE"
	find /sys/fs/cgroup/{,unified}"$CGROUP" -mindepth 1 -type d
	pgrep -x 'sleep|tare-oci'
} 2>/dev/null

clean() {
	[ -z "$(remains)" ]
}

# die_at_all WHAT COMMAND...: kill it at each of its calls; RECOVER after each
die_at_all() {
	local what=$1 n=1 left=''
	shift
	while kill_at "$n" "$@"; [ $? = 137 ]; do
		oci delete --force box
		wait_for 10 clean || left+=" $n: $(remains)"
		((n += STEP))
	done
	oci delete --force box 2>/dev/null
	is "$what, killed: nothing is left after delete" "$left" ''
	ok "$what was killed more than twice ($n calls)" test "$n" -gt $((2 * STEP))
}

die_at_all create "$RUNTIME" --root "$STATE" create --bundle "$T/long" box
die_at_all 'run -d' "$RUNTIME" --root "$STATE" run -d --bundle "$T/long" box
die_at_all run "$RUNTIME" --root "$STATE" run --bundle "$T/short" box
die_at_all 'run and its child together' -a "$RUNTIME" --root "$STATE" run --bundle "$T/short" box
die_at_all 'run or its child' -f "$RUNTIME" --root "$STATE" run --bundle "$T/short" box

# --- of a container that runs
start_up long
n=1 broken=''
while kill_at "$n" "$RUNTIME" --root "$STATE" exec long true; [ $? = 137 ]; do
	[ "$(status_of long)" = running ] || broken+=" $n"
	((n += STEP))
done
is 'exec, killed: the container runs on' "$broken" ''
ok 'and lets another in' oci exec long true
oci delete --force long

n=1 left='' ends=''
until [ "$ends" ]; do
	start_up long
	kill_at "$n" "$RUNTIME" --root "$STATE" delete --force long
	[ $? = 137 ] || ends=$n
	oci delete --force long
	wait_for 10 clean || left+=" $n: $(remains)"
	((n += STEP))
done
is 'delete, killed: the next one ends what it began' "$left" ''

done_testing
