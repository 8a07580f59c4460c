#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# containerd.sh - ctr, containerd and its shim, with our runtime as BinaryName
. "$(dirname "$0")/../lib/harness.sh"
# shellcheck source=../lib/engine.sh
. "$TARE_TEST_LIB/engine.sh"

need containerd ctr containerd-shim-runc-v2 python3

cat >config.toml <<END
version = 2
root = "$T/root"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "$T/opt"
END
export CONTAINERD_ADDRESS=/run/containerd/containerd.sock
image=localhost/busybox:latest
# Without shares: ctr would set the default ones, which needs a controller.
using=(--runc-binary "$RUNTIME" --runc-root /run/runtime --cpu-shares 0)
has_controller cpu && using[5]=1024

remove_all() {
	ctr task ls -q | xargs -r -n 1 ctr task delete -f
	ctr container ls -q | xargs -r ctr container delete
}

daemon containerd containerd --config config.toml
on_exit remove_all
ok 'containerd starts' wait_for 20 ctr version
ok 'an OCI archive is an image' ctr image import "$FIXTURES/busybox.tar"

# once NAME ARG...: a container for one command
once() {
	ctr run --rm "${using[@]}" "$@"
}

# heard COMMAND...: what it prints. ctr loses all of it now and then, whatever the runtime: then again.
heard() {
	local _ text
	for _ in 1 2 3 4 5; do
		text=$("$@")
		[ -n "$text" ] && break
	done
	printf '%s\n' "$text"
}

with_line() {
	echo line | "$@"
}

task_is() {
	ctr task ls | grep -Eq "^$1 +[0-9]+ +$2"
}

pid_of() {
	ctr task ls | awk -v name="$1" '$1 == name { print $2 }'
}

# --- run ---

for _ in 1 2 3 4 5; do
	run once $image out sh -c 'echo out; echo err >&2; exit 7'
	[ -n "$stdout" ] && [ -n "$stderr" ] && break
done
is 'run passes the exit code on' "$status" 7
is 'stdout comes through' "$stdout" out
like 'stderr comes through' "$stderr" '^err'
is 'stdin comes through' "$(heard with_line once $image in head -n 1)" line
run once $image nosuch nosuch
is 'a command that is not there is a failure' "$status" 1
like 'in the words that engines look for' "$stderr" 'executable file.* not found in \$PATH'
run once $image denied /etc/passwd
is 'one that cannot be executed, too' "$status" 1
like 'in other words' "$stderr" '[Pp]ermission denied'
# shellcheck disable=SC2016 # for the shell inside
is '--env and --cwd' "$(heard once --env GREETING=hello --cwd /tmp $image env sh -c 'echo $GREETING; pwd' | xargs)" 'hello /tmp'
is 'it is alone' "$(heard once $image alone ps -o pid | xargs)" 'PID 1'
fails '--read-only: the root cannot be written' 1 once --read-only $image ro touch /new
mkdir data
echo here >data/file
is '--mount' "$(heard once --mount "type=bind,src=$T/data,dst=/mnt,options=rbind:ro" $image mounted cat /mnt/file)" here
fails 'and read-only' 1 once --mount "type=bind,src=$T/data,dst=/mnt,options=rbind:ro" $image mounted touch /mnt/new
is '--net-host' "$(heard once --net-host $image net readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
is 'system calls are filtered' "$(heard once --seccomp $image filtered awk '/^Seccomp:/ { print $2 }' /proc/self/status)" 2
is 'and are not by default' "$(heard once $image free awk '/^Seccomp:/ { print $2 }' /proc/self/status)" 0
is '--cap-drop takes the lowest bit' "$(heard once --cap-drop CAP_CHOWN $image capable awk '/^CapEff/ { print $2 }' /proc/self/status)" \
	00000000a80425fa
ok '--privileged may mount' once --privileged $image privileged mount -t tmpfs tmpfs /tmp
is '--uidmap and --gidmap' "$(heard once --uidmap 0:100000:65536 --gidmap 0:200000:65536 $image mapped \
	sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map' | xargs)" '0 0 100000 65536 0 200000 65536'
is '--with-ns joins a namespace' "$(heard once --with-ns "uts:/proc/$$/ns/uts" $image joined readlink /proc/self/ns/uts)" \
	"$(readlink /proc/self/ns/uts)"
terminal_session ctr run --rm -t "${using[@]}" $image tty sh
like 'run -t has a terminal, with keys and a size' "$stdout" $'code 2$'
is 'nothing is left of them' "$(ctr container ls -q)$(ctr task ls -q)" ''

# --- a running one ---

ctr run -d --pid-file pid "${using[@]}" $image box sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
ok 'it runs' task_is box RUNNING
is 'its process is the one in the pid file' "$(pid_of box)" "$(cat pid)"
run ctr task ps box
like 'ps shows its processes' "$stdout" "$(cat pid)"
is 'exec' "$(heard ctr task exec --exec-id one --cwd /tmp box pwd)" /tmp
fails 'exec passes the exit code on' 9 ctr task exec --exec-id two box sh -c 'exit 9'
is 'exec as another user' "$(heard ctr task exec --exec-id three --user app box id -un)" app
is 'exec has stdin' "$(heard with_line ctr task exec --exec-id four box head -n 1)" line
run ctr task exec --exec-id five box nosuch
is 'exec of what is not there is a failure' "$status" 1
like 'and says so' "$stderr" 'executable file.* not found in \$PATH'
term ctr task exec -t --exec-id six box sh -c 'tty; stty size; exit 4' <<END
wait
END
like 'exec -t has a terminal' "$stdout" $'/dev/pts/0\n.*code 4$'
run ctr task metrics --format json box
is 'metrics' "$status" 0
if has_controller memory; then
	isnt 'know its memory' "$(ctr task metrics box | awk '$1 == "memory.usage" { print $2 }')" 0
else
	skip 'know its memory' 'no memory controller in cgroup v2 here'
fi
ok 'pause' ctr task pause box
ok 'is known' task_is box PAUSED
like 'and freezes its cgroup' "$(cat /sys/fs/cgroup/default/box/cgroup.events)" 'frozen 1'
ok 'resume' ctr task resume box
ok 'is known, too' task_is box RUNNING
is 'and it goes on' "$(heard ctr task exec --exec-id seven box echo on)" on

# The shim outlives its daemon.
stop_daemon containerd
ok 'it runs without containerd' test -d "/proc/$(cat pid)"
daemon containerd containerd --config config.toml
on_exit remove_all
ok 'containerd starts again' wait_for 20 ctr version
ok 'and finds it' task_is box RUNNING
is 'and its way in' "$(heard ctr task exec --exec-id eight box echo in)" in

ok 'kill' ctr task kill -s TERM box
ok 'ends it' wait_for 10 task_is box STOPPED
fails 'kill of a stopped one is a failure' 1 ctr task kill box
run ctr task delete box
like 'delete gives its exit code' "$stdout$stderr" 'exit code 3'
ok 'start runs it again' ctr task start -d box
ok 'kill -a -s KILL' ctr task kill -a -s KILL box
ok 'ends it, too' wait_for 10 task_is box STOPPED
run ctr task delete box
like 'with the code for it' "$stdout$stderr" 'exit code 137'
ok 'start once more' ctr task start -d box
run ctr task delete -f box
is 'delete -f of a running one' "$(ctr task ls -q)" ''
ok 'delete of the container' ctr container delete box
is 'no cgroup of theirs is left' "$(find /sys/fs/cgroup/default -mindepth 1 -type d)" ''
is 'and no state' "$(find /run/runtime -mindepth 2 -maxdepth 2 -type d)" ''

done_testing
