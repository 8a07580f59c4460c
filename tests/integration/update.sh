#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# update.sh - Other limits and policies for containers: on record, and when they count
#
# What the kernel makes of it is in tests/vm/knobs.sh.
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/crash.sh"

load_busybox
on_exit tare rm -f -a

# host NAME MEMBER: of HostConfig
host() {
	tare inspect -f "{{.HostConfig.$2}}" "$1"
}

is_state() {
	[ "$(tare inspect -f '{{.State.Status}}' "$1" 2>&1)" = "$2" ]
}

restarted() {
	[ "$(tare inspect -f '{{.RestartCount}}' "$1")" -ge "$2" ]
}

# --- one that is stopped: anything that makes sense, for the next start
tare create --name s -e KEEP=1 -p 127.0.0.1:8080:80 -l a=b -m 64m --cpus 0.5 --cpu-shares 512 \
	--cgroup-conf memory.high=48m busybox true >/dev/null
before=$(tare inspect s)
run tare update -m 128m --memory-swap 256m --cpus 2 --pids-limit 50 --cgroup-conf memory.high=96m \
	--cgroup-conf pids.max=40 --cpuset-cpus 0 s
is 'update prints what it changed' "$status $stdout" '0 s'
is 'and leaves nothing' "$(ls "$TARE_RUNROOT/containers")" ''
is 'memory' "$(host s Memory) $(host s MemorySwap)" "$((128 << 20)) $((256 << 20))"
is 'processors' "$(host s NanoCpus) $(host s CpusetCpus)" '2000000000 0'
is 'what was not given stays' "$(host s CpuShares)" 512
is 'files by hand: the same one is replaced, others are added' "$(host s CgroupConf)" '[memory.high=96m pids.max=40]'
is 'and nothing else has changed' \
	"$(diff <(echo "$before") <(tare inspect s) | grep -c '^>')" 7
ok '--cpu-quota takes the place of --cpus' tare update --cpu-quota 5000 s
is 'and of nothing else' "$(host s NanoCpus) $(host s CpuQuota) $(host s CpuShares)" '0 5000 512'
ok '--cpu-weight that of --cpu-shares' tare update --cpu-weight 30 s
is 'only' "$(host s CpuShares) $(host s CpuWeight)" '0 30'
ok 'no limit of memory' tare update -m -1 s
is 'means none of the sum' "$(host s Memory) $(host s MemorySwap)" '-1 0'
ok 'a policy' tare update --restart on-failure:3 s
is 'is shown' "$(tare inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' s)" 'on-failure 3'

# --- refused, with all as it was
before=$(tare inspect s)
fails 'nothing to change is a mistake' 125 tare update s
fails 'no container as well' 125 tare update -m 1g
fails 'an unknown one' 125 tare update -m 1g nosuch
fails 'a limit that is none' 125 tare update -m lots s
fails 'what contradicts itself' 125 tare update -m 64m --memory-swap 32m s
fails 'what contradicts what there is' 125 tare update --cpus 1 --cpu-period 5000 s
fails 'a policy that is none' 125 tare update --restart sometimes s
for flag in --memory-swappiness=10 --kernel-memory=1m; do
	run tare update "$flag" s
	is "$flag is refused" "$status" 125
	like "$flag: with a reason" "$stderr" 'cgroup v2'
done
is 'nothing has changed' "$(tare inspect s)" "$before"
tare create --name c --vcpus 1 busybox true >/dev/null
run tare update --cpuset-cpus 0 c
like 'who has processors of its own is given no others' "$status $stderr" '^125 .*chosen at each start'
tare rm c >/dev/null
run tare update --pids-limit 60 nosuch s
is 'one that fails does not keep others from it' "$status $stdout $(host s PidsLimit)" '125 s 60'
tare rm s >/dev/null

# --- one that runs
tare run -d --name r --network none busybox sleep 1000 >/dev/null
before=$(tare inspect r)
if has_controller memory; then
	skip 'a limit that cannot be enforced is refused' 'this host has controller memory in cgroup v2'
