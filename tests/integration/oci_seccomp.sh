#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_seccomp.sh - OCI runtime: system call filters, and the listener for them
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

[ "$(uname -m)" = x86_64 ] || skip_all 'the rules are those of x86-64'

# filtered NAME SCRIPT FILTER: run of a shell script under the seccomp part of FILTER
filtered() {
	sh_run "$1" "$2" "$3" "${@:4}"
	stdout=$(tr '\n' ' ' <<<"$stdout")
	stdout=${stdout% }
}
MKDIR='["mkdir", "mkdirat"]'
TRY='mkdir /tmp/d 2>&1 && rmdir /tmp/d && echo made'

# --- actions ----------------------------------------------------------------------

filtered none "$TRY" .
is 'without seccomp all is allowed' "$stdout" made
filtered allow "$TRY; grep Seccomp: /proc/self/status" 'seccomp("SCMP_ACT_ALLOW")'
is 'allow allows' "$stdout" $'made Seccomp:\t2'
filtered errno "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\")"
like 'ERRNO is EPERM by default' "$stdout" 'Operation not permitted$'
filtered errno "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | .linux.seccomp.syscalls[0].errnoRet = 28"
like 'errnoRet is another' "$stdout" 'No space left on device$'
filtered errno "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | .linux.seccomp.syscalls[0].errnoRet = 0"
unlike 'errnoRet may be 0: the call does nothing' "$stdout" 'permitted'
for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
	bundle kill "args([\"mkdir\", \"/tmp/d\"]) | seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"$action\")"
	launch kill
	is "$action is the end, by SIGSYS" "$status" 159
done
filtered log "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_LOG\")"
is 'LOG lets it pass' "$stdout" made
filtered trace "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_TRACE\")"
like 'TRACE without a tracer is ENOSYS' "$stdout" 'Function not implemented$'
LIST='["read","write","open","openat","close","stat","fstat","newfstatat","lstat","mmap","mprotect","munmap","brk","rt_sigaction",
	"rt_sigprocmask","ioctl","readv","writev","access","execve","exit","exit_group","arch_prctl","getpid","getppid","getuid",
	"getgid","geteuid","getegid","uname","fcntl","getcwd","wait4","clone","fork","vfork","set_tid_address","set_robust_list",
	"rseq","prlimit64","prctl","capget","capset","setuid","setgid","setgroups","futex","getdents64","chdir","fchdir","umask",
	"readlink","readlinkat","getrandom","rmdir","unlinkat","rt_sigreturn","sigaltstack","getpgrp","getpgid","getsid","setsid",
	"setresuid","setresgid","close_range","statx","poll","ppoll","dup","dup2","dup3","pipe","pipe2","lseek","pread64","epoll_ctl",
	"epoll_pwait","epoll_wait","tgkill","gettid","nanosleep","clock_nanosleep","madvise","sched_yield","faccessat","faccessat2","fstatfs",
	"keyctl","sendmsg","recvmsg","sendto","recvfrom","execveat","mount","umount2","statfs","sched_getaffinity"]'
filtered default "$TRY" "seccomp(\"SCMP_ACT_ERRNO\") | rule($LIST; \"SCMP_ACT_ALLOW\")"
like 'the default action is for what no rule names' "$stdout" 'Operation not permitted$'
filtered default "$TRY" "seccomp(\"SCMP_ACT_ERRNO\") | rule($LIST; \"SCMP_ACT_ALLOW\") | .linux.seccomp.defaultErrnoRet = 38"
like 'defaultErrnoRet is its error' "$stdout" 'Function not implemented$'
filtered default "$TRY" "seccomp(\"SCMP_ACT_ERRNO\") | rule($LIST + $MKDIR; \"SCMP_ACT_ALLOW\")"
is 'what a rule names is not' "$stdout" made

# --- arguments: kill(1, N) of signals that do nothing ------------------------------------

