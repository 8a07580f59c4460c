#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - tare run in the foreground: codes, streams, flags, hostile images
. "$(dirname "$0")/../lib/harness.sh"

need setfacl

load_busybox
on_exit tare rm -f -a

# box [OPTION...] -- COMMAND...
box() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	run tare run --rm --network none "${options[@]}" busybox "$@"
}

# --- exit codes ---

box -- sh -c 'exit 7'
is "the program's exit code is ours" "$status" 7
(trap '' CHLD && exec "$TARE" run --rm --network none --rootfs "$FIXTURES/root" sh -c 'exit 7')
is 'also where the caller ignores SIGCHLD' $? 7
box -- sh -c 'sh -c "kill -9 \$\$"; exit $?'
is 'a child killed inside is what its parent makes of it' "$status" 137
box --init -- sh -c 'kill -SEGV $$'
is 'a program ended by signal 11 gives 139' "$status" 139
box -- nosuch
is 'a missing command gives 127' "$status" 127
is 'and one line says so' "$stderr" "tare: command 'nosuch' not found in \$PATH of the container"
box -- /nosuch/program
is 'a missing path gives 127' "$status" 127
box -- /etc/passwd/program
is 'also one below a file' "$status" 127
box -- /etc
is 'a directory gives 126' "$status" 126
box -- /etc/passwd
is 'a file that is not executable gives 126' "$status" 126
fails 'an unknown flag gives 125' 125 tare run --nosuch busybox true
fails 'an absent image gives 125' 125 tare run --rm nosuch true
run tare run --rm -v $'/no\e[1m:/x' busybox true
is 'what the terminal would act on is told in letters' "$(grep -c $'\e' <<<"$stderr") $(grep -c 'e\[1m\|1b\[1m\|033\[1m' <<<"$stderr")" '0 2'
fails 'no operand gives 125' 125 tare run
fails '--pull never with an image that is there works' 0 tare run --rm --network none --pull never busybox true
fails '--pull always is refused' 125 tare run --rm --network none --pull always busybox true
ok 'what is the case anyway may be asked for' tare run --rm --network none --ipc private --pid private \
	--uts private --cgroupns private --restart no --platform linux/amd64 busybox true
for namespace in ipc pid uts; do
	run tare run --rm --network none --$namespace host busybox true
	is "--$namespace host is refused" "$status" 125
	like 'and the hint says what is shared' "$stderr" 'hint: .*--network and --userns'
done
run tare run -d --rm --restart always busybox true
like '--restart always and --rm exclude each other' "$status $stderr" '^125 .*--rm'
run tare run -d --restart sometimes busybox true
like 'an unknown policy is refused' "$status $stderr" "^125 .*'sometimes'"
run tare run --rm --network none --platform linux/riscv64 busybox true
like 'another platform is refused' "$status $stderr" "^125 .*the image is for 'linux/[a-z0-9/]+', not for 'linux/riscv64'"

# --- streams ---

box -- sh -c 'echo out; echo err >&2'
is 'stdout is stdout' "$stdout" out
is 'stderr is stderr' "$stderr" err
is 'with -i stdin arrives' "$(echo hello | tare run --rm --network none -i busybox cat)" hello
is 'without -i stdin is empty' "$(echo hello | tare run --rm --network none busybox cat)" ''
is 'a closed stdin is no trouble' "$(tare run --rm --network none -i busybox cat <&-; echo $?)" 0
head -c 50000000 /dev/urandom >"$T/big"
is '50 MB go in' "$(tare run --rm --network none -i busybox md5sum <"$T/big" | cut -c1-32)" \
	"$(md5sum <"$T/big" | cut -c1-32)"
