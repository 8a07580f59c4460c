#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"
need skopeo umoci podman jq

on_exit tare rm -f -a
on_exit podman --root "$T/podman" --runroot "$T/podman-run" rmi -a -f

root=$FIXTURES/root
settings=(-t localhost/app:1 --entrypoint '["/bin/sh","-c"]' --cmd '["echo from the appliance; id -u"]'
	-p 8080:80 -v data:/data -v /scratch -m 64m --cpus 0.5 --pids 99 --restart on-failure:2
	--health '--interval=5s test -e /' --help-text $'first line\nsecond line' --title 'An app'
	--description 'It says hello' -e GREETING=hello -l maker=me -u 0 -w /tmp --stop-signal INT)

run tare pack -o app.tar "${settings[@]}" "$root"
like 'pack prints the digest of the manifest' "$status $stdout" '^0 sha256:[0-9a-f]{64}$'
digest=$stdout
(umask 027 && tare pack -o again.tar "${settings[@]}" "$root" >/dev/null)
is 'who may read it is for the umask to say' "$(stat -c %a app.tar again.tar | xargs)" '644 640'
fails 'a time before all times' 125 tare pack -o x.tar --source-date-epoch -1 "${settings[@]}" "$root"
fails 'a name that is a digest' 125 tare pack -o x.tar "${settings[@]}" -t "x@sha256:$(printf '%064d' 0)" "$root"
like 'a terminal is no place for it' "$(script -qec "$TARE pack $root" /dev/null)" 'is a terminal'
mkdir taken
fails 'a directory stays one' 125 tare pack -o taken "${settings[@]}" "$root"
fails 'also with dots' 125 tare pack -o taken/.. "${settings[@]}" "$root"
ok 'the same input gives the same bytes' cmp app.tar again.tar
tare pack -o - "${settings[@]}" "$root" >piped.tar
ok 'on standard output, too' cmp app.tar piped.tar
cp -a "$root" copy
find copy -type f -exec touch {} +
tare pack -o then.tar --source-date-epoch 1000000000 "${settings[@]}" copy >/dev/null
sleep 1.1
find copy -type f -exec touch {} +
SOURCE_DATE_EPOCH=1000000000 tare pack -o now.tar "${settings[@]}" copy >/dev/null
ok 'with SOURCE_DATE_EPOCH it does not matter when files were made' cmp then.tar now.tar
is 'nor is the image younger' "$(tare show -f '{{.Created}}' now.tar)" 2001-09-09T01:46:40Z
is 'nothing else is left in the directory' "$(find . -maxdepth 1 -name '.tare*')" ''

is 'skopeo reads it' "$(skopeo inspect oci-archive:app.tar | jq -r .Digest)" "$digest"
is 'as docker-archive as well' "$(skopeo inspect docker-archive:app.tar | jq -r '.Labels["tare.memory"]')" 64m
ok 'skopeo copies it' skopeo copy -q oci-archive:app.tar oci:layout:app
ok 'umoci unpacks it' umoci unpack --rootless --image layout:app bundle
ok 'all files are there' diff -r --no-dereference "$root" bundle/rootfs
is 'with their rights' "$("$TARE_TEST_TOP/tests/lib/tree-manifest" "$root" | md5sum)" \
	"$("$TARE_TEST_TOP/tests/lib/tree-manifest" bundle/rootfs | md5sum)"
like 'podman loads it' "$(podman --root "$T/podman" --runroot "$T/podman-run" --storage-driver vfs load -q -i app.tar 2>&1)" \
	'Loaded image: localhost/app:1'

run tare run --rm --network none ./app.tar
is 'it runs as it says' "$stdout" $'from the appliance\n0'
is 'with its variables' "$(tare run --rm --network none ./app.tar 'echo $GREETING; pwd' 2>/dev/null)" $'hello\n/tmp'

tare pack -o gzip.tar --compress gzip "${settings[@]}" "$root" >/dev/null
tare pack -o gzip.2.tar --compress gzip "${settings[@]}" "$root" >/dev/null
ok 'what is compressed is reproducible' cmp gzip.tar gzip.2.tar
ok 'and smaller' test "$(stat -c %s gzip.tar)" -lt "$(stat -c %s app.tar)"
ok 'and right' tare verify -q gzip.tar
fails 'zstd is for reading only' 125 tare pack -o zstd.tar --compress zstd "${settings[@]}" "$root"
ok 'skopeo copies what is compressed' skopeo copy -q oci-archive:gzip.tar oci:layout:gzip

tare pack -o same.tar ./app.tar >/dev/null
ok 'an archive packed anew is itself' cmp app.tar same.tar
tare load -q -i app.tar >/dev/null
tare pack -o stored.tar localhost/app:1 >/dev/null
ok 'a stored image has the bytes it came with' cmp app.tar stored.tar
tare pack -o changed.tar -t localhost/app:2 -m 32m --entrypoint '["/bin/true"]' ./web.tar 2>/dev/null ||
	tare pack -o changed.tar -t localhost/app:2 -m 32m --entrypoint '["/bin/true"]' "$FIXTURES/web.tar" >/dev/null
