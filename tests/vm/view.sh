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
done_testing
