#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_devices.sh - OCI runtime: /dev, linux.devices and the rules for them
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

chmod 0755 "$T" "${T%/*}"

# --- what every container has -----------------------------------------------------

sh_run default 'stat -c "%n %F %t:%T %a %u:%g" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty'
is 'the default devices are there, for all' "$stdout" '/dev/null character special file 1:3 666 0:0
/dev/zero character special file 1:5 666 0:0
/dev/full character special file 1:7 666 0:0
/dev/random character special file 1:8 666 0:0
/dev/urandom character special file 1:9 666 0:0
/dev/tty character special file 5:0 666 0:0'
sh_run links 'for l in fd stdin stdout stderr ptmx; do echo $l $(readlink /dev/$l); done'
is 'so are the links' "${stdout/\/dev\/pts/pts}" 'fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx'
sh_run use 'echo x >/dev/null && head -c 3 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c; echo x >/dev/full || echo full' \
	'.process.user = {uid: 1000, gid: 1000}'
is 'they can be used, by anybody' "$(xargs <<<"$stdout")" '3 3 full'
sh_run nothing 'ls /dev | sort | xargs'
# crun makes a link to kcore.
is 'there is nothing else' "${stdout#core }" 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'
sh_run mode 'stat -c %a /dev; stat -c %a /dev/pts/ptmx'
is '/dev has the mode of its mount' "$(xargs <<<"$stdout")" '755 666'
sh_run umasked 'stat -c %a /dev/null' '.process.umask = 63'
is 'a umask does not change them' "$stdout" 666
(umask 0077 && oci run --bundle "$T/umasked" umasked) >"$T/mode.out" 2>&1
is 'nor does that of the caller' "$(cat "$T/mode.out")" 666

# --- linux.devices -------------------------------------------------------------------

sh_run devices 'stat -c "%n %F %t:%T %a %u:%g" /dev/test/* /dev/test-fifo; readlink /dev/ptmx' '.linux.devices = [
	{path: "/dev/ptmx", type: "c", major: 5, minor: 2, fileMode: 438, uid: 0, gid: 0},
	{path: "/dev/test/char", type: "c", major: 1, minor: 3, fileMode: 416, uid: 7, gid: 8},
	{path: "/dev/test/block", type: "b", major: 7, minor: 99, fileMode: 384, uid: 0, gid: 0},
	{path: "/dev/test/unbuffered", type: "u", major: 1, minor: 5, fileMode: 438, uid: 0, gid: 0},
	{path: "/dev/test-fifo", type: "p", fileMode: 432, uid: 1, gid: 2}]'
is 'devices are made, of every type, but for ptmx' "$stdout" '/dev/test/block block special file 7:63 600 0:0
/dev/test/char character special file 1:3 640 7:8
/dev/test/unbuffered character special file 1:5 666 0:0
/dev/test-fifo fifo 0:0 660 1:2
pts/ptmx'
sh_run devices 'stat -c "%F %t:%T %u:%g" /opt/null; echo x >/opt/null && echo written' \
	'.linux.devices = [{path: "/opt/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 0, gid: 0}]'
is 'also outside of /dev' "$(sed -n 1p <<<"$stdout")" 'character special file 1:3 0:0'
sh_run devices 'stat -c "%F" /opt/slash' '.linux.devices = [{path: "/opt/slash//", type: "b", major: 7, minor: 99}]'
deviates crun 'fails'
is 'a slash after the name is none of it' "$stdout" 'block special file'
sh_run devices 'stat -c "%a %u:%g" /dev/plain' '.linux.devices = [{path: "/dev/plain", type: "c", major: 1, minor: 3}]'
like 'mode and owner may be missing' "$stdout" '^666 0:0|^0 0:0'
sh_run devices 'stat -c "%F %t:%T" /dev/null' \
	'.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 0, gid: 0}]
		| .linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 3, access: "rwm"}]'
is 'a default one may be named again' "$stdout" 'character special file 1:3'
sh_run devices 'stat -c "%n %F %t:%T %a %u:%g" /dev/null /dev/tty' '.linux.devices = [
	{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 416, uid: 7, gid: 8},
	{path: "/dev/tty", type: "c", major: 1, minor: 5, fileMode: 438, uid: 0, gid: 0}]'
