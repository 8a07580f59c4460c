#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# draw.sh - tare report: a series and a report, drawn
# shellcheck disable=SC2016 # scripts that expand in the container
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

tare run --name seen --network none --sample 10ms --at 100ms freeze=50ms busybox sh -c \
	'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; sleep 0.2'
series=$TARE_ROOT/containers/$(tare inspect -f '{{.Id}}' seen)/samples.jsonl
run tare report seen
is 'a container is drawn' "$status $stderr" '0 '
like 'by its name' "$stdout" '^seen \(busybox: sh -c i=0; '
like 'its processor time' "$stdout" $'\ncpu: [0-9.]+[mu]?s of processor time, [0-9]+% of one on average\n'
like 'with a scale, and blocks' "$stdout" $'%┤.*[▁▂▃▄▅▆▇█]'
like 'the step' "$stdout" $'\n1 at 1[0-9][0-9](\.[0-9])?ms freeze=50ms: done after '
like 'the end' "$stdout" $'\nended after [0-9.]+[mu]?s: exit, code 0\n[0-9]+ looks$'
drawn=$stdout
run tare report "$series"
is 'its file is the same' "$stdout" "$drawn"
is 'so is standard input' "$(tare report - <"$series")" "$drawn"
is 'nobody needs to be root for a file' "$(setpriv --reuid 65534 --regid 65534 --clear-groups "$TARE" report - <"$series" 2>&1)" "$drawn"
run tare report --ascii --width 50 seen
unlike '--ascii has nothing else' "$stdout" $'[^\001-\177]'
is '--width bounds the curves' "$(grep '[|+]' <<<"$stdout" | awk 'NR > 1 && length > 50')" ''
widest=$(tail -n +2 <<<"$drawn" | wc -L)
ok "without a terminal there are 80 columns ($widest)" [ "$widest" -le 80 ]
ok '--svg writes a drawing' tare report --svg "$T/s.svg" seen
like 'it is one' "$(head -c 60 "$T/s.svg")" '^<svg xmlns="http://www.w3.org/2000/svg" '
like 'whole' "$(tail -n 1 "$T/s.svg")" '</svg>'
is 'also on standard output' "$(tare report --svg - seen)" "$(cat "$T/s.svg")"
ok 'what is torn is passed over' sh -c "head -c -20 '$series' | '$TARE' report - | grep -q '1 lines not understood'"

run tare run --rm --network none --report "$T/r.json" busybox sh -c 'exit 4'
run tare report "$T/r.json"
is 'a report is summed up' "$status" 0
like 'with its end' "$stdout" $'\nended after [0-9.]+[mu]?s: exit, code 4\n'
fails 'it has no course of time' 125 tare report --svg "$T/x.svg" "$T/r.json"
ok 'and leaves no file then' [ ! -e "$T/x.svg" ]

tare run --name blind --network none busybox true
run tare report blind
is 'of whom nothing is known nothing is drawn' "$status $stdout" '125 '
like 'and why' "$stderr" "nothing was noted of container 'blind'"
echo '{"t_us":1}' >none
echo '{"kind":"samples"}' >empty
head -c 100000 /dev/zero | tr '\0' x >long
for bad in ./none ./empty ./long /nosuch /dev/null; do
	fails "'$bad' is nothing to draw" 125 tare report "$bad"
done
fails 'no such container' 125 tare report nobody
tare rm -f -a >/dev/null
done_testing
