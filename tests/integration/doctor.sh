#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# doctor.sh - What works here, why not, and what to type
. "$(dirname "$0")/../lib/harness.sh"

need jq setpriv unshare

# works FEATURE: as the document in $stdout says
works() {
	jq ".Features[\"$1\"].Works" <<<"$stdout"
}

run tare doctor --json
is 'as root, all that is needed is there' "$status $(jq -c '[.Ok, .Missing]' <<<"$stdout")" '0 [true,[]]'
for feature in root pidfd clone3 openat2 mount-api userns idmap overlay seccomp store bridge veth nft ports ip_forward binary; do
	is "$feature works" "$(works $feature)" true
done
is 'every "no" has a reason' "$(jq '[.Features[] | select((.Works | not) and .Why == "")] | length' <<<"$stdout")" 0
for controller in memory pids cpu; do
	there=false
	! has_controller $controller || there=true
	is "controller $controller is there if the kernel says so" "$(works $controller)" $there
done
like 'the store is named, with its file system' "$(jq -r .Features.store.Why <<<"$stdout")" "'$TARE_ROOT' on [a-z0-9]+, "
run tare doctor
like 'the page for people ends with the same' "$status $stdout" $'^0 Kernel\n.*\nAll that is needed is there.$'
run tare doctor -q
is '--quiet has nothing to say then' "$status $stdout" '0 '
is 'no cgroup of the trial stays' "$(find /sys/fs/cgroup -maxdepth 4 -name 'doctor-*' 2>/dev/null)" ''
fails 'an unknown feature is refused' 125 tare doctor nosuch

# --- what is missing
run env PATH=/nonexistent "$TARE" doctor -q criu
is 'a feature that is asked for and missing ends with 122' "$status" 122
like 'and is named, with the reason and what to do' "$stdout" \
	$'no +criu .*: it is not installed\n +NEEDED .*\n +try: .*criu\nNeeded and missing: criu$'
ulimit -Sn 1024
run bash -c "ulimit -Hn 2000; exec '$TARE' doctor --json files"
is 'too few open files are noticed' "$status $(works files)" '122 false'
mkdir "$T/locked"
chmod 777 "$T/locked"
run tare --root "$T/locked" doctor --json
is 'a store that others can write to is none' "$status $(jq -c .Missing <<<"$stdout")" '122 ["idmap","store"]'
run tare --root "$T/locked" images
like 'and is told how it becomes one' "$stderr" "hint: .*chmod 0700 '$T/locked'"
run setpriv --bounding-set -sys_ptrace "$TARE" doctor root
like 'a root that lacks rights is none' "$status $stdout" '^122 .*no +root .*root has no SYS_PTRACE here'
mkdir -p "$T/root/bin"
run setpriv --bounding-set -sys_admin "$TARE" run --rm --network none --rootfs "$T/root" true
like 'and is told so when they would be needed' "$status $stderr" '^125 .*hint: here root has no SYS_ADMIN: in a container, .*--privileged'
mkdir -p "$T/layers"/{low,up,work,top}
if mount -t overlay -o "lowerdir=$T/layers/low,upperdir=$T/layers/up,workdir=$T/layers/work" none "$T/layers/top" 2>/dev/null; then
	run tare --root "$T/layers/top/store" doctor -q
	umount "$T/layers/top"
	like 'a store on an overlay cannot be used' "$status $stdout" '^122 .*on overlay: no overlay can be written on top of one'
else
	skip 'a store on an overlay cannot be used' 'no overlay can be made here'
fi
run unshare -n sh -c "mount -t tmpfs -o ro none /sys/fs/cgroup 2>/dev/null; exec '$TARE' doctor --json cgroup"
is 'where no cgroup can be made that is said' "$status $(works cgroup)" '122 false'
umount /sys/fs/cgroup 2>/dev/null

# --- somebody who is not root
exec 9<"$TARE"
run setpriv --reuid 65534 --regid 65534 --clear-groups env -u TARE_ROOT -u TARE_RUNROOT HOME=/nonexistent \
	/proc/self/fd/9 doctor -q
is 'without root nothing can be run' "$status" 122
like 'and sudo is what to type' "$stdout" $'no +root .*this is user 65534\n.*\n +try: sudo tare'
done_testing
