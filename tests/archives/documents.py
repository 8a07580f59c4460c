# SPDX-License-Identifier: Apache-2.0
"""Archives whose documents, or whose outer tar, are odd or hostile, for each dialect.

GOOD: name -> archive that loads as odd:latest (or what NAMES says), with a file /a.
BAD: name -> (archive, what the message must contain or None).
"""
import copy
import gzip
import json
import os

from images import DIALECTS, OCI, Files, Parts, pack, sha, to_json
from stream import CHAR, DIR, FIFO, FILE, LINK, SYMLINK, Layer, gnu_long, header, pad, pax, seal

GOOD, BAD, MAYBE = {}, {}, {}
LAYER, OTHER = Layer().put(b"a", b"hello"), Layer().put(b"b", b"other")


def good(name, archive):
    assert name not in GOOD, name
    GOOD[name] = archive


def bad(name, archive, why=None):
    assert name not in BAD, name
    BAD[name] = (archive, why)


def maybe(name, archive):
    assert name not in MAYBE, name
    MAYBE[name] = archive


def finish(files, dialect):
    return files if dialect == "dir" else files.tar()


def every(name, change, kind=bad, why=None, dialects=("oci", "dir", "hybrid", "docker", "docker1"), **more):
    """A change of Parts, for each of the dialects."""
    for dialect in dialects:
        parts = Parts([LAYER, OTHER], **more)
        files = change(parts) or parts.files(dialect)
        if kind is bad:
            bad("%s: %s" % (dialect, name), finish(files, dialect), why)
        else:
            kind("%s: %s" % (dialect, name), finish(files, dialect))


def set_hook(hook, edit):
    return lambda parts: setattr(parts, "edit_" + hook, edit)


OCI_LIKE, DOCKER_LIKE = ("oci", "dir", "hybrid"), ("docker",)

# --- documents that are none ---

NONSENSE = {"nothing": b"", "text": b"hello", "half": b'{"schemaVersion": 2, "manif', "binary": bytes(range(256)),
            "a number": b"5", "a text": b'"x"', "true": b"true", "open brackets": b"[" * 100000, "open braces": b'{"a":' * 50000,
            "duplicate keys": b'{"a":1,"a":2}', "NUL": b'{"a\\u0000b":1}', "bad UTF-8": b'{"a":"\xff"}', "two values": b"{}{}",
            "a comment": b"{/* */}", "9 MiB": b'{"a":"' + b"x" * (9 << 20) + b'"}', "huge number": b'{"a":' + b"9" * 5000 + b"}",
            "a lone surrogate": b'{"a":"\\ud800"}'}
for _label, _data in NONSENSE.items():
    for _hook, _dialects in (("index", ("oci", "hybrid")), ("manifest", ("oci", "dir")), ("config", ("oci", "docker")),
                             ("list", ("docker", "docker1"))):
        every("%s is %s" % (_hook, _label), set_hook(_hook, lambda doc, d=_data: d), dialects=_dialects)
for _label, _value in {"null": None, "a list": [], "an empty map": {}, "a list of null": [None], "a list of lists": [[]]}.items():
    for _hook, _dialects in (("index", OCI_LIKE), ("manifest", OCI_LIKE), ("list", ("docker", "docker1"))):
        every("%s is %s" % (_hook, _label), set_hook(_hook, lambda doc, v=_value: to_json(v)), dialects=_dialects)
    every("config is %s" % _label, set_hook("config", lambda doc, v=_value: to_json(v)), dialects=("oci", "docker"))


def change(*path, value=None, delete=False):
    def edit(doc):
        doc = copy.deepcopy(doc)
        at = doc
        for key in path[:-1]:
            at = at[key]
        if delete:
            del at[path[-1]]
        else:
            at[path[-1]] = value(at.get(path[-1]) if isinstance(at, dict) else at[path[-1]]) if callable(value) else value
        return doc
    return edit


# --- fields ---

