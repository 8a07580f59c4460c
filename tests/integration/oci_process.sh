#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_process.sh - OCI runtime: the process object of config.json
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

# of_status NAME FILTER: /proc/self/status of a container's program, as "key value"
of_status() {
	bundle "$1" 'args(["cat", "/proc/self/status"]) | '"$2"
	launch "$1"
}

line() {
	sed -n "s/^$1:[[:space:]]*//p" <<<"$stdout"
}

# --- args, env, cwd ------------------------------------------------------------

bundle args 'args(["sh", "-c", "printf \"<%s>\" \"$@\"", "sh", "a b", "", "$HOME", "ä\n"])'
launch args
is 'args are passed as they are' "$stdout" '<a b><><$HOME><ä
>'
bundle cmdline 'args(["cat", "/proc/self/cmdline"])'
launch cmdline
is 'args[0] is what the config says' "$stdout" 'cat/proc/self/cmdline'

bundle env 'args(["env"]) | .process.env += ["A=1", "B=two words", "EMPTY=", "E=x=y"]'
launch env
for try in A=1 'B=two words' EMPTY= E=x=y TERM=xterm; do
	ok "the environment has $try" grep -qxF "$try" <<<"$stdout"
done
is 'and nothing of ours' "$(MINE=1 oci run --bundle "$T/env" env | cut -d= -f1 | sort | grep -vx HOME | xargs)" \
	'A B E EMPTY PATH TERM'
like 'HOME is that of the user by default' "$stdout" 'HOME=/root'
bundle home 'args(["env"]) | .process.env += ["HOME=/elsewhere"]'
launch home
is 'a HOME that is given stays' "$(grep HOME <<<"$stdout")" HOME=/elsewhere
sh_run home 'echo $HOME' '.process.env += ["HOME="]'
too_old
is 'an empty one does not' "$stdout" /root
sh_run home 'echo $HOME' '.process.user = {uid: 4321, gid: 4321}'
deviates crun 'too old'
is 'HOME of a user that nobody knows is the root directory' "$stdout" /
bundle twice 'args(["env"]) | .process.env += ["TWICE=first", "TWICE=second"]'
launch twice
too_old
is 'of two values for a variable there is the last, once' "$(grep TWICE <<<"$stdout")" TWICE=second
bundle path 'args(["program"]) | .process.env = ["PATH=/nowhere:/opt/x"]'
mkdir -p "$ROOT/opt/x"
printf '#!/bin/sh\necho found\n' >"$ROOT/opt/x/program"
chmod +x "$ROOT/opt/x/program"
launch path
is 'the program is looked for in the PATH of the config' "$stdout" found
printf '#!/bin/sh\necho here\n' >"$ROOT/tmp/program"
chmod +x "$ROOT/tmp/program"
bundle relative 'args(["./program"]) | .process.cwd = "/tmp"'
launch relative
is 'a program with a slash is found from cwd' "$stdout" here
# Without #! the kernel says ENOEXEC.
echo 'echo none' >"$ROOT/tmp/noexec"
chmod +x "$ROOT/tmp/noexec"
bundle format 'args(["/tmp/noexec"])'
launch format
isnt 'what is no program fails' "$status" 0
like 'and is named so' "$stderr" '[Ee]xec format error'

bundle cwd 'args(["pwd"]) | .process.cwd = "/usr/bin"'
launch cwd
is 'cwd is the working directory' "$stdout" /usr/bin
bundle cwd 'args(["pwd"]) | .process.cwd = "/new/dir"'
launch cwd
is 'a cwd that is not there is made' "$stdout" /new/dir
bundle cwd 'args(["pwd"]) | .process.cwd = "relative"'
launch cwd
deviates crun 'takes it'
isnt 'a relative cwd is refused' "$status" 0
bundle cwd 'args(["pwd"]) | .process.cwd = "/etc/passwd"'
launch cwd
isnt 'a cwd that is a file is refused' "$status" 0
ln -s /proc/self/fd/ "$ROOT/fds"
for n in 3 4 5 6 7 8 9 10 11 12; do
	bundle cwd 'args(["sh", "-c", "cat /proc/self/cwd/../../../../../etc/debian_version 2>/dev/null"])
		| .process.cwd = "/proc/self/fd/'$n'"'
	launch cwd
	[ -z "$stdout" ] || fail "cwd /proc/self/fd/$n does not lead out" "$stdout"
