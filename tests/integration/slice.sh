#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# slice.sh - Slices as documents: made, applied, leased, removed (tests/vm/slices.sh: enforced)
. "$(dirname "$0")/../lib/harness.sh"

need jq
load_busybox
on_exit tare slice rm -f -a
on_exit tare rm -f -a

group() {
	local base
	for base in /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ ! -f "$base/cgroup.procs" ] || break
	done
	echo "$base/$(tare slice inspect -f '{{.CgroupPath}}' "$1")"
}

status_of() {
	tare slice inspect -f '{{.Status}}' "$1"
}

is_ended() {
	[ "$(status_of "$1")" = ended ]
}

# --- made, looked at, removed
is 'create prints the name' "$(tare slice create ci --lease 2h)" ci
run tare slice create ci
is 'there is one of a name' "$status" 125
like 'and the hint says what to do' "$stderr" 'hint: tare slice update ci, or tare slice renew ci'
fails 'a name is a name' 125 tare slice create ../x
fails 'a lease has an end' 125 tare slice create x --lease 100000000h
fails 'nothing of that is left' 1 tare slice inspect x
ok 'its cgroup is there' test -d "$(group ci)"
like 'ls' "$(tare slice ls)" $'^NAME +STATUS +CONTAINERS +CPUS +WEIGHT +MEMORY / LIMIT +PIDS / LIMIT +LEASE\nci +active +0 +- +100 +[^ ]+ / - +[0-9-]+ / - +(2|1)'
is 'ls -q' "$(tare slice ls -q)" ci
is 'inspect' "$(tare slice inspect ci | jq -c '.[0] | [.Name, .Status, .Lease, .Containers]')" '["ci","active","7200s",[]]'
run tare slice inspect nosuch
is 'inspect of nothing' "$status $stdout" '1 []'
if ! has_controller memory; then
	run tare slice create big --memory 1g
	like 'a limit that cannot be had is an error' "$status $stderr" "^125 tare: slice 'big': --memory on this host: controller"
	fails 'and there is no slice then' 1 tare slice inspect big
fi

fails 'a disk is one' 125 tare slice create x --device-write-bps /dev/null:1m
fails 'with a rate' 125 tare slice create x --device-write-bps /dev/vda
fails 'and nothing of that is left' 1 tare slice inspect x

# --- containers in it
run tare run --rm --slice nosuch busybox true
like 'no container without its slice' "$status $stderr" "^125 tare: no such slice: 'nosuch'.*hint: tare slice create nosuch"
fails 'one parent is enough' 125 tare run --rm --slice ci --cgroup-parent x busybox true
run tare run --rm --slice ci busybox echo ran
is 'a container runs in a slice' "$status $stdout" '0 ran'
tare run -d --name in --slice ci busybox sleep 1000 >/dev/null
is 'its cgroup is below' "$(cd "$(group ci)" && echo ./*/ | tr -d ./)" "$(tare inspect -f '{{.Id}}' in)"
is 'and the slice knows it' "$(tare slice inspect ci | jq -r '.[0].Containers[0]')" "$(tare inspect -f '{{.Id}}' in)"
is 'inspect of the container says which' "$(tare inspect -f '{{.Slice}}' in)" ci
is 'ps finds those of a slice' "$(tare ps --filter slice=ci --format '{{.Names}}')" in
is 'and no others' "$(tare ps -q --filter slice=c)" ''
run tare slice rm ci
like 'a slice with containers stays' "$status $stderr" "^2 tare: slice 'ci' is in use"
# A restart of the machine takes the cgroups away, and the documents stay.
tare stop -t 0 in >/dev/null
rmdir "$(group ci)"
ok 'the next start makes it again' tare start in
ok 'there it is' test -d "$(group ci)"
pid=$(tare inspect -f '{{.State.Pid}}' in)
ok 'rm -f kills what is in it' tare slice rm -f ci
gone() {
	[ ! -d "/proc/$pid" ]
}
ok 'and that is gone' wait_for 5 gone
run tare start in
like 'a stopped container needs its slice' "$status $stderr" "no such slice: 'ci'"
tare rm -f in >/dev/null

# --- the lease
tare slice create short --lease 2s >/dev/null
started=${EPOCHREALTIME/./}
run tare run --name leased --stop-timeout 1 --slice short busybox sh -c 'trap "echo asked; exit 3" TERM; while :; do sleep 0.1; done'
took=$(((${EPOCHREALTIME/./} - started) / 1000))
is 'the end of a lease ends its containers with 124' "$status" 124
is 'by their stop signal' "$stdout" asked
like 'a line says why' "$stderr" "^tare: container 'leased' has been ended: the lease of slice 'short' has run out$"
ok "not before its time ($took ms)" test $took -ge 1000 -a $took -lt 6000
is 'and that is on record' "$(tare inspect -f '{{.State.Reason}} {{.State.ExitCode}}' leased)" 'timeout 124'
is 'the last one has put the slice away' "$(jq -r '.EndedNs > 0' "$TARE_ROOT/slices/short.json")" true
ok 'with its cgroup' test ! -e "$(group short)"
is 'which inspect says' "$(status_of short)" ended
like 'a report of it is kept' "$(tare slice report short)" $'^Slice +short, ended\nCPU time +[0-9.]+s'
run tare run --rm --slice short busybox true
like 'nothing starts in it' "$status $stderr" "^125 tare: the lease of slice 'short' has run out.*hint: tare slice renew short"
ok 'renew' tare slice renew short --lease 1h
ok 'makes it start again' tare run --rm --slice short busybox true
tare rm leased >/dev/null

