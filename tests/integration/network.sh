#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# network.sh - The default network: addresses, published ports, who reaches whom
#
# The script's own network namespace is the host. "lan" is another machine, at
# 192.0.2.2, that routes the containers' subnet and, in one test, 127/8 to us.
# shellcheck disable=SC2317 # functions that wait_for calls
. "$(dirname "$0")/../lib/harness.sh"

need ip nft curl socat nsenter
load_busybox
on_exit umount /run/netns
on_exit tare rm -f -a

HOST=192.0.2.1
LAN=192.0.2.2
CURL=(curl -s -m 3 -o -)

tables_of_others() {
	nft list tables | grep -vx 'table ip tare' | while read -r line; do nft list table "${line#table }"; done
}
elements() {
	nft list maps | grep -c ' : 10\.'
}
leases() {
	find "$TARE_RUNROOT/networks/bridge" -name '10.*' | wc -l
}
address_of() {
	tare inspect -f '{{.NetworkSettings.IPAddress}}' "$1"
}
pid_of() {
	tare inspect -f '{{.State.Pid}}' "$1"
}
# in_net CONTAINER CMD...: a program of the host's in the container's network
in_net() {
	nsenter -n -t "$(pid_of "$1")" "${@:2}"
}
from_lan() {
	ip netns exec lan "$@"
}
get() {
	"${CURL[@]}" "$1/index.html"
}
get_from_lan() {
	from_lan "${CURL[@]}" "$1/index.html"
}
# ask_udp ADDRESS PORT WORD: what the echo server there answers
ask_udp() {
	(echo "$3" && sleep 0.3) | timeout 3 socat - "UDP:$1:$2"
}
serve() { # NAME RUN-OPTION...: a web server that says its name
	tare run -d --name "$@" busybox sh -c "echo I am $1 >/index.html; exec httpd -f -h / -p 80" >/dev/null &&
		wait_for 5 get "$(address_of "$1")"
}

nft -f - <<-'EOF'
	table inet mine {
		chain input { type filter hook input priority 0; policy accept; tcp dport 9999 drop; }
		chain nat { type nat hook prerouting priority -100; policy accept; tcp dport 9998 redirect to :9997; }
	}
EOF
ip netns add lan
on_exit ip netns del lan
ip link add out type veth peer name in netns lan
ip addr add $HOST/24 dev out && ip link set out up
ip -n lan addr add $LAN/24 dev in && ip -n lan link set in up && ip -n lan link set lo up
ip -n lan route add 10.87.0.0/16 via $HOST
others=$(tables_of_others)

# ---- first start ------------------------------------------------------------

for i in 1 2 3 4; do
	tare run --rm busybox ip -o -4 addr show eth0 >"$T/first.$i" 2>&1 &
done
wait
is 'four first starts at once all get an address' "$(cat "$T"/first.* | grep -c 'inet 10\.87\.')" 4
is 'and no two the same' "$(awk '{ print $4 }' "$T"/first.* | sort -u | wc -l)" 4
run tare run --rm busybox sh -c 'ip route; ip -o link'
like 'the default route leads to the bridge' "$stdout" 'default via 10\.87\.0\.1 dev eth0'
like 'lo is up' "$stdout" 'lo: <LOOPBACK,UP,LOWER_UP>'
is 'the host forwards' "$(cat /proc/sys/net/ipv4/ip_forward)" 1
is 'leases are given back' "$(leases)" 0

slow=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	run tare run --rm busybox sh -c 'read a _ </proc/uptime; nc -w 5 10.87.0.1 1; read b _ </proc/uptime; echo $a $b'
	slow=$((slow + $(echo "$stdout" | awk '{ print ($2 - $1 > 0.8) }')))
done
is 'the first packets are never lost' "$slow" 0

# ---- published ports ----------------------------------------------------------

ok 'a web server starts' serve web -p 8080:80 -p 127.0.0.1:8081:80 -p $HOST:8082:80 -p 5353:53/udp --expose 80 --expose 90
web=$(address_of web)
is 'the host reaches it by 127.0.0.1' "$(get 127.0.0.1:8080)" 'I am web'
is 'the host reaches it by localhost' "$(get localhost:8080)" 'I am web'
is 'the host reaches it by its own address' "$(get $HOST:8080)" 'I am web'
is 'the host reaches it by the bridge address' "$(get 10.87.0.1:8080)" 'I am web'
is 'the host reaches the container itself' "$(get "$web:80")" 'I am web'
is 'another machine reaches it' "$(get_from_lan $HOST:8080)" 'I am web'