WRONG = {"null": None, "a number": 5, "a text": "x", "a list": [1], "a map": {"x": 1}, "true": True}
for _label, _value in WRONG.items():
    for _field, _right in (("manifests", ()), ("schemaVersion", ("a number",))):
        if _label not in _right and not (_field == "schemaVersion"):
            every("index.%s is %s" % (_field, _label), set_hook("index", change(_field, value=_value)), dialects=("oci", "dir"))
    for _field, _right in (("digest", ()), ("size", ("a number",)), ("mediaType", ("null",))):
        if _label not in _right:
            every("descriptor.%s is %s" % (_field, _label), set_hook("index", change("manifests", 0, _field, value=_value)),
                  dialects=("oci", "dir"))
            every("layer's %s is %s" % (_field, _label), set_hook("manifest", change("layers", 0, _field, value=_value)),
                  dialects=("oci",))
    for _field in ("config", "layers"):
        every("manifest.%s is %s" % (_field, _label), set_hook("manifest", change(_field, value=_value)), dialects=("oci",))
    every("rootfs is %s" % _label, set_hook("config", change("rootfs", value=_value)), dialects=("oci", "docker"))
    every("diff_ids is %s" % _label, set_hook("config", change("rootfs", "diff_ids", value=_value)), dialects=("oci", "docker"))
    every("diff_ids[1] is %s" % _label, set_hook("config", change("rootfs", "diff_ids", 1, value=_value)),
          dialects=("oci", "docker"))
    for _field, _right in (("Env", ("null", "a text")), ("Cmd", ("null", "a text")), ("Labels", ("null",)), ("User", ("null", "a text")),
                           ("WorkingDir", ("null", "a text")), ("Volumes", ("null", "a map")), ("ExposedPorts", ("null", "a map"))):
        if _label not in _right:
            every("config.%s is %s" % (_field, _label), set_hook("config", change("config", _field, value=_value)),
                  dialects=("oci", "docker"))
    for _field, _right in (("Config", ()), ("Layers", ()), ("RepoTags", tuple(WRONG))):
        if _label not in _right:
            every("list's %s is %s" % (_field, _label), set_hook("list", change(0, _field, value=_value)), dialects=("docker",))
    every("repository is %s" % _label, set_hook("list", change("odd", value=_value)), dialects=("docker1",))
    every("tag is %s" % _label, set_hook("list", change("odd", "latest", value=_value)), dialects=("docker1",))

DIGESTS = {"upper case": lambda d: d.upper(), "upper case hex": lambda d: "sha256:" + d[7:].upper(), "short": lambda d: d[:-1],
           "long": lambda d: d + "0", "no algorithm": lambda d: d[7:], "md5": lambda d: "md5:" + d[7:39],
           "unknown algorithm": lambda d: "sha999:" + d[7:], "going up": lambda d: "sha256:../../" + d[13:],
           "absolute": lambda d: "sha256:/etc/passwd", "other algorithm": lambda d: "sha512:" + d[7:], "a NUL": lambda d: d[:40] + "\0" + d[41:],
           "a newline": lambda d: d + "\n", "another": lambda d: "sha256:" + "0" * 64, "a blank": lambda d: " " + d,
           "algorithm going up": lambda d: "../../x:" + d[7:], "nothing": lambda d: "", "a colon": lambda d: ":"}
for _label, _edit in DIGESTS.items():
    every("manifest's digest is %s" % _label, set_hook("index", change("manifests", 0, "digest", value=_edit)), dialects=("oci", "dir"))
    every("config's digest is %s" % _label, set_hook("manifest", change("config", "digest", value=_edit)), dialects=("oci", "dir"))
    every("layer's digest is %s" % _label, set_hook("manifest", change("layers", 1, "digest", value=_edit)), dialects=("oci", "dir"))
    every("DiffID is %s" % _label, set_hook("config", change("rootfs", "diff_ids", 0, value=_edit)), dialects=("oci", "docker"))
