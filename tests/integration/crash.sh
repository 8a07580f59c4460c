#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# crash.sh - Killed at any instant: the next command clears everything up
#
# The harness judges: no process, mount, link, lease, cgroup or file may stay.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/crash.sh"

load_busybox
on_exit tare rm -f -a

# Every STEP-th system call of a command is one to die at; 1 takes minutes.
STEP=${TARE_CRASH_STEP:-43}

# What is there besides images: containers, volumes, leases, state, cgroups.
remains() {
	find "$TARE_RUNROOT" \( -type f -o -type l -o -type d \) ! -name '*lock' ! -path '*/networks*' \
		! -path "$TARE_RUNROOT" ! -name containers ! -name names 2>/dev/null
	find "$TARE_RUNROOT"/networks -path '*/leases/*' -type f 2>/dev/null
	find "$TARE_ROOT"/{containers,names,volumes,trash} -mindepth 1 -maxdepth 1 2>/dev/null
	pgrep -x sleep
}

clean() {
	[ -z "$(remains)" ]
}

state() {
	tare inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Reason}}' "$1"
}

# --- the CLI in the foreground ---

for options in '--rm' ''; do
	# shellcheck disable=SC2086 # none or one
	"$TARE" run $options --name box -p 127.0.0.1:0:80 -v /anon busybox sleep 1000 &
	cli=$!
	wait_for 10 tare exec box true
	kill -9 $cli
	wait $cli 2>/dev/null
	# The first command after the crash is the same one again, as a service manager has it.
	[ -z "$options" ] || ok 'its name is free' tare run --rm --name box busybox true
	is "run $options: nothing runs after kill -9" "$(tare ps -q)" ''
	if [ -z "$options" ]; then
		is 'the container shows what happened' "$(state box)" 'exited 255 lost'
		ok 'and starts again' tare start box
		is 'as good as new' "$(state box)" 'running 0 '
	fi
	tare rm -f -v -a >/dev/null
	ok "run $options: nothing is left" wait_for 10 clean
done

# --- the monitor ---

monitor_of() {
	awk '$1 == "PPid:" { print $2 }' "/proc/$(tare inspect -f '{{.State.Pid}}' "$1")/status"
}
# Each of these is the first command after the crash, and has to cope.
for command in 'ps -a' 'ps -q' 'inspect box' 'logs box' 'stop box' 'start box' 'exec box true' 'kill box' \
	'wait box' 'top box' 'stats --no-stream' 'port box' 'pause box' 'info' 'rm -v box' 'run --rm busybox true' 'run --rm -p 127.0.0.1:8080:80 busybox true'; do
	tare run -d --name box -p 127.0.0.1:8080:80 -v /anon busybox sh -c 'echo started; exec sleep 1000' >/dev/null
	kill -9 "$(monitor_of box)"
	wait_for 10 eval '! pgrep -x "sleep|tare-monitor"'
	# shellcheck disable=SC2086 # words
	run timeout 10 "$TARE" $command
	[[ $command != run* ]] || is 'run clears up while its container runs' "$(ls "$TARE_RUNROOT/containers")" ''
	case $command in
	'exec box true' | 'kill box' | 'top box' | 'pause box')
		is "'tare $command' after the monitor was killed is refused" "$status" 125
		like 'because it does not run' "$stderr" "'box' is not (running|paused)"
		;;
	*) is "'tare $command' after the monitor was killed works" "$status" 0 ;;
	esac
	[ "$command" = 'rm -v box' ] || tare rm -f -v box >/dev/null
	clean || wait_for 10 clean || fail "nothing is left after 'tare $command'" "$(remains)"
done
pass 'nothing is left after any of them'
tare run -d --rm --storage-opt upper=disk --name box -v /anon busybox sleep 1000 >/dev/null
kill -9 "$(monitor_of box)"
wait_for 10 eval '! pgrep -x "sleep|tare-monitor"'
is 'a --rm container is gone with its monitor' "$(tare ps -aq)" ''
ok 'with all it had' wait_for 10 clean

# --- the container's first process ---

kill_first() {
	local pid
	pid=$(tare inspect -f '{{.State.Pid}}' "$1")
	[ "$pid" -gt 0 ] && kill -9 "$pid"
}

