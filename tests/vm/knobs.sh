#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# knobs.sh - What each limit does to a program: the workload tells, not the file
# shellcheck disable=SC2317 # functions that wait_for calls
# shellcheck disable=SC2016 # scripts that expand in the container
. "$(dirname "$0")/../lib/harness.sh"

MIB=$((1 << 20))

# group_of NAME: the container's cgroup
group_of() {
	echo "/sys/fs/cgroup/$(tare inspect -f '{{.CgroupPath}}' "$1")"
}

# value_of NAME FILE KEY: a figure of a flat-keyed file
value_of() {
	awk -v key="$3" '$1 == key { print $2 }' "$(group_of "$1")/$2"
}

reaches() {
	[ "$(value_of "$1" "$2" "$3")" -ge "$4" ]
}

# hog MIB: a command that uses so much memory at once
hog() {
	echo "dd if=/dev/zero of=/dev/null bs=${1}M count=1"
}

# full_hog MIB: the same, with pages that the kernel cannot take for empty ones
full_hog() {
	echo "yes | dd of=/dev/null bs=${1}M count=1 iflag=fullblock"
}

load_busybox
on_exit tare rm -f -a
spin='while :; do :; done'

# --- memory.high: slowed down, not killed
run tare run -d --name slow --memory-high 16m busybox sh -c "$(hog 40); sleep 1000"
is '--memory-high starts' "$status" 0
ok 'a program beyond --memory-high is slowed down' wait_for 60 reaches slow memory.events high 20
is 'and not killed' "$(value_of slow memory.events oom_kill) $(tare inspect -f '{{.State.Running}}' slow)" '0 true'
ok 'rm' tare rm -f slow
run tare run --rm --memory-min 4m --memory-low 8m busybox cat /sys/fs/cgroup/memory.min /sys/fs/cgroup/memory.low
is '--memory-min and --memory-low are set' "$stdout" "$((4 * MIB))"$'\n'"$((8 * MIB))"

# --- who goes when memory runs out
run tare run --rm --memory 32m busybox sh -c "$(hog 100); echo survived"
is 'out of memory ends the largest process' "$status $stdout" '0 survived'
run tare run --rm --memory 32m --oom-group busybox sh -c "$(hog 100); echo survived"
is 'with --oom-group all of them' "$status $stdout" '137 '

# --- swap
dd if=/dev/zero of=/swap bs=1M count=128 2>/dev/null
chmod 600 /swap
mkswap /swap >/dev/null
swapon /swap
on_exit rm -f /swap
on_exit swapoff /swap
run tare run --rm --memory 32m --memory-swap 96m busybox sh -c "$(full_hog 64)"
is 'what does not fit into --memory is swapped' "$status" 0
run tare run --rm --memory 32m --memory-swap 48m busybox sh -c "$(full_hog 64)"
is 'up to --memory-swap, which counts both' "$status" 137
run tare run --rm --memory 32m --memory-swap 32m busybox sh -c "$(full_hog 64)"
is 'and not at all if that is the same' "$status" 137

# --- processor time
# uptime_cs: hundredths of a second since boot
uptime_cs() {
	local up
	read -r up _ </proc/uptime
	echo "${up/./}"
}
# used NAME: microseconds of processor time
used() {
	value_of "$1" cpu.stat usage_usec
}
tare run -d --name half --cpus 0.5 busybox sh -c "$spin" >/dev/null
ok 'the program is held back' wait_for 60 reaches half cpu.stat nr_throttled 3
began=$(uptime_cs) before=$(used half)
sleep 6
share=$((($(used half) - before) / 100 / ($(uptime_cs) - began)))
ok "--cpus 0.5 is half of a processor, within five points ($share %)" [ "$share" -ge 45 ]
ok 'not more' [ "$share" -le 55 ]
ok 'rm' tare rm -f half

tare run -d --name one --cpuset-cpus 1 --cpu-weight 100 busybox sh -c "$spin" >/dev/null
tare run -d --name three --cpuset-cpus 1 --cpu-weight 300 busybox sh -c "$spin" >/dev/null
sleep 1
one=$(used one) three=$(used three)
sleep 12
one=$(($(used one) - one)) three=$(($(used three) - three))
share=$((three * 100 / (one + three)))
diag "weight 100: $one us, weight 300: $three us"
ok "weights 1:3 divide a processor so ($share %)" [ "$share" -ge 68 ]
ok 'and not otherwise' [ "$share" -le 82 ]
ok 'rm' tare rm -f one three