for _label, _edit in {"one more": lambda n: n + 1, "one less": lambda n: n - 1, "zero": lambda n: 0, "minus one": lambda n: -1,
                      "2^63": lambda n: 2 ** 63, "2^64": lambda n: 2 ** 64, "a fraction": lambda n: n + 0.5, "1e400": lambda n: 10 ** 400}.items():
    every("manifest's size is %s" % _label, set_hook("index", change("manifests", 0, "size", value=_edit)), dialects=OCI_LIKE)
    every("config's size is %s" % _label, set_hook("manifest", change("config", "size", value=_edit)), dialects=OCI_LIKE)
    every("layer's size is %s" % _label, set_hook("manifest", change("layers", 0, "size", value=_edit)), dialects=OCI_LIKE)

every("one DiffID less", set_hook("config", change("rootfs", "diff_ids", value=lambda x: x[:1])), dialects=OCI_LIKE + DOCKER_LIKE)
every("one DiffID more", set_hook("config", change("rootfs", "diff_ids", value=lambda x: x * 2)), dialects=OCI_LIKE + DOCKER_LIKE)
every("no DiffIDs", set_hook("config", change("rootfs", "diff_ids", value=[])), dialects=OCI_LIKE + DOCKER_LIKE)
every("DiffIDs in another order", set_hook("config", change("rootfs", "diff_ids", value=lambda x: x[::-1])),
      dialects=OCI_LIKE + DOCKER_LIKE)
every("one layer less", set_hook("manifest", change("layers", value=lambda x: x[:1])), dialects=OCI_LIKE)
every("layers in another order", set_hook("manifest", change("layers", value=lambda x: x[::-1])), dialects=OCI_LIKE)
every("one layer less", set_hook("list", change(0, "Layers", value=lambda x: x[:1])), dialects=DOCKER_LIKE)
every("layers in another order", set_hook("list", change(0, "Layers", value=lambda x: x[::-1])), dialects=DOCKER_LIKE)
every("thousands of layers", set_hook("manifest", change("layers", value=lambda x: x * 3000)), dialects=("oci",))
every("thousands of DiffIDs", set_hook("config", change("rootfs", "diff_ids", value=lambda x: x * 3000)), dialects=("oci", "docker"))
every("thousands of layers", set_hook("list", change(0, "Layers", value=lambda x: x * 3000)), dialects=DOCKER_LIKE)
every("many thousands of images", set_hook("index", change("manifests", value=lambda x: x * 20000)), dialects=("oci",))
every("many thousands of images", set_hook("list", lambda doc: doc * 20000), dialects=DOCKER_LIKE)
every("no images", set_hook("index", change("manifests", value=[])), dialects=OCI_LIKE)
every("no images", set_hook("list", lambda doc: []), dialects=DOCKER_LIKE)
every("no images", set_hook("list", lambda doc: {}), dialects=("docker1",))
for _type in ("application/json", OCI + "layer.v1.tar+lzma", "application/x-tar", "../../x", "\x1b[31m", "x" * 5000, OCI + "config.v1+json",
              OCI + "manifest.v1+json"):
    every("layer of type %r" % _type[:40], set_hook("manifest", change("layers", 0, "mediaType", value=_type)), dialects=("oci",))
for _type in ("application/json", "application/vnd.oci.empty.v1+json", OCI + "layer.v1.tar", "text/plain"):
    every("config of type %r" % _type[:40], set_hook("manifest", change("config", "mediaType", value=_type)), dialects=("oci", "dir"))
every("manifest and index at once", set_hook("manifest", lambda d: {**d, "manifests": []}), dialects=OCI_LIKE)
every("index and manifest at once", set_hook("index", lambda d: {**d, "layers": [], "config": {}}), dialects=OCI_LIKE)
every("manifest that calls itself an index", set_hook("manifest", change("mediaType", value=OCI + "index.v1+json")), dialects=OCI_LIKE)
every("index that is called a manifest", set_hook("index", change("mediaType", value=OCI + "manifest.v1+json")), dialects=OCI_LIKE)
every("manifest called an index", set_hook("index", change("manifests", 0, "mediaType", value=OCI + "index.v1+json")), dialects=OCI_LIKE)