done
pass 'no cwd leads out by a descriptor'
install -d -m 0700 -o 1000 -g 1000 "$ROOT/home/private"
bundle cwd 'args(["pwd"]) | .process.cwd = "/home/private" | .process.user = {uid: 1000, gid: 1000}'
launch cwd
is 'cwd may be one that only the user can enter' "$stdout" /home/private

# --- user -------------------------------------------------------------------------

bundle user 'args(["id"]) | .process.user = {uid: 1000, gid: 50, additionalGids: [7, 4242]}'
launch user
is 'uid, gid and additionalGids hold' "$stdout" 'uid=1000(app) gid=50(staff) groups=7,4242'
bundle kept 'args(["sleep", "1000"]) | .process.user.additionalGids = [7]
	| .annotations = {"run.oci.keep_original_groups": "1"}'
with_groups() {
	setpriv --groups 4242 "$RUNTIME" --root "$STATE" "$@"
}
ok 'with an annotation of podman' with_groups run --detach --bundle "$T/kept" kept
run awk '/^Groups:/ { print $2, $3 }' "/proc/$(oci state kept | jq .pid)/status"
deviates runc 'does not know it'
is 'the supplementary groups are those of the caller' "$stdout" '4242 '
run with_groups exec kept id -G
deviates runc 'does not know it'
is 'and so for exec' "$stdout" '0 4242'
ok 'delete it' oci delete --force kept
of_status user '.process.user = {uid: 1234, gid: 4321}'
is 'all four user ids are uid' "$(line Uid | xargs)" '1234 1234 1234 1234'
is 'all four group ids are gid' "$(line Gid | xargs)" '4321 4321 4321 4321'
deviates crun 'keeps the own'
like 'there are no groups that were not asked for' "$(line Groups)" '^(4321)? *$'
of_status user '.process.user = {uid: 0, gid: 0}'
like 'not even for root' "$(line Groups)" '^0? *$'
of_status umask '.process.user.umask = 63'
is 'umask holds' "$(line Umask)" 0077
(umask 0077 && oci run --bundle "$T/user" user) >"$T/umask.out" 2>&1
is 'by default it is 0022' "$(sed -n 's/^Umask:\t//p' "$T/umask.out")" 0022

# --- capabilities -----------------------------------------------------------------

CAP_SETS='CapInh CapPrm CapEff CapBnd CapAmb'
sets() {
	local key
	for key in $CAP_SETS; do
		printf '%x ' "0x$(line "$key")"
	done
}
of_status caps '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID"],
	permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"]}'
is 'with no new privileges, root has what is permitted' "$(sets)" '1 21 21 a1 0 '
of_status caps '.process.noNewPrivileges = false | .process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID"],
	permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"]}'
is 'else root has by exec what is bounding' "$(sets)" '1 a1 a1 a1 0 '
of_status caps 'caps([])'
is 'empty sets are empty' "$(sets)" '0 0 0 0 0 '
of_status caps 'del(.process.capabilities)'
is 'without capabilities there are none' "$(sets)" '0 0 0 0 0 '
of_status caps '.process.user = {uid: 1000, gid: 1000} | caps(["CAP_KILL"])'
is 'another user has them after exec only by ambient' "$(sets)" '0 0 0 20 0 '
of_status caps '.process.user = {uid: 1000, gid: 1000} | caps(["CAP_KILL", "CAP_CHOWN"])
	| .process.capabilities.inheritable = ["CAP_KILL"] | .process.capabilities.ambient = ["CAP_KILL"]'
