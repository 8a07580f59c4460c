#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# load_engines.sh - Archives as buildah and podman make them, in every form they have
. "$(dirname "$0")/../lib/harness.sh"

need buildah podman umoci skopeo
lib=$TARE_TEST_TOP/tests/lib

# Both tools keep their state here, and need neither namespaces nor cgroups for this.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
engine=(--root "$T/engine" --runroot "$T/engine-run")

# view IMAGE DIR: what a container of the image would see
view() {
	local lower
	lower=$(tare image inspect -f '{{.GraphDriver.Data.LowerDir}}' "$1")
	mkdir -p "$2" "$2.upper" "$2.work"
	mount -t overlay -o "lowerdir=$lower,upperdir=$2.upper,workdir=$2.work" none "$2"
	on_exit umount "$2"
}

# Two layers: a tree, then removals and an opaque directory.
make_tree() {
	mkdir -p tree/{bin,etc,gone,op}
	cp /bin/busybox tree/bin/busybox
	for name in sh cat ls true; do
		ln -s busybox "tree/bin/$name"
	done
	echo old >tree/op/old
	echo here >tree/gone/file
	echo hello >tree/etc/motd
	chown 12:34 tree/etc/motd
	chmod 4711 tree/bin/busybox
	touch -d '2001-02-03 04:05:06' tree/etc/motd tree/op
}

build_image() {
	local container mounted
	container=$(buildah "${engine[@]}" from scratch) &&
		buildah "${engine[@]}" add -q "$container" tree / &&
		buildah "${engine[@]}" commit -q "$container" base >/dev/null || return 1
	container=$(buildah "${engine[@]}" from --pull-never base) || return 1
	mounted=$(buildah "${engine[@]}" mount "$container") || return 1
	rm -r "$mounted/gone" "$mounted/op"
	mkdir "$mounted/op"
	echo new >"$mounted/op/new"
	buildah "${engine[@]}" umount "$container" >/dev/null
	buildah "${engine[@]}" config --cmd '["cat", "/op/new"]' --env GREETING=hello \
		--label role=test --port 80 --workingdir /etc --user 12 "$container" &&
		buildah "${engine[@]}" commit -q "$container" engine:1 >/dev/null
}

make_tree
ok 'buildah builds an image of two layers' build_image

# What umoci makes of the same image is the reference.
ok 'umoci unpacks it' bash -c "
	buildah ${engine[*]} push -q engine:1 oci:$T/layout:1 &&
	umoci unpack --image $T/layout:1 $T/bundle >/dev/null"

check_archive() { # NAME REFERENCE FILE
	run tare load -i "$3"
	is "$1: load names the image" "$stdout" "Loaded image: $2"
	rm -rf view && mkdir view
	view "$2" "$T/view"
	ok "$1: the files are those that umoci unpacks" \
		diff <("$lib/tree-manifest" "$T/bundle/rootfs") <("$lib/tree-manifest" "$T/view")
	run tare run --rm --network none "$2"
	is "$1: its command runs, in its directory, as its user" "$stdout" new
	is "$1: its environment is kept" \
		"$(tare image inspect -f '{{json .Config.Env}}' "$2" | grep -c GREETING=hello)" 1
	is "$1: its label is kept" "$(tare image inspect -f '{{.Config.Labels.role}}' "$2")" test
	umount view
	ok "$1: it can be removed" tare rmi "$2"
}

buildah "${engine[@]}" push -q engine:1 "oci-archive:$T/b-oci.tar:localhost/engine:1"
check_archive 'buildah oci-archive' localhost/engine:1 b-oci.tar
buildah "${engine[@]}" push -q engine:1 "docker-archive:$T/b-docker.tar:localhost/engine:1"
check_archive 'buildah docker-archive' localhost/engine:1 b-docker.tar

podman "${engine[@]}" save -q --format oci-archive -o p-oci.tar localhost/engine:1
check_archive 'podman save, oci-archive' localhost/engine:1 p-oci.tar
podman "${engine[@]}" save -q --format docker-archive -o p-docker.tar localhost/engine:1
check_archive 'podman save, docker-archive' localhost/engine:1 p-docker.tar
gzip -k p-docker.tar
check_archive 'podman save, compressed afterwards' localhost/engine:1 p-docker.tar.gz
podman "${engine[@]}" save -q --format oci-dir -o p-dir localhost/engine:1
tar -C p-dir -cf p-dir.tar .
run tare load -i p-dir.tar
is 'an OCI directory of podman, packed by tar, loads' "$status" 0
tare rmi -f "$(tare images -q)" >/dev/null

podman "${engine[@]}" tag localhost/engine:1 localhost/second:2
podman "${engine[@]}" save -q -m --format docker-archive -o p-many.tar localhost/engine:1 base
run tare load -i p-many.tar
is 'an archive of two images loads both' "$(grep -c '^Loaded image' <<<"$stdout")" 2

done_testing
