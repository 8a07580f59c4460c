# SPDX-License-Identifier: Apache-2.0
"""Layers that have to be refused: name -> ([layer as bytes...], what the message must contain or None).

MAYBE are those that may as well be accepted, as long as nothing outside is touched.
"""
import functools
import gzip
import io
import os
import struct
import zlib

import odd
from stream import (BLOCKDEV, CHAR, DIR, FIFO, FILE, LINK, SYMLINK, Layer, base256, checksum, gnu_long, header, octal, pad,
                    pax, record, seal)

HOSTILE, MAYBE, PACKED = {}, {}, {}
END = bytes(1024)


def bad(name, *layers, why=None):
    assert name not in HOSTILE, name
    HOSTILE[name] = ([x.bytes() if isinstance(x, Layer) else x for x in layers], why)


def maybe(name, *layers):
    assert name not in MAYBE, name
    MAYBE[name] = [x.bytes() if isinstance(x, Layer) else x for x in layers]


def packed(name, data, why=None):
    """A layer whose file is not what its media type, gzip, or its digest promises."""
    PACKED[name] = (data, why)


# --- names that lead out ---

_entries = {
    "file": lambda n: Layer("pax").put(n, b"overwritten"),
    "directory": lambda n: Layer("pax").dir(n, mode=0o777),
    "symlink": lambda n: Layer("pax").symlink(n, b"/etc/passwd"),
    "fifo": lambda n: Layer("pax").put(n, kind=FIFO),
    "device": lambda n: Layer("pax").put(n, kind=CHAR, rdev=(1, 3)),
    "hard link": lambda n: Layer("pax").put(b"a", b"1").link(n, b"a"),
    "whiteout": lambda n: Layer("pax").put(n.rpartition(b"/")[0] + b"/.wh." + n.rpartition(b"/")[2]),
    "opaque mark": lambda n: Layer("pax").put(n + b"/.wh..wh..opq"),
}
for _kind, _make in _entries.items():
    for _name in (b"../canary", b"../../canary", b"a/../../canary", b"./../canary", b"/../canary", b"a/./../../canary",
                  b"..//canary", b"../" * 40 + b"etc/passwd", b"/a/b/../../../../etc/passwd"):
        if _kind not in ("whiteout",) or b"/" in _name:
            bad("%s %s" % (_kind, _name[:40].decode()), _make(_name), why="leads out")
    bad("%s behind a/.." % _kind, _make(b"a/../canary"), why="leads out")
for _name in (b"..", b"../", b"/..", b"a/..", b"./.."):
    bad("directory called %s" % _name.decode(), Layer().dir(_name), why="leads out")
for _target in (b"../canary", b"../../../../etc/passwd", b"a/../../canary", b"/../etc/passwd", b"..", b"", b".", b"/"):
    bad("hard link to %s" % (_target or b"nothing").decode(), Layer().link(b"l", _target), why="entry 'l'")
for _target in (b"/etc/passwd", b"etc/passwd", b"/data/canary", b"/proc/self/exe", b"/tmp/canary", b"work/canary"):
    bad("hard link to the host's %s" % _target.decode(), Layer().link(b"l", _target), why="entry 'l'")

# --- symbolic links on the way ---

for _target in (b"..", b"../..", b"/", b"/etc", b"/tmp", b"b/../..", b"../../../../../../../../tmp", b"/b", b"/proc/self/root",
                b"/proc/1/cwd", b"a", b"b/f", b".wh.b"):
    for _kind, _make in _entries.items():
        if _kind in ("file", "directory", "hard link", "whiteout", "opaque mark", "symlink"):
            _layer = Layer("pax").dir(b"b").put(b"b/f", b"1").symlink(b"a", _target)
            _layer.raw(bytes(_make(b"a/canary").data))
            bad("%s through a link to %s" % (_kind, _target.decode()), _layer)
    bad("hard link whose target is through a link to %s" % _target.decode(), Layer().symlink(b"a", _target).link(b"l", b"a/passwd"))
    maybe("file through a link to %s in the layer below" % _target.decode(), Layer().symlink(b"a", _target),
          Layer().put(b"a/canary", b"overwritten").put(b"a/etc/passwd", b"x"))
    maybe("hard link through a link to %s in the layer below" % _target.decode(), Layer().symlink(b"a", _target),
          Layer().link(b"l", b"a/passwd"))
    maybe("whiteout through a link to %s in the layer below" % _target.decode(), Layer().symlink(b"a", _target),
          Layer().put(b"a/.wh.canary").put(b"a/.wh..wh..opq"))
