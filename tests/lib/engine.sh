# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# engine.sh - For tests/engines: a machine of its own for a container engine
#
# After harness.sh:
#
#	. "$TARE_TEST_LIB/engine.sh"
#
# The script starts again in a cgroup and a cgroup namespace of its own, where
# /sys/fs/cgroup is pure cgroup v2 with the controllers that the host's v2 tree
# has to give, often none: ask has_controller before a test of limits. It has
#
#	$RUNTIME    the runtime under test, build/tare-oci unless set
#	$TMPDIR     short-lived files of the engine, in $T
#
# and what an engine would write below /etc and /var/lib is hidden by private
# directories. When the script has ended, its cgroup must be without processes.
#
# Helpers
#	daemon NAME CMD...    in the background, output in $T/NAME.log; ended by
#	                      stop_daemon NAME or at the exit
#	same DESC GOT CMD...  GOT is what CMD prints
#	script_tty CMD...     sets $status and $stdout (no CR) of CMD on a terminal

RUNTIME=${RUNTIME:-$TARE_TEST_TOP/build/tare-oci}

# engine_outside SCRIPT...: as a child in a new cgroup; nothing of it is to survive
engine_outside() {
	local base=/sys/fs/cgroup group status=0 i

	[ -f $base/cgroup.controllers ] || base=/sys/fs/cgroup/unified
	[ -f $base/cgroup.controllers ] || skip_all 'no cgroup v2 hierarchy'
	# Of scripts that were killed; a young one may be about to get its process.
	find "$base" -maxdepth 1 -name 'engine.*' -type d -mmin +10 | while read -r group; do
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	done
	group=$(mktemp -d "$base/engine.XXXXXX") || exit 1
	# shellcheck disable=SC2016 # for the shell inside
	TARE_ENGINE_INSIDE=1 bash -c 'echo 0 >"$1/cgroup.procs" && shift && exec unshare --cgroup "$@"' \
		- "$group" "$@" || status=$?
	# A process that has ended leaves its cgroup when it is reaped.
	for ((i = 0; i < 100; i++)); do
		grep -q '^populated 0' "$group/cgroup.events" && break
		sleep 0.1
	done
	if ! grep -q '^populated 0' "$group/cgroup.events"; then
		echo '# processes are left in the cgroup:'
		find "$group" -name cgroup.procs -exec cat {} + | while read -r pid; do
			ps -o pid,args -p "$pid" | sed '1d; s/^/#   /'
		done
		echo 1 >"$group/cgroup.kill"
		status=1
	fi
	for ((i = 0; i < 50; i++)); do
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
		[ -d "$group" ] || break
		sleep 0.1
	done
	trap - EXIT
	exit $status
}

[ -n "${TARE_ENGINE_INSIDE:-}" ] || engine_outside "$(readlink -f "$0")" "$@"

# The engine's view: one hierarchy, and below its root no process in the way of controllers.
engine_cgroup() {
	local controller

	mount -t cgroup2 cgroup2 /sys/fs/cgroup || return
	on_exit umount /sys/fs/cgroup
	mkdir /sys/fs/cgroup/init && echo $$ >/sys/fs/cgroup/init/cgroup.procs || return
	tr ' ' '\n' </sys/fs/cgroup/cgroup.controllers | while read -r controller; do
		[ -z "$controller" ] || echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
	done
}

# hide DIR...: an empty directory of our own over each that is there
hide() {
	local dir
	for dir; do
		[ -d "$dir" ] || continue
		mount -t tmpfs -o mode=0755 tmpfs "$dir" || return
		on_exit umount "$dir"
	done
}

declare -A daemon_pids=()

daemon() {
	local name=$1
	shift
	"$@" >"$T/$name.log" 2>&1 </dev/null &
	daemon_pids[$name]=$!
	on_exit stop_daemon "$name"
}

# Its end is waited for; what does not end in 20 seconds is killed.
stop_daemon() {
	local pid=${daemon_pids[$1]:-} i

	[ -n "$pid" ] || return 0
	unset "daemon_pids[$1]"
	kill "$pid" 2>/dev/null
	for ((i = 0; i < 400; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

# shellcheck disable=SC2034
script_tty() {
	status=0
	script -qec "$(printf '%q ' "$@")" /dev/null </dev/null >"$T/.stdout" 2>&1 || status=$?
	stdout=$(tr -d '\0\r' <"$T/.stdout")
	stderr=$stdout
}

[ -x "$RUNTIME" ] || {
	fail "the runtime is there: '$RUNTIME'"
	exit 1
}
engine_cgroup || {
	fail 'cgroup v2 can be mounted in a namespace of its own'
	exit 1
}
export TMPDIR=$T/tmp
mkdir -p "$TMPDIR"
unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS DOCKER_HOST CONTAINER_HOST
diag "runtime: $("$RUNTIME" --version 2>&1 | head -n 1)"

# terminal_session COMMAND...: a shell at a terminal, with what a user does there; its code is 2
terminal_session() {
	term "$@" <<-'END'
		expect [#\$] 
		send tty; until stty size 2>/dev/null | grep '24 8[0]'; do sleep 0.1; done\n
		expect /dev/pts/0\s+24 80
		send sh -c 'echo u""p; exec sleep 100'\n
		expect up
		send \x03
		size 33 99
		send until stty size | grep '33 9[9]'; do sleep 0.1; done\n
		expect \n33 99
		send exit 2\n
		wait
	END
}
