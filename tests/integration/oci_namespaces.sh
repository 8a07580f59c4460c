#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_namespaces.sh - OCI runtime: namespaces new, shared and by path; id maps, sysctl, names, time
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

chmod 0755 "$T" "${T%/*}"

# ns_of NAME FILTER: $stdout is "type inode" for each namespace of a container
ns_of() {
	bundle "$1" 'sh("cd /proc/self/ns; for n in *; do echo $n $(readlink $n); done") | '"$2" "${@:3}"
	launch "$1"
}

namespace() {
	awk -v n="$1" '$1 == n { print $2 }' <<<"$stdout"
}

# --- new, shared ---------------------------------------------------------------

ns_of all 'ns("cgroup")'
for try in pid:pid net:network ipc:ipc uts:uts mnt:mount cgroup:cgroup; do
	name=${try%:*}
	isnt "a new ${try#*:} namespace is not ours" "$(namespace "$name")" "$(readlink "/proc/self/ns/$name")"
	isnt 'it is one' "$(namespace "$name")" ''
done
is 'the user namespace is ours unless it is asked for' "$(namespace user)" "$(readlink /proc/self/ns/user)"
for try in pid:pid net:network ipc:ipc uts:uts; do
	name=${try%:*}
	filter="no_ns(\"${try#*:}\")"
	[ "$name" != uts ] || filter+=' | del(.hostname)'
	[ "$name" != net ] || filter+=' | .mounts |= map(select(.type != "sysfs")) | .linux.maskedPaths = []'
	[ "$name" != ipc ] || filter+=' | .mounts |= map(select(.type != "mqueue"))'
	ns_of shared "$filter"
	is "without one, the ${try#*:} namespace is ours" "$(namespace "$name")" "$(readlink "/proc/self/ns/$name")"
done
sh_run first 'echo $$; cat /proc/1/comm'
is 'the program is pid 1 of a new pid namespace' "$(sed -n 1p <<<"$stdout")" 1
sh_run network 'ls /sys/class/net; cat /sys/class/net/lo/flags'
is 'a new network namespace has lo' "$(sed -n 1p <<<"$stdout")" lo
is 'which is up' "$(sed -n 2p <<<"$stdout")" 0x9

# --- by path -----------------------------------------------------------------------

unshare --net --ipc --uts --cgroup sleep 1000 &
holder=$!
on_exit kill $holder
wait_for 5 test "$(readlink "/proc/$holder/ns/net")" != "$(readlink /proc/self/ns/net)"
for try in net:network ipc:ipc uts:uts cgroup:cgroup; do
	name=${try%:*}
	ns_of joined "del(.hostname) | ns(\"${try#*:}\"; \"/proc/$holder/ns/$name\")"
	is "a ${try#*:} namespace can be joined by path" "$(namespace "$name")" "$(readlink "/proc/$holder/ns/$name")"
done
touch "$T/netns"
mount --bind "/proc/$holder/ns/net" "$T/netns"
on_exit umount "$T/netns"
ns_of joined 'ns("network"; $t + "/netns")' --arg t "$T"
is 'the path can be a bind mount' "$(namespace net)" "$(readlink "/proc/$holder/ns/net")"
unshare --mount sleep 1000 &
mounts=$!
on_exit kill $mounts
wait_for 5 test "$(readlink "/proc/$mounts/ns/mnt")" != "$(readlink /proc/self/ns/mnt)"
bundle mounts "sh(\"echo in\") | ns(\"mount\"; \"/proc/$mounts/ns/mnt\")"
mount_ids() {
	cut -d' ' -f1 "/proc/$mounts/mountinfo" | sort
}
mount_ids >before
launch mounts --no-pivot
is 'a mount namespace can be shared without pivot_root' "$stdout" in
is 'what others have mounted in it stays' "$(mount_ids | comm -23 before -)" ''
bundle outer 'args(["sleep", "1000"])'
start_up outer
pid=$(field outer .pid)
ns_of joined "ns(\"pid\"; \"/proc/$pid/ns/pid\")"
is 'a pid namespace can be joined by path' "$(namespace pid)" "$(readlink "/proc/$pid/ns/pid")"
sh_run joined 'ps | grep -c "[s]leep 1000"' "ns(\"pid\"; \"/proc/$pid/ns/pid\")"
is 'then its processes are seen' "$stdout" 1
bundle pod 'args(["sleep", "1000"]) | ns("pid"; $p) | del(.hostname)' --arg p "/proc/$pid/ns/pid"
start_up pod
second=$(field pod .pid)
oci delete --force pod
ok 'delete --force ends what shares it' wait_for 5 test ! -d "/proc/$second"
is 'and leaves the first alone' "$(status_of outer)" running
oci delete --force outer
bundle wrong 'args(["true"]) | ns("network"; "/proc/self/ns/uts")'
launch wrong
isnt 'a namespace of another kind is refused' "$status" 0
bundle wrong 'args(["true"]) | ns("network"; "/nonexistent")'
launch wrong
isnt 'so is a path that is not there' "$status" 0
like 'which is named' "$stderr" /nonexistent
bundle wrong 'args(["true"]) | ns("network"; "/etc/passwd")'
launch wrong
isnt 'and a file that is none' "$status" 0
bundle wrong 'args(["true"]) | .linux.namespaces += [{type: "nonsense"}]'
launch wrong
isnt 'an unknown type is refused' "$status" 0
like 'by name' "$stderr" nonsense
bundle wrong 'args(["true"]) | ns("network")'
launch wrong
deviates crun 'does not mind'
isnt 'a type that is there twice is refused' "$status" 0

