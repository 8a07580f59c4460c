#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# assert.sh - run --assert: a run that is not as it was said to be fails with 123
. "$(dirname "$0")/../lib/harness.sh"

need jq
load_busybox
on_exit tare rm -f -a
quick=(--rm --network none)

run tare run "${quick[@]}" --assert 'wall<30s' --assert reason==exit --assert code==0 busybox echo out
is 'when all hold nothing is said' "$status $stdout $stderr" '0 out '
run tare run "${quick[@]}" --assert 'wall<30s' --assert 'wall>20s' busybox echo out
is 'one that does not ends with 123' "$status $stdout" '123 out'
like 'and a table has what was expected and seen' "$stderr" \
	$'^tare: 1 of 2 assertions failed\nEXPECTED +SEEN *\nwall<30s +[0-9.]+[mu]?s +ok\nwall>20s +[0-9.]+[mu]?s +FAILED$'
run tare run "${quick[@]}" --assert 'wall<30s' busybox sh -c 'exit 3'
is 'the exit code of a run as it should be is its own' "$status" 3
run tare run "${quick[@]}" --assert 'wall>20s' busybox sh -c 'exit 3'
is 'but not of another' "$status" 123
run tare run "${quick[@]}" --assert code==3 busybox sh -c 'exit 3'
is 'an end that was foretold is none to complain of' "$status" 0
run tare run "${quick[@]}" --assert code==3 --assert 'wall>20s' busybox sh -c 'exit 3'
is 'unless something else was' "$status" 123
run tare run "${quick[@]}" --timeout 200ms --stop-timeout 1 --assert reason==timeout busybox sh -c 'trap "" TERM; while :; do sleep 0.05; done'
is 'a time limit may be foretold' "$status" 0
run tare run "${quick[@]}" --assert signal==9 --assert '!oom' busybox true
has_controller memory || like 'what cannot be known does not hold' "$stderr" '!oom +unknown: controller .memory. '
is 'no signal is none' "$status" 123
run tare run "${quick[@]}" --assert reason==exit busybox nosuch
is 'what does not run has its own code' "$status" 127
unlike 'and is not judged' "$stderr" assertion

# --- before anything starts
for bad in 'memory.peek<1M' 'memory.peak' 'wall<soon' 'oom<1' 'reason==bad' ''; do
	run tare run "${quick[@]}" --assert "$bad" busybox echo out
	is "a mistake is found first: '$bad'" "$status $stdout" '125 '
done
like 'and the message tells what there is' "$(tare run --assert x busybox 2>&1)" $'there is no figure \'x\'\nhint: .*memory.peak.*docs/report.md'
run tare run "${quick[@]}" --assert-format xml --assert '!oom' busybox echo out
is 'formats are known' "$status $stdout" '125 '
run tare run "${quick[@]}" --assert-format tap busybox echo out
is 'a format without assertions is a mistake' "$status $stdout" '125 '
run tare run "${quick[@]}" --assert-format junit:nosuch/dir/x --assert '!oom' busybox echo out
is 'so is a place that cannot be written' "$status $stdout" '125 '

# --- formats
run tare run "${quick[@]}" --assert 'wall<30s' --assert 'wall>20s' --assert-format tap busybox true
like 'TAP' "$stderr" $'^TAP version 13\n1..2\nok 1 - wall<30s\n# seen: .*\nnot ok 2 - wall>20s\n# seen: [0-9.]*[mu]?s$'
run tare run "${quick[@]}" --assert 'wall<30s' --assert-format tap:- busybox echo out
like 'TAP after the output' "$stdout" $'^out\nTAP version 13\n1..1\nok 1'
run tare run "${quick[@]}" --assert 'wall<30s' --assert 'code==4' --assert-format junit:results.xml busybox true
is 'JUnit goes to a file' "$status $stderr" '123 '
is 'which is XML' "$(python3 - <<'END'
import xml.etree.ElementTree as tree
suite = tree.parse("results.xml").getroot().find("testsuite")
print(suite.get("tests"), suite.get("failures"), [(c.get("name"), c.find("failure") is not None) for c in suite.iter("testcase")])
END
)" "2 1 [('wall<30s', False), ('code==4', True)]"
run tare run "${quick[@]}" --assert 'wall<30s' --assert-format text:table busybox true
like 'text to a file is written in any case' "$(cat table)" $'0 of 1 assertions failed\nEXPECTED.*ok$'

