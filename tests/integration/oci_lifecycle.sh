#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_lifecycle.sh - OCI runtime: create to delete, what each step answers, and refuses
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/oci.sh"

# --- a life, step by step ---------------------------------------------------

# shellcheck disable=SC2016
bundle life 'sh("touch /tmp/started; trap \"exit 5\" TERM; while :; do sleep 0.1; done")
	| .annotations = {"org.example.key": "value"}'

mkdir "$T/elsewhere"
bundle elsewhere 'args(["echo", "not this"])'
jq '.process.args = ["echo", "this one"]' "$T/elsewhere/config.json" >"$T/elsewhere/other.json"
run oci run --config other.json --bundle "$T/elsewhere" elsewhere
deviates runc 'no such flag'
is '--config names another file of the bundle' "$stdout" 'this one'

run oci state life
is 'state of an unknown id ends with 1' "$status" 1
deviates crun 'names the file'
like 'state of an unknown id says that it does not exist' "$stderr" 'does not exist'
for verb in start kill pause resume delete ps; do
	run oci $verb life
	isnt "$verb of an unknown id fails" "$status" 0
	deviates crun 'names the file'
	like "$verb of an unknown id says so" "$stderr" 'does not exist'
done
run oci exec life true
deviates crun 'ends with 1'
is 'exec in an unknown container ends with 255' "$status" 255

