# SPDX-License-Identifier: Apache-2.0
"""Images from layers, in every dialect, with a place to break each document."""
import gzip
import hashlib
import json
import os

from stream import DIR, FILE, LINK, SYMLINK, Layer, header, pad

OCI = "application/vnd.oci.image."
DIALECTS = ["oci", "docker", "hybrid", "docker1", "dir"]
NAME = "odd:latest"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def to_json(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def pack(data):
    return gzip.compress(data, 1, mtime=0)


class Files:
    """The outer archive, in order: (name, content) for files, or (name, (kind, target))."""

    def __init__(self, items=()):
        self.items = list(items)

    def set(self, name, content):
        for i, (n, _) in enumerate(self.items):
            if n == name:
                self.items[i] = (name, content)
                return self
        self.items.append((name, content))
        return self

    def get(self, name):
        return dict(self.items)[name]

    def remove(self, name):
        self.items = [x for x in self.items if x[0] != name]
        return self

    def rename(self, old, new):
        self.items = [(new if n == old else n, c) for n, c in self.items]
        return self

    def tar(self, fmt="ustar", prefix=b"", end=bytes(1024)):
        out = bytearray()
        for name, content in self.items:
            name = prefix + (name if isinstance(name, bytes) else name.encode())
            if isinstance(content, tuple):
                kind, target = content
                layer = Layer(fmt).put(name, kind=kind, target=target, note=False)
            else:
                layer = Layer(fmt).put(name, content, note=False)
            out += layer.data
        return bytes(out) + end

    def directory(self, path):
        for name, content in self.items:
            at = os.path.join(os.fsencode(path), name if isinstance(name, bytes) else name.encode())
            os.makedirs(os.path.dirname(at), exist_ok=True)
            if not isinstance(content, tuple):
                with open(at, "wb") as f:
                    f.write(content)
            elif content[0] == SYMLINK:
                os.symlink(content[1], at)
            elif content[0] == LINK:
                os.link(content[1], at)
            elif content[0] == DIR:
                os.makedirs(at, exist_ok=True)
            else:
                os.mkfifo(at)


class Parts:
    """An image's documents; change any of them, or replace it by bytes, before files()."""

    def __init__(self, layers, compress=None, name=NAME, **config):
        self.raw = [x.bytes() if isinstance(x, Layer) else x for x in layers]
        self.layers = [compress(x) if compress else x for x in self.raw]
        self.media = [OCI + "layer.v1.tar" + ("+gzip" if compress else "")] * len(layers)
        self.diff_ids = ["sha256:" + sha(x) for x in self.raw]
        self.name, self.config = name, {
            "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/x"], **config},
            "rootfs": {"type": "layers", "diff_ids": self.diff_ids}}
        self.edit_manifest = self.edit_index = self.edit_config = self.edit_list = lambda doc: doc

    def descriptor(self, kind, data, **more):
        return {"mediaType": kind, "digest": "sha256:" + sha(data), "size": len(data), **more}

    def oci_files(self):
        config = to_json(self.edit_config(self.config))
        manifest = to_json(self.edit_manifest({
            "schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
            "config": self.descriptor(OCI + "config.v1+json", config),
            "layers": [self.descriptor(m, x) for m, x in zip(self.media, self.layers)]}))
        index = to_json(self.edit_index({"schemaVersion": 2, "manifests": [self.descriptor(
            OCI + "manifest.v1+json", manifest,
            annotations={"org.opencontainers.image.ref.name": self.name})]}))
        files = Files()
        for data in self.layers + [config, manifest]:
            files.set("blobs/sha256/" + sha(data), data)
        return files.set("oci-layout", b'{"imageLayoutVersion":"1.0.0"}').set("index.json", index)

    def list_of(self, config_file, layer_files):
        return to_json(self.edit_list([{"Config": config_file, "RepoTags": [self.name], "Layers": layer_files}]))

    def docker_files(self):
        config = to_json(self.edit_config(self.config))
        files = Files()
        for data in self.layers:
            files.set(sha(data) + ".tar", data)
        files.set(sha(config) + ".json", config)
        return files.set("manifest.json", self.list_of(sha(config) + ".json", [sha(x) + ".tar" for x in self.layers]))

    def hybrid_files(self):
        files = self.oci_files()
        config = to_json(self.edit_config(self.config))
        return files.set("manifest.json", self.list_of("blobs/sha256/" + sha(config),
                                                       ["blobs/sha256/" + sha(x) for x in self.layers]))

    def docker1_files(self):
        files, parent = Files(), None
        for i, data in enumerate(self.layers):
            name = "%064x" % (i + 1)
            doc = {"id": name, "os": "linux", "architecture": "amd64", "config": self.config["config"]}
            if parent:
                doc["parent"] = parent
            files.set(name + "/VERSION", b"1.0").set(name + "/json", to_json(doc)).set(name + "/layer.tar", data)
            parent = name
        repository, tag = self.name.split(":")
        return files.set("repositories", to_json(self.edit_list({repository: {tag: parent}})))

    def files(self, dialect):
        return getattr(self, "oci_files" if dialect == "dir" else dialect + "_files")()


def write(archive, path):
    """An archive is bytes, or Files for a directory."""
    if isinstance(archive, Files):
        archive.directory(path)
    else:
        with open(path, "wb") as f:
            f.write(archive)


def archive(layers, dialect, **more):
    files = Parts(layers, **more).files(dialect)
    return files if dialect == "dir" else files.tar()
