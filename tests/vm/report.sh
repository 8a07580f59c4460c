#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# report.sh - What a report says of programs that leak, fork, spin and write, and what the kernel says of them

# Who was killed is known by the kernel's numbers of processes, which are tare's own in the first pid
# namespace only. The harness has another one: this comes before it, without.
outside() {
	local dir hog='dd if=/dev/zero of=/dev/null bs=80M count=1 2>/dev/null'
	local flags=(--network none --memory 32m --memory-swap 32m)
	cd "$(dirname "$0")/../.." || exit
	dir=$(mktemp -d -p /var/tmp)
	export TARE_ROOT=$dir/root TARE_RUNROOT=$dir/run
	flags+=(--report "$dir/r.json" busybox sh -c)
	{
		build/tare load -q -i build/fixtures/busybox.tar
		build/tare run -d --name later "${flags[@]}" "$hog; echo up; sleep 1000"
		# Not by exec: whoever comes in at that moment may be the reason for one kill more.
		grep -q up <(timeout 60 build/tare logs -f later)
		build/tare kill later
		build/tare wait later
		jq -c '[.reason, .oom.kills, .oom.init, (.oom.victims | map(.command))]' "$dir/r.json" >&3
		build/tare run --rm "${flags[@]}" "exec $hog"
		jq -c '[.reason, .oom.kills, .oom.init]' "$dir/r.json" >&3
		build/tare rm -f -a
	} 3>&1 >&2
	rm -rf "$dir" 2>/dev/null || rm -rf "$dir" # its trash is being deleted at the same time
}
if [ "${1:-}" = outside ]; then
	outside
	exit
fi
if [ -z "${TARE_TEST_INSIDE:-}" ]; then
	OUTSIDE=$(unshare --mount --propagation private "$0" outside)
	export OUTSIDE
fi
. "$(dirname "$0")/../lib/harness.sh"

MIB=$((1 << 20))

valid() {
	local faults
	faults=$(jq -r --slurpfile schema "$TARE_TEST_TOP/docs/report.schema.json" -f "$TARE_TEST_LIB/schema.jq" r.json) || return
	echo "$faults"
	[ -z "$faults" ]
}

# says DESC FILTER: true of the report
says() {
	ok "$1" jq -e "$2" r.json
}

of() {
	jq -rc "$1" r.json
}

# a hog that writes to MIB pages of its own; dd's buffer is its memory
hog() {
	echo "dd if=/dev/zero of=/dev/null bs=${1}M count=1 2>/dev/null"
}

load_busybox
on_exit tare rm -f -a

# --- leaks
run tare run --name hog --memory 32m --memory-swap 32m --report r.json busybox dd if=/dev/zero of=/dev/null bs=80M count=1
ok 'the report is as the schema says' valid
is 'a hog ends by its limit' "$status $(of '[.reason, .code, .signal]')" '137 ["oom",137,9]'
is 'it was one kill, of the first process, at the limit of the container' \
	"$(of '.oom | [.kills, .init, .group, .level, .limit_bytes]')" "[1,true,false,\"container\",$((32 * MIB))]"
is 'the kernel names the victim' "$(of '.oom.victims | map(.command)')" '["dd"]'
says 'the peak is the limit' ".memory.peak_bytes <= $((32 * MIB)) and .memory.peak_bytes > $((30 * MIB))"
says 'events are those of the kernel' '.memory.events.oom_kill == 1 and .memory.events.max > 0 and .memory.events_local.oom_kill == 1'
is 'limits are read back' "$(of '[.limits["memory.max"], .limits["memory.swap.max"]]')" "[$((32 * MIB)),0]"
like 'the message has it all' "$stderr" \
	"^tare: container 'hog' was killed: out of memory \(limit 32MiB, peak 3[0-9.]*MiB, 1 kill: pid [0-9]+ 'dd'\)$"
is 'inspect, too' "$(tare inspect -f '{{.State.OOMKilled}} {{.State.Oom.kills}} {{.State.Oom.level}} {{.State.Report.reason}}' hog)" \
	'true 1 container oom'
like 'and ps' "$(tare ps -a --filter name=hog --format '{{.Status}}')" '^Exited \(137\) .*, out of memory$'

