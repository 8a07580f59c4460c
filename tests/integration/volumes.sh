#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# volumes.sh - Binds, volumes and tmpfs: what is seen, who owns it, what stays
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# box [OPTION...] -- COMMAND...
box() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	run tare run --rm --network none "${options[@]}" busybox "$@"
}

volumes() {
	find "$TARE_ROOT/volumes" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

# --- binds ---

mkdir -p "$T/dir/sub"
echo content >"$T/dir/file"
chown 0:0 "$T/dir/file"
install -o 1000 -g 1000 -m 0600 /dev/null "$T/dir/app"
box -v "$T/dir:/data" -- sh -c 'cat /data/file; echo new >/data/new; mkdir /data/made; chown app:app /data/made'
is 'a bind shows the directory' "$stdout" content
is 'what is written stays' "$(cat "$T/dir/new")" new
is "and belongs to the host's root if root wrote it" "$(stat -c %u:%g "$T/dir/new")" 0:0
is 'other ids are the same on both sides' "$(stat -c %u:%g "$T/dir/made")" 1000:1000
box -v "$T/dir:/data" -- stat -c %u:%g /data/file /data/app
is 'seen from inside, too' "$stdout" $'0:0\n1000:1000'
box -u app -v "$T/dir:/data" -- sh -c 'echo mine >/data/app && cat /data/app; echo x >/data/file'
is 'a user writes what is hers' "$stdout" mine
like 'and nothing else' "$stderr" 'Permission denied'
box -v "$T/dir:/data:noidmap" -- stat -c %u:%g /data/file
is 'with noidmap the ids are not mapped' "$stdout" 65534:65534
box --userns=host -v "$T/dir:/data" -- sh -c 'stat -c %u:%g /data/app; echo host >/data/host'
is '--userns=host needs no map' "$stdout $(stat -c %u "$T/dir/host")" '1000:1000 0'

mount -t tmpfs inner "$T/dir/sub"
on_exit umount "$T/dir/sub"
echo deep >"$T/dir/sub/file"
box -v "$T/dir:/data:ro" -- sh -c 'cat /data/sub/file; echo x >/data/new2; echo x >/data/sub/new'
is 'binds are recursive' "$stdout" deep
is 'ro is for all of it' "$(grep -c 'Read-only file system' <<<"$stderr")" 2
box -v "$T/dir:/data:ro" -- mount -o remount,rw /data
isnt 'and cannot be undone inside' "$status" 0
box --privileged -v "$T/dir:/data" -- sh -c 'mount -t tmpfs none /data/made && grep -c " /data/made " /proc/mounts'
is 'mounts made inside stay inside' "$stdout $(grep -c "$T/dir/made" /proc/self/mountinfo)" '1 0'
box -v "$T/dir:/data:bind" -- ls /data/sub
is "with 'bind' it is not recursive" "$stdout" ''
mkdir "$T/dir/sub/shared"
mount -t tmpfs --make-shared shared "$T/dir/sub/shared"
box --privileged --userns host -v "$T/dir/sub/shared:/data" -- sh -c 'mkdir /data/made && mount -t tmpfs none /data/made && echo made'
is 'also where the host shares its own' "$stdout $(grep -c "shared/made" /proc/self/mountinfo)" 'made 0'
umount "$T/dir/sub/shared"
umount "$T/dir/sub"

box -v "$T/dir/file:/etc/motd:ro" -- cat /etc/motd
is 'a file is bound over what is not there' "$stdout" content
box -v "$T/dir/file:/etc/passwd" -- cat /etc/passwd
is 'and over what is' "$stdout" content
box -v ./dir:/data -- cat /data/file
is 'a relative source' "$stdout" content
cd dir || exit
box -v .:/data -v ../dir:/data2 -- cat /data/file /data2/file
is 'also upwards' "$stdout" $'content\ncontent'
cd .. || exit
ln -s dir "$T/link"
box -v "$T/link:/data" -- cat /data/file
is 'a source may be a link' "$stdout" content
box -v "$T/nosuch:/data" -- true
is 'a missing source is an error' "$status" 125
like 'with a hint' "$stderr" "mkdir -p '$T/nosuch'"
for spec in a/b:/data "$T/dir:data" "$T/dir:/data:nosuch" "$T/dir:/" "$T/dir:/proc" "$T/dir:/a:ro:x" :/a "$T/dir:"; do
	box -v "$spec" -- true
	is "-v ${spec/$T/...} is refused" "$status" 125
	like 'with a reason' "$stderr" '^tare: .'
done
box -v "$T/dir:/data" -v "$T:/data" -- true
is 'two on one target are refused' "$status" 125
box -v "$T/dir:/data/" -v "$T:/data" -- true
is 'however it is written' "$status" 125
box -v "$T/dir:/a/b" -v "$T:/a" -- sh -c 'cat /a/b/file'
is 'the order of the flags does not matter' "$stdout" content
rmdir "$T/b" 2>/dev/null
box -v "$T/dir:/data" -- grep ' /data ' /proc/self/mountinfo
like 'binds are nosuid and nodev' "$stdout" 'nosuid,nodev'

# Targets that the image makes links stay in the container.
cp -a "$FIXTURES/root" "$T/linked"
mkdir "$T/canary" "$T/linked/real"
ln -s "../../../../../../../..$T/canary" "$T/linked/up"
ln -s "$T/canary" "$T/linked/abs"
ln -s /real "$T/linked/inside"
run tare run --rm --network none -v "$T/dir:/inside" --rootfs "$T/linked" cat /real/file
is 'a link as target is followed inside the root' "$stdout" content
for target in /up /abs /up/x /abs/x; do
	run tare run --rm --network none -v "$T/dir:$target" --rootfs "$T/linked" cat "$target/file"
	is "$target would lead out, and is refused" "$status $(ls -A "$T/canary")" '125 '
done
ln -s /proc "$T/linked/toproc"
ln -s /dev "$T/linked/todev"
for target in /toproc /todev /proc/ //proc /dev/. /proc/self; do
	run tare run --rm --network none -v "$T/dir:$target" --rootfs "$T/linked" true
	is "$target is not covered" "$status" 125
done

# --- named volumes ---

mkdir -p "$T/volroot/var/vol/sub"
echo image >"$T/volroot/var/vol/file"
ln -s file "$T/volroot/var/vol/link"
"$TARE_TEST_LIB/mkimage" "$T/vol.tar" localhost/vol:1 --volume /var/vol --volume /empty "$FIXTURES/root" "$T/volroot"
tare load -q -i "$T/vol.tar" >/dev/null
vol() {
	run tare run --rm --network none "$@"
}
vol -v data:/var/vol localhost/vol:1 sh -c 'cat /var/vol/link; ls /var/vol; echo more >/var/vol/more; chown app /var/vol/sub'
is "a new volume has the image's content" "$stdout" $'image\nfile\nlink\nsub'
vol -v data:/x localhost/vol:1 sh -c 'cat /x/more; stat -c %U /x/sub; rm /x/file'
is 'a volume stays, with its owners' "$stdout" $'more\napp'
vol -v data:/var/vol localhost/vol:1 ls /var/vol
is 'and is not filled a second time' "$stdout" $'link\nmore\nsub'
vol -v data:/d localhost/vol:1 sh -c 'mkdir /d/full && touch /d/full/file'
vol -v data:/outer -v fresh:/outer/full localhost/vol:1 ls /outer/full
is 'nor from another volume' "$status $stdout" '0 '
tare volume rm fresh >/dev/null
vol -v data:/d localhost/vol:1 rm -r /d/full
vol -v data:/x:ro localhost/vol:1 sh -c 'echo x >/x/y'
like 'it can be read-only' "$stderr" 'Read-only'
vol -v fresh:/var/vol:ro localhost/vol:1 sh -c 'cat /var/vol/file; echo x >/var/vol/y'
like 'a new one too, once it has the content' "$stdout $stderr" '^image .*Read-only'
tare volume rm fresh >/dev/null
is 'ids on disk are those inside' "$(stat -c %u "$TARE_ROOT/volumes/data/_data/sub")" 1000
is 'only the named one is left' "$(ls "$TARE_ROOT/volumes")" data

# --- anonymous ones ---

before=$(volumes)
vol -v /anon localhost/vol:1 sh -c 'echo x >/anon/x; cat /anon/x /var/vol/file; ls -d /empty; grep -c "/anon\|/var/vol\|/empty" /proc/self/mounts'
is "the image's volumes and -v TARGET" "$stdout" $'x\nimage\n/empty\n3'
vol --tmpfs /empty/:size=1m -v "$T/dir:/var/vol/" localhost/vol:1 sh -c 'grep -c "/empty tmpfs" /proc/mounts; cat /var/vol/file'
is 'what the user mounts there comes instead' "$stdout" $'1\ncontent'
is '--rm removes them' "$(volumes)" "$before"
run tare run --network none --name keep -v /anon localhost/vol:1 sh -c 'echo kept >/anon/file'
is 'without --rm they stay' "$(volumes)" $((before + 3))
run tare start -a keep
tare rm keep >/dev/null
is 'also after rm' "$(volumes)" $((before + 3))
run tare run --network none --name gone -v /anon -v data:/d localhost/vol:1 true
tare rm -v gone >/dev/null
is 'but not after rm -v' "$(volumes)" $((before + 3))
ok 'which keeps the named one' test -e "$TARE_ROOT/volumes/data/_data/more"
run tare run --rm --network none --name fails -v /anon localhost/vol:1 nosuch
is 'a start that fails leaves none' "$(volumes)" $((before + 3))
run tare run --rm --network none -u nosuch -v /anon localhost/vol:1 true
is 'nor does one that fails earlier' "$(volumes)" $((before + 3))
run tare run --network none --name keep -v /anon localhost/vol:1 true
run tare run --network none --name keep -v /anon localhost/vol:1 true
is 'nor one whose name is taken' "$status $(volumes)" "125 $((before + 6))"

# Hostile volumes: over what is the container's own.
for place in /proc /dev /proc/ /./dev //sys /toproc /todev / /../proc /.. relative ''; do
	"$TARE_TEST_LIB/mkimage" "$T/bad.tar" localhost/bad:1 --volume "$place" "$T/linked"
	tare load -q -i "$T/bad.tar" >/dev/null 2>&1 || continue
	run tare run --rm --network none localhost/bad:1 sh -c 'stat -f -c %T /proc; test -c /dev/null && ls /proc/1/status'
	if [ "$status" = 0 ]; then
		like "a volume of the image on '$place' covers nothing" "$stdout" '^proc.*status'
	else
		like "a volume of the image on '$place' is refused" "$status$stderr" '^125tare: .'
	fi
done

# --- tmpfs and --mount ---

box --tmpfs /t -- sh -c 'grep " /t " /proc/mounts; stat -c %a /t'
like 'a tmpfs is nosuid, nodev, noexec' "$stdout" 'nosuid,nodev,noexec'
like 'and for everybody' "$stdout" $'\n1777'
box --tmpfs /t:size=1m,mode=0700,exec,uid=1000 -- sh -c 'df -k /t | tail -n 1; stat -c %a:%u /t; cp /bin/busybox /t/ 2>&1; head -c 500 /bin/busybox >/t/x; grep -c "/t .*noexec" /proc/mounts'
like 'size' "$stdout" '^tmpfs +1024 '
like 'mode and owner' "$stdout" $'\n700:1000'
like 'exec' "$stdout" $'\n0$'
box --tmpfs /t:nosuch -- true
is 'an unknown option is refused' "$status" 125
box --mount "type=bind,source=$T/dir,target=/data,readonly" -- sh -c 'cat /data/file; echo x >/data/y'
is '--mount type=bind' "$stdout" content
like 'readonly' "$stderr" 'Read-only'
box --mount "type=bind,src=$T/dir,dst=/data" -- cat /data/file
is 'src and dst' "$stdout" content
box --mount type=volume,source=data,target=/data -- cat /data/more
is '--mount type=volume' "$stdout" more
box --mount type=tmpfs,target=/data,tmpfs-size=1m,tmpfs-mode=0711 -- sh -c 'df -k /data | tail -n 1; stat -c %a /data'
like '--mount type=tmpfs' "$stdout" $'^tmpfs +1024 .*\n711$'
"$TARE_TEST_LIB/mkimage" "$T/copy.tar" localhost/copy:1 "$FIXTURES/root" "$T/volroot"
tare load -q -i "$T/copy.tar" >/dev/null
for flags in '-v bare:/var/vol:nocopy' '--mount type=volume,source=bare,target=/var/vol,volume-nocopy'; do
	# shellcheck disable=SC2086 # two words
	is "${flags%% *}: nocopy keeps the image's content out" \
		"$(tare run --rm --network none $flags localhost/copy:1 ls -A /var/vol)" ''
done
tare create --network none --name later -v bare:/var/vol:nocopy localhost/copy:1 ls -A /var/vol >/dev/null
is 'also of a start later on' "$(tare start -a later)" ''
tare rm later >/dev/null
tare create --network none --name later -v bare:/var/vol localhost/copy:1 ls -A /var/vol >/dev/null
like 'without it comes the content' "$(tare start -a later)" .
tare rm later >/dev/null
tare volume rm bare >/dev/null
before=$(volumes)
box --mount target=/data -- sh -c 'echo x >/data/x && cat /data/x'
is 'a --mount without source is an anonymous volume' "$stdout $(volumes)" "x $before"
for spec in type=bind,target=/x "type=bind,source=$T/nosuch,target=/x" type=nosuch,target=/x source=data target=rel nosuch=1,target=/x; do
	box --mount "$spec" -- true
	is "--mount ${spec/$T/...} is refused" "$status" 125
	like 'with a reason' "$stderr" '^tare: .'
done

# Who may write to a directory on the way must not choose what of the host another one gets.
mkdir -p "$T/shared/part"
tare create --network none --name victim -v "$T/shared/part:/part" busybox ls /part >/dev/null
tare run --rm --network none -v "$T/shared:/s" busybox sh -c 'mv /s/part /s/old; ln -s / /s/part'
run tare start -a victim
like 'a source that has become a link is refused' "$status $stderr" '^125 .*/shared/part.: there is a symbolic link'
tare rm victim >/dev/null

# A directory of the host's is free again when run returns; what is the container's alone, soon after.
mkdir "$T/disk"
mount -t tmpfs tmpfs "$T/disk"
box -v "$T/disk:/d" -- true
ok 'what was mounted into a container can be unmounted at its end' umount "$T/disk"
mount -t tmpfs tmpfs "$T/disk"
on_exit umount -l "$T/disk"
tare --root "$T/disk/store" load -q -i "$FIXTURES/busybox.tar" >/dev/null
mkdir "$T/stick"
mount -t tmpfs tmpfs "$T/stick"
cp "$FIXTURES/busybox-docker.tar" "$T/stick/app.tar"
run tare run --rm --network none --userns host "$T/stick/app.tar" true
is 'an archive out of a file system of its own' "$status" 0
ok 'is free again when run returns' umount "$T/stick"
mount -t tmpfs tmpfs "$T/stick"
tare --root "$T/stick/store" load -q -i "$FIXTURES/busybox.tar" >/dev/null
run tare --root "$T/empty" --additional-store "$T/stick/store" run --rm --network none --userns host busybox true
is 'an image of an additional store' "$status" 0
ok 'is, too' umount "$T/stick"
# tmpfs can be id-mapped from Linux 6.3 on.
run tare --root "$T/disk/store" run --rm --network none --userns host busybox true
is 'a container out of a store on a file system of its own' "$status" 0
ok 'lets go of it' wait_for 20 umount "$T/disk"

tare rm -f -v -a >/dev/null
done_testing
