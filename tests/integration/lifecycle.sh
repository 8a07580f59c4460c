#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a

load_busybox

state() {
	tare inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1"
}

start() { # NAME SCRIPT...
	local name=$1
	shift
	tare run -d --network none --name "$name" busybox sh -c "$*" >/dev/null
}

# ---- stop

start polite 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
wait_for 10 eval 'tare logs polite | grep -q ready'
run tare stop polite
is 'stop prints the operand back' "$stdout" polite
is 'stop ends with 0' "$status" 0
is 'the container could end by itself' "$(state polite)" 'exited 7'
run tare stop polite
is 'stop of what has ended is no error' "$status" 0

tare run -d --network none --name stubborn --stop-timeout 1 busybox sh -c \
	'trap "" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
wait_for 10 eval 'tare logs stubborn | grep -q ready'
fails 'a time that is none is refused' 125 tare stop -t -2 stubborn
began=$SECONDS
run tare stop stubborn
is 'stop that had to kill ends with 0' "$status" 0
ok "after the container's own time" [ $((SECONDS - began)) -lt 10 ]
is 'what did not end in time was killed' "$(state stubborn)" 'exited 137'

start other 'trap "exit 9" USR1; echo ready; while :; do sleep 0.1; done'
wait_for 10 eval 'tare logs other | grep -q ready'
ok 'stop sends the signal asked for' tare stop -s USR1 other
is 'that signal arrived' "$(state other)" 'exited 9'

# The first ends when it hears that the second was asked, too.
for name in first second; do
	tare run -d --network none --name $name --stop-timeout 60 -v asked:/asked busybox sh -c \
		"trap 'touch /asked/$name; until [ -e /asked/second ]; do sleep 0.05; done; exit 7' TERM; echo ready; while :; do sleep 0.1; done" >/dev/null
	wait_for 10 eval "tare logs $name | grep -q ready"
done
run timeout 30 "$TARE" stop first second first
is 'of several, all are asked before one is waited for' "$status $stdout $(state first)" $'0 first\nsecond\nfirst exited 7'

run tare stop nothing other
is 'stop of nothing ends with 125' "$status" 125
is 'stop goes on with the others' "$stdout" other
like 'stop names what there is not' "$stderr" "no such container: 'nothing'"

# ---- kill and wait

start victim 'sleep 1000'
fails 'an unknown signal is refused' 125 tare kill -s NOPE victim
like "and kill(1)'s way, with what to type" "$(tare kill -HUP victim 2>&1)" 'hint: a signal is given as -s HUP'
run tare wait --timeout 0.1s victim
is 'wait --timeout gives up with 124' "$status" 124
tare wait victim >"$T/code" &
waiter=$!
run tare kill victim
is 'kill prints the operand back' "$stdout" victim
is 'kill returns when the container has ended' "$(state victim)" 'exited 137'
wait "$waiter"
is 'wait prints the exit code' "$(cat "$T/code")" 137
run tare kill victim
is 'kill of what does not run ends with 125' "$status" 125
like 'kill says why' "$stderr" "container 'victim' is not running \(exited\)"
run tare wait victim polite
is 'wait of what has ended prints its code at once' "$stdout" $'137\n7'
run tare wait nothing victim
is 'wait goes on after what there is not' "$status $stdout" '125 137'
fails 'an unknown signal is one even for nobody' 125 tare kill -a -s NOPE

: >"$T/codes"
for i in 1 2 3 4 5; do
	id=$(tare run -d --rm --network none --name "brief$i" busybox sleep 1000)
	tare wait "brief$i" >>"$T/codes" &
	waiter=$!
	wait_for 10 test -e "$TARE_RUNROOT/containers/$id/exit"
	tare kill "brief$i" >/dev/null
	wait "$waiter"
done
is 'wait prints the code of containers that remove themselves' "$(tr '\n' ' ' <"$T/codes")" \
	'137 137 137 137 137 '

# A name that looks like the fields after it in /proc/PID/stat.
start hup 'echo "trap \"exit 4\" HUP; echo ready; while :; do sleep 0.1; done" >"/a) S 1 2"
	sed -i "1i #!/bin/sh" "/a) S 1 2"; chmod 755 "/a) S 1 2"; exec "/a) S 1 2"'
wait_for 10 eval 'tare logs hup | grep -q ready'
record=$TARE_RUNROOT/containers/$(tare inspect -f '{{.Id}}' hup)/record.json
cp "$record" "$T/record"
jq -c '.pidStart += 1' "$T/record" >"$record"
run tare kill -s HUP hup
like 'nobody else gets the signal who has the same number by now' "$status $stderr" '^125 .*is gone'
cp "$T/record" "$record"
ok 'kill -s sends another signal' tare kill -s SIGHUP hup
is 'that signal arrived' "$(tare wait hup)" 4

# ---- rm