run oci create --bundle "$T/life" --pid-file "$T/life.pid" life
is 'create ends with 0' "$status" 0
is 'create prints nothing' "$stdout$stderr" ''
is 'then the status is created' "$(status_of life)" created
ok 'create does not start the program' test ! -e "$ROOT/tmp/started"
pid=$(cat "$T/life.pid")
is 'the pid file has the pid that state has' "$pid" "$(field life .pid)"
is 'and is for others to read' "$(stat -c %a "$T/life.pid")" 644
is 'the pid file has no line end' "$(wc -c <"$T/life.pid")" ${#pid}
ok 'that process is there' test -d "/proc/$pid"

run oci state life
is 'state has the id' "$(jq -r .id <<<"$stdout")" life
is 'state has the bundle, absolute' "$(jq -r .bundle <<<"$stdout")" "$T/life"
is 'state has the root file system' "$(jq -r .rootfs <<<"$stdout")" "$ROOT"
like 'state has a version of the specification' "$(jq -r .ociVersion <<<"$stdout")" '^1\.[0-9]+\.[0-9]+'
is 'state has the pid as a number' "$(jq -r '.pid | type' <<<"$stdout")" number
is 'state has the annotations' "$(jq -r '.annotations["org.example.key"]' <<<"$stdout")" value
like 'state has the time of creation' "$(jq -r .created <<<"$stdout")" '^20[0-9-]+T[0-9:.]+Z$'

run oci create --bundle "$T/life" life
is 'create with an id that is taken ends with 1' "$status" 1
like 'create with an id that is taken says so' "$stderr" 'exist'
is 'and leaves the first alone' "$(status_of life)" created
run oci run --bundle "$T/life" life
isnt 'run with an id that is taken fails' "$status" 0

run oci start life
is 'start ends with 0' "$status" 0
is 'start prints nothing' "$stdout$stderr" ''
ok 'start starts the program' wait_for 5 test -e "$ROOT/tmp/started"
is 'then the status is running' "$(status_of life)" running
is 'start keeps the pid' "$(field life .pid)" "$pid"
run oci start life
is 'start of a running container ends with 1' "$status" 1
isnt 'start of a running container says why' "$stderr" ''
run oci delete life
is 'delete of a running container ends with 1' "$status" 1
like 'delete of a running container says why' "$stderr" 'not stopped|running|stopped`? state'
is 'and leaves it running' "$(status_of life)" running

run oci kill life
is 'kill ends with 0' "$status" 0
ok 'kill sends SIGTERM by default, and then the status is stopped' wait_for 5 has_status life stopped
is 'the pid of a stopped container is 0' "$(field life .pid)" 0
run oci kill life KILL
deviates crun 'a zombie takes signals'
isnt 'kill of a stopped container fails' "$status" 0
deviates crun 'a zombie takes signals'
like 'kill of a stopped container says that it is not running' "$stderr" 'not running|process already finished'
run oci start life
is 'start of a stopped container ends with 1' "$status" 1
run oci exec life true
deviates crun 'ends with 1'
is 'exec in a stopped container ends with 255' "$status" 255
like 'exec in a stopped container says why' "$stderr" 'stopped|not running'
run oci pause life
isnt 'pause of a stopped container fails' "$status" 0
run oci resume life
isnt 'resume of a stopped container fails' "$status" 0
run oci update --pids-limit 100 life
like 'update of a stopped container says that it is not running' "$status $stderr" '^[1-9].*not running'
run oci events --stats life
like 'and so do events' "$status $stderr" '^[1-9].*not running'

run oci delete life
is 'delete ends with 0' "$status" 0
run oci state life
isnt 'then there is no state' "$status" 0
is 'nothing is left in the state directory' "$(find "$STATE" -mindepth 1 -name '*life*')" ''
is 'no cgroup is left' "$(find /sys/fs/cgroup -path "*$CGROUP/life" 2>/dev/null)" ''
ok 'delete leaves the bundle' test -e "$T/life/config.json"
ok 'delete leaves the root file system' test -e "$ROOT/bin/busybox"
run oci delete life
is 'delete of what is deleted ends with 1' "$status" 1
run oci delete --force life
is 'delete --force of an unknown id ends with 0' "$status" 0
rm -f "$ROOT/tmp/started"

# --- delete ------------------------------------------------------------------

# has_ended PID: whoever inherited it may not have waited for it yet
has_ended() {
	# The last time: it may be waited for between the two looks.
	[ ! -d "/proc/$1" ] || grep -qs '^State:.[ZX]' "/proc/$1/status" || [ ! -d "/proc/$1" ]
}

bundle idle 'args(["sleep", "1000"])'
oci create --bundle "$T/idle" idle
pid=$(field idle .pid)
ok 'delete of a created container ends with 0' oci delete idle
ok 'and ends its process' wait_for 5 test ! -d "/proc/$pid"
start_up idle
pid=$(field idle .pid)
ok 'delete --force of a running container ends with 0' oci delete --force idle
ok 'and its process has ended when delete has' has_ended "$pid"
start_up idle
ok 'delete -f is short for it' oci delete -f idle
oci create --bundle "$T/idle" idle
ok 'pause of a created container' oci pause idle
is 'is seen' "$(status_of idle)" paused
fails 'it cannot be started then' 1 oci start idle
ok 'resume' oci resume idle
is 'makes it what it was' "$(status_of idle)" created
ok 'start' oci start idle
ok 'kill with 0 asks whether it runs' oci kill idle 0
oci delete -f idle
fails 'and when it does not' 1 oci kill idle 0
bundle parent 'sh("sleep 1000 & sleep 1000 & wait") | no_ns("pid")'
start_up parent
wait_for 5 test "$(pgrep -c sleep)" -ge 2
oci delete --force parent
ok 'delete --force ends all processes, also where there is no pid namespace' wait_for 5 sh -c '! pgrep sleep'
start_up parent
wait_for 5 test "$(pgrep -c sleep)" -ge 2
oci kill parent KILL
deviates crun 'its first one alone'
ok 'kill with KILL as well' wait_for 5 sh -c '! pgrep sleep'
wait_for 5 has_status parent stopped
run oci kill parent KILL
isnt 'then there is nothing left to kill' "$status" 0
oci delete parent
oci --cgroup-manager disabled create --bundle "$T/idle" idle >/dev/null 2>&1 </dev/null
deviates runc 'no such flag'
is 'without a cgroup manager there is no cgroup' \
	"$(status_of idle) $(find /sys/fs/cgroup -path "*$CGROUP/idle" 2>/dev/null)" 'created '
oci delete --force idle

# --- ids and arguments -----------------------------------------------------------

for id in '' . .. a/b ../x; do
	run oci create --bundle "$T/idle" "$id"
	is "create refuses the id '$id'" "$status" 1
done
deviates crun 'takes it'
fails 'create refuses an id with a space' 1 oci create --bundle "$T/idle" 'a b'
! peer crun || oci delete --force 'a b'
fails 'create refuses an id that is too long for a file name' 1 oci create --bundle "$T/idle" "$(printf 'x%.0s' {1..300})"
for id in a A0 a.b_c+d-E 0 "$(printf 'x%.0s' {1..64})"; do
	ok "create takes the id '$id'" oci create --bundle "$T/idle" "$id"
	oci delete --force "$id"
done
fails 'create needs an id' 1 oci create --bundle "$T/idle"
fails 'create takes no second id' 1 oci create --bundle "$T/idle" one two
fails 'state needs an id' 1 oci state
fails 'state takes no second id' 1 oci state one two
fails 'start needs an id' 1 oci start
fails 'kill needs an id' 1 oci kill
run oci nonsense
isnt 'an unknown command fails' "$status" 0
run oci --nonsense list
isnt 'an unknown global flag fails' "$status" 0
run oci create --nonsense --bundle "$T/idle" x
isnt 'an unknown flag fails' "$status" 0
fails 'create fails without a bundle' 1 oci create --bundle /nonexistent x
mkdir "$T/empty"
fails 'create fails without config.json' 1 oci create --bundle "$T/empty" x
like 'and names it' "$(oci create --bundle "$T/empty" x 2>&1)" 'config.json'
is 'what was refused left no container' "$(oci list -q)" ''

# --- where the bundle and the pid file are ----------------------------------------

cd "$T" || exit 1
ok 'create takes a relative bundle' oci create --bundle idle --pid-file relative.pid rel
is 'and state has it absolute' "$(field rel .bundle)" "$T/idle"
is 'a relative pid file is below the working directory of the caller' \
	"$(cat "$T/relative.pid" "$T/idle/relative.pid" 2>/dev/null)" "$(field rel .pid)"
oci delete --force rel
cd "$T/idle" || exit 1
ok 'the bundle is the working directory by default' oci create here
is 'and state has that' "$(field here .bundle)" "$T/idle"
oci delete --force here
cd "$T" || exit 1
ok 'create -b is --bundle' oci create -b idle short
oci delete --force short
ok 'create takes --bundle=DIR and --pid-file=FILE' oci create --bundle=idle --pid-file="$T/eq.pid" eq
is 'with effect' "$(cat "$T/eq.pid")" "$(field eq .pid)"
oci delete --force eq
deviates crun 'long flags have two dashes'
ok 'create takes -bundle DIR with one dash' oci create -bundle idle dash
oci delete --force dash
echo stale >"$T/stale.pid"
oci create --bundle idle --pid-file "$T/stale.pid" stale
is 'a pid file that is there is replaced' "$(cat "$T/stale.pid")" "$(field stale .pid)"
oci delete --force stale
run oci create --bundle idle --pid-file /nonexistent/dir/pid nopid
isnt 'a pid file that cannot be written fails create' "$status" 0
deviates runc 'leaves it'
deviates crun 'leaves it'
is 'and leaves no container' "$(oci list -q)" ''
oci delete --force nopid >/dev/null 2>&1
cp "$T/idle/config.json" "$T/empty"
rm "$T/empty/config.json"
bundle gone 'args(["sleep", "1000"])'
oci create --bundle gone gone
rm -r "$T/gone"
ok 'start needs no bundle' oci start gone
ok 'nor does delete' oci delete --force gone
bundle relroot 'args(["cat", "/mark"]) | .root.path = "rootfs"'
new_root "$T/relroot/rootfs"
echo relative >"$T/relroot/rootfs/mark"
launch relroot
is 'a relative root is below the bundle' "$stdout" relative

# --- kill --------------------------------------------------------------------------

# shellcheck disable=SC2016
bundle signals 'sh("for s in HUP INT QUIT USR1 USR2 TERM WINCH 34; do trap \"echo got $s\" $s; done
	echo ready; while :; do sleep 0.05; done")'
start_up signals
got() {
	[ "$(tail -n 1 "$T/signals.out")" = "$1" ]
}
wait_for 5 got ready
for try in 'USR1 USR1' 'SIGUSR2 USR2' '10 USR1' '12 USR2' 'SIGINT INT' '28 WINCH'; do
	read -r signal name <<<"$try"
	oci kill signals "$signal"
	ok "kill takes $signal" wait_for 5 got "got $name"
done
deviates crun 'not in lower case'
ok 'kill takes a name in lower case' oci kill signals hup
if ! peer crun; then
	ok 'with effect' wait_for 5 got 'got HUP'
fi
deviates crun 'sends signal 0'
fails 'kill refuses an unknown name' 1 oci kill signals NONSENSE
fails 'kill refuses an unknown number' 1 oci kill signals 200
ok 'kill takes --all' oci kill --all signals USR1
is 'the refused ones have done no harm' "$(status_of signals)" running
oci kill signals 9
ok 'kill 9 ends it' wait_for 5 has_status signals stopped
oci delete signals

oci create --bundle idle unstarted
ok 'kill works on a created container' oci kill unstarted KILL
ok 'which then is stopped' wait_for 5 has_status unstarted stopped
fails 'and cannot be started' 1 oci start unstarted
ok 'but deleted' oci delete unstarted

# --- pause and resume ----------------------------------------------------------------

start_up idle
: >"$STATE/idle/checkpoint" # of one that was killed
ok 'pause ends with 0' oci pause idle
is 'then the status is paused' "$(status_of idle)" paused
isnt 'a paused container has a pid' "$(field idle .pid)" 0
run timeout 10 "$RUNTIME" --root "$STATE" exec idle true
deviates runc 'waits'
deviates crun 'waits'
isnt 'exec in a paused container fails' "$status" 0
fails 'delete of a paused container ends with 1' 1 oci delete idle
ok 'resume ends with 0' oci resume idle
is 'then the status is running again' "$(status_of idle)" running
fails 'exec works again' 7 oci exec idle sh -c 'exit 7'
run oci resume idle
deviates crun 'does not mind'
isnt 'resume of what is not paused fails' "$status" 0
oci pause idle
pid=$(field idle .pid)
ok 'delete --force of a paused container ends with 0' timeout 20 "$RUNTIME" --root "$STATE" delete --force idle
ok 'and ends its process' wait_for 5 test ! -d "/proc/$pid"

# --- run -------------------------------------------------------------------------------

sh_run code 'echo out; echo err >&2; exit 42'
is 'run ends with the code of the program' "$status" 42
is 'its stdout is that of the program' "$stdout" out
is 'its stderr is that of the program' "$stderr" err
is 'run removes the container' "$(oci list -q)" ''
run oci run --bundle code code <<<'unused'
bundle input 'args(["cat"])'
run oci run --bundle input input <<<'a line'
is 'its stdin is that of the program' "$stdout" 'a line'
# shellcheck disable=SC2016
sh_run signal 'kill -USR1 $$; sleep 5' 'no_ns("pid")'
is 'run ends with 128 + the number of the signal' "$status" 138
launch idle --detach --pid-file "$T/detached.pid"
is 'run --detach ends with 0' "$status" 0
is 'run --detach leaves it running' "$(status_of idle)" running
is 'run writes the pid file' "$(cat "$T/detached.pid")" "$(field idle .pid)"
oci delete --force idle
launch idle -d
is 'run -d is short for it' "$(status_of idle)" running
oci delete --force idle
bundle code 'sh("exit 3")'
launch code --keep
deviates crun 'too old'
is 'run --keep ends with the code of the program' "$status" 3
deviates crun 'too old'
is 'run --keep leaves the container' "$(status_of code)" stopped
oci delete --force code

oci run --bundle idle forward >/dev/null 2>&1 </dev/null &
job=$!
wait_for 5 has_status forward running
oci kill forward KILL
wait $job
is 'run ends when the container is killed from elsewhere' $? 137
bundle trap 'sh("trap \"exit 21\" TERM; echo ready; while :; do sleep 0.05; done")'
"$RUNTIME" --root "$STATE" run --bundle trap trap >"$T/trap.out" 2>&1 &
job=$!
wait_for 5 grep -q ready "$T/trap.out"
kill -TERM $job
wait $job
is 'run passes signals on' $? 21

for try in 'nonsense executable file .*not found in \$PATH' \
	'/nonsense [Nn]o such file or directory' '/etc/passwd [Pp]ermission denied' \
	'/etc [Pp]ermission denied|[Oo]peration not permitted|is a directory'; do
	program=${try%% *} wanted=${try#* }
	bundle bad 'args([$p])' --arg p "$program"
	run oci create --bundle bad bad
	is "create fails when the program is $program" "$status" 1
	like 'and says why' "$stderr" "$wanted"
	is 'and leaves nothing' "$(oci list -q)$(find /sys/fs/cgroup -path "*$CGROUP/bad" 2>/dev/null)" ''
	launch bad
	isnt "run fails, too" "$status" 0
done

printf '#!/nonsense/interpreter\n' >"$ROOT/tmp/orphan"
chmod +x "$ROOT/tmp/orphan"
bundle orphan 'args(["/tmp/orphan"])'
oci create --bundle orphan orphan >"$T/orphan.out" 2>&1 </dev/null
ok 'a program that is found starts, though it cannot be run' oci start orphan
ok 'and ends' wait_for 5 has_status orphan stopped
like 'after the container itself has said why' "$(cat "$T/orphan.out")" '/tmp/orphan.*[Nn]o such file'
oci delete orphan
fails 'and with 1' 1 oci run --bundle orphan orphan

# --- whose child it is ------------------------------------------------------------------

python3 "$PEER_PY" subreaper "$RUNTIME" --root "$STATE" create --bundle idle --pid-file "$T/sub.pid" sub >"$T/sub.out" 2>&1
is 'the first process becomes a child of the sub-reaper' "$(cat "$T/sub.out")" "code 0
child $(cat "$T/sub.pid")"
ok 'whose end is the container'\''s' wait_for 5 has_status sub stopped
oci delete sub
python3 "$PEER_PY" subreaper "$RUNTIME" --root "$STATE" run -d --bundle idle --pid-file "$T/sub.pid" sub >"$T/sub.out" 2>&1 </dev/null
deviates crun 'leaves more'
is 'so it is after run --detach' "$(cat "$T/sub.out")" "code 0
child $(cat "$T/sub.pid")"
wait_for 5 has_status sub stopped
oci delete sub

# --- list and ps --------------------------------------------------------------------------

is 'list -q of none prints nothing' "$(oci list -q)" ''
like 'list --format json of none is empty' "$(oci list --format json | tr -d ' \n')" '^(\[\]|null)$'
ok 'a state directory that is not there is an empty one' "$RUNTIME" --root "$T/nonexistent" list
bundle first 'args(["sleep", "1000"])'
oci create --bundle first first
start_up idle
is 'list -q prints the ids' "$(oci list -q | sort | xargs)" 'first idle'
is 'list --quiet does, too' "$(oci list --quiet | sort | xargs)" 'first idle'
is 'list --format json has id and status' \
	"$(oci list --format json | jq -r 'sort_by(.id)[] | "\(.id) \(.status)"')" $'first created\nidle running'
is 'list --format=json has pid and bundle' "$(oci list --format=json | jq -r '.[] | select(.id == "idle") | "\(.pid) \(.bundle)"')" \
	"$(field idle .pid) $T/idle"
is 'list -f json is short for it' "$(oci list -f json | jq length)" 2
run oci list
like 'list has a heading' "$stdout" 'PID +STATUS +BUNDLE.* +CREATED +OWNER'
like 'list has a row with id, pid, status, bundle, owner' "$stdout" \
	"idle +$(field idle .pid) +running +$T/idle +20[^ ]+ +root"
run oci list --format nonsense
deviates crun 'does not mind'
isnt 'list refuses an unknown format' "$status" 0
oci kill first KILL
wait_for 5 has_status first stopped
deviates crun 'a zombie is running'
like 'list shows a stopped one with pid 0' "$(oci list)" 'first +0 +stopped'
oci delete --force first

oci exec -d idle sleep 500
is 'ps --format json is a list of pids' "$(oci ps --format json idle | jq -c 'map(type) | unique')" '["number"]'
is 'with all processes' "$(oci ps --format json idle | jq length)" 2
is 'the first one among them' "$(oci ps -f json idle | jq "index($(field idle .pid)) != null")" true
run oci ps idle
like 'ps has a heading' "$stdout" '^[^'$'\n'']*PID'
like 'ps shows the processes' "$stdout" "[^0-9]?$(field idle .pid)( |$|"$'\n'")"
is 'and no others' "$(wc -l <<<"$stdout")" 3
run oci ps idle -o pid,comm
deviates crun 'passes nothing on'
like 'ps passes options on to ps' "$stdout" "PID COMMAND.*$(field idle .pid) sleep"
run oci ps --format table idle -e -x
deviates crun 'passes nothing on'
is 'and those that look like flags' "$status" 0
run oci events --interval 0s --stats idle
isnt 'an interval of no time is refused' "$status" 0
run sh -c '"$0" --root "$1" list >/dev/full' "$RUNTIME" "$STATE"
deviates runc 'does not look'
deviates crun 'does not look'
isnt 'what cannot be written is an error' "$status" 0
oci delete --force idle

# --- global flags -----------------------------------------------------------------------------

ok '--root=DIR works' "$RUNTIME" --root="$T/other" create --bundle idle other
is 'the container is there' "$("$RUNTIME" --root "$T/other" list -q)" other
is 'and nowhere else' "$(oci list -q)" ''
"$RUNTIME" --root="$T/other" delete --force other
deviates crun 'long flags have two dashes'
ok '-root DIR works' "$RUNTIME" -root "$T/other" list
deviates crun 'long flags have two dashes'
ok '-root=DIR works' "$RUNTIME" -root="$T/other" list
ok '--debug is taken' "$RUNTIME" --debug --log "$T/debug.log" --root "$STATE" list
ok '--systemd-cgroup is taken' "$RUNTIME" --systemd-cgroup --root "$STATE" list
deviates crun 'has no such flag'
ok '--rootless is taken' "$RUNTIME" --rootless=auto --root "$STATE" list

bundle said 'args(["true"])'
run "$RUNTIME" --debug --log "$T/said.log" --log-format json --root "$STATE" run --bundle "$T/said" said
is '--debug does not change the outcome' "$status" 0
is 'each line is an object with level, msg and time' \
	"$(jq -r 'select((.level and .msg and .time) | not)' "$T/said.log")$(wc -l <"$T/said.log" | xargs)" \
	"$(jq -c . "$T/said.log" | wc -l | xargs)"
like 'of level debug' "$(jq -r .level "$T/said.log" | sort -u | xargs)" '(^| )debug( |$)'
deviates runc 'has other words'
like 'that say what is done' "$(jq -r .msg "$T/said.log")" 'said'
is 'stderr has none of them' "$stderr" ''
run oci --log "$T/quiet.log" --log-format json run --bundle "$T/said" said
is 'without --debug there are none' "$(cat "$T/quiet.log" 2>/dev/null)" ''

run oci --log "$T/text.log" state nonsense
like 'an error is in the log' "$(cat "$T/text.log")" 'does not exist|nonsense'
run oci --log "$T/json.log" --log-format json state nonsense
is 'the command fails all the same' "$status" 1
is 'with --log-format json each line is an object' "$(jq -r type "$T/json.log" | sort -u)" object
is 'with level error' "$(tail -n 1 "$T/json.log" | jq -r .level)" error
deviates crun 'names the file'
like 'with the cause as msg' "$(tail -n 1 "$T/json.log" | jq -r .msg)" 'does not exist'
like 'with a time' "$(tail -n 1 "$T/json.log" | jq -r .time)" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-])'
deviates crun 'it is in the log alone'
like 'the error is on stderr, too' "$stderr" 'does not exist'
lines=$(wc -l <"$T/json.log")
run oci --log="$T/json.log" --log-format=json state nonsense
ok 'the log is added to, never cut' test "$(wc -l <"$T/json.log")" -gt "$lines"
deviates crun 'long flags have two dashes'
ok '-log and -log-format with one dash work' "$RUNTIME" -log "$T/dash.log" -log-format json -root "$STATE" list
bundle nonsense 'args(["nonsense"])'
oci --log "$T/cause.log" --log-format json create --bundle nonsense nonsense >/dev/null 2>&1
like 'the log of a failed create ends with the cause' "$(tail -n 1 "$T/cause.log" | jq -r .msg)" \
	'executable file .*not found in \$PATH'
