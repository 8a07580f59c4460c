#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# podman.sh - podman and buildah, by way of conmon, with our runtime as their only one
. "$(dirname "$0")/../lib/harness.sh"
# shellcheck source=../lib/engine.sh
. "$TARE_TEST_LIB/engine.sh"

need podman conmon buildah python3

# Neither limits nor ulimits that this machine might be unable to set; no systemd.
cat >"$T/containers.conf" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "$RUNTIME"
[network]
network_config_dir = "$T/cni"
END
export CONTAINERS_CONF=$T/containers.conf DISABLE_HC_SYSTEMD=true
hide /var/lib/cni

# A program, for term.py wants one.
mkdir bin
cat >bin/podman <<END
#!/bin/sh
exec $(command -v podman) --root '$T/podman' --runroot /run/podman --tmpdir /run/podman-tmp \
	--runtime '$RUNTIME' --cgroup-manager cgroupfs "\$@"
END
chmod +x bin/podman
ORIGINAL_PATH=$PATH
PATH=$T/bin:$PATH

inspect() {
	podman inspect -f "$2" "$1"
}

status_is() {
	[ "$(inspect "$1" '{{.State.Status}}')" = "$2" ]
}

logs_are() {
	[ "$(podman logs "$1")" = "$2" ]
}

# pid_map and others have columns filled with blanks.
words() {
	xargs
}

remove_all() {
	podman pod rm -f -a -t 0
	podman rm -f -a -t 0
}
on_exit remove_all

podman load -q -i "$FIXTURES/busybox.tar" >/dev/null
box=(--network none busybox)

# --- what tare packs ---

tare pack -o packed.tar -t localhost/packed:1 --compress gzip --entrypoint '["/bin/echo"]' --cmd '["from a pack"]' \
	-m 64m "$FIXTURES/root" >/dev/null
podman load -q -i packed.tar >/dev/null
is 'podman runs what tare packs' "$(podman run --rm --network none localhost/packed:1)" 'from a pack'

# --- run and its exit codes ---

run podman run --rm "${box[@]}" sh -c 'echo out; echo err >&2'
is 'run ends 0' "$status" 0
is 'stdout comes through' "$stdout" out
like 'stderr comes through' "$stderr" $'(^|\n)err$'
fails 'run passes the exit code on' 7 podman run --rm "${box[@]}" sh -c 'exit 7'
# shellcheck disable=SC2016 # for the shell inside
fails 'a command killed by a signal is 128 + n' 137 podman run --rm "${box[@]}" sh -c 'sh -c "kill -KILL \$\$"; exit $?'
run podman run --rm --sysctl net.ipv4.ip_default_ttl=many "${box[@]}" true
isnt 'what the runtime refuses is a failure' "$status" 0
like 'and says what was refused' "$stderr" 'ip_default_ttl'
fails 'a file that cannot be executed is 126' 126 podman run --rm "${box[@]}" /etc/passwd
fails 'a directory, too' 126 podman run --rm "${box[@]}" /etc
run podman run --rm "${box[@]}" nosuch
is 'a command that is not there is 127' "$status" 127
like 'and named' "$stderr" 'nosuch'
fails 'a path that is not there is 127' 127 podman run --rm "${box[@]}" /no/such
fails 'what podman itself refuses is 125' 125 podman run --rm --security-opt nosuch=1 "${box[@]}" true
is 'stdin comes through' "$(echo line | podman run --rm -i "${box[@]}" cat)" line
is 'nothing is left of them' "$(podman ps -a -q)" ''

# --- a running one ---

podman run -d --name box --hostname inn --env GREETING=hello --workdir /tmp "${box[@]}" \
	sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
ok 'logs has its output' wait_for 10 logs_are box ready
is 'inspect says that it runs' "$(inspect box '{{.State.Status}}')" running
is 'and with what' "$(inspect box '{{.OCIRuntime}}')" "$RUNTIME"
ok 'its process is there' test -d "/proc/$(inspect box '{{.State.Pid}}')"
is 'ps shows it' "$(podman ps --format '{{.Names}}')" box
like 'top shows its processes' "$(podman top box pid args)" '1 +sh -c trap'
# shellcheck disable=SC2016 # for the shell inside
is 'exec has its host name, environment and directory' \
	"$(podman exec box sh -c 'hostname; echo $GREETING; pwd' | words)" 'inn hello /tmp'
fails 'exec passes the exit code on' 9 podman exec box sh -c 'exit 9'
fails 'exec of what cannot be executed is 126' 126 podman exec box /etc/passwd
fails 'exec of what is not there is 127' 127 podman exec box nosuch
# shellcheck disable=SC2016
is 'exec as another user, elsewhere, with more environment' \
	"$(podman exec -u app -w /home/app -e MORE=yes box sh -c 'id -un; pwd; echo $MORE' | words)" 'app /home/app yes'