# --- files ---


def without(which, dialect):
    parts = Parts([LAYER, OTHER])
    files = parts.files(dialect)
    names = [n for n, c in files.items if which(n, c)]
    assert names, dialect
    for n in names:
        files.remove(n)
    return files


def content_is(data):
    return lambda n, c: c == data


for _d in DIALECTS:
    bad("%s: no layer" % _d, finish(without(content_is(LAYER.bytes()), _d), _d), "layer 1 of 2")
    bad("%s: no upper layer" % _d, finish(without(content_is(OTHER.bytes()), _d), _d), "layer 2 of 2")
    bad("%s: nothing at all" % _d, Files([("x", b"x")]) if _d == "dir" else Files([("x", b"x")]).tar())
    if _d == "docker1":
        bad("docker1: no json", finish(without(lambda n, c: n.endswith("1/json"), _d), _d))
    else:
        bad("%s: no config" % _d, finish(without(lambda n, c: b'"rootfs"' in c, _d), _d))
for _d in OCI_LIKE:
    bad("%s: no manifest" % _d, finish(without(lambda n, c: b'"layers":' in c, _d), _d))
for _d in ("oci", "dir"):
    bad("%s: no index" % _d, finish(without(lambda n, c: n == "index.json", _d), _d))


def replaced(dialect, which, content):
    parts = Parts([LAYER, OTHER])
    files = parts.files(dialect)
    for n, c in list(files.items):
        if which(n, c):
            files.set(n, content(c) if callable(content) else content)
    return finish(files, dialect)


IS_LAYER = content_is(LAYER.bytes())
IS_CONFIG = lambda n, c: isinstance(c, bytes) and b'"rootfs"' in c  # noqa: E731
IS_MANIFEST = lambda n, c: isinstance(c, bytes) and b'"layers":' in c  # noqa: E731
IS_LIST = lambda n, c: n in ("index.json", "manifest.json", "repositories")  # noqa: E731
_flip = lambda c: c[:600] + bytes([c[600] ^ 1]) + c[601:] if len(c) > 700 else c[:20] + bytes([c[20] ^ 1]) + c[21:]  # noqa: E731
for _d in DIALECTS:
    if _d != "docker1":
        bad("%s: a bit of a layer" % _d, replaced(_d, IS_LAYER, _flip), "layer 1 of 2")
        bad("%s: layer with bytes behind" % _d, replaced(_d, IS_LAYER, lambda c: c + b"x"), "layer 1 of 2")
        bad("%s: another layer's content" % _d, replaced(_d, IS_LAYER, OTHER.bytes()))
        bad("%s: a bit of the config" % _d, replaced(_d, IS_CONFIG, _flip), "config")
        bad("%s: config with a blank behind" % _d, replaced(_d, IS_CONFIG, lambda c: c + b" "), "config")
    bad("%s: layer cut off" % _d, replaced(_d, IS_LAYER, lambda c: c[:514]), "layer 1 of 2|image")
    for _label, _target in {"a link to the host": b"/etc/passwd", "a link out": b"../../../../../../etc/passwd", "a link to itself": b"x",
                            "a link to nothing": b"nothing", "a link to /proc": b"/proc/self/exe", "a link to a directory": b"."}.items():
        for _which, _test in (("layer", IS_LAYER), ("config", IS_CONFIG), ("list", IS_LIST)):
            if _which == "config" and _d == "docker1":
                continue
            bad("%s: %s is %s" % (_d, _which, _label), replaced(
                _d, _test, lambda c, t=_target: (SYMLINK, t)))
    bad("%s: layer is a directory" % _d, replaced(_d, IS_LAYER, (DIR, b"")))
    bad("%s: layer is a fifo" % _d, replaced(_d, IS_LAYER, (FIFO, b"")))
    bad("%s: list is a directory" % _d, replaced(_d, IS_LIST, (DIR, b"")))
    bad("%s: list is a fifo" % _d, replaced(_d, IS_LIST, (FIFO, b"")))
    if _d != "dir":
        bad("%s: layer is a hard link to the host" % _d, replaced(_d, IS_LAYER, (LINK, b"/etc/passwd")))
        bad("%s: layer is a hard link to itself" % _d, replaced(_d, IS_LAYER, (LINK, b"x/../x")))
        bad("%s: list is a hard link out" % _d, replaced(_d, IS_LIST, (LINK, b"../../etc/passwd")))
