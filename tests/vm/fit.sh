#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fit.sh - tare fit: the smallest limits under which a command passes
# shellcheck disable=SC2016 # scripts that expand in the container
. "$(dirname "$0")/../lib/harness.sh"

MIB=$((1 << 20))

load_busybox
on_exit tare rm -f -a

# --- memory: what a program of 24 MiB needs
run tare fit --memory 16m..48m --repeat 1 --precision 25 -- --network none busybox dd if=/dev/zero of=/dev/null bs=24M count=1
is 'there is an answer' "$status $stderr" '0 '
diag "$stdout"
like 'the upper end passes' "$stdout" $'\n48MiB +1 of 1 +2[0-9.]+MiB +[0-9.]+m?s +passes'
like 'the lower one does not' "$stdout" $'\n16MiB +0 of 1 +16MiB +[0-9.]+m?s +fails +oom, code 137'
knee=$(sed -n 's/.* passes, .* does not: --memory=\([0-9]*\)k$/\1/p' <<<"$stdout")
ok "the knee is where it must be ($((knee / 1024)) MiB)" [ "$knee" -gt $((24 * 1024)) ]
ok 'and not far off' [ "$knee" -lt $((32 * 1024)) ]
like 'it is drawn' "$stdout" $'\n16MiB x[x.]*o[o.]*o 48MiB '

# --- what passes now and then: every other run takes 20 MiB more
mkdir "$T/state"
chmod 777 "$T/state"
run tare fit --format json --memory 20m..40m --repeat 2 --precision 50 -- --network none -v "$T/state:/state" busybox sh -c \
	'if [ -e /state/odd ]; then rm /state/odd; size=36; else touch /state/odd; size=16; fi
		exec dd if=/dev/zero of=/dev/null bs=${size}M count=1'
is 'a flaky one has an answer' "$status $stderr" '0 '
is 'under which it never fails' "$(jq ".fitted.memory.knee > 36 * $MIB" <<<"$stdout")" true
is 'what lies between is named' "$(jq '[.fitted.memory.tried[] | select(.result == "flaky")] | length > 0 and all(.passed == 1 and .runs == 2)' <<<"$stdout")" true
is 'the document says what it is' "$(jq -r '"\(.kind) \(.version) \(.together)"' <<<"$stdout")" 'fit 1 null'

# --- processes, and memory with them
run tare fit --format json --pids 2..4 --memory 32m..32m --repeat 1 --precision 20 -- --network none busybox sh -c \
	'sleep 0.2 & sleep 0.2 & wait'
is 'a shell and its two children are three' "$(jq .fitted.pids.knee <<<"$stdout")" 3
is 'with the flag to type' "$(jq -r .fitted.pids.flag <<<"$stdout")" '--pids-limit=3'
is 'both answers hold together' "$status $(jq -c .together <<<"$stdout")" '0 {"runs":1,"passed":1}'

# --- time
run tare fit --cpus 0.5..1 --timeout 4s --repeat 1 --precision 50 -- --network none busybox sh -c \
	'i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done'
is 'a share of a processor is found' "$status" 0
run tare fit --memory 16m..32m --repeat 1 -- --network none --assert 'pids.peak<1' busybox true
is 'an assertion that fails is no pass' "$status" 1
like 'and named' "$stdout" 'assertion failed'
run tare fit --memory 16m..32m --repeat 1 -- --network none busybox dd if=/dev/zero of=/dev/null bs=64M count=1
is 'what never passes ends with 1' "$status" 1
like 'and is said' "$stdout" 'does not pass even with 32MiB'
run tare fit --memory 16m..32m busybox nosuch
is 'what cannot be run is a mistake' "$status $stdout" '125 '
like 'which is told' "$stderr" "it does not start: command 'nosuch' not found"
done_testing
