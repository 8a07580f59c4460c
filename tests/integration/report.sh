#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# report.sh - run --report: what a run used and why it ended, as JSON
. "$(dirname "$0")/../lib/harness.sh"

need jq
load_busybox
on_exit tare rm -f -a

# valid FILE: as docs/report.schema.json has it
valid() {
	local faults
	faults=$(jq -r --slurpfile schema "$TARE_TEST_TOP/docs/report.schema.json" -f "$TARE_TEST_LIB/schema.jq" "$1") || return
	echo "$faults"
	[ -z "$faults" ]
}

# of FILE FILTER: what jq makes of it, on one line
of() {
	jq -rc "$2" "$1"
}

run tare run --name seven --network none --report seven.json busybox sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exit 7'
is 'the exit code stays the program'"'"'s' "$status" 7
is 'nothing is said besides' "$stdout$stderr" ''
ok 'the report is as the schema says' valid seven.json
is 'it says how the run ended' "$(of seven.json '[.version, .kind, .reason, .code, .signal, .error]')" \
	'[1,"run","exit",7,null,null]'
is 'of which container' "$(of seven.json '[.container.id, .container.name, .container.image, .container.digest]')" \
	"$(tare inspect -f '["{{.Id}}","seven","busybox","{{.Image}}"]' seven)"
is 'on which kernel' "$(of seven.json .host.kernel)" "$(uname -r)"
ok 'it took some time' jq -e '.wall_us > 1000' seven.json
ok 'a part of that on processors' jq -e '.cpu.usage_us as $cpu | $cpu > 0 and $cpu < .wall_us * 2 and .cpu.user_us <= $cpu' seven.json
# Where there is no processor to be had, tare may get none before a short program has ended.
spinners=()
for _ in 1 2 3 4 5 6; do
	timeout 20 sh -c 'while :; do :; done' &
	spinners+=($!)
done
short=''
for _ in 1 2 3 4 5 6 7 8 9 10; do
	tare run --rm --network none --report short.json busybox sh -c 'i=0; while [ $i -lt 4000 ]; do i=$((i + 1)); done'
	short+=$(jq -r 'select(.wall_us < .cpu.user_us * 0.7) | " \(.wall_us) < \(.cpu.user_us)"' short.json)
done
kill "${spinners[@]}"
wait "${spinners[@]}" 2>/dev/null
is 'no run takes less time than its program, also on a busy machine' "$short" ''
ok 'what is null has a reason' jq -e '. as $r | [paths(. == null)] | map(select(.[0] | IN("signal", "error") | not))
	| map(map(tostring) | join(".")) | all(. as $path | $r.missing | keys | any(. as $key | $path | startswith($key)))' seven.json
is 'inspect shows it afterwards' "$(tare inspect -f '{{json .State.Report}}' seven | jq -S .)" "$(jq -S . seven.json)"
rm seven.json
run tare start -a seven
is 'start writes it again, at the same place' "$status $(of seven.json .code)" '7 7'
first=$(of seven.json .started)
run tare start -a --report other.json seven
is 'or elsewhere' "$status $(of other.json .code) $(of seven.json .started)" "7 7 $first"
is 'inspect has the last one' "$(tare inspect -f '{{.State.Report.started}}' seven)" "$(of other.json .started)"

# --- who ended it
# ended_by SIGNAL: tare gets it while its container waits
ended_by() {
	env --default-signal=INT "$TARE" run --rm --network none --report r.json busybox sh -c 'trap "exit 3" TERM INT; echo up; while :; do sleep 0.05; done' >up &
	wait_for 20 test -s up
	kill "-$1" $!
	wait $!
	code=$?
}
for signal in TERM INT; do
	rm -f r.json up
	ended_by $signal
	is "SIG$signal to tare: the report is written" "$code $(of r.json '[.reason, .code, .signal]')" '3 ["stopped",3,null]'
	ok "SIG$signal: as the schema says" valid r.json
done
tare run -d --name box --network none --report box.json busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.05; done' >id
ok 'the monitor writes nothing while it runs' test ! -e box.json
is 'nor has inspect anything' "$(tare inspect -f '{{.State.Report}}' box)" '<no value>'
tare stop box >/dev/null
is 'stop is told from an end of its own accord' "$(of box.json '[.reason, .code]')" '["stopped",3]'
run tare run --rm --network none --report r.json --timeout 200ms --stop-timeout 1 busybox sh -c 'trap "" TERM; while :; do sleep 0.05; done'
is 'a time limit is a reason' "$(of r.json '[.reason, .code, .signal]')" '["timeout",124,9]'
run tare run --rm --network none --report r.json --init busybox sh -c 'kill -SEGV $$'
ok 'a signal is told' jq -e '.code == 139 and .reason == "exit" or .signal == 11' r.json
for command in nosuch /etc/passwd; do
	run tare run --rm --network none --report r.json busybox $command
	is "what cannot be run is told: $command" "$(of r.json '[.reason, .code, .wall_us, .started]')" "[\"start-failed\",$status,null,null]"
	ok 'as the schema says' valid r.json
done
run tare run --rm --report r.json nosuchimage true
is 'what never came to run, too' "$(of r.json '[.reason, .code, .cpu.usage_us]') $status" '["start-failed",125,null] 125'
like 'with the message' "$(of r.json .error)" "no such image: 'nosuchimage'"
ok 'as the schema says' valid r.json
run tare run -d --network none --report r.json --name lost busybox nosuch
is 'in the background, too' "$(of r.json '[.reason, .code]') $status" '["start-failed",127] 127'