is 'and come out' "$(tare run --rm --network none -i busybox cat <"$T/big" | md5sum)" "$(md5sum <"$T/big")"
rm "$T/big"
run bash -c 'yes | head -c 10000000 | "$TARE" run --rm --network none -i busybox head -n 1'
is 'a program that does not read all of it may end' "$status $stdout" '0 y'
run bash -c '"$TARE" run --rm --network none busybox yes | head -n 1'
is 'who reads only the beginning ends the program' "$stdout" y
box -- sh -c 'echo late >/dev/stdout; echo err >/dev/stderr'
is '/dev/stdout and /dev/stderr can be opened again' "$stdout $stderr" 'late err'
box -u app -- sh -c 'echo late >/dev/stdout; echo err >/dev/stderr'
is 'also by another user' "$stdout $stderr" 'late err'
box -- sh -c 'ls /proc/self/fd | wc -l; ls -l /proc/self/fd' # ls has its directory open
is 'no descriptor leaks into the program' "${stdout%%$'\n'*}" 4

# --- environment, directory, user ---

box -- env
like 'PATH has a default' "$stdout" 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
like 'HOME is from passwd' "$stdout" 'HOME=/root'
unlike "nothing of the caller's environment comes in" "$stdout" TARE_
PASSED='from the host' box -e A=1 -e B= -e PASSED -e NOT_SET -e 'C=two words' -- env
like '-e NAME=VALUE' "$stdout" $'\nA=1'
like '-e NAME= is an empty one' "$stdout" $'(^|\n)B=(\n|$)'
like "-e NAME takes the caller's value" "$stdout" 'PASSED=from the host'
unlike '-e of what is not set sets nothing' "$stdout" NOT_SET
like 'values may have blanks' "$stdout" 'C=two words'
printf '# comment\n\nX=1\nY="quoted"\nPASSED\r\n' >"$T/env"
PASSED=host box --env-file "$T/env" -e X=2 -- env
like '--env-file is overridden by -e' "$stdout" $'(^|\n)X=2'
like 'quotes in it are kept, as in docker' "$stdout" 'Y="quoted"'
like 'a name alone passes the host on' "$stdout" PASSED=host
echo 'export X=1' >"$T/exporting"
fails 'a file of variables is no shell script' 125 tare run --rm --env-file "$T/exporting" busybox true
fails 'a missing --env-file is an error' 125 tare run --rm --env-file "$T/nosuch" busybox true
fails 'a variable without a name is an error' 125 tare run --rm -e =x busybox true

box -w /new/dir -- pwd
is '-w makes the directory' "$stdout" /new/dir
box -w rel -- pwd
is 'a relative -w is refused' "$status" 125
for fd in 3 4 5 6 7 8 9 10; do
	box -w "/proc/self/fd/$fd" -- sh -c 'cat /canary; pwd; cd ../../..; ls; true'
	[ "$status" = 125 ] || break
done
is 'a descriptor of ours is no working directory' "$status" 125
like 'and the message names it' "$stderr" '/proc/self/fd/10'

box -- id
is 'the default user is root' "$stdout" 'uid=0(root) gid=0(root)'
box -u app -- sh -c 'id; echo $HOME'
is '-u NAME with its groups and home' "$stdout" $'uid=1000(app) gid=1000(app) groups=50(staff)\n/home/app'
box -u 1000 -- id -G
is '-u NUMBER of a user in passwd has its groups, too' "$stdout" '1000 50'
box -u 1234:5 -- sh -c 'id -u; id -g'
is '-u UID:GID needs no entry' "$stdout" $'1234\n5'
box -u app:staff -- sh -c 'id -u; id -g'
is '-u NAME:GROUP' "$stdout" $'1000\n50'
box -u 4294967294 -- id -u
is 'an id outside of the map is refused' "$status" 125
for user in 4294967295 4294967296 99999999999999999999 nosuch app:nosuch -1; do
	box "--user=$user" -- id
	is "-u $user is refused" "$status" 125
	like 'with a reason' "$stderr" '^tare: .*(range|no user|no group)'
done
cp -a "$FIXTURES/root" "$T/digits"
echo '4294967296:x:0:0::/:/bin/sh' >>"$T/digits/etc/passwd"
fails 'a name of digits is never looked up' 125 tare run --rm --network none -u 4294967296 --rootfs "$T/digits" id