run tare run --name child --memory 32m --memory-swap 32m --report r.json busybox sh -c "$(hog 80); echo went on"
is 'a child that is killed is not the end' "$status $(of '[.reason, .oom.kills, .oom.init]')" '0 ["exit",1,false]'
like 'but it is told' "$stderr" "'child' went on without some of its processes: out of memory \(limit 32MiB, .*, 1 kill: pid [0-9]+ 'dd'\)"
like 'by ps, too' "$(tare ps -a --filter name=child --format '{{.Status}}')" '^Exited \(0\) .*, after running out of memory$'
tare run --rm --name late busybox sh -c "until [ -e /go ]; do sleep 0.1; done; $(hog 80); exit 0" 2>late.err &
ok 'a limit may come later' wait_for 60 tare update --memory 32m --memory-swap 32m late
tare exec late touch /go
wait $!
like 'what it does is told, too' "$(cat late.err)" "'late' went on without some of its processes: out of memory \(limit 32MiB"
run tare run --rm --memory 32m --memory-swap 32m --report r.json busybox sh -c "$(hog 80); $(hog 80); exit 4"
is 'all are counted' "$status $(of '[.oom.kills, (.oom.victims | length)]')" '4 [2,2]'
run tare run --rm --report r.json --memory 32m --memory-swap 32m --oom-group busybox sh -c "sleep 1000 & $(hog 80); true"
is 'all of a group go together' "$status $(of '[.reason, .oom.init, .oom.group]')" '137 ["oom",true,true]'
# Three; or two, where the end of the first process was quicker with the third.
says 'each is counted once, the one that the kernel chose, too' \
	'.oom.kills > 1 and .oom.kills == (.oom.victims | length) and .memory.events.oom_kill == .oom.kills + 1'
says 'by name, as far as the kernel says it' '[.oom.victims[].command] | index("dd") and all(IN("dd", "sleep", "sh"))'
like 'and the message says so' "$stderr" 'of all processes together'
# killed_later NAME: a child for want of memory, and later the first process by somebody
killed_later() {
	tare run -d --name "$1" --memory 32m --memory-swap 32m --report r.json busybox sh -c "$(hog 80); echo up; sleep 1000" >id
	wait_for 60 grep -q up <(tare logs -f "$1")
	sleep "$2"
	tare kill "$1" >/dev/null
	code=$(tare wait "$1")
}
killed_later logged 0.3
is 'a SIGKILL soon after is told from it also where processes have other numbers' "$code $(of '[.reason, .oom.kills, .oom.init]')" \
	'137 ["signal",1,false]'
is 'a later SIGKILL is not taken for one' "$(head -n 1 <<<"$OUTSIDE")" '["signal",1,false,["dd"]]'
is 'the first process is known by its number' "$(tail -n 1 <<<"$OUTSIDE")" '["oom",1,true]'
run tare run --name slow --memory 32m --memory-swap 32m --timeout 3s --report r.json busybox sh -c "$(hog 80); sleep 1000"
is 'a time limit hides no kill' "$status $(of '[.reason, .oom.kills]')" '124 ["timeout",1]'
like 'in words, too' "$stderr" 'its time ran out; before, processes of it were killed: out of memory \(limit 32MiB'

mkdir -p /sys/fs/cgroup/team
echo $((24 * MIB)) >/sys/fs/cgroup/team/memory.max
echo 0 >/sys/fs/cgroup/team/memory.swap.max
run tare run --rm --cgroup-parent team --report r.json busybox dd if=/dev/zero of=/dev/null bs=80M count=1
is 'the limit of a cgroup above is told from its own' "$status $(of '[.reason, .oom.level, .oom.cgroup, .oom.limit_bytes]')" \
	"137 [\"oom\",\"ancestor\",\"/team\",$((24 * MIB))]"
like 'in words, too' "$stderr" "limit 24MiB of cgroup '/team'"
# Without the log: only counters.
mount --bind /dev/null /dev/kmsg
run tare run --rm --cgroup-parent team --report r.json busybox dd if=/dev/zero of=/dev/null bs=80M count=1
is 'without the kernel'"'"'s log the counters tell it' "$status $(of '[.reason, .oom.level, .oom.cgroup, .oom.victims]')" \
	'137 ["oom","ancestor","/team",null]'
