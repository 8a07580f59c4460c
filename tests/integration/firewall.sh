#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# firewall.sh - Others' rules that drop what is forwarded: found, and let through by what is typed
#
# The script's own network namespace is the host; "lan" is another machine. Containers
# reach it, and it their published ports, or they do not: asked with packets each time.
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

need ip iptables nft curl nsenter socat
load_busybox
on_exit umount /run/netns
on_exit tare rm -f -a

HOST=192.0.2.1
LAN=192.0.2.2

# in_reach SECONDS: whether both directions pass
in_reach() {
	ip netns exec lan curl -s -m "$1" -o /dev/null "$HOST:8080/" &
	nsenter -n -t "$container" socat -u "TCP:$LAN:7000,connect-timeout=$1" - >/dev/null 2>&1 && wait $!
}
none_in_reach() {
	local from_lan from_container
	ip netns exec lan curl -s -m 0.2 -o /dev/null "$HOST:8080/" &
	nsenter -n -t "$container" socat -u "TCP:$LAN:7000,connect-timeout=0.2" - >/dev/null 2>&1
	from_container=$?
	wait $!
	from_lan=$?
	[ "$from_container" != 0 ] && [ "$from_lan" != 0 ]
}
# through WHOSE CHAIN: rules that are there now are found and, by what is typed, no obstacle
through() {
	ok "$1: nothing gets through" none_in_reach
	run tare doctor -q firewall
	like "$1: the chain is named" "$status $stdout" "^122 .*no +firewall .*: chain $2 drops"
	sh -c "$(sed -n 's/.*try: //p' <<<"$stdout")"
	ok "$1: what is typed lets everything through" wait_for 5 in_reach 1
	run tare doctor -q firewall
	is "$1: and then all is well" "$status $stdout" '0 '
}

ip netns add lan
on_exit ip netns del lan
ip link add out type veth peer name in netns lan
ip addr add $HOST/24 dev out && ip link set out up
ip -n lan addr add $LAN/24 dev in && ip -n lan link set in up
ip netns exec lan socat TCP-LISTEN:7000,fork,reuseaddr SYSTEM:true &
server=$!
tare run -d --name web -p 8080:80 busybox httpd -f -h / -p 80 >/dev/null
container=$(tare inspect -f '{{.State.Pid}}' web)
ok 'without a firewall both directions pass' wait_for 5 in_reach 1
run tare doctor -q firewall
is 'and none is reported' "$status $stdout" '0 '
if [ -n "$(type -P strace)" ]; then
	run strace -o /dev/null -P /proc/net/ip_tables_names -e inject=openat,open:error=ENOENT "$TARE" doctor -q firewall
	is 'nor by a kernel without iptables of the older kind' "$status $stdout" '0 '
fi

iptables -P FORWARD DROP
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
through "Docker's rules, a policy" "'FORWARD' of table 'ip filter'"
nft delete table ip filter

iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -j REJECT --reject-with icmp-host-prohibited
through 'an installer of servers, a last rule' "'FORWARD' of table 'ip filter'"
nft delete table ip filter

nft -f - <<-'END'
	table inet own {
		chain input { type filter hook input priority 0; policy drop; accept; }
		chain first { type filter hook forward priority -5; policy accept; }
		chain forward { type filter hook forward priority 0; policy drop; ct state established accept; }
	}
END
through 'an administrator, with nft' "'forward' of table 'inet own'"
nft delete table inet own

if iptables-legacy -P FORWARD DROP 2>/dev/null; then
	through 'iptables of the older kind' "'FORWARD' of table 'iptables-legacy filter'"
else
	skip 'iptables of the older kind' 'the kernel has none'
fi
kill $server
done_testing