# --- entrypoint, names, labels ---

"$TARE_TEST_LIB/mkimage" "$T/entry.tar" localhost/entry:1 --entrypoint '["/bin/echo","entry"]' --cmd '["cmd"]' \
	--env FROM=image --user app --workdir /tmp --label a=image --stop-signal USR1 "$FIXTURES/root"
tare load -q -i "$T/entry.tar" >/dev/null
is 'ENTRYPOINT and CMD' "$(tare run --rm --network none localhost/entry:1)" 'entry cmd'
is 'arguments replace CMD' "$(tare run --rm --network none localhost/entry:1 'a  b' c)" 'entry a  b c'
is '--entrypoint drops both' "$(tare run --rm --network none --entrypoint id localhost/entry:1 -un)" app
is 'an empty --entrypoint leaves the arguments' "$(tare run --rm --network none --entrypoint '' localhost/entry:1 pwd)" /tmp
is "the image's environment" "$(tare run --rm --network none --entrypoint sh localhost/entry:1 -c 'echo $FROM')" image
is 'an archive runs by its path' "$(tare run --rm --network none "$T/entry.tar" x)" 'entry x'
run tare run --network none --name named --label b=flag --cidfile "$T/cid" localhost/entry:1
is '--cidfile has the id' "$(cat "$T/cid")" "$(tare inspect -f '{{.Id}}' named)"
is 'labels of image and flag' "$(tare inspect -f '{{index .Config.Labels "a"}} {{index .Config.Labels "b"}}' named)" 'image flag'
is "the image's stop signal" "$(tare inspect -f '{{.Config.StopSignal}}' named)" USR1
run tare run --network none --name named busybox true
is 'a name is taken once' "$status" 125
like 'and the message says by whom' "$stderr" "'named' is already in use by container $(cut -c1-12 "$T/cid")"
run tare run --network none --cidfile "$T/cid" --name other busybox true
is 'a --cidfile that exists is refused' "$status" 125
is 'and nothing stays of the container' "$(tare ps -aq --filter name=other)" ''
fails 'a name of other characters is refused' 125 tare run --rm --name a/b busybox true
fails 'an unknown stop signal is refused' 125 tare run --rm --stop-signal FOO busybox true
fails 'a stop timeout of centuries is refused' 125 tare run --rm --stop-timeout 18446744073709552 busybox true
tare rm named >/dev/null
is 'with --rm nothing stays' "$(tare ps -aq)" ''

# --- host name and resolver ---

box -h box.example -- sh -c 'hostname; cat /etc/hostname'
is '-h sets the host name' "$stdout" $'box.example\nbox.example'
like 'its default is the short id' "$(tare run --rm --network none busybox hostname)" '^[0-9a-f]{12}$'
box -h $'a\n192.0.2.1 bank.example' -- true
is 'a name is no line of /etc/hosts' "$status" 125

# Kernel parameters: of the container's own namespaces, before they are covered, and no others.
box --sysctl net.ipv4.ip_default_ttl=77 --sysctl net/ipv4/ip_unprivileged_port_start=1000 --sysctl kernel.shm_rmid_forced=1 \
	-- sh -c 'cd /proc/sys; cat net/ipv4/ip_default_ttl net/ipv4/ip_unprivileged_port_start kernel/shm_rmid_forced; echo 1 >net/ipv4/ip_default_ttl'
is '--sysctl' "$(xargs <<<"$stdout")" '77 1000 1'
like 'the program cannot change it' "$stderr" 'Read-only'
before=$(cat /proc/sys/vm/swappiness)
for setting in vm.swappiness=1 kernel.core_pattern=x net/../vm/swappiness=1 kernel.hostname=x; do
	box --sysctl $setting -- true
	like "--sysctl ${setting%=*} is refused" "$status $stderr" '^125 tare: flag .--sysctl.: '
