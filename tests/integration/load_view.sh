#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# load_view.sh - Images that are loaded without being unpacked: the same as others in every command
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/crash.sh"

need python3 setfattr setpriv
lib=$TARE_TEST_TOP/tests/lib
images=$TARE_ROOT/images
plain=$FIXTURES/busybox-docker.tar one=busybox:docker
gzipped=$FIXTURES/busybox.tar # the same layer
on_exit tare rm -f -a

run tare load -q --view -i "$gzipped"
[[ $stderr != *'Linux 6.12'* ]] || skip_all 'this kernel cannot mount EROFS from files (Linux 6.12)'

layers() {
	find "$images/layer" -mindepth 1 -maxdepth 1 -name '[0-9a-f]*' ! -name 'view-*' | wc -l
}
indices() {
	find "$images/layer" -mindepth 1 -maxdepth 1 -name 'view-*' | wc -l
}
blobs() {
	find "$images/blobs/sha256" -type f | wc -l
}
forget() {
	tare rm -f -a >/dev/null 2>&1
	tare rmi -f -a >/dev/null 2>&1
}

is 'an image is loaded' "$status $stdout $stderr" '0 Loaded image: localhost/busybox:latest '
is 'and listed' "$(tare images --format '{{.Repository}}')" localhost/busybox
is 'its layer is a file, with an index' "$(layers) $(indices) $(blobs)" '0 1 3'
is 'it runs' "$(tare run --rm --network none busybox sh -c 'echo x >/x; cat /x; ls -d /bin')" $'x\n/bin'
is 'without a user namespace, too' "$(tare run --rm --userns=host --network none busybox echo host)" host
is 'by its id' "$(tare run --rm --network none "$(tare images -q)" echo id)" id
is 'its size is that of its files' "$(tare images --format '{{.Size}}')" "$(
	tare --root "$T/other" load -q -i "$gzipped" >/dev/null
	tare --root "$T/other" images --format '{{.Size}}'
)"
like 'df counts it' "$(tare system df)" 'Images +1 +0 +[0-9.]+MB +[0-9.]+MB'
like 'history knows what its layer takes' "$(tare history busybox)" '[0-9]MB'
ok 'a check finds nothing' tare system check
run tare load -q --view -i "$gzipped"
is 'loading it again changes nothing' "$status $(layers) $(indices) $(blobs)" '0 0 1 3'

# --- what leaves the store ---
tare save -q -o saved.tar busybox 2>err
is 'a saved one keeps its id' "$(cat err)$(tare --root "$T/fresh" load -q --json -i saved.tar | grep -o 'sha256:[0-9a-f]*' | head -n 1)" \
	"sha256:$(tare images -q --no-trunc | sed 's/^sha256://')"
tare save -q --compression gzip -o saved.gz.tar busybox
ok 'compressed, too' tare verify saved.gz.tar
tare pack -o packed.tar busybox >/dev/null
ok 'what is packed from it is right' tare verify packed.tar
is 'and runs' "$(tare --root "$T/fresh" run --rm --ephemeral --network none ./packed.tar echo packed)" packed

# --- containers ---
tare run --name kept --network none busybox sh -c 'echo x >/x; rm -r /home'
is 'a kept container starts again' "$(tare start -a kept 2>/dev/null; tare inspect -f '{{.State.Status}}' kept)" exited
is 'changes are those against the image' "$(tare diff kept | xargs)" 'D /home A /x'
is 'files can be copied' "$(tare cp kept:/x - | tar xO)" x
is 'and exported' "$(tare export kept | tar t | grep -cE '^(x|bin/busybox)$')" 2
ok 'it can be committed' tare commit kept made
is 'to an image that is not unpacked either' "$(layers) $(indices)" '0 2'
is 'and has both' "$(tare run --rm --network none made sh -c 'cat /x; ls -d /bin /home 2>/dev/null' | xargs)" 'x /bin'
fails 'an image that is used is not removed' 2 tare rmi busybox
tare rm kept >/dev/null
tare rmi made >/dev/null
is 'what only one needed goes with it' "$(layers) $(indices) $(blobs)" '0 1 3'
is 'the other runs' "$(tare run --rm --network none busybox echo still)" still