bad("many links in a row", functools.reduce(lambda y, i: y.symlink(b"l%d" % i, b"l%d" % (i + 1)), range(50), Layer()).dir(b"l50").put(
    b"l0/x"))
bad("links that double", functools.reduce(lambda y, i: y.symlink(b"l%d" % i, b"l%d/l%d" % (i + 1, i + 1)), range(50), Layer()).put(b"l0/x"))
bad("link into the depth", Layer("pax").symlink(b"a", b"d/" * 300).put(b"a/x"))
bad("two links in a row", Layer().symlink(b"a", b"b").symlink(b"b", b"..").put(b"a/canary"))
bad("link deep down", Layer().dir(b"x/y").symlink(b"x/y/z", b"../../../..").put(b"x/y/z/tmp/canary"))
bad("hard link to a link, then a file through it", Layer().symlink(b"a", b"/etc").link(b"b", b"a").put(b"b/passwd"))
maybe("link replaced by a directory", Layer().symlink(b"a", b"/etc").dir(b"a").put(b"a/passwd", b"x"))
maybe("file through a hard link to a link", Layer().symlink(b"a", b"/etc/passwd").link(b"b", b"a").put(b"b", b"x"))
maybe("content for a link", Layer().symlink(b"a", b"/etc/passwd").put(b"a", b"overwritten"))
maybe("metadata for a link", Layer().symlink(b"a", b"/etc").dir(b"a", mode=0o777, uid=1))
bad("below a file", Layer().put(b"a", b"1").put(b"a/b", b"2"), why="entry 'a'")
bad("below a fifo", Layer().put(b"a", kind=FIFO).put(b"a/b"))
bad("below a device", Layer().put(b"a", kind=CHAR, rdev=(1, 3)).put(b"a/b"))
for _kind, _more in ((FILE, {}), (SYMLINK, {"target": b"/tmp"}), (FIFO, {}), (CHAR, {"rdev": (1, 3)}), (LINK, {"target": b"x"})):
    for _name in (b".", b"./", b"/", b"/.", b""):
        if _name or _kind != FILE:
            # A name with a slash behind it is a directory's, whatever the type says: old tar had no other way.
            (maybe if _kind == FILE and _name.endswith(b"/") else bad)("root %r of type %s" % (_name, _kind.decode()), Layer().raw(header(_name, _kind, link=_more.get("target", b""))).put(b"x"))

# --- whiteouts ---

for _name in (b".wh.", b".wh..", b".wh...", b"a/.wh.", b"a/.wh..", b"a/.wh...", b"a/.wh.../"):
    bad("whiteout %s" % _name.decode(), Layer().dir(b"a").put(_name), why="whiteout of nothing")
bad("below a whiteout", Layer().put(b"a/.wh.b/c"), why="below a whiteout")
bad("below an opaque mark", Layer().put(b"a/.wh..wh..opq/c"), why="below a whiteout")
bad("device 0:0", Layer().put(b"a", kind=CHAR, rdev=(0, 0)), why="whiteout")
maybe("block device 0:0", Layer().put(b"a", kind=BLOCKDEV, rdev=(0, 0)))
maybe("hard link to a whiteout", Layer().put(b"a/.wh.x").link(b"l", b"a/.wh.x"))
maybe("whiteout that is a link", Layer().raw(header(b".wh.x", SYMLINK, link=b"/etc/passwd")))
maybe("whiteout that is a hard link", Layer().put(b"a").raw(header(b".wh.x", LINK, link=b"a")))
maybe("opaque mark that is a link", Layer().dir(b"a").raw(header(b"a/.wh..wh..opq", SYMLINK, link=b"/")))

# --- hard links ---

