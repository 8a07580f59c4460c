#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# confinement.sh - What a container may do: capabilities, seccomp, masks, limits
. "$(dirname "$0")/../lib/harness.sh"

# Made with the other fixtures where there is no compiler, as in the VM.
probe=$FIXTURES/surface_probe
if [ ! -x "$probe" ]; then
	need cc
	probe=$T/surface_probe
	cc -static -O1 -o "$probe" "$TARE_TEST_TOP/tests/lib/surface_probe.c" || exit 1
fi
cp -a "$FIXTURES/root" "$T/root"
install -m 0755 "$probe" "$T/root/bin/surface_probe"
install -m 4755 "$probe" "$T/root/bin/setuid_probe"
install -m 0755 "$probe" "$T/root/bin/raw_probe"
setcap cap_net_raw+ep "$T/root/bin/raw_probe"
on_exit tare rm -f -a

# box [OPTION...] -- COMMAND...
box() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	run tare run --rm --network none "${options[@]}" --rootfs "$T/root" "$@"
}

# The lines of /proc/PID/status that say how a process is confined.
confined='grep -E ^(Cap|NoNewPrivs|Seccomp:) /proc/self/status'

# field NAME: of what was printed last
field() {
	sed -n "s/^$1:[[:space:]]*//p" <<<"$stdout"
}

zero=0000000000000000
some=00000000000400fb # CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SYS_CHROOT

# --- by default ---

# shellcheck disable=SC2086 # words
box -- $confined
is 'root holds eight capabilities' "$(field CapEff)" $some
is 'and no more is permitted' "$(field CapPrm)" $some
is 'or can be regained' "$(field CapBnd)" $some
is 'nothing is inheritable' "$(field CapInh)" $zero
is 'nothing is ambient' "$(field CapAmb)" $zero
is 'no_new_privs is on' "$(field NoNewPrivs)" 1
is 'a seccomp filter is on' "$(field Seccomp)" 2
default=$stdout

# shellcheck disable=SC2086
box -u app -- $confined
is 'another user holds none' "$(field CapEff) $(field CapPrm) $(field CapAmb)" "$zero $zero $zero"
is 'and is confined alike' "$(field CapBnd) $(field NoNewPrivs) $(field Seccomp)" "$some 1 2"

box -- surface_probe
diag "$stdout"
open=$(sed -n 's/^probes .* open //p' <<<"$stdout")
ok 'at most 25 of the probed ways into the kernel are open' test "${open:-999}" -le 25
box -u app -- surface_probe
user_open=$(sed -n 's/^probes .* open //p' <<<"$stdout")
ok 'and not more for another user' test "${user_open:-999}" -le "${open:-0}"

box -- sh -c 'cat /proc/kcore /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l'
is 'masked files and directories are empty' "$stdout" $'0\n0'
box -- sh -c 'echo b >/proc/sysrq-trigger'
like 'sysrq cannot be triggered' "$stderr" '(Read-only file system|nonexistent)'
box -- sh -c 'echo 1 >/proc/sys/kernel/panic'
like 'sysctls cannot be written' "$stderr" 'Read-only file system'
box -- ls /../bin/surface_probe
is 'nothing is above the root' "$stdout" /../bin/surface_probe

# --- what is covered, where the host's root is root inside, too ---

mounted_at() { # PATH: the options of what is mounted there
	awk -v path="$1" '$5 == path { found = $6 } END { print found }' <<<"$stdout"
}

run tare run --rm --network host --userns host --rootfs "$T/root" cat /proc/self/mountinfo
for path in /proc/{kcore,kpagecgroup,kpagecount,kpageflags,pagetypeinfo,slabinfo,vmallocinfo,iomem,ioports} \
	/proc/{kallsyms,modules,interrupts,latency_stats,sched_debug,schedstat,timer_list,keys,key-users,kmsg} \
	/proc/{acpi,asound,config.gz,scsi} /sys/kernel/{slab,notes,vmcoreinfo,boot_params,btf} /sys/module \
	/sys/devices/virtual/{powercap,dmi} /sys/firmware /sys/kernel/{debug,tracing,security} /sys/fs/{selinux,bpf,pstore}; do
	[ -e "$path" ] || continue
	if [ -d "$path" ]; then
		is "$path is covered" "$(mounted_at "$path")" ro,nosuid,nodev,noexec,relatime
	else
		isnt "$path is covered" "$(mounted_at "$path")" ''
	fi
