#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# machine.sh - systemd as a container's first process, without privileges: --systemd
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# systemd in the container, too: this machine's, in a root with one unit.
root=$T/appliance
mkdir -p "$root"/{dev,etc/systemd/system,proc,root,run,sys,tmp,usr,var/log}
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$root/$dir"
done
printf 'root:x:0:0::/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf 'ID=appliance\n' >"$root/etc/os-release"
printf '[Unit]\nDefaultDependencies=no\nWants=app.service\n' >"$root/etc/systemd/system/default.target"
printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/busybox sleep 1000\nCapabilityBoundingSet=CAP_KILL\n' \
	>"$root/etc/systemd/system/app.service"

runs_app() {
	[ "$(tare exec appliance systemctl is-active app.service 2>/dev/null)" = active ]
}

has_ended() {
	[ "$(tare inspect -f '{{.State.Status}}' appliance)" = exited ]
}

run tare run -d --name appliance --network none --memory 128m --pids-limit 60 -v /usr:/usr:ro \
	--rootfs "$root" /usr/lib/systemd/systemd
is 'systemd starts without privileges' "$status" 0
ok 'its services run' wait_for 30 runs_app
group=/sys/fs/cgroup/tare/$(tare inspect -f '{{.Id}}' appliance)
is 'each in a cgroup below the container'"'"'s' "$(wc -l <"$group/system.slice/app.service/cgroup.procs")" 1
is 'which has the controllers' "$(cat "$group/system.slice/pids.max")" max
isnt 'the cgroup is its root'"'"'s' "$(stat -c %u "$group")" 0
is 'the limits are the host'"'"'s' "$(stat -c %u "$group/memory.max" "$group/pids.max" "$group/cgroup.max.descendants" | sort -u)" 0
run tare exec appliance sh -c 'for f in memory.max pids.max cgroup.max.descendants cgroup.freeze; do echo max >/sys/fs/cgroup/$f; done'
is 'and hold' "$(cat "$group/memory.max" "$group/pids.max" "$group/cgroup.max.descendants" | xargs)" '134217728 60 1000'
like 'what is below counts' "$(tare top appliance)" 'sleep 1000'
ok 'pause reaches it' tare pause appliance
is 'all of it' "$(grep frozen "$group/system.slice/app.service/cgroup.events")" 'frozen 1'
ok 'unpause' tare unpause appliance
ok 'stop shuts it down' tare stop -t 60 appliance
is 'by its own signal, in time' "$(tare inspect -f '{{.Config.StopSignal}} {{.State.ExitCode}}' appliance)" 'SIGRTMIN+3 0'
fails 'none of its cgroups is left' 1 test -e "$group"
ok 'it starts again' tare start appliance
ok 'as before' wait_for 30 runs_app
run tare exec appliance systemctl --no-block start poweroff.target
ok 'and switches itself off' wait_for 30 has_ended
is 'with success' "$(tare inspect -f '{{.State.ExitCode}}' appliance)" 0
run tare run --rm --network none --systemd=always busybox sh -c \
	'mkdir /sys/fs/cgroup/x && echo $container ${#container_uuid} && grep -cE " /(run|run/lock|tmp|var/log/journal) tmpfs rw" /proc/mounts'
is 'always: for any command' "$stdout" "tare 32
4"
run tare run --rm --network none busybox mkdir /sys/fs/cgroup/x
like 'else its cgroup is not to be changed' "$status $stderr" '^1 .*Read-only'
done_testing