bad("hard link to a directory", Layer().dir(b"d").link(b"l", b"d"))
bad("hard link to a directory below", Layer().dir(b"d"), Layer().link(b"l", b"d"))
bad("hard link to a removed file", Layer().put(b"a"), Layer().whiteout(b"a").link(b"l", b"a"))
bad("hard link to a file removed below", Layer().put(b"a"), Layer().whiteout(b"a"), Layer().link(b"l", b"a"))
bad("hard link into an opaque directory", Layer().put(b"d/a"), Layer().dir(b"d").opaque(b"d"), Layer().link(b"l", b"d/a"))
bad("hard link to a later file", Layer().link(b"l", b"a").put(b"a"))
bad("hard link to itself", Layer().link(b"a", b"a"))
bad("hard links in a circle", Layer().link(b"a", b"b").link(b"b", b"a"))
bad("hard link below a file", Layer().put(b"f"), Layer().put(b"x").link(b"l", b"f/x"))
bad("hard link to the layer above", Layer().link(b"l", b"a"), Layer().put(b"a"))

# --- numbers ---

for _label, _raw in (("2^62", base256(2 ** 62, 12)), ("2^63", b"\x80" + (2 ** 63).to_bytes(11, "big")), ("-1", base256(-1, 12)),
                     ("-512", base256(-512, 12)), ("all octal", b"777777777777"), ("2^95", b"\xbf" + b"\xff" * 11)):
    bad("size %s" % _label, header(b"a", size_raw=_raw, fmt="gnu") + END)
    bad("size %s of a directory entry's neighbour" % _label, Layer().put(b"x").bytes()[:-1024] + header(
        b"a", size_raw=_raw, fmt="gnu") + pad(b"x") + END)
for _label, _value in (("2^63-1", b"9223372036854775807"), ("2^64", b"18446744073709551616"), ("-1", b"-1"),
                       ("1e9", b"1e9"), ("hex", b"0x10"), ("empty", b""), ("100 digits", b"9" * 100), ("blank", b" 1")):
    (bad if _label in ("2^63-1", "100 digits") else maybe)("pax size %s" % _label, pax([(b"size", _value)]) + header(b"a", size=1) + pad(b"x") + END)
    maybe("pax uid %s" % _label, pax([(b"uid", _value)]) + header(b"a") + END)
    maybe("pax mtime %s" % _label, pax([(b"mtime", _value)]) + header(b"a") + END)
bad("content beyond the end", header(b"a", size=5000) + b"x" * 100)
bad("content cut off", Layer().put(b"a", b"x" * 5000).bytes()[:2000])
for _uid in (2 ** 32 - 1, 2 ** 32, 2 ** 40, -1):
    bad("uid %d" % _uid, Layer("gnu").put(b"a", uid=_uid), why="entry 'a'")
    bad("gid %d" % _uid, Layer("gnu").put(b"a", gid=_uid), why="entry 'a'")
maybe("size in octal with rubbish", header(b"a", size_raw=b"1x3") + pad(b"x") + END)
maybe("mode with rubbish", header(b"a", mode_raw=b"xyz") + END)
maybe("minus in octal", header(b"a", size_raw=b"-0000000001") + pad(b"x") + END)
maybe("device numbers of 2^40", Layer("gnu").put(b"n", kind=CHAR, rdev=(2 ** 40, 2 ** 40)))
maybe("device numbers of 2^31", Layer("gnu").put(b"n", kind=CHAR, rdev=(2 ** 31, 2 ** 31)))

# --- headers ---

bad("checksum of the first header", b"x" + header(b"a")[1:] + END)
bad("checksum of a later header", Layer().put(b"a", b"1").bytes()[:-1024] + b"x" + header(b"b")[1:] + END)
bad("no checksum", header(b"a")[:148] + bytes(8) + header(b"a")[156:] + END)
bad("random bytes", bytes((i * 7919 >> 3) & 255 for i in range(4096)))
bad("text", b"hello\n" * 500)
bad("three hundred bytes", b"x" * 300)
maybe("header cut off in its padding", header(b"a")[:400])
bad("second header cut off", Layer().put(b"a", b"1").bytes()[:-1024] + header(b"b")[:300])
maybe("name with no end", header(b"n" * 100) + END)
bad("no name at all", header(b"") + END)
for _kind in (b"A", b"D", b"M", b"V", b"X", b"Z", b"a", b"8", b"9", b"\xff", b"!"):
    maybe("type %r" % _kind, header(b"a", _kind, 3) + pad(b"abc") + header(b"b") + END)
