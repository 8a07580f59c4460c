# SPDX-License-Identifier: Apache-2.0
"""How images load: tare, podman, and what unpacking alone would take

The last is `igzip -dc LAYER | tar -x` (or zstd, or nothing, in igzip's place) for
each layer, taken out of the archive beforehand: no digest is verified, and nothing
is put on disk. Every sample has an ext4 of its own in a loop file, because ext4
makes new files dear for minutes after a large removal; the archives are in the page cache.
"""
import json
import os
import random
import shutil
import subprocess
import tarfile

import measure

IMAGES = ("minimal", "layers", "small")
FORMS = {"oci.gz": "igzip -dc", "oci.zstd": "zstd -dc", "oci.raw": "", "docker": ""}
DISK_BYTES = 6 << 30
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
        # podman leaves its store mounted over itself.
        subprocess.run(["umount", "-R", self.at], check=True)
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
        self.samples, self.script = {}, f"{work}/unpack"
        with open(self.script, "w") as f:
            f.write(UNPACK)

    def targets(self, archive, form, layers):
        """(name, view, function of the mount point that gives the command)"""
        yield "tare", "host", lambda at: [self.tare, "--root", f"{at}/tare", "--runroot", "/run/tare-load", "load",
                                          "-q", "-i", archive]
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
        cells = [image, form, *(s.middle(name, 1, 1000, 2) for name in ("tare", "podman", "tools"))]
        for peer in ("podman", "tools"):
            ratio = s.ratio_to("tare", peer, 1)
            cells.append("-" if ratio is None else f"1/{1 / ratio:.1f}" if peer == "podman" else f"{ratio:.2f}")
        cells += [s.middle(name, 0, 1000, 1) for name in ("tare", "podman", "tools")]
        cells += [f"{s.peak_rss_kib(name) / 1024:.0f}" for name in ("tare", "podman")]
        return f"| {' | '.join(cells)} | {sum(s.failed.values())} |"

    def missed(self):
        for (image, form), s in self.samples.items():
            of_podman, of_tools, rss = TARGETS.get(form, (None, None, 64))
            for peer, target in (("podman", of_podman), ("tools", of_tools)):
                ratio = s.ratio_to("tare", peer, 1)
                if target and ratio and ratio > target:
                    yield f"{image}.{form}: {ratio:.3f} of {peer}'s CPU time, not {target:.3f}"
            if s.peak_rss_kib("tare") > rss * 1024:
                yield f"{image}.{form}: {s.peak_rss_kib('tare') / 1024:.0f} MiB, not {rss}"

    def tables(self):
        for image in IMAGES:
            for form in FORMS:
                self.measure(image, form)
        lines = ["| image | form | CPU s: tare | podman | tools | tare / podman | tare / tools | wall s: tare | podman "
                 "| tools | MiB: tare | podman | failed |", "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
        lines += [self.row(image, form) for image, form in self.samples]
        yield "\n".join(lines) + "\n"
        missed = list(self.missed())
        yield "Targets: CPU time 1/6 of podman's for gzip and 1/8 for docker-archives, 1.15 of the tools' for gzip; " \
              "24 MiB for gzip, 64 MiB for all. " + \
              ("Missed: " + "; ".join(missed) if missed else "All were met") + ".\n"
