#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# additional_stores.sh - Images from stores that are only read
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a

# Another machine's store, seen through a read-only mount; and one more.
mkdir shared second
tare --root "$T/shared" load -q -i "$FIXTURES/busybox.tar" >/dev/null
tare --root "$T/second" load -q -i "$FIXTURES/busybox.tar" >/dev/null
tare --root "$T/second" tag busybox busybox:second
mkdir seen
mount --bind shared seen
mount -o remount,bind,ro seen
on_exit umount seen
export TARE_ADDITIONAL_STORES=$T/seen

before=$(cd shared && find . -printf '%p %i %T@ %C@\n' | sort)
is 'run finds the image' "$(tare run --rm busybox echo works)" works
is 'without a user namespace, too' "$(tare run --rm --userns=host busybox echo works)" works
is 'nothing of it comes to our store' "$(find "$TARE_ROOT/images/layer" "$TARE_ROOT/images/blobs/sha256" -mindepth 1)" ''
is 'images lists it' "$(tare images --format '{{.Repository}}')" localhost/busybox
ok 'it exists' tare image exists busybox
is 'inspect knows where its layers are' "$(tare image inspect -f '{{.GraphDriver.Data.LowerDir}}' busybox | cut -d : -f 1 | grep -c "^$T/seen/images/layer/")" 1

tare run -d --name box busybox sh -c '[ -e /root/a ] || echo a >/root/a; exec sleep 1000' >/dev/null
wait_for 10 tare exec box test -s /root/a
is 'a container that runs has a diff' "$(tare diff box)" $'C /root\nA /root/a'
is 'and files owned by its root' "$(tare exec box stat -c '%u %g' /bin/busybox /root/a | tr '\n' ' ')" '0 0 0 0 '
tare stop -t 0 box >/dev/null
is 'one that is stopped, too' "$(tare diff box)" $'C /root\nA /root/a'
ok 'it starts again' tare start box
is 'with what it had' "$(tare exec box cat /root/a)" a
like 'commit says what to do' "$(tare commit box new 2>&1)" 'additional store.*hint: load'
ok 'check knows where its image is' tare system check
fails 'images in there are not removed' 1 tare rmi busybox
tare rm -f box >/dev/null
is 'nothing was written there' "$(cd shared && find . -printf '%p %i %T@ %C@\n' | sort)" "$before"

load_busybox
is 'our own store comes first' "$(tare image inspect -f '{{.GraphDriver.Data.LowerDir}}' busybox | grep -c "^$TARE_ROOT")" 1
tare rmi busybox >/dev/null
is 'flags come before the environment' "$(tare --additional-store second images --format '{{.Tag}}' | sort | tr '\n' ' ')" 'latest second '
is 'and stores in their order' "$(tare --additional-store second image inspect -f '{{.GraphDriver.Data.LowerDir}}' busybox | grep -c "^$T/second")" 1
is 'an image that only the last one has' "$(TARE_ADDITIONAL_STORES=$T/seen:$T/second tare run --rm busybox:second echo works)" works

export TARE_ADDITIONAL_STORES=
fails 'without the store there is no image' 125 tare run --rm busybox true
like 'a store that is not there is named' "$(tare --additional-store nosuch run --rm busybox true 2>&1)" "additional store '$T/nosuch'"
chown 1000 second/images
like 'nor is one used that is of others' "$(tare --additional-store second run --rm busybox true 2>&1)" 'belongs to.* others'
chown 0 second/images
chmod 777 second/images
like 'nor is one used that others can write to' "$(tare --additional-store second run --rm busybox true 2>&1)" 'writable by, others'
done_testing
