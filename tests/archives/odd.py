# SPDX-License-Identifier: Apache-2.0
"""Layers that are valid and that hardly any tool writes: name -> [Layer...], bottom layer first."""
import base64

from stream import (BLOCKDEV, CHAR, DIR, FIFO, FILE, SYMLINK, TIME, Layer, Node, base256, gnu_long, header, octal, pad,
                    pax, seal)

ODD = {}


def odd(name, *layers):
    assert name not in ODD, name
    ODD[name] = layers


# --- formats, names, numbers ---

def plain(fmt):
    return Layer(fmt).dir(b"d").put(b"d/f", b"hello").symlink(b"d/s", b"f").link(b"d/l", b"d/f").put(b"empty")


for _fmt in ("v7", "ustar", "gnu", "pax"):
    odd("format %s" % _fmt, plain(_fmt))
    for _n in (99, 100) + ((101, 150, 155, 200, 254, 255) if _fmt in ("gnu", "pax") else ()):
        odd("%s name of %d bytes" % (_fmt, _n), Layer(_fmt).put(b"n" * _n, b"x"))
        odd("%s link of %d bytes" % (_fmt, _n), Layer(_fmt).symlink(b"s", b"t" * _n))
    odd("%s device nodes" % _fmt, Layer(_fmt).put(b"null", kind=CHAR, rdev=(1, 3), mode=0o666).put(
        b"disk", kind=BLOCKDEV, rdev=(7, 300 if _fmt != "v7" else 5)).put(b"pipe", kind=FIFO, mode=0o600)
        if _fmt != "v7" else Layer("v7").put(b"pipe", kind=FIFO))
    odd("%s mode bits" % _fmt, Layer(_fmt).put(b"u", mode=0o4755).put(b"g", mode=0o2711).put(b"t", mode=0o1644).put(
        b"none", mode=0).dir(b"D", mode=0o3777).dir(b"C", mode=0o6000).put(b"all", mode=0o7777))
    odd("%s owners" % _fmt, Layer(_fmt).put(b"a", uid=2 ** 21 - 1, gid=1).put(b"b", uid=65534, gid=65534).put(
        b"s", kind=SYMLINK, target=b"x", uid=5, gid=6).dir(b"d", uid=7, gid=8))
for _n in (120, 200, 255):
    odd("ustar prefix, %d bytes" % _n, Layer("ustar").put(b"p" * (_n - 101) + b"/" + b"n" * 100, b"x"))
odd("255 bytes deep down", Layer("pax").put(b"/".join([b"c" * 255] * 8) + b"/x", b"1"))
odd("200 directories deep", Layer("pax").put(b"d/" * 200 + b"x", b"1"))
odd("long symlink 4000", Layer("pax").symlink(b"s", b"t/" * 2000))
odd("gnu long name and link", Layer("gnu").put(b"a/" * 60 + b"f", b"x").link(b"b/" * 60 + b"l", b"a/" * 60 + b"f"))
odd("gnu long symlink", Layer("gnu").symlink(b"s", b"t/" * 150 + b"t"))
odd("gnu K before L", Layer().raw(gnu_long(b"K", b"t" * 120) + gnu_long(b"L", b"l" * 120) + header(
    b"x", SYMLINK, link=b"y", fmt="gnu")).note("put", b"l" * 120, Node("symlink", 0o777, target=b"t" * 120)))
odd("gnu long name without its NUL", Layer().raw(header(b"././@LongLink", b"L", 120, fmt="gnu") + pad(
    b"n" * 120) + header(b"x", fmt="gnu")).note("put", b"n" * 120, Node("file")))
for _uid in (2 ** 21, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2):
    odd("gnu uid %d" % _uid, Layer("gnu").put(b"a", uid=_uid, gid=_uid))
    odd("pax uid %d" % _uid, Layer("pax").put(b"a", records=[(b"uid", b"%d" % _uid), (b"gid", b"%d" % _uid)],
                                              note=False).note("put", b"a", Node("file", uid=_uid, gid=_uid)))
for _time in (0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 33 - 1):
    odd("octal mtime %d" % _time, Layer("ustar").put(b"a", mtime=_time).dir(b"d", mtime=_time))
for _time in (-1, -2 ** 31, 2 ** 33, 2 ** 34):
    odd("base-256 mtime %d" % _time, Layer("gnu").put(b"a", mtime=_time).dir(b"d", mtime=_time).symlink(
        b"s", b"x", mtime=_time))
