#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

state() {
	tare inspect -f '{{.State.Status}}' "$1" 2>&1
}

is_state() {
	[ "$(state "$1")" = "$2" ]
}

# Who waits for the end of a container does not wait for the end of its monitor.
no_monitor() {
	! pgrep -x tare-monitor
}

restarts() {
	tare inspect -f '{{.RestartCount}}' "$1"
}

tare run -d --name f --network none --restart on-failure:2 -v runs:/runs busybox \
	sh -c 'echo run >>/runs/log; exit 3' >/dev/null
ok 'on-failure:2 gives up after two more' wait_for 20 is_state f exited
is 'it ran three times' "$(tare run --rm --network none -v runs:/runs busybox wc -l </dev/null /runs/log)" '3 /runs/log'
is 'the count is shown' "$(restarts f)" 2
is 'the last exit code is kept' "$(tare inspect -f '{{.State.ExitCode}}' f)" 3
is 'the policy is shown' \
	"$(tare inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' f)" \
	'on-failure 2'
is 'its output is in one log' "$(tare rm f)" f

tare run -d --name ok --network none --restart on-failure busybox true >/dev/null
ok 'on-failure leaves success alone' wait_for 10 is_state ok exited
is 'without a restart' "$(restarts ok)" 0
tare rm ok >/dev/null

tare run -d --name a --restart always busybox sh -c 'echo again; sleep 0.2' >/dev/null
more_than_one() {
	[ "$(restarts a)" -gt 1 ]
}
ok 'always starts it again and again' wait_for 20 more_than_one
like 'all runs are in one log' "$(tare logs a | head -2 | tr '\n' ' ')" 'again again'
ok 'stop ends it' tare stop -t 1 a
is 'for good' "$(state a)" exited
ok 'and its monitor' wait_for 5 no_monitor
ok 'start starts it, policy and all' tare start a
ok 'kill ends it, too' sh -c "for i in 1 2 3 4 5 6 7 8 9; do $TARE kill a && exit; sleep 0.1; done; exit 1"
is 'for good as well' "$(state a)" exited
wait_for 5 no_monitor
tare rm a >/dev/null

began=$(date +%s%N)
tare run -d --name c --network none --restart always busybox false >/dev/null
ok 'between two runs it is restarting' wait_for 20 is_state c restarting
like 'ps says so, and lists it' "$(tare ps --format '{{.Status}}')" 'Restarting \(1\)|Up'
three() {
	[ "$(restarts c)" -ge 3 ]
}
wait_for 20 three
ok 'each pause is twice as long' test $((($(date +%s%N) - began) / 1000000)) -ge 700
wait_for 20 is_state c restarting
kill -TERM "$(pgrep -x tare-monitor)"
ok 'SIGTERM to its monitor ends it in a pause' wait_for 5 is_state c exited
is 'which is no stop by anybody' "$(tare inspect -f '{{.State.ExitCode}} {{.State.Reason}}' c)" '1 shutdown'
tare start c >/dev/null
wait_for 20 is_state c restarting
fails 'rm without -f refuses' 2 tare rm c
wait_for 20 is_state c restarting
start=$(date +%s%N)
ok 'stop cuts the pause short' tare stop c
ok 'at once' test $((($(date +%s%N) - start) / 1000000)) -lt 3000
is 'it has ended' "$(state c)" exited
ok 'start again' tare start c
wait_for 20 is_state c restarting
ok 'kill ends it, too, when it does not run' tare kill c
is 'at once' "$(state c)" exited
ok 'start again' tare start c
ok 'rm -f takes it in any state' tare rm -f c
is 'nothing is left' "$(tare ps -aq)" ''
ok 'and no monitor' wait_for 5 no_monitor

# The machine is gone from one moment to the next: no processes, no RUNROOT.
for policy in always unless-stopped on-failure no; do
	tare run -d --name "$policy" --stop-timeout 1 --network none --restart "$policy" busybox sleep 1000 >/dev/null
	tare run -d --name "$policy-ended" --stop-timeout 1 --network none --restart "$policy" busybox sleep 1000 >/dev/null
	tare stop -t 0 "$policy-ended" >/dev/null
	tare create --name "$policy-never" --network none --restart "$policy" busybox true >/dev/null
done
mapfile -t gone < <(pgrep -x tare-monitor; tare ps -q | xargs "$TARE" inspect -f '{{.State.Pid}}')
kill -9 "${gone[@]}"
wait_for 10 no_monitor
tare ps -q >/dev/null # their cgroups do not outlive them
rm -rf "$TARE_RUNROOT"
is 'what ran has ended' "$(tare inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Reason}}' no)" 'exited 255 lost'
is 'nothing runs' "$(tare ps -q)" ''
is 'ps tells who was never started' "$(tare ps -a --filter status=created --format '{{.Names}}' | sort | tr '\n' ' ')" \
	'always-never no-never on-failure-never unless-stopped-never '
