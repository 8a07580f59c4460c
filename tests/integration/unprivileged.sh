#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# unprivileged.sh - What somebody is told who forgot sudo, or sits in a chroot
. "$(dirname "$0")/../lib/harness.sh"

need setpriv chroot

# The binary and its directories may be closed to others: an fd is not.
exec 9<"$TARE"
as_nobody() {
	(
		cd / && exec env -u TARE_ROOT -u TARE_RUNROOT HOME=/nonexistent \
			setpriv --reuid 65534 --regid 65534 --clear-groups bash -c 'exec -a tare /proc/self/fd/9 "$@"' tare "$@"
	)
}

for command in ps images 'run x' 'exec x y' 'rm x' 'load -i /etc/passwd' 'start x'; do
	# shellcheck disable=SC2086 # words
	run as_nobody $command
	like "${command%% *} without root says so, and what to do" "$status $stderr" \
		"^125 tare: '${command%% *}' needs root.*hint: run it with sudo"
done
install -d -o 65534 -g 65534 /run/own
own=(--root /run/own/root --runroot /run/own/run)
ok 'a store of its own may be looked at' as_nobody "${own[@]}" images
ok 'and is where it was said to be' test -d /run/own/root -a -d /run/own/run
run as_nobody "${own[@]}" run x
like 'but nothing is run from it' "$status $stderr" "^125 tare: 'run' needs root"$'\n'
rm -r /run/own
ok 'the help needs no root' as_nobody run --help
ok 'in no form' as_nobody help run
ok 'nor does the version' as_nobody version
is 'nothing was left in a temporary directory' "$(find /tmp -maxdepth 1 -name 'tare-*' -uid 65534)" ''

# A chroot that is a directory, not a mount point: no user namespaces there.
cp -a "$FIXTURES/root" "$T/chroot"
mkdir -p "$T/chroot/proc" "$T/chroot/dev"
copy_program "$T/chroot" "$TARE"
mount -t proc proc "$T/chroot/proc"
mount --bind /dev "$T/chroot/dev"
on_exit umount "$T/chroot/proc" "$T/chroot/dev"
for mode in private host; do
	run env TARE_ROOT=/tare-root TARE_RUNROOT=/tare-run \
		chroot "$T/chroot" "$(readlink -f "$TARE")" run --rm --network none --userns $mode --rootfs / true
	is "in a chroot nothing runs with --userns=$mode" "$status" 125
	like 'and the hint says why' "$stderr" 'hint: this is a chroot'
done
done_testing
