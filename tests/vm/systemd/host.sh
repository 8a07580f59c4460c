#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# host.sh - tare where systemd is in charge, as a machine's user has it: its own places, services
#
# The only script that is not kept apart from the host, which is the guest: what the others
# have of their own hides what is shared, where processes end up, and what systemd does to them.
# "tare run" makes its own cgroups at the top of the tree; systemd must leave them alone, and they
# must leave no trace among its units.
# shellcheck disable=SC2317 # functions that wait_for calls
TARE_TEST_TOP=$(readlink -f "$(dirname "$0")/../../..")
TARE_TEST_SCRATCH=$(mktemp -d)
export TARE_TEST_TOP TARE_TEST_SCRATCH TARE_TEST_INSIDE=1 T=$TARE_TEST_SCRATCH TARE=/usr/local/bin/tare
. "$TARE_TEST_TOP/tests/lib/harness.sh"

install -D "$TARE_TEST_TOP/build/tare" "$TARE"
sed "s|@BINDIR@|${TARE%/*}|" "$TARE_TEST_TOP/docs/tare.service" >/etc/systemd/system/tare.service
on_exit tare rm -f -a

mounts() {
	cut -d' ' -f3- /proc/self/mountinfo | sort
}

units() {
	systemctl list-units --plain --no-legend | awk '{ print $1 }' | sort
}
systemctl start tare.service # and what it wants
mounts >"$T/mounts"
units >"$T/units"

# --- from a shell ------------------------------------------------------------------

load_busybox
is 'run' "$(tare run --rm busybox echo hello)" hello
run tare run -d --name web -p 8080:80 --memory 64m --pids-limit 50 busybox \
	sh -c 'mkdir /www; echo page >/www/index.html; exec httpd -f -vv -h /www'
is 'run -d -p' "$status $stderr" '0 '
ok 'the host reaches it' wait_for 10 curl -sf http://127.0.0.1:8080/
is 'and gets its page' "$(curl -sf http://127.0.0.1:8080/)" page
is 'by its own address, too' "$(curl -sf "http://$(tare inspect -f '{{.NetworkSettings.IPAddress}}' web)/")" page
ok 'logs' wait_for 10 eval 'tare logs web 2>&1 | grep -q response:200'
is 'what it mounts is its own, though the host shares its mounts' "$(mounts | diff "$T/mounts" -)" ''
like "it is in no unit's cgroup" "$(cat "/proc/$(tare inspect -f '{{.State.Pid}}' web)/cgroup")" '^0::/tare/[0-9a-f]+$'
group=/sys/fs/cgroup/tare/$(tare inspect -f '{{.Id}}' web)
ok 'systemd reads its units again' systemctl daemon-reload
is 'limits have stayed' "$(cat "$group/memory.max" "$group/pids.max" | xargs)" '67108864 50'
is 'and exec works' "$(tare exec web cat /www/index.html)" page
is 'systemd knows no more units than before' "$(units | diff "$T/units" -)" ''
is 'stop, rm' "$(tare stop -t 0 web; tare rm web)" $'web\nweb'
fails 'nobody listens any more' 7 curl -sf http://127.0.0.1:8080/

# --- from services -----------------------------------------------------------------

# service PROPERTY... -- COMMAND...: as a service with these, which is over when the command is
service() {
	local args=()
	while [ "$1" != -- ]; do
		args+=(-p "$1")
		shift
	done
	shift
	run systemd-run -q --wait --pipe --collect "${args[@]}" "$@"
}

service KillMode=control-group MemoryMax=64M TasksMax=30 NoNewPrivileges=yes PrivateTmp=yes ProtectSystem=strict \
	ProtectHome=yes 'ReadWritePaths=/var/lib/tare /run/tare' -- "$TARE" run -d --name job busybox sleep 1000
is 'run -d in a service that may write where tare does' "$status $stderr" '0 '
is 'outlives the service: exec from outside' "$(tare exec job echo in)" in
pid=$(tare inspect -f '{{.State.Pid}}' job)
is 'as its monitor is elsewhere' "$(cat "/proc/$(awk '{ print $4 }' "/proc/$pid/stat")/cgroup")" 0::/tare/monitors
is 'stop and start from outside' "$(tare stop -t 0 job; tare start job; tare exec job echo in)" $'job\njob\nin'
tare rm -f job >/dev/null
service ProtectControlGroups=yes -- "$TARE" run --rm --memory 64m busybox true
like 'without cgroups to write a limit is an error' "$status $stderr" '^125 .*make cgroup .*ProtectControlGroups'

# --- tare.service, and what all processes get when the machine goes down -----------

tare run -d --name kept --restart unless-stopped --stop-signal KILL busybox sleep 1000 >/dev/null
tare run -d --name dropped --restart unless-stopped --stop-signal KILL busybox sleep 1000 >/dev/null
tare run -d --name plain busybox sh -c 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done' >/dev/null
tare stop -t 0 dropped >/dev/null
wait_for 20 eval '[ "$(tare logs plain)" = up ]'
ok 'the unit stops' systemctl stop tare.service
is 'and with it all containers' "$(tare ps -q)" ''
is 'in order' "$(tare logs plain) $(tare inspect -f '{{.State.Reason}}' plain kept | sort -u)" $'up\nbye shutdown'
ok 'it starts' systemctl start tare.service
is 'and with it what was running and has a policy' "$(tare ps --format '{{.Names}}')" kept
wait_for 20 pgrep -x tare-monitor
mapfile -t ours < <(pgrep -x tare-monitor; tare inspect -f '{{.State.Pid}}' kept)
kill -STOP "${ours[@]}" # as systemd-shutdown does: nobody sees another one's end first
kill -TERM "${ours[@]}"
kill -CONT "${ours[@]}"
wait_for 20 eval '! pgrep -x tare-monitor'
is 'SIGTERM to all does the same' "$(tare inspect -f '{{.State.ExitCode}} {{.State.Reason}}' kept)" '137 shutdown'

# --- what is left ------------------------------------------------------------------

tare rm -f -a >/dev/null
is 'no mount' "$(mounts | diff "$T/mounts" -)" ''
is 'no unit' "$(units | diff "$T/units" -)" ''
ok 'no process' wait_for 10 eval '! pgrep "^tare"'
is 'no cgroup' "$(find /sys/fs/cgroup/tare -mindepth 1 -type d)" /sys/fs/cgroup/tare/monitors
systemctl stop tare.service
rm -rf /etc/systemd/system/tare.service /var/lib/tare /run/tare "$TARE"
echo "1..$test_count"
done_testing