done
is 'and the host is as before' "$(cat /proc/sys/vm/swappiness)" "$before"
run tare run --rm --network host --sysctl net.core.somaxconn=1 busybox true
like 'so is one of a network that is the host'"'"'s' "$status $stderr" '^125 .*needs a private network'
box --sysctl net.ipv4.ip_default_ttl=lots -- true
like 'what the kernel refuses is told' "$status $stderr" '^125 .*ip_default_ttl.: Invalid argument'
box --sysctl net.ipv4.nosuch=1 -- true
like 'one that a user namespace does not show, too' "$status $stderr" '^125 .*nosuch.: No such file.*--userns=host'
tare create --network none --name tuned --sysctl net.ipv4.ip_default_ttl=78 busybox cat /proc/sys/net/ipv4/ip_default_ttl >/dev/null
is 'it holds for a later start' "$(tare start -a tuned)" 78
is 'inspect shows it' "$(tare inspect -f '{{json .HostConfig.Sysctls}}' tuned)" '{"net.ipv4.ip_default_ttl":"78"}'
is 'inspect can be asked for a health check that there is not' \
	"$(tare inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' tuned)" none
fails 'but has no answer' 125 tare inspect -f '{{.State.Health.Status}}' tuned
tare rm tuned >/dev/null

# A store that is full: how it ended is on record all the same, and all can be removed. (Linux 6.1
# cannot map ids on a tmpfs.)
mkdir "$T/small" "$T/up" "$T/work" "$T/over"
mount -t tmpfs -o size=4m tmpfs "$T/small"
small=("$TARE" --root "$T/small/root" --runroot "$T/small-run")
"${small[@]}" load -q -i "$FIXTURES/busybox.tar" >/dev/null
# All that appears under a random name first comes late then, when the program has filled the disk.
late=()
[ -z "$(type -P strace)" ] || late=(strace -o /dev/null -e inject=getrandom:delay_enter=100000)
run "${late[@]}" "${small[@]}" run --userns=host --network none --name filled busybox sh -c 'dd if=/dev/zero of=/big bs=64k; exit 3'
is 'a program that filled the store has its own code' "$status" 3
like 'and no space was left' "$stderr" 'No space left'
unlike 'which is for the program to say' "$stderr" 'tare: '
is 'which is on record' "$("${small[@]}" inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Reason}}' filled)" 'exited 3 exit'
ok 'the container can be removed' "${small[@]}" rm filled
is 'and the next one runs' "$("${small[@]}" run --rm --userns=host --network none busybox echo next)" next
head -c 10m /dev/zero >"$T/small/filler" 2>/dev/null
run "${small[@]}" rmi busybox
unlike 'nothing is said to be deleted that was not' "$status$stdout" '^125.*Deleted'
ok 'a full store can be unmounted' wait_for 20 umount "$T/small"
mount -t overlay -o "lowerdir=$T/small,upperdir=$T/up,workdir=$T/work" overlay "$T/over"
nested=(tare --root "$T/over/root" --runroot "$T/over-run")
"${nested[@]}" load -q -i "$FIXTURES/busybox.tar" >/dev/null
run "${nested[@]}" run --userns host --network none busybox true
like 'a store on an overlay is told what it needs' "$status $stderr" '^125 .*overlay of 1 layer: Invalid.*hint: .*volume'
ok 'and does for what leaves nothing' "${nested[@]}" run --rm --userns host --network none busybox true
"${nested[@]}" rm -a >/dev/null
wait_for 20 umount "$T/over"
run bash -c 'ulimit -n 12; exec "$@"' - "$TARE" run --rm --network none busybox true
like 'too few open files: how to have more' "$status $stderr" '^125 .*hint: .*ulimit -n'
run bash -c 'ulimit -f 8; "$@" 2>&1 | cat; exit "${PIPESTATUS[0]}"' - "$TARE" --root "$T/new" load -i "$FIXTURES/busybox.tar"
like 'and of files that may not be larger' "$status $stdout" '^125 .*File too large.*hint: .*ulimit -f'
rm -r "$T/new"

