#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# load.sh - Images from archives: formats, fidelity, refusals
. "$(dirname "$0")/../lib/harness.sh"

need python3 zstd xz bzip2
lib=$TARE_TEST_TOP/tests/lib
store=$TARE_ROOT/images

# view IMAGE DIR: mount what a container of the image would see
view() {
	local lower count
	lower=$(tare image inspect -f '{{.GraphDriver.Data.LowerDir}}' "$1")
	count=$((count_views += 1))
	mkdir -p "$2" "$T/upper$count" "$T/work$count"
	mount -t overlay -o "lowerdir=$lower,upperdir=$T/upper$count,workdir=$T/work$count" none "$2"
	on_exit umount "$2"
}
count_views=0

same_tree() {
	diff <("$lib/tree-manifest" "$1") <("$lib/tree-manifest" "$2")
}

leftovers() {
	ls "$store/tmp"
}

# A tree with everything a layer can carry.
make_tree() {
	mkdir -p tree/{bin,etc,dev,var/local,op,"long/$(printf 'd%.0s' {1..200})"}
	cp /bin/true tree/bin/suid
	chmod 4755 tree/bin/suid
	cp /bin/true tree/bin/cap
	setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA= tree/bin/cap
	ln tree/bin/cap tree/bin/cap2
	ln -s ../etc/motd tree/bin/link
	echo hello >tree/etc/motd
	echo secret >tree/etc/shadow
	chmod 000 tree/etc/shadow
	setfattr -n user.note -v text tree/etc/motd
	chown 12:34 tree/etc/motd
	chown -h 56:78 tree/bin/link
	mknod tree/dev/null c 1 3
	mknod tree/dev/disk b 253 7
	mkfifo tree/var/fifo
	mkdir tree/var/local/dir
	touch tree/var/local/file
	chgrp -h 50 tree/var/local tree/var/local/dir
	chmod 2775 tree/var/local
	chmod 1777 tree/var
	echo old >tree/op/old
	truncate -s 1M tree/var/sparse
	touch -d '2001-02-03 04:05:06' tree/etc tree/var tree/bin/suid
	touch -h -d '2002-02-03 04:05:06' tree/bin/link tree/dev/null
}

# change a second layer's worth: removals, replacements, metadata
change_tree() {
	rm -r "$1/op" "$1/bin/suid"
	mkdir "$1/op"
	echo new >"$1/op/new"
	rm "$1/bin/link"
	mkdir "$1/bin/link"
	chmod 700 "$1/etc"
	touch -d '2003-02-03 04:05:06' "$1/etc"
}

test_fidelity() {
	local form
	umoci init --layout layout
	umoci new --image layout:base
	umoci unpack --image layout:base bundle >/dev/null
	cp -a tree/. bundle/rootfs/
	umoci repack --image layout:base bundle >/dev/null
	change_tree bundle/rootfs
	umoci repack --refresh-bundle --image layout:base bundle >/dev/null
	rm -rf bundle
	umoci unpack --image layout:base bundle >/dev/null

	skopeo copy -q oci:layout:base oci-archive:gzip.tar:localhost/fidelity:gzip
	skopeo copy -q --dest-compress-format zstd --dest-compress oci:layout:base \
		oci-archive:zstd.tar:localhost/fidelity:zstd
	skopeo copy -q oci:layout:base docker-archive:docker.tar:localhost/fidelity:docker
	for form in gzip zstd docker; do
		run tare load -q -i "$form.tar"
		is "$form: it loads" "$status $stdout" "0 Loaded image: localhost/fidelity:$form"
		view "localhost/fidelity:$form" "view-$form"
		ok "$form: every file is as umoci unpacks it" same_tree bundle/rootfs "view-$form"
		tare rmi "localhost/fidelity:$form" >/dev/null
	done
	umoci tag --image layout:base 1.0
	umoci rm --image layout:base
	run tare load -q layout
	is 'a layout directory loads' "$status" 0
	is 'a bare tag is no name' "${stdout%sha256:*}" 'Loaded image ID: '
	tare rmi -a >/dev/null
	is 'after the last image the store is empty' "$(ls "$store/layer" "$store/blobs/sha256")" \
		"$(printf '%s\n' "$store/blobs/sha256:" '' "$store/layer:")"
}

