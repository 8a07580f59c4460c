#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a

# image NAME LABEL...: into NAME.tar
image() {
	local name=$1 labels=()
	shift
	for label; do
		labels+=(--label "$label")
	done
	"$TARE_TEST_TOP/tests/lib/mkimage" "$name.tar" "localhost/$name" --cmd '["sleep","1000"]' \
		"${labels[@]}" "$FIXTURES/root"
}

port=$(free_port)
mkdir shared
echo from the host >shared/file
image asks "tare.ports=$port:80" "tare.volumes=kept:/kept $T/shared:/shared:ro"
run tare run --rm ./asks.tar sh -c 'ls /shared; mount | grep -c " /kept "; echo x >/kept/x'
is 'what reaches into the host is not given by itself' "$stdout" '1'
like 'one line says what was asked for' "$stderr" \
	"^tare: .*'./asks.tar' asks for what it was not given \(--accept gives it\): port $port:80, volume kept:/kept, volume $T/shared:/shared:ro"
ok 'a volume of another name was not touched' test ! -e "$TARE_ROOT/volumes/kept"
run tare run --rm --accept ./asks.tar sh -c 'cat /shared/file; echo y >/kept/y; echo z >/shared/z'
is '--accept gives the directory' "$stdout" 'from the host'
like 'read-only, as the image says' "$stderr" 'Read-only file system'
unlike 'and nothing is left to be said' "$stderr" 'asks for'
run tare run --rm --accept ./asks.tar cat /kept/y
is 'the volume is kept by its name' "$stdout" y
tare run -d --name p --accept ./asks.tar >/dev/null
is 'the port is published' "$(tare port p)" "80/tcp -> 0.0.0.0:$port"
tare rm -f p >/dev/null
other=$(free_port)
run tare run -d --name p -p "$other:80" -v mine:/kept ./asks.tar
is 'flags publish elsewhere' "$(tare port p)" "80/tcp -> 0.0.0.0:$other"
like 'and what they give is not missed' "$stderr" "--accept gives it\): volume $T/shared:/shared:ro"
tare rm -f p >/dev/null
run tare run -d --name p --accept -p "$other:80" ./asks.tar
is 'flags win over --accept, too' "$(tare port p)" "80/tcp -> 0.0.0.0:$other"
tare rm -f p >/dev/null

image limited tare.memory=64m tare.pids=50 tare.cpus=0.5
if has_controller memory && has_controller pids && has_controller cpu; then
	run tare run --rm --network none ./limited.tar cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max
	is 'limits of labels are applied' "$stdout" $'67108864\n50'
	is 'in silence' "$stderr" ''
	run tare run --rm --network none -m 32m ./limited.tar cat /sys/fs/cgroup/memory.max
	is 'flags win' "$stdout" 33554432
	ok 'with --strict as well' tare run --rm --network none --strict ./limited.tar true
else
	run tare run --rm --network none ./limited.tar echo runs
	is 'limits that this host cannot enforce do not stop an appliance' "$stdout" runs
	like 'but it is told' "$stderr" "tare.memory on this host: controller 'memory' .*: runs without this limit"
	run tare run --rm --network none --strict ./limited.tar echo runs
	is '--strict refuses with its own code' "$status $stdout" '122 '
	like 'and names the label' "$stderr" 'tare.memory on this host'
	fails 'create does, too' 122 tare create --strict ./limited.tar true
	is 'nothing was created' "$(tare ps -aq)" ''
	fails 'a flag that cannot be enforced is an error as ever' 125 \
		tare run --rm --network none -m 32m ./limited.tar true
fi

image keeps tare.restart=on-failure:1
tare run -d --name r --network none ./keeps.tar sh -c 'exit 3' >/dev/null
is 'a label brings a restart policy' \
	"$(tare wait r) $(tare inspect -f '{{.RestartCount}} {{.HostConfig.RestartPolicy.Name}}' r)" '3 1 on-failure'
tare rm r >/dev/null
ok '--rm goes without it' tare run --rm --network none ./keeps.tar true

for bad in tare.memory=lots tare.cpus=-1 tare.pids=none tare.ports=http 'tare.volumes=./x:/x' tare.health= \
	tare.restart=maybe tare.port=80; do
	image bad "$bad"
	run tare run --rm --network none ./bad.tar true
	is "'$bad' is refused" "$status" 125
	like 'and named' "$stderr" "label '${bad%%=*}"
done
is 'nothing is left of them' "$(tare ps -aq)" ''
rm -rf "${TARE_ROOT:?}/volumes"
done_testing
