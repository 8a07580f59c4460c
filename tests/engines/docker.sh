#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docker.sh - dockerd with our runtime registered and the default
. "$(dirname "$0")/../lib/harness.sh"
# shellcheck source=../lib/engine.sh
. "$TARE_TEST_LIB/engine.sh"

need dockerd docker containerd containerd-shim-runc-v2 python3 curl
# shellcheck source=../lib/dockerd.sh
. "$TARE_TEST_LIB/dockerd.sh"

start_docker
ok 'an image is loaded' load_image
box=(--network none localhost/busybox)

status_is() {
	[ "$(inspect "$1" '{{.State.Status}}')" = "$2" ]
}

logs_are() {
	[ "$(docker logs "$1")" = "$2" ]
}

restarts_are() {
	[ "$(inspect "$1" '{{.RestartCount}} {{.State.Status}}')" = "$2" ]
}

# --- run and its exit codes ---

is 'the default runtime is ours' "$(docker info -f '{{.DefaultRuntime}}')" tested
run docker run --rm "${box[@]}" sh -c 'echo out; echo err >&2; exit 7'
is 'run passes the exit code on' "$status" 7
is 'stdout comes through' "$stdout" out
is 'stderr comes through' "$stderr" err
# shellcheck disable=SC2016 # for the shell inside
fails 'a command killed by a signal is 128 + n' 137 docker run --rm "${box[@]}" sh -c 'sh -c "kill -KILL \$\$"; exit $?'
fails 'what docker itself refuses is 125' 125 docker run --rm --security-opt nosuch=1 "${box[@]}" true
run docker run --rm --sysctl net.ipv4.ip_default_ttl=many "${box[@]}" true
isnt 'what the runtime refuses is a failure' "$status" 0
like 'and says what was refused' "$stderr" 'ip_default_ttl'
fails 'a file that cannot be executed is 126' 126 docker run --rm "${box[@]}" /etc/passwd
fails 'a directory, too' 126 docker run --rm "${box[@]}" /etc
run docker run --rm "${box[@]}" nosuch
is 'a command that is not there is 127' "$status" 127
like 'and named' "$stderr" 'nosuch'
fails 'a path that is not there is 127' 127 docker run --rm "${box[@]}" /no/such
is 'stdin comes through' "$(echo line | docker run --rm -i "${box[@]}" cat)" line
terminal_session docker run --rm -it "${box[@]}" sh
like 'run -it has a terminal, with keys and a size' "$stdout" $'code 2$'
is 'nothing is left of them' "$(docker ps -a -q)" ''

# --- a running one ---

docker run -d --name box --hostname inn --env GREETING=hello --workdir /tmp "${box[@]}" \
	sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
ok 'logs has its output' wait_for 10 logs_are box ready
is 'inspect says that it runs, and with what' "$(inspect box '{{.State.Status}} {{.HostConfig.Runtime}}')" 'running tested'
ok 'its process is there' test -d "/proc/$(inspect box '{{.State.Pid}}')"
is 'ps shows it' "$(docker ps --format '{{.Names}}')" box
like 'top shows its processes' "$(docker top box)" 'sh -c trap'
like 'in columns asked for' "$(docker top box -o pid,comm)" "$(inspect box '{{.State.Pid}}') +sh"
# shellcheck disable=SC2016
is 'exec has its host name, environment and directory' \
	"$(docker exec box sh -c 'hostname; echo $GREETING; pwd' | xargs)" 'inn hello /tmp'
fails 'exec passes the exit code on' 9 docker exec box sh -c 'exit 9'
fails 'exec of what cannot be executed is 126' 126 docker exec box /etc/passwd
# Older ones say 126.
run docker exec box nosuch
like 'exec of what is not there is 127' "$status" '^12[67]$'
like 'and named' "$stdout$stderr" 'nosuch'
# shellcheck disable=SC2016
is 'exec as another user, elsewhere, with more environment' \
	"$(docker exec -u app -w /home/app -e MORE=yes box sh -c 'id -un; pwd; echo $MORE' | xargs)" 'app /home/app yes'
