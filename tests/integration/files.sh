#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# files.sh - A container's files from outside: cp, diff, export
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# shellcheck disable=SC2016 # for the shell in the container
CHANGES='echo a >/root/new; echo x >>/etc/group; mkdir -p /opt/x; echo z >/opt/x/z
	rm /etc/passwd; rm -rf /home; mkdir -m 700 /home; echo q >/home/q; chown 5:6 /home/q'
WANTED='C /etc
C /etc/group
D /etc/passwd
C /home
D /home/app
A /home/q
A /opt
A /opt/x
A /opt/x/z
C /root
A /root/new'

start() {
	# shellcheck disable=SC2086 # options
	tare run -d --name box $1 busybox sh -c "${2:-:}; touch /tmp/ready; exec sleep 1000" >/dev/null
	wait_for 10 tare exec box test -e /tmp/ready
}

diff_of() {
	tare diff "$1" | grep -v ' /tmp'
}

# --- diff and export, in all the places where a container may write ---

for kind in '' '--rm' '--userns=host' '--rm --storage-opt upper=disk'; do
	start "$kind -v /data/deep --device /dev/zero:/made-for-it" "$CHANGES"
	is "diff of a container run with '$kind'" "$(diff_of box)" "$WANTED"
	tare export box >box.tar
	is 'export has the files with their owners' \
		"$(tar --numeric-owner -tvf box.tar home/q opt/x/z | tr -s ' ' | cut -d ' ' -f 1,2,3,6)" \
		$'-rw-r--r-- 5/6 2 home/q\n-rw-r--r-- 0/0 2 opt/x/z'
	is 'and not what is gone' "$(tar -tf box.tar | grep -cE '^(etc/passwd|home/app|proc/.)')" 0
	if [[ $kind != *--rm* ]]; then
		tare stop -t 0 box >/dev/null
		is 'diff is the same when it has stopped' "$(diff_of box)" "$WANTED"
		tare export -o stopped.tar box
		# The generated files of a running one are mounts, so their places are empty either way.
		is 'and so is export' "$(tar -tf stopped.tar)" "$(tar -tf box.tar)"
		ok 'it starts again' tare start box
		# Its program makes the same changes again first.
		ok 'and has what it had' wait_for 10 eval '[ "$(tare exec box cat /home/q 2>/dev/null)" = q ]'
	fi
	tare rm -f box >/dev/null 2>&1
done

run tare diff --format json "$(tare create busybox)"
is 'a container that never ran has changed nothing' "$stdout" '{}'
tare rm -f -a >/dev/null
tare run --name nodes --privileged --network none busybox mknod /node c 1 3
! command -v script >/dev/null ||
	like 'no archive on a terminal' "$(script -qec "$TARE cp nodes:/node -" /dev/null)" 'is a terminal'
tare cp nodes:/node node
fails 'a device does not come out' 1 test -e node
tare cp -a nodes:/node node
ok 'but with -a' test -c node
rm node
tare rm nodes >/dev/null
fails 'diff of nothing is an error' 125 tare diff nosuch
run tare export nosuch -o absent.tar
is 'and so is export' "$status" 125
is 'which leaves no file' "$(find . -name 'absent.tar*')" ''
fails 'diff knows one format' 125 tare diff --format yaml "$(tare create busybox)"
tare rm -a >/dev/null
start '' ''
ok 'a paused container has files, too' eval 'tare pause box && tare diff box && tare unpause box'
tare rm -f -a >/dev/null

# --- cp: docker's table of what goes where ---

mkdir -p src/sub out
echo one >src/one
echo two >src/sub/two
ln -s one src/link
ln -s link src/chain
chown 7:8 src/one
chmod 4755 src/one