is 'exec -i has stdin' "$(echo line | podman exec -i box cat)" line
# shellcheck disable=SC2016
podman exec -d box sh -c 'echo $$ >/tmp/detached; exec sleep 1000' >/dev/null
# shellcheck disable=SC2016
ok 'exec -d goes on' wait_for 10 podman exec box sh -c 'kill -0 $(cat /tmp/detached)'

terminal_session podman exec -it box sh
like 'exec -it has a terminal, with keys and a size' "$stdout" $'code 2$'
term podman run --rm -it "${box[@]}" sh -c 'tty; test -t 0 && test -t 2 && echo three; exit 4' <<END
wait
END
like 'run -it has one, too' "$stdout" $'/dev/pts/0\nthree\n.*code 4$'

run podman stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.PIDs}}' box
like 'stats measures it' "$stdout" '^box [0-9.]+% '
if has_controller pids; then
	like 'and counts its processes' "$stdout" ' [1-9][0-9]*$'
else
	skip 'and counts its processes' 'no pids controller in cgroup v2 here'
fi

podman pause box >/dev/null
is 'pause' "$(inspect box '{{.State.Status}}')" paused
like 'freezes its cgroup' "$(cat /sys/fs/cgroup/libpod_parent/*"$(inspect box '{{.Id}}')"/cgroup.events)" 'frozen 1'
podman unpause box >/dev/null
is 'unpause' "$(inspect box '{{.State.Status}}')" running
is 'and it goes on' "$(podman exec box echo on)" on

podman stop -t 20 box >/dev/null
is 'stop lets it end by itself' "$(inspect box '{{.State.Status}} {{.State.ExitCode}}')" 'exited 3'
podman start box >/dev/null
is 'start runs it again' "$(inspect box '{{.State.Status}}')" running
podman kill box >/dev/null
ok 'kill is KILL' wait_for 10 status_is box exited
is 'and its code says so' "$(inspect box '{{.State.ExitCode}}')" 137
podman start box >/dev/null
ok 'its handler is set' wait_for 10 logs_are box $'ready\nready\nready'
podman kill -s TERM box >/dev/null
is 'wait gives the exit code' "$(podman wait box)" 3
podman start box >/dev/null
ok 'rm -f of a running one' podman rm -f -t 0 box
is 'leaves none' "$(podman ps -a -q)" ''

# --- pods ---

# podman insists on a controller for the cgroup of a pod.
parent=true
has_controller pids || parent=false
podman pod create --name pod --share-parent=$parent --infra-image localhost/busybox --infra-command 'sleep 1000' \
	--share net,ipc,uts,pid --network none >/dev/null
podman run -d --pod pod --name one busybox sleep 1001 >/dev/null
podman run -d --pod pod --name two busybox sleep 1002 >/dev/null
for ns in net ipc uts pid; do
	is "a pod shares $ns" "$(podman exec one readlink /proc/self/ns/$ns)" "$(podman exec two readlink /proc/self/ns/$ns)"
done
isnt 'and not mnt' "$(podman exec one readlink /proc/self/ns/mnt)" "$(podman exec two readlink /proc/self/ns/mnt)"
like 'one sees the processes of the other' "$(podman exec one ps -o args)" 'sleep 1002'
podman pod stop -t 0 pod >/dev/null
is 'pod stop ends all' "$(podman ps -q)" ''
ok 'pod rm' podman pod rm -f -t 0 pod

# --- health ---

podman run -d --name sick --health-cmd 'test -e /well' --health-interval disable --health-retries 1 \
	"${box[@]}" sleep 1000 >/dev/null
fails 'a health check that fails' 1 podman healthcheck run sick
is 'makes it unhealthy' "$(inspect sick '{{.State.Healthcheck.Status}}')" unhealthy
podman exec sick touch /well
ok 'one that succeeds' podman healthcheck run sick
is 'makes it healthy' "$(inspect sick '{{.State.Healthcheck.Status}}')" healthy
podman rm -f -t 0 sick >/dev/null

# --- volumes ---

mkdir -p shared data
echo here >data/file
mount --bind shared shared && mount --make-shared shared
on_exit umount -R "$T/shared"
mkdir shared/below
podman run -d --name vol -v "$T/data:/ro:ro" -v "$T/data:/rw" -v "$T/shared:/slave:rslave" \
	-v "$T/shared:/private:rprivate" "${box[@]}" sleep 1000 >/dev/null
is '-v shows the files' "$(podman exec vol cat /ro/file)" here
fails '-v :ro cannot be written' 1 podman exec vol touch /ro/new
ok '-v can be written' podman exec vol touch /rw/new
ok 'at the place they come from' test -e data/new
mount -t tmpfs tmpfs shared/below
touch shared/below/late
ok '-v :rslave follows a mount made later' podman exec vol test -e /slave/below/late
fails '-v :rprivate does not' 1 podman exec vol test -e /private/below/late
podman rm -f -t 0 vol >/dev/null