for _kind in (b"L", b"K"):
    maybe("long %s alone" % _kind.decode(), gnu_long(_kind, b"n" * 200) + END)
    maybe("long %s of nothing" % _kind.decode(), header(b"././@LongLink", _kind, 0, fmt="gnu") + header(b"a") + END)
    bad("long %s of 64 MiB" % _kind.decode(), header(b"././@LongLink", _kind, 64 << 20, fmt="gnu") + b"n" * 4096 + END)
    bad("long %s of 2^60" % _kind.decode(), header(b"././@LongLink", _kind, 2 ** 60, fmt="gnu") + END)
    bad("long %s cut off" % _kind.decode(), header(b"././@LongLink", _kind, 5000, fmt="gnu") + b"n" * 100)
    bad("long %s that leads out" % _kind.decode(), gnu_long(_kind, b"../" * 50 + b"canary") + header(
        b"a", FILE if _kind == b"L" else LINK, link=b"b", fmt="gnu") + END)
bad("a thousand long names", gnu_long(b"L", b"n" * 200) * 1000 + header(b"a", fmt="gnu", kind=b"L", size=2 ** 40) + END)
maybe("long names in a chain", gnu_long(b"L", b"n" * 200) * 2000 + header(b"a", fmt="gnu") + END)
maybe("pax headers in a chain", pax([(b"comment", b"x")]) * 2000 + header(b"a") + END)
maybe("global headers in a chain", pax([(b"comment", b"x")], b"g") * 2000 + header(b"a") + END)

# --- pax headers ---


def pax_raw(data, kind=b"x", after=header(b"a")):
    return header(b"pax", kind, len(data)) + pad(data) + after + END


for _label, _data in {
        "without a newline": b"9 path=ab", "without equals": b"8 path\n\n", "length too long": b"99 path=ab\n",
        "length too short": b"5 path=ab\n", "length zero": b"0 path=ab\n", "length negative": b"-5 path=ab\n",
        "length huge": b"99999999999999999999 path=ab\n", "length 2^32": b"4294967306 path=a\n", "no length": b" path=ab\n",
        "length alone": b"10", "binary": bytes(range(1, 200)), "length with zeros": b"0000000000000000000000010 path=a\n",
        "nothing behind the blank": b"3 \n", "empty key": b"5 =a\n"}.items():
    maybe("pax %s" % _label, pax_raw(_data))
bad("pax of 64 MiB", header(b"pax", b"x", 64 << 20) + b"12 comment=x" * 100)
bad("pax of 2^60", header(b"pax", b"x", 2 ** 60) + END)
bad("pax cut off", header(b"pax", b"x", 5000) + b"x" * 100)
bad("pax size that disagrees", pax([(b"size", b"4611686018427387904")]) + header(b"a", size=1) + pad(b"x") + END)
for _value in (b"../canary", b"/../../etc/passwd", b"a/../../canary", b".."):
    bad("pax path %s" % _value.decode(), pax([(b"path", _value)]) + header(b"a") + END, why="leads out")
    bad("pax linkpath %s" % _value.decode(), pax([(b"linkpath", _value)]) + header(b"a", LINK, link=b"b") + END)
maybe("pax path with a NUL", pax([(b"path", b"a\0/../../canary")]) + header(b"../x") + END)
maybe("pax path with a NUL inside", pax([(b"path", b"a\0b")]) + header(b"x") + END)
bad("global pax path that leads out", pax([(b"path", b"../canary")], b"g") + header(b"../a") + END)
maybe("global pax path", pax([(b"path", b"x")], b"g") + header(b"a") + header(b"b") + END)
maybe("pax path empty", pax([(b"path", b"")]) + header(b"a") + END)
maybe("pax linkpath empty", pax([(b"linkpath", b"")]) + header(b"a", SYMLINK, link=b"x") + END)
maybe("pax at the end", Layer().put(b"a").bytes()[:-1024] + pax([(b"path", b"x")]) + END)
bad("name of 256 bytes", Layer("pax").put(b"n" * 256), why="name too long|File name too long")
bad("directory of 256 bytes", Layer("pax").put(b"n" * 256 + b"/x"))
bad("symlink of 5000", Layer("pax").symlink(b"s", b"t" * 5000))
bad("symlink to nothing", Layer().symlink(b"s", b""), why="link to nothing")
bad("300 directories deep", Layer("pax").put(b"d/" * 300 + b"x"), why="nested too deeply")
bad("path of 5000 bytes", Layer("pax").put(b"/".join([b"c" * 200] * 25) + b"/x"))
bad("path of 5000 bytes, step by step", (lambda y: [y.dir(b"/".join([b"c" * 200] * i)) for i in range(1, 26)][-1])(Layer("pax")))
bad("attribute of 1 MiB", Layer("pax").put(b"a", xattrs={b"user.x": b"v" * 1000000}))
bad("attribute name of 300 bytes", Layer("pax").put(b"a", xattrs={b"user." + b"n" * 300: b"v"}))
maybe("attribute without a name", Layer("pax").put(b"a", xattrs={b"": b"v"}))
maybe("attribute called user.", Layer("pax").put(b"a", xattrs={b"user.": b"v"}))
maybe("capability of nonsense", Layer("pax").put(b"a", xattrs={b"security.capability": b"nonsense"}))