# Our own output: a full disk is told.
full() {
	run bash -c 'exec >/dev/full; exec "$@"' - "$@"
}
full "$TARE" run --rm --network none busybox echo lost
is 'output that cannot be written is an error' "$status $stderr" \
	'125 tare: write the output of the container: No space left on device'
full "$TARE" run --rm --network none busybox sh -c 'echo lost; exit 3'
is 'but the code of a program that failed comes first' "$status" 3
tare run -d --rm --network none --name heard busybox sleep 100 >/dev/null
full "$TARE" exec heard echo lost
is 'and of exec' "$status $stderr" '125 tare: write the output of the container: No space left on device'
tare rm -f heard >/dev/null
full "$TARE" inspect busybox
is 'a long answer that cannot be written is told with its reason, once' "$status $stderr" \
	'125 tare: write to standard output: No space left on device'
full "$TARE" run -d --rm --network none --name unheard busybox sleep 100
like 'an id that cannot be is told, but what runs is no error' "$status $stderr" '^0 tare: warning: .* No space left on device$'
is 'and one that nobody wants is not' "$(tare start unheard 2>&1 >&-; echo $?)" 0
tare rm -f unheard >/dev/null
is 'a closed output is nobody'"'"'s loss' "$(tare run --rm --network none busybox echo x >&-; echo $?)" 0
box --add-host db:10.0.0.9 --dns 192.0.2.1 --dns-search example.org --dns-option ndots:2 -- cat /etc/hosts /etc/resolv.conf
like '--add-host' "$stdout" $'10.0.0.9\tdb'
like '--dns' "$stdout" 'nameserver 192.0.2.1'
like '--dns-search' "$stdout" 'search example.org'
like '--dns-option' "$stdout" 'options ndots:2'
box -- sh -c 'echo 1.2.3.4 x >>/etc/hosts && tail -n 1 /etc/hosts'
is 'the files can be written' "$stdout" '1.2.3.4 x'

# --- files ---

box --read-only --tmpfs /scratch:size=1m -- sh -c 'touch /x; touch /scratch/x && echo wrote'
is '--read-only but for --tmpfs' "$stdout" wrote
like 'says so' "$stderr" 'Read-only file system'
box --read-only -- sh -c 'echo x >/etc/hosts; echo x >/dev/shm/x && echo shm'
is '/dev/shm stays writable' "$stdout" shm
box --shm-size 1m -- sh -c 'df -k /dev/shm | tail -n 1'
like '--shm-size' "$stdout" '^tmpfs +1024 '
box --device /dev/full:/dev/xfull --device /dev/zero -- sh -c 'echo x >/dev/xfull; head -c 3 /dev/zero | wc -c'
like '--device shows a node' "$stderr" 'No space left'
box --device /etc/passwd -- true
is '--device of a file is refused' "$status" 125
fails 'as is a place that is none' 125 tare run --rm --network none --device /dev/null:rel:rw busybox true
block=$(find /dev -maxdepth 1 -type b | head -n 1)
if dd if="${block:-/dev/null}" bs=512 count=1 2>/dev/null | grep -q .; then
	box --userns host --device "$block:r" -- dd if="$block" of=/dev/null bs=512 count=1
	is 'a disk may be given, too' "$status" 0
fi
box --ulimit nofile=100:200 --ulimit core=0 -- sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
is '--ulimit' "$stdout" $'100\n200\n0'
box --ulimit nosuch=1 -- true
is 'an unknown ulimit is refused' "$status" 125

# What is mounted inside is what tare mounted, and nothing of the host.
box -- cat /proc/self/mountinfo
is 'one root, where neither set-user-ID bits nor device nodes count' "$(awk '$5 == "/" { print $6 }' <<<"$stdout")" rw,nosuid,nodev,relatime
is 'no mount has its parent outside' \
	"$(awk '{ id[$1] = 1; parent[$1] = $2; at[$1] = $5 } END { for (i in id) if (!(parent[i] in id) && at[i] != "/") print at[i] }' <<<"$stdout")" ''
