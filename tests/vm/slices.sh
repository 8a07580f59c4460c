#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# slices.sh - Slices that a kernel enforces, shown by what runs in them (pure cgroup v2)
. "$(dirname "$0")/../lib/harness.sh"

MIB=$((1 << 20))

load_busybox
on_exit tare slice rm -f -a
on_exit tare rm -f -a

# group NAME: a slice's cgroup
group() {
	echo "/sys/fs/cgroup/$(tare slice inspect -f '{{.CgroupPath}}' "$1")"
}

# share SECONDS A B: what B gets, in percent of what both do; sets $share, and $used by B in microseconds
share() {
	local a b paths before after
	paths=("$(group "$2")/cpu.stat" "$(group "$3")/cpu.stat")
	# shellcheck disable=SC2207 # numbers
	before=($(awk '$1 == "usage_usec" { print $2 }' "${paths[@]}"))
	sleep "$1"
	# shellcheck disable=SC2207
	after=($(awk '$1 == "usage_usec" { print $2 }' "${paths[@]}"))
	a=$((after[0] - before[0])) b=$((after[1] - before[1]))
	share=$((100 * b / (a + b))) used=$b
}

# --- shares: 1 to 3 on one processor, however many containers want it
tare slice create light --weight 100 --cpuset-cpus 0 >/dev/null
tare slice create heavy --weight 300 --cpuset-cpus 0 >/dev/null
for n in 1 2 3; do
	tare run -d --name "light$n" --slice light busybox sh -c 'while :; do :; done' >/dev/null
done
tare run -d --name heavy1 --slice heavy busybox sh -c 'while :; do :; done' >/dev/null
share 5 light heavy
ok "weights 100 and 300 divide a processor so (75 %: $share %)" test "$share" -ge 69 -a "$share" -le 81
tare slice update light --weight 900 >/dev/null
share 4 light heavy
ok "another weight holds at once (25 %: $share %)" test "$share" -ge 19 -a "$share" -le 31
tare slice update heavy --cpuset-cpus 1 --cpus 0.2 >/dev/null
share 3 light heavy
ok "a limit of 0.2 CPUs holds for what runs ($((used / 3000)) ms of 1000)" test $used -ge 300000 -a $used -le 900000
like 'ls has the figures' "$(tare slice ls)" $'\nheavy +active +1 +0.2 +300 +[0-9.]+[KM]iB / - +1 / -'
tare slice rm -f light heavy >/dev/null
tare rm -f -a >/dev/null

# --- memory of all together
tare slice create ci --memory 96m --memory-swap 96m --pids 20 --cpus 2 >/dev/null
is 'the limits are there' "$(cat "$(group ci)"/{memory.max,memory.swap.max,pids.max,cpu.max} | tr '\n' ' ')" "$((96 * MIB)) 0 20 200000 100000 "
run tare run --rm --slice ci --memory 64m busybox dd if=/dev/zero of=/dev/null bs=40M count=1
is 'a container within its own limit and the slice runs' "$status" 0
tare run -d --name holder --slice ci --memory 64m busybox sh -c 'dd if=/dev/zero of=/dev/null bs=60M count=100000000' >/dev/null
holds() {
	[ "$(cat "$(group ci)/memory.current")" -gt $((55 * MIB)) ]
}
ok 'one container takes most of it' wait_for 20 holds
run tare run --name hog --slice ci busybox sh -c 'echo 1000 >/proc/self/oom_score_adj; exec dd if=/dev/zero of=/dev/null bs=80M count=1'
is 'another that wants the rest and more is killed in the slice' "$status $(tare inspect -f '{{.State.OOMKilled}}' hog)" '137 true'
is 'whose limit was met' "$(tare slice report ci --json | jq '.Usage.OomKills >= 1 and .Usage.MemoryPeakBytes <= 96 * 1048576')" true
is 'outside of it nobody is killed' "$(awk '$1 == "oom_kill" { print $2 }' /sys/fs/cgroup/tare/memory.events.local)" 0
like 'the report says so' "$(tare slice report ci)" $'\nMemory +[0-9.]+MiB\n  peak +9[0-6](.[0-9]+)?MiB\n  limit +96MiB\n.*killed for want of it +[1-9]'
tare rm -f holder hog >/dev/null

# --- processes
run tare run --rm --slice ci busybox sh -c 'for i in $(seq 30); do sleep 5 & done; echo all'
like 'processes are counted together' "$stderr" "can't fork"
if [ -e "$(group ci)/pids.events.local" ]; then
	is 'and refusals' "$(tare slice report ci --json | jq '.Usage.ForksRefused >= 1 and .Usage.PidsPeak <= 20')" true
else
	is 'a kernel that cannot tell refusals does not' "$(tare slice report ci --json | jq '.Usage.ForksRefused')" null
fi