for _d in OCI_LIKE:
    bad("%s: a bit of the manifest" % _d, replaced(_d, IS_MANIFEST, _flip), "manifest")
for _file in ("/etc/passwd", "../../../../etc/passwd", "../data/canary", "/proc/self/exe", "", ".", "..", "x/../../y", "a\0b", "x" * 5000,
              "\x1b[31m\n"):
    every("config file %r" % _file[:30], set_hook("list", change(0, "Config", value=_file)), dialects=DOCKER_LIKE)
    every("layer file %r" % _file[:30], set_hook("list", change(0, "Layers", 0, value=_file)), dialects=DOCKER_LIKE)
    every("image id %r" % _file[:30], set_hook("list", change("odd", "latest", value=_file)), dialects=("docker1",))
    every("layer id as parent %r" % _file[:30], lambda p, f=_file: p.docker1_files().set(
        "%064x/json" % 2, to_json({"id": "x", "parent": f or "x"})), dialects=("docker1",))
every("layers that are their own parents", lambda p: p.docker1_files().set("%064x/json" % 1, to_json({"parent": "%064x" % 2})),
      dialects=("docker1",))
for _label, _data in {"nothing": b"", "text": b"hello", "a list": b"[]", "null": b"null"}.items():
    every("layer's json is %s" % _label, lambda p, d=_data: p.docker1_files().set("%064x/json" % 2, d), dialects=("docker1",))


def loop(depth):
    parts = Parts([LAYER])
    files = parts.oci_files()
    top = json.loads(files.get("index.json"))
    for _ in range(depth):
        data = to_json({"schemaVersion": 2, "manifests": top["manifests"]})
        files.set("blobs/sha256/" + sha(data), data)
        top["manifests"] = [parts.descriptor(OCI + "index.v1+json", data, annotations={
            "org.opencontainers.image.ref.name": "odd:latest"})]
    return files.set("index.json", to_json(top))


good("oci: index in an index in an index", loop(2).tar())
bad("oci: indexes without end", loop(50).tar(), "nested too deeply")



# --- what is no image, beside one ---


def beside(config_type, layer_type, alone=False):
    parts, data = Parts([LAYER, OTHER]), b'{"critical": {}}'
    files = parts.oci_files()
    config = to_json({**parts.config, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(data)]}})
    manifest = to_json({"schemaVersion": 2, "config": parts.descriptor(config_type, config), "layers": [parts.descriptor(layer_type, data)]})
    for blob in (data, config, manifest):
        files.set("blobs/sha256/" + sha(blob), blob)
    index = json.loads(files.get("index.json"))
    index["manifests"] = index["manifests"] * (not alone) + [parts.descriptor(OCI + "manifest.v1+json", manifest, annotations={
        "org.opencontainers.image.ref.name": "odd:sha256-0.sig"})]
    return files.set("index.json", to_json(index))


for _label, _types in {"signature": (OCI + "config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"),
                       "chart": ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
                       "artifact": ("application/vnd.oci.empty.v1+json", "application/x-anything")}.items():
    good("oci: image with a %s" % _label, beside(*_types).tar())
    good("dir: image with a %s" % _label, beside(*_types))
    bad("oci: %s alone" % _label, beside(*_types, alone=True).tar(), "unknown media type|not a container image")