for _text, _nano in ((b"1.5", 1500000000), (b"0.000000001", 1), (b"1234567890.123456789", 1234567890123456789),
                     (b"7", 7000000000), (b"5.1234567899999", 5123456789), (b"5.", 5000000000),
                     (b"9.100", 9100000000), (b"-1.5", -1500000000), (b"-3.999999999", -3999999999)):
    odd("pax mtime %s" % _text.decode(), Layer("pax").put(b"a", records=[(b"mtime", _text)], note=False).note(
        "put", b"a", Node("file", mtime=_nano)))
odd("pax mtime before 1970", Layer("pax").put(b"a", records=[(b"mtime", b"-86400")], note=False).note(
    "put", b"a", Node("file", mtime=-86400 * 10 ** 9)))
odd("numbers with blanks", Layer().raw(header(
    b"a", size=1, mode_raw=b" 644 \0\0\0", uid_raw=b"     5 \0", gid_raw=b"000006 \0", size_raw=b"          1 ",
    mtime_raw=b"7346545000  ") + pad(b"x")).note("put", b"a", Node("file", uid=5, gid=6, data=b"x")))
odd("numbers without an end", Layer().raw(header(
    b"a", size=1, mode_raw=b"00000644", uid_raw=b"00000005", size_raw=b"000000000001", mtime_raw=b"007346545000") + pad(
    b"x")).note("put", b"a", Node("file", uid=5, data=b"x")))
odd("mode with the file's type", Layer().raw(header(b"a", mode_raw=b"100755 \0")).note("put", b"a", Node("file", 0o755)))
odd("empty number fields", Layer().raw(header(b"a", uid_raw=b"", gid_raw=b"", mtime_raw=b"")).note(
    "put", b"a", Node("file", mtime=0)))
odd("base-256 size", Layer().raw(header(b"a", size_raw=base256(3, 12), fmt="gnu") + pad(b"abc")).note(
    "put", b"a", Node("file", data=b"abc")))
odd("base-256 device", Layer("gnu").put(b"n", kind=CHAR, rdev=(1, 1000)).put(b"m", kind=BLOCKDEV, rdev=(259, 70000)))
odd("signed checksum", Layer().raw((lambda h: h[:148] + b"%06o\0 " % (
    sum(x - 256 if x > 127 else x for x in h[:148] + h[156:]) + 256) + h[156:])(header(b"\xc3\xa9"))).note(
    "put", b"\xc3\xa9", Node("file")))
odd("old type of a file", Layer().raw(header(b"f", b"\0", 1) + pad(b"x") + header(b"g", b"7", 1) + pad(b"y")).note(
    "put", b"f", Node("file", data=b"x")).note("put", b"g", Node("file", data=b"y")))
odd("old directory by its slash", Layer().raw(header(b"d/", b"\0", mode=0o750, fmt="v7")).note(
    "put", b"d", Node("dir", 0o750)))
odd("directory with a size", Layer().raw(header(b"d/", DIR, 12345, mode=0o755)).note("put", b"d", Node("dir", 0o755)).put(
    b"d/x", b"1"))
odd("symlink with a size", Layer().raw(header(b"s", SYMLINK, 4, link=b"here")).note(
    "put", b"s", Node("symlink", 0o777, target=b"here")).put(b"x", b"1"))
odd("fifo with a size", Layer().raw(header(b"p", FIFO, 4)).note("put", b"p", Node("fifo")).put(b"x", b"1"))

