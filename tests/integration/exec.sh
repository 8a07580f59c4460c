#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# exec.sh - tare exec: one more process, in the same place and as confined
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# start NAME [OPTION...]: a container that waits
start() {
	local name=$1
	shift
	tare run -d --network none --name "$name" "$@" busybox sh -c 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done' >/dev/null
}

start box -e FROM=run -w /tmp --label x=y
run tare exec box sh -c 'exit 7'
is "the command's exit code is ours" "$status" 7
run tare exec box sh -c 'kill -9 $$'
is 'a command ended by signal 9 gives 137' "$status" 137
fails 'a missing command gives 127' 127 tare exec box nosuch
fails 'a directory gives 126' 126 tare exec box /etc
fails 'a missing operand gives 125' 125 tare exec box
fails 'an unknown flag gives 125' 125 tare exec --nosuch box true
run tare exec nosuch true
is 'a missing container gives 125' "$status" 125
like 'and says so' "$stderr" "no such container: 'nosuch'"

run tare exec box sh -c 'echo out; echo err >&2'
is 'stdout and stderr are apart' "$stdout/$stderr" out/err
is '-i passes stdin on' "$(echo hello | tare exec -i box cat)" hello
is 'without it stdin is empty' "$(echo hello | tare exec box cat)" ''
head -c 20000000 /dev/urandom >"$T/big"
is '20 MB go in and out' "$(tare exec -i box cat <"$T/big" | md5sum)" "$(md5sum <"$T/big")"
rm "$T/big"
[ "$(tare inspect -f '{{.State.Status}}' box)" = running ] || diag "$(tare inspect -f '{{json .State}}' box)"

run tare exec box env
like "the container's environment" "$stdout" $'(^|\n)FROM=run'
like 'and the home of the user' "$stdout" $'(^|\n)HOME=/root'
unlike "but not the caller's" "$stdout" TARE_
echo 'FILE=yes' >"$T/env"
run tare exec -e FROM=exec --env-file "$T/env" -e EMPTY= box env
like '-e replaces' "$stdout" $'(^|\n)FROM=exec'
like '--env-file adds' "$stdout" $'(^|\n)FILE=yes'
is "the container's directory" "$(tare exec box pwd)" /tmp
is '-w' "$(tare exec -w /etc box pwd)" /etc
fails '-w to what is not there' 125 tare exec -w /nosuch box pwd
fails 'a relative -w' 125 tare exec -w tmp box pwd
is '-u NAME with groups' "$(tare exec -u app box id)" 'uid=1000(app) gid=1000(app) groups=50(staff)'
is '-u gives the home' "$(tare exec -u app box sh -c 'echo $HOME')" /home/app
is '-u UID:GID' "$(tare exec -u 7:8 box sh -c 'id -u; id -g' | tr '\n' ' ')" '7 8 '
fails '-u of nobody known' 125 tare exec -u nosuch box id
fails '-u out of range' 125 tare exec -u 4294967296 box id

"$TARE" exec box sh -c 'trap "exit 9" TERM; echo >/tmp/up; while :; do sleep 0.1; done' &
wait_for 10 tare exec box test -e /tmp/up
kill -TERM $!
wait $!
is 'signals are passed on' $? 9

# --- the same place ---

