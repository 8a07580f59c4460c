# SPDX-License-Identifier: Apache-2.0
"""tare-oci beside crun and runc: one bundle, with and without podman's seccomp profile

The bundle is what `runc spec` writes, but for the terminal, the root's path and
RLIMIT_NOFILE, which takes CAP_SYS_RESOURCE to raise.
"""
import json
import os
import shutil
import subprocess

import measure

PROFILE = "/usr/share/containers/seccomp.json"
TARGET = 0.4


def applies(rule, arch, caps):
    """Whether podman would take a rule of its profile for these capabilities."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if includes.get("arches") and arch not in includes["arches"]:
        return False
    if any(cap not in caps for cap in includes.get("caps") or []):
        return False
    return arch not in (excludes.get("arches") or []) and \
        not any(cap in caps for cap in excludes.get("caps") or [])


def linux_seccomp(profile, caps):
    """linux.seccomp of a config.json, from a profile in podman's format, on amd64."""
    native = next(a for a in profile["archMap"] if a["architecture"] == "SCMP_ARCH_X86_64")
    seccomp = {"defaultAction": profile["defaultAction"], "syscalls": [],
               "architectures": [native["architecture"], *native["subArchitectures"]]}
    if "defaultErrnoRet" in profile:
        seccomp["defaultErrnoRet"] = profile["defaultErrnoRet"]
    for rule in profile["syscalls"]:
        if applies(rule, "amd64", caps):
            seccomp["syscalls"].append({key: rule[key] for key in ("names", "action", "args", "errnoRet")
                                        if rule.get(key) not in (None, [])})
    return seccomp


def write_bundle(path, root, args, profile=None):
    os.mkdir(path)
    subprocess.run(["runc", "spec"], cwd=path, check=True)
    with open(f"{path}/config.json") as f:
        config = json.load(f)
    process = config["process"]
    process.update(terminal=False, args=args)
    process.pop("rlimits", None)
    config["root"] = {"path": root, "readonly": True}
    if profile:
        config["linux"]["seccomp"] = linux_seccomp(profile, process["capabilities"]["bounding"])
    with open(f"{path}/config.json", "w") as f:
        json.dump(config, f)


class Peer:
    """One of the runtimes, called by runc's command line; its name is in each ID, as it is in each cgroup."""

    def __init__(self, name, binary, view):
        self.name, self.binary, self.view = name, binary, view
        self.base = [binary, "--root", f"/run/{name}-oci-bench"]

    def version(self):
        return subprocess.run([self.binary, "--version"], capture_output=True, text=True).stdout.split("\n")[0]

    def call(self, command, i, *words):
        return [*self.base, command, *words, f"{self.name}-{i}"]

    def run(self, bundle, i):
        return self.call("run", i, "-b", bundle)

    def start(self, bundle, i):
        return self.call("run", i, "-d", "-b", bundle)

    def sequence(self, bundle, i):
        """For launch.c, which takes the time of all together."""
        return [*self.call("create", i, "-b", bundle), ";", *self.call("start", i), ";",
                *self.call("state", i), ";", *self.remove(i)]

    def exec(self, i):
        return [*self.call("exec", i), "true"]

    def remove(self, i):
        return self.call("delete", i, "--force")


def available(tare, wanted):
    # As `make install` has it: the name chooses the command line.
    link = os.path.join(os.path.dirname(tare), "tare-oci")
    peers = [Peer("tare-oci", link, "host")]
    return peers + [Peer(n, n, "v1") for n in ("crun", "runc") if n in wanted and shutil.which(n)]


class Section:
    """All tables; worker_of(peer) gives a measure.Worker, must(peer, command) runs what has to succeed."""

    def __init__(self, peers, rounds, work, root, worker_of, must):
        self.peers, self.rounds, self.worker_of, self.must = peers, rounds, worker_of, must
        self.work, self.root, self.samples = work, root, []

    def sample(self, title, note, command, orphans=5):
        targets = [(p.name, self.worker_of(p), lambda i, p=p: command(p, i), orphans) for p in self.peers]
        samples = measure.interleave(measure.Samples(title, note), self.rounds, targets)
        self.samples.append(samples)
        return samples.table("tare-oci")

    def in_running(self, suffix, sleep):
        """What needs containers that run already: exec in the first, then the removal of one each round."""
        for p in self.peers:
            for i in range(self.rounds):
                self.must(p, p.start(sleep, i))
        yield self.sample(f"exec{suffix}", "of true", lambda p, i: p.exec(0))
        yield self.sample(f"delete --force{suffix}", "of a running one", lambda p, i: p.remove(i), orphans=0)

    def tables(self):
        if not shutil.which("runc"):
            yield "tare-oci: not measured, runc is not installed\n"
            return
        yield "tare-oci: " + "; ".join(f"{p.name}: {p.version()}" for p in self.peers) + "\n"
        profiles = [("", None)]
        if os.path.exists(PROFILE):
            with open(PROFILE) as f:
                profiles.append((", podman's seccomp profile", json.load(f)))
        for n, (suffix, profile) in enumerate(profiles):
            true, sleep = f"{self.work}/oci-true-{n}", f"{self.work}/oci-sleep-{n}"
            write_bundle(true, self.root, ["true"], profile)
            write_bundle(sleep, self.root, ["sleep", "100000"], profile)
            yield self.sample(f"OCI run{suffix}", "`run` of true", lambda p, i, b=true: p.run(b, i))
            yield self.sample(f"OCI create, start, state, delete{suffix}", "of true; the sum of the four",
                              lambda p, i, b=true: p.sequence(b, i))
            yield from self.in_running(suffix, sleep)
        yield self.verdict()

    def verdict(self):
        """The targets of tare-oci against crun, and what was met."""
        lines = ["| tare-oci | of crun's time | of crun's median | peak RSS KiB |", "|---|---|---|---|"]
        for s in self.samples:
            ratio, medians = s.ratio_to("tare-oci", "crun"), s.ratio_of_medians("tare-oci", "crun")
            lines.append(f"| {s.title} | {'-' if ratio is None else f'{ratio:.3f}'} | "
                         f"{'-' if medians is None else f'{medians:.3f}'} | {s.peak_rss_kib('tare-oci')} |")
        return f"Targets: {TARGET} of crun's median, 2048 KiB.\n\n" + "\n".join(lines) + "\n"
