# SPDX-License-Identifier: Apache-2.0
"""How images load: tare, podman, and what unpacking alone would take

The last is `igzip -dc LAYER | tar -x` (or zstd, or nothing, in igzip's place) for
each layer, taken out of the archive beforehand: no digest is verified, and nothing
is put on disk. Every sample has an ext4 of its own in a loop file, because ext4
makes new files dear for minutes after a large removal; the archives are in the page cache.

Then how images start: an archive where it lies, for the first time and again, and
what was loaded, unpacked and with --view, in turn on one such file system.
"""
import json
import os
import random
import shutil
import subprocess
import tarfile
import time

import measure

IMAGES = ("minimal", "layers", "small")
FORMS = {"oci.gz": "igzip -dc", "oci.zstd": "zstd -dc", "oci.raw": "", "docker": ""}
DISK_BYTES = 6 << 30
STARTS = 20
FIRST_CPU_SECONDS, AGAIN_MS = 0.7, 5
PEERS = ("tare", "view", "podman", "tools")
# Of podman's and of the plain tools' CPU seconds; MiB.
TARGETS = {"oci.gz": (1 / 6, 1.15, 24), "docker": (1 / 8, None, 64)}

UNPACK = """#!/bin/sh
for layer in "$1"/*; do
	mkdir "$2/${layer##*/}"
	if [ "$3" ]; then $3 "$layer" | tar -x -p --numeric-owner -C "$2/${layer##*/}"
	else tar -x -p --numeric-owner -C "$2/${layer##*/}" -f "$layer"; fi || exit 1
done
"""


class Disk:
    """A fresh file system, mounted for one command."""

    def __init__(self, work):
        self.file, self.at = f"{work}/disk", f"{work}/mnt"

    def __enter__(self):
        os.makedirs(self.at, exist_ok=True)
        with open(self.file, "w") as f:
            f.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.file], check=True)
        subprocess.run(["mount", "-o", "loop", self.file, self.at], check=True)
        os.makedirs(f"{self.at}/tmp")
        return self.at

    def __exit__(self, *_):
        # podman leaves its store mounted over itself; and a container's mounts are taken down
        # by the kernel, in its own time.
        for left in reversed(range(50)):
            done = subprocess.run(["umount", "-R", self.at], check=not left, stderr=subprocess.PIPE)
            if done.returncode == 0:
                break
            time.sleep(0.1)
        os.unlink(self.file)


def members_of(archive):
    """The layers' names in an archive, bottom first."""
    def document(t, name):
        for prefix in ("", "./"):
            if prefix + name in t.getnames():
                return json.load(t.extractfile(prefix + name))
        return None

    with tarfile.open(archive) as t:
        manifest = document(t, "manifest.json")
        if manifest:
            return manifest[0]["Layers"]
        blob = document(t, "index.json")["manifests"][0]["digest"]
        manifest = document(t, "blobs/" + blob.replace(":", "/"))
        return ["blobs/" + layer["digest"].replace(":", "/") for layer in manifest["layers"]]


def take_layers_out(archive, to):
    os.makedirs(to)
    with tarfile.open(archive) as t:
        names = t.getnames()
        for i, name in enumerate(members_of(archive)):
            name = name if name in names else "./" + name
            with t.extractfile(name) as source, open(f"{to}/{i:02}", "wb") as f:
                shutil.copyfileobj(source, f, 1 << 20)


