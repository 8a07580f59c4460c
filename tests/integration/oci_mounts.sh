#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci_mounts.sh - OCI runtime: mounts, propagation, masked and read-only paths, the root
. "$(dirname "$0")/../lib/harness.sh"
OCI_WITHOUT_PEER=1
. "$(dirname "$0")/../lib/oci.sh"

# at PATH: what $stdout, mountinfo, has there: options, propagation, type, source, data
at() {
	awk -v path="$1" '$5 == path {
		for (i = 7; $i != "-"; i++) { sub(/:.*/, "", $i); tags = tags (tags == "" ? "" : "+") $i }
		found = $6 " " (tags == "" ? "private" : tags) " " $(i + 1) " " $(i + 2) " " $(i + 3)
	} END { print found }' <<<"$stdout"
}

# mounted NAME FILTER: launches what prints its mountinfo
mounted() {
	bundle "$1" 'args(["cat", "/proc/self/mountinfo"]) | '"$2" --arg t "$T"
	launch "$1"
}

has_option() {
	[[ ",$(at "$1" | cut -d' ' -f1)," == *",$2,"* ]]
}

mkdir -p "$T/source/sub" "$T/plain"
mount -t tmpfs sub "$T/source/sub"
on_exit umount "$T/source/sub"
echo outer >"$T/source/file"
echo inner >"$T/source/sub/file"
echo plain >"$T/plain/file"

# --- bind -------------------------------------------------------------------------

sh_run bind 'cat /mnt/file /mnt/sub/file; echo new >/mnt/new' 'bind($t + "/source"; "/mnt"; [])' --arg t "$T"
is 'bind shows the source, without what is mounted below' "$stdout" outer
is 'and is writable' "$(cat "$T/source/new")" new
sh_run rbind 'cat /mnt/file /mnt/sub/file' 'mnt("/mnt"; "none"; $t + "/source"; ["rbind"])' --arg t "$T"
is 'rbind shows what is mounted below, too' "$(xargs <<<"$stdout")" 'outer inner'
sh_run file 'cat /etc/motd' 'bind($t + "/plain/file"; "/etc/motd"; [])' --arg t "$T"
is 'a file can be bound, its target is made' "$stdout" plain
ok 'as a file' test -f "$ROOT/etc/motd"
sh_run deep 'cat /a/b/c/file /a/e/file' 'bind($t + "/plain"; "/a/b/c"; []) | bind($t + "/plain"; "/a/no/../d/./../e"; [])' --arg t "$T"
is 'a target that is not there is made with its parents, also of a path with ".."' "$(xargs <<<"$stdout")" 'plain plain'
sh_run over 'cat /mnt/file' 'bind($t + "/source"; "/mnt"; []) | bind($t + "/plain"; "/mnt"; [])' --arg t "$T"
is 'a later mount covers an earlier one' "$stdout" plain
sh_run within 'cat /mnt/sub/file' 'bind($t + "/source"; "/mnt"; []) | bind($t + "/plain"; "/mnt/sub"; [])' --arg t "$T"
is 'a mount may lie in an earlier one' "$stdout" plain
sh_run relative 'cat /mnt/file' 'bind("data"; "/mnt"; [])' 2>/dev/null
mkdir -p "$T/relative/data"
echo bundled >"$T/relative/data/file"
launch relative
is 'a relative source is below the bundle' "$stdout" bundled
bundle missing 'args(["true"]) | bind("/nonexistent/source"; "/mnt"; [])'
launch missing
isnt 'a source that is not there fails' "$status" 0
like 'and is named' "$stderr" '/nonexistent/source'
is 'and leaves nothing' "$(oci list -q)" ''
for pair in 'plain /etc/passwd' 'plain/file /etc'; do
	bundle kind 'args(["true"]) | bind($t + "/" + $pair[0]; $pair[1]; [])' --arg t "$T" --argjson pair "[\"${pair/ /\",\"}\"]"
	launch kind
	# Docker looks for the words, and explains.
	like "what is a directory and what not, in the words of engines: $pair" "$status $stderr" '^[1-9].*[Nn]ot a directory'