KILL='for n in 18 28 23; do kill -$n 1 2>/dev/null && echo $n || echo refused; done; kill -28 2 2>/dev/null; true'
ON_KILL='seccomp("SCMP_ACT_ALLOW") | rule(["kill"]; "SCMP_ACT_ERRNO") | .linux.seccomp.syscalls[0].args ='
compare() {
	filtered compare "$KILL" "$ON_KILL [{index: 1, value: $2, op: \"SCMP_CMP_$1\"}]"
	is "$1 $2 holds" "$stdout" "$3"
}
compare EQ 28 '18 refused 23'
compare NE 28 'refused 28 refused'
compare LT 23 'refused 28 23'
compare LE 23 'refused 28 refused'
compare GE 23 '18 refused refused'
compare GT 23 '18 refused 23'
filtered masked "$KILL" "$ON_KILL [{index: 1, value: 8, valueTwo: 8, op: \"SCMP_CMP_MASKED_EQ\"}]"
is 'MASKED_EQ holds' "$stdout" '18 refused 23'
filtered and "$KILL" "$ON_KILL [{index: 0, value: 1, op: \"SCMP_CMP_EQ\"}, {index: 1, value: 28, op: \"SCMP_CMP_EQ\"}]"
is 'several arguments must all hold' "$stdout" '18 refused 23'
filtered and "$KILL" "$ON_KILL [{index: 0, value: 77, op: \"SCMP_CMP_EQ\"}, {index: 1, value: 28, op: \"SCMP_CMP_EQ\"}]"
is 'not one alone' "$stdout" '18 28 23'
filtered or "$KILL" 'seccomp("SCMP_ACT_ALLOW") | rule(["kill"]; "SCMP_ACT_ERRNO") | rule(["kill"]; "SCMP_ACT_ERRNO")
	| .linux.seccomp.syscalls[0].args = [{index: 1, value: 28, op: "SCMP_CMP_EQ"}]
	| .linux.seccomp.syscalls[1].args = [{index: 1, value: 18, op: "SCMP_CMP_EQ"}]'
is 'several rules are alternatives' "$stdout" 'refused refused 23'
filtered or "$KILL" "$ON_KILL [{index: 1, value: 28, op: \"SCMP_CMP_EQ\"}, {index: 1, value: 18, op: \"SCMP_CMP_EQ\"}]"
is 'so are several for the same argument' "$stdout" 'refused refused 23'
filtered wide "$KILL" "$ON_KILL [{index: 1, value: 4294967324, op: \"SCMP_CMP_EQ\"}]"
is 'values have 64 bits' "$stdout" '18 28 23'

# --- names, architectures, flags -----------------------------------------------------------

filtered names "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule([\"no_such_call\"] + $MKDIR; \"SCMP_ACT_ERRNO\")"
like 'an unknown system call is left out, the rest of its rule holds' "$stdout" 'Operation not permitted$'
filtered archs "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | del(.linux.seccomp.architectures)"
like 'without architectures it is the native one' "$stdout" 'Operation not permitted$'
filtered archs "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\")
	| .linux.seccomp.architectures = [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\", \"SCMP_ARCH_AARCH64\"]"
like 'there can be several' "$stdout" 'Operation not permitted$'
for flag in SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_TSYNC; do
	filtered flags "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | .linux.seccomp.flags = [\"$flag\"]"
	deviates runc 'too old'
	like "$flag is taken" "$stdout" 'Operation not permitted$'
done
wrong() {
	bundle wrong "args([\"true\"]) | seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | $2"
	launch wrong
	isnt "$1 is refused" "$status" 0
	is 'and leaves nothing' "$(oci list -q)" ''
}
wrong 'an unknown action' '.linux.seccomp.syscalls[0].action = "SCMP_ACT_NONSENSE"'
wrong 'an unknown default action' '.linux.seccomp.defaultAction = "SCMP_ACT_NONSENSE"'
wrong 'an unknown architecture' '.linux.seccomp.architectures = ["SCMP_ARCH_NONSENSE"]'
wrong 'an unknown operator' '.linux.seccomp.syscalls[0].args = [{index: 0, value: 1, op: "SCMP_CMP_NONSENSE"}]'
wrong 'an argument of index 6' '.linux.seccomp.syscalls[0].args = [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]'
deviates crun 'does not mind'
wrong 'an unknown flag' '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NONSENSE"]'

# --- with what else a process has --------------------------------------------------------------

filtered privileged "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | .process.noNewPrivileges = false"
like 'it needs no noNewPrivileges' "$stdout" 'Operation not permitted$'
filtered user "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_ERRNO\") | .process.noNewPrivileges = false
	| .process.user = {uid: 1000, gid: 1000} | caps([])"
like 'nor capabilities' "$stdout" 'Operation not permitted$'
filtered setup "echo up; id -u" 'seccomp("SCMP_ACT_ALLOW") | rule(["mount", "pivot_root", "umount2", "sethostname", "unshare", "setns", "mknod",
	"mknodat", "chroot", "fsopen", "open_tree", "move_mount"]; "SCMP_ACT_KILL_PROCESS") | .process.noNewPrivileges = true'
