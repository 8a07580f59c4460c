#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_checkpoint.sh - OCI runtime: checkpoint and restore, by CRIU
#
# CRIU=PATH chooses the program. Where it cannot work, only errors are tested.
. "$(dirname "$0")/../lib/harness.sh"
OCI_WITHOUT_PEER=1
. "$(dirname "$0")/../lib/oci.sh"

CRIU=${CRIU:-criu}

criu_oci() {
	oci --criu "$CRIU" "$@"
}

# counter NAME [FILTER [START]]: a container that counts, a line each time, by its own stdout
counter() {
	# shellcheck disable=SC2016
	bundle "$1" 'sh("i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done") | '"${2:-.}" --arg dir "$T/shared" --arg file "$T/hook"
	"${3:-start_up}" "$1"
}

# As oci.sh has it, but quiet.
start_up() {
	oci create --bundle "$T/$1" "$1" >"$T/$1.out" 2>&1 </dev/null && oci start "$1"
}

# The same with a pipe for output: it may become anything, a file must be the same again.
start_piped() {
	oci create --bundle "$T/$1" "$1" > >(cat >"$T/$1.piped") 2>&1 </dev/null && oci start "$1"
}

# The last number that NAME has said, and whether there is a later one now.
last() {
	tail -q -n 1 "$T/$1".{out,piped} 2>/dev/null
}
said_more() {
	[ "$(last "$1")" -gt "$2" ] 2>/dev/null
}

checkpoint() {
	run criu_oci checkpoint --image-path "$T/$1.images" "${@:2}" "$1"
	[ "$status" = 0 ] || diag "$(tail -n 20 "$T/$1.images/dump.log" 2>/dev/null)"
}
# As launch and start_up have it: what is made must not hold a pipe of ours.
restore() {
	status=0
	criu_oci restore --detach --bundle "$T/$1" --image-path "$T/${images:-$1}.images" --pid-file "$T/pid" \
		"${@:2}" "$1" >>"$T/$1.out" 2>"$T/$1.err" </dev/null || status=$?
	stderr=$(cat "$T/$1.err")
	[ "$status" = 0 ] || diag "$stderr $(tail -n 20 "$T/${images:-$1}.images/restore.log" 2>/dev/null)"
}

# --- what is refused ---------------------------------------------------------------

