#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pause.sh - pause and unpause
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

status_of() {
	tare inspect -f '{{.State.Status}}' "$1"
}

# A line per tenth of a second: whether it grows tells whether it runs.
run tare run -d --name ticker busybox sh -c 'while :; do echo tick; sleep 0.1; done'
is 'it starts' "$status" 0
lines() {
	tare logs ticker | wc -l
}
grows() {
	[ "$(lines)" -gt "$1" ]
}
ok 'it runs' wait_for 10 grows 2

run tare pause ticker
is 'pause prints the operand' "$status $stdout" '0 ticker'
is 'inspect says paused' "$(status_of ticker)" paused
like 'ps says paused' "$(tare ps --format '{{.Status}}')" 'Paused'
# Its last line may still be on the way to the log.
is_still() {
	count=$(lines)
	sleep 0.5
	[ "$(lines)" = "$count" ]
}
ok 'a paused container does nothing' wait_for 2 is_still
count=$(lines)
run tare pause ticker
is 'pausing twice fails' "$status" 125
like 'and says so' "$stderr" "container 'ticker' is already paused"

run tare unpause ticker
is 'unpause prints the operand' "$status $stdout" '0 ticker'
is 'inspect says running' "$(status_of ticker)" running
ok 'it goes on' wait_for 10 grows "$count"
fails 'unpausing a running container fails' 125 tare unpause ticker

run tare run -d --name other busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
tare pause ticker >/dev/null
for command in kill stop restart 'rm -f' rmi 'slice rm'; do
	# shellcheck disable=SC2086 # two words
	fails "$command --all takes no names" 125 tare $command --all ticker
done
is 'and does nothing then' "$(status_of ticker)" paused
run tare pause --all
is 'pause --all takes all that run' "$status $(status_of ticker) $(status_of other)" '0 paused paused'
tare unpause other >/dev/null
run tare unpause --all
is 'unpause --all takes all that are paused' "$status $(status_of ticker) $(status_of other)" '0 running running'

ok 'a paused container can be stopped' tare pause other
ok 'stop thaws what it stops' tare stop other
is 'which hears of it' "$(tare wait other)" 3
run tare pause other
is 'a container that has ended cannot be paused' "$status" 125
like 'because it is not running' "$stderr" "container 'other' is not running"
run tare pause nosuch
like 'one that does not exist neither' "$stderr" "no such container: 'nosuch'"
fails 'no operand is an error' 125 tare pause
ok 'a paused container can be removed' tare pause ticker
ok 'by force' tare rm -f ticker
ok 'clean up' tare rm other
done_testing
