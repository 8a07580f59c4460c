#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# view.sh - Archives that are used where they lie: what they show, when, and what stays
. "$(dirname "$0")/../lib/harness.sh"

need python3 setfattr
lib=$TARE_TEST_TOP/tests/lib
images=$TARE_ROOT/images
on_exit tare rm -f -a

cp "$FIXTURES/busybox-docker.tar" plain.tar
run tare run --rm --network none ./plain.tar true
views() {
	find "$images/view" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}
[ "$(views)" = 1 ] || skip_all 'this kernel cannot mount EROFS from files (Linux 6.12)'

is 'an archive runs where it lies' "$status $stderr" '0 '
is 'its image is not in the store' "$(tare images -q)$(ls "$images/layer")" ''
is 'no work in progress stays' "$(ls "$images/tmp")" ''

# --- the same files as unpacked ones ---

# shown NAME ARCHIVE FLAG...: NAME.manifest of what a container of it has
shown() {
	local name=$1 archive=$2 pid
	shift 2
	tare run -d --name "$name" --userns=host --network none "$@" "$archive" sleep 1000 >/dev/null || return 1
	pid=$(tare inspect -f '{{.State.Pid}}' "$name")
	nsenter -t "$pid" -m umount -l /proc /sys /dev
	# Mount points that are made in etc change its time.
	"$lib/tree-manifest" "/proc/$pid/root" dev etc etc/hosts etc/hostname etc/resolv.conf >"$name.manifest"
	tare rm -f "$name" >/dev/null
}

same_both_ways() {
	shown seen "$1" && shown unpacked "$1" --import && [ -s seen.manifest ] &&
		diff seen.manifest unpacked.manifest
}

"$lib/layered-image" layered.tar "$FIXTURES/root" 1000
ok 'every file is as it is unpacked' same_both_ways ./layered.tar
is 'and was seen without unpacking' "$(views)" 2
is 'attributes, capabilities and hard links are among them' \
	"$(grep -cE 'security.capability|user.note' seen.manifest) $(grep -c "^b'kinds/hard' .*b'kinds/hard'$" seen.manifest)" '2 1'
tare rmi -f -a >/dev/null

"$lib/layered-image" many.tar "$FIXTURES/root" 100000
is 'a directory of 100000 files has them' \
	"$(tare run --rm --network none ./many.tar sh -c 'ls /many | wc -l; cat /many/77770; ls /many/none' 2>/dev/null)" \
	$'100000\n77770'

# --- what happens to the archive ---
tare run --name kept --network none ./plain.tar sh -c 'echo more >/etc/motd; echo x >/x'
is 'a kept container starts again' "$(tare start -a kept; tare inspect -f '{{.State.ExitCode}}' kept)" 0
is 'changes are those against the archive' "$(tare diff kept | grep -v '^C /etc$' | xargs)" 'A /etc/motd A /x'
is 'its files can be copied' "$(tare cp kept:/etc/motd - | tar xO)" more
ok 'a check finds nothing' tare system check
mv plain.tar moved.tar
run tare start -a kept
is 'without the archive it does not start' "$status" 125
like 'and says why' "$stderr" "archive '.*/plain.tar'.* is gone or changed"
like 'and what to do' "$stderr" 'tare load -i FILE'
like 'a check says so' "$(tare system check 2>&1)" 'image is missing'
tare load -q -i moved.tar >/dev/null
is 'with the image in the store it does' "$(tare start -a kept >/dev/null; echo $?)" 0
tare rm kept >/dev/null
tare rmi -f -a >/dev/null
mv moved.tar plain.tar
run tare run --rm --network none ./plain.tar true
is 'one that came back is used' "$status" 0
tare run --name kept --network none ./plain.tar sh -c 'echo x >/x'
ok 'what ran from an archive can be committed' tare commit kept made
is 'the new image has both' "$(tare run --rm --network none made sh -c 'cat /x; ls /bin/busybox' | xargs)" 'x /bin/busybox'
tare rm kept >/dev/null
tare rmi -f -a >/dev/null

cp plain.tar other.tar
tare run --rm --network none ./other.tar true
count=$(views)
touch other.tar
tare run --rm --network none ./other.tar true
is 'a touched archive is verified anew, and the old view goes' "$(views)" "$count"
printf x | dd of=other.tar bs=1 seek=20000 conv=notrunc status=none
run tare run --rm --network none ./other.tar true
is 'a changed one is refused' "$status" 125
like 'by its digest' "$stderr" 'sha256 mismatch|broken'
is 'and nothing of it stays' "$(ls "$images/tmp")" ''

# --- not as views ---
run tare run --rm --network none --import ./plain.tar true
is '--import loads' "$status $(tare images -q | wc -l)" '0 1'
tare rmi -f -a >/dev/null
gzip -k plain.tar
count=$(views)
run tare run --rm --network none ./plain.tar.gz echo packed
is 'a packed archive is loaded' "$status $stdout $(views)" "0 packed $count"
tare rmi -f -a >/dev/null
tare run --rm --ephemeral --network none ./plain.tar.gz true
tare run --rm --ephemeral --network none ./layered.tar true
is '--ephemeral keeps neither' "$(find "$images/tmp" "$images/layer" -mindepth 1)" ''
run tare run --rm --network none "$FIXTURES/busybox.tar" echo gzip
is 'one with packed layers, too' "$status $stdout $(tare images -q | wc -l)" '0 gzip 1'
tare rmi -f -a >/dev/null

# --- hostile ones: refused as by load, with the same words ---
# what_is_wrong FILE: the first line of an answer, without the archive's name
what_is_wrong() {
	sed -n "1s/^tare: cannot load '[^']*': //p" "$1"
}

bad=''
for kind in $("$lib/odd-image" list | grep -v -e gzip -e ^large-); do # packed layers are loaded anyway
	"$lib/odd-image" "$kind" odd.tar
	tare run --rm --network none ./odd.tar true 2>by-run
	tare load -q -i odd.tar >/dev/null 2>by-load
	[ "$(what_is_wrong by-run)" = "$(what_is_wrong by-load)" ] || bad+="$kind: $(<by-run);"
	tare rmi -f -a >/dev/null 2>&1
done
is 'odd archives get the answer that load gives' "$bad" ''

# --- the cache ---
tare run --rm --network none ./plain.tar true
tare run --name user --network none ./layered.tar true
like 'df counts views' "$(tare system df)" 'Images .*[1-9]'
tare image prune -a -f >/dev/null
is 'prune leaves what a container uses' "$(views)" 1
is 'which starts' "$(tare start -a user >/dev/null; echo $?)" 0
tare rm user >/dev/null
tare image prune -a -f >/dev/null
is 'and takes the rest' "$(views)" 0

done_testing
