#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# view.sh - Archives that are used where they lie, on kernels that can and that cannot
. "$(dirname "$0")/../lib/harness.sh"

images=$TARE_ROOT/images
cp "$FIXTURES/busybox-docker.tar" plain.tar

# Linux 6.12 mounts EROFS from files; before, an archive is unpacked.
case $(uname -r) in
6.1.*) kind=layer ;;
*) kind=view ;;
esac

run tare run --rm --network none ./plain.tar sh -c 'cat /etc/motd; echo x >/x; cat /x'
is 'an archive runs' "$status" 0
is "this kernel has it as a $kind" "$(find "$images/$kind" -mindepth 1 -maxdepth 1 | wc -l)" 1
is 'and not both ways' "$(find "$images/view" "$images/layer" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" 1
first=$stdout
run tare run --rm --network none ./plain.tar sh -c 'cat /etc/motd; echo x >/x; cat /x'
is 'it runs again' "$status $stdout" "0 $first"
run tare run --rm --userns=host --network none ./plain.tar sh -c 'cat /etc/motd; echo x >/x; cat /x'
is 'without a user namespace, too' "$status $stdout" "0 $first"
tare run --name kept --network none ./plain.tar sh -c 'echo x >/x'
is 'a kept one starts again' "$(tare start -a kept; tare inspect -f '{{.State.ExitCode}}' kept)" 0
is 'with its changes' "$(tare diff kept)" 'A /x'
tare rm kept >/dev/null

for archive in busybox-docker.tar busybox.tar; do
	run tare run --ephemeral --network none "$FIXTURES/$archive" echo once
	is "$archive runs once" "$status $stdout" '0 once'
	is 'and leaves nothing' "$(find "$images/tmp" -mindepth 1)" ''
done
tare rmi -f -a >/dev/null 2>&1

# --- loaded without being unpacked ---
run tare load -q --view -i "$FIXTURES/busybox.tar"
if [ $kind = layer ]; then
	is 'this kernel cannot load --view' "$status" 125
	like 'which it says, and what works' "$stderr" 'Linux 6\.12.*hint: without --view the image is unpacked'
	is 'and keeps nothing' "$(find "$images/tmp" "$images/layer" "$images/blobs/sha256" -mindepth 1)" ''
	tare load -q -i "$FIXTURES/busybox.tar" >/dev/null
else
	is 'load --view keeps an index' "$status $(find "$images/layer" -mindepth 1 -maxdepth 1 -name 'view-*' | wc -l)" '0 1'
fi
is 'the image runs' "$(tare run --rm --network none busybox sh -c 'echo x >/x; cat /x')" x
is 'without a user namespace, too' "$(tare run --rm --userns=host --network none busybox sh -c 'echo x >/x; cat /x')" x
is 'with limits' "$(tare run --rm --network none --memory 64m busybox echo limited)" limited
tare run --name kept --network none busybox sh -c 'echo x >/x'
is 'a kept container starts again' "$(tare start -a kept; tare diff kept)" 'A /x'
tare rm kept >/dev/null
# Loaded on a newer kernel than this one: what is to be done is said.
if [ $kind = layer ]; then
	layer=$(find "$images/layer" -mindepth 1 -maxdepth 1)
	mv "$layer" "$images/layer/view-${layer##*/}" # of one layer, whose ChainID is its diffID
	echo >"$images/layer/view-${layer##*/}/index"
	echo >"$images/blobs/sha256/${layer##*/}"
	run tare run --rm --network none busybox true
	is 'a view from a newer kernel does not run' "$status" 125
	like 'and the way out is named' "$stderr" 'without --view'
	tare load -q -i "$FIXTURES/busybox.tar" >/dev/null
	is 'and works' "$(tare run --rm --network none busybox echo unpacked)" unpacked
fi
tare rmi -f -a >/dev/null 2>&1
done_testing
