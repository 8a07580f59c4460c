#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# timeline.sh - run --at and --sample: what is done and seen while a container runs
# shellcheck disable=SC2016 # scripts that expand in the container
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

need jq
load_busybox
on_exit tare rm -f -a

# --- what is refused, before anything starts
refused() {
	local words=$1
	shift
	run tare run --rm --network none "$@" busybox echo ran
	is "$* is refused" "$status $stdout" '125 '
	like "$*: and why" "$stderr" "$words"
}
refused "--at '5s freeze': 'freeze' is not WHAT=VALUE" --at 5s freeze
refused "'soon' is no time" --at soon freeze=1s
refused "'melt' is neither a control file nor one of freeze, kill, reclaim" --at 5s melt=1s
refused "'memory.max' takes a size such as 512m or 1.5g, or max, not 'lots'" --at 5s:memory.max=lots
refused "'cpu.max' takes 'QUOTA PERIOD' in microseconds" --at 5s cpu.max=0.5
refused "unknown signal 'NO'" --at 5s kill=NO
refused "'cgroup.procs' is no control file of a limit" --at 5s cgroup.procs=1
refused "say 'freeze=DURATION'" --at 5s cgroup.freeze=1
refused "'5k' is no interval|is no interval" --sample 5k:"$T/x"
refused 'an interval is 1ms to 1h' --sample 0s:"$T/x"
refused 'nothing is kept of a --rm container' --sample 20ms
refused "write to '/nosuch/x': No such file" --sample 20ms:/nosuch/x
refused "write to 'fd:77': Bad file descriptor" --sample 20ms:fd:77
refused "'fd:x' is not fd:N" --sample 20ms:fd:x
refused 'names no file' --sample 20ms:
fails '--at needs two words' 125 tare run --rm --at 5s
fails 'a descriptor is nothing for create' 125 tare create --sample 20ms:fd:1 busybox true
if has_controller memory; then
	skip 'a step that cannot be done is refused' 'this host has controller memory in cgroup v2'
else
	refused "--at 5s memory.max=64M on this host: controller 'memory'" --at 5s memory.max=64M
	refused "--at 1m reclaim=5m on this host: controller 'memory'" --at 1m reclaim=5m
	run tare run --rm --strict --network none --at 1m memory.max=1g busybox true
	is 'with --strict the code is 122' "$status" 122
fi
is 'no container is left' "$(tare ps -aq)" ''

# --- what is done
run tare run --rm --network none --sample 20ms:series --at 2s:kill=USR1 --at 100ms freeze=400ms \
	--at 1h kill=TERM --report told busybox sh -c \
	'trap "echo told; exit 3" USR1; while :; do sleep 0.02; done'
is 'a signal at its time' "$status $stdout" '3 told'
is 'what never came is said' "$stderr" 'tare: warning: --at 1h kill=TERM: it had ended before'
is 'the series begins with what it is of' "$(jq -rs '.[0] | "\(.kind) \(.version) \(.image) \(.interval_us)"' series)" \
	'samples 1 busybox 20000'
is 'and ends with the end' "$(jq -rs '.[-1] | "\(.end) \(.code)"' series)" 'exit 3'
is 'the steps are in it' "$(jq -r 'select(.step) | "\(.step) \(.outcome)"' series)" \
	$'freeze=400ms done\nkill=USR1 done'
is 'at their time, for as long as was asked' "$(jq -s '[.[] | select(.step)][0] |
	.t_us >= 100000 and .t_us < 1000000 and .took_us >= 400000 and .took_us < 1900000' series)" true
is 'the times grow, and begin with 0' "$(jq -s '[.[] | select(.cpu_us) | .t_us] | . == sort and .[0] < 10000' series)" true
is 'a frozen program uses no processor' "$(jq -s '([.[] | select(.step)][0] | [.t_us, .t_us + .took_us]) as $f |
	[.[] | select(.cpu_us and .t_us > $f[0] + 200000 and .t_us < $f[1] - 20000)] |
	length > 3 and .[-1].cpu_us - .[0].cpu_us < 2000' series)" true

