#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images.sh - images, tag, rmi, image inspect: names, ids, formats, exit codes
. "$(dirname "$0")/../lib/harness.sh"

need python3 strace
lib=$TARE_TEST_TOP/tests/lib

run tare images
is 'an empty store lists only titles' "$status $(xargs <<<"$stdout")" \
	'0 REPOSITORY TAG IMAGE ID CREATED SIZE'

"$lib/odd-image" good-plain a.tar
"$lib/odd-image" good-twice b.tar
tare load -q -i a.tar >/dev/null
tare tag odd:latest registry.example:5000/team/app:1.0 >/dev/null
tare load -q -i b.tar >/dev/null
id=$(tare images -q --no-trunc registry.example:5000/team/app)
id=${id#sha256:}

is 'a new image takes over the name' "$(tare images -q odd | wc -l)" 1
isnt 'and the old one keeps its other name' "$(tare images -q --no-trunc odd)" "sha256:$id"
is 'short ids have 12 digits' "$(tare images -q registry.example:5000/team/app)" "${id:0:12}"
is 'a template shows fields' \
	"$(tare images --format '{{.Repository}}|{{.Tag}}|{{.ID}}' registry.example:5000/team/app)" \
	"registry.example:5000/team/app|1.0|${id:0:12}"
is 'json is an array with all names' \
	"$(tare images --format json | python3 -c '
import json, sys
print(sorted(n for i in json.load(sys.stdin) for n in i["RepoTags"]))')" \
	"['odd:latest', 'registry.example:5000/team/app:1.0']"
is 'a reference filter takes patterns' \
	"$(tare images -q --filter 'reference=registry.example:5000/*/app' | wc -l)" 1
is 'nothing dangles' "$(tare images -q --filter dangling=true)" ''
fails 'an unknown filter is an error' 125 tare images --filter colour=red
fails 'a malformed name is an error' 125 tare tag odd 'UPPER:case:twice'

is 'inspect finds by name' "$(tare image inspect -f '{{.Id}}' registry.example:5000/team/app:1.0)" \
	"sha256:$id"
is 'by a prefix of the id' "$(tare image inspect -f '{{.Id}}' "${id:0:5}")" "sha256:$id"
is 'by digest' "$(tare image inspect -f '{{.Id}}' \
	"$(tare image inspect -f '{{index .RepoDigests 0}}' "$id")")" "sha256:$id"
run tare image inspect nosuch
is 'inspect of nothing: 1 and an empty array' "$status $stdout" '1 []'
fails 'exists says no' 1 tare image exists nosuch
ok 'exists says yes' tare image exists "$id"

tare tag "$id" localhost/second
is 'localhost/ may be left out' "$(tare image inspect -f '{{.Id}}' second)" "sha256:$id"
fails 'an id with several names is not removed' 2 tare rmi "$id"
run tare rmi localhost/second
is 'a name is removed' "$stdout" 'Untagged: localhost/second:latest'
fails 'what is not there is not removed' 1 tare rmi localhost/second
run tare rmi nosuch "$id"
is 'the rest is removed all the same' "$status $(tail -1 <<<"$stdout")" "1 Deleted: sha256:$id"

is 'other images stay' "$(tare images -q | wc -l)" 1
run tare image rm odd
is 'image rm is rmi' "$status $(head -1 <<<"$stdout")" '0 Untagged: odd:latest'
is 'nothing is left of them' "$(find "$TARE_ROOT/images/layer" "$TARE_ROOT/images/blobs/sha256" \
	"$TARE_ROOT/images/tmp" -mindepth 1)" ''

mkdir full
mount -t tmpfs -o size=16m,mode=700 full full
tare --root "$T/full" load -q -i "$FIXTURES/busybox.tar" >/dev/null
cat /dev/zero >full/fill 2>/dev/null
fails 'a full disk takes no name' 125 tare --root "$T/full" tag busybox another
run tare --root "$T/full" rmi busybox
is 'but images go from it' "$status $stderr$(tare --root "$T/full" images -q)" '0 '
umount full

load_busybox
is 'images NAME finds what run NAME finds' "$(tare images -q busybox)" "$(tare images -q localhost/busybox)"
isnt 'which is something' "$(tare images -q busybox:latest)" ''
is 'and nothing else' "$(tare images -q busy; tare images -q localhost)" ''
tare create --network none --name user busybox true >/dev/null
fails 'an image in use is not removed' 2 tare rmi busybox
tare rm user >/dev/null
ok 'and then it is' tare rmi busybox

# A container and the removal of its image at the same time: one of the two sees the other. Stopped in between:
# the removal that has found no container, and the run that has found the image.
# halfway CALL COMMAND... -- ARG...: COMMAND, at the end of its first such call, waits for tare ARG...
halfway() {
	local call=$1 first=() job
	shift
	while [ "$1" != -- ]; do
		first+=("$1")
		shift
	done
	shift
	rm -f "$T/trace"
	strace -o "$T/trace" -e "trace=$call" -e "inject=$call:signal=STOP:when=1" "$TARE" "${first[@]}" >"$T/first" 2>&1 &
	job=$!
	wait_for 20 grep -q 'stopped by SIGSTOP' "$T/trace" || diag "$(cat "$T/trace")"
	run tare "$@"
	pkill -CONT -P $job
	wait $job
}
load_busybox
halfway fdatasync rmi -f busybox -- run -d --name user --network none busybox sleep 1000
is 'who came in between runs' "$status" 0
is 'with all that its image has' "$(tare exec user echo still there)" 'still there'
tare load -q -i "$FIXTURES/web.tar" >/dev/null
ok 'also when others are removed' tare rmi -f web
is 'it goes on' "$(tare exec user echo still there)" 'still there'
tare rm -f user >/dev/null
load_busybox
halfway renameat run --rm --network none busybox echo works -- rmi -f busybox
like 'or is told that there is none any more' "$status $(cat "$T/first")" \
	"^0 tare: no such image: 'busybox' has just been removed$"
is 'and no container' "$(tare ps -aq)$(tare images -q)" ''

# Running an archive takes no name from another image, and loads it once.
run tare run --rm --network none "$FIXTURES/busybox.tar" echo hello
is 'an archive runs' "$status $stdout" '0 hello'
is 'it has its own name, which was free' "$(tare images --format '{{.Repository}}')" localhost/busybox
run tare run --rm --network none "$FIXTURES/busybox.tar" echo again
is 'and runs again' "$status $stdout" '0 again'
is 'as the same image' "$(tare images -q | wc -l)" 1
rm -rf "$TARE_ROOT/images/import"/*
run tare run --rm --network none "$FIXTURES/busybox.tar" echo third
is 'the cache may go' "$status $stdout" '0 third'
tare rmi -a >/dev/null
tare load -q -i "$FIXTURES/web.tar" >/dev/null
tare tag web localhost/busybox:latest
ok 'an archive runs whose name another image has' tare run --rm --network none "$FIXTURES/busybox.tar" true
is 'and that keeps it' "$(tare image inspect --format '{{.Config.WorkingDir}}' localhost/busybox)" /www
like 'the new one has none' "$(tare images --format '{{.Repository}}')" '<none>'
run flock -s "$TARE_ROOT/images/index.lock" timeout 0.5 "$TARE" tag localhost/busybox localhost/late
is 'who changes the names is alone in doing so' "$status" 124
tare rmi -a >/dev/null
done_testing
