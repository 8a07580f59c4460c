#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# detached.sh - run -d, create and start: what goes on without us, and again later
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

detach() {
	run tare run -d --network none "$@"
}

state() {
	tare inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1"
}

# --- run -d ---

detach --name box -e SECRET=hunter2 busybox sh -c 'trap "exit 0" TERM; echo out; echo err >&2; cat; while :; do sleep 0.1; done'
like 'run -d prints the id' "$stdout" '^[0-9a-f]{64}$'
is 'and nothing else' "$stderr" ''
is 'the id is its own' "$stdout" "$(tare inspect -f '{{.Id}}' box)"
is 'it runs when the command returns' "$(state box)" 'running 0'
ok 'its output is in the log' wait_for 10 eval '[ "$(tare logs box 2>/dev/null)" = out ]'
is 'stderr apart' "$(tare logs box 2>&1 >/dev/null)" err
pid=$(tare inspect -f '{{.State.Pid}}' box)
monitor=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status")
is 'its parent is the monitor' "$(cat "/proc/$monitor/comm")" tare-monitor
unlike 'which shows nobody what the container was given' "$(tr '\0' ' ' <"/proc/$monitor/cmdline")" hunter2
is 'which holds nothing of ours' "$(readlink /proc/"$monitor"/fd/[012] | sort -u) $(readlink "/proc/$monitor/cwd")" '/dev/null /'
like "and is in nobody's cgroup" "$(cat "/proc/$monitor/cgroup")" '/tare/monitors$'
isnt 'and has a session of its own' "$(awk '{ print $6 }' "/proc/$monitor/stat")" "$(awk '{ print $6 }' /proc/$$/stat)"
run timeout 10 bash -c '"$TARE" run -d --rm --network none busybox sleep 1000 | cat'
is 'who reads our stdout is not kept waiting by the monitor' "$status" 0
tare rm -f "$stdout" >/dev/null
run timeout 10 bash -c 'exec 7> >(cat); "$TARE" run -d --rm --network none busybox sleep 1000; exec 7>&-; wait $!'
is 'nor is who reads another descriptor of ours' "$status" 0
tare rm -f "$stdout" >/dev/null
detach --name bad busybox nosuch
is 'a command that is not there gives 127' "$status" 127
is 'with one message' "$stderr" "tare: command 'nosuch' not found in \$PATH of the container"
like 'and the container shows why' "$(tare inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' bad)" "^exited 127 command 'nosuch'"
detach --name bad2 -u nosuch busybox true
is 'a failed set-up gives 125' "$status" 125
is 'and leaves no container' "$(tare ps -aq --filter name=bad2)" ''
tare rm bad >/dev/null

# --- start again ---

tare exec box sh -c 'echo kept >/file; mkdir /dir; chown app /dir; rm /etc/motd /var/log -rf; ln -s file /link'
tare stop box >/dev/null
is 'stopped' "$(state box)" 'exited 0'
for round in 1 2; do
	run tare start box
	is "start prints the operand (round $round)" "$status $stdout" '0 box'
	is "and it runs (round $round)" "$(state box)" 'running 0'
	is "files, owners and removals are kept (round $round)" \
		"$(tare exec box sh -c 'cat /link; stat -c %U /dir; ls -d /var/log 2>/dev/null')" $'kept\napp'
	run tare start box
	is "a start of what runs is no error (round $round)" "$status $stdout" '0 box'
	tare stop box >/dev/null
done
ok 'the log has all three runs' wait_for 10 eval '[ "$(tare logs box 2>/dev/null | grep -c out)" = 3 ]'
is 'the id is the same' "$(tare inspect -f '{{.Id}}' box | cut -c1-12)" "$(tare ps -a --filter name=box -q)"
tare rm box >/dev/null
for i in 1 2 3; do
	detach --name box busybox true
	tare wait box >/dev/null
	tare rm box >/dev/null || break
done
is 'a name is free after rm' "$i $(tare ps -aq)" '3 '
# The container ends by itself; who sees that starts it at once.
tare create --network none --name quick busybox true >/dev/null
started=0
for i in 1 2 3; do
	before=$(tare inspect -f '{{.State.StartedAt}}' quick)
	tare start quick >/dev/null || break
	wait_for 10 eval '[ "$(state quick)" = "exited 0" ]' || break
	[ "$before" != "$(tare inspect -f '{{.State.StartedAt}}' quick)" ] && started=$((started + 1))
done
is 'start right after the end is a start' "$started" 3
tare rm quick >/dev/null
# amid_end COMMAND...: while the container box has ended and its supervisor has not noticed
amid_end() {
	local pid supervisor
	detach --name box busybox sleep 1000
	pid=$(tare inspect -f '{{.State.Pid}}' box)
	supervisor=$(awk '{ print $4 }' "/proc/$pid/stat")
	kill -STOP "$supervisor"
	kill -KILL "$pid"
	wait_for 10 grep -q '^State:.Z' "/proc/$pid/status"
	"$@" >amid.out 2>&1 &
	sleep 0.2 # until it has had its look
	kill -CONT "$supervisor"
	wait $!
}
amid_end tare start box
is 'start waits for the end, and is one' "$? $(<amid.out) $(tare exec box echo up)" '0 box up'
tare rm -f box >/dev/null
amid_end tare rm box
is 'rm does, too, and needs no -f' "$? $(<amid.out)" '0 box'

