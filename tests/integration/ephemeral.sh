#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ephemeral.sh - run --ephemeral: nothing stays, whatever happens
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a

# What is on disk and in memory of us, but for directories that every command makes.
state() {
	find "$TARE_ROOT" "$TARE_RUNROOT" ! -name '*.lock' \
		! -path "$TARE_ROOT" ! -path "$TARE_RUNROOT" -printf '%P %y %s\n' |
		grep -vE ' d [0-9]+$' | sort
	find "$TARE_ROOT/images/tmp" "$TARE_ROOT/images/layer" "$TARE_ROOT/containers" \
		"$TARE_RUNROOT/containers" -mindepth 1 -maxdepth 1 2>/dev/null
	find /sys/fs/cgroup -type d -path '*tare/*' -name '????????????????*' 2>/dev/null
}

unchanged() {
	is "$1" "$(diff before <(state))" ''
}

load_busybox
tare save -q -o busybox.tar busybox
tare rmi busybox >/dev/null
run tare run --rm --ephemeral --network none busybox.tar true
state >before

run tare run --ephemeral --network none busybox.tar sh -c 'echo x >/x; cat /x; exit 3'
is 'an archive runs' "$status $stdout" '3 x'
unchanged 'and nothing of it stays'
is 'its image is not in the store' "$(tare images -q)" ''

run tare run --ephemeral --repeat 2 --network none busybox.tar echo twice
is 'also more than once' "$status $stdout" $'0 twice\ntwice'
run tare run --ephemeral --network none -v data:/data busybox.tar sh -c 'echo kept >/data/x'
is 'a named volume is what stays' "$status $(cat "$TARE_ROOT/volumes/data/_data/x")" '0 kept'
tare volume rm data >/dev/null
run tare run --ephemeral --network none --storage-opt upper=disk busybox.tar sh -c 'echo x >/x'
unchanged 'what was written to disk goes, too'
run bash -c "cat busybox.tar | '$TARE' run --ephemeral --network none /dev/stdin echo piped"
is 'a pipe can be run' "$status $stdout" '0 piped'
unchanged 'and leaves nothing'

fails 'a program that is not there' 127 tare run --ephemeral --network none busybox.tar nothing
unchanged 'leaves nothing'
fails 'nor one that is not there in the background' 127 \
	tare run -d --ephemeral --network none busybox.tar nothing
unchanged 'leaves anything'
fails 'a failed start' 125 tare run --ephemeral --network none -v /nowhere:/x:ro busybox.tar true
unchanged 'leaves nothing, either'
head -c 20000 busybox.tar >cut.tar
fails 'a broken archive' 125 tare run --ephemeral --network none cut.tar true
unchanged 'leaves as little'
like 'create does not know it' "$(tare create --ephemeral busybox.tar 2>&1)" "unknown (option|flag).*'--ephemeral'"

id=$(tare run -d --ephemeral --name live --network none busybox.tar sleep 1000)
is 'in the background, it runs' "$(tare ps -q --no-trunc)" "$id"
is 'one container is listed' "$(tare ps -aq | wc -l)" 1
is 'exec works' "$(tare exec live cat /etc/hostname)" "${id:0:12}"
ok 'its changes are seen' tare exec live touch /made
is 'as changes' "$(tare diff live | grep -c '^A /made$')" 1
run tare commit live kept
like 'nothing of it becomes an image' "$status $stderr" '^125 .*--ephemeral'
ok 'a check finds nothing' tare system check
tare rm -f live >/dev/null
unchanged 'and when it was removed nothing is left'

# --- kill -9 ---
# What was killed is gone a moment later only; then the next command clears up.
cleared() {
	tare ps >/dev/null
	[ -z "$(diff before <(state))" ]
}

kill_monitor() {
	kill -9 "$(tare inspect -f '{{.State.Pid}}' "$1" | xargs -I{} ps -o ppid= -p {})"
}
tare run -d --ephemeral --name live --network none busybox.tar sleep 1000 >/dev/null
kill_monitor live
wait_for 5 cleared
unchanged 'the command after a kill -9 of the monitor clears up'

"$TARE" run --ephemeral --network none busybox.tar sleep 1000 >/dev/null &
pid=$!
wait_for 10 eval 'tare ps -q | grep -q .'
kill -9 $pid
wait $pid 2>/dev/null
wait_for 5 cleared
unchanged 'so does the one after a kill -9 of the CLI'

# While it is loading: a pipe that does not end.
mkfifo pipe
"$TARE" run --ephemeral --network none ./pipe true 2>/dev/null &
pid=$!
exec 9>pipe
head -c 1000000 busybox.tar >&9
wait_for 10 eval 'ls "$TARE_ROOT"/images/tmp/*/images/tmp/* >/dev/null 2>&1'
tare ps >/dev/null
ok 'others leave work in progress alone' eval 'ls "$TARE_ROOT"/images/tmp/*/images/tmp/*'
kill -9 $pid
wait $pid 2>/dev/null
exec 9>&-
wait_for 5 cleared # the loader ends with the CLI, and not before
unchanged 'and while it loads'

# --- what the store has ---
tare load -q -i busybox.tar >/dev/null
state >before
run tare run --ephemeral --network none busybox echo stored
is 'a stored image runs' "$status $stdout" '0 stored'
unchanged 'and stays as it was'
run tare run --rm --network none busybox.tar true
state >before
run tare run --ephemeral --network none busybox.tar echo known
is 'an archive that is known already, too' "$status $stdout" '0 known'
unchanged 'with the store as it was'

done_testing