class Section:
    def __init__(self, tare, images, wanted, rounds, work, launcher):
        self.tare, self.images, self.rounds, self.work, self.launcher = tare, images, rounds, work, launcher
        self.podman = "podman" in wanted and shutil.which("podman")
        self.samples, self.starts, self.script = {}, {}, f"{work}/unpack"
        with open(self.script, "w") as f:
            f.write(UNPACK)

    def command(self, store, *args):
        return [self.tare, "--root", store, "--runroot", f"/run/tare-load-{os.path.basename(store)}", *args]

    def targets(self, archive, form, layers):
        """(name, view, function of the mount point that gives the command)"""
        yield "tare", "host", lambda at: self.command(f"{at}/tare", "load", "-q", "-i", archive)
        yield "view", "host", lambda at: self.command(f"{at}/tare", "load", "-q", "--view", "-i", archive)
        if self.podman:
            yield "podman", "v1", lambda at: [
                "env", f"TMPDIR={at}/tmp", "podman", "--root", f"{at}/podman", "--runroot", "/run/podman-load",
                "--tmpdir", "/run/podman-load-tmp", "--storage-driver", "overlay", "load", "-q", "-i", archive]
        if not FORMS[form] or shutil.which(FORMS[form].split()[0]):
            yield "tools", "host", lambda at: ["sh", self.script, layers, f"{at}/tmp", FORMS[form]]

    def one(self, view, command):
        """The worker comes after the mount: it has a copy of the mount table."""
        with Disk(self.work) as at:
            worker = measure.Worker(view, self.launcher)
            try:
                return worker.run(command(at))
            finally:
                worker.close()

    def measure(self, image, form):
        archive, layers = f"{self.images}/{image}.{form}.tar", f"{self.work}/{image}.{form}"
        samples = self.samples[image, form] = measure.Samples(f"{image}.{form}")
        take_layers_out(archive, layers)
        targets = list(self.targets(archive, form, layers))
        for _ in range(self.rounds):
            for name, view, command in random.sample(targets, len(targets)):
                samples.add(name, *self.one(view, command))
        shutil.rmtree(layers)

    def row(self, image, form):
        s = self.samples[image, form]
        cells = [image, form, *(s.middle(name, 1, 1000, 2) for name in PEERS)]
        for name, peer in (("tare", "podman"), ("view", "podman"), ("tare", "tools")):
            ratio = s.ratio_to(name, peer, 1)
            cells.append("-" if ratio is None else f"1/{1 / ratio:.1f}" if peer == "podman" else f"{ratio:.2f}")
        cells += [s.middle(name, 0, 1000, 1) for name in PEERS]
        cells += [f"{s.peak_rss_kib(name) / 1024:.0f}" for name in PEERS[:-1]]
        return f"| {' | '.join(cells)} | {sum(s.failed.values())} |"

    def missed(self, name):
        for (image, form), s in self.samples.items():
            of_podman, of_tools, rss = TARGETS.get(form, (None, None, 64))
            for peer, target in (("podman", of_podman), ("tools", of_tools)):
                ratio = s.ratio_to(name, peer, 1)
                if target and ratio and ratio > target:
                    yield f"{image}.{form}: {ratio:.3f} of {peer}'s CPU time, not {target:.3f}"
            if s.peak_rss_kib(name) > rss * 1024:
                yield f"{image}.{form}: {s.peak_rss_kib(name) / 1024:.0f} MiB, not {rss}"

    def measure_starts(self, image, samples, at):
        archive = f"{self.images}/{image}.docker.tar"
        for store, flags in (("unpacked", ()), ("view", ("--view",))):
            subprocess.run(self.command(f"{at}/{store}", "load", "-q", *flags, "-i", archive), check=True,
                           stdout=subprocess.DEVNULL)

        def start(store, what):
            return self.command(f"{at}/{store}", "run", "--rm", "--network", "none", what, "/bin/sh", "-c", "true")

        worker = measure.Worker("host", self.launcher)
        try:
            samples.add("first", *worker.run(start("archive", archive)))
            measure.interleave(samples, STARTS, [
                (store, worker, lambda _, store=store, what=what: start(store, what), 0)
                for store, what in (("archive", archive), ("view", image), ("unpacked", image))])
        finally:
            worker.close()

    def start_row(self, image):
        s = self.starts[image] = measure.Samples(image)
        for _ in range(self.rounds):
            with Disk(self.work) as at:
                self.measure_starts(image, s, at)
        cells = [image, s.middle("first", 1, 1000, 2), s.middle("first", 0, 1, 0),
                 *(s.middle(name, 0, 1, 2) for name in ("archive", "view", "unpacked")), str(sum(s.failed.values()))]
        return f"| {' | '.join(cells)} |"

    def missed_starts(self):
        for image, s in self.starts.items():
            cpu_s = float(s.middle("first", 1, 1000, 3))
            more_ms = float(s.middle("archive", 0, 1, 3)) - float(s.middle("unpacked", 0, 1, 3))
            if cpu_s > FIRST_CPU_SECONDS:
                yield f"{image}: {cpu_s:.2f} CPU s for the first start"
            if more_ms > AGAIN_MS:
                yield f"{image}: {more_ms:.1f} ms more for the second"

    def tables(self):
        for image in IMAGES:
            for form in FORMS:
                self.measure(image, form)
        lines = ["| image | form | CPU s: tare | --view | podman | tools | tare / podman | --view / podman "
                 "| tare / tools | wall s: tare | --view | podman | tools | MiB: tare | --view | podman | failed |",
                 "|" + "---|" * 17]
        lines += [self.row(image, form) for image, form in self.samples]
        yield "\n".join(lines) + "\n"
        yield "Targets: CPU time 1/6 of podman's for gzip and 1/8 for docker-archives, 1.15 of the tools' for gzip; " \
              f"24 MiB for gzip, 64 MiB for all. Of these {met(self.missed('tare'))}. With --view {met(self.missed('view'))}.\n"
        yield "How images of docker-archives start (`run --rm --network none IMAGE /bin/sh -c true`): the archive\n" \
              "where it lies, for the first time, when all of it is verified, and again; what `load --view` left; what " \
              "was\nunpacked. In turn, on one such file system.\n"
        lines = ["| image | first: CPU s | ms | again: ms | --view: ms | unpacked: ms | failed |", "|" + "---|" * 7]
        lines += [self.start_row(image) for image in IMAGES]
        yield "\n".join(lines) + "\n"
        yield f"Targets: {FIRST_CPU_SECONDS} CPU s for the first start; {AGAIN_MS} ms more than from the store for the " \
              f"second. Of these {met(self.missed_starts())}.\n"


def met(missed):
    text = "; ".join(missed)
    return f"missed: {text}" if text else "all were met"