run oci checkpoint nobody
is 'no such container is an error' "$status" 1
like 'that says so' "$stderr" "container 'nobody' does not exist"
ok 'a container that counts' counter none
ok 'counts' wait_for 10 said_more none 2
run env PATH=/nowhere "$RUNTIME" --root "$STATE" checkpoint --image-path "$T/none.images" none
is 'without CRIU a checkpoint is an error' "$status" 1
like 'that says what is missing' "$stderr" "start 'criu': there is no such program"
like 'and what to install' "$stderr" 'install the package criu'
is 'the container goes on' "$(status_of none)" running
number=$(last none)
ok 'counting' wait_for 10 said_more none "$number"
run oci checkpoint --image-path "$T/none.images" --manage-cgroups-mode odd none
is 'an unknown way with cgroups is an error' "$status" 1
run oci checkpoint --image-path "$T/none.images" --empty-ns mount none
like 'a namespace that cannot be empty is' "$stderr" "only network can be empty"
run oci checkpoint --image-path "$T/none.images" --page-server nowhere none
like 'a page server without a port is' "$stderr" 'is not ADDRESS:PORT'
run oci checkpoint --image-path "$T/none.images" --parent-path /tmp none
like 'a parent that is not beside the images is' "$stderr" 'is not relative'
run oci checkpoint --image-path "$T/none.images" --parent-path ../missing none
like 'and one that is not there' "$stderr" 'No such file or directory'
run env PATH=/nowhere "$RUNTIME" --root "$STATE" restore --bundle "$T/none" --image-path "$T/none.images" other
isnt 'without images of a container there is nothing to restore' "$status" 0
run oci restore --bundle "$T/none" --image-path "$T/missing" other
like 'nor without a directory' "$stderr" "open '.*/missing': No such file or directory"
mkdir "$T/empty"
bundle other .
run oci restore --bundle "$T/other" --image-path "$T/empty" other
like 'nor with an empty one' "$stderr" 'no images of a container'
printf '["", "", ""]' >"$T/empty/descriptors.json"
run env PATH=/nowhere "$RUNTIME" --root "$STATE" restore --bundle "$T/other" --image-path "$T/empty" other
like 'without CRIU a restore is an error' "$stderr" "start 'criu': there is no such program"
run criu_oci restore --bundle "$T/other" --image-path "$T/empty" other
isnt 'what is no image is an error' "$status" 0
is 'of a failed restore nothing is left' "$(oci list -q)" none
run oci restore --bundle "$T/none" --image-path "$T/empty" none
like 'an ID that is taken is an error' "$stderr" 'already exists'
# A checkpoint that is killed has CRIU end with it, in the middle of what it does.
group=$(echo /sys/fs/cgroup{,/*}"$CGROUP/none")
for dir in $group; do [ ! -d "$dir" ] || group=$dir; done
cat >"$T/slow" <<END
#!/bin/sh
echo 1 >$group/cgroup.freeze
touch $T/frozen
exec sleep 1000
END
chmod +x "$T/slow"

# killed: a checkpoint that had the container frozen
killed() {
	rm -f "$T/frozen"
	"$RUNTIME" --root "$STATE" --criu "$T/slow" checkpoint --image-path "$T/none.images" none 2>/dev/null &
	wait_for 20 test -e "$T/frozen"
	is 'while a checkpoint is at work the container is frozen' "$(status_of none)" paused
	kill -KILL $!
	wait
}

killed
is 'a checkpoint that is killed is no pause' "$(status_of none)" running
number=$(last none)
ok 'the container goes on' wait_for 10 said_more none "$number"
killed
ok 'exec finds it at work' oci exec none true
ok 'it can be paused' oci pause none
is 'and stays so' "$(status_of none) $(status_of none)" 'paused paused'
ok 'until it is resumed' oci resume none
ok 'kill' oci delete --force none
bundle created 'sh("exit")'
oci create --bundle "$T/created" created >/dev/null 2>&1 </dev/null
run oci checkpoint --image-path "$T/none.images" created
like 'what has not been started cannot be checkpointed' "$stderr" 'it is created, not running'
ok 'delete' oci delete --force created

if ! "$CRIU" check >"$T/check" 2>&1; then
	skip 'checkpoint and restore' "criu cannot work here: $(head -n 1 "$T/check")"
	done_testing
	exit
fi

# --- and back ----------------------------------------------------------------------

# compare NAME FILTER: checkpointed, deleted, restored, it goes on from where it was
there_and_back() {
	local name=$1 before
	ok "$name: runs" counter "$@"
	ok "$name: counts" wait_for 10 said_more "$name" 2
	checkpoint "$name"
	is "$name: checkpoint" "$status" 0
	before=$(last "$name")
	is "$name: it is stopped then" "$(status_of "$name")" stopped
	ok "$name: delete" oci delete "$name"
	restore "$name"
	is "$name: restore" "$status" 0
	is "$name: it runs" "$(status_of "$name")" running
	is "$name: its pid is in the file" "$(field "$name" .pid)" "$(cat "$T/pid")"
	ok "$name: it goes on counting" wait_for 10 said_more "$name" "$before"
	is "$name: from where it was" "$(grep -c '^1$' "$T/$name.out")" 1
}
there_and_back plain
run oci exec plain cat /proc/1/comm
is 'a process can join' "$stdout" sh
is 'it is where the state says' "$(grep -c "$CGROUP/plain\$" "/proc/$(cat "$T/pid")/cgroup")" 1
pid=$(cat "$T/pid")
ok 'kill' oci kill plain KILL
ok 'ends it' wait_for 10 has_status plain stopped
ok 'delete' oci delete plain
[ ! -e "/proc/$pid" ] || wait_for 5 test ! -e "/proc/$pid"
is 'no mount is left' "$(grep -c "$ROOT" /proc/self/mountinfo)" 0

mkdir "$T/shared"
echo outside >"$T/shared/file"
there_and_back mounts 'bind($dir; "/mnt"; ["rw"]) | .linux.maskedPaths += ["/proc/acpi", "/proc/keys"] | ns("cgroup")
	| mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
run oci exec mounts cat /mnt/file
is 'a directory of the host is there again' "$stdout" outside
run oci exec mounts cat /proc/keys
is 'what was masked is' "$stdout$status" 0
run oci exec mounts grep '^0::' /proc/self/cgroup
is 'in its cgroup namespace it is at the top' "$stdout" 0::/
run oci exec mounts cat /sys/fs/cgroup/cgroup.procs
like 'and that is what it has mounted' "$stdout" '^1'
ok 'delete' oci delete --force mounts

ok 'runs' counter goes_on . start_piped
ok 'counts' wait_for 10 said_more goes_on 2
checkpoint goes_on --leave-running
is '--leave-running' "$status" 0
is 'leaves it running' "$(status_of goes_on)" running
number=$(last goes_on)
ok 'and counting' wait_for 10 said_more goes_on "$number"
run oci delete --force goes_on
bundle second .
images=goes_on restore second
is 'another ID for the same images' "$status" 0
ok 'goes on' wait_for 10 said_more second 2
is 'in its own cgroup' "$(grep -c "$CGROUP/second\$" "/proc/$(cat "$T/pid")/cgroup")" 1
ok 'delete' oci delete --force second

ok 'runs' counter twice
ok 'counts' wait_for 10 said_more twice 2
run criu_oci checkpoint --image-path "$T/twice.parent" --pre-dump twice
if [ "$status" = 0 ]; then
	is '--pre-dump leaves it running' "$(status_of twice)" running
	checkpoint twice --parent-path ../twice.parent
	is 'the rest' "$status" 0
	ok 'delete' oci delete twice
	restore twice
	is 'both make it again' "$status" 0
	ok 'delete' oci delete --force twice
else
	like '--pre-dump needs soft-dirty memory' "$(cat "$T/twice.parent/pre-dump.log")" 'track|dirty'
	ok 'delete' oci delete --force twice
fi

# --- in the foreground, and at a terminal --------------------------------------------

# shellcheck disable=SC2016
bundle ends 'sh("echo began; while [ ! -e /mnt/go ]; do sleep 0.05; done; echo ended; exit 7") | bind($dir; "/mnt"; ["rw"])' --arg dir "$T/shared"
ok 'runs' start_piped ends
ok 'begins' wait_for 10 grep -q began "$T/ends.piped"
checkpoint ends
is 'checkpoint' "$status" 0
ok 'delete' oci delete ends
touch "$T/shared/go"
run criu_oci restore --bundle "$T/ends" --image-path "$T/ends.images" ends
[ "$status" = 7 ] || diag "$(tail -n 20 "$T/ends.images/restore.log")"
is 'in the foreground its exit code is ours' "$status" 7
is 'its output is ours' "$stdout" ended
is 'and it is gone then' "$(oci list -q)" ''

at_a_terminal() {
	# shellcheck disable=SC2016
	bundle tty 'sh("tty; while read -r line; do echo \"got $line\"; done") | .process.terminal = true'
	with_console tty criu_oci run --detach --bundle "$T/tty" --console-socket "$T/console.sock" tty &
	local job=$!
	ok 'at a terminal' wait_for 10 has_status tty running
	checkpoint tty
	is 'checkpoint' "$status" 0
	wait $job
	oci delete tty
	console_input='hello\n' with_console tty restore tty --console-socket "$T/console.sock" &
	job=$!
	ok 'restored it has a terminal' wait_for 10 grep -q 'got hello' "$T/tty.console"
	oci delete --force tty
	wait $job
}
if [ -n "$has_peer" ]; then
	at_a_terminal
fi

# --- a hook, a killed CRIU -------------------------------------------------------------

# shellcheck disable=SC2016
there_and_back hooks 'hook("createRuntime"; "cat >" + $file)'
is 'hooks get the state' "$(jq -r '"\(.id) \(.status)"' "$T/hook")" 'hooks creating'
ok 'delete' oci delete --force hooks

# One that freezes the container, and one that begins to restore it; both die then.
cat >"$T/killed" <<-END
	#!/bin/sh
	if [ -n "\$FREEZE" ]; then echo 1 >"\$FREEZE/cgroup.freeze"; else sleep 98765 & fi
	kill -9 \$\$
END
chmod +x "$T/killed"
ok 'runs' counter victim
ok 'counts' wait_for 10 said_more victim 2
cgroup=$(find /sys/fs/cgroup -type d -path "*$CGROUP/victim" 2>/dev/null | head -n 1)
run env "FREEZE=$cgroup" "$RUNTIME" --root "$STATE" --criu "$T/killed" checkpoint --image-path "$T/victim.images" victim
like 'a killed CRIU is an error' "$stderr" 'criu ended without an answer'
is 'the container is not left frozen' "$(status_of victim)" running
number=$(last victim)
ok 'and runs on' wait_for 10 said_more victim "$number"
ok 'delete' oci delete --force victim
run oci --criu "$T/killed" restore --detach --bundle "$T/victim" --image-path "$T/victim.images" victim
like 'also with restore' "$stderr" 'criu ended without an answer'
is 'nothing is left' "$(oci list -q)" ''
is 'no cgroup' "$(find /sys/fs/cgroup -path "*$CGROUP/victim" 2>/dev/null)" ''
is 'no process' "$(pgrep -cf '^sleep 98765$')" 0

done_testing
