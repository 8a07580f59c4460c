# SPDX-License-Identifier: Apache-2.0
"""Tar streams byte by byte, well-formed or not, and what a layer made of them should become.

A Layer collects entries. put() writes one the way the chosen format does it and
notes what a correct reader makes of it; raw() and note() do one of the two.
"""
import hashlib
import struct

TIME = 1000000000
BLOCK = 512
FILE, LINK, SYMLINK, CHAR, BLOCKDEV, DIR, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
KINDS = {FILE: "file", SYMLINK: "symlink", CHAR: "char", BLOCKDEV: "block", DIR: "dir", FIFO: "fifo"}


def pad(data):
    return data + bytes(-len(data) % BLOCK)


def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def base256(value, width):
    data = (value & ((1 << (8 * width - 1)) - 1) | 1 << (8 * width - 1)) if value >= 0 else value + (1 << 8 * width)
    return data.to_bytes(width, "big")


def number(value, width):
    return octal(value, width) if 0 <= value < 8 ** (width - 1) else base256(value, width)


def checksum(head):
    return sum(head[:148]) + 8 * 32 + sum(head[156:])


def seal(head):
    return head[:148] + b"%06o\0 " % checksum(head) + head[156:]


def header(name, kind=FILE, size=0, mode=0o644, uid=0, gid=0, mtime=TIME, link=b"", fmt="ustar", prefix=b"",
           major=0, minor=0, **fields):
    """One block; fields replace raw bytes by name: magic, mode_raw, size_raw, ..."""
    magic = {"v7": b"", "gnu": b"ustar  \0"}.get(fmt, b"ustar\x0000")
    get = fields.get
    head = struct.pack(
        "100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s", name,
        get("mode_raw", octal(mode, 8)), get("uid_raw", number(uid, 8)), get("gid_raw", number(gid, 8)),
        get("size_raw", number(size, 12)), get("mtime_raw", number(mtime, 12)), b"", kind, link,
        get("magic", magic), b"", b"", b"" if fmt == "v7" else number(major, 8),
        b"" if fmt == "v7" else number(minor, 8), get("tail", prefix), b"")
    return seal(head)


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    length = len(body) + 1
    while len(b"%d" % length) + len(body) != length:
        length = len(b"%d" % length) + len(body)
    return b"%d" % length + body


def pax(records, kind=b"x", name=b"pax"):
    data = b"".join(record(k, v) for k, v in records)
    return header(name, kind, len(data)) + pad(data)


def gnu_long(kind, value):
    return header(b"././@LongLink", kind, len(value) + 1, fmt="gnu", mtime=0) + pad(value + b"\0")


def fingerprint(size, chunks):
    """Of a file's content, so that a hole and zeros are the same and terabytes cost nothing."""
    blocks = {}
    for offset, data in chunks:
        while data:
            at, block = offset % 4096, offset // 4096
            piece, data = data[:4096 - at], data[4096 - at:]
            blocks.setdefault(block, bytearray(4096))[at:at + len(piece)] = piece
            offset += len(piece)
    digest = hashlib.sha256()
    for block in sorted(blocks):
        if any(blocks[block]):
            digest.update(b"%d " % block + bytes(blocks[block]))
    return "%d:%s" % (size, digest.hexdigest()[:16])


class Node:
    """What a file is, apart from its names."""

    def __init__(self, kind, mode=0o644, uid=0, gid=0, mtime=TIME * 10 ** 9, data=b"", chunks=None, size=None,
                 target=b"", rdev=(0, 0), xattrs=None):
        self.kind, self.mode, self.uid, self.gid, self.mtime = kind, mode, uid, gid, mtime
        self.content = ""
        if kind == "file":
            self.content = fingerprint(len(data) if size is None else size, chunks or [(0, data)])
        self.target, self.rdev, self.xattrs = target, rdev, xattrs or {}


def clean(name):
    return b"/".join(p for p in name.split(b"/") if p not in (b"", b"."))


class Layer:
    def __init__(self, fmt="ustar"):
        self.fmt, self.data, self.notes, self.end = fmt, bytearray(), [], bytes(2 * BLOCK)

    def raw(self, data):
        self.data += data
        return self

    def note(self, what, name, node=None, target=None):
        """what: "put", "link", "whiteout", "opaque"."""
        self.notes.append((what, clean(name), node, clean(target) if target is not None else None))
        return self

    def bytes(self):
        return bytes(self.data) + self.end

    def put(self, name, data=b"", kind=FILE, mode=None, uid=0, gid=0, mtime=TIME, target=b"", rdev=(0, 0),
            xattrs=None, records=(), note=True, **fields):
        mode = mode if mode is not None else 0o755 if kind == DIR else 0o644
        whole = int(mtime // 1)
        extra = [(b"SCHILY.xattr." + k, v) for k, v in (xattrs or {}).items()] + list(records)
        prefix, short, link = b"", name, target
        if len(name) > 100 and self.fmt == "gnu":
            self.raw(gnu_long(b"L", name))
            short = name[:100]
        elif len(name) > 100 and self.fmt == "ustar":
            cut = next(i for i in range(len(name) - 101, 156) if name[i:i + 1] == b"/")
            prefix, short = name[:cut], name[cut + 1:]
        elif len(name) > 100 or (self.fmt == "pax" and not name.isascii()):
            extra.append((b"path", name))
            short = name[:100]
        if len(target) > 100 and self.fmt == "gnu":
            self.raw(gnu_long(b"K", target))
            link = target[:100]
        elif len(target) > 100:
            extra.append((b"linkpath", target))
            link = target[:100]
        if extra:
            self.raw(pax(extra))
        self.raw(header(short, kind, len(data), mode & 0o7777, uid, gid, whole, link, self.fmt, prefix,
                        rdev[0], rdev[1], **fields) + pad(data))
        if note:
            self.noted(name, data, kind, mode, uid, gid, mtime, target, rdev, xattrs)
        return self

    def noted(self, name, data, kind, mode, uid, gid, mtime, target, rdev, xattrs):
        base = clean(name).rsplit(b"/", 1)[-1]
        if base == b".wh..wh..opq":
            return self.note("opaque", clean(name)[:-len(base)])
        if base.startswith(b".wh..wh."):
            return self
        if base.startswith(b".wh."):
            return self.note("whiteout", clean(name)[:-len(base)] + base[4:])
        if kind == LINK:
            return self.note("link", name, target=target)
        nano = round(mtime * 10 ** 9) if isinstance(mtime, float) else mtime * 10 ** 9
        mode = 0o777 if kind == SYMLINK else mode & 0o7777
        return self.note("put", name, Node(KINDS[kind], mode, uid, gid, nano, data, None, None, target, rdev, xattrs))

    def dir(self, name, **more):
        return self.put(name, kind=DIR, **more)

    def symlink(self, name, target, **more):
        return self.put(name, kind=SYMLINK, target=target, **more)

    def link(self, name, target, **more):
        return self.put(name, kind=LINK, target=target, **more)

    def whiteout(self, name):
        head, _, base = name.rpartition(b"/")
        return self.put((head + b"/" if head else b"") + b".wh." + base)

    def opaque(self, name):
        return self.put(name + b"/.wh..wh..opq" if name else b".wh..wh..opq")