done
for path in /proc/{bus,fs,irq,sys,mtrr,sysrq-trigger}; do
	[ ! -e "$path" ] || is "$path is read-only" "$(mounted_at "$path")" ro,nosuid,nodev,noexec,relatime
done
like "a directory's devices are none" "$(mounted_at /)" nodev

run tare run --rm --network none --userns host --init --rootfs "$T/root" sh -c \
	'cat /proc/1/cmdline | tr "\0" " "; cat /proc/1/environ /proc/1/maps /proc/1/mem | wc -c'
is 'the process that reaps shows nothing of tare' "$(xargs <<<"$stdout")" 'init 0'
for name in proc dev sys; do
	cp -a "$T/root" "$T/links"
	rmdir "$T/links/$name" 2>/dev/null || rm -r "${T:?}/links/$name"
	ln -s home "$T/links/$name"
	run tare run --rm --network none --rootfs "$T/links" true
	is "an image with a link at /$name is refused" "$status" 125
	like 'for that' "$stderr" "'/$name'.* the image has a link or a file there"
	rm -r "$T/links"
done

# Whoever is root inside and on the host must not reach tare's own file for writing (CVE-2019-5736).
is_read_only() {
	python3 -c 'import os, sys; sys.exit(not os.statvfs(sys.argv[1]).f_flag & os.ST_RDONLY)' "/proc/$1/exe"
}
"$TARE" run --name shared --network none --userns host --rootfs "$T/root" sh -c 'echo up; exec sleep 1000' >"$T/up" 2>/dev/null &
first=$!
wait_for 10 grep -q up "$T/up"
"$TARE" exec shared sh -c 'echo joined; exec sleep 1000' >"$T/joined" 2>/dev/null &
second=$!
wait_for 10 grep -q joined "$T/joined"
ok 'what runs a container runs from a file that cannot be written' is_read_only $first
ok 'so does what joins one' is_read_only $second
run tare rm -f shared
wait $first $second

# keyring COMMAND...: with a session keyring tare-test, which only those see who have it
keyring() {
	python3 -c 'import ctypes, os, sys
call, number = ctypes.CDLL(None).syscall, 250 if os.uname().machine == "x86_64" else 219
call(number, 1, b"tare-test")
call(number, 5, -3, 0x3f000000)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}
run keyring cat /proc/keys
if [[ $stdout == *tare-test* ]]; then
	run keyring "$TARE" run -d --name keys --network none --privileged --userns host --rootfs "$T/root" sh -c \
		'cat /proc/keys; exec sleep 1000'
	run tare logs keys
	unlike "a container's session keyring is not ours" "$stdout" tare-test
	run keyring "$TARE" exec --privileged keys cat /proc/keys
	unlike 'nor is that of who joins' "$status $stdout" '^[^0]|tare-test'
	run tare rm -f keys
else
	skip 'session keyrings are new' 'no keyrings here'
fi

# --- what works without the capabilities that others give ---

box -u app -- surface_probe ping
is 'an ordinary user can ping' "$status$stderr" 0
box -u app -- sh -c 'httpd -p 80 -h /etc && wget -q -O - http://127.0.0.1/hostname >/dev/null'
is 'an ordinary user can serve port 80' "$status$stderr" 0
box -- sh -c 'mkfifo /tmp/f && chown app /tmp/f && su app -c id && mkdir /tmp/d && rm -r /tmp/[df]'
like 'root can own, become and remove' "$status $stdout" '^0 uid=1000\(app\)'

# --- gaining privileges ---