is 'mount points are those of tare' \
	"$(awk '$5 !~ "^(/|/proc(/.*)?|/sys(/.*)?|/dev(/(null|zero|full|random|urandom|tty|pts|shm|mqueue))?|/etc/(hosts|hostname|resolv.conf))$" { print $5 }' <<<"$stdout")" ''
# Before Linux 6.3 no tmpfs can be idmapped: these three files are in TARE_ROOT then.
unlike 'and none is bound to those of the host, which are shared here' "$stdout" ' (shared|master):'
unlike 'no path of the host is seen' "$(grep -vE ' /etc/(hosts|hostname|resolv.conf) ' <<<"$stdout")" "$TARE_ROOT|$T"
mkdir "$T/bound"
box -v "$T/bound:/bound" -v named:/named --network host -- cat /proc/self/mountinfo
unlike 'nor is what is shown of it' "$stdout" ' (shared|master):'
box --userns=host -- cat /proc/self/mountinfo
unlike 'with --userns=host neither' "$stdout" ' (shared|master):'
is 'and mount points are those of tare' \
	"$(awk '$5 !~ "^(/|/proc(/.*)?|/sys(/.*)?|/dev(/(null|zero|full|random|urandom|tty|pts|shm|mqueue))?|/etc/(hosts|hostname|resolv.conf))$" { print $5 }' <<<"$stdout")" ''
# A machine with other cgroups, or with none mounted at all.
# shellcheck disable=SC2016
run unshare --mount sh -c 'for m in $(awk "/ - cgroup2 /{ print \$5 }" /proc/self/mountinfo); do umount -l "$m"; done
	"$@"' - "$TARE" run --rm --network none busybox sh -c 'ls /sys/fs; ls /sys/fs/cgroup'
like 'without cgroup v2 there is nothing to see of it' "$status $stderr $stdout" '^0  .*cgroup.*$'
unlike 'of it' "$stdout" 'cgroup\.'
# One whose /etc/resolv.conf nobody writes, and whose /dev has little.
# shellcheck disable=SC2016
run unshare --mount sh -c 'mkfifo fifo && mount --bind fifo "$(realpath /etc/resolv.conf)" && mkdir little && mount -t tmpfs none little &&
	for n in null zero random urandom; do touch little/$n; mount --bind /dev/$n little/$n; done && mount --rbind little /dev &&
	timeout 20 "$@"; umount /dev/zero; exec "$@"' - "$TARE" run --rm --network none busybox sh -c 'ls /dev; grep "^nameserver" /etc/resolv.conf'
like 'a FIFO is no resolv.conf, and tty need not be' "$stdout" 'stdout.*urandom'
unlike 'neither is shown' "$stdout" 'tty|nameserver'
like 'but what programs need is asked for' "$stderr" "'/dev/zero' is no device.*hint: .*mknod"
rm -f fifo

# --- --init and signals ---

box --init -- sh -c 'tr -s "\0" " " </proc/1/cmdline; cat /proc/1/environ 2>/dev/null; (sleep 0.1 & exec true)
	n=0; while pidof sleep >/dev/null && [ $n -lt 1000 ]; do usleep 10000; n=$((n + 1)); done; ps | grep -c "[Zz]ombie\|\[sleep\]"'