bundle chroot 'args(["sleep", "1000"]) | no_ns("mount") | .mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths)'
echo in >"$ROOT/chroot"
oci run -d --no-pivot --bundle "$T/chroot" chroot >/dev/null 2>&1 </dev/null
run oci exec chroot cat /chroot
deviates crun 'refuses it'
deviates runc 'refuses it'
is 'exec has the root of a container without a mount namespace' "$stdout" in
oci delete --force chroot

# --- the user namespace --------------------------------------------------------------

ns_of user 'userns(100000; 65536)'
isnt 'a new user namespace is not ours' "$(namespace user)" "$(readlink /proc/self/ns/user)"
sh_run user 'cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /mnt/x 2>/dev/null || echo refused; touch /dev/shm/x && stat -c %u /dev/shm/x' \
	'userns(100000; 65536)'
is 'it has the mappings' "$(sed -n 1,2p <<<"$stdout" | xargs)" '0 100000 65536 0 100000 65536'
is 'root in it is not root outside' "$(sed -n '3,$p' <<<"$stdout" | xargs)" '0 refused 0'
sh_run user 'cat /proc/self/uid_map; echo; cat /proc/self/gid_map' 'userns(100000; 10)
	| .linux.uidMappings += [{containerID: 10, hostID: 5000, size: 3}] | .linux.gidMappings = [{containerID: 0, hostID: 7, size: 1}]'
is 'there can be several' "$(xargs <<<"$stdout")" '0 100000 10 10 5000 3 0 7 1'
bundle user 'args(["sleep", "1000"]) | userns(100000; 65536) | .process.user = {uid: 5, gid: 6}'
start_up user
is 'outside it is the mapped user' "$(stat -c %u:%g "/proc/$(field user .pid)")" 100005:100006
is 'which is not under our own' "$(stat -c %u "/proc/$(field user .pid)/ns" 2>/dev/null)" 100005
oci delete --force user
# owner_of_cgroup FILTER: of a container with its own user namespace
owner_of_cgroup() {
	bundle owned "args([\"sleep\", \"1000\"]) | userns(100000; 65536) | mnt(\"/sys/fs/cgroup\"; \"cgroup\"; \"cgroup\"; $1)" >&2
	oci create --bundle "$T/owned" owned >/dev/null 2>&1 </dev/null
	find /sys/fs/cgroup -path "*$CGROUP/owned" -exec stat -c %u {} + 2>/dev/null
	oci delete --force owned
}
is 'its cgroup is its own where it has it mounted' "$(owner_of_cgroup '[]) | ns("cgroup"')" 100000
is 'not if that is read-only' "$(owner_of_cgroup '["ro"]) | ns("cgroup"')" 0
is 'nor if it has no cgroup namespace' "$(owner_of_cgroup '[]')" 0
sh_run user 'for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done; echo x >/dev/null && echo written' 'userns(100000; 65536)'
is 'it has its devices' "$stdout" written
of_caps='sed -n "s/^CapEff:[^1-9a-f]*//p" /proc/self/status'
sh_run user "$of_caps" 'userns(100000; 65536) | caps(["CAP_SYS_ADMIN"])'
is 'capabilities hold in it' "$stdout" 200000
sh_run user 'mount -t tmpfs x /mnt && echo mounted' 'userns(100000; 65536) | caps(["CAP_SYS_ADMIN"])'
is 'and have power there' "$stdout" mounted
sh_run nomap 'cat /proc/self/uid_map /proc/self/gid_map; readlink /proc/self/ns/user' 'ns("user")'
deviates runc 'needs mappings'
is 'without mappings each id is itself' "$(sed '$d' <<<"$stdout" | xargs)" \
	"$(xargs </proc/self/uid_map) $(xargs </proc/self/gid_map)"