bad("oci: image with one that is encrypted", beside(OCI + "config.v1+json", OCI + "layer.v1.tar+gzip+encrypted").tar(), "image 2 of 2")
bad("dir: as skopeo's dir:", Files([("version", b"Directory Transport Version: 1.1\n"), ("manifest.json", to_json({"schemaVersion": 2}))]),
    "skopeo copy dir:A oci:B")

# --- names of images ---

for _name in ("../../x", "/x", "x/../y", "x y", "\x1b[31mx", "x\ny", "X", "x:", ":x", "x@y", "x" * 5000, "-x", "a/b/c/d/e/f:latest", "",
              "x@sha256:" + "0" * 64, "sha256:" + "0" * 64, "127.0.0.1:5000/x:y", "\ud7ff", "é", "x:..", "x:/y"):
    every("name %r" % _name[:30], set_hook("index", change(
        "manifests", 0, "annotations", "org.opencontainers.image.ref.name", value=_name)), kind=maybe, dialects=("oci", "dir"))
    every("name %r" % _name[:30], set_hook("list", change(0, "RepoTags", value=[_name])), kind=maybe, dialects=("docker",))
    every("name %r" % _name[:30], set_hook("list", lambda doc, n=_name: {n: doc["odd"]}), kind=maybe, dialects=("docker1",))
every("hybrid that disagrees", set_hook("list", lambda doc: [{**doc[0], "Config": "index.json"}]), dialects=("hybrid",),
      why="disagree")

# --- the outer tar ---

