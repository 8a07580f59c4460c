#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_exec.sh - OCI runtime: further processes in a container
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

bundle box 'args(["sleep", "1000"]) | .process.env += ["CONFIG=yes"] | .process.cwd = "/usr"
	| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 99, hard: 199}] | .hostname = "box"'
start_up box

# --- the command line --------------------------------------------------------------

run oci exec box echo hello
is 'exec runs a program' "$status $stdout" '0 hello'
run oci exec box sh -c 'echo out; echo err >&2; exit 23'
is 'exec ends with its code' "$status" 23
is 'stdout is its own' "$stdout" out
is 'stderr is its own' "$stderr" err
is 'stdin is that of the caller' "$(echo text | oci exec box cat)" text
run oci exec box sh -c 'kill -KILL $$'
is 'a signal is 128 and its number' "$status" 137
run oci exec box printf '<%s>' -x --y 'a b' --
is 'flags behind the id belong to the program' "$stdout" '<-x><--y><a b><-->'
run oci exec box -- echo dashes
like 'a -- behind the id is skipped or run' "$stdout$stderr" 'dashes|--'

run oci exec box env
like 'the environment is that of the config' "$stdout" 'CONFIG=yes'
run oci exec --env A=1 --env B=2 --env=C=3 --env CONFIG=new box sh -c 'echo $A $B $C $CONFIG'
deviates crun 'replaces all'
is '--env adds and replaces' "$stdout" '1 2 3 new'
is 'nothing of our environment gets in' "$(MINE=1 oci exec box env | grep -c MINE)" 0
run oci exec -e A=1 -e B=2 box sh -c 'echo $A $B'
deviates crun 'replaces all'
is '-e is short for it' "$stdout" '1 2'
run oci exec box sh -c 'stat -Lc %D:%i /proc/self/fd/0 /dev/null | uniq | wc -l' </dev/null
deviates crun 'the host'"'"'s, whose mode root in there could change'
is 'the null device is the one of the container' "$stdout" 1
run oci exec box pwd
deviates crun 'the root directory'
is 'the working directory is that of the config' "$stdout" /usr
run oci exec --cwd /tmp box pwd
is '--cwd is another' "$stdout" /tmp
run oci exec --cwd=/tmp box pwd
is '--cwd=DIR, too' "$stdout" /tmp
run oci exec --cwd tmp box pwd
isnt 'a relative one is refused' "$status" 0
run oci exec box id
is 'the user is that of the config' "$stdout" 'uid=0(root) gid=0(root)'
run oci exec -u 1000 box sh -c 'echo $(id -u):$(id -g)'
is '--user UID changes the user' "${stdout%%:*}" 1000
run oci exec --user 1000:50 box sh -c 'echo $(id -u):$(id -g)'
is '--user UID:GID changes both' "$stdout" 1000:50
run oci exec --user=1000:50 box sh -c 'echo $HOME'
is 'HOME is then that of the user' "$stdout" /home/app
run oci exec --user 4321 box sh -c 'echo $HOME'
deviates crun 'too old'
is 'or the root directory, if nobody knows the user' "$stdout" /
oci exec -d --user 1000:1000 box true </dev/null >/dev/null 2>&1
too_old
is '/dev/null of the host keeps its owner' "$(stat -c %u:%g /dev/null)" 0:0
oci exec --user 1000:1000 box true </dev/null >/dev/null 2>&1
too_old
is 'without --detach, too' "$(stat -c %u:%g /dev/null)" 0:0
for user in -1 1x ' 1' 4294967295 99999999999 1:2:3 ''; do
	run oci exec --user "$user" box id -u
	deviates crun 'reads as much as is a number'
	deviates runc 'takes it'
	isnt "--user '$user' is refused" "$status" 0
done
run oci exec --additional-gids 100 --additional-gids 200 -u 1000:1000 box id -G
deviates crun 'has no such flag'
is '--additional-gids adds groups' "$(tr ' ' '\n' <<<"$stdout" | sort -n | xargs)" '100 200 1000'