is '--init reaps, and shows nothing of the caller' "$stdout" 'init 0'
box --init --user 1000 --ulimit nproc=1 -- echo alone
is '--init that may make no process is an error' "$status $stdout" '125 '
box --init --privileged -- sh -c 'tr -d "\0" </proc/1/environ | wc -c'
is 'also to those who may look' "$stdout" 0
: >"$T/out"
"$TARE" run --rm --network none --name sig --init busybox sh -c 'trap "exit 33" USR1; echo ready; while :; do sleep 0.1; done' >"$T/out" 2>&1 &
job=$!
wait_for 10 grep -q ready "$T/out"
kill -USR1 $job
wait $job
is 'signals to the CLI reach the program behind --init' $? 33
: >"$T/out"
"$TARE" run --rm --network none --name sig busybox sh -c 'trap "exit 34" TERM; echo ready; while :; do sleep 0.1; done' >"$T/out" 2>&1 &
job=$!
wait_for 10 grep -q ready "$T/out"
kill -TERM $job
wait $job
is 'and process 1 itself' $? 34
: >"$T/out"
"$TARE" run --rm --network none --sig-proxy=false --name sig busybox sh -c 'trap "exit 35" TERM; while :; do echo ready; sleep 0.1; done' >"$T/out" 2>&1 &
job=$!
wait_for 10 grep -q ready "$T/out"
kill -TERM $job
lines=$(wc -l <"$T/out")
goes_on() { # for two rounds: it would have heard of it
	[ "$(wc -l <"$T/out")" -gt $((lines + 2)) ]
}
wait_for 5 goes_on
tare kill -s KILL sig >/dev/null
wait $job
is 'but not with --sig-proxy=false' $? 137

# --- rights ---

box --cap-add NET_ADMIN -- grep CapEff /proc/self/status
like '--cap-add' "$stdout" '00000000000410fb$'
box --cap-drop all -- grep CapEff /proc/self/status
like '--cap-drop all' "$stdout" '0000000000000000$'
box --cap-add NOSUCH -- true
is 'an unknown capability is refused' "$status" 125
box -- cat /proc/self/uid_map
like 'the container has ids of its own' "$stdout" '^ *0 +[1-9][0-9]+ +65536$'
box --userns=host -- cat /proc/self/uid_map
like '--userns=host has not' "$stdout" '^ *0 +0 +4294967295$'
box --privileged -- sh -c 'mount -t tmpfs none /mnt 2>/dev/null || { mkdir /mnt; mount -t tmpfs none /mnt; }; grep -c " /mnt " /proc/mounts'
is '--privileged may mount' "$stdout" 1
box -- sh -c 'mkdir /mnt; mount -t tmpfs none /mnt'
isnt 'nobody else may' "$status" 0

# --- a root directory ---

cp -a "$FIXTURES/root" "$T/root"
run tare run --rm --network none --rootfs "$T/root" sh -c 'echo here >/made; id -u'
is '--rootfs uses the directory in place' "$(cat "$T/root/made")" here
is 'whose files belong to who owns them on the host' "$(stat -c %u:%g "$T/root/made")" 0:0
fails 'a --rootfs that is missing' 125 tare run --rm --rootfs "$T/nosuch" true
echo garbage >busybox
box -- echo image
is 'a file in the working directory does not replace an image' "$stdout" image
fails 'but by its path it is meant' 125 tare run --rm --network none ./busybox true
rm busybox
fails 'a --rootfs that is a file' 125 tare run --rm --rootfs "$T/env" true

# --- hostile roots ---

# Links to a directory of the host, by its path: seen from inside it is not there.
canary=$T/canary
mkdir -p "$canary"/{proc,dev,sys,etc}
echo untouched >"$canary/etc/passwd"
echo untouched >"$canary/etc/resolv.conf"
echo untouched >"$canary/etc/hosts"
find "$canary" | sort | xargs ls -ld --time-style=full-iso >"$T/canary.before"
up=../../../../../../../../../..

# hostile DESC PATH TARGET: a root in which PATH is a link to TARGET
hostile() {
	local root=$T/hostile code
	rm -rf "$root"
	cp -a "$FIXTURES/root" "$root"
	rm -rf "${root:?}$2"
	mkdir -p "$(dirname "$root$2")"
	ln -s "$3" "$root$2"
	"$TARE_TEST_LIB/mkimage" "$T/hostile.tar" localhost/hostile:1 --cmd '["/bin/true"]' "$root"
	for options in "--rootfs $root /bin/true" "$T/hostile.tar" "--userns=host $T/hostile.tar"; do
		# shellcheck disable=SC2086 # words
		run tare run --rm --network none $options
		code=$status
		[ "$code" = 0 ] || [ "$code" = 125 ] || [ "$code" = 127 ] || break
	done
	like "$1: refused or harmless" "$code" '^(0|125|127)$'
	is "$1: the host is untouched" "$(find "$canary" | sort | xargs ls -ld --time-style=full-iso | diff - "$T/canary.before")" ''
}