test_transport() {
	local packer
	"$lib/odd-image" good-plain plain.tar
	run bash -c "cat plain.tar | '$TARE' load"
	is 'a pipe loads' "$status $stdout" '0 Loaded image: odd:latest'
	tare rmi odd >/dev/null
	for packer in gzip zstd xz bzip2; do
		"$packer" -k -q plain.tar
		run tare load -i plain.tar.?(gz|zst|xz|bz2)
		is "an archive packed by $packer loads" "$status $stdout" '0 Loaded image: odd:latest'
		run bash -c "cat plain.tar.* | '$TARE' load"
		is 'from a pipe, too' "$status $stdout" '0 Loaded image: odd:latest'
		rm plain.tar.*
	done
	run tare load -i plain.tar
	is 'a present image loads again' "$status $stdout" '0 Loaded image: odd:latest'
	is 'and is there once' "$(tare images -q | wc -l)" 1
	tare rmi odd >/dev/null
	run tare load --verify-only plain.tar
	is '--verify-only says so' "$status $stdout" '0 Verified image: odd:latest'
	is '--verify-only loads nothing' "$(tare images -q)" ''
	fails 'a limit is kept' 125 tare load --max-size 1k -i plain.tar
	fails 'a missing file is an error' 125 tare load -i nosuch.tar
}

test_good() {
	local dir f
	for f in $("$lib/odd-image" list | grep ^good-); do
		"$lib/odd-image" "$f" odd.tar
		run tare load -q -i odd.tar
		is "$f: it loads" "$status $stdout" '0 Loaded image: odd:latest'
		view odd "$f"
		tare tag odd "localhost/$f" && tare rmi odd >/dev/null
	done
	dir=good-names
	is 'UTF-8 names survive' "$(cat $dir/$'caf\xc3\xa9' $dir/$'cafe\xcc\x81')" nfcnfd
	is 'bytes that are no UTF-8 survive' "$(cat $dir/$'bad\xff\xfe')" bytes
	is 'absolute names are relative' "$(cat $dir/absolute $dir/a/b/c)" strippedcleaned
	dir=good-duplicates
	is 'the last of two entries counts' "$(cat $dir/a $dir/d $dir/s)" \
		'secondnow a fileno link any more'
	is 'a directory replaces a file' "$(cat $dir/f/x)" in
	is 'a directory takes the last metadata' "$(stat -c '%a %Y' $dir/m)" '755 5'
	dir=good-whiteouts
	is 'whiteouts hide what is below' "$(cd $dir && find . -mindepth 1 | sort | xargs)" \
		'./d ./gd ./gd/y ./op ./op/new ./stays'
	is 'a name both added and removed is there' "$(cat $dir/stays)" 2
	dir=good-crosslinks
	is 'links across layers show what is below' "$(cd $dir && stat -c '%n %a %u %g %Y %h %F' e/one e/s e/moved e/r d/r e/x d e)" \
		'e/one 4751 7 8 9 3 regular file
e/s 777 0 0 10 2 symbolic link
e/moved 644 0 0 1000000000 1 regular file
e/r 644 0 0 1000000000 1 regular file
d/r 644 0 0 1000000000 1 regular file
e/x 644 0 0 1000000000 1 regular file
d 755 0 0 5 1 directory
e 755 0 0 6 2 directory'
	is 'they have the content' "$(cat $dir/{e/{one,two,moved,r,x},d/{a,r}} 2>&1)" lowerlowermovedoldxlowernew
	ok 'and are links' test $dir/d/a -ef $dir/e/two -a ! -e $dir/d/gone
	dir=good-no-layers
	is 'an image without layers is an empty directory' "$(ls -A $dir; stat -c %a $dir)" 755
	run tare run --rm --network none -v "$FIXTURES:/f" localhost/$dir
	is 'it runs what is not there' "$status" 127
	ok 'the store is whole' tare system check
	dir=good-implied
	is 'implied directories show what is below' "$(stat -c '%a %u %g %Y' $dir/usr $dir/usr/bin)" \
		$'711 3 4 77\n1777 0 0 78'
	is 'and merge with it' "$(cd $dir/usr/bin && echo ./*)" './a ./b'
	like 'its layer belongs to this stack' \
		"$(tare image inspect -f '{{.GraphDriver.Data.LowerDir}}' localhost/$dir)" \
		'^[^:]*/layer/chain-[0-9a-f]{64}:'
}

