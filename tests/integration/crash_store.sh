#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# crash_store.sh - Commands that change the store, killed anywhere or many at once: it stays whole
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/crash.sh"

load_busybox
on_exit tare rm -f -a

# Every STEP-th system call of a command is one to die at; 1 takes minutes.
STEP=${TARE_CRASH_STEP:-53}
images=$TARE_ROOT/images

no_trash() {
	[ -z "$(find "$TARE_ROOT/trash" -mindepth 1 2>/dev/null)" ]
}

# wrong N: what is wrong after a command was killed at its N-th call
wrong() {
	# Whatever is not named is rubbish that a check takes away; nothing may be beyond repair.
	tare system check >"$T/found" 2>&1 || sed "s/^/check after $1: /" "$T/found"
	tare system check 2>&1 | sed "s/^/second check after $1: /"
	wait_for 5 no_trash # it is emptied in the background
	find "$images/tmp" "$TARE_ROOT/trash" -mindepth 1 2>/dev/null | sed "s/^/left after $1: /"
	[ "$(tare run --rm --network none busybox echo works 2>"$T/err")" = works ] || sed "s/^/run after $1: /" "$T/err"
}

# sweep NAME OPTION PREPARE -- COMMAND...: PREPARE is a function
sweep() {
	local name=$1 options=$2 prepare=$3 n=1 killed=0 bad='' code=137
	shift 4
	while [ -z "$bad" ] && [ $n -lt 2000 ]; do
		$prepare
		# shellcheck disable=SC2086 # none or one
		kill_at $n $options "$TARE" "$@"
		code=$?
		bad=$(wrong $n)
		[ $code = 137 ] || break
		killed=$((killed + 1))
		n=$((n + STEP))
	done
	is "$name, killed at $killed of its system calls, leaves a whole store" "$bad" ''
	[ $((killed * STEP)) -gt 10 ] || fail "$name was killed all along its way" "only $killed times"
	$prepare
	ok "$name works after all that" "$TARE" "$@"
}

mkdir -p root/etc
echo hello >root/etc/motd
head -c 300000 /dev/urandom >root/data
tar -C root -cf root.tar .
tare import root.tar extra >/dev/null
tare save -q -o extra.tar extra
tare run --name box busybox sh -c 'echo a >/root/a; rm /etc/passwd; mkdir /d; echo b >/d/b'
tare run -d --name live busybox sh -c 'echo a >/root/a; exec sleep 1000' >/dev/null

have_extra() {
	tare load -q -i extra.tar >/dev/null
}

no_extra() {
	tare rmi -f extra made >/dev/null 2>&1
}

have_dangling() {
	tare image prune -f >/dev/null # or there were more to prune each time
	tare import -m "$RANDOM$RANDOM" root.tar extra >/dev/null
	tare import -m "$RANDOM$RANDOM" root.tar extra >/dev/null
}

have_stopped() {
	tare rm -f spare >/dev/null 2>&1
	tare create --name spare busybox true >/dev/null
}

sweep 'rmi' '' have_extra -- rmi extra
sweep 'image prune' '' have_dangling -- image prune -f
sweep 'load --keep-blobs' '' no_extra -- load --keep-blobs -q -i extra.tar
sweep 'load, and its loader' -f no_extra -- load --keep-blobs -q -i extra.tar
sweep 'import' '' no_extra -- import root.tar made
sweep 'commit' '' no_extra -- commit box made
sweep 'commit of a container that runs' '' no_extra -- commit live made
ok 'which is not frozen' timeout 10 "$TARE" exec live true
sweep 'commit and all it starts' -f no_extra -- commit live made
# Killed with the process that thaws it, it may be frozen: pausing it again puts that right.
ok 'a container that was left frozen can be paused' tare pause live
ok 'and goes on' tare unpause live
ok 'as before' timeout 10 "$TARE" exec live true
have_extra
sweep 'save' '' true -- save -q -o saved.tar extra
sweep 'container prune' '' have_stopped -- container prune -f --filter label!=none
tare rm -f -a >/dev/null
rm -f saved.tar*

# --- many at once ---

tare import -c 'CMD ["true"]' root.tar one >/dev/null
tare save -q -o one.tar one
tare rmi one >/dev/null
end=$((SECONDS + ${TARE_CRASH_SECONDS:-4}))

# again NAME COMMAND...: until the time is over; what goes wrong is written down
again() {
	local name=$1
	shift
	while [ $SECONDS -lt $end ]; do
		"$TARE" "$@" >/dev/null 2>"$T/err.$name" ||
			# These say no more than that somebody else was faster.
			grep -vE 'no such image|is missing from the store|^hint:' "$T/err.$name" >>"$T/errors.$name"
	done
}

again load1 load -q -i extra.tar &
again load2 load -q -i one.tar &
again load3 load -q --keep-blobs -i one.tar &
again run1 run --rm --network none busybox true &
again run2 run --rm --network none busybox sh -c 'echo x >/x' &
again rmi1 rmi one &
again rmi2 rmi extra &
again prune1 image prune -f &
again prune2 system prune -f &
again create create busybox true &
again import import root.tar two &
again tag tag busybox three &
again untag rmi three &
again list images &
again df system df &
again check system check &
wait
is 'many at once: nothing goes wrong' "$(cat "$T"/errors.* 2>/dev/null | sort | uniq -c | head -n 20)" ''
ok 'the store is whole' tare system check
is 'and has no rubbish' "$(find "$images/tmp" -mindepth 1)" ''
is 'the image that was used all the time is there' "$(tare run --rm --network none busybox echo here)" here
tare rm -f -a >/dev/null
done_testing
