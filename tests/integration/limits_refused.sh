#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# limits_refused.sh - A limit that cannot be enforced here is an error that says why
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# refused CONTROLLER FLAG VALUE
refused() {
	if has_controller "$1"; then
		skip "$2 is refused" "this host has controller $1 in cgroup v2"
		return
	fi
	run tare run --rm "$2" "$3" busybox echo ran
	is "$2 is refused with 125" "$status" 125
	is "$2: nothing ran" "$stdout" ''
	like "$2: the message names flag and controller" "$stderr" \
		"$2 on this host: controller '$1' is (mounted as cgroup v1|not available in cgroup v2)"
	like "$2: there is a hint" "$stderr" 'hint: '
}

refused memory --memory 64m
refused memory --memory-reservation 64m
refused cpu --cpus 0.5
refused cpu --cpu-shares 512
refused cpuset --cpuset-cpus 0
refused pids --pids-limit 100
refused io --blkio-weight 500
refused memory --cgroup-conf memory.high=64m

run tare run --rm busybox echo ran
is 'without limits it runs' "$status $stdout" '0 ran'
run tare run --rm --pids-limit -1 busybox echo ran
is 'no limit is no demand' "$status $stdout" '0 ran'
fails 'a malformed size is refused' 125 tare run --rm --memory lots busybox true
fails 'a control file that is no limit is refused' 125 tare run --rm --cgroup-conf cgroup.procs=1 busybox true
is 'no container is left' "$(tare ps -aq)" ''
done_testing
