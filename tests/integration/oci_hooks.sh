#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_hooks.sh - OCI runtime: hooks, when and where they run, what they get, and their failures
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

KINDS='prestart createRuntime createContainer startContainer poststart poststop'
LOG=$T/log

# in_order NAME: which hooks have run, on one line
in_order() {
	cut -d' ' -f1 "$LOG" | xargs
}

# The directory of the log is in the container, too, so that all can write there.
# shellcheck disable=SC2016
ALL='bind($t; $t; []) | reduce ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop") as $k
	(.; hook($k; "cat >" + $t + "/state." + $k + "; echo " + $k + " $(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/uts) $(test -e /etc/debian_version && echo host) >>" + $t + "/log"))'
bundle all 'args(["sh", "-c", "echo program >>$0/log; sleep 1000", $t]) | .annotations = {"org.example": "yes"} | '"$ALL" --arg t "$T"

# --- order -------------------------------------------------------------------------

: >"$LOG"
oci create --bundle "$T/all" all </dev/null >"$T/all.out" 2>&1
deviates runc 'poststart, too'
is 'create runs three kinds, in order' "$(in_order)" 'prestart createRuntime createContainer'
pid=$(field all .pid)
ours=$(readlink /proc/self/ns/mnt)
theirs=$(readlink "/proc/$pid/ns/mnt")
oci start all </dev/null >>"$T/all.out" 2>&1
wait_for 5 grep -q program "$LOG"
wait_for 5 grep -q poststart "$LOG"
deviates runc 'poststart before'
deviates crun 'waits for none'
is 'start runs startContainer before the program, and poststart' \
	"$(in_order | sed 's/poststart program/program poststart/')" \
	'prestart createRuntime createContainer startContainer program poststart'
oci kill all KILL
wait_for 5 has_status all stopped
unlike 'the end of the program runs none' "$(in_order)" poststop
oci delete all
like 'delete runs poststop' "$(in_order)" ' poststop$'

# --- where -----------------------------------------------------------------------------

of() {
	awk -v kind="$1" '$1 == kind' "$LOG" | cut -d' ' -f"$2"
}
for kind in prestart createRuntime poststart poststop; do
	is "$kind runs in the namespaces of the runtime" "$(of $kind 2)" "$ours"
	is 'and sees its files' "$(of $kind 4)" host
done
for kind in createContainer startContainer; do
	is "$kind runs in the namespaces of the container" "$(of $kind 2)" "$theirs"
done
is 'createContainer runs before pivot_root' "$(of createContainer 4)" host
is 'startContainer runs after it' "$(of startContainer 4)" ''

# --- the state -----------------------------------------------------------------------------

for kind in $KINDS; do
	[ "$kind" != startContainer ] || deviates crun 'no bundle'
	is "$kind gets the state: id, bundle, annotations" \
		"$(jq -r '"\(.id) \(.bundle) \(.annotations["org.example"])"' "$T/state.$kind")" "all $T/all yes"
	like 'with a version' "$(jq -r .ociVersion "$T/state.$kind")" '^1\.'
done
for kind in prestart createRuntime; do
	is "$kind gets the pid outside" "$(jq -r .pid "$T/state.$kind")" "$pid"
	like 'and the status' "$(jq -r .status "$T/state.$kind")" '^creat(ing|ed)$'
done
is 'poststart gets the pid outside' "$(jq -r .pid "$T/state.poststart")" "$pid"
deviates runc 'created'
is 'and running' "$(jq -r .status "$T/state.poststart")" running
is 'poststop gets stopped' "$(jq -r .status "$T/state.poststop")" stopped
deviates crun 'starting'
like 'startContainer gets the status' "$(jq -r .status "$T/state.startContainer")" '^creat(ing|ed)$'
sh_run oneline true 'hook("createRuntime"; "read -r line; echo \"$line\" >" + $t + "/line")' --arg t "$T"
deviates crun 'now and then'
is 'a hook that does not read all is no failure' "$status" 0

deviates crun 'knows no pid there'
is 'createContainer gets the pid inside' "$(jq -r .pid "$T/state.createContainer")" 1
deviates crun 'knows no pid there'
is 'so does startContainer' "$(jq -r .pid "$T/state.startContainer")" 1
bundle shared 'args(["sleep", "1000"]) | no_ns("pid") | bind($t; $t; []) | hook("startContainer"; "cat >" + $t + "/state.shared")' --arg t "$T"
start_up shared
wait_for 5 test -s "$T/state.shared"
deviates crun 'knows no pid there'
is 'which is the pid outside, without a pid namespace' "$(jq -r .pid "$T/state.shared")" "$(field shared .pid)"
oci delete --force shared

# --- env and args --------------------------------------------------------------------------