# Layers that are there are not read: a damaged copy of one would go unnoticed, and unused.
test_hostile() {
	local kind before canaries=("$T/canary" "$store/canary" /tmp/canary)
	before=$(find "$store" ! -path "$store" | grep -v index | sort)
	for kind in $("$lib/odd-image" list | grep -v -e ^good- -e ^large-); do
		"$lib/odd-image" "$kind" odd.tar
		run timeout 60 "$TARE" load -i odd.tar
		is "$kind: it is refused" "$status" 125
		is "$kind: one line says why" "$(grep -c "^tare: cannot load 'odd.tar': " <<<"$stderr") $(
			wc -l <<<"$stderr")" '1 1'
	done
	is 'the store is as it was' "$(find "$store" ! -path "$store" | grep -v index | sort)" "$before"
	is 'nothing was made elsewhere' "$(ls "${canaries[@]}" 2>/dev/null)" ''
	is 'no rubbish is left' "$(leftovers)" ''
}

no_loader() {
	! pgrep -f "^$TARE load"
}

test_killed() {
	local i
	"$lib/odd-image" good-members plain.tar
	tare rmi localhost/good-members >/dev/null
	for i in 1 2 3 4 5 6; do
		timeout -s KILL "0.00$i" "$TARE" load -q -i plain.tar >/dev/null 2>&1
	done
	# A loader dies with its parent, but a moment later; until then its folder is in use.
	wait_for 10 no_loader
	ok 'after kills the next load works' tare load -q -i plain.tar
	is 'and removes their rubbish' "$(leftovers)" ''
}

# What the store's file system does not take.
test_attribute() {
	"$lib/odd-image" large-attribute attribute.tar
	run tare load -q -i attribute.tar
	if touch attribute && setfattr -n user.x -v "$(printf 'v%.0s' {1..60000})" attribute 2>/dev/null; then
		is 'a large attribute is kept where the file system does' "$status" 0
	elif ! setfattr -n user.x -v x attribute 2>/dev/null; then
		is 'where there are no attributes, a large one is left out, too' "$status" 0
	else
		like 'where a large attribute cannot be kept, a hint says why' "$status $stderr" '^125 .*hint: ext4 takes .* this one has 60000'
	fi
	tare rmi odd >/dev/null 2>&1
}

cd "$T" || exit 1
if command -v umoci skopeo setfattr >/dev/null; then
	make_tree
	test_fidelity
else
	skip 'every file is as umoci unpacks it' 'umoci, skopeo or setfattr is not installed'
fi
test_transport
test_hostile
test_good
test_attribute
test_killed

# resha LAYOUT OUT: all that descriptors name, by SHA-512
resha() {
	python3 - "$@" <<'END'
import hashlib, json, os, sys
source, to = sys.argv[1:]
def name(d, data):
    digest = hashlib.sha512(data).hexdigest()
    with open(f"{to}/blobs/sha512/{digest}", "wb") as f:
        f.write(data)
    d["digest"], d["size"] = "sha512:" + digest, len(data)
def read(path): return open(f"{source}/{path}", "rb").read()
def blob(d): return read("blobs/" + d["digest"].replace(":", "/"))
os.makedirs(to + "/blobs/sha512")
index = json.loads(read("index.json"))
manifest = json.loads(blob(index["manifests"][0]))
for d in [manifest["config"]] + manifest["layers"]:
    name(d, blob(d))
name(index["manifests"][0], json.dumps(manifest).encode())
open(to + "/index.json", "w").write(json.dumps(index))
open(to + "/oci-layout", "wb").write(read("oci-layout"))
END
}
tare rmi -a -f >/dev/null
mkdir layout256 && tar -xf "$FIXTURES/busybox.tar" -C layout256
resha layout256 layout512
run tare load -q --keep-blobs -i layout512
is 'an image that is named by SHA-512 loads' "$status $stderr" '0 '
ok 'and is whole' tare system check
tare save -q -o resaved.tar busybox 2>/dev/null
ok 'it is saved by SHA-256' tare verify resaved.tar
printf ' ' >>"$(grep -l rootfs layout512/blobs/sha512/*)"
run tare load -q -i layout512
like 'one that was changed is refused' "$status $stderr" '^125 .*size mismatch'
sed -i 's/rootfs/rootfx/; s/ $//' "$(grep -l rootfs layout512/blobs/sha512/*)"
like 'by its digest, too' "$(tare load -q -i layout512 2>&1)" 'sha512 mismatch'
mkdir named && jq -n '[{Config: "c", RepoTags: [range(1001) | "a\(.):1"], Layers: []}]' >named/manifest.json
tar -cf named.tar -C named manifest.json
run timeout 20 "$TARE" load -i named.tar
like 'a thousand names are enough' "$status $stderr" '^125 .*1001 names are more than 1000'
tare rmi -a -f >/dev/null
done_testing