is 'what is exposed is listed once' "$(tare ps --format '{{.Ports}}')" \
	"90/tcp, 0.0.0.0:8080->80/tcp, 127.0.0.1:8081->80/tcp, $HOST:8082->80/tcp, 0.0.0.0:5353->53/udp"
tare create --name guest --network container:web busybox sleep 1000 >/dev/null
run tare run --rm --network container:guest busybox true
like 'a container that does not run has no network to share' "$status $stderr" "^125 .*'guest': it is created"
tare start guest >/dev/null
is 'the network of another container' "$(in_net guest "${CURL[@]}" 127.0.0.1/index.html) $(address_of guest)" "I am web $web"
tare rm -f guest >/dev/null

ok 'a neighbour starts' serve other
is 'a neighbour reaches it directly' "$(in_net other "${CURL[@]}" "$web/index.html")" 'I am web'
is 'a neighbour reaches it through the host' "$(in_net other "${CURL[@]}" $HOST:8080/index.html)" 'I am web'
for call in 1 0; do
	# With br_netfilter, packets are redirected while they are still bridged.
	[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo $call >/proc/sys/net/bridge/bridge-nf-call-iptables
	is "it reaches itself through the host (br_netfilter $call)" \
		"$(in_net web "${CURL[@]}" $HOST:8080/index.html)" 'I am web'
	is "a neighbour reaches it (br_netfilter $call)" \
		"$(in_net other "${CURL[@]}" 10.87.0.1:8080/index.html)" 'I am web'
done

is 'one host address: there it is' "$(get 127.0.0.1:8081)$(get_from_lan $HOST:8082)" 'I am webI am web'
fails 'one host address: not on another' 7 get $HOST:8081
fails 'one host address: not on 127.0.0.1 either' 7 get 127.0.0.1:8082

# socat ends with its container, or with -T after a second of silence.
nsenter -n -t "$(pid_of web)" socat -T 1 UDP-LISTEN:53,fork EXEC:cat &
udp=$!
udp_answers() {
	[ "$(ask_udp 127.0.0.1 5353 there)" = there ]
}
ok 'UDP from the host' wait_for 5 udp_answers
is 'UDP from another machine' "$(from_lan bash -c "$(declare -f ask_udp); ask_udp $HOST 5353 hello")" hello

# ---- what must not get through --------------------------------------------------

fails 'another machine does not reach unpublished ports' 28 get_from_lan "$web:80"
fails 'another machine does not reach what is published on 127.0.0.1' 7 get_from_lan $HOST:8081
from_lan sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
	ip route del local 127.0.0.0/8 table local; ip route del local 127.0.0.1 table local
	ip route add 127.0.0.0/8 via '$HOST' src '$LAN
fails 'not even by routing 127.0.0.1 to us' 28 get_from_lan 127.0.0.1:8081

socat TCP-LISTEN:7070,fork,reuseaddr,bind=127.0.0.1 SYSTEM:'echo secret' &
secret=$!
in_net other sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
	ip route del local 127.0.0.0/8 table local; ip route del local 127.0.0.1 table local
	ip route add 127.0.0.0/8 via 10.87.0.1'
fails 'a container does not reach servers on 127.0.0.1 of the host' 28 \
	in_net other "${CURL[@]}" --http0.9 127.0.0.1:7070
socat -u UDP-RECV:7071,bind=127.0.0.1 CREATE:"$T/heard" &
heard=$!
wait_for 5 sh -c 'ss -lun | grep -q 127.0.0.1:7071'
in_net other sh -c 'echo outside | socat -u - UDP-SENDTO:127.0.0.1:7071'
echo end | socat -u - UDP-SENDTO:127.0.0.1:7071
wait_for 5 grep -q end "$T/heard"
is 'nor do its packets, of which no answer is needed' "$(cat "$T/heard")" end
kill $heard
kill $secret
tare rm -f other >/dev/null

# What not every kernel lets through anyway, or shows with br_netfilter only.
rules=$(nft list table ip tare | tr -s ' \t\n' ' ')
like 'nobody on the bridge is taken for the host itself' "$rules" 'iifname "tare0" ip saddr 127\.0\.0\.0/8 drop'
like 'no port is looked up for 127/8 from outside' "$rules" 'chain prerouting \{[^{}]*ip daddr 127\.0\.0\.0/8 return dnat'
like 'neighbours hide their addresses only behind ports' "$rules" 'oifname "tare0" ct status dnat masquerade'

# ---- source addresses -------------------------------------------------------------

ip netns exec lan socat TCP-LISTEN:90,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR' &
lan=$!
wait_for 5 from_lan socat - "TCP:$LAN:90"
is 'containers leave with the address of the host' "$(in_net web socat - "TCP:$LAN:90")" $HOST
tare run -d --name seen -p 9090:90 -p 8080:90/udp busybox sleep 600 >/dev/null
nsenter -n -t "$(pid_of seen)" socat TCP-LISTEN:90,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR' &
seen=$!
wait_for 5 socat - TCP:127.0.0.1:9090
is 'servers see the address of the client' "$(from_lan socat - TCP:$HOST:9090)" $LAN
kill $lan $seen

# ---- conflicts and choices --------------------------------------------------------

for taken in web/tcp seen/udp; do
	owner=$(tare inspect -f '{{.Id}}' "${taken%/*}")
	run tare run --name refused -v /anon -p "8080:80/${taken#*/}" busybox true
	like "a $taken port is refused, and its owner named" "$status $stderr" \
		"^125 .*port '8080/${taken#*/}': already published by container '${owner:0:12}'"
	is 'and nothing stays' "$(tare ps -aq --filter name=refused; tare volume ls -q)" ''
done
tare create --name late -p 8080:80 busybox true >/dev/null
run tare start -a late
is 'nor does a refused start leave anything' "$status $(find "$TARE_RUNROOT/containers" -name "$(tare inspect -f '{{.Id}}' late)")" '125 '
tare rm -f seen late >/dev/null
socat TCP-LISTEN:7071,fork,reuseaddr SYSTEM:true &
process=$!
listens() {
	socat - TCP:127.0.0.1:7071
}
wait_for 5 listens
run tare run --rm -p 7071:80 busybox true
is 'a port of a host process is refused' "$status" 125
like 'and said to be in use' "$stderr" 'address already in use'
kill $process
run tare run --rm -p 198.51.100.1:8080:80 busybox true
is 'a foreign address is refused' "$status" 125
is 'refusals leave one lease, that of the server' "$(leases)" 1

tare run -d --name chosen -p 80 -p 127.0.0.1::81/udp busybox sleep 600 >/dev/null
like 'host ports are chosen' "$(tare port chosen | tr '\n' ' ')" '80/tcp -> 0\.0\.0\.0:[3-6][0-9]{4} .*81/udp -> 127\.0\.0\.1:[3-6][0-9]{4}|81/udp -> 127\.0\.0\.1:[3-6][0-9]{4} .*80/tcp -> 0\.0\.0\.0:[3-6][0-9]{4}'
tare stop -t 0 chosen >/dev/null
is 'a stopped container publishes nothing' "$(tare port chosen; tare ps -a --filter name=chosen --format '{{.Ports}}')" ''
is 'and inspect shows none' "$(tare inspect -f '{{json .NetworkSettings.Ports}}' chosen)" '{}'
tare start chosen >/dev/null
like 'started again, it does' "$(tare port chosen 80)" '^0\.0\.0\.0:[3-6][0-9]{4}$'
tare rm -f chosen >/dev/null

before=$(elements)
run tare run --rm -p 21000-21999:21000-21999 busybox true
is 'a thousand ports are published and withdrawn' "$status $(elements)" "0 $before"
is 'and their lease goes too' "$(leases)" 1

# ---- others' rules, and what becomes of ours ----------------------------------------

is 'the rules of others are as they were' "$(tables_of_others)" "$others"
nft flush ruleset
ok 'after "nft flush ruleset" the next container brings the ports back' tare run --rm busybox true
is 'of those that run, too' "$(get 127.0.0.1:8080)" 'I am web'

# A client that never pauses: its flow must not stick to a container that is gone.
(exec 3>/dev/udp/127.0.0.1/5353 && while sleep 0.1; do echo tick >&3; done) 2>/dev/null &
client=$!
sleep 0.5
kill $udp
tare rm -f web >/dev/null
fails 'a removed container is no longer reached' 7 get 127.0.0.1:8080
sleep 0.5
tare run -d --name web2 -p 5353:53/udp busybox sleep 600 >/dev/null
nsenter -n -t "$(pid_of web2)" socat -u UDP-RECV:53 STDOUT >"$T/ticks" &
reader=$!
has_ticks() {
	grep -q tick "$T/ticks"
}
ok 'a UDP client that never pauses finds the new container' wait_for 3 has_ticks
kill $client $reader
tare rm -f web2 >/dev/null
is 'no port is left' "$(elements)" 0
is 'no lease is left' "$(leases)" 0

# ---- other modes --------------------------------------------------------------------

run tare run --rm --network none busybox sh -c 'ip -o link | grep -v "lo:" | grep -c UP; ip -o -4 addr show lo | grep -c "127\.0\.0\.1/8"'
is 'none: nothing but lo, which is up' "$stdout" $'0\n1'
run tare run --rm --network host busybox sh -c 'ip -o addr; echo "I am $(hostname)"; cat /etc/hosts'
is 'host: its name, and the names it knows' "$(sed '1,/^I am/{/^I am/!d}' <<<"$stdout")" "I am $(uname -n)"$'\n'"$(cat /etc/hosts)"
like 'host: the interfaces of the host' "$stdout" "$HOST"
ip netns add prepared
run tare run --rm --network ns:/run/netns/prepared busybox ip -o link
unlike 'ns: the namespace at a path' "$stdout" 'eth0|tare0'
run tare run --rm --network ns:/etc/passwd busybox true
is 'ns: nothing else is taken for one' "$status" 125
ip netns del prepared

run tare run --rm --hostname box --add-host db:198.51.100.7 --add-host up:host-gateway busybox cat /etc/hosts
like 'hosts: the container' "$stdout" $'10\\.87\\.[0-9.]*\tbox'
like 'hosts: what was added' "$stdout" $'198\\.51\\.100\\.7\tdb'
like 'hosts: the gateway' "$stdout" $'10\\.87\\.0\\.1\tup'
echo '198.51.100.8 mine' >hosts
is 'hosts: or what the user brings' "$(tare run --rm -v ./hosts:/etc/hosts busybox cat /etc/hosts)" '198.51.100.8 mine'
fails 'a server that is no address is refused' 125 tare run --rm --dns dns.example busybox true
run tare run --rm --dns 198.51.100.53 --dns-search example.org busybox cat /etc/resolv.conf
like 'resolv.conf: the server asked for' "$stdout" 'nameserver 198\.51\.100\.53'
like 'resolv.conf: the domain asked for' "$stdout" 'search example\.org'

# ---- a host that has the subnet already ------------------------------------------------

run unshare --net sh -c '
	ip link set lo up; ip route add 10.87.4.0/24 dev lo
	ip route add 0.0.0.0/1 dev lo; ip route add 128.0.0.0/1 dev lo
	exec '"$TARE"' --runroot /run/tare2 run --rm busybox ip -o -4 addr show eth0'
like 'another subnet is taken where 10.87 is routed, whatever a VPN does to all the world' "$stdout" 'inet 10\.187\.'
rm -rf /run/tare2
run unshare --net sh -c '
	ip link set lo up; ip route add 10.0.0.0/8 dev lo; ip route add 172.16.0.0/12 dev lo; ip route add 192.168.0.0/16 dev lo
	r="$0 --runroot /run/tare2 run --rm busybox"; $r true; TARE_SUBNET=10.99.0.1/16 $r true
	TARE_SUBNET=10.99.0.0/16 $r ip -o -4 addr show eth0' "$TARE"
like 'where all are routed, a subnet can be chosen by hand' "$status $stdout" '^0 .*inet 10\.99\.'
like 'as is told, and what is none refused' "$stderr" "elsewhere.*hint: TARE_SUBNET=.*'10.99.0.1/16' is none"
rm -rf /run/tare2

# ---- a host whose /proc/sys cannot be written to, as in a container --------------------

run unshare -m --net sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
	'"$TARE"' --runroot /run/tare2 run --rm busybox true
	exec '"$TARE"' --runroot /run/tare2 run --rm --network none busybox true'
rm -rf /run/tare2
like 'a sysctl that cannot be set is told with what does without' "$stderr" \
	"write '1' to '/proc/sys/.*hint: .*--network none"
like 'and so is a /proc that a user namespace may not have' "$stderr" "set up '/proc'.*hint: .*--userns=host"

ip link del out
done_testing