for dir in proc dev sys etc; do
	hostile "/$dir linked to the host's" "/$dir" "$canary/$dir"
	hostile "/$dir linked upwards" "/$dir" "$up$canary/$dir"
done
for file in passwd resolv.conf hosts; do
	hostile "/etc/$file linked to the host's" "/etc/$file" "$canary/etc/$file"
	hostile "/etc/$file linked upwards" "/etc/$file" "$up$canary/etc/$file"
	hostile "/etc/$file linked to /proc" "/etc/$file" /proc/self/root/etc/shadow
	hostile "/etc/$file linked through a descriptor" "/etc/$file" "/proc/self/fd/3$canary/etc/$file"
done
hostile '/etc/hosts linked to a sysctl' /etc/hosts /proc/sys/kernel/core_pattern
is 'which keeps its value' "$(grep -c localhost /proc/sys/kernel/core_pattern)" 0
hostile '/dev/pts linked' /dev/pts "$canary/dev"
hostile '/proc/self linked' /proc/self "$canary/proc"

cp -a "$FIXTURES/root" "$T/fifo"
rm "$T/fifo/etc/passwd"
mkfifo "$T/fifo/etc/passwd"
run timeout 10 "$TARE" run --rm --network none --rootfs "$T/fifo" -u app id
is 'a FIFO as /etc/passwd is refused at once' "$status" 125
like 'with a reason' "$stderr" 'no regular file'
rm "$T/fifo/etc/passwd"
head -c 2000000 /dev/zero >"$T/fifo/etc/passwd"
run timeout 10 "$TARE" run --rm --network none --rootfs "$T/fifo" -u app id
is 'and so is one of 2 MB' "$status" 125
ln -sf /run/resolv/stub.conf "$T/root/etc/resolv.conf"
run tare run --rm --network none --dns 192.0.2.7 --rootfs "$T/root" cat /run/resolv/stub.conf
is 'a link to where resolv.conf will be gets it there' "$stdout" 'nameserver 192.0.2.7'


# --- hosts that are not like this one ---

# A store below a directory of a group, where new files are readable by no others.
mkdir "$T/group"
chgrp 1234 "$T/group"
setfacl -d -m u::rwx,g::-,o::- "$T/group"
chmod 2755 "$T/group"
tare --root "$T/group/store" load -q -i "$FIXTURES/busybox.tar" >/dev/null
run tare --root "$T/group/store" run --name owned --network none busybox sh -c 'mkdir /new && stat -c "%a %u %g" / /etc /new /bin'
is 'what a store inherits is not in its containers' "$stdout" $'755 0 0\n755 0 0\n755 0 0\n755 0 0'
tare --root "$T/group/store" rm owned >/dev/null
mount --bind "$T/group" "$T/group"
mount --make-unbindable "$T/group"
run tare --root "$T/group/store" run --rm --network none busybox true
like 'a store on an unbindable mount is an error that says so' "$status $stderr" "^125 tare: open '$T/group/store' .*unbindable"
umount "$T/group"
ln -s nowhere/tare "$T/gone"
run tare --root "$T/gone" images
like 'and so is one that is a link to what is not there' "$status $stderr" '^125 .*a link to what is not there'
run unshare -m sh -c "mount -t tmpfs none /etc; exec '$TARE' run --rm --network host --hostname box busybox cat /etc/hosts"
like 'a host need have no /etc/hosts' "$status $stdout" '^0 127.0.0.1'

is 'nothing runs at the end' "$(tare ps -aq)" ''
box --oom-score-adj 100 -- cat /proc/self/oom_score_adj
is '--oom-score-adj ranks the process, with a user namespace too' "$stdout" 100

done_testing
