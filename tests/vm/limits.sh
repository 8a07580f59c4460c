#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# limits.sh - Limits that a kernel enforces, seen through tare (pure cgroup v2)
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

MIB=$((1 << 20))

# group_of NAME: the container's cgroup
group_of() {
	echo "/sys/fs/cgroup/tare/$(tare inspect -f '{{.Id}}' "$1")"
}

# value_of NAME FILE KEY: a figure of a flat-keyed file
value_of() {
	awk -v key="$3" '$1 == key { print $2 }' "$(group_of "$1")/$2"
}

reaches() {
	[ "$(value_of "$1" "$2" "$3")" -ge "$4" ]
}

load_busybox
on_exit tare rm -f -a

run tare doctor -q cgroup cpu cpuset io memory pids swap psi cgroup.kill
is 'tare doctor finds all that limits need' "$status $stdout" '0 '

# --- memory
run tare run --name hog --memory 64m busybox dd if=/dev/zero of=/dev/null bs=200M count=1
is 'a process beyond --memory ends with 137' "$status" 137
like 'and a line says why, with the limit' "$stderr" \
	"^tare: container 'hog' was killed: out of memory \(limit 64MiB, peak 6[0-9.]*MiB, 1 kill: pid [0-9]+ 'dd'\)$"
is 'inspect gives the reason' "$(tare inspect -f '{{.State.Reason}} {{.State.OOMKilled}}' hog)" 'oom true'
run tare rm hog
run tare run --rm --memory 64m busybox dd if=/dev/zero of=/dev/null bs=16M count=1
is 'a process within --memory succeeds' "$status" 0
run tare run --name parent --memory 64m busybox sh -c 'dd if=/dev/zero of=/dev/null bs=200M count=1; echo went on'
is 'a child that is killed is no end' "$status $stdout" '0 went on'
like 'but it does not go unnoticed' "$stderr" "'parent' went on without some .*: out of memory \(limit 64MiB,.* 1 kill"
is 'inspect tells of it' "$(tare inspect -f '{{.State.Reason}} {{.State.OOMKilled}}' parent)" 'exit true'
run tare rm parent
echo $((64 * MIB)) >/sys/fs/cgroup/tare/memory.max
run tare run --rm --name guest busybox dd if=/dev/zero of=/dev/null bs=200M count=1
echo max >/sys/fs/cgroup/tare/memory.max
is 'the limit of a cgroup above counts, too' "$status" 137
like 'and is not taken for its own' "$stderr" "'guest' was killed: out of memory \(limit 64MiB of cgroup '/tare'"
run tare run --rm --memory 1m busybox echo ran
is 'a limit of 1 MiB leaves room to start' "$status $stdout" '0 ran'
run tare run --rm --memory 64m busybox cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max
is '--memory allows as much swap again' "$stdout" "$((64 * MIB))"$'\n'"$((64 * MIB))"
run tare run --rm --memory 64m --memory-swap 64m busybox cat /sys/fs/cgroup/memory.swap.max
is '--memory-swap equal to --memory means no swap' "$stdout" 0
run tare run --rm --memory 64m --memory-swap -1 busybox cat /sys/fs/cgroup/memory.swap.max
is '--memory-swap -1 means no limit' "$stdout" max
run tare run --rm --memory-reservation 32m busybox cat /sys/fs/cgroup/memory.low
is '--memory-reservation protects' "$stdout" $((32 * MIB))
run tare run --name killed busybox sh -c 'kill -9 $$'
is '137 without an OOM kill is not called one' "$(tare inspect -f '{{.State.OOMKilled}}' killed)" false
run tare rm killed

# --- processor time
run tare run -d --name spin --cpus 0.2 busybox sh -c 'while :; do :; done'
is '--cpus starts' "$status" 0
ok '--cpus withholds time' wait_for 60 reaches spin cpu.stat nr_throttled 3
is '--cpus is a quota per period' "$(cat "$(group_of spin)/cpu.max")" '20000 100000'
run tare stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.Throttled}}' spin
like 'stats shows the time withheld' "$stdout" '^spin [0-9.]+% [0-9.]*[1-9][0-9.]*s$'

# --- freezing, on a process that never sleeps
before=$(value_of spin cpu.stat usage_usec)
ok 'the spinning process uses time' wait_for 30 reaches spin cpu.stat usage_usec $((before + 1000))
ok 'pause succeeds' tare pause spin
is 'inspect says paused' "$(tare inspect -f '{{.State.Status}} {{.State.Paused}}' spin)" 'paused true'
before=$(value_of spin cpu.stat usage_usec)
sleep 1
is 'a paused container uses no time' "$(value_of spin cpu.stat usage_usec)" "$before"
ok 'unpause succeeds' tare unpause spin
ok 'it goes on' wait_for 30 reaches spin cpu.stat usage_usec $((before + 1000))
ok 'pause again' tare pause spin
ok 'a paused container can be killed' tare kill spin
ok 'and removed' tare rm -f spin