fails 'a log that cannot be written is an error, whatever the command' 1 oci --log "$T/nowhere/log" list
run oci --log-format nonsense list
deviates crun 'does not mind before it has something to say'
isnt 'an unknown log format is refused' "$status" 0

run "$RUNTIME" --version
is '--version ends with 0' "$status" 0
like '--version says name, version' "$stdout" '^[a-z-]+ version [0-9]'
like '--version says which specification' "$stdout" 'spec: 1\.[0-9]'
run "$RUNTIME" --help
is '--help ends with 0' "$status" 0
for verb in create start state kill delete run exec list ps pause resume update spec; do
	like "--help lists $verb" "$stdout" "$verb"
done

# --- spec and features ---------------------------------------------------------------------------

mkdir spec
cd spec || exit 1
ok 'spec writes config.json' oci spec
is 'for sh' "$(jq -c .process.args config.json)" '["sh"]'
is 'at a terminal' "$(jq -c .process.terminal config.json)" true
is 'in rootfs' "$(jq -r .root.path config.json)" rootfs
is 'with new namespaces' "$(jq -c '[.linux.namespaces[].type] - ["cgroup"] | sort' config.json)" \
	'["ipc","mount","network","pid","uts"]'
is 'with no new privileges' "$(jq -r .process.noNewPrivileges config.json)" true
is 'with mounts' "$(jq -c '[.mounts[].destination] | sort' config.json)" \
	'["/dev","/dev/mqueue","/dev/pts","/dev/shm","/proc","/sys","/sys/fs/cgroup"]'
