#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# plug.sh - The power goes: what a command said it did is on disk, and nothing is there by halves
#
# A file system of its own, on which nothing is written any more at an instant
# that is chosen: right after a command, or in the midst of one with the journal on
# disk and the data not yet. Runs on any machine that has loop devices.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/crash.sh"

need mke2fs
POWERCUT=$FIXTURES/powercut
if [ ! -x "$POWERCUT" ]; then
	need cc
	POWERCUT=$T/powercut
	cc -static -O1 -o "$POWERCUT" "$TARE_TEST_TOP/tests/lib/powercut.c" || exit 1
fi
disk=$T/disk
export TARE_ROOT=$disk/root
mkdir "$disk"
truncate -s 200M "$T/image"
mke2fs -q -F -t ext4 -J size=8 "$T/image"
mount -o loop "$T/image" "$disk" 2>"$T/err" || skip_all "no loop device: $(cat "$T/err")"
on_exit umount "$disk"

# The machine starts again.
boot() {
	"$POWERCUT" "$disk" || exit 1
	cd "$T" || exit 1
	umount "$disk" || exit 1
	find "$TARE_RUNROOT" -mindepth 1 -delete
	mount -o loop "$T/image" "$disk" || exit 1
}

# Another program's fsync() takes all names to the disk, but not the data of other files.
commit_names() {
	dd if=/dev/zero of="$disk/other" bs=1 count=1 conv=fsync 2>/dev/null
}

contents() {
	tare run --rm --network none "$1" sh -c 'sha256sum /bin/busybox /etc/passwd /etc/group'
}

archive=$FIXTURES/busybox.tar

tare load -q -i "$archive" >/dev/null
boot
ok 'after a load the store is whole' tare system check
wanted=$(contents busybox)
like 'and its image runs' "$wanted" 'bin/busybox'
tare load -q -i "$FIXTURES/busybox-docker.tar" >/dev/null
is 'with what was in it' "$(contents busybox:docker)" "$wanted"

id=$(tare run -d --name kept --network none busybox sh -c 'echo x >/x; echo hello')
tare wait kept >/dev/null
tare create --name made --network none busybox echo made >/dev/null
commit_names
boot
is 'containers are there again' "$(tare ps -a --format '{{.Names}}' | sort)" $'kept\nmade'
is 'one runs again' "$(tare start -a kept)" hello
is 'with the same id' "$(tare inspect -f '{{.Id}}' kept)" "$id"
is 'and one for the first time' "$(tare start -a made)" made
ok 'all is whole' tare system check
ok 'they can be removed' tare rm kept made

tare save -q -o "$disk/saved.tar" busybox
boot
ok 'what was saved is there and whole' tare verify "$disk/saved.tar"
tare pack -o "$disk/packed.tar" busybox >/dev/null 2>&1
boot
ok 'so is what was packed' tare verify "$disk/packed.tar"
tare save -q --format oci-dir -o "$disk/layout" busybox
commit_names
boot
ok 'and what was saved as a directory' tare verify "$disk/layout"

tare rmi busybox busybox:docker >/dev/null
boot
is 'a removed image is gone' "$(tare images -q)" ''
ok 'and the store whole' tare system check

for n in 100 200 300; do
	tare rmi -f busybox >/dev/null 2>&1
	kill_at $n -f "$TARE" load -q -i "$archive"
	is "a load is killed at its call $n" $? 137
	commit_names
	boot
	image=$(tare images -q)
	[ -z "$image" ] || is 'an image that is there is whole' "$(contents busybox)" "$wanted"
	tare system check >/dev/null # what no image names goes
	ok "the store is whole after the power cut" tare system check
	tare load -q -i "$archive" >/dev/null
	is 'and the next one brings all' "$(contents busybox)" "$wanted"
done
tare rmi -f -a >/dev/null 2>&1
done_testing