caps() {
	sed -n "s/^$1:[[:space:]]*0*//p" <<<"$stdout"
}
run oci exec box cat /proc/self/status
is 'capabilities are those of the config' "$(caps CapEff) $(caps CapBnd)" '20000420 20000420'
deviates crun 'does not set it'
is 'no_new_privs is that of the config' "$(caps NoNewPrivs)" 1
is 'no signal is blocked' "$(caps SigBlk)" ''
run oci exec --cap CAP_CHOWN --cap CAP_KILL box cat /proc/self/status
deviates crun 'replaces'
is '--cap adds to them' "$(caps CapBnd)" 20000421
run oci exec --cap CAP_NONSENSE box true
is 'an unknown capability is no error' "$status" 0
run oci exec box sh -c 'ulimit -n; ulimit -Hn'
deviates runc 'Go raises it'
deviates crun 'does not set them'
is 'limits are those of the config' "$(xargs <<<"$stdout")" '99 199'
run oci exec box ls /proc/self/fd
is 'there are no descriptors but stdin, stdout, stderr' "$(xargs <<<"$stdout")" '0 1 2 3'
echo three >"$T/three"
run oci exec --preserve-fds 1 box sh -c 'cat <&3; ls /proc/self/fd | xargs' 3<"$T/three" 4</dev/null
is '--preserve-fds passes as many on' "$(xargs <<<"$stdout")" 'three 0 1 2 3 4'

# --- the same place as the container's own -----------------------------------------------

run oci exec box sh -c 'for n in mnt uts ipc net pid; do echo $(readlink /proc/self/ns/$n) $(readlink /proc/1/ns/$n); done'
is 'the namespaces are those of the container' "$(awk '$1 != $2' <<<"$stdout")" ''
is 'all of them could be read' "$(wc -l <<<"$stdout")" 5
is 'so is the host name' "$(oci exec box hostname)" box
is 'it is no child of the first process' "$(oci exec box sh -c 'cut -d" " -f4 /proc/self/stat')" 0
run oci exec box sh -c 'cat /proc/self/cgroup; echo; cat /proc/1/cgroup'
is 'the cgroup is that of the container' "${stdout%%$'\n\n'*}" "${stdout#*$'\n\n'}"

# --- failures -------------------------------------------------------------------------------

for try in 'nonsense executable file .*not found in \$PATH' '/nonsense [Nn]o such file or directory' \
	' executable file .*not found in \$PATH|[Oo]peration not permitted' '/etc/passwd [Pp]ermission denied' \
	'/etc [Pp]ermission denied|[Oo]peration not permitted'; do
	run oci exec box "${try%% *}"
	is "exec of '${try%% *}' ends with 255" "$status" 255
	like 'and says why' "$stderr" "${try#* }"
done
printf '#!/nonsense/interpreter\n' >"$ROOT/tmp/orphan"
chmod +x "$ROOT/tmp/orphan"
run oci exec box /tmp/orphan
isnt 'a script whose interpreter is not there fails' "$status" 0
like 'and says why' "$stderr" '[Nn]o such file or directory'
run timeout 10 "$RUNTIME" --root "$STATE" exec --pid-file /nonsense/pid box sleep 777
deviates crun 'does not mind'
is 'a pid file that cannot be written ends with 255' "$status" 255
ok 'and the process' wait_for 5 sh -c '! pgrep -xf "sleep 777"'
run setpriv --bounding-set=-sys_time --inh-caps=-all "$RUNTIME" --root "$STATE" exec --cap CAP_SYS_TIME box true
deviates runc 'has to have it'
is 'a capability that the caller has not is left out' "$status $stderr" '0 '
run oci exec --cgroup .. box true
deviates crun 'too old'
isnt 'a cgroup above that of the container is refused' "$status" 0
too_old
like 'in words that are looked for' "$stderr" 'bad sub cgroup path'
run oci exec --cgroup nonsense box true
deviates crun 'too old'
isnt 'so is one that is not there' "$status" 0
deviates crun 'too old'
like 'and says why' "$stderr" ' adding pid .*no such file or directory'
cgroup=$(find /sys/fs/cgroup -type d -path "*$CGROUP/box" ! -path '*/memory/*' 2>/dev/null | head -n 1)
if ! peer crun runc && mkdir "$cgroup/below" 2>/dev/null; then
	run oci exec --cgroup below box cat /proc/self/cgroup
	like 'one below it is where the process runs' "$stdout" '/below($|\n)'
	run oci exec --cgroup /below box cat /proc/self/cgroup
	like 'also with a slash' "$stdout" '/below($|\n)'
	run oci exec --cgroup below/../.. box true
	is 'but no way around to above' "$status" 255
	rmdir "$cgroup/below"
