#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# commit.sh - New images from containers and root directories: commit, import
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

config() {
	tare image inspect -f "{{json .Config.$2}}" "$1"
}

frozen() {
	find /sys/fs/cgroup -name cgroup.freeze -path "*/$(tare inspect -f '{{.Id}}' box)/*" -exec cat {} +
}

# --- commit ---

for kind in '' --rm --userns=host; do
	# shellcheck disable=SC2086 # none or one
	tare run -d $kind --name box -e A=1 -v /data -u 0 --expose 99/udp --stop-signal USR2 busybox sh -c 'echo v >/data/volume
		echo a >/root/new; rm /etc/passwd; rm -rf /home; mkdir -m 700 /home; echo q >/home/q
		chown 5:6 /home/q; ln /home/q /home/r; ln -s q /home/s; rm -rf /var; echo file >/var
		chmod 4755 /home/q; touch /tmp/ready; exec sleep 1000' >/dev/null
	wait_for 10 tare exec box test -e /tmp/ready
	run tare commit -m 'a message' -a 'An Author' box new:1
	like "commit of a container run with '$kind' prints the id" "$stdout" '^sha256:[0-9a-f]{64}$'
	is 'the container goes on' "$(tare inspect -f '{{.State.Status}}' box)" running
	ok 'and is not frozen' timeout 10 "$TARE" exec box true
	is 'the image has what was added' "$(tare run --rm new:1 cat /root/new /home/q /home/r /home/s)" $'a\nq\nq\nq'
	is 'with owners and modes' "$(tare run --rm new:1 stat -c '%u %g %a' /home /home/q | tr '\n' ' ')" '0 0 700 5 6 4755 '
	is 'hard links are such' "$(tare run --rm new:1 stat -c %h /home/r)" 2
	is 'what became a file is one' "$(tare run --rm new:1 cat /var)" file
	fails 'what was deleted is gone' 1 tare run --rm new:1 ls /etc/passwd
	is 'from replaced directories, too' "$(tare run --rm new:1 ls /home | tr '\n' ' ')" 'q r s '
	is 'volumes are not in it' "$(tare run --rm new:1 ls /data)" ''
	is 'it runs what the container ran' "$(config new:1 Cmd)" "$(tare inspect -f '{{json .Config.Cmd}}' box)"
	like 'with its environment' "$(config new:1 Env)" '"A=1"'
	is 'as the same user, with ports and signal' "$(config new:1 User) $(config new:1 ExposedPorts) $(config new:1 StopSignal)" \
		'"0" {"99/udp":{}} "USR2"'
	is 'the history says why' "$(tare history --format '{{.Comment}}' new:1 | head -n 1)" 'a message'
	is 'and who' "$(tare image inspect -f '{{.Author}}' new:1)" 'An Author'
	is 'the image is loaded on top of its base' "$(tare image inspect -f '{{len .RootFS.Layers}}' new:1)" 2
	tare pause box >/dev/null
	tare commit box new:2 >/dev/null
	is 'one that is paused stays so' "$(frozen)" 1
	tare rm -f box >/dev/null
	tare rmi new:1 new:2 >/dev/null
done

tare create --name box busybox true >/dev/null
ok 'a container that never ran can be committed' tare commit -q box same
is 'and is the same image with an empty layer' "$(tare run --rm same cat /etc/passwd)" "$(tare run --rm busybox cat /etc/passwd)"
tare create --name bare --entrypoint /bin/true busybox >/dev/null
tare commit bare bare >/dev/null
is 'arguments that it has not are not those of its image' "$(config bare Entrypoint) $(tare image inspect bare | jq '.[0].Config.Cmd')" '["/bin/true"] null'
ok 'without a name it is an image, too' tare commit -m unnamed box
is 'which lists show' "$(tare images -f dangling=true -q | wc -l)" 1
run tare commit --change 'CMD ["echo", "hi there"]' --change 'ENTRYPOINT []' --change 'ENV X=1 Y="two words"' \
	-c 'ENV Z three words' -c 'EXPOSE 80 53/udp' -c 'LABEL a=b "c d"=e' -c 'USER 1:2' -c 'VOLUME /v /x' \
	-c 'VOLUME ["/w"]' -c 'WORKDIR /srv' -c 'WORKDIR sub' -c 'STOPSIGNAL INT' box changed
is 'VOLUME' "$(config changed Volumes)" '{"/v":{},"/x":{},"/w":{}}'
is 'CMD' "$(config changed Cmd)" '["echo","hi there"]'
like 'ENV' "$(config changed Env)" '"X=1","Y=two words","Z=three words"'
is 'EXPOSE' "$(config changed ExposedPorts)" '{"80/tcp":{},"53/udp":{}}'
is 'LABEL' "$(config changed Labels)" '{"a":"b","c d":"e"}'
is 'USER' "$(config changed User)" '"1:2"'
is 'WORKDIR joins' "$(config changed WorkingDir)" '"/srv/sub"'
is 'STOPSIGNAL' "$(config changed StopSignal)" '"INT"'
is 'and it runs' "$(tare run --rm --user 0 --workdir / changed)" 'hi there'
tare commit -c 'CMD echo $HOME' box shell >/dev/null
is 'CMD without a list is for the shell' "$(config shell Cmd)" '["/bin/sh","-c","echo $HOME"]'
for change in 'RUN true' 'CMD' 'EXPOSE x' 'EXPOSE 0' 'EXPOSE 99999' 'ENV alone' 'LABEL =x' ''; do
	fails "--change '$change' is refused" 125 tare commit -c "$change" box nothing