deviates runc 'wants to open its null device, which the rules for devices forbid'
deviates crun 'leaves out the owner'
is 'and is then as it is named' "$stdout" '/dev/null character special file 1:3 640 7:8
/dev/tty character special file 1:5 666 0:0'
sh_run devices 'stat -c "%F %t:%T" /dev/zero' 'userns(100000; 65536)
	| .linux.devices = [{path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 438, uid: 0, gid: 0}]'
is 'with a user namespace, too' "$stdout" 'character special file 1:5'
for try in '{path: "/dev/x", type: "x", major: 1, minor: 3}' '{path: "/dev/x", major: 1, minor: 3}'; do
	bundle wrong 'args(["true"]) | .linux.devices = ['"$try"']'
	launch wrong
	deviates crun 'does not look'
	isnt "refused: $try" "$status" 0
done
mkdir -p "$T/outside"
ln -s "$T/outside" "$ROOT/leads-out"
sh_run escape true '.linux.devices = [{path: "/leads-out/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 0, gid: 0},
	{path: "/../../../../../../../../var/tmp/tare-escape", type: "c", major: 1, minor: 3, fileMode: 438, uid: 0, gid: 0}]'
deviates runc 'CVE-2026-41579'
is 'no device is made outside by a link' "$(ls -A "$T/outside")" ''
ok 'nor by dots' test ! -e /var/tmp/tare-escape

# --- rules: 1:11 is /dev/kmsg, which can be opened for writing by anybody -----------------

if ! (: >/dev/kmsg) 2>/dev/null; then
	skip 'device rules' 'there is no /dev/kmsg to try them on'
	done_testing
fi
KMSG='.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438, uid: 0, gid: 0}]'
TRY='(: </dev/kmsg) 2>/dev/null && echo read; (: >/dev/kmsg) 2>/dev/null && echo write;
	mknod /tmp/k c 1 11 2>/dev/null && echo mknod; rm -f /tmp/k'
# tried NAME RULES: $stdout is what works, "read write mknod"
tried() {
	sh_run "$1" "$TRY" "caps([\"CAP_MKNOD\", \"CAP_SYSLOG\"]) | $KMSG | .linux.resources.devices = [$2]"
	stdout=$(xargs <<<"$stdout")
}
DENY='{allow: false, access: "rwm"}'
tried rules "$DENY"
is 'a device that is not allowed cannot be opened' "$stdout" mknod
tried rules "$DENY, {allow: true, type: \"c\", major: 1, minor: 11, access: \"rwm\"}"
is 'a rule allows it' "$stdout" 'read write mknod'
tried rules "$DENY, {allow: true, type: \"c\", major: 1, minor: 11, access: \"w\"}"
is 'for writing alone' "$stdout" 'write mknod'
tried rules "$DENY, {allow: true, type: \"c\", major: 1, minor: 11, access: \"r\"}"
is 'for reading alone' "$stdout" 'read mknod'
tried rules "$DENY, {allow: true, type: \"c\", major: 1, access: \"rw\"}"
is 'no minor is any' "$stdout" 'read write mknod'
tried rules "$DENY, {allow: true, type: \"c\", access: \"rw\"}"
is 'no major is any' "$stdout" 'read write mknod'
tried rules "$DENY, {allow: true, type: \"b\", major: 1, minor: 11, access: \"rw\"}"
is 'the type counts' "$stdout" mknod
tried rules "$DENY, {allow: true, access: \"rwm\"}"
is 'all can be allowed' "$stdout" 'read write mknod'
tried rules "{allow: true, access: \"rwm\"}, {allow: false, type: \"c\", major: 1, minor: 11, access: \"w\"}"
is 'and one taken away' "$stdout" 'read mknod'
tried rules "$DENY, {allow: true, type: \"c\", major: 1, minor: 11, access: \"rw\"}, {allow: false, type: \"c\", major: 1, minor: 11, access: \"w\"}"
is 'the last rule holds' "$stdout" 'read mknod'
sh_run rules 'mknod /tmp/b b 7 99 && echo made; (: </tmp/b) || echo refused; rm -f /tmp/b' 'caps(["CAP_MKNOD"])'
is 'any device node can be made, none of them opened' "$(xargs <<<"$stdout")" 'made refused'
bundle held "args([\"sleep\", \"1000\"]) | $KMSG"
start_up held
run oci exec held sh -c '(: >/dev/kmsg) 2>/dev/null && echo opened; echo x >/dev/null && echo written'
is 'the rules hold for exec' "$stdout" written
oci delete --force held

done_testing