is 'ambient holds for another user' "$(sets)" '20 20 20 21 20 '
of_status caps 'caps(["CAP_NET_RAW"]) | .process.user = {uid: 1000, gid: 1000} | .process.capabilities.inheritable = ["CAP_NET_RAW"]'
is 'inheritable holds alone' "$(sets)" '2000 0 0 2000 0 '
of_status caps '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {bounding: ["CAP_NET_RAW"], inheritable: ["CAP_NET_RAW"]}'
is 'also where it is not permitted' "$(sets)" '2000 0 0 2000 0 '
bundle caps 'args(["true"]) | caps(["CAP_NONSENSE", "CAP_KILL"])'
launch caps
is 'an unknown capability is no error' "$status" 0
bundle bind 'args(["sh", "-c", "nc -l -p 80 & sleep 0.2; kill $! && echo bound"])'
launch bind
is 'a capability that is there works' "$stdout" bound
sh_run chown 'touch /tmp/owned; chown 1000 /tmp/owned || echo refused' 'caps([])'
is 'one that is not does not' "$stdout" refused

# --- rlimits ------------------------------------------------------------------------

sh_run rlimits 'grep -E "open files|core file|stack|processes" /proc/self/limits | tr -s " "' \
	'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_NPROC", soft: 1000, hard: 2000}]'
like 'a limit has its soft and its hard value' "$stdout" 'Max open files 100 200 files'
like 'zero is a limit' "$stdout" 'Max core file size 0 0 bytes'
like 'there can be several' "$stdout" 'Max processes 1000 2000 processes'
bundle rlimits 'sh("ulimit -s; ulimit -Hs; id -u") | .process.user = {uid: 1000, gid: 1000}
	| .process.rlimits = [{type: "RLIMIT_STACK", soft: 4194304, hard: 77}]'
# Which jq cannot write.
sed -i 's/: 77/: 18446744073709551615/' "$T/rlimits/config.json"
launch rlimits
is 'RLIM_INFINITY is a limit, and other numbers stay what they are' "$(xargs <<<"$stdout")" '4096 unlimited 1000'
bundle rlimits 'args(["true"]) | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 200, hard: 100}]'
launch rlimits
isnt 'a soft limit above the hard one is refused' "$status" 0
bundle rlimits 'args(["true"]) | .process.rlimits = [{type: "RLIMIT_NONSENSE", soft: 1, hard: 1}]'
launch rlimits
isnt 'an unknown limit is refused' "$status" 0
like 'by name' "$stderr" RLIMIT_NONSENSE
bundle rlimits 'args(["true"]) | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 1}, {type: "RLIMIT_NOFILE", soft: 2, hard: 2}]'
launch rlimits
deviates crun 'takes the last'
isnt 'a limit that is there twice is refused' "$status" 0
sh_run rlimits 'ulimit -Hl' '.process.rlimits = [{type: "RLIMIT_MEMLOCK", soft: 65536, hard: 65536}]'
is 'RLIMIT_MEMLOCK is in bytes' "$stdout" 64
sh_run rlimits 'grep -c -E " (7|8|9)  *(7|8|9) " /proc/self/limits' \
	'.process.rlimits = [{type: "RLIMIT_MSGQUEUE", soft: 7, hard: 7}, {type: "RLIMIT_SIGPENDING", soft: 8, hard: 8},
		{type: "RLIMIT_LOCKS", soft: 9, hard: 9}]'
is 'the rarer ones are known' "$stdout" 3

# --- what else a process has ----------------------------------------------------------