run tare start --at-boot
is 'start --at-boot' "$status $stderr" '0 '
is 'starts what ran, and with always what was stopped' "$(tare ps --format '{{.Names}}' | sort | tr '\n' ' ')" \
	'always always-ended on-failure unless-stopped '
run tare start --at-boot
is 'once' "$status $stdout" '0 '

# It goes down in order: every process gets SIGTERM. Of those that ran, monitors see to what does not hear it.
go_on='echo up; while :; do sleep 0.1; done'
tare run -d --name polite --network none --restart unless-stopped --stop-signal USR1 --health-cmd true busybox \
	sh -c "trap 'echo bye; exit 3' USR1; $go_on" >/dev/null
tare run -d --name quick --network none --restart always busybox sh -c "trap 'exit 0' TERM; $go_on" >/dev/null
tare run -d --rm --name brief --network none --stop-timeout 1 busybox sh -c "trap '' TERM; $go_on" >/dev/null
for name in polite quick brief; do
	wait_for 10 eval "[ \"\$(tare logs $name)\" = up ]"
done
"$TARE" exec on-failure sh -c 'echo up; sleep 1000' >"$T/session" &
session=$!
wait_for 10 test -s "$T/session"
tare pause polite >/dev/null
wait_for 10 eval '[ "$(pgrep -xc tare-monitor)" = "$(tare ps -q | wc -l)" ]'
mapfile -t gone < <(pgrep -x tare-monitor; tare ps -q | xargs "$TARE" inspect -f '{{.State.Pid}}')
kill -TERM "${gone[@]}"
wait_for 10 sh -c '! pgrep tare-' || fail 'all monitors end' "$(ps -e)"
wait $session
is 'with the container ends what exec has started' $? 137
is 'what could end by itself has, also when it was paused' \
	"$(tare inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Reason}}' polite quick)" \
	$'exited 3 shutdown\nexited 0 shutdown'
is 'its last words are kept' "$(tare logs polite)" $'up\nbye'
is 'the rest was killed in time' "$(tare inspect -f '{{.State.ExitCode}} {{.State.Reason}}' always on-failure)" \
	$'137 shutdown\n137 shutdown'
like 'ps says so' "$(tare ps -a --filter name=polite --format '{{.Status}}')" '^Exited \(3\).*, shut down'
is 'what was to go is gone' "$(tare ps -a -q --filter name=brief)" ''
rm -rf "$TARE_RUNROOT"
ok 'start --at-boot once more' tare start --at-boot
is 'starts what ran, and with always what was stopped' "$(tare ps --format '{{.Names}}' | sort | tr '\n' ' ')" \
	'always always-ended on-failure polite quick unless-stopped '

# What tare.service does, before the machine goes down or when it is stopped.
tare run -d --name between --network none --restart always busybox false >/dev/null
wait_for 20 is_state between restarting
ok 'stop --at-shutdown' tare stop --at-shutdown
is 'ends all that run, or will again' "$(tare ps -q)" ''
is 'and nobody has stopped them' "$(tare inspect -f '{{.State.Reason}}' always polite quick between | sort -u)" shutdown
fails 'it takes no names' 125 tare stop --at-shutdown always
run tare start --at-boot no
is 'it takes no names' "$status" 125
run tare start
like 'without it one is needed' "$status $stderr" '125 .*at least 1 operand'


tare run -d --name k --network none --restart always busybox sleep 1000 >/dev/null
pid=$(tare inspect -f '{{.State.Pid}}' k)
kill -9 "$pid"
other_pid() {
	now=$(tare inspect -f '{{.State.Pid}}' k)
	[ "$now" != 0 ] && [ "$now" != "$pid" ]
}
ok 'a program that is killed from outside comes back' wait_for 10 other_pid
tare rm -f k >/dev/null

tare run -d --rm --name brief --network none busybox sleep 1000 >/dev/null
run tare restart nothing brief
is 'restart of what is not there, or goes when it stops, fails' "$status $(wc -l <<<"$stderr")" '125 3'
is 'and leaves it running' "$(state brief)" running
fails '--rm and --restart exclude each other' 125 tare run -d --rm --restart always busybox true
fails 'in the foreground there is none' 125 tare run --restart always busybox true
fails 'a policy that is none is refused' 125 tare run -d --restart sometimes busybox true
ok 'no is the default' tare run --rm --network none --restart no busybox true
tare rm -f -a >/dev/null
done_testing