deviates runc 'needs mappings'
isnt 'in a namespace of its own' "$(tail -n 1 <<<"$stdout")" "$(readlink /proc/self/ns/user)"
bundle badmap 'args(["true"]) | userns(100000; 0)'
launch badmap
isnt 'mappings are not empty' "$status" 0
bundle badmap 'args(["true"]) | userns(100000; 10) | .linux.uidMappings += [{containerID: 5, hostID: 200000, size: 10}]'
launch badmap
isnt 'and do not overlap' "$status" 0
bundle badmap 'args(["true"]) | userns(4294967290; 100)'
launch badmap
isnt 'nor wrap' "$status" 0
sh_run badmap 'cat /proc/self/uid_map' '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]'
is 'mappings without a user namespace are passed over' "$(xargs <<<"$stdout")" "$(xargs </proc/self/uid_map)"
bundle outer 'args(["sleep", "1000"]) | userns(100000; 65536)'
start_up outer
pid=$(field outer .pid)
ns_of joined "ns(\"user\"; \"/proc/$pid/ns/user\")"
deviates runc 'too old'
is 'a user namespace can be joined by path' "$(namespace user)" "$(readlink "/proc/$pid/ns/user")"
sh_run joined 'id -u; cat /proc/self/uid_map' "ns(\"user\"; \"/proc/$pid/ns/user\")"
deviates runc 'too old'
is 'one is root there' "$(xargs <<<"$stdout")" '0 0 100000 65536'
ns_of joined "ns(\"user\"; \"/proc/$pid/ns/user\") | ns(\"network\"; \"/proc/$pid/ns/net\") | ns(\"ipc\"; \"/proc/$pid/ns/ipc\")"
deviates runc 'too old'
is 'others by path with it' "$(namespace user) $(namespace net) $(namespace ipc)" \
	"$(readlink "/proc/$pid/ns/user") $(readlink "/proc/$pid/ns/net") $(readlink "/proc/$pid/ns/ipc")"
oci delete --force outer

# --- names -----------------------------------------------------------------------------

sh_run names 'hostname; cat /proc/sys/kernel/domainname' '.hostname = "a-name" | .domainname = "example.org"'
is 'the host name is that of the config' "$(sed -n 1p <<<"$stdout")" a-name
deviates runc 'too old'
is 'so is the domain name' "$(sed -n 2p <<<"$stdout")" example.org
isnt 'ours is another' "$(hostname)" a-name
bundle names 'args(["true"]) | no_ns("uts")'
launch names
isnt 'a host name needs a uts namespace' "$status" 0
like 'which is said' "$stderr" '[uU][tT][sS]'
bundle names 'args(["true"]) | .hostname = ("x" * 65)'
launch names
isnt 'a host name that is too long is refused' "$status" 0

# --- sysctl -------------------------------------------------------------------------------

sh_run sysctl 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced /proc/sys/fs/mqueue/msg_max' \
	'.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "7"}'
