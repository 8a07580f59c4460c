#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# threads.sh - What people asked other engines for in public, and did not get: one test each
. "$(dirname "$0")/../lib/harness.sh"

MIB=$((1 << 20))
load_busybox
on_exit tare rm -f -a

state() { # NAME FILTER
	tare inspect -f '{{json .State}}' "$1" | jq -rc "$2"
}

# moby#18166: the processor time of a container that has ended.
tare run --name spun --network none --cpus 1 busybox sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done' >/dev/null
tare run --name slept --network none --cpus 1 busybox sleep 1 >/dev/null
state spun '.Report.cpu' | jq -e '.user_us > 30000 and .usage_us >= .user_us' >enough
is 'moby#18166: what it used of a processor is known when it has ended' "$(cat enough)" true
is 'and little is little' "$(state slept '.Report.cpu.usage_us < 900000')" true

# runc#4000, nomad#19855: the peak of memory, also when nobody was looking.
tare run --name peak --network none --memory 64m busybox dd if=/dev/zero of=/dev/null bs=24M count=1 2>/dev/null
is 'runc#4000, nomad#19855: so is its peak of memory' \
	"$(state peak ".Report.memory.peak_bytes | . > $((24 * MIB)) and . < $((32 * MIB))")" true

# kubernetes#104454: a child is killed, and the container is said to have been, with exit code 0.
run tare run --name parent --network none --memory 32m --memory-swap 32m busybox \
	sh -c 'dd if=/dev/zero of=/dev/null bs=80M count=1 2>/dev/null; exit 0'
is 'kubernetes#104454: a killed child is one kill, of no first process' \
	"$status $(state parent '[.Report.reason, .Oom.kills, .Oom.init]')" '0 ["exit",1,false]'
run tare run --rm --network none --memory 32m --memory-swap 32m --assert '!oom' busybox \
	sh -c 'dd if=/dev/zero of=/dev/null bs=80M count=1 2>/dev/null; exit 0'
is 'who wants no success with one says so' "$status" 123

# containerd#12133: whose limit it was, the container's or that of a group of tasks.
mkdir -p /sys/fs/cgroup/offline
echo $((24 * MIB)) >/sys/fs/cgroup/offline/memory.max
echo 0 >/sys/fs/cgroup/offline/memory.swap.max
hog=(busybox dd if=/dev/zero of=/dev/null bs=80M count=1)
run tare run --name group --network none --cgroup-parent offline --memory 64m "${hog[@]}"
is 'containerd#12133: the limit of the group' "$status $(state group '[.Oom.level, .Oom.cgroup]')" '137 ["ancestor","/offline"]'
run tare run --name own --network none --cgroup-parent offline --memory 16m --memory-swap 16m "${hog[@]}"
is 'is told from its own' "$status $(state own '.Oom.level')" '137 container'

# runc#5269: under 1 MiB a start sometimes fails, as the runtime needs some of it.
failed=''
for i in 1 2 3 4 5 6; do
	tare run --rm --network none --memory 1m --memory-swap 1m --pids-limit 1 busybox true || failed+=" $i"
done
is 'runc#5269: 1 MiB and one process are enough to start, each time' "$failed" ''

# A limit that does not hold is no limit: nothing starts, instead of starting without.
run tare run --rm --network none --cgroup-conf memory.nosuch=1 busybox true
is 'a limit is never dropped in silence' "$status $stdout" '125 '
run tare run --rm --network none --memory 8t busybox true
like 'podman#13891: one that limits nothing is said to' "$status $stderr" '^0 .*--memory: 8796093022208 bytes of memory, but this machine has'
run tare run --rm --network none --strict --memory 8t busybox echo ran
is 'and with --strict nothing starts' "$status $stdout" '122 '
run tare run --rm --network none --strict --pids-limit 3 busybox cat /sys/fs/cgroup/pids.max
is 'one that starts has it' "$status $stdout" '0 3'

# What people say of all engines, in one sentence each.
tare run -d --rm --name brief --network none --memory 64m --report brief.json busybox dd if=/dev/zero of=/dev/null bs=24M count=1 >/dev/null
wait_for 30 test -s brief.json
is 'the peak of a container that is finished and gone' \
	"$(jq ".memory.peak_bytes | . > $((24 * MIB)) and . < $((32 * MIB))" brief.json) $(tare ps -aq --filter name=brief)" 'true '
tare run -d --name murdered --network none --memory 64m busybox sleep 1000 >/dev/null
tare kill murdered >/dev/null
killed=$(tare wait murdered)
run tare run --name starved --network none --memory 16m --memory-swap 16m "${hog[@]}"
is 'podman#25990: one 137 is not like the other' "$killed $status $(state murdered .Report.reason) $(state starved .Report.reason)" '137 137 signal oom'
is 'nor for docker'"'"'s scripts' "$(tare inspect -f '{{.State.OOMKilled}}' murdered starved | tr '\n' ' ')" 'false true '
is 'nor in ps' "$(tare ps -a --filter name=murdered --filter name=starved --format '{{.Names}} {{.Status}}' | sed 's/ (137) .* ago//' | sort | tr '\n' ';')" \
	'murdered Exited;starved Exited, out of memory;'
# podman#21749, kubernetes#119600, containerd#8180: when the kill comes at once, now and then nobody has seen it.
seen=''
for i in 1 2 3 4 5 6 7 8; do
	tare run --name "now$i" --network none --memory 4m --memory-swap 4m "${hog[@]}" 2>/dev/null
	seen+="$? $(tare inspect -f '{{.State.OOMKilled}}' "now$i") "
done
is 'podman#21749: a test of it does not work now and then, but always' "$seen" '137 true 137 true 137 true 137 true 137 true 137 true 137 true 137 true '

tare rm -f -a >/dev/null
rmdir /sys/fs/cgroup/offline
done_testing
