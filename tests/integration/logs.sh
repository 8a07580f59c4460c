#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# shellcheck disable=SC2016 # $ in scripts is for the container's shell
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a

load_busybox

tare run -d --network none --name talk busybox sh -c 'echo one; echo two >&2; printf three' >/dev/null
tare wait talk >/dev/null

run tare logs talk
is 'logs keeps stdout' "$stdout" $'one\nthree'
is 'logs keeps stderr apart' "$stderr" two
is 'a small stack does' "$(ulimit -s 64; tare logs talk 2>&1 && tare cp talk:/etc/passwd - | tar t)" $'one\ntwo\nthreepasswd'
run tare logs --tail 1 talk
is 'logs --tail shows the last lines' "$stdout$stderr" three
run tare logs -n 0 talk
is 'logs --tail 0 shows nothing' "$stdout$stderr" ''
run tare logs -t talk
like 'logs -t begins lines with their time' "$stdout" \
	'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z one'
run tare logs --since 1h talk
is 'logs --since shows what is newer' "$stdout" $'one\nthree'
run tare logs --until 1h talk
is 'logs --until leaves out what is newer' "$stdout$stderr" ''
run tare logs --since nonsense talk
is 'a malformed time ends with 125' "$status" 125
run tare logs nothing
is 'logs of nothing ends with 125' "$status" 125
run tare logs -f talk
is 'logs -f of what has ended ends' "$stdout" $'one\nthree'

# The bytes that came out are those that went in.
tare run -d --network none --name raw busybox sh -c 'printf "a\0b\tc\"d\\\\\033[0m\303\251\n"' >/dev/null
tare wait raw >/dev/null
is 'logs gives back every byte' "$(tare logs raw | od -An -tx1 | tr -d ' \n')" \
	"$(printf 'a\0b\tc"d\\\033[0m\303\251\n' | od -An -tx1 | tr -d ' \n')"
log=$(tare inspect -f '{{.LogPath}}' raw)
is 'the log file is docker json-file' "$(jq -r '.stream' "$log")" stdout

cat >"$log" <<'END'
{"log":"a\n","stream":"stdout","time":"2026-01-02T03:04:01.000000000Z"}
{"log":"b","stream":"stderr","time":"2026-01-02T03:04:02.000000000Z"}
{"log":"c\n","stream":"stderr","time":"2026-01-02T03:04:03.000000000Z"}
{"log":"d\n","stream":"stdout","time":"2026-01-02T03:04:04.000000000Z"}
END
is 'logs keeps the order' "$(tare logs raw 2>&1)" $'a\nbc\nd'
is '-t shows the time at which a line began' "$(tare logs -t raw 2>&1 | cut -c 18-19,31-)" $'01 a\n02 bc\n04 d'
is '--since leaves out what was before' "$(tare logs --since 2026-01-02T03:04:03Z raw 2>&1)" $'c\nd'
is '--until what came after' "$(tare logs --until 2026-01-02T03:04:02Z raw 2>&1)" $'a\nb'
is '--tail all, or -1, is all' "$(tare logs --tail all raw 2>/dev/null; tare logs --tail -1 raw 2>/dev/null)" $'a\nd\na\nd'
fails 'and fewer is nonsense' 125 tare logs --tail -2 raw
tare create --name unborn busybox true >/dev/null
run tare logs unborn
is 'who never ran has said nothing' "$status $stdout$stderr" '0 '

# Following sees each line, also over rotations, and ends with the container.
tare run -d --network none --name many --log-opt max-size=20k --log-opt max-file=4 busybox \
	sh -c 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done; sleep 0.3; echo end' >/dev/null
tare logs -f many >"$T/followed"
is 'logs -f ends with the container' "$(tail -n 1 "$T/followed")" end
is 'no line is repeated' "$(sort "$T/followed" | uniq -d)" ''
ok 'logs were rotated' test -e "$TARE_ROOT/containers/$(tare ps -aq --no-trunc --filter name=many)/log/container.log.1"

tare run -d --network none --name slow busybox \
	sh -c 'for i in 1 2 3 4 5; do echo $i; sleep 0.1; done' >/dev/null
is 'logs -f shows what is still to come' "$(tare logs -f slow | tr '\n' ' ')" '1 2 3 4 5 '

tare run -d --network none --name killed busybox sh -c 'echo alive; sleep 1000' >/dev/null
wait_for 10 eval 'tare logs killed | grep -q alive'
tare logs -f killed >"$T/killed" &
follower=$!
tare kill killed >/dev/null
wait "$follower"
is 'logs -f ends when the container is killed' "$(cat "$T/killed")" alive

"$TARE" run --rm --network none --name fleeting busybox sleep 1000 &
foreground=$!
wait_for 10 tare exec fleeting true
run tare logs fleeting
like 'no log where none is kept: that is said' "$status $stderr" "^125 tare: container 'fleeting' keeps no log"
tare kill fleeting >/dev/null
wait "$foreground"

tare run -d --network none --log-driver none --name silent busybox echo lost >/dev/null
tare wait silent >/dev/null
run tare logs silent
like 'nor with the driver none' "$status $stderr" "^125 tare: container 'silent' keeps no log"

long=$(head -c 50000 /dev/zero | tr '\0' x)
tare run -d --network none --name long busybox sh -c 'head -c 50000 /dev/zero | tr "\0" x; echo' >/dev/null
tare wait long >/dev/null
is 'a long line comes out whole' "$(tare logs long)" "$long"
is 'with -t it has one time' "$(tare logs -t long | grep -c Z)" 1

done_testing
