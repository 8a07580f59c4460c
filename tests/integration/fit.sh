#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fit.sh - tare fit: what cannot be tried; the rest needs limits, see tests/vm/fit.sh
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# refused WORDS FLAGS...
refused() {
	local words=$1
	shift
	run tare fit "$@" busybox true
	is "'$*' is refused" "$status $stdout" '125 '
	like "'$*': and why" "$stderr" "$words"
}
refused 'nothing to fit'
refused "'1g' is no range, as 8m..1g" --memory 1g
refused "'..' is no range" --memory ..
refused "'8m..lots' is no range" --memory 8m..lots
refused 'the first limit must be less' --memory 1g..8m
refused 'the first limit must be less' --memory 0..8m
refused "'0..5' is no range, as 1..200" --pids 0..5
refused "'1..9999999999' is no range" --pids 1..9999999999
refused "'0..1' is no range" --cpus 0..1 --timeout 5s
refused '--cpus without a time' --cpus 0.1..1
refused '--repeat must be 1 to 1000' --pids 1..5 --repeat 0
refused '--precision must be 0 to 50' --pids 1..5 --precision 99
refused "--format is table or json, not 'xml'" --pids 1..5 --format xml
fails 'an image is needed' 125 tare fit --pids 1..5
run tare fit --pids 1..5 nosuch true
is 'so is one that is there' "$status $stdout" '125 '
like 'what run says is told' "$stderr" "it does not start: no such image: 'nosuch'"
if has_controller pids; then
	skip 'limits that are not to be had' 'this host has controller pids in cgroup v2'
else
	refused "it does not start: --pids-limit on this host: controller 'pids'" --pids 1..5
fi
is 'no container is left' "$(tare ps -aq)" ''
done_testing