of_status nnp '.process.noNewPrivileges = true'
is 'noNewPrivileges holds' "$(line NoNewPrivs)" 1
of_status nnp '.process.noNewPrivileges = false'
is 'and only if asked for' "$(line NoNewPrivs)" 0
of_status nnp 'del(.process.noNewPrivileges)'
is 'not by default' "$(line NoNewPrivs)" 0
bundle oom 'args(["cat", "/proc/self/oom_score_adj"]) | .process.oomScoreAdj = 321'
launch oom
is 'oomScoreAdj holds' "$stdout" 321
bundle oom 'args(["cat", "/proc/self/oom_score_adj"])'
(echo 55 >/proc/self/oom_score_adj && exec "$RUNTIME" --root "$STATE" run --bundle "$T/oom" oom) >"$T/oom.out" 2>&1
is 'without it, that of the caller holds' "$(cat "$T/oom.out")" 55
(trap '' USR1 PIPE && exec "$RUNTIME" --root "$STATE" run --bundle "$T/nnp" nnp) >"$T/signals" 2>&1
stdout=$(cat "$T/signals")
is 'no signal is blocked' "$(line SigBlk)" 0000000000000000
deviates crun 'stays ignored'
deviates runc 'stays ignored'
is 'no signal is ignored, whatever the caller ignores' "$(line SigIgn)" 0000000000000000
bundle fds 'args(["ls", "/proc/self/fd"])'
launch fds
is 'there are no descriptors but stdin, stdout, stderr' "$(xargs <<<"$stdout")" '0 1 2 3'
exec 7</etc/passwd 8</etc/group
launch fds
is 'those of the caller neither' "$(xargs <<<"$stdout")" '0 1 2 3'
exec 7<&- 8<&-
bundle preserved 'args(["sh", "-c", "cat <&3; cat <&4; ls /proc/self/fd | xargs"])'
echo three >"$T/three"
echo four >"$T/four"
run oci run --preserve-fds 2 --bundle preserved preserved 3<"$T/three" 4<"$T/four" 5</dev/null
is '--preserve-fds passes as many on' "$(xargs <<<"$stdout")" 'three four 0 1 2 3 4 5'
run "$RUNTIME" --root "$STATE" run --preserve-fds 1 --bundle preserved preserved 3<&-
deviates crun 'does not look'
isnt 'one that is not open is refused' "$status" 0
bundle bounded 'args(["true"]) | caps(["CAP_SYS_TIME"])'
run setpriv --bounding-set=-sys_time --inh-caps=-all "$RUNTIME" --root "$STATE" run --bundle bounded bounded
deviates runc 'has to have it'
is 'a capability that the caller has not is left out' "$status $stderr" '0 '
bundle listen 'args(["sh", "-c", "echo $LISTEN_FDS $LISTEN_PID; cat <&3"])'
run sh -c "LISTEN_FDS=1 LISTEN_PID=\$\$ exec '$RUNTIME' --root '$STATE' run --bundle listen listen" 3<"$T/three"
deviates crun 'no LISTEN_PID'
is 'LISTEN_FDS of the caller is passed on' "$(xargs <<<"$stdout")" '1 1 three'
bundle listen 'args(["sh", "-c", "echo $LISTEN_FDS $LISTEN_PID"])'
run env LISTEN_FDS=1 "$RUNTIME" --root "$STATE" run --bundle listen listen 3<&-
deviates crun 'no LISTEN_PID'
deviates runc 'passes on one of its own'
is 'and the number as it is, open or not' "$(xargs <<<"$stdout")" '1 1'

bundle keys 'args(["cat", "/proc/keys"]) | .linux.maskedPaths = []'
launch keys
like 'the session keyring is one of its own' "$stdout" 'keyring +_ses'
# with_ring COMMAND...: in a session keyring that nobody sees but who has it
with_ring() {
	python3 -c 'import ctypes, os, sys
keyctl = lambda *args: ctypes.CDLL(None).syscall(250, *args)
keyctl(5, keyctl(1, b"of-the-caller"), 0x3f000000)
os.execv(sys.argv[1], sys.argv[1:])' "$@"
}
run with_ring "$RUNTIME" --root "$STATE" run --bundle keys keys
unlike 'in place of that of the caller' "$stdout" of-the-caller
run with_ring "$RUNTIME" --root "$STATE" run --no-new-keyring --bundle keys keys
like 'unless there is to be no new one' "$stdout" of-the-caller

