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
ok 'a program beyond --memory-high is slowed down' wait_for 60 reaches slow memory.events high 5
is 'and not killed' "$(value_of slow memory.events oom_kill) $(tare inspect -f '{{.State.Running}}' slow)" '0 true'
ok 'rm' tare rm -f slow
run tare run --rm --memory-min 4m --memory-low 8m busybox cat /sys/fs/cgroup/memory.min /sys/fs/cgroup/memory.low
is '--memory-min and --memory-low are set' "$stdout" "$((4 * MIB))"$'\n'"$((8 * MIB))"

# --- who goes when memory runs out
run tare run --rm --memory 32m busybox sh -c "$(hog 100); echo survived"
is 'out of memory ends the largest process' "$status $stdout" '0 survived'
run tare run --rm --memory 32m --oom-group busybox sh -c "$(hog 100); echo survived"
is 'with --oom-group all of them' "$status $stdout" '137 '

# --- as asked for, or not at all
mkdir -p /sys/fs/cgroup/tight
on_exit rmdir /sys/fs/cgroup/tight
for c in memory pids cpu io; do
	echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control
done
echo $((24 * MIB)) >/sys/fs/cgroup/tight/memory.max
echo 30 >/sys/fs/cgroup/tight/pids.max
echo '40000 100000' >/sys/fs/cgroup/tight/cpu.max

# lies FLAGS WORDS: without --strict there is a warning, with it nothing starts
lies() {
	local flags=$1 words=$2
	# shellcheck disable=SC2086
	run tare run --rm $flags busybox echo ran
	is "$flags: runs" "$status $stdout" '0 ran'
	like "$flags: is told" "$stderr" "^tare: warning: $words"
	# shellcheck disable=SC2086
	run tare run --rm --strict $flags busybox echo ran
	is "$flags --strict: starts nothing" "$status $stdout" '122 '
	like "$flags --strict: and says why" "$stderr" "the limits would not hold as asked for: $words"
}
lies '--memory 1000000' '--memory: the kernel rounds 1000000 to 999424 \(memory.max\)'
run tare run -d --memory 1000000 busybox echo ran
is 'in the background it runs' "$status" 0
like 'and is told, too' "$stderr" '^tare: warning: --memory: the kernel rounds'
tare rm -f "$stdout" >/dev/null
lies '--memory 32m --cgroup-parent tight' "--memory: cgroup '/sys/fs/cgroup/tight' above it decides: memory.max is $((24 * MIB))"
lies '--pids-limit 31 --cgroup-parent tight' "--pids-limit: cgroup .* pids.max is 30"
lies '--cpus 0.5 --cgroup-parent tight' "--cpus: cgroup .* cpu.max is 40000 100000"
lies '--memory-reservation 8m --cgroup-parent tight' '--memory-reservation: .* memory.low is 0, which protects no more'
lies '--cpus 64' '--cpus: the time of 64.0 processors, but it can run on [0-9]+ only'
lies '--cpus 2 --cpuset-cpus 1' '--cpus: the time of 2.0 processors, but it can run on 1 only'
lies '--memory 1t' '--memory: [0-9]+ bytes of memory, but this machine has [0-9]+'
lies '--memory 32m --memory-swap 64m' '--memory-swap: [0-9]+ bytes of swap, but this machine has 0'
lies '--hugetlb 2MB=3m' '--hugetlb: the kernel rounds 3145728 to 2097152'
lies '--blkio-weight 100' '--blkio-weight: no disk here heeds weights'
run tare run --rm --strict --memory 24m --memory-swap 24m --cpus 0.4 --pids-limit 30 --cgroup-parent /tight busybox echo ran
is 'what is no more than above holds' "$status $stdout $stderr" '0 ran '
run tare run --rm --strict --cpuset-cpus 0-63 busybox true
is '--strict refuses processors that are not there' "$status" 122
run tare run -d --strict --hugetlb 3MB=6m busybox true
is '--strict refuses what the kernel does not have' "$status" 122
run tare run --rm --strict --memory 32m --memory-high 64m busybox true
is 'what contradicts itself is a mistake, as ever' "$status" 125
tare create --name later --strict --cpus 64 busybox true >/dev/null
run tare start later
is 'start refuses, too' "$status $stdout" '122 '
run tare start -a later
is 'also in the foreground' "$status $stdout" '122 '
tare rm later >/dev/null
is 'nothing is left' "$(tare ps -aq)$(find /sys/fs/cgroup/tight /sys/fs/cgroup/tare -mindepth 1 -type d ! -name monitors)" ''

# --- protection, which the cgroup above has to grant
tare run -d --name low --strict --memory-reservation 16m busybox sleep 1000 >/dev/null
tare run -d --name min --strict --memory-min 4m --memory-low 8m busybox sleep 1000 >/dev/null
is "the parent claims its children's sum" \
	"$(cat /sys/fs/cgroup/tare/memory.low /sys/fs/cgroup/tare/memory.min)" "$((24 * MIB))"$'\n'"$((4 * MIB))"