tare --root "$T/shared" load -q --view -i "$gzipped" >/dev/null
tare rmi busybox >/dev/null
is 'the last one takes all' "$(layers) $(indices) $(blobs)" '0 0 0'
export TARE_ADDITIONAL_STORES=$T/shared
is 'an additional store may have it' "$(tare run --rm --network none busybox echo shared)" shared
tare run --name kept --network none busybox sh -c 'echo x >/x'
is 'whose containers start again' "$(tare start -a kept; tare diff kept)" 'A /x'
like 'and are not committed' "$(tare commit kept made 2>&1)" 'additional store'
export TARE_ADDITIONAL_STORES=
forget

# --- several images ---
tare load -q --view -i "$plain" >/dev/null
tare tag "$one" first
tare run --name a --network none "$one" sh -c 'echo a >/a'
tare commit a second >/dev/null
tare rm a >/dev/null
tare save -q -o both.tar "$one" second
forget
tare load -q --view <both.tar >/dev/null
is 'two of one archive, from a pipe, share a layer' "$(layers) $(indices) $(blobs)" '0 2 6'
is 'and have their own files' "$(tare run --rm --network none second cat /a; tare run --rm --network none "$one" ls /a 2>&1)" $'a\nls: /a: No such file or directory'
tare rmi -f "$one" >/dev/null
is 'the layer stays for the other' "$(indices) $(tare run --rm --network none second cat /a)" '1 a'
tare image prune -a -f >/dev/null
is 'prune takes it' "$(layers) $(indices) $(blobs)" '0 0 0'
mkdir layout
tar -C layout -xf both.tar
tare load -q --view -i layout >/dev/null
is 'a layout directory is loaded like this, too' "$(layers) $(indices) $(tare run --rm --network none second cat /a)" '0 2 a'

# --- from one form to the other ---
tare load -q -i both.tar >/dev/null
is 'loading without --view unpacks' "$(layers)" 2
is 'and is what runs then' "$(tare run --rm --network none second cat /proc/mounts | grep -c 'lowerdir+=images/layer')" 1
ok 'a check removes the rest' tare system check
is 'so that each is there once' "$(layers) $(indices)" '2 0'
tare load -q --view -i both.tar >/dev/null
is 'what is unpacked stays so' "$(layers) $(indices)" '2 0'
forget

# --- the same files as unpacked ones ---
"$lib/layered-image" layered.tar "$FIXTURES/root" 1000
# shown NAME FLAG...: NAME.manifest of what a container has
shown() {
	local name=$1 pid
	shift
	tare load -q "$@" -i layered.tar >/dev/null || return 1
	pid=$(tare run -d --name "$name" --userns=host --network none "$(tare images -q | head -n 1)" sleep 1000 >/dev/null &&
		tare inspect -f '{{.State.Pid}}' "$name") || return 1
	nsenter -t "$pid" -m umount -l /proc /sys /dev
	"$lib/tree-manifest" "/proc/$pid/root" dev etc etc/hosts etc/hostname etc/resolv.conf >"$name.manifest"
	forget
}
same_both_ways() {
	shown seen --view && shown unpacked && [ -s seen.manifest ] && diff seen.manifest unpacked.manifest
}
ok 'every file is as it is unpacked' same_both_ways

# --- what is wrong ---
bad=''
# The others are about what merging says, see view.sh.
for kind in $("$lib/odd-image" list | grep -E '^(good-|diff-id|layer-digest|huge|sparse|dotdot$|hardlink-out|too-few)'); do
	"$lib/odd-image" "$kind" odd.tar
	tare load -q --view -i odd.tar >by-view 2>&1
	tare image ls -q --no-trunc >>by-view
	forget
	tare load -q -i odd.tar >by-load 2>&1
	tare image ls -q --no-trunc >>by-load
	forget
	cmp -s by-view by-load || bad+="$kind: $(<by-view);"
