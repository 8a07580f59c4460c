# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# dockerd.sh - A dockerd with a containerd of its own, in private directories
#
# After engine.sh. $RUNTIME is the default runtime, and the only one asked for.
#
#	start_docker      and stop it at the exit; docker is its client from now on
#	inspect NAME TEMPLATE
#	load_image NAME   localhost/busybox:latest from what the tests share

# Debian's client, should another one be first in PATH.
mkdir -p "$T/bin"
[ ! -x /usr/bin/docker ] || ln -sf /usr/bin/docker "$T/bin/docker"
PATH=$T/bin:$PATH
export DOCKER_HOST=unix:///run/docker.sock DOCKER_CONFIG=$T/docker-client
export http_proxy='' https_proxy='' HTTP_PROXY='' HTTPS_PROXY=''

start_docker() {
	local iptables=true
	command -v iptables >/dev/null || iptables=false
	hide /etc/docker
	cat >"$T/daemon.json" <<-END
		{
			"default-runtime": "tested",
			"runtimes": { "tested": { "path": "$RUNTIME" } },
			"hosts": ["$DOCKER_HOST"],
			"data-root": "$T/docker",
			"exec-root": "/run/docker",
			"pidfile": "/run/docker.pid",
			"exec-opts": ["native.cgroupdriver=cgroupfs"],
			"iptables": $iptables,
			"bip": "172.31.254.1/24"
		}
	END
	on_exit docker_remains
	daemon dockerd dockerd --config-file "$T/daemon.json" --oom-score-adjust 0
	ok 'dockerd starts' wait_for 30 docker version
}

# What dockerd keeps for its next start.
docker_remains() {
	umount /run/docker/netns/*
	umount "$T/docker"
	ip link delete docker0
	ip link delete docker_gwbridge
}

inspect() {
	docker inspect -f "$2" "$1"
}

load_image() {
	docker load -q -i "$FIXTURES/busybox-docker.tar" >/dev/null &&
		docker tag localhost/busybox:docker localhost/busybox:latest
}