done
sh_run slash 'cat /mnt/file' 'bind($t + "/plain/"; "/mnt/"; [])' --arg t "$T"
is 'trailing slashes do not matter' "$stdout" plain
sh_run dots 'cat /mnt/file' 'bind($t + "/source/../plain"; "/tmp/../mnt/."; [])' --arg t "$T"
is 'nor do dots' "$stdout" plain
ln -sfn plain "$T/link"
sh_run link 'cat /mnt/file' 'bind($t + "/link"; "/mnt"; [])' --arg t "$T"
is 'a source may be a symbolic link' "$stdout" plain
ln -sfn file "$T/link"
sh_run nofollow 'readlink /etc/motd' 'bind($t + "/link"; "/etc/motd"; ["src-nofollow"])' --arg t "$T"
deviates runc 'does not know it'
deviates crun 'too old'
is 'unless it is not to be followed' "$stdout" file

# --- options --------------------------------------------------------------------------

for option in ro nosuid nodev noexec noatime; do
	mounted options "bind(\$t + \"/plain\"; \"/mnt\"; [\"$option\"])"
	ok "bind takes $option" has_option /mnt $option
	mounted options "mnt(\"/mnt\"; \"tmpfs\"; \"tmpfs\"; [\"$option\"])"
	ok "tmpfs takes $option" has_option /mnt $option
done
mounted options 'bind($t + "/plain"; "/mnt"; ["nosuid", "nodev", "noexec", "ro", "relatime"])'
is 'options add up' "$(at /mnt | cut -d' ' -f1)" ro,nosuid,nodev,noexec,relatime
mounted options 'mnt("/mnt"; "tmpfs"; "tmpfs"; ["nosuid", "suid", "noexec", "exec", "ro", "rw", "nodev", "dev"])'
deviates crun 'too old'
is 'the last of two opposites holds' "$(at /mnt | cut -d' ' -f1)" rw,relatime
mounted options 'mnt("/mnt"; "tmpfs"; "tmpfs"; ["strictatime", "nodiratime", "sync", "dirsync"])'
unlike 'strictatime is not relatime' "$(at /mnt)" relatime
like 'nodiratime holds' "$(at /mnt)" nodiratime
mounted options 'mnt("/mnt"; "tmpfs"; "tmpfs"; ["defaults"])'
deviates runc 'too old'
is 'defaults is known' "$(at /mnt | cut -d' ' -f1)" rw,relatime
sh_run ro 'echo x >/mnt/x || echo refused; echo x >/mnt/sub/x && echo written' \
	'mnt("/mnt"; "none"; $t + "/source"; ["rbind", "ro"])' --arg t "$T"
is 'ro is for the mount itself, not for those below' "$(xargs <<<"$stdout")" 'refused written'
sh_run rro 'echo x >/mnt/x || echo refused; echo x >/mnt/sub/x || echo refused' \
	'mnt("/mnt"; "none"; $t + "/source"; ["rbind", "rro"])' --arg t "$T"
is 'rro is for all' "$(xargs <<<"$stdout")" 'refused refused'
for try in rnosuid:nosuid rnodev:nodev rnoexec:noexec rnoatime:noatime; do
	mounted recursive "mnt(\"/mnt\"; \"none\"; \$t + \"/source\"; [\"rbind\", \"${try%:*}\"])"
	deviates crun 'too old'
	ok "${try%:*} is for the mount" has_option /mnt "${try#*:}"
	deviates crun 'too old'
	ok 'and for those below' has_option /mnt/sub "${try#*:}"
