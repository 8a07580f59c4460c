#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# health NAME: its state, as inspect shows it
health() {
	tare inspect -f '{{.State.Health.Status}}' "$1" 2>&1
}

is_health() {
	[ "$(health "$1")" = "$2" ]
}

tare run -dt --name h --network none --health-cmd 'echo checked; test ! -e /sick' --health-interval 200ms \
	--health-retries 2 busybox sleep 1000 >/dev/null
is 'health begins as starting' "$(health h)" starting
ok 'a check that goes well makes it healthy' wait_for 10 is_health h healthy
is 'ps shows the health' "$(tare ps --format '{{.Status}}' | sed 's/.*(/(/')" '(healthy)'
is 'ps has it as a field' "$(tare ps --format '{{.HealthStatus}}')" healthy
is 'ps filters by health' "$(tare ps --filter health=healthy --format '{{.Names}}')" h
is 'other health is filtered out' "$(tare ps -q --filter health=unhealthy)" ''
is 'inspect shows what the check said' \
	"$(tare inspect -f '{{(index .State.Health.Log 0).Output}}' h)" checked
is 'inspect shows the check as docker does' \
	"$(tare inspect -f '{{index .Config.Healthcheck.Test 0}} {{.Config.Healthcheck.Retries}}' h)" 'CMD-SHELL 2'
first=$(tare inspect -f '{{(index .State.Health.Log 0).Start}}' h)
tare exec h touch /sick
ok 'failures in a row make it unhealthy' wait_for 10 is_health h unhealthy
ok 'an unhealthy container runs on' tare exec h true
tare exec h rm /sick
ok 'it may recover' wait_for 10 is_health h healthy
is 'and nothing counts against it' "$(tare inspect -f '{{.State.Health.FailingStreak}}' h)" 0
goes_on() {
	[ "$(tare inspect -f '{{(index .State.Health.Log 0).Start}}' h)" != "$first" ]
}
ok 'old entries of its log go' wait_for 10 goes_on
is 'so that there are five' "$(tare inspect -f '{{len .State.Health.Log}}' h)" 5
pids=$(pgrep -x tare-health | wc -l)
is 'there is one process for it' "$pids" 1
tare stop -t 1 h >/dev/null
is 'it goes with the container' "$(pgrep -xc tare-health)" 0
unlike 'what has ended has no health' "$(tare ps -a)" healthy
tare rm h >/dev/null

tare run -d --name slow --network none --health-cmd 'sleep 100' --health-interval 100ms --health-timeout 200ms \
	--health-retries 1 busybox sleep 1000 >/dev/null
ok 'a check that takes too long is a failure' wait_for 10 is_health slow unhealthy
is 'and says so' "$(tare inspect -f '{{(index .State.Health.Log 0).ExitCode}}' slow)" -1
monitor=$(pgrep -x tare-monitor)
kill -9 "$monitor"
ok 'a killed monitor takes the checks along' wait_for 5 sh -c '! pgrep -x tare-health'
tare rm -f slow >/dev/null

tare run -d --name early --network none --health-cmd 'head -c 6000 /dev/zero | tr "\0" x; false' \
	--health-interval 100ms --health-retries 1 --health-start-period 1h busybox sleep 1000 >/dev/null
has_two() {
	[ "$(tare inspect -f '{{len .State.Health.Log}}' early)" -ge 2 ]
}
ok 'in the start period it is checked' wait_for 10 has_two
is 'but failures do not count' "$(health early)" starting
is 'what a check says is cut' "$(tare inspect -f '{{len (index .State.Health.Log 0).Output}}' early)" 4096
tare rm -f early >/dev/null

run tare run --rm --network none --health-cmd true --health-interval 100ms busybox sh -c 'sleep 0.5; echo done'
is 'checks run beside a container in the foreground' "$status $stdout" '0 done'
run tare run --rm -i --network none --health-cmd true --health-interval 100ms busybox cat <<<'to the end'
is 'its standard input ends when ours does' "$status $stdout" '0 to the end'

"$TARE_TEST_TOP/tests/lib/mkimage" checked.tar localhost/checked --cmd '["sleep","1000"]' \
	--label 'tare.health=--interval=100ms --retries=1 test -e /well' "$FIXTURES/root"
tare load -q -i checked.tar >/dev/null
tare run -d --name l --network none localhost/checked >/dev/null
ok 'a label brings a check along' wait_for 10 is_health l unhealthy
tare rm -f l >/dev/null
tare run -d --name l --network none --health-cmd true localhost/checked >/dev/null
ok 'a flag counts before the label, and leaves its numbers' wait_for 10 is_health l healthy
tare rm -f l >/dev/null
tare run -d --name l --network none --no-healthcheck localhost/checked >/dev/null
is '--no-healthcheck is without' "$(tare inspect -f '{{.Config.Healthcheck.Test}}' l) $(pgrep -xc tare-health)" '[NONE] 0'
tare rm -f l >/dev/null

fails 'a number out of range is refused' 125 tare run --rm --health-cmd true --health-retries 100000 busybox true
if [ -n "$(type -P strace)" ]; then
	run strace -o "$T/fork" -e inject=fork:error=EAGAIN "$TARE" run --rm --network none --health-cmd true busybox sleep 1
	if grep -q INJECTED "$T/fork"; then # glibc's fork() is clone(), which the start itself needs
		like 'none runs without the check that it is to have' "$status $stderr" '^125 .*start the health check: Resource'
	fi
fi
fails 'a check and none exclude each other' 125 tare run --rm --health-cmd true --no-healthcheck busybox true
done_testing