# --- sparse files ---


def sparse10(table, size, realsize=None):
    data = pad(table) + b"x" * size
    return pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"f"),
                (b"GNU.sparse.realsize", b"%d" % (realsize if realsize is not None else 100000))]) + header(
        b"x", size=len(data)) + pad(data) + END


for _label, _map in {"overlapping": b"2\n0\n4096\n100\n4096\n", "backwards": b"2\n8192\n10\n0\n10\n", "negative": b"1\n-5\n10\n",
                     "huge count": b"99999999999\n0\n1\n", "count without pieces": b"5\n0\n1\n", "text": b"x\n", "empty": b"",
                     "no newline": b"1", "length beyond": b"1\n0\n99999999\n", "offset 2^63": b"1\n9223372036854775807\n10\n",
                     "offset and length past 2^63": b"1\n9223372036854775800\n4096\n"}.items():
    (bad if _label in ("overlapping", "backwards") else maybe)("sparse map %s" % _label, sparse10(_map, 8192))
bad("sparse of eight terabytes", sparse10(b"1\n%d\n1\n" % (2 ** 43 - 1), 1, 2 ** 43))
bad("sparse of 2^62", sparse10(b"1\n%d\n1\n" % (2 ** 62 - 1), 1, 2 ** 62))
bad("a hundred sparse terabytes", b"".join(odd.pax_sparse("0.1", b"f%d" % i, odd.segments(0), 2 ** 40) for i in range(100)) + END)
maybe("sparse, smaller than it is", sparse10(b"1\n0\n4096\n", 4096, 100))
maybe("sparse, size -1", sparse10(b"1\n0\n4096\n", 4096, -1))
maybe("sparse name that leads out", odd.pax_sparse("1.0", b"../canary", odd.segments(0), 8192) + END)
bad("sparse name leading out, no entry", odd.pax_sparse("0.1", b"../canary", odd.segments(0), 8192) + END, why="leads out")
_old = bytearray(odd.old_sparse(b"f", odd.segments(1), 8192))
for _label, _at, _raw in (("offset", 386, b"77777777777\0"), ("size", 398, b"77777777777\0"), ("real size", 483, b"77777777777\0"),
                          ("offset with rubbish", 386, b"xxxxxxxxxxx\0"), ("more headers", 482, b"\x01")):
    _new = bytearray(_old)
    _new[_at:_at + len(_raw)] = _raw
    maybe("old sparse, %s" % _label, seal(bytes(_new[:512])) + bytes(_new[512:]) + END)
for _have in (0, 512, 3584):
    bad("old sparse with %d bytes of 4096" % _have, seal(bytes(_old[:124]) + b"%011o\0" % _have + bytes(_old[136:512])) + bytes(
        _old[512:512 + _have]) + END)
bad("old sparse, pieces behind its end", seal(bytes(_old[:483]) + b"%011o\0" % 4096 + bytes(_old[495:512])) + bytes(_old[512:]) + END)
bad("old sparse headers without end", (lambda h: seal(bytes(h[:482] + b"\x01" + h[483:])))(header(b"f", b"S", 0, fmt="gnu")) + (
    bytes(504) + b"\x01" + bytes(7)) * 50)

# --- other formats, which nobody asked for ---