tare run -d --name box busybox sleep 1000 >/dev/null
kill_first box
is 'killed from outside, it ended by signal 9' "$(tare wait box)" 137
is 'and the record says so' "$(state box)" 'exited 137 signal'
tare rm box >/dev/null
"$TARE" run --rm --name box busybox sleep 1000 &
job=$!
wait_for 10 tare exec box true
kill_first box
wait $job
is 'in the foreground the CLI gives 137' $? 137
tare run -d --name box --init busybox sh -c 'sleep 1000 & sleep 1000' >/dev/null
tare exec -d box sleep 1000
kill_first box
tare wait box >/dev/null
is 'all its processes go with it' "$(pgrep -x sleep)" ''
tare rm -f -a >/dev/null

# --- at any system call ---

# remains_of N: what is wrong after a command was killed at its N-th call
remains_of() {
	tare ps -a 2>&1 >/dev/null | sed "s/^/ps after $1: /"
	[ "$(tare run --rm --network none busybox echo works 2>"$T/err")" = works ] || sed "s/^/run after $1: /" "$T/err"
	tare rm -f -v -a 2>&1 >/dev/null | sed "s/^/rm after $1: /"
	clean || wait_for 5 clean || remains | sed "s/^/left after $1: /"
}

# sweep_through NAME PREPARE... -- COMMAND...: killed at every STEP-th call it makes
sweep_through() {
	local name=$1 prepare=() n=1 killed=0 bad='' code=137
	shift
	while [ "$1" != -- ]; do
		prepare+=("$1")
		shift
	done
	shift
	while [ -z "$bad" ]; do
		[ ${#prepare[@]} = 0 ] || "${prepare[@]}" >/dev/null
		kill_at $n "$TARE" "$@"
		code=$?
		bad=$(remains_of $n)
		[ $code = 137 ] || break
		killed=$((killed + 1))
		n=$((n + STEP))
	done
	is "$name, killed at $killed of its system calls, does no harm" "$bad" ''
	[ $((killed * STEP)) -gt 10 ] || fail "$name was killed all along its way" "only $killed times"
}

# The same for all its processes: monitor, init and program are killed at their N-th call.
sweep_through_all() {
	local name=$1 n bad=''
	shift
	for ((n = 1; n < 600; n += STEP)); do
		kill_at $n -f "$TARE" "$@"
		bad=$(remains_of $n)
		[ -z "$bad" ] || break
	done
	is "$name, all its processes killed at their n-th call, does no harm" "$bad" ''
}

sweep_through 'run --rm' -- run --rm -p 127.0.0.1:0:80 --name box -v /anon busybox true
sweep_through 'run' -- run --network none --name box -v /anon busybox true
sweep_through 'run -d' -- run -d --name box -v /anon busybox sleep 1000
sweep_through 'create' -- create --name box -v /anon busybox true
sweep_through 'start' tare create --network none --name box busybox true -- start -a box
sweep_through 'rm -f' tare run -d --name box -v /anon busybox sleep 1000 -- rm -f -v box
sweep_through 'stop' tare run -d --network none --name box busybox sleep 1000 -- stop -t 0 box
sweep_through 'exec' tare run -d --network none --name box busybox sleep 1000 -- exec box true
sweep_through_all 'run --rm' run --rm -p 127.0.0.1:0:80 --name box -v /anon busybox sleep 0.1
sweep_through_all 'run -d' run -d -p 127.0.0.1:0:80 --name box -v /anon busybox sleep 0.1

# Who died while taking an address has left it without an owner: it is free again after a minute.
find "$TARE_RUNROOT/networks" -name '10.*' -exec touch -d '2 minutes ago' {} +
tare container prune -f >/dev/null
is 'addresses that nobody got to own are free again' "$(find "$TARE_RUNROOT/networks" -name '10.*')" ''

# Killed between the two directories that an overlay needs.
id=$(tare create --name half --network none busybox echo whole)
mkdir "$TARE_ROOT/containers/$id/upper"
is 'a start that was killed as it made the upper directory can be repeated' "$(tare start -a half)" whole
mkdir -p own/bin && cp "$(type -P busybox)" own/bin/stat && chown 5:6 own && chmod 2755 own
tar --numeric-owner -C own -c . | tare import - own >/dev/null
tare create --name own --network none own /bin/stat -c '%u:%g %a' / >/dev/null
strace -f -o /dev/null -e inject=fchownat:signal=KILL:when=1 "$TARE" start -a own 2>/dev/null
is 'or as it gave that its owner' "$(tare start -a own)" '5:6 2755'
tare rm half own
tare rmi own

done_testing