for kind in prestart createRuntime createContainer startContainer poststart poststop; do
	# shellcheck disable=SC2016
	sh_run env 'sleep 0.3' '.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", "echo $0 $1 $HOOK $PWD >" + $t + "/env.out", "first", "second"],
		env: ["HOOK=value"]}] | bind($t; $t; [])' --arg t "$T" --arg kind $kind
	is "$kind has args and env" "$(cut -d' ' -f1-3 "$T/env.out")" 'first second value'
	rm -f "$T/env.out"
done
export FROM_CALLER=ours
for kind in createRuntime createContainer startContainer; do
	sh_run env true '.process.env += ["FROM_CONFIG=theirs"] | hook($kind; "echo $FROM_CALLER/$FROM_CONFIG >" + $t + "/env.out")
		| bind($t; $t; [])' --arg t "$T" --arg kind $kind
	want=ours/
	[ $kind != startContainer ] || want=/theirs
	[ $kind != createContainer ] || deviates runc 'none'
	deviates crun 'always ours'
	is "without env, $kind has that of where it runs" "$(cat "$T/env.out")" $want
	rm -f "$T/env.out"
done
sh_run env true 'hook("createRuntime"; "echo /$FROM_CALLER >" + $t + "/env.out") | .hooks.createRuntime[0].env = []' --arg t "$T"
is 'an empty env is empty' "$(cat "$T/env.out")" /
unset FROM_CALLER
sh_run zero true '.hooks.createRuntime = [{path: "/bin/cat", args: ["arg0", "/proc/self/cmdline"]}]'
is 'args[0] is what the config says' "$status" 0
sh_run noargs true '.hooks.createRuntime = [{path: ($t + "/hook")}]' --arg t "$T"
isnt 'a hook that is not there fails' "$status" 0
printf '#!/bin/sh\necho "$0" "$#" >%s/noargs.out\n' "$T" >"$T/hook"
chmod +x "$T/hook"
sh_run noargs true '.hooks.createRuntime = [{path: ($t + "/hook")}]' --arg t "$T"
is 'args may be missing' "$(cat "$T/noargs.out")" "$T/hook 0"
: >"$LOG"
sh_run several true 'hook("createRuntime"; "cat >/dev/null; echo 1 >>" + $l) | hook("createRuntime"; "cat >/dev/null; echo 2 >>" + $l)
	| hook("createRuntime"; "cat >/dev/null; echo 3 >>" + $l)' --arg l "$LOG"
is 'several of a kind run in order' "$(xargs <"$LOG")" '1 2 3'
sh_run setup 'cat /mnt/by-hook; hostname' 'hook("createContainer"; "echo made >" + $root + "/mnt/by-hook")'
is 'what createContainer makes in the root is there' "$(sed -n 1p <<<"$stdout")" made
sh_run network 'ip link show | grep -c dummy0' \
	'hook("prestart"; "pid=$(grep -o \"\\\"pid\\\": *[0-9]*\" | grep -o \"[0-9]*\"); nsenter -t $pid -n ip link add dummy0 type veth peer name dummy1")'
like 'a hook can set up the network by the pid' "$stdout$stderr" '^[1-9]'

# --- failures -------------------------------------------------------------------------------------

for kind in prestart createRuntime createContainer; do
	: >"$LOG"
	bundle failing 'args(["true"]) | .hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", "echo a reason >&2; exit 7"]}]
		| hook($kind; "echo next >>" + $t + "/log") | hook("poststop"; "echo poststop >>" + $t + "/log")' --arg kind $kind --arg t "$T"
	run oci create --bundle "$T/failing" failing
	deviates crun 'ends with 255'
	is "create fails when $kind does" "$status" 1
	like 'and says that it was the hook' "$stderr" 'hook'
	deviates crun 'none'
	is 'the next hook does not run, those of the end do' "$(cat "$LOG")" poststop
	is 'no container is left' "$(oci list -q)" ''
	is 'and no cgroup' "$(find /sys/fs/cgroup -path "*$CGROUP/failing" 2>/dev/null)" ''
	oci delete --force failing 2>/dev/null
done
: >"$LOG"
bundle failing 'args(["sh", "-c", "echo program >" + $t + "/log"]) | bind($t; $t; []) | hook("startContainer"; "exit 7")' --arg t "$T"
oci create --bundle "$T/failing" failing >"$T/failing.out" 2>&1
oci start failing >/dev/null 2>&1 # neither waits for it
ok 'a failed startContainer ends the container' wait_for 5 has_status failing stopped
is 'the program does not run' "$(cat "$LOG")" ''
oci delete --force failing 2>/dev/null
sh_run failing true 'hook("poststop"; "exit 7") | hook("poststop"; "echo next >>" + $t + "/log")' --arg t "$T"
is 'a failure of poststop is none of run' "$status" 0
deviates runc 'leaves it out'
is 'and the next one runs' "$(cat "$LOG")" next
for kind in prestart createRuntime createContainer startContainer poststart; do
	bundle failing 'args(["sh", "-c", "sleep 1; echo program"]) | .hooks[$kind] = [{path: "/bin/true"}, {path: "/bin/false"}]' --arg kind $kind
	launch failing
	deviates crun 'not after the start'
	isnt "run fails when $kind does" "$status" 0
	too_old
	like 'and says which of them it was' "$stderr" "$kind"
	is 'no container is left' "$(oci list -q)" ''