rm -f "$T/pidfd.sock"
python3 "$PEER_PY" receive "$T/pidfd.sock" "$T/pidfd.out" &
job=$!
wait_for 10 test -S "$T/pidfd.sock"
bundle pidfd 'args(["sleep", "1000"])'
run oci create --pidfd-socket "$T/pidfd.sock" --bundle pidfd pidfd
[ "$status" = 0 ] || kill $job
wait $job
too_old
is '--pidfd-socket gets a descriptor of the process' "$(sed -n 's/^Pid:\t//p' "$T/pidfd.out" 2>/dev/null)" "$(field pidfd .pid)"
oci delete --force pidfd
rm -f "$T/pidfd.sock"
python3 "$PEER_PY" receive "$T/pidfd.sock" "$T/pidfd.out" &
job=$!
wait_for 10 test -S "$T/pidfd.sock"
bundle pidfd 'args(["sleep", "1000"]) | .annotations["run.oci.pidfd_receiver"] = $s' --arg s "$T/pidfd.sock"
run oci create --bundle pidfd pidfd
peer runc && kill $job
wait $job
deviates runc 'no such annotation'
is "so does the socket of crun's annotation" "$(sed -n 's/^Pid:\t//p' "$T/pidfd.out" 2>/dev/null)" "$(field pidfd .pid)"
oci delete --force pidfd

bundle personality 'args(["uname", "-m"]) | .linux.personality = {domain: "LINUX32"}'
launch personality
deviates runc 'too old'
is 'personality LINUX32 holds' "$stdout" i686
bundle personality 'args(["sleep", "1000"]) | .linux.personality = {domain: "LINUX32"}'
start_up personality
run oci exec personality uname -m
is 'and in exec' "$stdout" i686
oci delete --force personality
bundle personality 'args(["uname", "-m"]) | .linux.personality = {domain: "LINUX"}'
launch personality
is 'personality LINUX is no change' "$stdout" "$(uname -m)"
bundle personality 'args(["true"]) | .linux.personality = {domain: "NONSENSE"}'
launch personality
deviates runc 'too old'
deviates crun 'takes it'
isnt 'an unknown personality is refused' "$status" 0

bundle ionice 'args(["ionice"]) | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 3}'
launch ionice
too_old
is 'ioPriority holds' "$stdout" 'best-effort: prio 3'
bundle ionice 'args(["ionice"]) | .process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
launch ionice
too_old
like 'ioPriority IDLE holds' "$stdout" '^idle'
bundle ionice 'args(["ionice"]) | .process.ioPriority = {class: "IOPRIO_CLASS_NONSENSE", priority: 0}'
launch ionice
too_old
isnt 'an unknown class is refused' "$status" 0
# Fields of proc(5): 41 is the policy, 19 the nice value.
sh_run sched 'cut -d" " -f19,41 /proc/1/stat' '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
too_old
is 'scheduler has policy and nice value' "$stdout" '5 3'
sh_run sched 'cut -d" " -f41 /proc/1/stat' '.process.scheduler = {policy: "SCHED_IDLE"}'
too_old
is 'scheduler may be SCHED_IDLE' "$stdout" 5
sh_run sched 'cut -d" " -f19 /proc/1/stat /proc/self/stat | xargs' \
	'.process.scheduler = {policy: "SCHED_OTHER", nice: -5, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
too_old
is 'scheduler has flags' "$stdout" '-5 0'
bundle sched 'args(["true"]) | .process.scheduler = {policy: "SCHED_NONSENSE"}'
launch sched
too_old
isnt 'an unknown policy is refused' "$status" 0

