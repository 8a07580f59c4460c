#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stats.sh - What containers use
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

run tare stats --no-stream
is 'without containers there are only titles' "$(wc -l <<<"$stdout")" 1
like "the columns are docker's" "$stdout" \
	'^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS'

run tare run -d --name spin busybox sh -c 'while :; do :; done'
id=$stdout
run tare run -d --name idle busybox sleep 1000
run tare stats --no-stream --format '{{.ID}} {{.Name}} {{.CPUPerc}}' spin
like 'a template gets its fields' "$stdout" "^${id:0:12} spin [0-9.]+%$"
isnt 'a busy container uses processor time' "${stdout##* }" 0.00%
run tare stats --no-stream --noheading
is 'all running containers are listed' "$(wc -l <<<"$stdout")" 2
run tare stats --no-stream --no-trunc --format '{{.ID}}' spin
is '--no-trunc shows the whole id' "$stdout" "$id"
run tare stats --no-stream --format json spin idle
like "json is an array with podman's names" "$stdout" '"name": *"spin"'
like 'and numbers' "$stdout" '"cpu_usage_us": *[1-9]'
run tare stats --no-stream --format '{{json .}}' idle
like "a line of json has docker's names" "$stdout" '"Name":"idle"'
run tare stats --no-stream --format '{{.Nosuch}}' idle
is 'an unknown field is an error' "$status" 125
fails 'two looks are not at the same time' 125 tare stats --no-stream --interval 50ms
"$TARE" stats --interval 100ms --format '{{.Name}}' >all &
all=$!
tare run -d --name brief --network host busybox sleep 1000 >/dev/null
"$TARE" stats --interval 100ms --format '{{.Name}} {{.NetIO}}' brief >seen &
brief=$!
ok 'who comes later is seen' wait_for 10 grep -q brief all
ok 'without --no-stream it goes on' wait_for 10 eval '[ "$(wc -l <seen)" -gt 2 ]'
tare rm -f brief >/dev/null
ok 'until all that were named are gone' wait_for 10 eval "! kill -0 $brief"
kill $all
is "the host's own network is nobody's" "$(sort -u seen)" 'brief -- / --'
run tare stats --no-stream --columns peak,oom --columns throttled idle
like '--columns adds some in the order asked for' "$stdout" 'PIDS +MEM PEAK +OOM +THROTTLED'
run tare stats --no-stream --columns all idle
like 'or all' "$stdout" $'PIDS +MEM PEAK +THROTTLED +PRESSURE +OOM\n.* [0-9.]+s +[0-9.]+s +[0-9-]+$'
! command -v script >/dev/null ||
	is 'a single look clears no screen' "$(script -qec "$TARE stats --no-stream --interval 100ms idle" /dev/null | grep -c $'\e')" 0
run tare stats --columns nosuch idle
like 'an unknown column is refused at once' "$status $stderr" "^125 tare: --columns 'nosuch' is none of peak"
fails 'with a template it makes no sense' 125 tare stats --columns all --format '{{.Name}}' idle
tare rm -f spin idle >/dev/null
run tare run --name ended busybox true
run tare stats --no-stream --format '{{.Name}} {{.CPUPerc}}' -a
is 'a container that has ended uses nothing' "$stdout" 'ended --'
tare rm ended >/dev/null
fails 'no such container is an error' 125 tare stats --no-stream nosuch
done_testing