is 'the report has them, too' "$(jq -r '.timeline[] | "\(.at_us) \(.step) \(.outcome) \(.error)"' told)" \
	$'100000 freeze=400ms done null\n2000000 kill=USR1 done null\n3600000000 kill=TERM not-reached null'
is 'as its schema says' "$(jq -r --slurpfile schema "$TARE_TEST_TOP/docs/report.schema.json" -f "$TARE_TEST_LIB/schema.jq" told)" ''

# --- where it goes
run tare run --name kept --network none --sample 10ms busybox sleep 0.1
is 'a container that is kept has its series' "$status" 0
ok 'beside it' [ -s "$TARE_ROOT/containers/$(tare inspect -f '{{.Id}}' kept)/samples.jsonl" ]
tare rm kept >/dev/null
tare run -d --name back --network none --sample 10ms:back --at 50ms kill=TERM busybox \
	sh -c 'trap "exit 5" TERM; while :; do sleep 0.02; done' >/dev/null
is 'the monitor does it' "$(tare wait back)" 5
is 'all of it' "$(jq -rs '.[-1].code' back) $(jq -rs '[.[] | select(.step)][0].outcome' back)" '5 done'
cd / || exit
tare start back >/dev/null
is 'and again' "$(tare wait back)" 5
cd "$T" || exit
is 'into the same file, anew' "$(jq -rs 'map(select(.kind)) | length' back)" 1
tare rm back >/dev/null
tare run --rm -d --network none --sample 10ms:fd:3 busybox sleep 0.1 3>piped >/dev/null
ended() {
	grep -q '"end"' piped
}
ok 'a descriptor outlives the command' wait_for 20 ended
mkfifo full
exec 4<>full
run timeout 20 "$TARE" run --rm --network none --sample 1ms:fd:4 busybox sleep 1
is 'who does not read holds nobody up' "$status" 0
exec 4>&-
tare run -d --name again --network none --restart on-failure:1 --sample 10ms:again busybox \
	sh -c 'sleep 0.05; exit 1' >/dev/null
tare wait again >/dev/null
is 'each run of a restart has its own head' "$(jq -rs 'map(select(.kind)) | length' again)" 2
tare rm again >/dev/null

# --- pause and freeze
tare run -d --name paused --network none --at 1s freeze=10ms --sample 10ms:paused busybox sleep 1000 >/dev/null
tare pause paused >/dev/null
ok 'a step comes also for who is paused' wait_for 20 grep -q '"step"' paused
like 'who is paused stays so' "$(tare ps --format '{{.Status}}')" Paused
is 'as the series says' "$(jq -r 'select(.step) | "\(.outcome) \(.error)"' paused)" 'failed it is paused already'
tare rm -f paused >/dev/null
tare run -d --name both --network none --at 0s freeze=500ms --sample 10ms:both busybox sleep 1000 >/dev/null
tare pause both >/dev/null
# frozen NAME: what the kernel says
frozen() {
	local base
	for base in /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ ! -f "$base/cgroup.procs" ] || break
	done
	grep frozen "$base/$(tare inspect -f '{{.CgroupPath}}' "$1")/cgroup.events"
}
thawed() {
	grep -q '"step"' both
}
ok 'a freeze ends while somebody has paused it' wait_for 20 thawed
sleep 0.2
is 'it stays paused' "$(frozen both)" 'frozen 1'
tare unpause both >/dev/null
is 'until it is let go' "$(frozen both)" 'frozen 0'
tare rm -f both >/dev/null
tare run -d --name frozen --network none --at 0s freeze=1h busybox sleep 1000 >/dev/null
is_frozen() {
	[ "$(frozen frozen)" = 'frozen 1' ]
}
ok 'a step freezes' wait_for 20 is_frozen
pid=$(tare inspect -f '{{.State.Pid}}' frozen)
kill -9 "$(ps -o ppid= -p "$pid" | tr -d ' ')"
gone() {
	case $(ps -o stat= -p "$pid") in '' | Z*) ;; *) return 1 ;; esac
}
ok 'who is frozen ends with its supervisor' wait_for 20 gone
tare rm -f -a >/dev/null
done_testing