tare run -d --name burst --cpus 0.2 --cpu-burst 20000 busybox sh -c \
	'while :; do i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; sleep 0.5; done' >/dev/null
is '--cpu-burst is set' "$(cat "$(group_of burst)/cpu.max.burst")" 20000
ok 'what was saved up is used' wait_for 60 reaches burst cpu.stat nr_bursts 1
ok 'rm' tare rm -f burst

# --- huge pages
echo 8 >/proc/sys/vm/nr_hugepages
on_exit sh -c 'echo 0 >/proc/sys/vm/nr_hugepages'
mkdir "$T/huge"
mount -t hugetlbfs none "$T/huge"
on_exit umount "$T/huge"
run tare run --rm --userns host -v "$T/huge:/huge" --hugetlb 2MB=4m busybox fallocate -l 4M /huge/file
is 'huge pages up to --hugetlb are to be had' "$status" 0
run tare run --rm --userns host -v "$T/huge:/huge" --hugetlb 2MB=4m busybox fallocate -l 8M /huge/other
isnt 'and no more' "$status" 0
rm -f "$T/huge/file" "$T/huge/other"
fails 'a size of page that is none is refused' 125 tare run --rm --hugetlb 3MB=6m busybox true

# --- disks
disk=/dev/vda
run tare run --rm --blkio-weight 1000 busybox cat /sys/fs/cgroup/io.weight
is '--blkio-weight 1000 is the largest weight' "$stdout" 'default 10000'
run tare run --rm --blkio-weight 10 busybox cat /sys/fs/cgroup/io.weight
is '--blkio-weight 10 the smallest' "$stdout" 'default 1'
run tare run --rm --blkio-weight-device $disk:500 busybox true
is 'a weight for a disk that heeds none is refused' "$status" 125
like 'by its name' "$stderr" '--blkio-weight-device'
# The page cache is empty of it after a drop; reads then wait for the disk.
dd if=/dev/zero of="$T/file" bs=1M count=8 conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
began=$SECONDS
run tare run --rm --device-read-bps $disk:2m -v "$T:/data" busybox dd if=/data/file of=/dev/null bs=1M
is 'reading succeeds' "$status" 0
ok '--device-read-bps makes it take its time' [ $((SECONDS - began)) -ge 2 ]
echo 3 >/proc/sys/vm/drop_caches
began=$SECONDS
run tare run --rm --device-write-iops $disk:4 -v "$T:/data" busybox sh -c \
	'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i >/data/small; sync /data/small || fsync /data/small; done'
is 'writing succeeds' "$status" 0
ok '--device-write-iops makes it take its time' [ $((SECONDS - began)) -ge 2 ]

# --- below another cgroup
mkdir -p /sys/fs/cgroup/ci/jobs
on_exit rmdir /sys/fs/cgroup/ci/jobs /sys/fs/cgroup/ci
run tare run -d --name job --cgroup-parent /ci/jobs --pids-limit 20 busybox sleep 1000
is '--cgroup-parent starts' "$status" 0
id=$(tare inspect -f '{{.Id}}' job)
is 'the cgroup is there' "$(tare inspect -f '{{.CgroupPath}} {{.HostConfig.CgroupParent}}' job)" "ci/jobs/$id /ci/jobs"
echo $((24 * MIB)) >/sys/fs/cgroup/ci/memory.max
echo 0 >/sys/fs/cgroup/ci/memory.swap.max
run tare exec job sh -c "exec $(hog 48)"
is "and the parent's limit holds for it" "$status" 137
pid=$(tare inspect -f '{{.State.Pid}}' job)
supervisor=$(ps -o ppid= -p "$pid" | tr -d ' ')
kill -9 "$supervisor"
gone() {
	[ ! -d "/sys/fs/cgroup/ci/jobs/$id" ]
}
swept() {
	tare ps >/dev/null
	gone
}
ok 'it goes when its monitor was killed' wait_for 20 swept
ok 'rm' tare rm -f job
fails 'the cgroups of containers are no parents' 125 tare run --rm --cgroup-parent /tare/x busybox true
fails 'nor is what is no path' 125 tare run --rm --cgroup-parent ../x busybox true

# --- what is no limit of cgroup v2
for flag in --memory-swappiness=10 --kernel-memory=1m --oom-kill-disable --cpu-rt-runtime=1; do
	run tare run --rm "$flag" busybox true
	is "$flag is refused" "$status" 125
	like "$flag: with a reason" "$stderr" 'cgroup v2'
done
done_testing
