# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# harness.sh - For integration tests: TAP, an isolated host, no traces
#
# A test script, tests/integration/NAME.sh, mode 0755, is
#
#	#!/bin/bash
#	# SPDX-License-Identifier: Apache-2.0
#	. "$(dirname "$0")/../lib/harness.sh"
#
#	load_busybox
#	run tare run --rm busybox sh -c 'echo out; echo err >&2; exit 7'
#	is 'run passes the exit code on' "$status" 7
#	is 'run passes stdout on' "$stdout" out
#	like 'messages go to stderr' "$stderr" '^err'
#	done_testing
#
# and runs alone or by tests/run. Sourcing this file starts it again as root in
# namespaces of its own (mount, net, pid, ipc; see isolate), with
#
#	$TARE       the binary, build/tare unless set; the function tare runs it
#	$TARE_ROOT  $TARE_RUNROOT   private, exported
#	$T          empty scratch directory, also HOME and the working directory
#	$FIXTURES   shared images, read-only: see fixtures
#
# After the script, its remains are looked for: a leak fails it. So remove the
# containers you start (tare rm -f -a), also by on_exit where steps may fail.
#
# Checks; DESC is a sentence that says what holds. None may run in a subshell.
#	ok DESC CMD...        CMD ends 0; else its output is shown
#	fails DESC CODE CMD...  CMD ends with CODE
#	is DESC GOT WANTED    equal strings          isnt: different
#	like DESC GOT REGEX   extended regex         unlike: does not match
#	pass DESC, fail DESC [TEXT]
#	skip DESC REASON      REASON is shown; with TARE_TEST_NO_SKIP=1 (VM) a failure
#	skip_all REASON       the whole script
# Helpers
#	run CMD...            sets $status $stdout $stderr
#	term PROGRAM ARG... <<COMMANDS   PROGRAM on a terminal, driven as term.py says;
#	                      $stdout is what it shows and "code N"
#	wait_for SECONDS CMD...   tries until CMD ends 0; never sleep for a condition
#	need PROGRAM...       skip_all unless installed
#	has_controller NAME   whether cgroup v2 offers it here
#	load_busybox          localhost/busybox:latest into TARE_ROOT
#	copy_program DIR PROGRAM...   host programs and their libraries into a root
#	free_port             a TCP port nobody listens on
#	on_exit CMD...        run at the end, last one first, also when interrupted
#	diag TEXT             a comment in the output
#	done_testing          last line of every script

if [ -z "${TARE_TEST_INSIDE:-}" ]; then
	exec "$(dirname "${BASH_SOURCE[0]}")/isolate" "$(readlink -f "$0")" "$@"
fi

set -u
shopt -s extglob

TARE=${TARE:-$TARE_TEST_TOP/build/tare}
FIXTURES=${TARE_TEST_FIXTURES:-$TARE_TEST_TOP/build/fixtures}
export TARE FIXTURES
# shellcheck disable=SC2034 # what run() found, for the script
status=0 stdout='' stderr=''
test_count=0 test_failures=0
exit_commands=()

tare() {
	"$TARE" "$@"
}

diag() {
	local line
	while IFS= read -r line; do
		echo "#   $line"
	done <<<"$*"
}

# result "ok"|"not ok" DESC [SKIP-REASON]
result() {
	test_count=$((test_count + 1))
	echo "$test_count" >"$TARE_TEST_SCRATCH/count"
	printf '%s %d - %s%s\n' "$1" "$test_count" "${2//#/}" "${3+ # SKIP $3}"
}

pass() {
	result ok "$1"
}

fail() {
	test_failures=$((test_failures + 1))
	result 'not ok' "$1"
	diag "at ${BASH_SOURCE[-1]##*/}:${BASH_LINENO[-2]}"
	[ $# -lt 2 ] || diag "$2"
}

ok() {
	local desc=$1 output code
	shift
	output=$("$@" 2>&1)
	code=$?
	if [ $code = 0 ]; then
		pass "$desc"
	else
		fail "$desc" "$* ended with $code"$'\n'"$output"
	fi
}

fails() {
	local desc=$1 wanted=$2 output code
	shift 2
	output=$("$@" 2>&1)
	code=$?
	if [ $code = "$wanted" ]; then
		pass "$desc"
	else
		fail "$desc" "$* ended with $code, not $wanted"$'\n'"$output"
	fi
}

is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got:    '$2'"$'\n'"wanted: '$3'"$'\n'"stderr of the last run: $stderr"
	fi
}

isnt() {
	if [ "$2" != "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$2', which is just what was not wanted"
	fi
}

like() {
	if [[ $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1" "got:      '$2'"$'\n'"no match: /$3/"$'\n'"stderr of the last run: $stderr"
	fi
}

unlike() {
	if [[ $2 =~ $3 ]]; then
		fail "$1" "got:   '$2'"$'\n'"match: /$3/"
	else
		pass "$1"
	fi
}

skip() {
	if [ -n "${TARE_TEST_NO_SKIP:-}" ]; then
		fail "$1" "skipped where nothing may be: $2"
	else
		result ok "$1" "$2"
	fi
}

skip_all() {
	skip "$(basename "$0" .sh)" "$1"
	done_testing
}

# shellcheck disable=SC2034
run() {
	status=0
	"$@" >"$T/.stdout" 2>"$T/.stderr" || status=$?
	stdout=$(tr -d '\0' <"$T/.stdout")
	stderr=$(tr -d '\0' <"$T/.stderr")
}

term() {
	local program=$1
	shift
	run python3 "$TARE_TEST_LIB/term.py" "$(command -v "$program")" "$@"
}

wait_for() {
	local deadline=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.05
	done
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
}

has_controller() {
	local base
	for base in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ -f "$base/cgroup.controllers" ] && grep -qw "$1" "$base/cgroup.controllers" && return
	done
	return 1
}

load_busybox() {
	tare load -q -i "$FIXTURES/busybox.tar" >/dev/null || {
		fail 'the busybox image loads'
		exit 1
	}
}

copy_program() {
	local root=$1 program path
	shift
	for program; do
		path=$(command -v "$program") || return 1
		path=$(readlink -f "$path")
		for path in "$path" $(ldd "$path" 2>/dev/null | grep -o '/[^ ]*'); do
			[ -e "$root$path" ] && continue
			mkdir -p "$root${path%/*}"
			cp -L "$path" "$root$path"
		done
	done
}

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 10000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo $port
}

on_exit() {
	exit_commands+=("$(printf '%q ' "$@")")
}

run_exit_commands() {
	local i
	for ((i = ${#exit_commands[@]} - 1; i >= 0; i--)); do
		eval "${exit_commands[i]}" >/dev/null 2>&1
	done
	exit_commands=()
}

done_testing() {
	touch "$TARE_TEST_SCRATCH/done"
	exit $((test_failures > 0))
}

trap run_exit_commands EXIT
trap 'exit 130' INT TERM HUP