_cpio = b"070701" + b"%08x" * 13 % (1, 0o100644, 0, 0, 1, 0, 3, 0, 0, 0, 0, 2, 0) + b"a\0" + b"abc\0"
_crc = zlib.crc32(b"abc")
for _label, _data in {
        "cpio": _cpio * 20, "old cpio": struct.pack("<13H", 0o070707, 0, 1, 0o100644, 0, 0, 1, 0, 0, 0, 2, 0, 3) + b"a\0abc\0" * 100,
        "zip": b"PK\3\4\x14\0\0\0\0\0\0\0\0\0" + struct.pack("<IIIHH", _crc, 3, 3, 1, 0) + b"aabc" + bytes(600),
        "7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(600), "rar": b"Rar!\x1a\x07\0" + bytes(600), "rar5": b"Rar!\x1a\x07\1\0" + bytes(600),
        "iso": bytes(32768) + b"\1CD001\1" + bytes(2041), "xar": b"xar!\0\x1c\0\1" + bytes(600), "ar": b"!<arch>\n" + b"a/".ljust(60) + bytes(600),
        "mtree": b"#mtree\n./etc/passwd type=file contents=/etc/passwd\n" + b"\n" * 600, "warc": b"WARC/1.0\r\nWARC-Type: warcinfo\r\n" * 30,
        "lha": b"\x1e\0-lh0-" + bytes(600), "cab": b"MSCF" + bytes(600), "shell script": b"#!/bin/sh\ntouch /tmp/canary\n" * 30,
        "lrzip": b"LRZI" + bytes(600), "lzop": b"\x89LZO\0\r\n\x1a\n" + bytes(600), "grzip": b"GRZipII\0\2\4:)" + bytes(600),
        "uuencoded": b"begin 644 a\n#86)C\n`\nend\n" * 30, "compress": b"\x1f\x9d\x90" + bytes(600), "lzip": b"LZIP\1" + bytes(600),
        "rpm": b"\xed\xab\xee\xdb\3\0" + bytes(600), "elf": b"\x7fELF\2\1\1" + bytes(600), "json": b'{"layers": []}' * 50,
        "lz4": b"\x04\x22\x4d\x18" + bytes(600), "squashfs": b"hsqs" + bytes(600)}.items():
    if _label == "iso":
        maybe("layer is %s" % _label, _data)
    else:
        bad("layer is %s" % _label, _data)

# --- compression ---

TAR = Layer().put(b"a", bytes(range(256)) * 40).bytes()
_good = gzip.compress(TAR, mtime=0)


def broken(at, value, data=None):
    data = bytearray(data or _good)
    data[at] ^= value
    return bytes(data)


packed("crc", broken(-5, 1))
packed("length", broken(-1, 1))
packed("magic", broken(0, 1))
packed("method", broken(2, 1))
packed("reserved flags", broken(3, 0xe0))
packed("in the middle", broken(len(_good) // 2, 0x55))
packed("block type 3", _good[:10] + b"\x07" + _good[11:])
packed("cut off", _good[:-20])
packed("cut off in the trailer", _good[:-3])
packed("header alone", _good[:10])
packed("three bytes", _good[:3])
packed("garbage behind", _good + b"garbage")
packed("zeros and garbage behind", _good + bytes(64) + b"garbage")
packed("half a member behind", _good + _good[:15])
packed("a broken member behind", _good + broken(-5, 1))
packed("packed twice", gzip.compress(_good))
packed("stored length mismatch", _good[:10] + b"\x01\x05\x00\x00\x00hello" + _good[-8:])
packed("distance too far", _good[:10] + b"\x4b\x04\xf2\x00" + _good[-8:])
packed("name without an end", _good[:3] + b"\x08" + _good[4:10] + b"n" * 300)
packed("extra field too long", _good[:3] + b"\x04" + _good[4:10] + b"\xff\xff" + b"x" * 100)
packed("zstd of something else instead", b"\x28\xb5\x2f\xfd\x00\x58\x01\x00\x00")
packed("empty", b"")


def million():
    """A million names in six megabytes: quickly refused, as they would take a minute."""
    name, head = b"n" * 8, header(b"n" * 8)
    rest = sum(head[8:148]) + 8 * 32 + sum(head[156:])
    out = bytearray()
    for i in range(1000000):
        name = b"%08d" % i
        out += name + head[8:148] + b"%06o\0 " % (rest + sum(name)) + head[156:]
    return bytes(out) + END


def bomb(megabytes):
    """In many members, which are quick to make."""
    return gzip.compress(header(b"a", size=megabytes << 20), mtime=0) + gzip.compress(bytes(64 << 20), mtime=0) * (megabytes // 64)