namespaces='for n in cgroup ipc mnt net pid user uts; do readlink /proc/PID/ns/$n; done; cat /proc/PID/cgroup'
is 'all namespaces and the cgroup are those of process 1' \
	"$(tare exec box sh -c "${namespaces//PID/self}")" "$(tare exec box sh -c "${namespaces//PID/1}")"
rights='grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)" /proc/PID/status; cat /proc/PID/limits /proc/PID/oom_score_adj'
is 'ids, capabilities, seccomp and limits too' \
	"$(tare exec box sh -c "${rights//PID/self}")" "$(tare exec box sh -c "${rights//PID/1}")"
pid=$(tare inspect -f '{{.State.Pid}}' box)
mkfifo "$T/hold"
tare exec -i box cat <"$T/hold" >/dev/null &
exec 9>"$T/hold"
wait_for 10 pgrep -x cat
is 'and the cgroup as the host sees it' \
	"$(for p in $(pgrep -x cat); do readlink "/proc/$p/ns/pid" | grep -q "$(readlink "/proc/$pid/ns/pid" | tr -dc 0-9)" && cat "/proc/$p/cgroup"; done | sort -u)" \
	"$(sort -u "/proc/$pid/cgroup")"
exec 9>&-
wait
is 'no descriptor leaks into it' "$(tare exec box sh -c 'ls /proc/self/fd' | wc -l)" 4
# shellcheck disable=SC2016 # for the shell inside
is 'its parent is outside' "$(tare exec box sh -c 'echo $PPID')" 0
is 'it cannot see the files of who called' "$(tare exec box ls "$T" 2>/dev/null)" ''

run tare exec --privileged box grep -E '^(CapEff|NoNewPrivs|Seccomp:)' /proc/self/status
like '--privileged has all capabilities and no filter' "$(tr -s '\t\n' '  ' <<<"$stdout")" \
	'^CapEff: 0+1ffffffffff NoNewPrivs: 0 Seccomp: 0 $'
is "but the container's user namespace" "$(tare exec --privileged box readlink /proc/self/ns/user)" \
	"$(tare exec box readlink /proc/1/ns/user)"

# --- in the background ---

ok '-d returns at once' tare exec -d box sh -c 'echo begin; echo err >&2; cat; echo end; id -u >/tmp/done'
ok 'and the command goes on, whatever it writes' wait_for 10 tare exec box test -s /tmp/done
fails '-d of a missing command gives 127' 127 tare exec -d box nosuch
ok '-d -t does not need a terminal' tare exec -dit box sh -c 'id -u >/tmp/done2'
ok 'and goes on as well' wait_for 10 tare exec box test -s /tmp/done2

# --- containers that do not run ---

tare pause box >/dev/null
run tare exec box true
is 'a paused container gives 125' "$status" 125
like 'and a hint' "$stderr" '(paused).*tare unpause box'
tare unpause box >/dev/null
tare stop box >/dev/null
run tare exec box true
is 'a stopped one too' "$status" 125
like 'with a hint' "$stderr" '(exited).*tare start box'
tare create --name new busybox true >/dev/null
run tare exec new true
is 'a created one too' "$status" 125
like 'and says so' "$stderr" '(created)'

# --- as soon as a container is said to run, exec is inside it ---

cp -a "$FIXTURES/root" "$T/root"
echo inside >"$T/root/where"
outside=0
for i in 1 2 3 4 5 6 7 8; do
	"$TARE" run --rm --network none --userns=host --name "race$i" --init --rootfs "$T/root" sleep 100 &
	until found=$(tare exec "race$i" cat /where 2>&1); do
		case $found in
		*'no such container'* | *'is not running'* | *'process is gone'*) ;;
		*) outside=$found && break ;;
		esac
	done
	[ "$found" = inside ] || outside=$found
	tare kill "race$i" >/dev/null
	wait
done
is 'exec never meets a root that is not entered yet' "$outside" 0

# --- the host's user namespace ---

start host --userns=host
# Whose root could change owner and mode of what lies on the host.
own_null='stat -Lc %D:%i /proc/self/fd/0 /dev/null | uniq | wc -l'
is 'there /dev/null is the container'"'"'s own for its first process' \
	"$(tare run --rm --network none --userns=host busybox sh -c "$own_null")" 1
is 'and for another' "$(tare exec host sh -c "$own_null")" 1
is 'exec in a container with --userns=host' "$(tare exec host sh -c 'id -u; cat /proc/self/uid_map' | tr -s ' \n' ' ')" '0 0 0 4294967295 '
is 'is as confined' "$(tare exec host sh -c "${rights//PID/self}")" "$(tare exec host sh -c "${rights//PID/1}")"
tare exec host sh -c 'rm /dev/null; echo x >/dev/null'
fails 'which does not get what else the container has put there' 125 tare exec -d host true

start all --privileged
is 'in a container without limits it has none either' "$(tare exec all sh -c "${rights//PID/self}")" "$(tare exec all sh -c "${rights//PID/1}")"

tare rm -f -a >/dev/null
done_testing
