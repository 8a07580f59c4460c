#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# timeout.sh - run --timeout: the end of a container that takes too long
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# took COMMAND...: as run(), and how many seconds that took
took() {
	local began=$SECONDS
	run "$@"
	seconds=$((SECONDS - began))
}

reason_of() {
	tare inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Reason}}' "$1"
}

run tare run --name quick --network none --timeout 60s busybox sh -c 'exit 3'
is 'who is quick enough ends as ever' "$status" 3
is 'and the record says so' "$(reason_of quick)" 'exited 3 exit'

run tare run --name slow --network none --timeout 300ms busybox sh -c \
	'trap "echo asked; exit 0" TERM; echo begun; while :; do sleep 0.1; done'
is 'who is not is asked to end, and the code is 124' "$status" 124
is 'its last words are heard' "$stdout" $'begun\nasked'
is 'a line says why' "$stderr" "tare: container 'slow' has been ended: its time ran out"
is 'the record has the reason' "$(reason_of slow)" 'exited 124 timeout'
like 'ps has it, too' "$(tare ps -a --filter name=slow --format '{{.Status}}')" 'Exited \(124\) .*, timed out'

took tare run --rm --network none --timeout 200ms --stop-timeout 1 busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done'
is 'who does not listen is killed' "$status" 124
ok 'after the time to stop' [ "$seconds" -ge 1 -a "$seconds" -lt 10 ]
run tare run --rm --network none --timeout 200ms --stop-signal INT busybox sh -c \
	'trap "echo int; exit 0" INT; while :; do sleep 0.1; done'
is 'the signal is that of --stop-signal' "$status $stdout" '124 int'
run tare run --rm --network none --timeout 200ms --stop-timeout -1 busybox sh -c \
	'trap "sleep 1; echo clean; exit 0" TERM; while :; do sleep 0.1; done'
is 'with --stop-timeout -1 it may take as long as it likes to end' "$status $stdout" '124 clean'

tare run -d --name back --network none --timeout 300ms --stop-timeout 1 busybox sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
is 'in the background, too' "$(tare wait back)" 124
is 'with the reason' "$(reason_of back)" 'exited 124 timeout'
tare start back >/dev/null
is 'and again after start' "$(tare wait back)" 124

fails 'a time that is none is refused' 125 tare run --rm --timeout soon busybox true
fails 'and a negative one' 125 tare run --rm --timeout -5s busybox true
tare rm -f -a >/dev/null
done_testing