done
mounted data 'mnt("/mnt"; "tmpfs"; "tmpfs"; ["size=1m", "mode=0711", "nr_inodes=99"])'
like 'what is no flag goes to the file system' "$(at /mnt)" 'tmpfs tmpfs rw,size=1024k,nr_inodes=99,mode=711'
bundle data 'args(["true"]) | mnt("/mnt"; "tmpfs"; "tmpfs"; ["nonsense=1"])'
launch data
isnt 'which may refuse it' "$status" 0
bundle data 'args(["true"]) | mnt("/mnt"; "nonsensefs"; "none"; [])'
launch data
isnt 'an unknown file system fails' "$status" 0
like 'and is named' "$stderr" 'nonsensefs|mnt'
mkdir -p "$ROOT/full/dir"
echo kept >"$ROOT/full/dir/file"
chmod 0751 "$ROOT/full"
ln -s dir "$ROOT/full/link"
sh_run copyup 'cat /full/link/file; echo new >/full/new; stat -c %a /full; stat -f -c %T /full' \
	'mnt("/full"; "tmpfs"; "tmpfs"; ["tmpcopyup"])'
is 'tmpcopyup fills the tmpfs with what it covers' "$(sed -n 1p <<<"$stdout")" kept
is 'and leaves that alone' "$(echo "$ROOT"/full/*)" "$ROOT/full/dir $ROOT/full/link"
sh_run mode 'stat -c %a /full' 'mnt("/full"; "tmpfs"; "tmpfs"; [])'
deviates crun 'too old'
is 'a tmpfs has the mode of its target' "$stdout" 751

# --- propagation -------------------------------------------------------------------------

mount --bind "$T/plain" "$T/plain"
on_exit umount "$T/plain"
mount --make-shared "$T/plain"
mounted propagation 'bind($t + "/plain"; "/mnt"; [])'
deviates crun 'what rootfsPropagation is'
is 'a mount is private or a slave by default' "$(at /mnt | cut -d' ' -f2 | sed s/private/master/)" master
for try in private:private rprivate:private slave:master rslave:master; do
	mounted propagation ".linux.rootfsPropagation = \"rslave\" | bind(\$t + \"/plain\"; \"/mnt\"; [\"${try%:*}\"])"
	is "a bind mount can be ${try%:*}" "$(at /mnt | cut -d' ' -f2)" "${try#*:}"
done
for option in shared rshared; do
	mounted propagation ".linux.rootfsPropagation = \"shared\" | bind(\$t + \"/plain\"; \"/mnt\"; [\"$option\"])"
	is "a bind mount can be $option" "$(at /mnt | cut -d' ' -f2)" shared
done
for option in unbindable runbindable; do
	mounted propagation "bind(\$t + \"/plain\"; \"/mnt\"; [\"$option\"])"
	deviates crun 'makes it private'
	is "a bind mount can be $option" "$(at /mnt | cut -d' ' -f2)" unbindable
done
mkdir "$T/plain/point"
bundle slave 'sh("while ! test -e /mnt/point/there; do sleep 0.05; done; echo seen")
	| .linux.rootfsPropagation = "rslave" | bind($t + "/plain"; "/mnt"; ["rslave"])' --arg t "$T"
start_up slave
mount -t tmpfs point "$T/plain/point"
touch "$T/plain/point/there"
ok 'a slave sees what is mounted later' wait_for 5 grep -q seen "$T/slave.out"
umount "$T/plain/point"
oci delete --force slave
bundle shared 'sh("mount -t tmpfs inside /mnt/point && touch /mnt/point/inside; sleep 1000") | caps(["CAP_SYS_ADMIN"])
	| .linux.rootfsPropagation = "shared" | bind($t + "/plain"; "/mnt"; ["shared"])' --arg t "$T"
start_up shared
ok 'what a container mounts in a shared one is seen outside' wait_for 5 test -e "$T/plain/point/inside"
oci delete --force shared
umount "$T/plain/point"
for try in private:private slave:private shared:shared unbindable:unbindable; do
	mounted root ".linux.rootfsPropagation = \"${try%:*}\""
	deviates runc 'makes it private, or fails'
	is "the root can be ${try%:*}" "$(at / | cut -d' ' -f2 | sed s/master/private/)" "${try#*:}"
done
is 'nothing of all this came out to us' "$(awk '$5 ~ /rootfs/' /proc/self/mountinfo)" ''

# --- symbolic links in the root -------------------------------------------------------------

