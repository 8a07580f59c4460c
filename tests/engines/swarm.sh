#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# swarm.sh - Docker Swarm, one node on loopback, with our runtime as its default
#
# Not here: the routing mesh and virtual addresses, which need the kernel's IPVS,
# overlay networks and the names of services on them. Services publish in host mode.
. "$(dirname "$0")/../lib/harness.sh"
# shellcheck source=../lib/engine.sh
. "$TARE_TEST_LIB/engine.sh"

need dockerd docker containerd containerd-shim-runc-v2 curl
# shellcheck source=../lib/dockerd.sh
. "$TARE_TEST_LIB/dockerd.sh"

start_docker
ok 'an image is loaded' load_image
docker tag localhost/busybox localhost/app:1
docker tag localhost/busybox localhost/app:2
is 'the default runtime is ours' "$(docker info -f '{{.DefaultRuntime}}')" tested

ok 'swarm init' docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1
on_exit docker swarm leave -f
quick=(--detach --no-resolve-image --restart-delay 0s --stop-grace-period 10s --update-monitor 100ms --update-delay 0s)
# One that ends when told to.
app='trap "exit 0" TERM; while :; do sleep 0.1; done'

# tasks SERVICE: the containers that swarm runs for it
tasks() {
	docker ps -q --no-trunc --filter "label=com.docker.swarm.service.name=$1" --filter status=running | sort
}

count_is() {
	[ "$(tasks "$1" | wc -l)" = "$2" ] && [ "$(docker service ls --filter name="$1" --format '{{.Replicas}}')" = "$2/$2" ]
}

# --- replicas ---

ok 'service create' docker service create "${quick[@]}" --name app --replicas 3 --network host localhost/app:1 sh -c "$app"
ok 'three replicas run' wait_for 30 count_is app 3
is 'all by our runtime' "$(tasks app | xargs docker inspect -f '{{.HostConfig.Runtime}}' | sort -u)" tested
one=$(tasks app | head -n 1)
is 'exec into one' "$(docker exec "$one" echo in)" in
ok 'scale up' docker service scale --detach app=5
ok 'gives five' wait_for 30 count_is app 5
ok 'scale down' docker service scale --detach app=2
ok 'leaves two' wait_for 30 count_is app 2

# --- a task that dies ---

# By the task: right after scaling down, a container may run whose task is to go.
task=$(docker service ps app -q --no-trunc --filter desired-state=running | head -n 1)
one=$(docker inspect --type task -f '{{.Status.ContainerStatus.ContainerID}}' "$task")
replaced() {
	count_is app 2 && ! tasks app | grep -q "$one"
}
failed() {
	[ "$(docker inspect --type task -f '{{.Status.State}} {{.Status.ContainerStatus.ExitCode}}' "$task")" = 'failed 137' ]
}
kill -KILL "$(inspect "$one" '{{.State.Pid}}')"
ok 'a killed task is replaced' wait_for 30 replaced
ok 'and known to have failed' wait_for 30 failed

# --- rolling update ---

images_are() {
	count_is app 2 && [ "$(tasks app | xargs docker inspect -f '{{.Config.Image}} {{index .Config.Env 0}}' | sort -u)" = "$1" ]
}
ok 'service update' docker service update --detach --no-resolve-image --image localhost/app:2 --env-add STEP=2 \
	--update-parallelism 1 app
ok 'replaces all' wait_for 30 images_are 'localhost/app:2 STEP=2'
completed() {
	[ "$(docker service inspect -f '{{.UpdateStatus.State}}' app)" = "$1" ]
}
ok 'and is complete' wait_for 30 completed completed
ok 'service update --rollback' docker service rollback --detach app
ok 'takes it back' wait_for 30 completed rollback_completed
is 'to the first image' "$(tasks app | xargs docker inspect -f '{{.Config.Image}}' | sort -u)" localhost/app:1

# --- publishing, secrets, logs ---

port=$(free_port)
echo hidden | docker secret create word - >/dev/null
ok 'a service with a port of the host and a secret' docker service create "${quick[@]}" --name web --secret word \
	--publish "mode=host,target=80,published=$port" localhost/app:1 \
	sh -c 'echo serving; exec httpd -f -p 80 -h /run/secrets'
ok 'is reached' wait_for 30 curl -sf -o page "http://127.0.0.1:$port/word"
is 'and has its secret' "$(cat page)" hidden
logs_have() {
	docker service logs web 2>&1 | grep -q serving
}
ok 'service logs' wait_for 10 logs_have

ok 'service rm' docker service rm app web
none_left() {
	[ -z "$(docker ps -a -q)" ]
}
ok 'removes the containers' wait_for 30 none_left
ok 'swarm leave' docker swarm leave -f
stop_daemon dockerd
is 'no cgroup of theirs is left' "$(find /sys/fs/cgroup/docker -mindepth 1 -type d)" ''
done_testing