done
fails 'and nothing is made' 1 tare image exists nothing
fails 'a name with a digest is refused' 125 tare commit box "x@sha256:$(printf '%064d' 0)"
fails 'no such container' 125 tare commit nosuch x
tare rm -f -a >/dev/null

# Ctrl-C and kill -9 while it is frozen.
if has_controller pids || [ -e /sys/fs/cgroup/cgroup.freeze ] || [ -d /sys/fs/cgroup/unified ]; then
	tare run -d --name box busybox sh -c 'dd if=/dev/urandom of=/big bs=1M count=80 2>/dev/null; touch /tmp/ready; exec sleep 1000' >/dev/null
	wait_for 20 tare exec box test -e /tmp/ready
	frozen=0
	for delay in 0.01 0.03 0.06 0.1; do
		"$TARE" commit box killed >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -9 $pid 2>/dev/null && frozen=$((frozen + 1))
		wait $pid 2>/dev/null
		timeout 10 "$TARE" exec box true || fail 'a killed commit leaves the container frozen'
	done
	isnt 'commit was killed at least once' "$frozen" 0
	tare rm -f -a >/dev/null
fi

# --- history ---

tare create --name box busybox sh -c 'echo a very long command that nobody wants to see in a table' >/dev/null
tare commit -m comment box step >/dev/null
run tare history step
is 'history has a line for each layer' "$(wc -l <<<"$stdout")" 3
like 'with docker'"'"'s titles' "$stdout" '^IMAGE +CREATED +CREATED BY +SIZE +COMMENT'
like 'newest first, commands cut' "$stdout" $'\n''[0-9a-f]{12} +[0-9a-zA-Z ]+ ago +sh -c echo a very long command that nobody w…  +0B +comment'
like 'below it <missing>' "$stdout" $'\n''<missing> '
like '--no-trunc shows all' "$(tare history --no-trunc step)" 'sha256:[0-9a-f]{64}.*in a table'
is '-q shows ids' "$(tare history -q step)" "$(tare images -q step)"$'\n<missing>'
like '--human=false shows bytes' "$(tare history --human=false --format '{{.Size}}' busybox)" '^[0-9]+$'
like '--format json is typed' "$(tare history --format json step | tr -d ' \n')" '"size":0,"comment":"comment"'
fails 'no such image' 125 tare history nosuch
tare rm -f -a >/dev/null

# --- import ---

mkdir -p root/bin root/etc
cp "$(command -v busybox)" root/bin/busybox 2>/dev/null
echo hello >root/etc/motd
chown 3:4 root/etc/motd
tar -C root -cf root.tar .
run tare import -c 'CMD ["/bin/busybox", "cat", "/etc/motd"]' -m 'from a test' root.tar mine:1
like 'import prints the id' "$stdout" '^sha256:[0-9a-f]{64}$'
is 'the image has a config' "$(config mine:1 Cmd)" '["/bin/busybox","cat","/etc/motd"]'
is 'and a comment' "$(tare history --format '{{.Comment}}' mine:1)" 'from a test'
is 'and one layer, which is the archive' "$(tare image inspect -f '{{index .RootFS.Layers 0}}' mine:1)" \
	"sha256:$(sha256sum root.tar | cut -d ' ' -f 1)"
[ ! -e root/bin/busybox ] || ldd root/bin/busybox 2>/dev/null | grep -q / ||
	is 'it runs' "$(tare run --rm mine:1)" hello
id=$(gzip -c root.tar | tare import - mine:2)
is 'from standard input, compressed' "$(tare image inspect -f '{{index .RootFS.Layers 0}}' "$id")" \
	"$(tare image inspect -f '{{index .RootFS.Layers 0}}' mine:1)"
zstd -q root.tar
ok 'with zstd' tare import root.tar.zst
ok 'for another machine' tare import --platform linux/arm64/v8 root.tar other
is 'which it says' "$(tare image inspect -f '{{.Architecture}}' other)" arm64
for platform in linux linux/ /amd64 linux/arm/v7/x; do
	fails "'$platform' is no machine" 125 tare import --platform "$platform" root.tar bad
done
like 'a terminal gives no archive' "$(script -qec "$TARE import - bad" /dev/null </dev/null)" 'is a terminal'
fails 'what is no archive is refused' 125 tare import "$TARE" bad
fails 'nor is nothing one' 125 eval 'tare import - bad </dev/null'
head -c 3000 root.tar >cut.tar
fails 'nor a part of one' 125 tare import cut.tar bad
like 'a URL is explained' "$(tare import http://example.org/x.tar 2>&1)" 'no network client'
fails 'and nothing is made' 1 tare image exists bad
is 'a container exported and imported is the same' "$(
	tare create --name box busybox true >/dev/null
	tare export box | tare import - copy >/dev/null
	tare run --rm copy cat /etc/passwd | sha256sum)" "$(tare run --rm busybox cat /etc/passwd | sha256sum)"
tare rm -f -a >/dev/null
done_testing
