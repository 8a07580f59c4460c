#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nested.sh - tare inside a container: of tare, and of podman (pure cgroup v2)
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# What is done inside; a line "NAME: RESULT" for each thing that is looked at.
cat >"$T/inner" <<'EOS'
say() {
	echo "$1: $(tr '\n' ' ')"
}
tare load -q -i /fixtures/busybox.tar >/dev/null
tare doctor -q cgroup memory pids cpu | say doctor
cat /sys/fs/cgroup/cgroup.subtree_control | say before
tare run --rm busybox echo ran | say plain
tare run --rm --memory 64m busybox cat /sys/fs/cgroup/memory.max | say limit
cat /proc/self/cgroup | say moved
cat /sys/fs/cgroup/cgroup.type | say type
tare run --name hog --memory 64m busybox dd if=/dev/zero of=/dev/null bs=200M count=1 2>&1 | say hog
tare inspect -f '{{.State.Reason}}' hog | say reason
tare run --rm --memory 64m --pids-limit 50 --cpus 0.5 busybox cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max | say more
tare run -d --name up --memory 64m busybox sleep 1000 >/dev/null
tare exec up cat /proc/self/cgroup | say exec
tare stats --no-stream --format '{{.Name}} {{.MemUsage}}' | say stats
tare run --rm --privileged busybox sh -c 'cat /sys/fs/cgroup/cgroup.controllers' | say deeper
tare rm -f up hog | say removed
ls -d /sys/fs/cgroup/tare/*-* /sys/fs/cgroup/tare/*[0-9a-f][0-9a-f][0-9a-f] 2>/dev/null | say left
EOS

# of NAME: the result of that name
of() {
	sed -n "s/^$1: \(.*\) $/\1/p" <<<"$stdout"
}

# check_inner WHERE: what was said inside
check_inner() {
	is "$1: the doctor finds nothing missing" "$(of doctor)" ''
	is "$1: a container without limits runs" "$(of plain)" ran
	is "$1: a limit is set" "$(of limit)" $((64 << 20))
	is "$1: for which the processes there have moved to a leaf" "$(of moved)" 0::/tare/host
	is "$1: and nothing has become a cgroup of threads" "$(of type)" domain
	like "$1: the limit holds" "$(of hog)" "'hog' was killed: out of memory \(limit 64MiB"
	is "$1: and is told" "$(of reason)" oom
	is "$1: other limits too" "$(of more)" '50 50000 100000'
	is "$1: exec joins the container's cgroup" "$(of exec)" 0::/
	like "$1: stats knows it" "$(of stats)" '^up [0-9.]+[KM]iB / 64MiB'
	is "$1: nothing stays" "$(of removed) $(of left)" 'up hog '
}

# The options of the cgroup tree, which a careless mount in a container changes for all.
cgroup_options() {
	awk '$3 == "cgroup2" { print $4; exit }' /proc/mounts
}

inside=(-v "$TARE:/bin/tare:ro" -v "$FIXTURES:/fixtures:ro" -v "$T/inner:/inner:ro")

options=$(cgroup_options)

# --- inside a container of tare
run tare run --rm --privileged -v store:/var/lib/tare "${inside[@]}" busybox sh /inner
check_inner 'in tare'
is 'in tare: nothing was switched on before it was needed' "$(of before)" ''
like 'in tare: a third level gets its controllers' "$(of deeper)" 'cpu.* memory.*pids'

run tare run --name outer --memory 100m --privileged -v store:/var/lib/tare "${inside[@]}" busybox \
	sh -c 'tare run --rm --memory 1g busybox dd if=/dev/zero of=/dev/null bs=200M count=1 2>&1; echo went on'
like 'the outer limit holds for what is inside' "$stdout" $'out of memory \(limit 100MiB of cgroup \'/.*\nwent on$'
like 'and the outer container is told of it' "$stderr" "'outer' went on without some .*: out of memory \(limit 100MiB"
tare rm outer >/dev/null

# --- without rights: what refused is named
run tare run --rm "${inside[@]}" -v other:/var/lib/tare busybox sh -c \
	'tare load -q -i /fixtures/busybox.tar >/dev/null; tare run --rm --memory 64m busybox true; echo $?; tare doctor -q'
like 'without rights the file that refused is named' "$stderr" \
	"^tare: make cgroup '/sys/fs/cgroup/tare/[0-9a-f]+': Read-only file system"
like 'with what to do about it' "$stderr" 'hint: inside a container: start that one with --privileged'
like 'the doctor says so, too' "$stdout" $'^125\n.*Needed and missing: root, clone3, mount-api, userns'
run tare run --rm --privileged -v store:/var/lib/tare "${inside[@]}" busybox sh -c \
	'mkdir /sys/fs/cgroup/tare; echo 0 >/sys/fs/cgroup/tare/cgroup.max.descendants; tare run --rm --memory 64m busybox true'
like 'a cgroup that may not be made is named' "$status $stderr" \
	"^125 tare: make cgroup '/sys/fs/cgroup/tare/[0-9a-f]+': Resource temporarily unavailable"
tare volume rm store other >/dev/null
# As systemd does inside: then its own cgroup takes no process any more.
cat >deeper.sh <<'EOS'
cd /sys/fs/cgroup && mkdir in && echo 1 >in/cgroup.procs && echo +pids >cgroup.subtree_control && echo up
exec sleep 1000
EOS
tare run -d --name deeper --privileged --health-cmd true --health-interval 200ms -v "$T/deeper.sh:/deeper.sh" busybox sh /deeper.sh >/dev/null
grep -q up <(timeout 60 "$TARE" logs -f deeper)
run tare exec deeper cat /proc/self/cgroup
is 'who comes in goes where the first process is' "$status $stderr $stdout" '0  0::/in'
is_healthy() {
	[ "$(tare inspect -f '{{.State.Health.Status}}' deeper)" = healthy ]
}
ok 'a health check, too' wait_for 20 is_healthy
tare rm -f deeper >/dev/null
is "the host's cgroups are mounted as before" "$(cgroup_options)" "$options"

# --- inside a container of podman
mkdir -m 700 "$T/podman" "$T/store"
cp -a "$FIXTURES/root" "$T/root"
run podman --root "$T/podman/root" --runroot "$T/podman/run" --storage-driver vfs --cgroup-manager cgroupfs --events-backend none \
	run --rm --privileged --network none -v "$T/store:/var/lib/tare" "${inside[@]}" --rootfs "$T/root" sh /inner
check_inner 'in podman'
# Whatever podman's runtime has made of them: the next script relies on these.
mount -o remount,nsdelegate,memory_recursiveprot /sys/fs/cgroup
done_testing