for _label, _names in {
        "utf-8": [b"caf\xc3\xa9", b"cafe\xcc\x81", b"\xf0\x9f\x8f\xa0", b"\xe2\x80\xae"],
        "latin-1": [b"caf\xe9", b"\xff\xfe", b"\x80"],
        "half a character": [b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"],
        "control characters": [b"a\nb", b"\t", b"\x1b[31m", b"\x7f", b"\r", b"\x01"],
        "quotes and blanks": [b" ", b" a", b"a ", b"'", b'"', b"\\", b"\\n", b"a\\/b", b"$(x)", b"*"],
        "punctuation": [b"-", b"--help", b":", b"a:b", b",", b"=", b"#", b"%", b"@", b"~", b"!", b"..."],
        "dots": [b"..a", b"a..", b"...", b".a", b".wh", b".wha", b"wh.", b"..data/x"],
}.items():
    for _fmt in ("ustar", "gnu", "pax"):
        _layer = Layer(_fmt)
        for _name in _names:
            _layer.put(_name, b"content")
        odd("%s names, %s" % (_label, _fmt), _layer)
odd("latin-1 link", Layer("pax").put(b"\xff", b"1").link(b"l\xe9", b"\xff").symlink(b"s", b"\xe9" * 120))
odd("pax hdrcharset=BINARY", Layer().raw(pax([(b"hdrcharset", b"BINARY"), (b"path", b"\xff\xfe" * 60)]) + header(b"x")).note(
    "put", b"\xff\xfe" * 60, Node("file")))
for _prefix in (b"./", b"/", b"//", b"././", b"/./", b".//"):
    odd("names with %s in front" % _prefix.decode(), Layer().dir(_prefix + b"d/").put(_prefix + b"d/f", b"x").link(
        _prefix + b"d/l", _prefix + b"d/f").symlink(_prefix + b"s", b"/d/f").whiteout(_prefix + b"no"))
for _root in (b".", b"./", b"/", b"/.", b"./.", b"//"):
    odd("root called %s" % _root.decode(), Layer().dir(_root, mode=0o711).put(b"f", b"x"))
odd("slashes inside and behind", Layer().dir(b"d//").put(b"d/./f", b"x").put(b"d///g", b"y").dir(b"e/./").symlink(
    b"d/s", b"f/"))

# --- pax ---

odd("pax global comment", Layer().raw(pax([(b"comment", b"0" * 40)], b"g")).put(b"a", b"x"))
odd("pax global between", Layer().put(b"a", b"x").raw(pax([(b"comment", b"x")], b"g")).put(b"b", b"y"))
odd("pax unknown keys", Layer("pax").put(b"a", b"x", records=[
    (b"VENDOR.key", b"v"), (b"comment", b"c"), (b"atime", b"1.5"), (b"ctime", b"2.5"), (b"LIBARCHIVE.creationtime", b"3"),
    (b"uname", b"nobody"), (b"gname", b"nogroup"), (b"SCHILY.dev", b"5"), (b"SCHILY.ino", b"6"), (b"SCHILY.nlink", b"1")]))
odd("pax record of 900 KiB", Layer("pax").put(b"a", b"x", records=[(b"comment", b"c" * 900000)]))
odd("pax 2000 records", Layer("pax").put(b"a", b"x", records=[(b"VENDOR.k%d" % i, b"v" * 50) for i in range(2000)]))
odd("pax size", Layer("pax").put(b"a", b"12345", records=[(b"size", b"5")]))
odd("pax size where the header has none", Layer().raw(pax([(b"size", b"5")]) + header(b"a", size=0) + pad(
    b"12345")).note("put", b"a", Node("file", data=b"12345")))
odd("pax path twice", Layer().raw(pax([(b"path", b"first"), (b"path", b"second")]) + header(b"x")).note(
    "put", b"second", Node("file")))
odd("pax mode bits stay", Layer("pax").put(b"n" * 120, mode=0o4755))
odd("pax attributes", Layer("pax").put(b"a", b"x", xattrs={
    b"user.text": b"value", b"user.nul": b"a\0b", b"user.lines": b"a\nb\n", b"user.empty": b"",
    b"user.big": b"v" * 3000}).dir(b"d", xattrs={b"user.on.dir": b"1"}))
odd("file capabilities", Layer("pax").put(b"a", b"x", mode=0o755, uid=3, xattrs={
    b"security.capability": bytes.fromhex("0100000200200000000000000000000000000000")}))
odd("attributes that are dropped", Layer("pax").put(b"a", b"x", records=[
    (b"SCHILY.xattr.trusted.overlay.opaque", b"y"), (b"SCHILY.xattr.user.overlay.redirect", b"/etc"),
    (b"SCHILY.xattr.trusted.overlay.metacopy", b""), (b"SCHILY.xattr.security.selinux", b"system_u:object_r:x:s0"),
    (b"SCHILY.xattr.security.ima", b"x"), (b"SCHILY.xattr.trusted.x", b"x"),
    (b"SCHILY.xattr.system.posix_acl_access", b"x")]))
odd("libarchive attributes", Layer("pax").put(b"a", b"x", records=[
    (b"LIBARCHIVE.xattr.user.text", base64.b64encode(b"value").rstrip(b"="))], note=False).note(
    "put", b"a", Node("file", data=b"x", xattrs={b"user.text": b"value"})))

# --- sparse files ---


def segments(*at):
    return [(i * 4096, b"%04d" % i * 1024) for i in at]


def old_sparse(name, chunks, size, maps=4):
    """GNU type S: four pieces in the header, 21 in each block after it."""
    pieces = [(o, len(d)) for o, d in chunks]
    if not pieces or pieces[-1][0] + pieces[-1][1] < size:
        pieces.append((size, 0))
    stored = b"".join(d for _, d in chunks)
    fields = b"".join(octal(o, 12) + octal(n, 12) for o, n in pieces[:4]).ljust(96, b"\0")
    head = bytearray(header(name, b"S", len(stored), fmt="gnu"))
    head[386:386 + 96] = fields
    head[482] = len(pieces) > 4
    head[483:495] = octal(size, 12)
    out, rest = seal(bytes(head)), pieces[4:]
    while rest:
        block = b"".join(octal(o, 12) + octal(n, 12) for o, n in rest[:21]).ljust(504, b"\0")
        rest = rest[21:]
        out += block + bytes([bool(rest)]) + bytes(7)
    return out + pad(stored)


def pax_sparse(version, name, chunks, size):
    pieces = [(o, len(d)) for o, d in chunks]
    if not pieces or pieces[-1][0] + pieces[-1][1] < size:
        pieces.append((size, 0))
    stored = b"".join(d for _, d in chunks)
    if version == "1.0":
        table = pad(b"%d\n" % len(pieces) + b"".join(b"%d\n%d\n" % p for p in pieces))
        records = [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", name),
                   (b"GNU.sparse.realsize", b"%d" % size)]
        return pax(records) + header(b"GNUSparseFile.0/x", size=len(table + stored)) + pad(table + stored)
    records = [(b"GNU.sparse.size", b"%d" % size), (b"GNU.sparse.numblocks", b"%d" % len(pieces))]
    if version == "0.1":
        records += [(b"GNU.sparse.name", name),
                    (b"GNU.sparse.map", b",".join(b"%d,%d" % p for p in pieces))]
        return pax(records) + header(b"GNUSparseFile.0/x", size=len(stored)) + pad(stored)
    for offset, length in pieces:
        records += [(b"GNU.sparse.offset", b"%d" % offset), (b"GNU.sparse.numbytes", b"%d" % length)]
    return pax(records) + header(name, size=len(stored)) + pad(stored)


SPARSE = {
    "hole in front": (segments(3), 4 * 4096),
    "hole behind": (segments(0), 9 * 4096),
    "hole in between": (segments(0, 7), 8 * 4096),
    "hole alone": ([], 100000),
    "no hole": (segments(0, 1), 2 * 4096),
    "many pieces": (segments(*range(0, 100, 2)), 100 * 4096),
    "terabyte": (segments(5) + [(2 ** 40 - 4096, b"last" * 1024)], 2 ** 40),
}
for _label, (_chunks, _size) in SPARSE.items():
    if _label == "terabyte":
        _size = 2 ** 32 + 4096
        _chunks = segments(5) + [(2 ** 32, b"last" * 1024)]
        _label = "five gigabytes"
    for _version in ("old", "0.0", "0.1", "1.0"):
        _data = old_sparse(b"f", _chunks, _size) if _version == "old" else pax_sparse(_version, b"f", _chunks, _size)
        odd("sparse %s: %s" % (_version, _label), Layer().raw(_data).note(
            "put", b"f", Node("file", chunks=_chunks or [(0, b"")], size=_size)).put(b"after", b"x"))

# --- ends ---


def ended(end, layer=None):
    layer = layer or Layer().put(b"a", b"x")
    layer.end = end
    return layer


odd("no end blocks", ended(b""))
odd("one end block", ended(bytes(512)))
odd("no end, no padding", (lambda y: (y.data.__delitem__(slice(513, None)), ended(b"", y))[1])(Layer().put(b"a", b"x")))
odd("twenty end blocks", ended(bytes(10240)))
odd("garbage behind the end", ended(bytes(1024) + b"garbage" * 300))
odd("another archive behind the end", ended(bytes(1024) + Layer().put(b"b", b"y").bytes()))
odd("empty stream", ended(b"", Layer()))
odd("end blocks alone", Layer())
odd("one end block alone", ended(bytes(512), Layer()))

# --- whiteouts ---

_base = lambda: Layer().dir(b"d").put(b"d/x", b"1").dir(b"d/sub").put(b"d/sub/y", b"2").put(b"f", b"3").symlink(  # noqa: E731
    b"s", b"d")
odd("whiteout of a file", _base(), Layer().whiteout(b"f"))
odd("whiteout of a directory", _base(), Layer().whiteout(b"d"))
odd("whiteout of a symlink", _base(), Layer().whiteout(b"s"))
odd("whiteout below an implied directory", _base(), Layer().whiteout(b"d/sub/y"))
odd("whiteout of what is not there", _base(), Layer().whiteout(b"nothing").whiteout(b"d/nothing"))
odd("whiteout in a new directory", _base(), Layer().dir(b"n").whiteout(b"n/x"))
odd("whiteout before its file", _base(), Layer().whiteout(b"f").put(b"f", b"new"))
odd("whiteout after its file", _base(), Layer().put(b"f", b"new").whiteout(b"f"))
odd("whiteout before its directory", _base(), Layer().whiteout(b"d").dir(b"d", mode=0o700).put(b"d/n", b"new"))
odd("whiteout after its directory", _base(), Layer().dir(b"d", mode=0o700).put(b"d/n", b"new").whiteout(b"d"))
odd("whiteout of a directory that is implied", _base(), Layer().whiteout(b"d").put(b"d/n", b"new"))
odd("whiteout of a directory that was implied", _base(), Layer().put(b"d/n", b"new").whiteout(b"d"))
odd("whiteout of an inner directory made anew", _base(), Layer().whiteout(b"d/sub").dir(b"d/sub").put(b"d/sub/z", b"z"))
odd("whiteout twice", _base(), Layer().whiteout(b"f").whiteout(b"f"))
odd("whiteout in the first layer", Layer().whiteout(b"f").put(b"g", b"1"))
odd("whiteout, then back", _base(), Layer().whiteout(b"f"), Layer().put(b"f", b"back"))
odd("whiteout of a directory, then back", _base(), Layer().whiteout(b"d"), Layer().dir(b"d").put(b"d/n", b"n"))
odd("whiteout, then implied again", _base(), Layer().whiteout(b"d"), Layer().put(b"d/n", b"n"))
odd("whiteout of a name that begins with a dot", Layer().put(b".hidden").put(b"..x"), Layer().whiteout(b".hidden").whiteout(
    b"..x"))
odd("whiteout of a name of 251 bytes", Layer("pax").put(b"n" * 251), Layer("pax").whiteout(b"n" * 251))
odd("whiteout of a non-UTF-8 name", Layer().put(b"\xff\xfe"), Layer().whiteout(b"\xff\xfe"))
odd("whiteout with content", _base(), Layer().put(b".wh.f", b"content"))
odd("whiteout with an owner and a mode", _base(), Layer().put(b".wh.f", mode=0, uid=5, mtime=5))
odd("whiteout as a directory", _base(), Layer().raw(header(b".wh.f/", DIR, mode=0o755)).note("whiteout", b"f"))
odd("opaque", _base(), Layer().dir(b"d").opaque(b"d"))
odd("opaque and files", _base(), Layer().dir(b"d").opaque(b"d").put(b"d/n", b"n"))
odd("files and opaque", _base(), Layer().dir(b"d").put(b"d/n", b"n").opaque(b"d"))
odd("opaque of an implied directory", _base(), Layer().opaque(b"d").put(b"d/x", b"new"))
odd("opaque before its directory", _base(), Layer().opaque(b"d").dir(b"d", mode=0o711, mtime=5))
odd("opaque, then carried files of the same name", _base(), Layer().dir(b"d").opaque(b"d").dir(b"d/sub").put(b"d/x", b"n"))
odd("opaque inner directory", _base(), Layer().dir(b"d").dir(b"d/sub").opaque(b"d/sub"))
odd("opaque outer, files inner", _base(), Layer().opaque(b"d").put(b"d/sub/n", b"n"))
odd("opaque over a file", _base(), Layer().dir(b"f").opaque(b"f").put(b"f/x", b"x"))
odd("opaque over a symlink", _base(), Layer().dir(b"s").opaque(b"s"))
odd("opaque root", _base(), Layer().opaque(b"").put(b"n", b"n"))
odd("opaque root in the middle", _base(), Layer().opaque(b"").dir(b"d").put(b"d/n", b"n"), Layer().put(b"d/m", b"m"))
odd("opaque and whiteout", _base(), Layer().dir(b"d").opaque(b"d").whiteout(b"d/x").put(b"d/n", b"n"))
odd("opaque, and more above", _base(), Layer().dir(b"d").opaque(b"d"), Layer().dir(b"d").put(b"d/x", b"top"))
odd("opaque, implied above", _base(), Layer().dir(b"d", mode=0o700).opaque(b"d"), Layer().put(b"d/x", b"top"))
odd("aufs leftovers", _base(), Layer().raw(
    header(b".wh..wh.plnk/", DIR, mode=0o700) + header(b".wh..wh.plnk/1.2") + header(b".wh..wh.aufs") + header(
        b".wh..wh.orph/", DIR)).put(b"n"))

# --- layers over layers ---

_kinds = {"file": lambda y, n: y.put(n, b"file"), "dir": lambda y, n: y.dir(n).put(n + b"/x", b"in"),
          "empty dir": lambda y, n: y.dir(n, mode=0o711), "symlink": lambda y, n: y.symlink(n, b"target"),
          "symlink to a directory": lambda y, n: y.dir(b"real").put(b"real/r", b"r").symlink(n, b"real"),
          "fifo": lambda y, n: y.put(n, kind=FIFO), "device": lambda y, n: y.put(n, kind=CHAR, rdev=(1, 3))}
for _from in _kinds:
    for _to in _kinds:
        odd("%s over %s" % (_to, _from), _kinds[_from](Layer(), b"e"), _kinds[_to](Layer(), b"e"))
        odd("%s over %s in one layer" % (_to, _from), _kinds[_to](_kinds[_from](Layer(), b"e"), b"e"))
for _from in ("file", "symlink", "symlink to a directory", "fifo"):
    odd("implied directory over %s" % _from, _kinds[_from](Layer(), b"e"), Layer().put(b"e/new", b"n"))
odd("file in a set-group-ID directory", Layer().dir(b"d", mode=0o2755, gid=7).put(b"d/a", b"x").dir(b"d/e").put(b"d/e/f"))
odd("metadata alone", Layer().dir(b"d").put(b"d/x", b"1"), Layer().dir(b"d", mode=0o1777, uid=5, gid=6, mtime=7))
odd("metadata of the root", Layer().dir(b"./", mode=0o700, uid=5).put(b"a"), Layer().put(b"b"))
odd("metadata of the root, above", Layer().dir(b"./", mode=0o700).put(b"a"), Layer().dir(b"./", mode=0o711, gid=9))
odd("implied directories keep what is below", Layer().dir(b"a", mode=0o711, uid=1, mtime=1).dir(
    b"a/b", mode=0o1777, gid=2, mtime=2, xattrs=None), Layer().put(b"a/b/c/d", b"1"))
odd("implied directories through three layers", Layer().dir(b"a", mode=0o711, mtime=1), Layer().put(b"a/x"),
    Layer().put(b"a/y"), Layer().dir(b"a", mode=0o700, mtime=2), Layer().put(b"a/z"))
odd("implied then carried", Layer().put(b"d/f", b"1").dir(b"d", mode=0o700, mtime=5))
odd("carried after its children", Layer().put(b"a/b/c", b"1").dir(b"a/b", mode=0o711, mtime=2).dir(b"a", mode=0o700, mtime=1))
odd("the same layer four times", *[Layer().put(b"a", b"1")] * 4)
odd("the same layer around another", Layer().put(b"a", b"1"), Layer().put(b"a", b"2").put(b"b"), Layer().put(b"a", b"1"))
odd("empty layers in between", Layer(), Layer().put(b"a", b"1"), Layer(), Layer().put(b"b", b"2"), Layer())
odd("empty layers alone", Layer(), Layer())
odd("the same whiteout twice", _base(), Layer().whiteout(b"f"), Layer().put(b"f", b"x"), Layer().whiteout(b"f"))
odd("thirty layers", *[Layer().put(b"l%d" % i, b"%d" % i).put(b"top", b"%d" % i) for i in range(30)])
odd("no layers")

# --- hard links ---

odd("links", Layer().put(b"a", b"1", mode=0o4755, uid=3).link(b"b", b"a").link(b"c", b"b").link(b"d/e", b"/c"))
odd("two hundred links", (lambda y: [y.link(b"l%d" % i, b"a") for i in range(200)][-1])(Layer().put(b"a", b"1")))


def beyond(layer, real, name, data=b"x", **more):
    """A file whose name leads through links to another."""
    layer.put(name, data, note=False, **more)
    return layer.noted(real, data, FILE, 0o644, 0, 0, TIME, b"", (0, 0), None)


_merged = lambda: Layer().symlink(b"lib", b"usr/lib").dir(b"usr").dir(b"usr/lib", mode=0o711)  # noqa: E731
odd("symlinked directory, file in it", beyond(_merged(), b"usr/lib/x", b"lib/x"))
odd("symlinked directory, directories in it", beyond(_merged().dir(b"lib/d", note=False, mode=0o700, mtime=7).noted(
    b"usr/lib/d", b"", DIR, 0o700, 0, 0, 7, b"", (0, 0), None), b"usr/lib/d/e/f", b"lib/d/e/f"))
odd("symlinked directory that comes later", beyond(Layer().symlink(b"lib", b"usr/./lib/"), b"usr/lib/x", b"lib/x").dir(b"usr/lib", mtime=9))
odd("symlinked directory with .. in it", beyond(Layer().dir(b"a/b").dir(b"c").symlink(b"a/b/s", b"../../c"), b"c/x", b"a/b/s/x"))
odd("symlinks in a row to a directory", beyond(Layer().dir(b"d").symlink(b"a", b"b").symlink(b"b", b"./c").symlink(b"c", b"d"), b"d/x", b"a/x"))
odd("symlinked directory, whiteout in it", Layer().dir(b"d").put(b"d/x", b"1").put(b"d/y", b"2"),
    Layer().dir(b"d").symlink(b"s", b"d").put(b"s/.wh.x", note=False).note("whiteout", b"d/x"))
odd("link to a symlink", Layer().symlink(b"s", b"nothing").link(b"l", b"s"))
odd("link to a symlink to a directory", Layer().dir(b"d").symlink(b"s", b"d").link(b"l", b"s"))
odd("link to a fifo and a device", Layer().put(b"p", kind=FIFO).put(b"n", kind=CHAR, rdev=(1, 3)).link(b"q", b"p").link(
    b"m", b"n"))
odd("link to a file that is replaced", Layer().put(b"a", b"1").link(b"b", b"a").put(b"a", b"2"))
odd("link that is replaced", Layer().put(b"a", b"1").link(b"b", b"a").put(b"b", b"2"))
odd("link in place of a file", Layer().put(b"a", b"1").put(b"b", b"2").link(b"b", b"a"))
odd("link in place of a directory", Layer().put(b"a", b"1").dir(b"b").put(b"b/x").link(b"b", b"a"))
odd("link with other metadata", Layer().put(b"a", b"1").link(b"b", b"a", mode=0o777, uid=9, mtime=9))
odd("link to an attribute's file", Layer("pax").put(b"a", b"1", xattrs={b"user.x": b"1"}).link(b"b", b"a"))
odd("link into an implied directory", Layer().put(b"a", b"1").link(b"d/b", b"a"))
odd("link to itself", Layer().put(b"a", b"1").link(b"a", b"./a"))
odd("links replaced in the layer above", Layer().put(b"a", b"1").link(b"b", b"a"), Layer().put(b"a", b"2"))
odd("links removed in the layer above", Layer().put(b"a", b"1").link(b"b", b"a"), Layer().whiteout(b"a"))
_low = lambda: Layer("pax").dir(b"d", mode=0o711, mtime=5).put(b"d/a", b"low" * 3000, mode=0o4751, uid=3, gid=4, mtime=6, xattrs={  # noqa: E731
    b"user.x": b"1"}).symlink(b"d/s", b"a").put(b"d/p", kind=FIFO).put(b"d/n", kind=CHAR, rdev=(1, 3)).put(b"z", b"z")
odd("link across layers", _low(), Layer().link(b"l", b"d/a"))
odd("link across layers beside its file", _low(), Layer().link(b"d/l", b"d/a"))
odd("link across layers to the root", _low(), Layer().link(b"l", b"/z"))
odd("link across three layers", _low(), Layer().put(b"x"), Layer().link(b"l", b"d/a"))
odd("links across layers from two layers", _low(), Layer().link(b"l", b"d/a"), Layer().link(b"m", b"d/a"))
odd("links across layers to a link across layers", _low(), Layer().link(b"l", b"d/a"), Layer().link(b"m", b"l"))
odd("links across layers to one of several names", Layer().put(b"a", b"1").link(b"b", b"a").link(b"d/c", b"a"),
    Layer().link(b"l", b"d/c").link(b"m", b"b").put(b"x", b"2").link(b"y", b"x"))
odd("links across layers, some names gone", Layer().put(b"a", b"1").link(b"b", b"a").link(b"c", b"a").link(b"e", b"a"),
    Layer().whiteout(b"b").put(b"e", b"2"), Layer().link(b"l", b"c"))
odd("links across layers, some names hidden at once", Layer().put(b"a", b"1").link(b"b", b"a").link(b"d/c", b"a"),
    Layer().link(b"l", b"a").whiteout(b"b").dir(b"d").opaque(b"d"))
odd("many links across layers", _low(), Layer().link(b"l", b"d/a").link(b"m", b"d/a").link(b"n", b"m").link(b"o/p", b"./n"))
odd("link across layers to a symlink", _low(), Layer().link(b"l", b"d/s"))
odd("link across layers to a fifo", _low(), Layer().link(b"l", b"d/p"))
odd("link across layers to a device", _low(), Layer().link(b"l", b"d/n"))
odd("link across layers, file replaced after", _low(), Layer().link(b"l", b"d/a").put(b"d/a", b"new"))
odd("link across layers, file removed after", _low(), Layer().link(b"l", b"d/a").whiteout(b"d/a"))
odd("link across layers, directory removed after", _low(), Layer().link(b"l", b"d/a").whiteout(b"d"))
odd("link across layers, itself replaced", _low(), Layer().link(b"l", b"d/a").put(b"l", b"new"))
odd("link across layers in place of a file", _low(), Layer().put(b"l", b"new").link(b"l", b"d/a"))
odd("link across layers in place of a file below", _low(), Layer().link(b"z", b"d/a"))
odd("link across layers to itself", _low(), Layer().link(b"d/a", b"d/a"))
odd("link across layers, carried directory", _low(), Layer().dir(b"d", mode=0o700, mtime=9).link(b"d/l", b"d/a"))
odd("link across layers into a carried directory", _low(), Layer().dir(b"e", mode=0o700, mtime=9).link(b"e/l", b"d/a"))
odd("link across layers, replaced above", _low(), Layer().link(b"l", b"d/a"), Layer().put(b"d/a", b"top"))
odd("link across layers to a replaced file", _low(), Layer().put(b"d/a", b"middle"), Layer().link(b"l", b"d/a"))
odd("link across layers to a sparse file", Layer().raw(pax_sparse("1.0", b"f", segments(2), 2 ** 31)).note(
    "put", b"f", Node("file", chunks=segments(2), size=2 ** 31)), Layer().link(b"l", b"f"))
odd("hard link and a link across layers", _low(), Layer().put(b"x", b"1").link(b"y", b"x").link(b"l", b"d/a"))

# --- twice the same name ---

odd("file twice", Layer().put(b"a", b"1", mode=0o4755).put(b"a", b"22", mode=0o600))
odd("longer, then shorter", Layer().put(b"a", b"1" * 5000).put(b"a", b"2"))
odd("directory twice", Layer().dir(b"d", mode=0o700, mtime=1).put(b"d/x").dir(b"d", mode=0o755, mtime=2))
odd("directory twice, other owners", Layer().dir(b"d", uid=5, gid=6).put(b"d/x").dir(b"d").dir(b"e").dir(b"e", uid=7, gid=8))
odd("directory and its contents replaced", Layer().dir(b"d").put(b"d/x").put(b"d", b"f").dir(b"d").put(b"d/y"))
odd("symlink twice", Layer().symlink(b"s", b"1").symlink(b"s", b"2"))
odd("two names for one place", Layer().put(b"a", b"1").put(b"./a", b"2").put(b"/a", b"3"))
