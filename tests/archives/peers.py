# SPDX-License-Identifier: Apache-2.0
"""Odd layers as umoci and podman unpack them, where they accept them."""
import os
import re
import shutil
import subprocess

import images
import model
import odd

# What a peer is known to make otherwise, and why: (peer, pattern of names, reason).
DIFFERS = [
    ("umoci", "^libarchive attributes", "leaves them out"),
    ("umoci", "^pax attributes", "leaves empty ones out"),
    ("umoci", "^implied directory over symlink", "follows the link, inside the root"),
    ("umoci", "mtime 17179869184$", "counts nanoseconds in 64 bits"),
    ("umoci", "^symlinked directory, directories", "leaves the time at which it made what is in there"),
    ("umoci", "^(whiteout after its directory|opaque outer|implied directories keep)", "leaves the time at which it did it"),
    ("umoci", "^aufs leftovers", "takes them for files"),
    ("podman", "mtime (-|17179869184$|before 1970)", "makes 1970 of it"),
    ("podman", "^libarchive attributes", "leaves them out"),
    ("podman", "^pax attributes", "leaves empty ones out"),
    ("podman", "^(whiteout of what is not there|whiteout below an implied|opaque of an implied|opaque outer|opaque, implied above|"
               "implied directories)", "makes directories anew, as of now"),
    ("podman", "^whiteout (before its directory|of an inner directory made anew)", "shows what the whiteout hides"),
    ("podman", "^(opaque and whiteout|whiteout in a new directory)", "shows the whiteout's name"),
    ("podman", "^opaque root", "does not heed it"),
    ("podman", "^(links|link with other metadata)$", "gives a file what the link's entry says"),
    ("podman", "^aufs leftovers", "takes them for files"),
]


def known(peer, name):
    return [reason for who, pattern, reason in DIFFERS if who == peer and re.search(pattern, name)]


def call(*args, **more):
    p = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
    return p.returncode, p.stdout.decode(errors="replace")


def judge(peer, name, layers, root):
    wrong = model.difference(model.merge(layers), model.read(root), times=False)
    if known(peer, name):
        return "" if wrong else "%s is no longer different here" % peer
    return "%s differs: %s" % (peer, wrong) if wrong else ""


def by_umoci(jail, name, layers):
    base = jail.path("in/umoci")
    shutil.rmtree(base, ignore_errors=True)
    os.makedirs(base)
    parts = images.Parts(layers, name="latest")
    parts.files("dir").directory(base + "/layout")
    code, out = call("umoci", "unpack", "--image", base + "/layout:latest", base + "/bundle")
    wrong = "" if code else judge("umoci", name, layers, base + "/bundle/rootfs")
    shutil.rmtree(base, ignore_errors=True)
    return wrong


# Which others make four gigabytes of zeros of.
LARGE = "five gigabytes"


def umoci_cases(full):
    for number, (name, layers) in enumerate(odd.ODD.items()):
        if LARGE not in name and (full or number % 8 == 0):
            yield name, lambda j, n=name, y=layers: by_umoci(j, n, y)


def by_podman(jail, name, layers):
    base = jail.path("in/podman")
    os.makedirs(base, exist_ok=True)
    podman = ["podman", "--root", base + "/root", "--runroot", base + "/run", "--storage-driver", "overlay"]
    images.write(images.archive(layers, "docker"), base + "/x.tar")
    code, out = call(*podman, "load", "-q", "-i", base + "/x.tar")
    wrong = ""
    if code == 0:
        code, out = call(*podman, "image", "mount", "odd")
        wrong = judge("podman", name, layers, out.strip()) if code == 0 else "podman image mount: " + out
        call(*podman, "image", "umount", "-f", "odd")
        call(*podman, "rmi", "-f", "odd")
    return wrong


def podman_cases(full):
    for name, layers in odd.ODD.items():
        if layers and LARGE not in name:
            yield name, lambda j, n=name, y=layers: by_podman(j, n, y)