done
is 'odd archives get the answer of an ordinary load' "$bad" ''
is 'and leave nothing' "$(find "$images/tmp" -mindepth 1)$(blobs)" 0
head -c 700000 "$plain" >short.tar
fails 'a truncated one is refused' 125 tare load -q --view -i short.tar
run setpriv --reuid 65534 --regid 65534 --clear-groups "$TARE" --root "$T/nobody" --runroot "$T/nobody" load --view -i "$plain"
is 'nobody else than root may' "$status" 125
fails 'there is nothing to view where nothing is kept' 125 tare load --view --verify-only -i "$plain"

tare load -q --view -i "$plain" >/dev/null
layer=$(find "$images/blobs/sha256" -size +100k)
printf x | dd of="$layer" bs=1 seek=20000 conv=notrunc status=none
run tare system check
is 'a check finds a damaged layer' "$status" 1
like 'and says whose it is' "$stdout$stderr" 'busybox.*layer 1 of 1 .*does not match its digest'
run tare run --rm --network none "$one" true
is 'which does not run any more' "$status" 125
like 'and says why' "$stderr" 'layer 1 of 1.*hint: load the image again'
tare load -q --view -i "$plain" >/dev/null
ok 'loading it again repairs that' tare system check
is 'and it runs' "$(tare run --rm --network none "$one" echo again)" again
rm "$images"/layer/view-*/index
fails 'a check finds a missing index' 1 tare system check
tare load -q --view -i "$plain" >/dev/null
is 'loading repairs that, too' "$(tare system check; tare run --rm --network none "$one" echo again)" again
forget

# --- killed, and many at once ---
STEP=${TARE_CRASH_STEP:-53}
n=1 killed=0 bad='' code=137
while [ -z "$bad" ] && [ $n -lt 2000 ]; do
	kill_at $n -f "$TARE" load -q --view -i "$plain"
	code=$?
	tare system check >"$T/found" 2>&1 || bad=$(sed "s/^/check after $n: /" "$T/found")
	bad+=$(find "$images/tmp" -mindepth 1)
	[ -z "$(tare images -q)" ] || [ "$(tare run --rm --network none "$one" echo works)" = works ] || bad+="run after $n"
	tare rmi -f "$one" >/dev/null 2>&1
	[ $code = 137 ] || break
	killed=$((killed + 1)) n=$((n + STEP))
done
is "killed at $killed of its system calls, it leaves a whole store" "$bad" ''
[ $((killed * STEP)) -gt 100 ] || fail 'it was killed all along its way' "only $killed times"

end=$((SECONDS + 3))
again() {
	local name=$1
	shift
	while [ $SECONDS -lt $end ]; do
		"$TARE" "$@" >/dev/null 2>"$T/err.$name" ||
			grep -vE 'no such image|is missing from the store|uses it|No such file or directory|^hint:' "$T/err.$name" >>"$T/errors.$name"
	done
}
tare load -q --view -i both.tar >/dev/null
again view1 load -q --view -i "$plain" &
again view2 load -q --view -i both.tar &
again unpack load -q -i both.tar &
again run1 run --rm --network none second true &
again run2 run --rm --network none "$one" true &
again rmi1 rmi -f second &
again rmi2 rmi -f "$one" &
again prune image prune -a -f &
again check system check &
wait
is 'many at once: nothing goes wrong' "$(cat "$T"/errors.* 2>/dev/null | sort | uniq -c | head -n 20)" ''
ok 'the store is whole' tare system check
is 'and has no rubbish' "$(find "$images/tmp" -mindepth 1)" ''
forget
is 'nor anything at the end' "$(layers) $(indices) $(blobs)" '0 0 0'
done_testing