run tare run --rm --memory 32m --memory-swap 32m --report r.json busybox dd if=/dev/zero of=/dev/null bs=80M count=1
is 'and that of the container' "$(of '[.reason, .oom.level, .oom.init, .missing["oom.victims"]]')" \
	'["oom","container",true,"/dev/kmsg may not be read here"]'
ok 'the report is still as the schema says' valid
killed_later unlogged 0.3
is 'a later SIGKILL is known by when the kill was' "$code $(of '[.reason, .oom.kills, .oom.init]')" '137 ["signal",1,false]'
umount /dev/kmsg
rmdir /sys/fs/cgroup/team

tare slice create small --memory 24m --memory-swap 24m >/dev/null
run tare run --name member --slice small --report r.json busybox dd if=/dev/zero of=/dev/null bs=80M count=1
is 'a slice is told from both' "$status $(of '[.reason, .oom.level, .oom.limit_bytes]')" "137 [\"oom\",\"slice\",$((24 * MIB))]"
is 'by its cgroup' "$(of .oom.cgroup)" "/$(tare slice inspect -f '{{.CgroupPath}}' small)"
like 'in words, too' "$stderr" "killed: out of memory \(limit 24MiB of cgroup '/tare/slice-small[^']*', peak"
is 'for inspect as well' "$(tare inspect -f '{{.State.Oom.level}}' member)" slice
# The first process goes on: docker's exit code, and one line more.
run tare run --rm --slice small busybox sh -c "$(hog 80); exit 0"
like 'nobody asked, and a child is not lost in silence' "$status $stderr" \
	"^0 tare: container '[a-z0-9_]+' went on without some of its processes: out of memory \(limit 24MiB of cgroup"
run tare run --rm --cgroup-conf "memory.max=$((24 * MIB))" --cgroup-conf memory.swap.max=0 busybox sh -c "$(hog 80); exit 0"
like 'at a limit that was set by hand' "$status $stderr" "^0 tare: container .* went on without .*\(limit 24MiB, "
run tare run --rm --memory 24m --memory-swap 24m --at 1s:memory.max=12M busybox sh -c "$(hog 16); sleep 2; $(hog 16); exit 0"
like 'at one that came later' "$status $stderr" "^0 tare: container .* went on without .*\(limit 12MiB, peak [12][0-9.]*MiB, 1 kill"
run tare run --rm --slice small busybox sh -c "$(hog 4); exit 0"
is 'who was spared is not mentioned' "$status $stderr" '0 '
tare slice rm -f small >/dev/null

# A cgroup that the container itself has made; the kill is seen while it runs, too.
cat >nest.sh <<'EOS'
cd /sys/fs/cgroup && mkdir own in && echo $$ >own/cgroup.procs && echo +memory >cgroup.subtree_control
echo 16M >in/memory.max && echo 0 >in/memory.swap.max
sh -c 'echo $$ >in/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=80M count=1' 2>/dev/null
echo up
sleep 1000
EOS
tare run -d --name nest --privileged --memory 64m --report r.json -v "$T/nest.sh:/nest.sh" busybox sh /nest.sh >/dev/null
wait_for 60 grep -q up <(tare logs -f nest)
is 'inspect knows before the end' "$(tare inspect nest | jq -c '.[0].State | [.Running, .OOMKilled, .Oom.kills, .Oom.level, .Oom.limit_bytes]')" \
	"[true,true,1,\"inside\",$((16 * MIB))]"
tare stop -t 1 nest >/dev/null
is 'a limit inside is one of its own making' "$(of '[.reason, .oom.level, .oom.limit_bytes]')" "[\"stopped\",\"inside\",$((16 * MIB))]"
like 'which has a name' "$(of .oom.cgroup)" '/tare/[0-9a-f]{64}/in$'

# The machine itself: huge pages take what there is, but for some.
echo 3 >/proc/sys/vm/drop_caches
on_exit sh -c 'echo 0 >/proc/sys/vm/nr_hugepages'
awk '$1 == "MemAvailable:" { print int(($2 / 1024 - 100) / 2) }' /proc/meminfo >/proc/sys/vm/nr_hugepages
run tare run --name last --oom-score-adj 1000 --report r.json busybox sh -c "$(hog 300); exit 0"
is 'the machine is no cgroup' "$status $(of '[.reason, .oom.kills, .oom.level, .oom.cgroup, .oom.limit_bytes]')" '0 ["exit",1,"host",null,null]'
like 'in words, too' "$stderr" "'last' went on without some of its processes: out of memory \(the machine has no more, peak"
mount --bind /dev/null /dev/kmsg
run tare run --name unlimited --oom-score-adj 1000 busybox sh -c "$(hog 300); exit 0"
umount /dev/kmsg
echo 0 >/proc/sys/vm/nr_hugepages
like 'one without limits, of which there will be a record, is looked at' "$status $stderr" \
	"^0 tare: container 'unlimited' went on .*the machine has no more"