fi
fails 'a working directory that is not there ends with 255' 255 oci exec --cwd /nonsense box true
run oci exec box
isnt 'exec needs a program' "$status" 0
run oci exec
isnt 'exec needs an id' "$status" 0
run oci --log "$T/log" --log-format json exec box nonsense
like 'the log has the cause' "$(tail -n 1 "$T/log" | jq -r .msg)" 'executable file .*not found in \$PATH'
is 'the container goes on' "$(status_of box)" running

# --- --detach and --pid-file -------------------------------------------------------------------

run oci exec --detach --pid-file "$T/exec.pid" box sleep 500
is 'exec --detach ends with 0' "$status" 0
pid=$(cat "$T/exec.pid")
is 'the pid file has the pid outside' "$(tr '\0' ' ' <"/proc/$pid/cmdline")" 'sleep 500 '
is 'without a line end' "$(wc -c <"$T/exec.pid")" ${#pid}
ok 'ps knows it' test "$(oci ps -f json box | jq "index($pid) != null")" = true
kill -KILL "$pid"
ok 'its end is its own' wait_for 5 test ! -d "/proc/$pid/fd/0"
is 'not that of the container' "$(status_of box)" running
run oci exec -d box nonsense
isnt 'exec -d fails if the program is not there' "$status" 0
(cd "$T" && oci exec -d --pid-file relative.pid box sleep 501)
ok 'a relative pid file is below the working directory of the caller' test -s "$T/relative.pid"
python3 "$PEER_PY" subreaper "$RUNTIME" --root "$STATE" exec -d --pid-file "$T/sub.pid" box sleep 502 >"$T/sub.out" 2>&1 </dev/null
is 'with -d it becomes a child of the sub-reaper' "$(cat "$T/sub.out")" "code 0
child $(cat "$T/sub.pid")"
run oci exec --pid-file "$T/attached.pid" box sh -c 'exit 6'
is 'a pid file goes without --detach, too' "$status $([ -s "$T/attached.pid" ] && echo there)" '6 there'

# --- --process -----------------------------------------------------------------------------------

# process FILTER: $T/process.json
process() {
	jq "$JQ_WORDS"'{process: {args: ["true"], cwd: "/", env: ["PATH=/bin:/usr/bin", "P=1"], user: {uid: 0, gid: 0}}}
		| '"$1"' | .process' <<<null >"$T/process.json"
}
process 'sh("echo $P $CONFIG; pwd; exit 12")'
run oci exec --process "$T/process.json" box
is 'exec --process ends with its code' "$status" 12
is 'and has its environment and directory alone' "$(xargs <<<"$stdout")" '1 /'
run oci exec -p "$T/process.json" box
is 'exec -p is short for it' "$status" 12
run oci exec --process="$T/process.json" box
is 'so is --process=FILE' "$status" 12
process 'sh("id -u; id -g; id -G; umask") | .process.user = {uid: 1000, gid: 50, additionalGids: [77], umask: 23}'
run oci exec --process "$T/process.json" box
deviates runc 'umask is ignored'
is 'it has a user' "$(xargs <<<"$stdout" | sed 's/50 77/77 50/')" '1000 50 77 50 0027'
process 'args(["cat", "/proc/self/status"]) | caps(["CAP_CHOWN"]) | .process.noNewPrivileges = true'
run oci exec --process "$T/process.json" box
is 'it has capabilities' "$(caps CapEff) $(caps CapBnd)" '1 1'
is 'it has noNewPrivileges' "$(caps NoNewPrivs)" 1
process 'args(["cat", "/proc/self/status"])'
run oci exec --process "$T/process.json" box
is 'without capabilities it has those of the container' "$(caps CapEff) $(caps CapBnd)" '20000420 20000420'
process 'sh("ulimit -n") | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 55, hard: 66}]'
run oci exec --process "$T/process.json" box
deviates runc 'Go raises it'
is 'it has limits' "$stdout" 55
process 'args(["sleep", "503"])'
run oci exec --process "$T/process.json" --detach --pid-file "$T/p.pid" box
is 'as conmon calls it' "$status $(tr '\0' ' ' <"/proc/$(cat "$T/p.pid")/cmdline")" '0 sleep 503 '
echo '{' >"$T/broken.json"
run oci exec --process "$T/broken.json" box
isnt 'a file that is no JSON fails' "$status" 0
run oci exec --process "$T/nonexistent.json" box
isnt 'so does one that is not there' "$status" 0
process 'del(.process.args)'
run oci exec --process "$T/process.json" box
isnt 'and one without args' "$status" 0

# --- terminal ----------------------------------------------------------------------------------------

with_console exec oci exec -d -t --console-socket "$T/console.sock" box sh -c 'tty; test -t 1 && test -t 2 && echo all'
is 'exec -t sends its terminal to the console socket' "$status" 0
is 'which is stdin, stdout and stderr' "$(tail -n 1 <<<"$console")" all
like 'one of the container' "$console" '^/dev/pts/[0-9]'
process 'sh("stty size; read line; echo got $line") | .process.terminal = true | .process.consoleSize = {height: 22, width: 99}'
console_input='typed\n'
with_console exec oci exec -d --process "$T/process.json" --console-socket "$T/console.sock" --pid-file "$T/tty.pid" box
is 'terminal in --process, too' "$status" 0
deviates crun 'a moment later'
like 'consoleSize holds' "$console" '22 99'
like 'what is typed arrives' "$console" 'got typed'
at_terminal oci exec -t box sh -c 'test -t 0 && test -t 1 && test -t 2 || exit 1; n=0; until stty size | grep 44 || test $n = 40; do sleep 0.05; n=$((n + 1)); done; read line; echo got $line; exit 9'
is 'exec -t at a terminal has one of its own, of the size of ours' "$(grep -x "44 55" <<<"$stdout")" "44 55"
like 'what is typed at ours arrives' "$stdout" 'got typed'
is 'the code, too' "$status" 9

# --- where the container has more ---------------------------------------------------------------------

oci delete --force box
bundle nnp 'args(["sleep", "1000"]) | .process.noNewPrivileges = false
	| seccomp("SCMP_ACT_ALLOW") | rule(["mkdir", "mkdirat"]; "SCMP_ACT_ERRNO") | .process.oomScoreAdj = 222'
start_up nnp
run oci exec --no-new-privs nnp cat /proc/self/status
is '--no-new-privs holds' "$(caps NoNewPrivs)" 1
run oci exec nnp cat /proc/self/status
is 'and not without' "$(caps NoNewPrivs)" ''
is 'seccomp is that of the container' "$(caps Seccomp)" 2
fails 'with effect' 1 oci exec nnp mkdir /tmp/x
run oci exec nnp cat /proc/self/oom_score_adj
deviates crun 'does not set it'
is 'oomScoreAdj is that of the config' "$stdout" 222
oci delete --force nnp
oci create --bundle "$T/nnp" nnp
run oci exec nnp echo early
is 'exec works in a created container' "$status $stdout" '0 early'
oci delete --force nnp

bundle mapped 'args(["sleep", "1000"]) | userns(100000; 65536) | del(.linux.resources)'
chmod 0755 "$T" "${T%/*}"
if start_up mapped; then
	run oci exec mapped sh -c 'id -u; cat /proc/self/uid_map | xargs'
	is 'exec joins the user namespace' "$(xargs <<<"$stdout")" '0 0 100000 65536'
	run oci exec -u 5:6 mapped sh -c 'id -u; id -g'
	is 'and is a user of that' "$(xargs <<<"$stdout")" '5 6'
	run oci exec -u 70000 mapped true
	isnt 'a user that is not mapped is refused' "$status" 0
	oci delete --force mapped
else
	fail 'a container with a user namespace starts'
fi

done_testing