start busy 'sleep 1000'
run tare rm busy
is 'rm of what runs ends with 2' "$status" 2
like 'rm says so' "$stderr" "container 'busy' is running"
run tare rm nothing
is 'rm of nothing ends with 1' "$status" 1
run tare rm busy nothing polite
is 'rm goes on after errors' "$stdout" polite
is 'rm ends with the worst code' "$status" 2
fails 'what was removed is gone' 1 tare inspect polite
ok 'rm -f kills first' tare rm -f busy
fails 'and removes' 1 tare inspect busy
ok 'rm -f of nothing is no error' tare rm -f nothing
ok 'a removed name is free again' tare create --name busy busybox true

tare run -d --rm --network none --name self busybox sleep 1000 >/dev/null
ok 'rm -f of a --rm container works' tare rm -f self
fails 'it is gone' 1 tare inspect self

tare run --network none --name holder -v /data busybox sh -c 'echo x >/data/file'
volume=$(tare inspect -f '{{(index .Mounts 0).Name}}' holder)
ok 'an anonymous volume is there' test -f "$TARE_ROOT/volumes/$volume/_data/file"
ok 'rm -v removes it' tare rm -v holder
fails 'the anonymous volume is gone' 1 test -e "$TARE_ROOT/volumes/$volume"

start one 'sleep 1000'
start two 'sleep 1000'
run tare stop -a -t 0
is 'stop -a stops all that run' "$(wc -l <<<"$stdout")" 2
is 'none runs any more' "$(tare ps -q)" ''
ok 'rm -a removes all that ended' tare rm -a
is 'nothing is left' "$(tare ps -aq)" ''

# ---- what a crash leaves

start orphan 'sleep 1000'
supervisor=$(awk '/^PPid/ { print $2 }' "/proc/$(tare inspect -f '{{.State.Pid}}' orphan)/status")
kill -KILL "$supervisor"
wait_for 10 eval "! kill -0 $supervisor"
like 'ps says that the supervisor was lost' "$(tare ps -a --format '{{.Status}}' --filter name=orphan)" \
	'^Exited \(255\).*, supervisor lost$'
ok 'rm removes what a crash left' tare rm orphan
is 'nothing is left' "$(tare ps -aq)" ''

# ---- several at once

tare create -i --name reader --network none busybox cat >/dev/null
is 'start -a reads nothing' "$(echo x | tare start -a reader)" ''
is 'but with -i' "$(echo x | tare start -ai reader)" x
for name in one two; do
	tare run -d --name $name --network none busybox sleep 1000 >/dev/null
	tare stop -t 0 $name >/dev/null
done
# As it may have been after any run.
record=$TARE_ROOT/containers/$(tare inspect -f '{{.Id}}' one)/record.json
jq '. + {exitCode: 9, oomKilled: true, oom: {}, reason: "oom", error: "bad", health: "unhealthy"}' "$record" >"$T/record"
cat "$T/record" >"$record"
is 'start starts several' "$(tare start one two)" $'one\ntwo'
is 'and nothing of the run before is on record' \
	"$(tare inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}} {{.State.Oom}} {{.State.Reason}}{{.State.Error}} {{.State.FinishedAt}} {{.State.Health}}' one)" \
	'0 false <no value>  0001-01-01T00:00:00Z <no value>'
run tare start -a one two
like 'one at a time is attached to' "$status $stderr" '^125 .*only one container'
run tare start --report r.json one two
like 'or reported' "$status $stderr" '^125 .*--report is for one'
ok 'each has its own supervisor, who keeps nothing of another' timeout 20 "$TARE" stop --timeout 0 one
ok 'in any order' timeout 20 "$TARE" stop -t 0 two
tare rm one two >/dev/null

# ---- flags

run tare ps --nope
is 'an unknown flag ends with 125' "$status" 125
like 'an unknown flag is named' "$stderr" "^tare: unknown flag '--nope'"
like 'an unknown flag points to the help' "$stderr" "hint: see 'tare ps --help'"
run tare nope
is 'an unknown command ends with 125' "$status" 125
run tare --log-format json ps --nope
is 'messages can be JSON' "$(jq -r .msg <<<"$stderr")" "unknown flag '--nope'"
run tare stop
is 'a missing operand ends with 125' "$status" 125
run tare create --rm busybox true
like 'create --rm is refused' "$status $stderr" '^125 .*create and --rm'
run tare create --report - busybox true
like 'and a report to a stream that will be another then' "$status $stderr" '^125 .*of no use to a later'
touch "$T/cid"
run tare create --cidfile "$T/cid" --name undone busybox true
is 'a create that fails leaves nothing' "$status $(tare ps -aq --filter name=undone)" '125 '
run tare --root /dev/null/x ps
like 'a root that cannot be made is named' "$stderr" "'/dev/null/x'"
mkdir -m 0777 "$T/open"
run tare --root "$T/open" ps
like 'a root that others can write to is refused' "$stderr" 'writable by, others'

done_testing