new_root "$T/evil"
ln -s /etc "$T/evil/inside"
ln -s ../../../../../../../../../../../../outside "$T/evil/up"
mkdir "$T/evil/outside"
mkdir -p "$T/outside"
ln -s "$T/outside" "$T/evil/absolute"
in_evil() {
	bundle evil '.root.path = $e | '"$1" --arg e "$T/evil" --arg t "$T"
	launch evil
}
in_evil 'sh("cat /etc/target/file") | bind($t + "/plain"; "/inside/target"; [])'
is 'a link in a target is resolved in the root' "$stdout" plain
in_evil 'sh("cat /absolute/target/file") | bind($t + "/plain"; "/absolute/target"; [])'
is 'one that leads out, too' "$(ls -A "$T/outside")" ''
in_evil 'sh("cat /outside/target/file") | bind($t + "/plain"; "/up/target"; [])'
deviates crun 'fails'
is 'dots end at the root' "$stdout" plain
ok 'not on the host' test ! -e /outside
in_evil 'sh("true") | bind($t + "/plain/file"; "/absolute/dir/file"; [])'
is 'no file is made outside' "$(ls -A "$T/outside")" ''
in_evil 'sh("true") | bind($t + "/plain"; "/../../../../../../../../../../../../var/tmp/tare-escape"; [])'
ok 'a target that goes up stays inside' test ! -e /var/tmp/tare-escape
rm -rf "$T/evil/proc"
ln -s /tmp "$T/evil/proc"
in_evil 'sh("true")'
deviates crun 'too old'
isnt '/proc must not be a link' "$status" 0
rm "$T/evil/proc"
mkdir "$T/evil/proc"
rm -rf "$T/evil/dev"
ln -s "$T/outside" "$T/evil/dev"
in_evil 'sh("true")'
deviates runc 'CVE-2026-41579'
is 'a /dev that leads out makes nothing outside' "$(ls -A "$T/outside")" ''
find "$T/outside" -mindepth 1 -delete
rm "$T/evil/dev"
mkdir "$T/evil/dev"
ln -sfn "$T/outside" "$T/evil/link"
in_evil '.process.cwd = "/link/new" | sh("pwd")'
is 'a cwd that leads out makes nothing outside' "$(ls -A "$T/outside")" ''
in_evil '.linux.maskedPaths = ["/link"] | .linux.readonlyPaths = ["/link"] | sh("true")'
echo x >"$T/outside/x"
ok 'masking by a link leaves the host alone' test -w "$T/outside/x"

# --- kinds of file systems -----------------------------------------------------------------------

mounted kinds .
is '/proc is one' "$(at /proc | cut -d' ' -f3)" proc
is '/sys is read-only' "$(at /sys | cut -d' ' -f1,3)" 'ro,nosuid,nodev,noexec,relatime sysfs'
is '/dev is a tmpfs' "$(at /dev | cut -d' ' -f3)" tmpfs
is '/dev/pts is devpts' "$(at /dev/pts | cut -d' ' -f3)" devpts
is '/dev/shm is a tmpfs' "$(at /dev/shm | cut -d' ' -f3)" tmpfs
is '/dev/mqueue is one' "$(at /dev/mqueue | cut -d' ' -f3)" mqueue
is 'the root is writable' "$(at / | cut -c1-2)" rw
sh_run procs 'ls /proc | grep -c "^[0-9]"'
ok '/proc is that of the new pid namespace' test "$stdout" -lt 6
sh_run shm 'stat -c %a /dev/shm; touch /dev/shm/x && stat -f -c %b:%S /dev/shm'
is '/dev/shm has mode and size' "$(xargs <<<"$stdout")" '1777 16384:4096'
# shellcheck disable=SC2016
mounted cgroup 'ns("cgroup") | mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["nosuid", "noexec", "nodev", "relatime", "ro"])'
is 'a cgroup mount works' "$status" 0
deviates runc 'a tmpfs for the many trees of version 1'
deviates crun 'a tmpfs for the many trees of version 1'
like 'it is cgroups, read-only' "$(at /sys/fs/cgroup)" '^ro,.* cgroup2 '
sh_run cgroup 'cat $(find /sys/fs/cgroup/ -maxdepth 2 -name cgroup.procs | head -n 1); cat /proc/self/cgroup' \
	'ns("cgroup") | mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
