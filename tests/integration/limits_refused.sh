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
	run tare run -d --strict "$2" "$3" busybox echo ran
	is "$2 --strict is refused with 122" "$status $stdout" '122 '
}

refused memory --memory 64m
refused memory --memory-reservation 64m
refused cpu --cpus 0.5
refused cpu --cpu-shares 512
refused cpuset --cpuset-cpus 0
refused cpuset --vcpus 1
refused pids --pids-limit 100
refused io --blkio-weight 500
refused memory --cgroup-conf memory.high=64m

if disk=$(find /dev -type b | head -n 1) && [ -n "$disk" ] && [ ! -e "/sys/class/block/${disk##*/}/partition" ]; then
	refused io --device-read-bps "$disk:1m"
	refused io --device-write-iops "$disk:100"
	tare create --name slow --device-write-bps "$disk:1m" busybox true >/dev/null
	is 'inspect shows limits of disks as docker does' \
		"$(tare inspect -f '{{json .HostConfig.BlkioDeviceWriteBps}}' slow)" "[{\"Path\":\"$disk\",\"Rate\":1048576}]"
	tare rm slow >/dev/null
else
	skip 'limits of disks' 'there is no whole disk in /dev'
fi
for bad in /dev/null:1m /dev:1m /nosuch:1m /dev/null /dev/null: relative:1m /dev/null:0 /dev/null:-1; do
	fails "--device-read-bps $bad is refused" 125 tare run --rm --device-read-bps $bad busybox true
done

run tare run --rm busybox echo ran
is 'without limits it runs' "$status $stdout" '0 ran'
run tare run --rm --strict busybox echo ran
is 'with --strict, too: nothing was asked for' "$status $stdout $stderr" '0 ran '
run tare run --rm --pids-limit -1 busybox echo ran
is 'no limit is no demand' "$status $stdout" '0 ran'
is 'cpus lists the processors' "$(tare cpus --format '{{.CPU}} {{.State}}' | sort -n)" \
	"$(for cpu in /sys/devices/system/cpu/cpu[0-9]*; do [ "$(cat "$cpu/online" 2>/dev/null)" = 0 ] || echo "${cpu##*/cpu} free"; done | sort -n)"
is 'as a table, with titles' "$(tare cpus | head -1 | tr -s ' ')" 'CPU CORE SOCKET NODE STATE CONTAINER VCPU ALSO USED BY'
like 'as JSON, with numbers' "$(tare cpus --format json)" '"CPU": ?0,.*"VCPU": ?null'
fails 'no processors are no number of them' 125 tare run --rm --vcpus -1 busybox true
fails 'a malformed size is refused' 125 tare run --rm --memory lots busybox true
fails 'a control file that is no limit is refused' 125 tare run --rm --cgroup-conf cgroup.procs=1 busybox true
is 'no container is left' "$(tare ps -aq)" ''
done_testing