tare rm -f min >/dev/null
is 'and no more when one has gone' \
	"$(cat /sys/fs/cgroup/tare/memory.low /sys/fs/cgroup/tare/memory.min)" "$((16 * MIB))"$'\n0'
tare rm -f low >/dev/null

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
sleep 8
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

# --- whole processors
map_line() {
	tare cpus --format '{{.CPU}} {{.State}} {{.Container}} {{.VCPU}} {{.Shared}}' | tr '\n' '|'
}
is 'all processors are free' "$(map_line)" '0 free   |1 free   |'
run tare run --rm --strict --vcpus 2 busybox nproc
is '--vcpus 2: a program counts two' "$status $stdout $stderr" '0 2 '
tare run -d --name va --vcpus 1 busybox sh -c "nproc; $spin" >/dev/null
tare run -d --name vb --strict --vcpus 1 --restart always busybox sh -c "nproc; $spin" >/dev/null
tare run -d --name shared --cpuset-cpus 0 busybox sleep 1000 >/dev/null
is 'each has one' "$(map_line)" '0 held va 0 shared|1 held vb 0 |'
is 'which is all that its programs see' "$(tare logs va) $(tare logs vb)" '1 1'
is 'by the kernel' "$(cat "$(group_of va)/cpuset.cpus.effective" "$(group_of vb)/cpuset.cpus.effective")" $'0\n1'
one=$(used va) other=$(used vb) began=$(uptime_cs)
sleep 3
took=$(($(uptime_cs) - began)) one=$((($(used va) - one) / 100 / took)) other=$((($(used vb) - other) / 100 / took))
diag "busy: $one %, $other %"
ok 'both are busy' [ "$one" -ge 70 -a "$other" -ge 70 ]
run tare run --rm --vcpus 1 busybox true
is 'there are no more' "$status" 125
like 'is told with figures' "$stderr" '^tare: --vcpus: 1 processors are wanted, 0 are free'
run tare run -d --strict --vcpus 1 busybox true
is 'by its own code if strict' "$status $stdout" '122 '
fails 'those that are chosen are not changed' 125 tare update --cpuset-cpus 1 va
ok 'other limits are' tare update --pids-limit 30 va
is 'and it keeps its processor' "$(cat "$(group_of va)/cpuset.cpus")" 0
tare stop -t 0 va >/dev/null
is 'one that has ended has none' "$(map_line)" '0 free   shared|1 held vb 0 |'
run tare run --rm --vcpus 1 --cpuset-cpus 1 busybox true
is 'those of --cpuset-cpus are to choose from' "$status" 125
kill -9 "$(tare inspect -f '{{.State.Pid}}' vb)"
vb_again() {
	[ "$(tare inspect -f '{{.RestartCount}} {{.State.Status}}' vb)" = '1 running' ]
}
ok 'its policy starts it again' wait_for 20 vb_again
like 'with a processor to itself' "$(map_line)" '[01] held vb 0'
kill -9 "$(ps -o ppid= -p "$(tare inspect -f '{{.State.Pid}}' vb)" | tr -d ' ')"
all_free() {
	tare ps >/dev/null
	[ "$(map_line)" = '0 free   shared|1 free   |' ]
}
ok 'a monitor that is killed holds none' wait_for 20 all_free
tare rm -f va vb shared >/dev/null

# --- huge pages
echo 8 >/proc/sys/vm/nr_hugepages
on_exit sh -c 'echo 0 >/proc/sys/vm/nr_hugepages'
mkdir "$T/huge"
mount -t hugetlbfs none "$T/huge"
on_exit umount "$T/huge"
run tare run --rm --userns host -v "$T/huge:/huge" --hugetlb 2MB=4m busybox fallocate -l 4M /huge/file
is 'huge pages up to --hugetlb are to be had' "$status" 0
fails 'less than one is none' 125 tare run --rm --hugetlb 2MB=1m busybox true
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

# --- other limits for one that runs
# control NAME FILE...: their contents in one line
control() {
	local group
	group=$(group_of "$1")
	shift
	(cd "$group" && cat "$@" | tr '\n' ' ')
}
tare run -d --name up --memory 64m --cpus 0.5 busybox sleep 1000 >/dev/null
ok 'more of everything' tare update -m 96m --cpus 1.5 --cpu-burst 30000 --memory-reservation 16m --pids-limit 40 \
	--cpu-shares 2048 --cpuset-cpus 1 --device-write-bps $disk:5m --hugetlb 2MB=4m up