like 'of the container' "$stdout" '^1'
unlike 'whose path nobody sees' "$stdout" 'tare-oci'
sh_run host 'find /sys/fs/cgroup/ -name cgroup.procs | wc -l; mkdir /sys/fs/cgroup/new 2>&1' \
	'mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
deviates runc 'the trees of version 1'
deviates crun 'the trees of version 1'
ok 'without a cgroup namespace it is the whole tree' test "$(head -n 1 <<<"$stdout")" -gt 1
like 'read-only' "$stdout" 'Read-only file system'
sh_run mapped 'find /sys/fs/cgroup/ -name cgroup.procs | wc -l; cat /sys/fs/cgroup/cgroup.procs' \
	'userns(100000; 65536) | mnt("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
deviates runc 'the trees of version 1'
deviates crun 'the trees of version 1'
is 'in a user namespace it is the container'"'"'s own part' "$(head -n 2 <<<"$stdout" | xargs)" '1 1'

# --- the root, masked and read-only paths ------------------------------------------------------------

sh_run readonly 'touch /x || echo refused; touch /tmp/x || echo refused; touch /dev/shm/x && echo taken' '.root.readonly = true'
is 'a read-only root is one' "$(xargs <<<"$stdout")" 'refused refused taken'
sh_run readonly 'echo x >/mnt/x && echo taken' '.root.readonly = true | mnt("/mnt"; "tmpfs"; "tmpfs"; [])'
is 'mounts on it are not' "$stdout" taken
mkdir -p "$ROOT/secret/dir"
echo secret >"$ROOT/secret/file"
echo secret >"$ROOT/secret/dir/file"
sh_run masked 'cat /secret/file; ls -A /secret/dir; touch /secret/dir/x 2>&1 | grep -o Read-only; stat -c %t:%T /secret/file' \
	'.linux.maskedPaths += ["/secret/file", "/secret/dir", "/not/there"]'
is 'a masked file is empty, a masked directory is empty and read-only' "$(xargs <<<"$stdout")" 'Read-only 1:3'
sh_run masked 'cat /proc/kcore | head -c 10; cat /proc/timer_list | head -c 10; ls -A /sys/firmware; echo end' .
is 'so are those of /proc and /sys' "$stdout" end
sh_run readonly 'echo x >/secret/file || echo refused; echo x >/secret/dir/file || echo refused; cat /secret/file' \
	'.linux.readonlyPaths += ["/secret", "/not/there"]'
is 'a read-only path can be read only' "$(xargs <<<"$stdout")" 'refused refused secret'
sh_run readonly 'echo 1 >/proc/sys/kernel/domainname || echo refused' 'caps(["CAP_SYS_ADMIN"])'
is 'so can /proc/sys' "$stdout" refused
sh_run nomask 'echo mine >/proc/sys/kernel/domainname && cat /proc/sys/kernel/domainname' \
	'caps(["CAP_SYS_ADMIN"]) | .linux.readonlyPaths = [] | .linux.maskedPaths = []'
is 'without such paths there are none' "$stdout" mine
sh_run deep 'cat /mnt/sub/file; touch /mnt/x || echo refused' \
	'mnt("/mnt"; "none"; $t + "/source"; ["rbind"]) | .linux.readonlyPaths += ["/mnt"]' --arg t "$T"
is 'a read-only path shows what is mounted below' "$(xargs <<<"$stdout")" 'inner refused'
bundle zero 'args(["head", "-c", "1", "/secret/file"]) | bind("/dev/zero"; "/dev/null"; []) | .linux.maskedPaths += ["/secret/file"]'
launch zero
isnt 'another device at /dev/null covers nothing' "$status" 0
bundle noroot 'args(["true"]) | .root.path = "/nonexistent"'
launch noroot
isnt 'a root that is not there fails' "$status" 0
like 'and is named' "$stderr" 'nonexistent|rootfs'
run oci run --no-pivot --bundle "$T/readonly" readonly
is '--no-pivot works' "$stdout" refused
mount --bind "$ROOT" "$ROOT"
mounted mountpoint .
is 'the root may be a mount point' "$status" 0
umount "$ROOT"