for state in running stopped; do
	start '-v vol:/vol --tmpfs /scratch'
	[ $state = running ] || tare stop -t 0 box >/dev/null
	there() {
		tare cp "box:$1" - 2>/dev/null | tar -xO 2>/dev/null
	}
	ok "$state: a file into a directory" tare cp src/one box:/root
	is 'has its name there' "$(there /root/one)" one
	ok 'a file under a new name' tare cp src/one box:/root/uno
	is 'is that' "$(there /root/uno)" one
	fails 'a file into a directory that is not there' 125 tare cp src/one box:/root/none/
	fails 'or below one' 125 tare cp src/one box:/none/one
	ok 'a directory into a directory' tare cp src box:/root
	is 'is below it' "$(there /root/src/sub/two)" two
	ok 'what is in a directory' tare cp src/. box:/opt2
	is 'goes into a new one' "$(there /opt2/sub/two)" two
	ok 'and into one that is there' tare cp src/. box:/root
	is 'directly' "$(there /root/sub/two)" two
	ok 'a directory under a new name with a slash' tare cp src box:/opt3/
	is 'is that' "$(there /opt3/sub/two)" two
	fails 'a directory onto a file' 125 tare cp src box:/root/one
	like 'says why' "$(tare cp src box:/root/one 2>&1)" 'cannot copy a directory onto a file'
	fails 'a file onto a path below a file' 125 tare cp src/one box:/root/one/
	ok 'into a volume' tare cp src/one box:/vol
	is 'where it stays' "$(cat "$TARE_ROOT/volumes/vol/_data/one")" one
	fails 'what is not there' 125 tare cp src/nosuch box:/root
	like 'says so' "$(tare cp src/nosuch box:/root 2>&1)" 'nosuch.*No such file'
	fails 'what is not there, out' 125 tare cp box:/nosuch out
	like 'says so, too' "$(tare cp box:/nosuch out 2>&1)" '/nosuch.*No such file'
	is 'the owner is root' "$(tare cp box:/root/one - | tar --numeric-owner -tv | cut -c 1-14)" '-rwxr-xr-x 0/0'
	ok 'or who it was, with -a' tare cp -a src/one box:/root/owned
	is 'set-id bits included' "$(tare cp box:/root/owned - | tar --numeric-owner -tv | cut -c 1-14)" '-rwsr-xr-x 7/8'

	rm -rf out
	mkdir out
	ok 'a directory out' tare cp box:/root/src out
	is 'is in the directory' "$(cat out/src/sub/two)" two
	is 'with its links' "$(readlink out/src/link)" one
	ok 'a directory out as a new one' tare cp box:/root/src out/new
	is 'is that' "$(cat out/new/sub/two)" two
	ok 'what is in it' tare cp box:/root/src/. out
	is 'directly' "$(cat out/sub/two)" two
	ok 'a file out' tare cp box:/root/owned out/mine
	is 'is the caller'"'"'s and has no set-id bit' "$(stat -c '%u %g %a' out/mine)" '0 0 755'
	ok 'with -a' tare cp -a box:/root/owned out/theirs
	is 'is whose it was' "$(stat -c '%u %g %a' out/theirs)" '7 8 4755'
	ok 'a link out' tare cp box:/root/link out/link
	is 'is a link' "$(readlink out/link)" one
	ok 'with -L' tare cp -L box:/root/link out/file
	is 'it is the file' "$(cat out/file)" one
	tare cp -L box:/root/chain out/end
	is 'also at the end of a chain' "$(cat out/end)" one
	mkdir out/up
	tare cp box:/root/src/sub/.. out/up
	is 'with dots at its end a directory has no name' "$(cd out/up && echo *)" 'chain link one sub'

	(cd src && tar c .) | tare cp - box:/home
	is 'a stream goes where it says' "$(there /home/sub/two)" two
	is 'and keeps its owners' "$(tare cp box:/home/one - | tar --numeric-owner -tv | cut -c 1-14)" '-rwsr-xr-x 7/8'
	fails 'into a directory that is not there' 125 eval 'tar c src | tare cp - box:/nosuch'
	is 'a stream out has the name on top' "$(tare cp box:/home/sub - | tar -t | sort | tr '\n' ' ')" 'sub/ sub/two '
	[ $state = stopped ] || is 'a tmpfs is in reach' "$(tare cp src/one box:/scratch && tare exec box cat /scratch/one)" one
	tare start box >/dev/null
	is 'the container sees it all as its own' "$(tare exec box stat -c '%u %g' /root/one /root/owned | tr '\n' ' ')" '0 0 7 8 '
	tare rm -f box >/dev/null
	rm -rf "$TARE_ROOT/volumes"