fails 'spec does not write over a config.json' 1 oci spec
mkdir "$T/spec-other"
ok 'spec takes --bundle' oci spec --bundle "$T/spec-other"
ok 'and writes there' test -s "$T/spec-other/config.json"
ok 'spec takes --rootless' sh -c "cd '$T/empty' && '$RUNTIME' spec --rootless"
is 'which has a user namespace' "$(jq '[.linux.namespaces[].type] | index("user") != null' "$T/empty/config.json")" true
cp -a "$ROOT" rootfs
jq '.process.terminal = false | .process.args = ["echo", "as is"] | .mounts |= map(select(.type != "cgroup"))
	| .process.rlimits = []' config.json >new && mv new config.json
run oci run asis
is 'what spec writes runs' "$stdout" 'as is'
cd "$T" || exit 1

run oci features
if [ "$status" != 0 ] && peer crun; then
	skip 'features is JSON' 'crun: too old'
else
	is 'features is JSON' "$(jq -r type <<<"$stdout")" object
	like 'features has the lowest version' "$(jq -r .ociVersionMin <<<"$stdout")" '^1\.0\.'
	like 'features has the highest version' "$(jq -r .ociVersionMax <<<"$stdout")" '^1\.'
	is 'features has all hooks' "$(jq -c '.hooks | sort' <<<"$stdout")" \
		'["createContainer","createRuntime","poststart","poststop","prestart","startContainer"]'
	is 'features has the namespaces' "$(jq -c '["cgroup","ipc","mount","network","pid","user","uts"] - .linux.namespaces' <<<"$stdout")" '[]'
	is 'features has mount options' "$(jq -c '["bind","ro","rro","private"] - .mountOptions' <<<"$stdout")" '[]'
	is 'features has capabilities' "$(jq -c '["CAP_KILL","CAP_BPF"] - .linux.capabilities' <<<"$stdout")" '[]'
	is 'features has seccomp' "$(jq -c '.linux.seccomp.enabled' <<<"$stdout")" true
	is 'features has its actions' "$(jq -c '["SCMP_ACT_ALLOW","SCMP_ACT_ERRNO","SCMP_ACT_KILL_PROCESS","SCMP_ACT_LOG","SCMP_ACT_NOTIFY"] - .linux.seccomp.actions' <<<"$stdout")" '[]'
	is 'features has cgroups' "$(jq -c '.linux.cgroup.v2' <<<"$stdout")" true