box -u app -- setuid_probe euid
is 'a setuid program gains nothing' "$stdout" 1000
box -u app --security-opt no-new-privileges=false -- setuid_probe euid
is 'unless new privileges are let in' "$stdout" 0
# Debian's ping is one; to execute it would fail.
for user in 0 1000; do
	box -u $user -- raw_probe euid
	is "a program with a file capability that is not to be had runs without (user $user)" "$status $stdout" "0 $user"
done
box -u app --security-opt no-new-privileges=false -- raw_probe euid
is 'where privileges may be gained, the kernel refuses it' "$status" 126
box -u app --security-opt no-new-privileges=false --cap-add NET_RAW -- raw_probe euid
is 'and gives it what was added' "$status $stdout" '0 1000'
box --security-opt no-new-privileges=false -- grep -E '^(NoNewPrivs|Seccomp:)' /proc/self/status
is 'seccomp stays on even then' "$(field NoNewPrivs) $(field Seccomp)" '0 2'

# --- processes that join ---

run tare run -d --name joined --network none --rootfs "$T/root" sleep 1000
# shellcheck disable=SC2086
run tare exec joined $confined
is 'exec is confined as the first process' "$stdout" "$default"
# shellcheck disable=SC2086
run tare exec -u app joined $confined
is 'exec as another user holds none' "$(field CapEff) $(field NoNewPrivs) $(field Seccomp)" "$zero 1 2"
run tare rm -f joined

# --- capabilities on request ---

# shellcheck disable=SC2086
box --cap-add net_raw --cap-drop CAP_CHOWN -- $confined
is 'capabilities are added and dropped by name' "$(field CapEff)" 00000000000420fa
# shellcheck disable=SC2086
box --cap-drop ALL -- $confined
is '--cap-drop ALL leaves none' "$(field CapEff) $(field CapBnd)" "$zero $zero"
# shellcheck disable=SC2086
box --cap-drop all --cap-add kill -- $confined
is 'but those added' "$(field CapEff)" 0000000000000020
box --cap-add FLY -- true
is 'an unknown capability is refused' "$status" 125
like 'by name' "$stderr" "unknown capability 'FLY'"
box --cap-add SYS_ADMIN -- mount -t tmpfs none /mnt
unlike 'CAP_SYS_ADMIN opens mount in the filter' "$stderr" 'Operation not permitted'
box -- sh -c 'mkdir -p /tmp/m && mount -t tmpfs none /tmp/m'
like 'which is shut without' "$stderr" '(not permitted|permission denied)'

# --- other profiles ---

# shellcheck disable=SC2086
box --security-opt seccomp=unconfined -- $confined
is 'seccomp=unconfined takes the filter away' "$(field Seccomp) $(field CapEff)" "0 $some"

cat >"$T/profile.json" <<-'END'
	{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
END
box --security-opt seccomp="$T/profile.json" -- sh -c 'mkdir /tmp/new; grep Seccomp: /proc/self/status'
like "a profile's answer arrives" "$stderr" 'No space left on device'
is 'from a filter' "$(field Seccomp)" 2

echo '{"defaultAction": "SCMP_ACT_MAYBE"}' >"$T/bad.json"
box --security-opt seccomp="$T/bad.json" -- true
is 'a malformed profile is refused' "$status" 125
like 'with the place in it' "$stderr" "defaultAction: unknown value 'SCMP_ACT_MAYBE'"
box --security-opt seccomp="$T/none.json" -- true
is 'so is one that does not exist' "$status" 125

# shellcheck disable=SC2086
box --privileged -- $confined
is '--privileged has no filter' "$(field Seccomp)" 0
box --privileged -- sh -c 'mount -t tmpfs none /tmp && echo mounted'
is 'and can mount' "$stdout" mounted

# --- resource limits ---

box -- sh -c 'ulimit -n'
is '1024 files by default' "$stdout" 1024
box --ulimit nofile=100:200 --ulimit core=0 -- sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
is '--ulimit sets soft and hard limits' "$stdout" $'100\n200\n0'
box --ulimit files=1 -- true
is 'an unknown limit is refused' "$status" 125
like 'by name' "$stderr" "unknown ulimit 'files'"
box --ulimit nofile=5:1 -- true
is 'so is a soft limit above the hard one' "$status" 125

done_testing