is 'an image with other settings keeps its layers' "$(tare show -f '{{.Layers}} {{.Name}} {{.Asks.Memory}}' changed.tar)" \
	'3 localhost/app:2 33554432'
is 'a new entry point drops the old arguments' "$(tare show -f '{{.Cmd}}' changed.tar)" '[]'
is 'what it had otherwise stays' "$(tare show -f '{{.WorkingDir}} {{index .Labels "org.opencontainers.image.title"}}' changed.tar)" '/www web'
tare load -q -i "$FIXTURES/web.tar" >/dev/null
tare pack -o web2.tar localhost/web >/dev/null
ok 'several stored layers make a valid image' tare verify -q web2.tar
is 'with whiteouts and all' "$(tare run --rm --network none ./web2.tar cat index.html)" "$(tare run --rm --network none localhost/web cat index.html)"
tare pack -o docker.tar "$FIXTURES/busybox-docker.tar" >/dev/null
ok 'a docker-archive becomes an OCI archive' skopeo inspect oci-archive:docker.tar
mkdir whole
tar x -C whole -f app.tar
tare pack -o fromdir.tar whole >/dev/null
ok 'a layout directory is taken as what it is' cmp app.tar fromdir.tar

run tare show app.tar
for want in 'Title: +An app' 'Description: +It says hello' 'Platform: +linux/' 'Limits: +memory 64MiB, 0.5 CPUs, 99 processes' \
	'Health check: test -e /, every 5s' 'Restart: +on-failure:2' 'Ports: +8080:80' 'Volumes: +data:/data' \
	'Own volumes: +/scratch' 'Serves: +80/tcp' 'Signature: +none' 'second line'; do
	like "show has '$want'" "$stdout" "$want"
done
is 'show --json has it, too' "$(tare show --json app.tar | jq -c '[.Title,.Asks.Memory,.Asks.Ports,.Entrypoint[0]]')" \
	'["An app",67108864,["8080:80"],"/bin/sh"]'
like 'show shows stored images' "$(tare show localhost/app:1)" 'An app'
tare pack -o evil.tar --cmd '["x"]' --help-text "$(printf 'a\033[31mb')" "$root" >/dev/null
unlike 'what would act on a terminal is escaped' "$(tare show evil.tar | cat -v)" '\^\['
"$TARE_TEST_TOP/tests/lib/mkimage" bad.tar bad --cmd '["x"]' --label tare.memory=lots "$root"
run tare show bad.tar
like 'a bad label is named' "$status $stderr" '^125 .*tare.memory=lots'

fails 'bad settings are refused at once' 125 tare pack -o x.tar -m lots "$root"
fails 'bad ports, too' 125 tare pack -o x.tar -p http "$root"
fails 'a relative working directory' 125 tare pack -o x.tar -w here "$root"
fails 'what is not there' 125 tare pack -o x.tar ./nowhere
fails 'a damaged archive' 125 sh -c "head -c 100000 app.tar >cut.tar; $TARE pack -o x.tar ./cut.tar"
ok 'and no file is made' test ! -e x.tar
fails 'a file for which there is no directory' 125 tare pack -o nowhere/x.tar "$root"
echo keep >kept.tar
fails 'a failure' 125 tare pack -o kept.tar -m lots "$root"
is 'leaves what was there' "$(cat kept.tar)" keep
ln -s /dev/null sink && mknod null c 1 3
tare pack -o null "${settings[@]}" "$root" >/dev/null && tare pack -o sink "${settings[@]}" "$root" >/dev/null
ok 'a device, or a link to one, stays what it is' test -c null -a -L sink
# Without /proc it has a name while it is written. (LeakSanitizer cannot be without, and fails.)
# shellcheck disable=SC2016
run unshare -m sh -c 'mount -t tmpfs none /proc && "$0" pack -o noproc.tar "$@"' "$TARE" "${settings[@]}" "$root"
ok 'without /proc it is the same, with nothing beside it' eval 'cmp noproc.tar app.tar && ! ls -d .tare.*'
chmod 755 "$T"
# shellcheck disable=SC2016
ok 'anybody may pack; root owns it then' setpriv --reuid 1234 --regid 1234 --clear-groups \
	env -u TARE_ROOT -u TARE_RUNROOT sh -c 'mkdir -p /tmp/pack.$$ && cd /tmp/pack.$$ && mkdir r && echo x >r/f &&
	"$TARE" pack -o a.tar r >/dev/null && tar xOf a.tar --wildcards "blobs/sha256/*" 2>/dev/null | grep -aq ustar &&
	"$TARE" verify -q a.tar; s=$?; rm -rf /tmp/pack.$$; exit $s'
podman --root "$T/podman" --runroot "$T/podman-run" --storage-driver vfs rmi -a -f >/dev/null 2>&1
done_testing