is 'sysctl holds for network, ipc and message queues' "$(xargs <<<"$stdout")" '1 1 7'
is 'and not outside' "$(cat /proc/sys/fs/mqueue/msg_max)" 10
sh_run sysctl 'cat /proc/sys/net/ipv4/ping_group_range' '.linux.sysctl = {"net/ipv4/ping_group_range": "5 6"}'
deviates crun 'too old'
is 'with slashes, too, and several numbers' "$(xargs <<<"$stdout")" '5 6'
for try in 'vm.swappiness=10=.' 'kernel.nonsense=1=.' 'net.ipv4.ip_forward=1=no_ns("network")' 'kernel.msgmax=1=no_ns("ipc")' \
	'net.ipv4.nonsense=1=.' 'kernel.hostname=x=no_ns("uts") | del(.hostname)'; do
	bundle sysctl 'args(["true"]) | .linux.sysctl = {($k): "1"} | '"${try##*=}" --arg k "${try%%=*}"
	launch sysctl
	isnt "sysctl ${try%%=*} is refused${try##*=*.}" "$status" 0
	is 'the container is gone' "$(oci list -q)" ''
done
bundle sysctl 'args(["true"]) | .linux.sysctl = {"vm.swappiness": "10"}'
launch sysctl
like 'the refused one is named' "$stderr" 'vm.swappiness'

# --- time ----------------------------------------------------------------------------------

if [ -e /proc/self/timens_offsets ]; then
	sh_run time 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets' \
		'ns("time") | .linux.timeOffsets = {monotonic: {secs: 172800, nanosecs: 5}, boottime: {secs: 864000}}'
	too_old
	ok 'boottime is set forward' test "${stdout%%$'\n'*}" -ge 864000
	too_old
	is 'both offsets hold' "$(sed 1d <<<"$stdout" | xargs)" 'monotonic 172800 5 boottime 864000 0'
	ns_of time 'ns("time")'
	deviates runc 'too old'
	isnt 'a time namespace can be new' "$(namespace time)" "$(readlink /proc/self/ns/time)"
	bundle time 'args(["true"]) | .linux.timeOffsets = {monotonic: {secs: 1}}'
	launch time
	too_old
	isnt 'offsets need a time namespace' "$status" 0
fi

# --- network devices ---------------------------------------------------------------------------

ip link add tare-a type veth peer name tare-b
ip address add 192.0.2.7/24 dev tare-a
sh_run netdev 'ip -o address show eth7' '.linux.netDevices = {"tare-a": {"name": "eth7"}}'
too_old
like 'a network device is moved in and renamed, with its address' "$stdout" 'eth7.*192\.0\.2\.7/24'
ip link delete tare-b 2>/dev/null
bundle netdev 'args(["true"]) | .linux.netDevices = {"nonsense7": {}}'
launch netdev
too_old
isnt 'one that is not there is refused' "$status" 0


# --- all namespaces of another container: the process id is ours to signal, not that in there
chmod 755 "$T"
bundle whole 'args(["sleep", "100"]) | userns(100000; 65536)'
ok 'a container in a user namespace' start_up whole
first=$(field whole .pid)
bundle guest 'args(["sleep", "100"]) | reduce ("user", "pid", "ipc", "uts") as $n (.;
	ns($n; "/proc/" + $pid + "/ns/" + $n)) | ns("network"; "/proc/" + $pid + "/ns/net")' --arg pid "$first"
deviates runc 'too old'
ok 'another joins all its namespaces' start_up guest
pid=$(field guest .pid)
deviates runc 'too old'
like 'its process is the one that the state names' "$(tr '\0' ' ' <"/proc/$pid/cmdline")" 'sleep 100'
run oci exec guest cat /proc/self/uid_map
deviates runc 'too old'
like 'exec enters them' "$stdout" '0 +100000 +65536'
ok 'delete --force' oci delete --force guest
ok 'ends that process' wait_for 5 sh -c "! grep -qs sleep /proc/$pid/cmdline"
is 'and no other' "$(status_of whole)" running
ok 'delete --force' oci delete --force whole

# --- a map without a root
new_root "$T/mapped-root"
chown -R 100000:100000 "$T/mapped-root"
bundle rootless 'args(["sleep", "100"]) | userns(100000; 1) | .root.path = ($t + "/mapped-root") |
	.linux.uidMappings[0].containerID = 1000 | .linux.gidMappings[0].containerID = 1000 |
	.process.user = {uid: 1000, gid: 1000}' --arg t "$T"
too_old
ok 'a user namespace needs no root' start_up rootless
too_old
run oci exec rootless sh -c 'id -u; id -g'
is 'exec is that user' "$stdout" '1000'$'\n''1000'
oci delete --force rootless 2>/dev/null
done_testing