tare run -d --name long --restart always --stop-timeout 1 --slice short busybox sleep 1000 >/dev/null
tare slice update short --lease 1s >/dev/null
ended() {
	[ "$(tare inspect -f '{{.State.Status}} {{.State.ExitCode}}' long)" = 'exited 124' ]
}
ok 'a lease that becomes shorter is noticed by the monitor, and no restart policy outlives it' wait_for 10 ended
tare rm -f long >/dev/null
tare slice renew short --lease 3s >/dev/null
tare run -d --name long --slice short busybox sleep 1000 >/dev/null
tare slice renew short --lease 1h >/dev/null
sleep 3.5
is 'a lease that becomes longer, too' "$(tare inspect -f '{{.State.Status}}' long)" running
tare rm -f long >/dev/null
tare slice create empty --lease 1s >/dev/null
ok 'one without containers is ended by the next command' wait_for 5 is_ended empty
tare slice rm empty short >/dev/null
fails 'rm of nothing' 1 tare slice rm short
ok 'which -f is content with' tare slice rm -f short

# --- who ends what when nobody is there
tare slice create left --lease 1h >/dev/null
tare run -d --name left --slice left busybox sleep 1000 >/dev/null
pid=$(tare inspect -f '{{.State.Pid}}' left)
jq -c '.ExpiresNs = 1' "$TARE_ROOT/slices/left.json" >expired.json
cat expired.json >"$TARE_ROOT/slices/left.json" # no rename: the monitor does not hear of it
tare slice ls >/dev/null
ok 'what a monitor has not ended in its time the next command ends' wait_for 5 gone
is 'and the lease with it' "$(status_of left)" ended
ok 'the container can be removed as any other' tare rm -f left
tare slice renew left >/dev/null
"$TARE" run --rm --name left --slice left busybox sleep 1000 &
cli=$!
up() {
	[ "$(tare inspect -f '{{.State.Status}}' left 2>/dev/null)" = running ]
}
wait_for 10 up
kill -9 $cli
wait $cli 2>/dev/null
is 'a supervisor that is killed leaves nothing in the slice' "$(tare ps -q; cd "$(group left)" && echo ./*/)" './*/'
ok 'which can be removed' tare slice rm left

# --- apply
cat >slices.json <<'EOS'
{ "Slices": [ { "Name": "one", "Lease": "2h" }, { "Name": "two", "Lease": 90 } ] }
EOS
is 'apply makes slices' "$(tare slice apply slices.json | tr '\n' ' ')" 'one: created two: created '
is 'again, it changes nothing' "$(tare slice apply - <slices.json | tr '\n' ' ')" 'one: unchanged two: unchanged '
is 'leases neither' "$(tare slice apply slices.json >/dev/null; tare slice inspect one -f '{{.Expires}}')" "$(tare slice inspect one -f '{{.Expires}}')"
sed -i 's/"2h"/"3h"/' slices.json
is 'what differs is changed' "$(tare slice apply slices.json | tr '\n' ' ')" 'one: updated two: unchanged '
tare slice export >exported.json
is 'export gives the same again' "$(jq -c . exported.json)" '{"Slices":[{"Name":"one","Lease":"10800s"},{"Name":"two","Lease":"90s"}]}'
is 'which apply takes' "$(tare slice apply exported.json | tr '\n' ' ')" 'one: unchanged two: unchanged '
for bad in '[]' '{"Slices":[{"Name":"x","Memroy":"1g"}]}' '{"Slices":[{"Name":"x","Memory":"lots"}]}' \
	'{"Slices":[{"Name":"x"},{"Name":"x"}]}' '{"Slices":[{"Name":"x"},{"Name":"../y"}]}' '{"Slices":[{"Name":"x"}],"Other":1}'; do
	run tare slice apply - <<<"$bad"
	is "refused: $bad" "$status" 125
done
fails 'of which nothing was made' 1 tare slice inspect x
tare slice rm -a >/dev/null

# --- what a host gives at most
mkdir etc
mount -t tmpfs -o mode=755 none etc
cp -a /etc/passwd /etc/group etc/
mkdir etc/tare
mount --bind etc /etc
echo '{ "Slice": { "Lease": "1h" }, "Slices": 2 }' >/etc/tare/cap.json
is 'cap shows the file' "$(tare slice cap | jq -c .)" '{"Total":{},"Slice":{"Lease":"3600s"},"Slices":2}'
run tare slice create long --lease 2h
like 'a slice beyond it is refused' "$status $stderr" "^125 tare: 'Lease' is more than this host gives a slice.*hint: '/etc/tare/cap.json' says how much"
tare slice create a >/dev/null
is 'one that does not ask gets that' "$(tare slice inspect -f '{{.Lease}}' a)" 3600s
fails 'nor is it to be had later' 125 tare slice update a --lease 2h
tare slice create b >/dev/null
fails 'the number of slices is limited' 125 tare slice create c
echo '{ "Slize": {} }' >/etc/tare/cap.json
run tare slice ls
like 'a mistake in it is an error' "$status $stderr" "^125 tare: cap file '/etc/tare/cap.json': the document has an unknown key 'Slize'"
chmod 666 /etc/tare/cap.json
fails 'a file that anybody can write to is no cap' 125 tare slice ls
umount /etc etc
tare slice rm -a >/dev/null

# --- kill -9 at any time
for delay in 0.001 0.003 0.006 0.01 0.02; do
	"$TARE" slice apply slices.json >/dev/null 2>&1 &
	sleep $delay
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	tare slice apply slices.json >out 2>&1 || fail "apply after a kill at $delay" "$(cat out)"
	tare slice rm -a >/dev/null 2>&1 &
	sleep $delay
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	tare slice rm -f -a >out 2>&1 || fail "rm after a kill at $delay" "$(cat out)"
done
is 'after kills at any time nothing is left' "$(tare slice ls -q)" ''
done_testing