bundle affinity 'args(["sleep", "1000"]) | .process.execCPUAffinity = {initial: "0", final: "0"}'
start_up affinity
run oci exec affinity sh -c 'grep Cpus_allowed_list /proc/self/status | cut -f2'
too_old
is 'execCPUAffinity holds for exec' "$stdout" 0
oci delete --force affinity

# --- terminal ----------------------------------------------------------------------------

bundle tty 'sh("tty; stty size; ls -l /proc/self/fd/0 | grep -o /dev/.*; test -t 0 && test -t 1 && test -t 2 && echo all")
	| .process.terminal = true | .process.consoleSize = {height: 33, width: 111}'
with_console tty oci run -d --bundle tty --console-socket "$T/console.sock" tty
is 'the terminal is sent to the console socket' "$status" 0
like 'with a name' "$slave" '.'
is 'it is the terminal of stdin, stdout and stderr' "$(sed -n '1p;$p' <<<"$console" | xargs)" '/dev/pts/0 all'
is 'consoleSize is its size' "$(sed -n 2p <<<"$console")" '33 111'
wait_for 5 has_status tty stopped
oci delete tty
bundle tty 'sh("stat -c %F:%t:%T /dev/console | sed s/:.*//; read line; echo got $line; ps -o pid,tty | grep \"^ *1 \"; exit 4")
	| .process.terminal = true'
console_input='typed\n'
with_console tty oci create --bundle tty --console-socket="$T/console.sock" tty &
wait_for 10 has_status tty created
oci start tty
wait
console=$(tr -d '\r\0' <"$T/tty.console")
like 'so it is with create and start' "$console" 'character special file'
like 'what is typed arrives' "$console" 'got typed'
like 'it is the controlling terminal' "$console" '136,0|pts/0'
wait_for 5 has_status tty stopped
oci delete tty
bundle tty 'sh("read line </dev/tty; echo got $line") | .process.terminal = true | .process.user = {uid: 1000, gid: 1000}'
with_console tty oci run -d --bundle tty --console-socket "$T/console.sock" tty
like 'another user can open it' "$console" 'got typed'
wait_for 5 has_status tty stopped
oci delete tty
run oci create --bundle tty tty
deviates crun 'does not mind'
isnt 'create with a terminal needs a console socket' "$status" 0
oci delete --force tty
run oci run -d --bundle tty tty
deviates crun 'does not mind'
isnt 'run --detach does, too' "$status" 0
oci delete --force tty
bundle tty 'sh("test -t 0 && test -t 1 && test -t 2 || exit 1; n=0; until stty size | grep 44 || test $n = 40; do sleep 0.05; n=$((n + 1)); done; read line; echo got $line; exit 9") | .process.terminal = true'
console_input='typed\n'
at_terminal oci run --bundle "$T/tty" tty
deviates crun 'waits for SIGWINCH'
is 'run at a terminal has one of its own, of the size of ours' "$(grep -x "44 55" <<<"$stdout")" "44 55"
like 'what is typed at ours arrives' "$stdout" 'got typed'
is 'the code, too' "$status" 9
bundle notty 'args(["true"])'
run oci create --bundle notty --console-socket "$T/nothing.sock" notty
deviates crun 'does not mind'
isnt 'a console socket without a terminal is refused' "$status" 0
oci delete --force notty
bundle tty 'args(["true"]) | .process.terminal = true'
run oci create --bundle tty --console-socket "$T/nothing.sock" tty
isnt 'a console socket where nobody listens fails' "$status" 0
is 'and leaves nothing' "$(oci list -q)" ''

# --- sd_notify -----------------------------------------------------------------------