# --- create, start -a ---

run tare create --network none --name later -i -e X=1 -l a=b busybox sh -c 'cat; echo $X; echo err >&2; exit 4'
like 'create prints the id' "$stdout" '^[0-9a-f]{64}$'
is 'and does not start' "$(state later)" 'created 0'
is 'nothing of it runs' "$(find "$TARE_RUNROOT/containers" -mindepth 1 2>/dev/null)" ''
run tare start -a later
is 'start -a passes output and exit code' "$status $stdout $stderr" '4 1 err'
is 'start -a -i passes stdin' "$(echo in | tare start -a -i later 2>/dev/null)" $'in\n1'
is 'the log has it, too' "$(tare logs later 2>/dev/null)" $'1\nin\n1'
run tare start later nosuch
is 'start goes on after an error' "$status $stdout" '125 later'
like 'which it names' "$stderr" "start 'nosuch': no such container"
run tare start -a later
like 'start -a of what runs says what to do instead' "$status $stderr" '^125 .*it runs already.*hint: .*tare logs -f'
is 'one with -i keeps its stdin open, with nobody there' "$(state later)" 'running 0'
tare kill later >/dev/null
fails 'start -a of two is refused' 125 tare start -a later later
tare rm later >/dev/null
fails 'create --rm is refused' 125 tare create --rm busybox true
tare create --network none --name bad busybox nosuch >/dev/null
run tare start bad
is 'start of a command that is not there gives 127' "$status" 127
run tare start -a bad
is 'attached or not' "$status" 127
tare rm bad >/dev/null

# --- --rm, wait ---

detach --rm --name short busybox sh -c 'trap "exit 6" USR1; echo up; while :; do sleep 0.1; done'
id=$stdout
wait_for 10 eval '[ "$(tare logs short)" = up ]'
tare wait short >"$T/code" &
waiter=$!
wait_for 10 test -e "$TARE_RUNROOT/containers/$id/exit"
tare kill -s USR1 short >/dev/null
wait $waiter
is 'wait gives the code of a --rm container' "$(cat "$T/code")" 6
is 'which is gone' "$(tare ps -aq)" ''
detach --rm --name long busybox sleep 1000
tare stop -t 0 long >/dev/null
is 'stop of one removes it' "$(tare ps -aq) $(ls "$TARE_RUNROOT/containers")" ' '
detach --name code busybox sh -c 'sleep 0.2; exit 3'
is 'wait prints the code' "$(tare wait code)" 3
is 'also afterwards' "$(tare wait code)" 3
tare rm code >/dev/null

# --- logs ---

detach --name log --log-opt max-size=10k --log-opt max-file=3 busybox sh -c 'i=0; while [ $i -lt 1000 ]; do echo "line $i"; i=$((i + 1)); done'
tare wait log >/dev/null
dir=$TARE_ROOT/containers/$stdout/log
is 'as many log files as allowed' "$(ls "$dir")" $'container.log\ncontainer.log.1\ncontainer.log.2'
is 'none larger than allowed, but for one entry' "$(find "$dir" -size +11k)" ''
is 'the newest lines are there' "$(tare logs --tail 1 log)" 'line 999'
is 'without a gap' "$(tare logs log | sed 's/line //' | awk 'NR > 1 && $1 != last + 1 { print last, $1 } { last = $1 }')" ''
like 'an entry is a json-file line' "$(tail -n 1 "$dir/container.log")" '^\{"log":"line 999\\n","stream":"stdout","time":"[0-9T:.-]+Z"\}$'
tare rm log >/dev/null
detach --name log --log-driver none busybox echo x
tare wait log >/dev/null
ok '--log-driver none writes none' test ! -e "$TARE_ROOT/containers/$stdout/log"
tare rm log >/dev/null
fails 'an unknown log option is refused' 125 tare run --rm --log-opt nosuch=1 busybox true
fails 'an unknown log driver is refused' 125 tare run --rm --log-driver syslog busybox true
head -c 3000000 /dev/urandom | base64 -w 20000 >"$T/lines"
detach --name log -v "$T/lines:/lines:ro" busybox cat /lines
tare wait log >/dev/null
is 'long lines come out whole' "$(tare logs log | md5sum)" "$(md5sum <"$T/lines")"
tare rm log >/dev/null

# --- many at once ---

for i in $(seq 20); do
	"$TARE" run -d --network none --name "many$i" busybox sh -c "echo $i; exec sleep 1000" >"$T/many$i" &
done
wait
is '20 at once' "$(tare ps -q | wc -l)" 20
is 'with ids and names of their own' "$(cat "$T"/many* | sort -u | wc -l)" 20
is 'and ranges of ids' "$(for i in $(seq 20); do awk '{ print $2 }' "/proc/$(tare inspect -f '{{.State.Pid}}' "many$i")/uid_map"; done | sort -u | wc -l)" 20
# One name for twenty: one wins.
for i in $(seq 20); do
	"$TARE" run -d --network none --name one busybox sleep 1000 >"$T/one$i" 2>/dev/null &
done
wait
is 'of 20 with one name one is made' "$(cat "$T"/one* | wc -l) $(tare ps -q --filter name=one | wc -l)" '1 1'
ok 'rm -f -a ends them all' tare rm -f -a
is 'and removes them' "$(tare ps -aq)" ''

done_testing
