# SPDX-License-Identifier: Apache-2.0
"""What is compared: how each runtime is set up and called

A peer has a view of the cgroup tree ("host", or "v1" where /sys/fs/cgroup/unified
is out of sight: crun and podman refuse hybrid trees) and methods that return
the command line for an operation, or None if it has no such thing.
"""
import json
import os
import shutil
import subprocess

IMAGE = "localhost/busybox:latest"


class Tare:
    name, view = "tare", "host"

    def __init__(self, binary, work, image_tar):
        self.binary = binary
        self.base = [binary, "--root", f"{work}/tare", "--runroot", "/run/tare"]
        self.image_tar = image_tar

    def setup(self, run):
        run(self.base + ["load", "-q", "-i", self.image_tar])

    def version(self):
        return subprocess.run([self.binary, "--version"], capture_output=True, text=True).stdout.strip()

    def run(self, name):
        return self.base + ["run", "--rm", "--network", "none", IMAGE, "true"]

    def run_net(self, name, port):
        return self.base + ["run", "--rm", "-p", f"{port}:80", IMAGE, "true"]

    def run_bridge(self, name):
        return self.base + ["run", "--rm", IMAGE, "true"]

    def start(self, name):
        return self.base + ["run", "-d", "--network", "none", "--name", name, IMAGE, "sleep", "100000"]

    def exec(self, name):
        return self.base + ["exec", name, "true"]

    def ps(self):
        return self.base + ["ps"]

    def remove(self, names):
        return [self.base + ["rm", "-f", *names]]

    supervisor = "tare-monitor"


class Podman:
    name, view, supervisor = "podman", "v1", "conmon"

    CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
"""

    def __init__(self, work, image_tar):
        # Without CAP_SYS_RESOURCE its default limits cannot be set.
        with open(f"{work}/containers.conf", "w") as f:
            f.write(self.CONF)
        os.environ["CONTAINERS_CONF"] = f"{work}/containers.conf"
        self.base = ["podman", "--root", f"{work}/podman", "--runroot", "/run/podman-bench",
                     "--tmpdir", "/run/podman-tmp"]
        self.image_tar = image_tar

    def setup(self, run):
        run(self.base + ["load", "-q", "-i", self.image_tar])

    def version(self):
        return subprocess.run(["podman", "--version"], capture_output=True, text=True).stdout.strip()

    def run(self, name):
        return self.base + ["run", "--rm", "--network=none", IMAGE, "true"]

    def run_net(self, name, port):
        return self.base + ["run", "--rm", "-p", f"{port}:80", IMAGE, "true"]

    run_bridge = None

    def start(self, name):
        return self.base + ["run", "-d", "--network=none", "--name", name, IMAGE, "sleep", "100000"]

    def exec(self, name):
        return self.base + ["exec", name, "true"]

    def ps(self):
        return self.base + ["ps"]

    def remove(self, names):
        return [self.base + ["rm", "-f", "-t", "0", *names]]


class OciRuntime:
    """crun, runc: a bundle as `runc spec` makes it, no cgroup limits, read-only root."""
    view, supervisor, run_net, run_bridge = "v1", None, None, None

    def __init__(self, binary, work, root):
        self.name = self.binary = binary
        self.state = ["--root", f"/run/{binary}-bench"]
        self.bundle = {}
        for payload in ("true", "sleep"):
            bundle = f"{work}/{binary}-{payload}"
            os.mkdir(bundle)
            subprocess.run(["runc", "spec"], cwd=bundle, check=True)
            with open(f"{bundle}/config.json") as f:
                config = json.load(f)
            config["process"].update(terminal=False, args=["true"] if payload == "true" else ["sleep", "100000"])
            config["process"].pop("rlimits", None)
            config["root"] = {"path": root, "readonly": True}
            with open(f"{bundle}/config.json", "w") as f:
                json.dump(config, f)
            self.bundle[payload] = bundle

    def setup(self, run):
        pass

    def version(self):
        return subprocess.run([self.binary, "--version"], capture_output=True, text=True).stdout.split("\n")[0]

    # The name says whose it is: equal ids of two runtimes would share a cgroup.
    def run(self, name):
        return [self.binary, *self.state, "run", "-b", self.bundle["true"], f"{self.name}-{name}"]

    def start(self, name):
        return [self.binary, *self.state, "run", "-d", "-b", self.bundle["sleep"], f"{self.name}-{name}"]

    def exec(self, name):
        return [self.binary, *self.state, "exec", f"{self.name}-{name}", "true"]

    def ps(self):
        return [self.binary, *self.state, "list"]

    def remove(self, names):
        return [[self.binary, *self.state, "delete", "--force", f"{self.name}-{n}"] for n in names]


def available(tare, work, root, image_tar, wanted):
    """The peers that are installed here, tare first."""
    peers = [Tare(tare, work, image_tar)]
    for name in ("crun", "runc"):
        if name in wanted and shutil.which(name) and shutil.which("runc"):
            peers.append(OciRuntime(name, work, root))
    if "podman" in wanted and shutil.which("podman"):
        peers.append(Podman(work, image_tar))
    return peers