# --- several times
run tare run "${quick[@]}" --repeat 4 --report all.json --assert 'wall<30s' busybox echo out
is 'a run may be repeated' "$status $(grep -c out <<<"$stdout")" '0 4'
like 'stderr has how figures vary' "$stderr" $'^FIGURE +MIN +MEDIAN +MAX\nwall +[0-9.]+[mu]?s +[0-9.]+[mu]?s +[0-9.]+[mu]?s\n'
is 'and the report all runs' "$(jq -c '[.kind, .runs, (.reports | length), ([.reports[].container.id] | unique | length)]' all.json)" \
	'["repeat",4,4,4]'
ok 'with least, middle and greatest' jq -e '.summary.wall_us | .known == 4 and .min <= .median and .median <= .max' all.json
is 'as the schema says' "$(jq -r --slurpfile schema "$TARE_TEST_TOP/docs/repeat.schema.json" -f "$TARE_TEST_LIB/schema.jq" all.json)" ''
jq '.reports[3]' all.json >last.json
is 'each run as its own says' "$(jq -r --slurpfile schema "$TARE_TEST_TOP/docs/report.schema.json" -f "$TARE_TEST_LIB/schema.jq" last.json)" ''
run tare run "${quick[@]}" --repeat 3 -v "$T:/t" --userns=host --assert code==0 --assert-format tap busybox \
	sh -c 'echo >>/t/runs; [ "$(wc -l </t/runs)" != 2 ]'
is 'one broken assertion of three is one' "$status" 123
like 'and is told once' "$stderr" $'TAP version 13\n1..1\nnot ok 1 - code==0\n# seen: 1 \\(1 of 3 runs\\)$'
rm runs
run tare run "${quick[@]}" --repeat 2 -v "$T:/t" --userns=host --assert code==3 --assert code==4 busybox \
	sh -c 'echo >>/t/runs; exit $(wc -l </t/runs)'
is 'a broken assertion says more than the code before' "$status" 123
run tare run "${quick[@]}" --repeat 5 busybox nosuch
is 'what cannot start is not tried again' "$status $(grep -c nosuch <<<"$stderr")" '127 1'
fails 'containers that stay are not repeated' 125 tare run --repeat 2 busybox true
fails 'nor those of the background' 125 tare run --rm -d --repeat 2 busybox true
run tare run --rm --cidfile id --repeat 2 busybox true
like 'nor those with a file for one id' "$status $stderr" '^125 .*exclude each other'
fails 'nor less than once' 125 tare run --rm --repeat -1 busybox true
fails 'nor without end' 125 tare run --rm --repeat 1001 busybox nosuch
rm -f runs

# --- on record
run tare run --report r.json --name kept --network none --assert 'wall>20s' --assert code==0 busybox true
is 'the report has them' "$status $(jq -c '[.code, (.assertions | map([.expression, .ok]))]' r.json)" \
	'123 [0,[["wall>20s",false],["code==0",true]]]'
is 'inspect, too' "$(tare inspect -f '{{.State.ExitCode}} {{range .State.Report.assertions}}{{.expression}} {{.ok}} {{end}}' kept)" \
	'123 wall>20s false code==0 true '
run tare start -a kept
is 'each start is judged' "$status" 123
tare run -d --name back --network none --assert code==3 --assert-format tap:back.tap busybox sh -c 'exit 3' >/dev/null
is 'in the background, too' "$(tare wait back) $(sed -n 3p back.tap)" '0 ok 1 - code==3'
tare create --name later --network none --assert 'wall>20s' busybox true >/dev/null
run tare start -a later
is 'and what was created' "$status" 123
tare create --name elsewhere --network none --report rel.json --sample 20ms:rel.csv --assert code==0 \
	--assert-format tap:rel.tap busybox true >/dev/null
(cd / && tare start -a elsewhere)
is 'files are where create was asked for them' "$(echo rel.*)" 'rel.csv rel.json rel.tap'
"$TARE" run --name given --network none --assert code==0 --assert-format tap:fd:7 busybox true 7>given.tap
run tare start -a given
is 'a descriptor was that of the first run' "$status $(grep -c ^ok given.tap)" '0 1'
fails 'create finds mistakes, too' 125 tare create --assert x busybox true
tare rm -f -a >/dev/null
done_testing