# --- disks of all together
is 'a disk is limited' "$(tare slice create disks --device-write-bps /dev/vda:4m --device-read-iops /dev/vda:500 --blkio-weight 500)" disks
device=$(cat /sys/class/block/vda/dev)
is 'as the kernel has it' "$(cat "$(group disks)/"io.{max,weight})" "$device rbps=max wbps=$((4 * MIB)) riops=500 wiops=max
default 4950"
tare run -d --name w1 --slice disks -v "$T:/data" busybox dd if=/dev/zero of=/data/w1 bs=1M count=4 conv=fsync >/dev/null
SECONDS=0
run tare run --name w2 --slice disks --report w2.json -v "$T:/data" busybox dd if=/dev/zero of=/data/w2 bs=1M count=8 conv=fsync
is 'two that write share it' "$(tare wait w1; jq '.wall_us > 1500000 and .io.written_bytes >= 8 * 1048576' w2.json)" $'0\ntrue'
tare slice export disks >disks.json
is 'export has it' "$(jq -c '.Slices[0] | [.DeviceWriteBps, .DeviceReadIops, .BlkioWeight]' disks.json)" '[["/dev/vda:4194304"],["/dev/vda:500"],500]'
is 'apply finds nothing to do' "$(tare slice apply disks.json)" 'disks: unchanged'
tare slice update disks --device-write-bps /dev/vda:64m --device-read-iops /dev/vda:-1 --blkio-weight -1 >/dev/null
is 'an update changes one and lifts the others' "$(cat "$(group disks)/"io.{max,weight})" "$device rbps=max wbps=$((64 * MIB)) riops=max wiops=max
default 100"
run tare slice update disks --device-write-bps /dev/vda:1m --cpuset-cpus 99
is 'all or nothing' "$status $(cat "$(group disks)/io.max")" "125 $device rbps=max wbps=$((64 * MIB)) riops=max wiops=max"
jq 'del(.Slices[0].DeviceWriteBps, .Slices[0].DeviceReadIops)' disks.json >none.json
is 'what a file has no more' "$(tare slice apply none.json)" 'disks: updated'
is 'is lifted' "$(cat "$(group disks)/io.max")" ''
tare rm -f w1 w2 >/dev/null
tare slice rm disks >/dev/null
run tare run --name free --device-write-bps /dev/vda:4m busybox true
failed=''
for rate in 8m 16m 32m 64m -1; do
	tare start free >/dev/null
	run tare update --device-write-bps "/dev/vda:$rate" free
	failed+=$stderr
done
is 'one that ends just now has its new limits for the next run' "$failed" ''
is 'a container has its limit lifted the same way' "$(tare inspect -f '{{json .HostConfig.BlkioDeviceWriteBps}}' free)" '[{"Path":"/dev/vda","Rate":0}]'
tare rm -f free >/dev/null

# --- all or nothing
run tare slice update ci --pids 50 --cpuset-cpus 99
is 'an update that the kernel refuses' "$status" 125
is 'changes nothing' "$(cat "$(group ci)/pids.max") $(tare slice inspect -f '{{.Pids}}' ci)" '20 20'
tare slice update ci --memory -1 --memory-swap 0 --pids -1 >/dev/null
is 'limits are lifted' "$(cat "$(group ci)"/{memory.max,pids.max} | tr '\n' ' ')" 'max max '
echo 7 >"$(group ci)/pids.max"
tare slice export ci | jq '.Slices[0].Pids = 30' >ci.json
is 'apply' "$(tare slice apply ci.json)" 'ci: updated'
is 'sets what the file says' "$(cat "$(group ci)/pids.max")" 30
echo 7 >"$(group ci)/pids.max"
is 'again: nothing is to be done' "$(tare slice apply ci.json)" 'ci: unchanged'
is 'but what somebody else changed is as it should be' "$(cat "$(group ci)/pids.max")" 30
jq 'del(.Slices[0].Pids, .Slices[0].Cpus)' ci.json >less.json
tare slice apply less.json >/dev/null
is 'what the file does not limit any more is free' "$(cat "$(group ci)"/{pids.max,cpu.max} | tr '\n' ' ')" 'max max 100000 '
path=$(group ci)
rmdir "$path"
tare slice apply ci.json >/dev/null
rmdir "$path"
tare run --rm --slice ci busybox true
is 'a start after a restart of the machine has the limits again' "$(cat "$path/pids.max")" 30
tare slice rm ci >/dev/null

# --- the host's cap
mkdir -p /etc/tare
on_exit rm -rf /etc/tare
cat >/etc/tare/cap.json <<'EOS'
{ "Total": { "Memory": "80m", "MemorySwap": "80m", "Pids": 500 }, "Slice": { "Memory": "48m" } }
EOS
tare slice cap >/dev/null
is 'the cap holds for all' "$(cat /sys/fs/cgroup/tare/{memory.max,pids.max} | tr '\n' ' ')" "$((80 * MIB)) 500 "
run tare run --rm busybox dd if=/dev/zero of=/dev/null bs=100M count=1
is 'a container without limits dies of it' "$status" 137
run tare slice create big --memory 64m
like 'a slice may not have more than its part' "$status $stderr" "^125 tare: 'Memory' is more than this host gives a slice"
tare slice create small >/dev/null
is 'and gets that if it does not ask' "$(cat "$(group small)/memory.max")" $((48 * MIB))
tare slice rm small >/dev/null
echo '{ "Total": { "Memory": "-1" } }' >/etc/tare/cap.json
fails 'a cap that is none is refused' 125 tare slice cap
echo '{ "Total": {} }' >/etc/tare/cap.json
tare slice cap >/dev/null
is 'what the file does not limit any more is free' "$(cat /sys/fs/cgroup/tare/{memory.max,memory.swap.max,pids.max} | tr '\n' ' ')" 'max max max '
echo '{ "Total": { "Pids": 499 } }' >/etc/tare/cap.json
find /sys/fs/cgroup/tare -depth -type d -exec rmdir {} +
tare run --rm busybox true
is 'the first container after the start of the machine puts it in force' "$(cat /sys/fs/cgroup/tare/pids.max)" 499
find /sys/fs/cgroup/tare -depth -type d -exec rmdir {} +
echo nonsense >/etc/tare/cap.json
run tare run -d busybox true
like 'and is refused if that is impossible' "$status $stderr" "^125 tare: cap file '/etc/tare/cap.json': "
is 'so that no other runs without it' "$(tare run --rm busybox true 2>/dev/null; echo $?)" 125
rm /etc/tare/cap.json
tare run --rm -d busybox true >/dev/null
done_testing
