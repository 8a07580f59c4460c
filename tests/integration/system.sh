#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# system.sh - The stores as a whole: prune, system df, system check; volumes
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

exists() {
	tare image exists "$1"
}

# --- container prune ---

tare run --name ended --label keep=no busybox true
tare run --name kept --label keep=yes busybox true
tare create --name made busybox true >/dev/null
tare run -d --name up busybox sleep 1000 >/dev/null
run tare container prune <<<n
is 'prune asks, and takes no for an answer' "$(tare ps -aq | wc -l)" 4
like 'on stderr' "$stderr" 'WARNING! This will remove all stopped containers'
run tare container prune </dev/null
is 'nothing is a no' "$(tare ps -aq | wc -l)" 4
is 'an age that none has' "$(tare container prune -f --filter until=1h)" 'Total reclaimed space: 0B'
tare container prune -f --filter label!=keep=yes >/dev/null
is 'label!= spares those that have it' "$(tare ps -a --format '{{.Names}}' | sort | tr '\n' ' ')" 'kept up '
run tare container prune -f --filter label=keep
like 'label= takes those' "$stdout" $'^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: '
is 'what runs stays' "$(tare ps -a --format '{{.Names}}')" up
fails 'unknown filters are refused' 125 tare container prune -f --filter x=y
fails 'and times that are none' 125 tare container prune -f --filter until=never

# --- image prune ---

tare tag busybox other
tare create --name temporary busybox true >/dev/null
tare commit -m first temporary step:1 >/dev/null
tare commit -m second temporary step:1 >/dev/null
tare rm temporary >/dev/null
is 'an image lost its name' "$(tare images -f dangling=true -q | wc -l)" 1
run tare image prune -f
like 'image prune takes it' "$stdout" $'^Deleted Images:\ndeleted: sha256:[0-9a-f]{64}\n'
is 'and no other' "$(tare images | wc -l)" 4
run tare image prune -a -f
ok '-a spares what containers use' exists busybox
fails 'and nothing else' 1 tare image exists step:1
like 'and says so' "$stdout" 'untagged: step:1'
tare commit up fresh >/dev/null
tare rm -f up >/dev/null
tare image prune -a -f --filter until=1h >/dev/null
ok 'until= spares newer ones' exists fresh
tare image prune -a -f >/dev/null
fails 'without a container all go' 1 tare image exists fresh
is 'and their layers' "$(find "$TARE_ROOT/images/layer" "$TARE_ROOT/images/blobs/sha256" -mindepth 1)" ''

# --- volumes ---

load_busybox
tare run --name one -v named:/n -v /anon busybox sh -c 'echo 12345 >/n/f; echo 123 >/anon/f'
tare run --rm -v spare:/n busybox sh -c 'echo 1234567 >/n/f'
is 'volume ls' "$(tare volume ls -q | grep -vE '^[0-9a-f]{64}$' | tr '\n' ' ')" 'named spare '
like 'with docker'"'"'s titles' "$(tare volume ls)" $'^DRIVER +VOLUME NAME\nlocal +'
is 'inspect' "$(tare volume inspect named | grep -c "$TARE_ROOT/volumes/named/_data")" 1
fails 'inspect of nothing' 1 tare volume inspect nosuch
is 'inspect -f' "$(tare volume inspect -f '{{.Name}} {{.Mountpoint}}' named)" "named $TARE_ROOT/volumes/named/_data"
is 'create' "$(tare volume create made)" made
is 'create of one that is there' "$(tare volume create made)" made
like 'create without a name' "$(tare volume create | tee "$T/anonymous")" '^[0-9a-f]{64}$'
is 'ls by name' "$(tare volume ls -q -f name=mad)" made
is 'ls of what no container has' "$(tare volume ls -q -f dangling=true | grep -E '^(made|named)$')" made
is 'ls of what some container has' "$(tare volume ls -q -f dangling=false | grep -E '^(made|named)$')" named
fails 'an unknown filter is refused' 125 tare volume ls -f nosuch=1
fails 'and so is another driver' 125 tare volume create -d nfs x
fails 'or a path' 125 tare volume create ../x
nobody=$(printf 'z%.0s' {1..64})
for name in "$nobody" c a b; do
	tare volume create "$name" >/dev/null
done
is 'in order' "$(tare volume ls -q | grep -x '[abc]' | tr -d '\n')" abc
tare volume rm made a b c "$(cat "$T/anonymous")" >/dev/null
fails 'rm of one in use' 2 tare volume rm named
fails 'rm of nothing' 1 tare volume rm nosuch
ok 'which -f is content with' tare volume rm -f nosuch
run tare volume rm named nosuch
is 'the worst failure is the code' "$status" 2
tare volume prune -f >/dev/null
is 'prune spares what is used or has a name' "$(tare volume ls -q | wc -l)" 4
tare volume rm "$nobody" >/dev/null
config=$TARE_ROOT/containers/$(tare inspect -f '{{.Id}}' one)/config.json
mv "$config" "$T/config"
echo damaged >"$config"
fails 'nothing is pruned where nobody knows what is used' 125 tare volume prune -a -f
fails 'or removed' 125 tare volume rm spare
mv "$T/config" "$config"
run tare system df
like 'df has a row for each kind' "$stdout" $'^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +1 +1 +[0-9.]+MB +0B \(0%\)\nContainers +1 +0 +[0-9]+B +[0-9]+B.*\nLocal Volumes +3 +2 +18B +8B \(44%\)'
run tare system df -v
like '-v has the images' "$stdout" 'localhost/busybox +latest +[0-9a-f]{12} .* 0B +[0-9.]+MB +1'
like 'the containers' "$stdout" 'one$|one'$'\n'
like 'and the volumes' "$stdout" $'\nspare +0 +8B'
is 'a template' "$(tare system df --format '{{.Type}} {{.TotalCount}}' | tr '\n' ' ')" 'Images 1 Containers 1 Local Volumes 3 '
like 'json is typed' "$(tare system df --format json | tr -d ' \n')" '"Type":"LocalVolumes","Total":3,"Active":2,"RawSize":18'
fails 'both is too much' 125 tare system df -v --format json
tare volume prune -a -f >/dev/null
is 'prune -a takes names, too' "$(tare volume ls -q | grep -c spare)" 0