done
bundle failing 'args(["true"]) | .hooks.startContainer = [{path: "/bin/false"}]'
run oci run --detach --bundle "$T/failing" failing
is 'also in the background' "$([ "$status" != 0 ] && oci list -q)" ''
bundle failing 'args(["sleep", "1000"]) | hook("poststart"; "exit 7") | hook("poststop"; "echo poststop >" + $t + "/log")' --arg t "$T"
oci create --bundle "$T/failing" failing >"$T/failing.out" 2>&1 </dev/null
pid=$(field failing .pid)
run oci start failing
deviates crun 'not after the start'
is 'start fails when poststart does' "$status" 1
deviates crun 'not after the start'
is 'the container is deleted' "$(oci list -q)" ''
deviates crun 'not after the start'
deviates runc 'not even created'
ok 'its process has ended' test ! -d "/proc/$pid"
too_old
is 'and its poststop hooks have run' "$(cat "$LOG")" poststop
oci delete --force failing 2>/dev/null
bundle killed 'args(["true"]) | hook("createRuntime"; "kill -KILL $$")'
launch killed
isnt 'a hook that is killed has failed' "$status" 0
bundle notexec 'args(["true"]) | .hooks.createRuntime = [{path: "/etc/passwd"}]'
launch notexec
isnt 'so has one that is no program' "$status" 0
like 'it is named' "$stderr" '/etc/passwd'
bundle relative 'args(["true"]) | .hooks.createRuntime = [{path: "bin/true"}]'
launch relative
isnt 'a path that is not absolute is refused' "$status" 0

# --- timeout --------------------------------------------------------------------------------------------

bundle timeout 'args(["true"]) | hook("createRuntime"; "exec sleep 77") | .hooks.createRuntime[0].timeout = 1'
began=$SECONDS
launch timeout
isnt 'a hook that takes longer than its timeout has failed' "$status" 0
ok 'after that time' test $((SECONDS - began)) -lt 10
deviates crun 'says nothing'
like 'and it is said' "$stderr" 'time'
ok 'it is killed' wait_for 5 sh -c '! pgrep -f "^sleep 77"'
bundle timeout 'args(["echo", "ran"]) | hook("createRuntime"; "sleep 0.2") | .hooks.createRuntime[0].timeout = 20'
launch timeout
is 'one that ends in time has not' "$stdout" ran


# --- what a hook of the container's may do, and how its failure is worded
bundle worded 'args(["true"]) | .hooks.createRuntime = [{path: "/bin/true"}, {path: "/bin/false"}]'
launch worded
deviates crun 'names its path'
like 'the error names the kind and the number of the hook' "$stderr" 'error running (createRuntime )?hook #1:'
bundle filtered 'args(["true"]) | seccomp("SCMP_ACT_ALLOW") | rule(["mkdir", "mkdirat"]; "SCMP_ACT_KILL_PROCESS") |
	.hooks.startContainer = [{path: "/bin/mkdir", args: ["mkdir", "/tmp/by-hook"]}]'
deviates crun 'runs it before'
launch filtered
isnt 'the seccomp filter is for startContainer hooks, too' "$status" 0
deviates crun 'tells the status'
like 'which die of it' "$stderr" 'bad system call'
bundle filtered '.process.noNewPrivileges = false | args(["true"]) | seccomp("SCMP_ACT_ALLOW") |
	rule(["mkdir", "mkdirat"]; "SCMP_ACT_KILL_PROCESS") |
	.hooks.startContainer = [{path: "/bin/mkdir", args: ["mkdir", "/tmp/by-hook"]}]'
deviates crun 'runs it before'
launch filtered
isnt 'without no_new_privs as well' "$status" 0
isnt 'nothing is made' "$(ls -d "$ROOT/tmp/by-hook" 2>/dev/null)" "$ROOT/tmp/by-hook"

# --- the environment of a startContainer hook that has none
bundle inherits '.process.env += ["ONE=two"] | args(["true"]) | hook("startContainer"; "test \"$ONE\" = two && test -n \"$HOME\"")'
too_old
launch inherits
is 'a startContainer hook without an environment has that of the program' "$status $stderr" '0 '
bundle inherits '.process.env += ["ONE=two"] | args(["true"]) | hook("startContainer"; "test -z \"$ONE\"") |
	.hooks.startContainer[0].env = ["TWO=three"]'
launch inherits
is 'one with an environment has its own' "$status $stderr" '0 '
done_testing
