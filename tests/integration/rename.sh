#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rename.sh - rename, restart, and docker's longer spellings
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

names() {
	find "$TARE_ROOT/names" "$TARE_RUNROOT/names" -type l -printf '%f ' 2>/dev/null
}

listed() {
	tare ps -a --format '{{.Names}} {{.State}}'
}

# --- rename ---

tare run -d --name old busybox sleep 1000 >/dev/null
ok 'a running container gets another name' tare rename old new
is 'which lists show' "$(listed)" 'new running'
ok 'and by which it is found' tare exec new true
fails 'not by the old one' 125 tare exec old true
is 'inspect knows it' "$(tare inspect -f '{{.Name}}' new)" new
tare pause new >/dev/null
tare unpause new >/dev/null
is 'pause does not bring the old one back' "$(listed)" 'new running'
tare stop -t 0 new >/dev/null
is 'nor does its end' "$(listed)" 'new exited'
tare start new >/dev/null
is 'nor a new start' "$(listed)" 'new running'
ok 'the old name is free' tare create --name old busybox true
fails 'a name that is taken is refused' 125 tare rename new old
like 'which says who has it' "$(tare rename new old 2>&1)" "name 'old' is already in use"
fails 'its own name as well' 125 tare rename new new
fails 'and what is no name' 125 tare rename new 'a b'
fails 'a container that is not there' 125 tare rename nosuch other
is 'nothing of these stays' "$(names)" 'new old '
id=$(tare create busybox true)
ok 'one without a name gets one' tare rename "${id:0:12}" given
is 'and keeps it' "$(tare inspect -f '{{.Id}}' given)" "$id"
tare run -d --rm --name volatile busybox sleep 1000 >/dev/null
ok 'a --rm container, too' tare rename volatile fleeting
fails 'its name is taken, then' 125 tare create --name fleeting busybox true
tare rm -f -a >/dev/null
ok 'and free when it is gone' tare create --name fleeting busybox true
tare rm fleeting >/dev/null
is 'no name is left' "$(names)" ''

# What a rename that was killed leaves: two names.
tare create --name one busybox true >/dev/null
ln -s "$(tare inspect -f '{{.Id}}' one)" "$TARE_ROOT/names/two"
ok 'a name that a crash left is free for others' tare rename one three
is 'and goes' "$(names)" 'three '
tare rm -f -a >/dev/null

# --- restart ---

tare run -d --name box busybox sh -c 'echo started; exec sleep 1000' >/dev/null
before=$(tare inspect -f '{{.State.Pid}}' box)
run tare restart -t 0 box
is 'restart prints the operand' "$status $stdout" '0 box'
is 'it runs' "$(listed)" 'box running'
isnt 'as another process' "$(tare inspect -f '{{.State.Pid}}' box)" "$before"
tare stop -t 0 box >/dev/null
ok 'one that is stopped is started' tare restart box
tare pause box >/dev/null
ok 'one that is paused, too' timeout 20 "$TARE" restart -t 0 box
is 'and is not paused any more' "$(listed)" 'box running'
tare run -d --name second busybox sleep 1000 >/dev/null
is '--all restarts what runs' "$(tare restart -t 0 --all | wc -l)" 2
tare run -d --rm --name gone busybox sleep 1000 >/dev/null
fails 'a --rm container cannot' 125 tare restart gone
like 'and why' "$(tare restart gone 2>&1)" 'was run with --rm'
is 'so it is left alone' "$(tare inspect -f '{{.State.Status}}' gone)" running
run tare restart -t 0 nosuch second
is 'the others are restarted all the same' "$status $stdout" '125 second'
fails 'nothing to restart' 125 tare restart
tare rm -f -a >/dev/null

# --- docker's longer spellings ---

tare container run --name long busybox true
is 'container ls' "$(tare container ls -a --format '{{.Names}}')" long
is 'container inspect' "$(tare container inspect -f '{{.State.Status}}' long)" exited
ok 'container rm' tare container rm long
is 'image ls' "$(tare image ls --format '{{.Repository}}')" localhost/busybox
ok 'image history' tare image history busybox
ok 'image tag' tare image tag busybox other
ok 'image rm' tare image rm other
ok 'system info' tare system info
done_testing