run tare run --rm --cpu-shares 512 busybox cat /sys/fs/cgroup/cpu.weight
is '--cpu-shares become a weight' "$stdout" 59
run tare run --rm --cpuset-cpus 1 busybox grep Cpus_allowed_list /proc/self/status
like '--cpuset-cpus is what the container sees' "$stdout" '[[:space:]]1$'
fails 'processors that are not there are refused' 125 tare run --rm --cpuset-cpus 0-63 busybox true

# --- processes
run tare run --rm --pids-limit 6 busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; echo all'
like '--pids-limit refuses forks' "$stderr" 'fork'
unlike 'not all came to be' "$stdout" all
run tare run --rm busybox cat /sys/fs/cgroup/pids.max
is 'the default is 2048 processes' "$stdout" 2048

# --- disk
disk=$(cat /sys/class/block/vda/dev)
slow="io.max=$disk wbps=$((2 * MIB))"
run tare run --rm --cgroup-conf "$slow" busybox cat /sys/fs/cgroup/io.max
is 'the limit of a disk is set' "$stdout" "$disk rbps=max wbps=$((2 * MIB)) riops=max wiops=max"
run tare run --rm --device-read-bps /dev/vda:1m --device-write-bps /dev/vda:2m --device-read-iops /dev/vda:300 \
	--device-write-iops /dev/vda:400 busybox cat /sys/fs/cgroup/io.max
is '--device-read-bps and its like set it' "$stdout" "$disk rbps=$MIB wbps=$((2 * MIB)) riops=300 wiops=400"
began=$SECONDS
# Into a volume: a container's own files are never synced, so nothing would wait for them.
run tare run --rm --cgroup-conf "$slow" -v "$T:/data" busybox dd if=/dev/zero of=/data/file bs=1M count=8 conv=fsync
is 'writing succeeds' "$status" 0
ok 'and takes its time, through the page cache too' [ $((SECONDS - began)) -ge 2 ]
run tare run --rm --blkio-weight 500 busybox cat /sys/fs/cgroup/io.weight
is '--blkio-weight becomes a weight' "$stdout" 'default 4950'

# --- by hand, together, and not at all
run tare run --rm --cgroup-conf memory.high=48m --cgroup-conf pids.max=33 busybox \
	cat /sys/fs/cgroup/memory.high /sys/fs/cgroup/pids.max
is '--cgroup-conf sets files' "$stdout" "$((48 * MIB))"$'\n33'
fails '--cgroup-conf refuses what is no limit' 125 tare run --rm --cgroup-conf cgroup.kill=1 busybox true
fails '--cgroup-conf refuses other paths' 125 tare run --rm --cgroup-conf ../memory.max=1 busybox true
run tare run --rm --memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --cpu-shares 2048 \
	--cpuset-cpus 0 --cpuset-mems 0 --pids-limit 50 --blkio-weight 100 --cgroup-conf "io.max=$disk rbps=$((10 * MIB))" \
	--cgroup-conf memory.high=60m busybox sh -c \
	'cd /sys/fs/cgroup && cat memory.max memory.swap.max memory.low memory.high cpu.max cpu.weight \
		cpuset.cpus.effective cpuset.mems.effective pids.max io.weight io.max | tr "\n" " "'
is 'all limits together' "$stdout" "$((64 * MIB)) $((32 * MIB)) $((32 * MIB)) $((60 * MIB)) 50000 100000 174 \
0 0 50 default 910 $disk rbps=$((10 * MIB)) wbps=max riops=max wiops=max "
run tare run --rm --memory 64m busybox sh -c 'echo max >/sys/fs/cgroup/memory.max'
isnt 'a container cannot lift its own limits' "$status" 0
fails 'swap below memory is refused' 125 tare run --rm --memory 64m --memory-swap 32m busybox true

# --- exec counts too
run tare run -d --name box --memory 64m busybox sleep 1000
run tare exec box cat /proc/self/cgroup
is 'exec joins the cgroup' "$stdout" '0::/'
run tare exec box dd if=/dev/zero of=/dev/null bs=200M count=1
is 'exec is under the limit' "$status" 137
run tare stats --no-stream --format '{{.MemUsage}} {{.PIDs}} {{.OOM}}' box
like 'stats shows usage, limit and kills' "$stdout" '^[0-9.]+[KM]?i?B / 64MiB 1 [1-9]'
run tare top box
like 'top lists the process' "$stdout" '0 +[0-9]+ .* sleep 1000'
ok 'rm -f' tare rm -f box

left=$(find /sys/fs/cgroup/tare -mindepth 1 -type d ! -name monitors ! -name host)
is 'no cgroup is left' "$left" ''
done_testing
