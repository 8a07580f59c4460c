#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# basics.sh - run, exec, volumes and the network on another kernel than the host's
#
# What differs between kernels: idmapped mounts and overlays on ext4, the new
# mount calls, veth and nftables. Each is used here once.
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
tare load -q -i "$FIXTURES/web.tar" >/dev/null
on_exit tare rm -f -a

# --- the process and its root
run tare run --rm busybox sh -c 'echo out; echo err >&2; exit 7'
is 'streams and exit code come through' "$status $stdout $stderr" '7 out err'
is 'the kernel has nothing to say of it' "$(dmesg | grep overlayfs)" ''
run tare run --rm busybox sh -c 'id -u; stat -c %u:%g / /bin/busybox; cut -c 1-22 /proc/self/uid_map'
like 'root is root inside, and owns the image' "$stdout" $'^0\n0:0\n0:0\n'
unlike 'and somebody else outside' "$stdout" $'\n +0 +0 '
run tare run --rm --user app busybox id -u
is 'users are looked up in the image' "$stdout" 1000
run tare run --rm busybox sh -c 'echo new >/etc/new && rm /etc/group && cat /etc/new && ls /etc/group'
is 'files can be made and removed' "$status $stdout" '1 new'
run tare run --rm busybox ls /etc/group
is 'which the image does not notice' "$status" 0
fails 'a read-only root is one' 1 tare run --rm --read-only busybox touch /file
run tare run --rm web cat /www/index.html
is 'upper layers cover lower ones' "$stdout" 'hello from tare'
run tare run --rm busybox sh -c 'echo $$; hostname | wc -c; ls /proc | grep -c "^[0-9]"'
like 'it has its own processes and host name' "$stdout" $'^1\n13\n[1-9]$'
fails 'a command that is not there ends with 127' 127 tare run --rm busybox /nosuch

# --- exec, and what stays
run tare run -d --name box busybox sh -c 'echo started >/kept; exec sleep 1000'
kept() {
	tare exec box test -e /kept
}
ok 'exec runs beside it' wait_for 20 kept
# shellcheck disable=SC2016 # expands in the container
run tare exec -e GREETING=hi box sh -c 'echo $GREETING; exit 9'
is 'with its own environment and exit code' "$status $stdout" '9 hi'
ok 'stop' tare stop -t 1 box
ok 'start again' tare start box
run tare exec box cat /kept
is 'what was written has stayed' "$stdout" started
ok 'rm -f' tare rm -f box

# --- volumes
mkdir "$T/dir"
run tare run --rm -v "$T/dir:/dir" busybox sh -c 'echo text >/dir/file; stat -c %u:%g /dir /dir/file'
is "a bind mount belongs to the container's root" "$stdout" $'0:0\n0:0'
is "and its files to the host's" "$(stat -c '%u:%g' "$T/dir/file") $(cat "$T/dir/file")" '0:0 text'
fails 'a read-only one cannot be written' 1 tare run --rm -v "$T/dir:/dir:ro" busybox touch /dir/other
run tare run --rm --tmpfs /scratch:size=1m busybox sh -c 'dd if=/dev/zero of=/scratch/x bs=1M count=2 2>/dev/null; wc -c </scratch/x'
is 'a tmpfs is as large as asked for' "$stdout" 1048576

# --- network
port=$(free_port)
run tare run -d --name web -p "$port:80" web
# Debian's busybox has a wget whose -T crashes.
page() {
	timeout 10 wget -q -O - "http://127.0.0.1:$port/" | grep -q 'hello from tare'
}
ok 'a published port answers' wait_for 30 page
address=$(tare inspect -f '{{.NetworkSettings.IPAddress}}' web)
run tare run --rm busybox timeout 10 wget -q -O - "http://$address/"
is 'containers reach each other' "$stdout" 'hello from tare'
run tare run --rm --network none busybox ls /sys/class/net
is '--network none has lo alone' "$stdout" lo
run tare run --rm --network host busybox hostname
is '--network host works' "$status" 0
ok 'rm -f of the server' tare rm -f web
closed() {
	! page
}
ok 'the port is closed again' closed

# --- without a user namespace: the device rules hold
run tare run --rm --userns host busybox sh -c 'cat /proc/self/uid_map; id -u'
like '--userns host is the host' "$stdout" '^ *0 +0 +4294967295'
done_testing
