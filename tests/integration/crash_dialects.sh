#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# crash_dialects.sh - Killed anywhere while archives of any dialect are loaded, run, removed
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/crash.sh"

need python3
load_busybox
on_exit tare rm -f -a

# Every STEP-th system call is one to die at, and each dialect begins at another one, so that
# together they die at every 16th; 1 takes an hour.
STEP=${TARE_CRASH_STEP:-97}
images=$TARE_ROOT/images

nothing_staged() {
	[ -z "$(find "$images/tmp" "$TARE_ROOT/trash" "$TARE_ROOT/containers" -mindepth 1 2>/dev/null)" ]
}

# wrong N: the store has to be whole, the next command has to work, rubbish has to be gone
wrong() {
	tare system check >"$T/found" 2>&1 || sed "s/^/check after $1: /" "$T/found"
	[ "$(tare run --rm --network none busybox echo works 2>"$T/err")" = works ] || sed "s/^/run after $1: /" "$T/err"
	nothing_staged || wait_for 5 nothing_staged || echo "something is left after $1"
}

# sweep NAME FIRST OPTION PREPARE -- COMMAND...: the option is kill_at's, or empty
sweep() {
	local name=$1 n=$2 first=$2 option=$3 prepare=$4 killed=0 bad='' code=137
	shift 5
	while [ -z "$bad" ] && [ "$n" -lt 2000 ]; do
		$prepare
		# shellcheck disable=SC2086 # none or one
		kill_at "$n" $option "$TARE" "$@"
		code=$?
		bad=$(wrong "$n")
		[ $code = 137 ] || break
		killed=$((killed + 1))
		n=$((n + STEP))
	done
	is "$name, killed at $killed of its calls from the ${first}th on, leaves a whole store" "$bad" ''
	[ $killed -gt 0 ] || fail "$name was killed at all"
	bad=$(tare system check 2>&1)
	is 'checked again, there is nothing to say' "$bad" ''
	$prepare
	ok 'then it works' "$TARE" "$@"
}

# The upper layer removes, implies a directory and links to the lower one: all that takes settling.
tar -C "$FIXTURES/root" --sort=name -cf lower.tar .
mkdir upper upper/bin
touch upper/.wh.etc upper/bin/linked upper/bin/busybox
ln -f upper/bin/busybox upper/bin/linked
tar -C upper -cf both.tar .wh.etc bin/busybox bin/linked
tar --delete -f both.tar bin/busybox

have_odd() {
	tare load -q -i x >/dev/null
}

no_odd() {
	tare rmi -f odd >/dev/null 2>&1
}

first=0
for dialect in oci dir docker docker1 hybrid packed; do
	rm -rf x
	"$TARE_TEST_TOP/tests/archives/make" $dialect x 'sh -c true' lower.tar both.tar
	first=$((first + 16))
	sweep "$dialect: load" $first '' no_odd -- load -q -i x
	sweep "$dialect: load and its loader" $first -f no_odd -- load -q -i x
	sweep "$dialect: rmi" $first '' have_odd -- rmi odd
	have_odd
	is "$dialect: the link across layers is there" "$(tare run --rm --network none odd stat -c %h /bin/linked)" 2
	no_odd
	[ $dialect = dir ] || sweep "$dialect: run" $first '' no_odd -- run --rm --network none ./x
done

dangling() {
	have_odd
	tare tag busybox odd
	tare rmi odd >/dev/null
}
sweep 'image prune' 3 '' dangling -- image prune -f
done_testing
