#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# systemd.sh - tare where systemd is in charge of the cgroups
#
# "tare run" makes its own cgroups at the top of the tree; systemd must leave
# them alone, and they must leave no trace among its units.
. "$(dirname "$0")/../../lib/harness.sh"

# manager METHOD: systemctl has no use for a manager that it doesn't see the process of
manager() {
	dbus-send --bus=unix:path=/outer-run/dbus/system_bus_socket --print-reply \
		--dest=org.freedesktop.systemd1 /org/freedesktop/systemd1 "org.freedesktop.systemd1.Manager.$1"
}

count_units() {
	manager ListUnits | grep -c '^ *struct'
}

load_busybox
on_exit tare rm -f -a

units_before=$(count_units)
like 'systemd has units' "$units_before" '^[1-9]'
run tare run -d --name box --memory 64m --pids-limit 50 busybox sleep 1000
is 'run works beside systemd' "$status" 0
group=/sys/fs/cgroup/tare/$(tare inspect -f '{{.Id}}' box)
is 'limits are in force' "$(cat "$group/memory.max") $(cat "$group/pids.max")" '67108864 50'
ok 'systemd reads its units again' manager Reload
is 'limits have stayed' "$(cat "$group/memory.max") $(cat "$group/pids.max")" '67108864 50'
run tare exec box cat /proc/self/cgroup
is 'exec works' "$status" 0
ok 'rm -f' tare rm -f box
fails 'no cgroup is left' 1 test -e "$group"
is 'systemd knows no more units than before' "$(count_units)" "$units_before"
done_testing