# --- id-mapped mounts -----------------------------------------------------------------------------------

chmod 0755 "$T" "${T%/*}"
mkdir -p "$T/owned"
touch "$T/owned/root" "$T/owned/seven"
chown 7:7 "$T/owned/seven"
sh_run mapped 'stat -c %u:%g /mnt/root /mnt/seven; touch /mnt/new && stat -c %u:%g /mnt/new' \
	'userns(100000; 65536) | del(.linux.resources)
	| .mounts += [{destination: "/mnt", type: "bind", source: ($t + "/owned"), options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 100000, size: 65536}], gidMappings: [{containerID: 0, hostID: 100000, size: 65536}]}]' \
	--arg t "$T"
too_old
is 'an id-mapped mount shows owners as they are' "$(xargs <<<"$stdout")" '0:0 7:7 0:0'
too_old
is 'and writes them so' "$(stat -c %u:%g "$T/owned/new" 2>/dev/null)" 0:0
sh_run mapped 'stat -c %u:%g /mnt/root /mnt/seven' \
	'.mounts += [{destination: "/mnt", type: "bind", source: ($t + "/owned"), options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 5000, size: 10}], gidMappings: [{containerID: 0, hostID: 6000, size: 10}]}]' \
	--arg t "$T"
too_old
is 'it needs no user namespace' "$(xargs <<<"$stdout")" '5000:6000 5007:6007'
sh_run mapped 'touch /mnt/unmapped || echo refused' \
	'.mounts += [{destination: "/mnt", type: "bind", source: ($t + "/owned"), options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 5000, size: 10}], gidMappings: [{containerID: 0, hostID: 6000, size: 10}]}]' \
	--arg t "$T"
too_old
is 'who is not mapped cannot write there' "$stdout" refused
touch "$T/owned/eight"
chown 8:9 "$T/owned/eight"
sh_run mapped 'stat -c %u:%g /mnt/seven /mnt/eight' \
	'.mounts += [{destination: "/mnt", type: "bind", source: ($t + "/owned"), options: ["bind"],
		uidMappings: [{containerID: 7, hostID: 1000, size: 1}, {containerID: 8, hostID: 2000, size: 1}],
		gidMappings: [{containerID: 7, hostID: 3000, size: 1}, {containerID: 9, hostID: 4000, size: 1}]}]' --arg t "$T"
too_old
is 'a mapping can have several parts' "$(xargs <<<"$stdout")" '1000:3000 2000:4000'
sh_run mapped 'stat -c %u:%g /mnt/root' 'userns(100000; 65536) | del(.linux.resources)
	| bind($t + "/owned"; "/mnt"; ["idmap"])' --arg t "$T"
too_old
is 'the option idmap takes the mappings of the user namespace' "$stdout" 0:0
sh_run mapped 'stat -c %u:%g /mnt/seven /mnt/eight' \
	'bind($t + "/owned"; "/mnt"; ["idmap=uids=7-1000-1#8-2000-1;gids=7-3000-1#9-4000-1"])' --arg t "$T"
too_old
is 'or brings its own' "$(xargs <<<"$stdout")" '1000:3000 2000:4000'
bundle mapped 'bind($t + "/owned"; "/mnt"; ["idmap=uids=7-1000"])' --arg t "$T"
launch mapped
too_old
isnt 'which are complete' "$status" 0
too_old
like 'or the error says where' "$stderr" 'mounts\[[0-9]*\]\.options'


# --- a read-only /dev gets its devices first
bundle rodev 'args(["sh", "-c", "touch /dev/x; ls /dev/null /dev/fd; grep \" /dev \" /proc/mounts"]) |
	.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end)'
