#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# save.sh - What save writes: what came, the same bytes, and what others can read
. "$(dirname "$0")/../lib/harness.sh"

need skopeo
on_exit tare rm -f -a

digest_of() {
	tare image inspect -f '{{.Digest}}' "$1"
}

forget() {
	tare rmi -a -f >/dev/null
	is 'nothing is left in the store' "$(ls "$TARE_ROOT/images/layer" "$TARE_ROOT/images/blobs/sha256")" \
		"$TARE_ROOT/images/blobs/sha256:"$'\n\n'"$TARE_ROOT/images/layer:"
}

# --- kept blobs: what came goes ---

mapfile -t archives < <(ls "$FIXTURES"/busybox.tar "$FIXTURES"/*.oci*.tar "$FIXTURES"/*.docker*.tar 2>/dev/null)
for archive in "${archives[@]}"; do
	name=${archive##*/}
	tare load -q --keep-blobs -i "$archive" >loaded || continue
	image=$(sed -n '1s/^Loaded image\( ID\)\?: //p' loaded)
	digest=$(digest_of "$image")
	id=$(tare image inspect -f '{{.Id}}' "$image")
	run tare save -o saved.tar "$image"
	is "$name: save says nothing" "$status $stdout$stderr" '0 '
	tare rmi -a -f >/dev/null
	tare load -q -i saved.tar >/dev/null
	is "$name: loaded and saved it has the same manifest" "$(digest_of "${image#sha256:}")" "$digest"
	is "$name: and id" "$(tare image inspect -f '{{.Id}}' "${image#sha256:}")" "$id"
	tare rmi -a -f >/dev/null
done
forget

# --- layers made again ---

load_busybox
tare run --name box busybox sh -c 'echo a >/root/a; rm /etc/passwd; rm -rf /home; mkdir -m 1711 /home
	echo q >/home/q; chown 5:6 /home/q; ln /home/q /home/r; ln -s q /home/s; mkfifo /root/fifo'
tare commit box made >/dev/null
tare rm box >/dev/null
run tare save -o one.tar made
is 'save works without kept blobs' "$status" 0
like 'and says that ids change' "$stderr" 'layers are made again'
is 'not with -q' "$(tare save -q made 2>&1 >two.tar)" ''
ok 'twice the same bytes, to a file and to a pipe' cmp one.tar two.tar
tree() {
	# shellcheck disable=SC2016 # for the container
	tare run --rm "$1" sh -c 'cd /; find bin etc home root usr var | sort | while read -r f; do
		stat -c "%n %f %u %g %s %Y" "$f" 2>/dev/null; done' | grep -v '^etc/\(hosts\|hostname\|resolv.conf\|mtab\)\? \?\|^etc ' | sha256sum
}
before=$(tree made)
forget
tare load -q -i one.tar >/dev/null
is 'the image has all it had' "$(tree made)" "$before"
is 'hard links, too' "$(tare run --rm made stat -c %h /home/r)" 2
tare save -q -o three.tar made
ok 'what was loaded from it is saved as the same bytes' cmp one.tar three.tar
ok 'layers compressed by gzip' tare save -q --compression gzip -o gzip.tar made
ok 'make a smaller archive' test "$(stat -c %s gzip.tar)" -lt "$(stat -c %s one.tar)"
ok 'that loads' tare load -q -i gzip.tar

# --- several images ---

load_busybox
tare tag busybox busy:1
id=$(tare image inspect -f '{{.Id}}' busybox)
tare save -q -o many.tar made busybox busy:1 "${id:0:12}"
forget
tare load -q -i many.tar >loaded
is 'several images in one archive, with the names that were given' "$(sort loaded)" \
	$'Loaded image: busy:1\nLoaded image: localhost/busybox:latest\nLoaded image: made:latest'
tare save -q -o twice.tar busybox busybox
is 'a name is in it once, however often it was given' "$(tar -xOf twice.tar manifest.json | jq -c '[.[].RepoTags]')" '[["localhost/busybox:latest"]]'
is 'shared layers are in it once' "$(tar -tf many.tar | sort | uniq -d)" ''
tare save -q -o unnamed.tar "$(tare images -q made)"
is 'an id has no name in it' "$(tar -xOf unnamed.tar manifest.json | grep -o '"RepoTags":\[\]')" '"RepoTags":[]'

# --- others read it ---

is 'skopeo reads it as OCI' "$(skopeo inspect oci-archive:one.tar 2>/dev/null | grep -c '"sha256:')" 3
is 'and as docker archive' "$(skopeo inspect docker-archive:one.tar 2>/dev/null | grep -c '"sha256:')" 3
ok 'which it verifies' skopeo copy -q docker-archive:one.tar dir:"$T/copied"
ok 'compressed ones, too' skopeo copy -q docker-archive:gzip.tar dir:"$T/copied2"
tare save -q --format oci-dir -o layout made
ok 'oci-dir is a layout' skopeo copy -q oci:layout dir:"$T/copied3"
is 'with just that in it' "$(find layout -mindepth 1 -maxdepth 1 | sort | tr '\n' ' ')" 'layout/blobs layout/index.json layout/oci-layout '
tare save -q --format docker-dir -o plain made
ok 'docker-dir is what skopeo calls dir:' skopeo copy -q dir:plain oci-archive:"$T/back.tar:back"
ok 'and comes back' tare load -q -i back.tar
if command -v umoci >/dev/null; then
	ref=$(python3 -c 'import json; print(json.load(open("layout/index.json"))["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"])')
	umoci unpack --image "layout:$ref" bundle >/dev/null 2>&1
	is 'umoci unpacks the same files' "$(cd bundle/rootfs && find home usr root | sort)" \
		"$(tare run --rm made find home usr root | sort)"
	is 'with owners and links' "$(stat -c '%u %g %h' bundle/rootfs/home/r)" '5 6 2'
	ok 'and without what was deleted' test ! -e bundle/rootfs/etc/passwd
fi

if command -v podman >/dev/null; then
	export STORAGE_DRIVER=vfs
	podman=(podman --root "$T/engine" --runroot "$T/engine-run")
	for archive in one gzip many; do
		ok "podman loads $archive.tar" "${podman[@]}" load -q -i $archive.tar
	done
	is 'under its names' "$("${podman[@]}" images --format '{{.Repository}}:{{.Tag}}' | sort -u | tr '\n' ' ')" \
		'docker.io/library/busy:1 docker.io/library/made:latest localhost/busybox:latest '
	"${podman[@]}" system reset -f >/dev/null 2>&1
fi

# --- errors ---

fails 'no such image' 125 tare save -o absent.tar nosuch
is 'leaves no file' "$(find . -name 'absent.tar*')" ''
fails 'an unknown format' 125 tare save --format tar -o x.tar made
fails 'an unknown compression' 125 tare save --compression xz -o x.tar made
fails 'a directory form without a directory' 125 tare save --format oci-dir made
fails 'two images in docker-dir' 125 tare save --format docker-dir -o d made busy:1
fails 'a terminal' 125 script -qec "$TARE save made" /dev/null
fails 'a full disk' 125 tare save -q -o /dev/full made
layer=$(find "$TARE_ROOT/images/layer" -mindepth 1 -maxdepth 1 | head -n 1)
mv "$layer" "$T/layer"
like 'a missing layer is named' "$(tare save -q -o absent.tar made 2>&1)" 'layer [12] of 2: .* is missing'
mv "$T/layer" "$layer"
done_testing