# --- system prune ---

fails 'labels and times are none of volumes' 125 tare system prune -f --volumes --filter until=1h
run tare system prune -f
is 'system prune takes the container' "$(tare ps -aq)" ''
is 'but no volumes' "$(tare volume ls -q | wc -l)" 2
ok 'and no image with a name' exists busybox
run tare system prune -a -f --volumes
like 'with -a and --volumes it does' "$stdout" $'Deleted Volumes:\n[0-9a-f]{64}\n.*Deleted Images:'
is 'all that is left is a volume with a name' "$(tare images -q | wc -l) $(tare volume ls -q)" '0 named'
tare volume rm named >/dev/null

# --- system check ---

load_busybox
tare load -q --keep-blobs -i "$FIXTURES/web.tar" >/dev/null
run tare system check
is 'a good store is good' "$status $stdout" '0 '
is 'in JSON, too' "$(tare system check --json)" '[]'
images=$TARE_ROOT/images
mkdir "$images/layer/$(printf '%064d' 0)" "$images/tmp/left"
echo x >"$images/blobs/sha256/$(printf '%064d' 1)"
run tare system check --repair=false
is 'rubbish is found' "$status $(wc -l <<<"$stdout")" '1 2'
run tare system check
is 'and removed' "$status $(grep -c ': removed' <<<"$stdout")" '0 2'
is 'after which all is well' "$(tare system check)" ''
is 'and the disk is clean' "$(find "$images/tmp" -mindepth 1)" ''

web=$(tare image inspect -f '{{.Id}}' web 2>/dev/null || tare images --no-trunc -q | tail -n 1 | cut -d : -f 2)
web=${web#sha256:}
blob=$(cd "$images/blobs/sha256" && find . -size +100k -printf '%P\n' | head -n 1)
if [ -n "$blob" ]; then
	printf x | dd of="$images/blobs/sha256/$blob" bs=1 seek=1000 conv=notrunc status=none
	run tare system check
	like 'a damaged layer blob is found' "$stdout" "blob $blob: does not match its digest: removed"
	is 'and the image is whole without it' "$status $(tare system check)" '0 '
fi
echo x >>"$images/blobs/sha256/$web"
run tare system check
is 'a damaged config cannot be repaired' "$status" 1
like 'the image is named' "$stdout" 'image .*web.*its config .* does not match its digest; load the image again'
tare load -q --keep-blobs -i "$FIXTURES/web.tar" >/dev/null
is 'but loading brings it back' "$(tare system check)" ''
file=$(find "$images/layer" -type f -size +1k | head -n 1)
layer=$images/layer/$(cut -d / -f 1 <<<"${file#"$images"/layer/}")
echo more >>"$file"
tare run -d --name up busybox sleep 1000 >/dev/null
like 'an altered layer is found' "$(tare system check)" 'has changed since it was loaded; stop all containers'
tare rm -f up >/dev/null
run tare system check --json
is 'and removed when no container runs' "$status" 1
like 'so that it can be loaded again' "$stdout" '"Advice": "load the image again"'
ok 'it is gone' test ! -e "$layer"
load_busybox
tare load -q --keep-blobs -i "$FIXTURES/web.tar" >/dev/null
is 'which mends it' "$(tare system check)" ''
file=$(find "$images/layer" -type f -size +1k | head -n 1)
touch -r "$file" stamp
wait_for 5 eval 'printf x | dd of="$file" bs=1 seek=500 conv=notrunc status=none; touch -r stamp "$file"
	[ "$(stat -c %.Z "$file")" != "$(stat -c %.Z "${file%/layer/*}/layer/$(cut -d / -f 1 <<<"${file#*/images/layer/}")")" ]'
like 'one of the same size and time is found as well' "$(tare system check)" 'changed since it was loaded'
load_busybox
tare load -q --keep-blobs -i "$FIXTURES/web.tar" >/dev/null
is 'and mended likewise' "$(tare system check)" ''
rm -rf "${images:?}/layer"/*
fails 'missing layers are found' 1 tare system check
load_busybox
tare load -q --keep-blobs -i "$FIXTURES/web.tar" >/dev/null
is 'and loaded again' "$(tare system check)" ''
tare create --name orphan busybox true >/dev/null
cp "$images/index.json" saved
echo '{"manifests":[' >"$images/index.json"
run tare system check
is 'a broken index is not repaired' "$status" 1
like 'but explained' "$stdout" 'index.json.*backup'
cp saved "$images/index.json"
sed -i 's/.*/{"manifests":[]}/' "$images/index.json"
run tare system check --repair=false
like 'a container without its image is found' "$stdout" 'container [0-9a-f]{12}: its image is missing'
cp saved "$images/index.json"
tare rm -f -a >/dev/null
done_testing
