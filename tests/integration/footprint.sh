#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# footprint.sh - What stays resident for a container: counted in kilobytes
. "$(dirname "$0")/../lib/harness.sh"

if file -L "$TARE" 2>/dev/null | grep -q dynamically || ldd "$TARE" >/dev/null 2>&1; then
	skip_all 'not the static binary that ships'
fi
load_busybox
on_exit tare rm -f -a

monitor_of() { # NAME: the parent of the container's first process
	awk '/^PPid:/ { print $2 }' "/proc/$(tare inspect -f '{{.State.Pid}}' "$1")/status"
}

pss() { # PID: KiB
	awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"
}

is_small() {
	[ "$(pss "$1")" -le 100 ]
}

run tare run -d --name small --network none busybox sh -c 'while read -r line; do echo "$line"; done; exec sleep 1000'
monitor=$(monitor_of small)
is 'the monitor says what it is' "$(cat "/proc/$monitor/comm")" tare-monitor
ok 'a monitor shrinks to 100 KiB once its container is quiet' wait_for 20 is_small "$monitor"
diag "monitor: $(pss "$monitor") KiB"

run tare exec small sh -c 'echo noise >/proc/1/fd/1'
ok 'it still carries output to the log' wait_for 20 bash -c "tare() { '$TARE' \"\$@\"; }; tare logs small | grep -q noise"
ok 'and shrinks again' wait_for 20 is_small "$monitor"
ok 'and still notices the end' tare stop -t 0 small
is 'of which the record tells' "$(tare inspect -f '{{.State.ExitCode}}' small)" 137

size=$(stat -Lc %s "$TARE")
ok 'the static binary has at most 2 MiB' [ "$size" -le $((2 << 20)) ]
diag "binary: $((size >> 10)) KiB"

done_testing
