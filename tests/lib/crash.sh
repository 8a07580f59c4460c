# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# crash.sh - For tests that kill commands at their system calls: sourced after harness.sh
#
#	kill_at N [-f | -a] CMD...   as killat.c says; 137: killed
#
# TARE_CRASH_STEP is the distance between the calls that are died at; 1 takes long.

KILLAT=$FIXTURES/killat
if [ ! -x "$KILLAT" ]; then
	need cc
	KILLAT=$T/killat
	cc -static -O1 -o "$KILLAT" "$TARE_TEST_TOP/tests/lib/killat.c" || exit 1
fi

kill_at() {
	local n=$1 how=()
	shift
	case $1 in
	-f | -a)
		how=("$1")
		shift
		;;
	esac
	"$KILLAT" "${how[@]}" "$n" "$@" >/dev/null 2>&1 </dev/null
}