is 'it is not for what the runtime does before' "$stdout" 'up 0'
filtered setup "id -u" 'seccomp("SCMP_ACT_ALLOW") | rule(["setuid", "setgid", "setgroups", "setresuid", "setresgid", "capset"]; "SCMP_ACT_ERRNO")
	| .process.user = {uid: 1000, gid: 1000}'
is 'with noNewPrivileges, not even for the change of user' "$stdout" 1000

# --- the listener -----------------------------------------------------------------------------------

# notified NAME ANSWER FILTER: as filtered, with $notice, what the listener got
notified() {
	local job
	rm -f "$T/notify.sock" "$T/$1.notice"
	python3 "$PEER_PY" notify "$T/notify.sock" "$T/$1.notice" "$2" &
	job=$!
	wait_for 10 test -S "$T/notify.sock"
	filtered "$1" "$TRY" "seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_NOTIFY\") | .linux.seccomp.listenerPath = \$sock | $3" \
		--arg sock "$T/notify.sock"
	[ -s "$T/$1.notice" ] || kill $job
	wait $job
	notice=$(cat "$T/$1.notice")
}
notified notify 13 '.linux.seccomp.listenerMetadata = "some data" | .annotations = {"org.example": "yes"}'
like 'the listener decides' "$stdout" 'Permission denied$'
is 'it gets the state of the container' "$(jq -r '"\(.state.id) \(.state.bundle)"' <<<"$notice")" "notify $T/notify"
deviates crun 'too old'
like 'with a version' "$(jq -r .ociVersion <<<"$notice")" '^1\.'
is 'the metadata' "$(jq -r .metadata <<<"$notice")" 'some data'
is 'the names of the descriptors' "$(jq -c .fds <<<"$notice")" '["seccompFd"]'
deviates crun 'too old'
is 'the pid of the process' "$(jq -r '.pid == .state.pid and .pid > 0' <<<"$notice")" true
like 'the status' "$(jq -r .state.status <<<"$notice")" '^creat(ing|ed)$'
notified notify continue .
is 'it can let the call go on' "$stdout" made
notified notify value=0 .
unlike 'it can answer for the call' "$stdout" 'denied|permitted|made'
# Before it has the listener nobody can allow these: no word of ours may need them.
deviates crun 'sends the listener by sendmsg'
notified talk 13 'args(["echo", "ran"]) | rule(["sendmsg", "recvmsg", "sendto", "recvfrom"]; "SCMP_ACT_NOTIFY")'
is 'calls to talk with may be for the listener to decide' "$stdout" ran
bundle nobody "args([\"true\"]) | seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_NOTIFY\") | .linux.seccomp.listenerPath = \$t" --arg t "$T/nobody.sock"
launch nobody
isnt 'a path where nobody listens is an error' "$status" 0
bundle nobody "args([\"true\"]) | seccomp(\"SCMP_ACT_ALLOW\") | rule($MKDIR; \"SCMP_ACT_NOTIFY\")"
launch nobody
deviates crun 'finds nobody to ask'
isnt 'NOTIFY needs a path' "$status" 0
bundle unused "args([\"echo\", \"ran\"]) | seccomp(\"SCMP_ACT_ALLOW\") | .linux.seccomp.listenerPath = \$t" --arg t "$T/nobody.sock"
launch unused
deviates crun 'connects all the same'
deviates runc 'refuses it'
is 'a path without NOTIFY is not used' "$stdout" ran
is 'no container is left' "$(oci list -q)" ''

# --- the flags in force, which runc's suite reads from the log
for flags in '' SPEC_ALLOW LOG; do
	bundle flags 'args(["true"]) | seccomp("SCMP_ACT_ALLOW") | rule(["mkdir"]; "SCMP_ACT_ERRNO") |
		if $flags == "" then . else .linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_" + $flags] end' --arg flags "$flags"
	run oci --debug run -b "$T/flags" flags
	value=4
	[ "$flags" != LOG ] || value=2
	too_old
	like "--debug tells the flags of the filter (${flags:-none given})" "$stderr" "\"seccomp filter flags: $value\""
done

done_testing