# --- where to
run tare run --rm --network none --report - busybox echo out
is 'the report may follow the output' "$(head -n 1 <<<"$stdout") $(tail -n +2 <<<"$stdout" | jq -r .reason)" 'out exit'
"$TARE" run --rm --network none --report fd:7 busybox true 7>seven.json
is 'or go to a descriptor' "$(of seven.json .reason)" exit
"$TARE" run -d --name early --network none --report fd:7 -u nosuch busybox true 7>seven.json 2>/dev/null
is 'once, if the background has failed' "$(jq -r .reason seven.json)" start-failed
"$TARE" run -d --name back --network none --report fd:7 busybox true 7>seven.json >/dev/null
is 'of the background, too' "$(tare wait back; of seven.json .reason)" $'0\nexit'
ok 'which a later start has not' tare start -a back
run tare run --rm --network none --report /dev/stderr busybox true
is 'or to what is no regular file' "$(jq -r .reason <<<"$stderr")" exit
mkdir dir && echo before >dir/r.json
(cd dir && "$TARE" run -d --name far --network none --report r.json busybox true >/dev/null)
is 'a relative path is that of the caller' "$(tare wait far; of dir/r.json .reason)" $'0\nexit'
is 'nothing else is left there' "$(ls -A dir)" r.json
run tare create --name later --network none --report later.json busybox true
is 'create notes it for start' "$(tare start -a later; of later.json .reason)" exit
fails '-d prints the id on standard output' 125 tare run -d --report - busybox true
fails 'a later start has no such descriptor' 125 tare create --report fd:7 busybox true
exec 8</dev/null
for bad in nosuch/r.json dir fd:99 fd:8 fd:x ''; do
	run tare run --rm --report "$bad" busybox echo ran
	is "a report that cannot be written is refused first: '$bad'" "$status $stdout" '125 '
done
run tare run --rm --network none --report /dev/full busybox echo ran
is 'one that fails at the end is told' "$status $stdout" $'125 ran'
like 'with the reason' "$stderr" '^tare: write the report: No space left on device$'

# --- of a command
tare run -d --name box --network none busybox sleep 1000 >/dev/null 2>&1 || tare start box >/dev/null
run tare exec --report exec.json box sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); done; echo out; exit 5'
is 'exec --report changes nothing' "$status $stdout $stderr" '5 out '
ok 'and has a report as the schema says' valid exec.json
is 'of the command' "$(of exec.json '[.kind, .reason, .code, .container.name]')" '["exec","exit",5,"box"]'
like 'with its words' "$(of exec.json .container.command)" '^sh -c i=0'
ok 'its own time is known' jq -e '.process.user_us > 0 and .process.max_rss_bytes > 100000 and .process.user_us <= .cpu.usage_us * 1.1' exec.json
run tare exec --report exec.json box nosuch
is 'one that cannot be run has one' "$status $(of exec.json '[.reason, .code]')" '127 ["start-failed",127]'
run tare exec --report exec.json box sh -c 'kill -9 $$'
is 'a signal is told' "$status $(of exec.json '[.reason, .code, .signal]')" '137 ["signal",137,9]'
fails 'not in the background' 125 tare exec -d --report exec.json box true
run tare exec --assert 'wall<60s' --assert code==5 box sh -c 'exit 5'
is 'an end that exec --assert has foretold is a success' "$status $stderr" '0 '
run tare exec --assert 'wall<1us' --assert reason==exit --assert-format text --report exec.json box true
like 'one that does not hold is 123, with a table' "$status $stderr" '^123 tare: 1 of 2 assertions failed.*wall<1us +[0-9.]+[mu]?s +FAILED'
is 'the report has them' "$(of exec.json '[.code, .assertions[0].ok]')" '[0,false]'
run tare exec --assert 'code==0' --assert-format junit:exec.xml box true
like 'collectors of results get them' "$status $(cat exec.xml)" '^0 .*testcase name="code==0"'
run tare exec --assert '!oom' box nosuch
is 'what never ran is not judged' "$status" 127
fails 'nonsense is refused before' 125 tare exec --assert nonsense box true
fails 'a format alone, too' 125 tare exec --assert-format tap box true
fails 'in the background nobody judges' 125 tare exec -d --assert '!oom' box true
fails 'a place that cannot be written is refused' 125 tare exec --report nosuch/x box true
tare rm -f box >/dev/null

# --- the network
# A refusal is an answer: the ports of the bridge are closed.
run tare run --rm --report r.json busybox sh -c 'nc -w 5 10.87.0.1 1; sed -n "s/eth0: *//p" /proc/net/dev'
read -r received _ _ _ _ _ _ _ sent _ <<<"$stdout"
ok 'bytes of the network are counted' jq -e ".network | .received_bytes >= ${received:-1} and .sent_bytes >= ${sent:-1} and .received_bytes > 0" r.json
run tare run --rm --network host --report r.json busybox true
is 'not those of others' "$(of r.json '[.network.received_bytes, .missing.network]')" '[null,"the network is shared with others"]'
tare rm -f -a >/dev/null
is 'a container that is gone has left no report' "$(find "$TARE_ROOT/containers" -mindepth 1)" ''
done_testing