is 'is in force' "$(control up memory.max memory.swap.max memory.low cpu.max cpu.max.burst cpu.weight cpuset.cpus pids.max io.max hugetlb.2MB.max)" \
	"$((96 * MIB)) $((96 * MIB)) $((16 * MIB)) 150000 100000 30000 174 1 40 $(cat /sys/class/block/vda/dev) rbps=max wbps=$((5 * MIB)) riops=max wiops=max $((4 * MIB)) "
is 'the parent grants it' "$(cat /sys/fs/cgroup/tare/memory.low)" $((16 * MIB))
ok 'less of everything' tare update -m 32m --memory-swap 40m --memory-reservation -1 --cpus 0.2 --cpu-burst 1000 up
is 'is in force, too' "$(control up memory.max memory.swap.max memory.low cpu.max cpu.max.burst)" \
	"$((32 * MIB)) $((8 * MIB)) 0 20000 100000 1000 "
is 'the parent grants no more' "$(cat /sys/fs/cgroup/tare/memory.low)" 0
before=$(control up memory.max memory.swap.max cpu.max pids.max cpuset.cpus)
run tare update -m 48m --memory-swap 64m --pids-limit 20 --cpuset-cpus 0-63 up
is 'one that cannot be had undoes the others' "$status $(control up memory.max memory.swap.max cpu.max pids.max cpuset.cpus)" "125 $before"
is 'also on record' "$(tare inspect -f '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' up)" "$((32 * MIB)) 40"
run tare update --cpus 1.2 up
is 'what does not hold as asked for is told' "$status" 0
like 'on which processors' "$stderr" '^tare: warning: --cpus: the time of 1.2 processors, but it can run on 1 only'
run tare update --strict --cpus 1.4 up
is '--strict undoes it, by its own code' "$status $(control up cpu.max)" '122 120000 100000 '
is 'and is itself not kept then' "$(tare inspect -f '{{.HostConfig.Strict}}' up)" false
ok 'no limits any more' tare update -m -1 --cpu-quota -1 --cpu-burst 0 --pids-limit -1 up
is 'are none' "$(control up memory.max memory.swap.max cpu.max pids.max)" 'max max max 100000 max '
tare stop -t 0 up >/dev/null
ok 'start' tare start up
is 'and it starts with what it had last' "$(control up memory.max cpu.max pids.max cpu.weight)" 'max max 100000 max 174 '
ok 'a limit for the next runs' tare update -m 50m --restart always up
kill -9 "$(tare inspect -f '{{.State.Pid}}' up)"
again() {
	[ "$(tare inspect -f '{{.RestartCount}} {{.State.Status}}' up)" = '1 running' ]
}
ok 'it is started again by its monitor' wait_for 20 again
is 'with it' "$(control up memory.max)" "$((50 * MIB)) "
ok 'rm' tare rm -f up

# memory in use: 40 MiB of a tmpfs, which without swap nobody can reclaim
tare run -d --name full --memory 96m --memory-swap 96m --tmpfs /t busybox sh -c \
	'dd if=/dev/zero of=/t/x bs=1M count=40 2>/dev/null; echo full; sleep 1000' >/dev/null
is_full() {
	tare logs full | grep -q full
}
wait_for 60 is_full
run tare update -m 24m --memory-swap 24m full
is 'no limit below what is in use' "$status $(control full memory.max)" "125 $((96 * MIB)) "
like 'is told with figures' "$stderr" "'full': --memory: [0-9]+ bytes are in use, and cannot be reclaimed down to $((24 * MIB))"
is 'nothing was killed' "$(value_of full memory.events oom_kill) $(tare inspect -f '{{.State.Running}}' full)" '0 true'
ok 'a limit above it can be had' tare update -m 64m --memory-swap 64m full
ok '--force sets it' tare update --force -m 24m --memory-swap 24m full
killed() {
	[ "$(tare inspect -f '{{.State.OOMKilled}}' full)" = true ]
}
ok 'and the kernel kills' wait_for 30 killed
tare rm -f full >/dev/null
# page cache goes by itself
tare run -d --name cache --memory 96m -v "$T:/data" busybox sh -c 'cat /data/file >/dev/null; dd if=/dev/zero of=/data/cached bs=1M count=40 2>/dev/null; sync; echo full; sleep 1000' >/dev/null
is_cached() {
	tare logs cache | grep -q full
}
wait_for 60 is_cached
ok 'what can be reclaimed is' tare update -m 16m cache
is 'without a kill' "$(value_of cache memory.events oom_kill) $(control cache memory.max)" "0 $((16 * MIB)) "
tare rm -f cache >/dev/null

# --- what is no limit of cgroup v2
for flag in --memory-swappiness=10 --kernel-memory=1m --oom-kill-disable --cpu-rt-runtime=1; do
	run tare run --rm "$flag" busybox true
	is "$flag is refused" "$status" 125
	like "$flag: with a reason" "$stderr" 'cgroup v2'
done
done_testing