like 'so that ps does not call it a success' "$(tare ps -a --filter name=unlimited --format '{{.Status}}')" '^Exited \(0\) .*, after running out of memory$'
run tare run --rm --memory 32m --memory-swap 32m --assert oom --assert oom.level==container --assert 'memory.peak<=32M' \
	busybox dd if=/dev/zero of=/dev/null bs=80M count=1
is 'a kill that was foretold is a success' "$status" 0
tare run -d --name box --memory 32m --memory-swap 32m busybox sleep 1000 >/dev/null
run tare exec --report r.json box dd if=/dev/zero of=/dev/null bs=80M count=1
is 'a command in it that is killed is told so' "$status $(of '[.kind, .reason, .code, .oom.kills, .oom.level]')" \
	'137 ["exec","oom",137,1,"container"]'
run tare exec --report r.json box true
is 'and the next one has nothing to do with it' "$status $(of '[.reason, .oom.kills, .memory.events.oom_kill]')" '0 ["exit",0,0]'
says 'a peak is its own, where the kernel can tell' \
	'.memory.peak_bytes == null and (.missing["memory.peak_bytes"] | contains("6.12")) or .memory.peak_bytes < 16 * 1048576'
ok 'its report is as the schema says' valid
tare rm -f box >/dev/null
run tare run --rm --memory 1g busybox sh -c "$(hog 16)"
is 'who keeps to its limit is not mentioned' "$status $stderr" '0 '

# --- spins
run tare run --rm --cpus 0.2 --report r.json --assert cpu.throttled==0 --timeout 2s --stop-timeout 1 busybox sh -c 'while :; do :; done'
is 'a spinner ends by its time' "$(of '[.reason, .code]')" '["timeout",124]'
like 'what was asserted of it did not hold' "$status $stderr" '^123 .*cpu.throttled==0 +[0-9]+ +FAILED'
says 'it was throttled, and for most of the time' '.cpu.throttled > 5 and .cpu.throttled <= .cpu.periods and .cpu.throttled_us > .wall_us * 0.4'
says 'it had no more than its share' '.cpu.usage_us < .wall_us * 0.35 and .cpu.usage_us > .wall_us * 0.05'
says 'others would have seen pressure' '.pressure.cpu.some_us > 0'

# --- forks
run tare run --rm --pids-limit 8 --report r.json --assert 'pids.peak<=8' --assert 'pids.refused>0' busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 100 & done'
isnt 'assertions know both' "$status" 123
says 'forks that were refused are counted' '.pids.refused >= 1'
says 'the peak is the limit' '.pids.peak == 8'
is 'as it was read back' "$(of '.limits["pids.max"]')" 8

# --- writes
device=$(cat /sys/class/block/vda/dev)
run tare run --rm --report r.json --cgroup-conf "io.max=$device wbps=$((4 * MIB))" -v "$T:/data" busybox \
	dd if=/dev/zero of=/data/file bs=1M count=8 conv=fsync
says 'what was written is counted by device' \
	".io.written_bytes >= $((8 * MIB)) and (.io.devices[] | select(.device == \"$device\") | .written_bytes >= $((8 * MIB)))"
says 'it took its time' '.wall_us > 1000000'
is 'the limit is read back' "$(of '.limits["io.max"]')" "$device rbps=max wbps=$((4 * MIB)) riops=max wiops=max"

# --- without limits
run tare run --rm --report r.json busybox sh -c "$(hog 32)"
says 'a run without limits has its figures, too' ".memory.peak_bytes > $((32 * MIB)) and .pids.peak >= 1 and .io.reads != null"
is 'and nothing is missing' "$(of '.missing | keys - ["memory.swap_peak_bytes"]')" '[]'
tare rm -f -a >/dev/null
done_testing