done
start --rm
ok 'a --rm container takes files' tare cp src/one box:/root/
is 'and has them' "$(tare exec box cat /root/one)" one

fails 'from the host to the host' 125 tare cp src/one out
fails 'from container to container' 125 tare cp box:/root box:/tmp
fails 'no such container' 125 tare cp nosuch:/x out
like 'a working directory that is gone is not the root' \
	"$(mkdir gone && cd gone && rmdir ../gone && tare cp box:/root/one . 2>&1)" 'find the working directory'

# --- a container that is started while its files are copied ---

tare create --name slow busybox sleep 1000 >/dev/null
mkfifo gate
tare cp - slow:/root <gate &
copier=$!
exec 8>gate
wait_for 10 eval '[ -d "$TARE_RUNROOT/containers/$(tare inspect -f "{{.Id}}" slow)" ]'
"$TARE" start slow >started &
starter=$!
sleep 0.2
is 'start waits for the copy' "$(tare inspect -f '{{.State.Status}}' slow)" created
tar -c -C src one >&8
exec 8>&-
wait $copier
is 'which ends well' $? 0
wait $starter
is 'and then starts' "$(tare inspect -f '{{.State.Status}}' slow)" running
is 'with what was copied' "$(tare exec slow cat /root/one)" one

# --- what a hostile container could have in store ---

echo secret >"$T/canary"
tare exec box sh -c "ln -s $T/canary /root/trap; ln -s $T /root/dir; ln -s / /root/up; mkfifo /root/fifo"
fails 'a link out of the container leads nowhere' 125 tare cp -L box:/root/trap out/trap
is 'nothing is copied' "$(ls out/trap 2>/dev/null)" ''
fails 'nor for writing' 125 tare cp src/one box:/root/dir/written
ok 'nothing was written' test ! -e "$T/written"
tare cp src/one box:/root/up/../../../../../up1
is '.. ends at the root' "$(tare exec box cat /up1)" one
ok 'a FIFO does not keep the copy waiting' timeout 10 "$TARE" cp box:/root/fifo out
tare exec box touch "$(printf '/root/esc\033]0;x\007\nA spoof')"
is 'a name in diff is one line without controls' "$(tare diff box | grep -ac 'esc.x1b]0;x.x07.x0aA spoof$')" 1
fails '/proc/self/root is not followed' 125 tare cp "box:/proc/self/root$T/canary" out/leak

# Names in a stream that lead out.
python3 - <<-'PY' >evil.tar
	import tarfile, sys, io
	t = tarfile.open(fileobj=sys.stdout.buffer, mode='w|')
	i = tarfile.TarInfo('../../../../../../../../tmp/escaped'); i.size = 1
	t.addfile(i, io.BytesIO(b'x'))
	t.close()
PY
fails 'a stream with .. is refused' 125 eval 'tare cp - box:/root <evil.tar'
tare exec box sh -c 'mkdir /root/swap'
rm -rf out/swap
ln -s "$T" out/swap
tare exec box sh -c 'cd /root/swap; echo evil >canary'
fails 'a directory does not go through a link on the host' 125 tare cp box:/root/swap out
is 'so the file behind it stays' "$(cat canary)" secret

# While somebody renames directories and puts links in their place.
tare exec -d box sh -c "mkdir -p /r/a /r/keep; echo in >/r/a/canary; while :; do
	mv /r/a /r/b; ln -s $T /r/a; rm /r/a; mv /r/b /r/a; done"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	rm -rf out/r
	tare cp box:/r out/r >/dev/null 2>&1
	! grep -rqs secret out/r || fail 'a race led out of the container'
	tare cp src/one box:/r/a/planted >/dev/null 2>&1
	[ ! -e "$T/planted" ] || fail 'a race wrote outside of the container'
done
pass 'races lead nowhere'

tare rm -f -a >/dev/null
done_testing
