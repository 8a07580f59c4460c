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

tare rm -f -a >/dev/null
rmdir /sys/fs/cgroup/offline
done_testing