launch rodev
is 'a read-only /dev works' "$status" 0
like 'has the devices' "$stdout" '/dev/null'
like 'and is read-only' "$stdout" ' /dev tmpfs ro,'

# --- links to nothing on the way to a mount point
new_root "$T/dangling-root"
ln -s /tmp/foo/bar "$T/dangling-root/jump"
ln -s /jump/baz/file "$T/dangling-root/etc/deep"
ln -s /tmp/dir "$T/dangling-root/etc/dir"
echo bound >"$T/bound"
bundle dangling 'args(["cat", "/tmp/foo/bar/baz/file", "/tmp/dir/bound"]) | .root.path = ($t + "/dangling-root") |
	bind($t + "/bound"; "/etc/deep"; []) | bind($t; "/etc/dir"; ["rbind"])' --arg t "$T"
launch dangling
deviates crun 'too old'
is 'a mount goes where a link to nothing leads' "$stdout" 'bound'$'\n''bound'

# --- a path listed twice is masked once
bundle twice 'args(["grep", "-c", " /media ", "/proc/self/mountinfo"]) | .linux.maskedPaths += ["/media", "/media"]'
mkdir -p "$ROOT/media"
deviates runc 'too old'
deviates crun 'twice'
launch twice
is 'a path masked twice has one mount' "$stdout" 1

# --- the options of a bind mount are all that it has
mkdir "$T/source"
mount -t tmpfs tmpfs "$T/source"
on_exit umount -l "$T/source"
mount -o remount,bind,nosuid,noexec "$T/source"
bundle kept 'args(["grep", " /mnt ", "/proc/mounts"]) | bind($t + "/source"; "/mnt"; [])' --arg t "$T"
launch kept
deviates crun 'takes them away'
like 'without options those of the source stay' "$stdout" 'nosuid,noexec'
bundle told 'args(["grep", " /mnt ", "/proc/mounts"]) | bind($t + "/source"; "/mnt"; ["ro", "nodev"])' --arg t "$T"
launch told
like 'with options it has these' "$stdout" ' ro,nodev'
unlike 'and no others' "$stdout" 'nosuid|noexec'
bundle told 'args(["grep", " /mnt ", "/proc/mounts"]) | bind($t + "/source"; "/mnt"; ["ro", "nodev"]) | userns(100000; 65536)' --arg t "$T"
deviates runc 'too old'
launch told
deviates crun 'takes it away'
like 'in a user namespace it keeps what protects it' "$stdout" ' ro,nosuid,nodev,noexec'

# --- --no-pivot: the host's /proc is no way to an unmasked one
bundle bare 'args(["unshare", "-mrpf", "sh", "-c", "mount -t proc none /proc"]) | caps(["CAP_SETFCAP"])'
deviates crun 'leaves it there'
launch bare --no-pivot
isnt '--no-pivot leaves no bare /proc to mount' "$status" 0
deviates crun 'leaves it there'
like 'it is refused' "$stderr" 'permission denied'

# --- a source in the root itself is what the mounts before have put there
new_root "$T/ordered"
mkdir -p "$T/ordered-source/sub"
echo below >"$T/ordered-source/sub/file"
for users in . 'userns(100000; 65536)'; do
	bundle ordered 'args(["cat", "/final/sub/file"]) | .root.path = ($t + "/ordered") | bind($t + "/ordered-source"; "/mnt"; []) |
		bind($t + "/ordered/mnt/sub"; $t + "/ordered/home"; []) | bind($t + "/ordered/mnt"; "/final"; ["rbind"]) | '"$users" --arg t "$T"
	chmod 755 "$T"
	[ "$users" = . ] || { deviates runc 'too old'; deviates crun 'looks on the host'; }
	launch ordered
	deviates crun 'looks on the host'
	is "a mount of the list is a source for a later one ($users)" "$stdout" below
done
deviates crun 'takes it as it is'
deviates runc 'makes both'
isnt 'a destination below the name of the root on the host is one in the root' "$(ls "$T/ordered$T" 2>/dev/null)" ordered
done_testing