else
	run tare update -m 64m r
	is 'a limit that cannot be enforced is refused' "$status $stdout" '125 '
	like 'with its name' "$stderr" "^tare: update 'r': --memory on this host: controller 'memory'"
	run tare update --strict -m 64m r
	is 'with --strict by its own code' "$status" 122
	is 'nothing has changed' "$(tare inspect r)" "$before"
	is 'nor been left' "$(find "$TARE_ROOT/containers" -maxdepth 2 -name '*.json*' | wc -l)" 2
fi
ok 'a policy for one that runs' tare update --restart always r
is 'is on record' "$(tare inspect -f '{{.HostConfig.RestartPolicy.Name}}' r)" always
kill -9 "$(tare inspect -f '{{.State.Pid}}' r)"
ok 'and starts it again, though it had none when it was started' wait_for 20 restarted r 1
ok 'it runs' wait_for 10 is_state r running
ok 'no policy any more' tare update --restart no r
kill -9 "$(tare inspect -f '{{.State.Pid}}' r)"
ok 'then it stays where it ended' wait_for 20 is_state r exited
is 'for good' "$(sleep 0.5; tare inspect -f '{{.State.Status}} {{.RestartCount}}' r)" 'exited 1'
ok 'start makes it run' tare start r
ok 'stop' tare stop -t 0 r

tare run -d --name p --network none --restart always busybox false >/dev/null
wait_for 20 is_state p restarting
ok 'in the pause between two runs, too' tare update --restart no p
ok 'there is no next run' wait_for 10 is_state p exited
tare rm r p >/dev/null

# --- from a directory, and with --rm
mkdir -p "$T/rootfs"
copy_program "$T/rootfs" sleep
tare run -d --name d --network none --rootfs "$T/rootfs" sleep 1000 >/dev/null
ok 'one without an image' tare update --restart always d
kill -9 "$(tare inspect -f '{{.State.Pid}}' d)"
ok 'is started again' wait_for 20 restarted d 1
tare rm -f d >/dev/null
tare run -d --rm --name v --network none busybox sleep 1000 >/dev/null
fails 'a --rm container has no policy' 125 tare update --restart always v
ok 'but "no" is one' tare update --restart no v
tare rm -f v >/dev/null

# --- at the same time
tare create --name m --network none busybox true >/dev/null
for i in 1 2 3 4 5 6 7 8; do
	tare update --pids-limit $((100 + i)) m >/dev/null &
	tare update --cpu-weight "$i" m >/dev/null &
	tare start m >/dev/null 2>&1 &
done
wait
like 'changes at the same time do not undo each other' "$(host m PidsLimit) $(host m CpuWeight)" '^10[1-8] [1-8]$'
wait_for 10 is_state m exited || wait_for 1 is_state m created
ok 'rm' tare rm m

# --- killed on the way
STEP=${TARE_CRASH_STEP:-9}
tare create --name k --network none --pids-limit 1000000 busybox true >/dev/null
id=$(tare inspect -f '{{.Id}}' k)
n=20 now=1000000 wrong='' killed=0
while [ $n -lt 1000 ]; do
	kill_at $n "$TARE" update --pids-limit $((1000000 + n)) k
	code=$?
	before=$now now=$(host k PidsLimit)
	[ "$now" = "$before" ] || [ "$now" = $((1000000 + n)) ] || wrong+=" $n: '$now'"
	[ $code -eq 137 ] || break
	killed=$((killed + 1)) n=$((n + STEP))
done
ok "died at $killed system calls" [ $killed -ge 5 ]
is 'each time it had the old settings, or the new ones' "$wrong" ''
is 'in the end it has the new ones' "$code $now" "0 $((1000000 + n))"
is 'nothing is in the way of the next command' "$(tare ps >/dev/null; find "$TARE_RUNROOT/containers" -mindepth 1)" ''
is 'nothing half-written stays' "$(ls "$TARE_ROOT/containers/$id")" $'config.json\nrecord.json'
ok 'rm' tare rm k
is 'nothing is left' "$(tare ps -aq)" ''
done_testing