is 'exec -i has stdin' "$(echo line | docker exec -i box cat)" line
docker exec -d box sh -c 'echo here >/tmp/detached; exec sleep 1000'
ok 'exec -d goes on' wait_for 10 docker exec box test -e /tmp/detached
term docker exec -it box sh <<END
expect [#\$] 
send tty; until stty size 2>/dev/null | grep '24 8[0]'; do sleep 0.1; done\n
expect /dev/pts/0\s+24 80
size 33 99
send until stty size | grep '33 9[9]'; do sleep 0.1; done\n
expect \n33 99
send exit 4\n
wait
END
like 'exec -it has a terminal' "$stdout" $'code 4$'
run docker stats --no-stream --format '{{.Name}} {{.CPUPerc}}' box
like 'stats measures it' "$stdout" '^box [0-9.]+%$'
docker update --restart on-failure:5 box >/dev/null
is 'update' "$(inspect box '{{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.State.Status}}')" '5 running'
docker update --restart no box >/dev/null
if has_controller memory; then
	docker update --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 99 box >/dev/null
	group=/sys/fs/cgroup/docker/$(inspect box '{{.Id}}')
	is 'update of limits' "$(cat "$group"/{memory.max,cpu.max,pids.max} | xargs)" '67108864 50000 100000 99'
	docker run -d --name small --memory 32m --cpu-shares 1024 "${box[@]}" sleep 1000 >/dev/null
	is 'limits from the start' "$(cat "/sys/fs/cgroup/docker/$(inspect small '{{.Id}}')/memory.max")" 33554432
	docker rm -f small >/dev/null
else
	skip 'update of limits' 'no memory controller in cgroup v2 here'
fi
docker pause box >/dev/null
is 'pause' "$(inspect box '{{.State.Status}}')" paused
docker unpause box >/dev/null
is 'unpause' "$(docker exec box echo on)" on
docker stop -t 20 box >/dev/null
is 'stop lets it end by itself' "$(inspect box '{{.State.Status}} {{.State.ExitCode}}')" 'exited 3'
docker start box >/dev/null
ok 'start runs it again' wait_for 10 logs_are box $'ready\nready'
docker kill box >/dev/null
ok 'kill is KILL' wait_for 10 status_is box exited
is 'and its code says so' "$(inspect box '{{.State.ExitCode}}')" 137
docker restart box >/dev/null
ok 'restart, too' wait_for 10 logs_are box $'ready\nready\nready'
docker kill -s TERM box >/dev/null
is 'wait gives the exit code' "$(docker wait box)" 3
docker start box >/dev/null
ok 'rm -f of a running one' docker rm -f box
is 'leaves none' "$(docker ps -a -q)" ''

# --- restart policies ---

docker run -d --name again --restart on-failure:2 "${box[@]}" sh -c 'echo up; exit 1' >/dev/null
ok '--restart on-failure:2 tries twice' wait_for 20 restarts_are again '2 exited'
is 'it ran three times' "$(docker logs again | xargs)" 'up up up'
docker run -d --name always --restart always "${box[@]}" sleep 1000 >/dev/null
kill -KILL "$(inspect always '{{.State.Pid}}')"
ok '--restart always runs it again' wait_for 20 restarts_are always '1 running'
docker run -d --name sick --health-cmd 'test -e /well' --health-interval 0.2s --health-retries 1 "${box[@]}" sleep 1000 >/dev/null
health_is() {
	[ "$(inspect sick '{{.State.Health.Status}}')" = "$1" ]
}
ok 'a health check fails' wait_for 20 health_is unhealthy
docker exec sick touch /well
ok 'and succeeds' wait_for 20 health_is healthy

# --- together ---

docker run -d --name first --ipc shareable "${box[@]}" sleep 1000 >/dev/null
for ns in net ipc pid; do
	flag=--$ns
	[ $ns = net ] && flag=--network
	is "$flag container:" "$(docker run --rm "$flag" container:first localhost/busybox readlink /proc/self/ns/$ns)" \
		"$(readlink "/proc/$(inspect first '{{.State.Pid}}')/ns/$ns")"
done
docker rm -f again always sick first >/dev/null

# --- volumes, confinement ---

# status_of FIELD FLAG...: what /proc says of a container's process
status_of() {
	local field=$1
	shift
	docker run --rm "$@" "${box[@]}" awk "/^$field:/ { print \$2 }" /proc/self/status
}

mkdir data
echo here >data/file
is '-v shows the files' "$(docker run --rm -v "$T/data:/mnt:ro" "${box[@]}" cat /mnt/file)" here
fails '-v :ro cannot be written' 1 docker run --rm -v "$T/data:/mnt:ro" "${box[@]}" touch /mnt/new
ok 'a named volume' docker run --rm -v "results:/mnt" "${box[@]}" touch /mnt/new
fails '--read-only: the root cannot be written' 1 docker run --rm --read-only "${box[@]}" touch /new
is '--cap-drop all' "$(status_of 'Cap(Prm|Eff|Bnd)' --cap-drop all | sort -u)" 0000000000000000
is 'no-new-privileges' "$(status_of NoNewPrivs --security-opt no-new-privileges)" 1
is 'system calls are filtered' "$(status_of Seccomp)" 2
is 'and are not when unconfined' "$(status_of Seccomp --security-opt seccomp=unconfined)" 0
is '--user' "$(docker run --rm --user app:staff "${box[@]}" sh -c 'id -un; id -gn' | xargs)" 'app staff'
is '--group-add' "$(docker run --rm --user app --group-add 77 "${box[@]}" id -G)" '1000 50 77'
is '--sysctl' "$(docker run --rm --sysctl net.ipv4.ip_default_ttl=33 "${box[@]}" cat /proc/sys/net/ipv4/ip_default_ttl)" 33
is '--ulimit' "$(docker run --rm --ulimit nofile=99:100 "${box[@]}" sh -c 'ulimit -Sn; ulimit -Hn' | xargs)" '99 100'
like '--device' "$(docker run --rm --device /dev/full:/dev/other:r "${box[@]}" ls -l /dev/other)" '^c.* 1, +7 '
like '--tmpfs' "$(docker run --rm --tmpfs /mnt:size=64k "${box[@]}" grep ' /mnt ' /proc/mounts)" 'tmpfs .*size=64k'
like '--shm-size' "$(docker run --rm --shm-size 1m "${box[@]}" grep ' /dev/shm ' /proc/mounts)" 'size=1024k'
is '--init' "$(docker run --rm --init "${box[@]}" cat /proc/1/comm)" docker-init
# Docker asks for all capabilities that the kernel has.
bounding=$(awk '/^CapBnd/ { print $2 }' /proc/self/status)
if ((0x$bounding >> 24 & 1)); then
	ok '--privileged may mount' docker run --rm --privileged "${box[@]}" mount -t tmpfs tmpfs /tmp
else
	skip '--privileged may mount' 'CAP_SYS_RESOURCE is not ours to give'
fi

# --- a network ---

port=$(free_port)
docker run -d --name web -p "$port:80" localhost/busybox sh -c 'echo page >/tmp/index.html; exec httpd -f -p 80 -h /tmp' >/dev/null
ok '-p reaches it' wait_for 10 curl -sf -o page "http://127.0.0.1:$port/"
is 'and its page comes' "$(cat page)" page
address=$(inspect web '{{.NetworkSettings.IPAddress}}')
is 'another one reaches it by its address' "$(docker run --rm localhost/busybox wget -q -O - "http://$address/")" page
docker network create inside >/dev/null
docker network connect --alias site inside web
is 'or by its name' "$(docker run --rm --network inside localhost/busybox wget -q -O - http://site/)" page
docker rm -f web >/dev/null
docker network rm inside >/dev/null

# --- build, by the builder that uses the default runtime ---

mkdir context
printf 'FROM localhost/busybox\nRUN echo built >/file\nUSER app\nRUN id -un >/tmp/user\n' >context/Dockerfile
run env DOCKER_BUILDKIT=0 docker build -q --network none -t built context
is 'build runs its steps' "$status" 0
is 'and what they made is there' "$(docker run --rm --network none built cat /file /tmp/user | xargs)" 'built app'

stop_daemon dockerd
is 'no cgroup of theirs is left' "$(find /sys/fs/cgroup/docker -mindepth 1 -type d)" ''
done_testing