# --- confinement ---

# status_of FIELD FLAG...: what /proc says of a container's process
status_of() {
	local field=$1
	shift
	podman run --rm "$@" "${box[@]}" awk "/^$field:/ { print \$2 }" /proc/self/status
}

maps='id -u; cat /proc/self/uid_map /proc/self/gid_map'
is '--uidmap and --gidmap' "$(podman run --rm --uidmap 0:100000:65536 --gidmap 0:200000:65536 "${box[@]}" \
	sh -c "$maps" | words)" '0 0 100000 65536 0 200000 65536'
podman run -d --name mapped --uidmap 0:100000:65536 "${box[@]}" sleep 1000 >/dev/null
is 'seen from outside it is another user' "$(stat -c %u "/proc/$(inspect mapped '{{.State.Pid}}')")" 100000
is 'exec is mapped as well' "$(podman exec mapped sh -c "$maps" | words)" '0 0 100000 65536 0 100000 65536'
podman rm -f -t 0 mapped >/dev/null
is 'with --user' "$(podman run --rm --uidmap 0:100000:65536 --user app "${box[@]}" id -un)" app
fails '--read-only: the root cannot be written' 1 podman run --rm --read-only "${box[@]}" touch /new
ok '--read-only: /tmp can' podman run --rm --read-only "${box[@]}" touch /tmp/new
is '--cap-drop all' "$(status_of 'Cap(Prm|Eff|Bnd)' --cap-drop all | sort -u)" 0000000000000000
is '--cap-drop all --cap-add chown' "$(status_of CapEff --cap-drop all --cap-add chown)" 0000000000000001
is 'no-new-privileges' "$(status_of NoNewPrivs --security-opt no-new-privileges)" 1
is 'system calls are filtered' "$(status_of Seccomp)" 2
is 'and are not when unconfined' "$(status_of Seccomp --security-opt seccomp=unconfined)" 0
cat >seccomp.json <<'END'
{ "defaultAction": "SCMP_ACT_ALLOW",
  "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }] }
END
run podman run --rm --security-opt "seccomp=$T/seccomp.json" "${box[@]}" mkdir /new
is 'a profile of the user' "$status" 1
like 'with its errno' "$stderr" 'No space left'
is '--sysctl' "$(podman run --rm --sysctl net.ipv4.ip_default_ttl=33 "${box[@]}" \
	cat /proc/sys/net/ipv4/ip_default_ttl)" 33
is '--ulimit' "$(podman run --rm --ulimit nofile=99:100 --ulimit nproc=99:100 "${box[@]}" sh -c 'ulimit -Sn; ulimit -Hn' | words)" '99 100'
like '--device' "$(podman run --rm --device /dev/full:/dev/other:r "${box[@]}" ls -l /dev/other)" '^c.* 1, +7 '
like '--tmpfs' "$(podman run --rm --tmpfs /mnt:size=64k "${box[@]}" grep ' /mnt ' /proc/mounts)" 'tmpfs .*size=64k'
is '--pid host' "$(podman run --rm --pid host "${box[@]}" readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"
ok '--privileged may mount' podman run --rm --privileged "${box[@]}" mount -t tmpfs tmpfs /tmp

# --- a network ---

if [ -x /usr/lib/cni/bridge ] && command -v iptables >/dev/null; then
	on_exit ip link delete cni-podman0
	podman load -q -i "$FIXTURES/web.tar" >/dev/null
	port=$(free_port)
	podman run -d --name web -p "$port:80" web >/dev/null
	ok '-p reaches it' wait_for 10 curl -sf -o page "http://127.0.0.1:$port/"
	is 'and its page comes' "$(cat page)" 'hello from tare'
	podman rm -f -t 0 web >/dev/null
else
	skip '-p reaches it' 'no CNI plugins, or no iptables for them'
fi

# --- build ---

mkdir context
cp -a "$FIXTURES/root" context/root
cat >context/Containerfile <<'END'
FROM scratch
COPY root /
WORKDIR /work
RUN echo built >file && id -u >user
USER app
RUN id -un >/tmp/user
END
run podman build -q --isolation oci --network none -t built context
is 'build runs its steps' "$status" 0
is 'and what they made is there' "$(podman run --rm --network none built cat file user /tmp/user | words)" 'built 0 app'
printf 'FROM scratch\nCOPY root /\nRUN exit 6\n' >context/Containerfile
run podman build -q --isolation oci --network none context
isnt 'a step that fails ends the build' "$status" 0
like 'with its code' "$stderr" 'status 6'
printf 'FROM localhost/busybox\nRUN echo by buildah >/file\n' >context/Containerfile
run buildah --root "$T/podman" --runroot /run/podman bud -q --runtime "$RUNTIME" --isolation oci --network none \
	-t bud context
is 'buildah builds, too' "$status" 0
is 'and podman runs it' "$(podman run --rm --network none bud cat /file)" 'by buildah'

# --- an ordinary user's -------------------------------------------------------
# Whose podman makes the user namespace, with the ids of /etc/subuid; without cgroups.

USER_ID=4321 # no other test has it
OWN=/run/user/$USER_ID
user_podman() {
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -i PATH="$ORIGINAL_PATH" HOME="$T/user" XDG_RUNTIME_DIR=$OWN \
		CONTAINERS_CONF="$T/user/containers.conf" CONTAINERS_STORAGE_CONF="$T/user/storage.conf" \
		podman --root "$T/user/store" --runroot $OWN/store --tmpdir $OWN/podman --runtime "$T/user/tare-oci" "$@"
}
end_user() {
	user_podman pod rm -f -a -t 0
	user_podman rm -f -a -t 0
	xargs kill <"$(find "$OWN" -name pause.pid)" # what keeps the user namespace
	rm -rf "$OWN"
}

if command -v newuidmap >/dev/null; then
	chmod 0755 "$T" "${T%/*}"
	install -D -m 0755 "$(readlink -f "$RUNTIME")" user/tare-oci
	sed '/network_config_dir/d; /^runtime/d' containers.conf >user/containers.conf
	printf '[storage]\ndriver = "vfs"\n' >user/storage.conf
	install -m 0644 "$FIXTURES/busybox.tar" user/busybox.tar
	mkdir -p $OWN
	chown $USER_ID:$USER_ID user $OWN
	chmod 0700 $OWN
	for file in passwd group subuid subgid; do
		cp /etc/$file "user/$file" 2>/dev/null || touch /etc/$file "user/$file"
	done
	echo "someone:x:$USER_ID:$USER_ID::$T/user:/bin/sh" >>user/passwd
	echo "someone:x:$USER_ID:" >>user/group
	echo someone:300000:65536 >>user/subuid
	echo someone:300000:65536 >>user/subgid
	for file in passwd group subuid subgid; do
		mount --bind "user/$file" /etc/$file
		on_exit umount /etc/$file
	done
	on_exit end_user

	user_podman load -q -i "$T/user/busybox.tar" >/dev/null
	run user_podman run --rm "${box[@]}" sh -c 'id -u; cat /proc/self/uid_map; exit 6'
	is "a user's podman runs a container" "$status" 6
	is 'as root of what the user may map' "$(words <<<"$stdout")" "0 0 $USER_ID 1 1 300000 65536"
	is 'as another user' "$(user_podman run --rm --user app "${box[@]}" id -un)" app
	is '--userns=keep-id: as themselves' "$(user_podman run --rm --userns keep-id "${box[@]}" id -u)" $USER_ID
	user_podman run -d --name box "${box[@]}" sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
	fails 'exec' 9 user_podman exec box sh -c 'exit 9'
	is 'exec as another user' "$(user_podman exec -u app box id -un)" app
	user_podman stop -t 20 box >/dev/null
	is 'stop' "$(user_podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' box)" 'exited 3'
	ok 'start again' user_podman start box
	ok 'rm -f of a running one' user_podman rm -f -t 0 box
	user_podman pod create --name pod --share-parent=false --infra-image localhost/busybox --infra-command 'sleep 1000' \
		--share net,ipc,uts --network none --hostname together >/dev/null
	is 'a pod shares its namespaces' "$(user_podman run --rm --pod pod busybox hostname)" together
	ok 'pod rm' user_podman pod rm -f -t 0 pod
	is 'nothing is left' "$(user_podman ps -a -q)" ''
else
	skip "a user's podman" 'no newuidmap'
fi

# --- checkpoint and restore: where CRIU can work ---

counts() {
	[ "$(podman logs counter | tail -n 1)" -gt "$1" ] 2>/dev/null
}
if criu check >/dev/null 2>&1; then
	# shellcheck disable=SC2016
	ok 'a container that counts' podman run -d --name counter "${box[@]}" \
		sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done'
	ok 'counts' wait_for 10 counts 2
	ok 'checkpoint' podman container checkpoint counter
	ok 'it is stopped' status_is counter exited
	before=$(podman logs counter | tail -n 1)
	ok 'restore' podman container restore counter
	ok 'it runs' status_is counter running
	ok 'it goes on' wait_for 10 counts "$before"
	is 'from where it was' "$(podman logs counter | grep -c '^1$')" 1
	ok 'stop' podman rm -f -t 0 counter
else
	skip 'checkpoint and restore' 'criu is not installed, or does not work here'
fi

done_testing