for _d in ("oci", "docker", "hybrid", "docker1"):
    _files = Parts([LAYER, OTHER]).files(_d)
    _tar = _files.tar()
    _lists = [n for n, c in _files.items if IS_LIST(n, c)]
    for _fmt in ("gnu", "pax", "v7") if _d != "docker1" else ("gnu", "pax"):
        good("%s: outer tar is %s" % (_d, _fmt), _files.tar(fmt=_fmt))
    for _prefix in (b"./", b"/", b"././", b".//"):
        good("%s: names with %s in front" % (_d, _prefix.decode()), _files.tar(prefix=_prefix))
    good("%s: backwards" % _d, Files(_files.items[::-1]).tar())
    good("%s: with directories" % _d, Files([("blobs", (DIR, b"")), ("blobs/sha256/", (DIR, b"")), (".", (DIR, b""))] + _files.items).tar())
    good("%s: with other files" % _d, Files([("README", b"x" * 999), ("a" * 99, b""), ("link", (SYMLINK, b"/etc/passwd")), (
        "pipe", (FIFO, b"")), ("null", (CHAR, b""))] + _files.items).tar())
    good("%s: everything twice" % _d, Files(_files.items).tar(end=b"") + _tar)
    good("%s: no end blocks" % _d, _files.tar(end=b""))
    good("%s: much behind the end" % _d, _tar + bytes(20480))
    good("%s: garbage behind the end" % _d, _tar + b"garbage" * 100)
    good("%s: packed" % _d, gzip.compress(_tar, mtime=0))
    good("%s: packed in two members" % _d, gzip.compress(_tar[:2000], mtime=0) + gzip.compress(_tar[2000:], mtime=0))
    good("%s: pax global header" % _d, pax([(b"comment", b"x")], b"g") + _tar)
    good("%s: pax headers" % _d, pax([(b"mtime", b"1.5"), (b"comment", b"x" * 5000)]) + _tar)
    good("%s: layers by link" % _d, Files([("store/" + n, c) if c == LAYER.bytes() else (n, c) for n, c in _files.items] + [
        (n, (SYMLINK, b"../" * n.count("/") + b"store/" + n.encode())) for n, c in _files.items if c == LAYER.bytes()]).tar())
    good("%s: layers by hard link" % _d, Files([("store/" + n, c) if c == LAYER.bytes() else (n, c) for n, c in _files.items] + [
        (n, (LINK, b"store/" + n.encode())) for n, c in _files.items if c == LAYER.bytes()]).tar())
    good("%s: packed layers" % _d, finish(Parts([LAYER, OTHER], compress=pack).files(_d), _d))
    bad("%s: packed and cut off" % _d, gzip.compress(_tar, mtime=0)[:-50])
    bad("%s: packed with a wrong sum" % _d, gzip.compress(_tar, mtime=0)[:-8] + b"\0\0\0\0" + gzip.compress(_tar, mtime=0)[-4:])
    bad("%s: packed, garbage behind" % _d, gzip.compress(_tar, mtime=0) + b"garbage")
    for _n, _c in _files.items:
        _other = Files([x for x in _files.items])
        bad("%s: two of %s" % (_d, _n[-40:]), _files.tar(end=b"") + Files([(_n, _c[:-1] + b"!")]).tar(), "twice, and not the same")
    for _name in _lists:
        bad("%s: %s and a link of that name" % (_d, _name), _files.tar(end=b"") + Files([(_name, (SYMLINK, b"x"))]).tar(), "twice")
        bad("%s: %s twice, one longer" % (_d, _name), Files([("./" + _name, b"{}")]).tar(end=b"") + _tar, "twice")
    _at = _tar.index(b"ustar") - 257
    bad("%s: first checksum" % _d, b"x" + _tar[1:])
    bad("%s: last checksum" % _d, (lambda i: _tar[:i - 250] + b"x" + _tar[i - 249:])(_tar.rindex(b"ustar")), "at byte")
    bad("%s: size of 2^62" % _d, Files(_files.items[:1]).tar(end=b"") + header(b"x", size_raw=b"\x80" + (2 ** 62).to_bytes(11, "big"), fmt="gnu")
        + Files(_files.items[1:]).tar(), "at byte")
    bad("%s: negative size" % _d, Files(_files.items[:1]).tar(end=b"") + header(b"x", size_raw=b"\xff" * 12, fmt="gnu")
        + Files(_files.items[1:]).tar(), "at byte")
    bad("%s: pax that says nothing" % _d, header(b"p", b"x", 10) + pad(b"nonsense!!") + _tar, "at byte")
    bad("%s: pax of 2^40" % _d, header(b"p", b"x", 2 ** 33 - 1) + _tar, "at byte")
    bad("%s: long name of 2 MiB" % _d, gnu_long(b"L", b"x" * (2 << 20)) + _tar, "at byte")
    maybe("%s: pax size for a document" % _d, Files(_files.items[:-1]).tar(end=b"") + pax([(b"size", b"3")]) + Files(_files.items[-1:]).tar())
    maybe("%s: sparse entry" % _d, Files(_files.items[:1]).tar(end=b"") + header(b"x", b"S", fmt="gnu") + Files(_files.items[1:]).tar())
    bad("%s: in a tar of its own" % _d, Files([("x.tar", _tar)]).tar())
    bad("%s: below a directory" % _d, _files.tar(prefix=b"x/"))
    bad("%s: with .. in names" % _d, _files.tar(prefix=b"x/../"))
    bad("%s: seventy thousand entries" % _d, header(b"x") * 70000 + _tar, "too many entries|twice")
for _label, _data in {"empty": b"", "one byte": b"x", "zeros": bytes(10240), "text": b"hello\n" * 999, "json": b'{"schemaVersion":2}',
                      "gzip of nothing": gzip.compress(b""), "gzip of zeros": gzip.compress(bytes(9999)), "zip": b"PK\3\4" + bytes(900),
                      "elf": b"\x7fELF" + bytes(900), "a directory's archive": Layer().dir(b"d").bytes()}.items():
    bad("archive is %s" % _label, _data)

# --- images without much ---

for _d in ("oci", "docker", "hybrid", "dir"):
    maybe("%s: no layers" % _d, finish(Parts([]).files(_d), _d))
every("no layers, no DiffIDs", set_hook("list", lambda doc: [{**doc[0], "Layers": None}]), dialects=DOCKER_LIKE)
