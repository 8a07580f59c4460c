#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# top.sh - The processes of a container
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

run tare run -d --name box --user app busybox sh -c 'sleep 1001 & sleep 1002 & wait'
ready() {
	[ "$(tare top box | grep -c ' sleep 100[12]$')" = 2 ]
}
ok 'all processes come up' wait_for 10 ready
run tare top box
is 'top succeeds' "$status" 0
like "the columns are docker's" "$stdout" '^UID +PID +PPID +C +STIME +TTY +TIME +CMD'
is 'there is a line per process' "$(tail -n +2 <<<"$stdout" | wc -l)" 3
like 'the user is the one in the container' "$stdout" $'\n1000 +[0-9]+ '
like 'the command line is whole' "$stdout" 'sleep 1001'
pid=$(tare inspect -f '{{.State.Pid}}' box)
like 'process numbers are those of the host' "$stdout" $'\n'"1000 +$pid "
like 'children name their parent' "$stdout" "1000 +[0-9]+ +$pid .* sleep 1001"
run tare top box -o pid
like 'ps gets no flags' "$status $stderr" '^125 .*hint: tare exec box ps -o'
tare run -dt --name below --network none --privileged busybox sh -c \
	'mkdir /sys/fs/cgroup/sub && echo $$ >/sys/fs/cgroup/sub/cgroup.procs; exec sleep 1004' >/dev/null
below_seen() {
	tare top below | grep -q ':[0-9]* *sleep 1004$'
}
ok 'processes in cgroups below are listed' wait_for 10 below_seen
like 'terminals have their names' "$(tare top below)" ' pts/0 .* sleep 1004'
tare rm -f below >/dev/null
run tare exec -d box sleep 1003
exec_seen() {
	tare top box | grep -q 'sleep 1003'
}
ok 'exec is listed too' wait_for 10 exec_seen
tare rm -f box >/dev/null
run tare top box
is 'no such container is an error' "$status" 125
run tare run --name ended busybox true
run tare top ended
like 'an ended container has no processes' "$status $stderr" "^125 .*'ended' is not running"
tare rm ended >/dev/null
done_testing