fi


# --- help, and by which name
run "$RUNTIME" -h
is '-h ends with 0' "$status" 0
like 'and names the runtime' "$(sed -n 2p <<<"$stdout")" "^   $runtime_name - Open Container Initiative runtime"
for command in create start state kill delete run exec list ps pause resume update events checkpoint restore spec features; do
	run "$RUNTIME" "$command" -h
	like "$command -h explains it" "$status $(sed -n 2p <<<"$stdout")" "^0    $runtime_name $command - "
done
run "$RUNTIME" foo -h
isnt 'there is no help for what is no command' "$status" 0
like 'which is said' "$stderr" "No help topic for 'foo'"
if ! peer runc crun; then
	ln -s "$RUNTIME" "$T/runc"
	run "$T/runc" --version
	like 'as runc it says so' "$stdout" '^runc version [0-9]+\.[0-9]+\.[0-9]+'
fi

# --- members in runc's order, which suites match

bundle order 'args(["sleep", "50"])'
ok 'a container' start_up order
run oci list -f json
like 'list -f json' "$stdout" '"id":"order","pid":[0-9]+,"status":"running","bundle":"[^"]+","rootfs":"[^"]+","created":'
ok 'delete' oci delete --force order

# --- --debug without --log goes to stderr
run oci --debug list
deviates runc 'has nothing to say'
like '--debug without --log is on stderr, as a log' "$stderr" 'level=debug'
done_testing