if [ "$(type -t socat)" = file ] && ! peer crun runc; then
	python3 "$PEER_PY" datagrams "$T/host.sock" "$T/notices" &
	host=$!
	wait_for 10 test -S "$T/host.sock"
	# shellcheck disable=SC2016
	bundle notify 'sh("echo $NOTIFY_SOCKET; ls $NOTIFY_SOCKET; sleep 1000")'
	NOTIFY_SOCKET=$T/host.sock oci create --bundle "$T/notify" notify >"$T/notify.out" 2>&1 </dev/null
	NOTIFY_SOCKET=$T/host.sock oci start notify >"$T/start.out" 2>&1 </dev/null &
	job=$!
	ok 'it runs' wait_for 10 grep -q '^/run/notify.*sock' "$T/notify.out"
	pid=$(field notify .pid)
	# say TEXT: as the program would
	say() {
		# shellcheck disable=SC2059
		printf "$1" | socat -u - "UNIX-SENDTO:/proc/$pid/root/run/notify/notify.sock"
	}
	ok 'it has a socket to say how it is' wait_for 10 test -S "/proc/$pid/root/run/notify/notify.sock"
	is 'its name is in the environment' "$(sort -u "$T/notify.out")" /run/notify/notify.sock
	is 'for whoever runs in there' "$(stat -c %a "/proc/$pid/root/run/notify/notify.sock")" 777
	ok 'status is for nobody' say 'STATUS=busy\nNOREADY=1\nREADY=12\n'
	sleep 0.2
	ok 'the start waits' kill -0 $job
	deviates runc 'no freezer here'
	ok 'the container can be worked on meanwhile' oci pause notify
	deviates runc 'no freezer here'
	ok 'and let go' oci resume notify
	ok 'it is ready' say 'FDSTORE=1\nREADY=1\n'
	wait $job
	is 'that ends the start' $? 0
	ok 'and is passed on' wait_for 10 grep -qx READY=1 "$T/notices"
	deviates runc 'too old'
	ok 'then a barrier' wait_for 10 grep -qx BARRIER=1 "$T/notices"
	is 'with the pid as the host has it' "$(grep MAINPID "$T/notices")" "MAINPID=$pid"
	unlike 'and nothing else of it' "$(cat "$T/notices")" 'FDSTORE|STATUS'
	ok 'delete' oci delete --force notify
	rm "$T/notify.out" "$T/notices"
	kill $host
	python3 "$PEER_PY" datagrams "@tare-test.$$" "$T/notices" &
	host=$!
	wait_for 10 grep -q "@tare-test.$$" /proc/net/unix
	NOTIFY_SOCKET=@tare-test.$$ oci run --bundle "$T/notify" notify >"$T/notify.out" 2>&1 </dev/null &
	job=$!
	ok 'in the foreground it runs, too' wait_for 10 grep -q '^/run/notify.*sock' "$T/notify.out"
	pid=$(field notify .pid)
	ok 'it is ready' say 'READY=1'
	ok 'which is passed on' wait_for 10 grep -qx READY=1 "$T/notices"
	ok 'kill' oci kill notify KILL
	wait $job
	is 'its end is that of the run' $? 137
	bundle notify 'sh("exit 3")'
	NOTIFY_SOCKET=$T/host.sock launch notify
	is 'who is never ready ends as well' "$status" 3
	NOTIFY_SOCKET=$T/nobody.sock start_up notify
	is 'also in the background' $? 0
	kill $host
	oci delete --force notify
fi


# --- the CPUs of who calls are not the container's
if [ "$(nproc)" -gt 1 ]; then
	bundle cpus 'args(["sh", "-c", "grep Cpus_allowed_list /proc/self/status; exec sleep 50"])'
	too_old
	(taskset -pc 0 $BASHPID >/dev/null; start_up cpus)
	wait_for 5 grep -q list "$T/cpus.out"
	all=$(grep Cpus_allowed_list /proc/self/status)
	is 'a container has all CPUs' "$(cat "$T/cpus.out")" "$all"
	too_old
	is 'and so has exec' "$(taskset -pc 0 $BASHPID >/dev/null; oci exec cpus grep Cpus_allowed_list /proc/self/status)" "$all"
	oci delete --force cpus
fi
done_testing
