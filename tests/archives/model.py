# SPDX-License-Identifier: Apache-2.0
"""What layers look like on top of each other, computed from what was meant, and read from a mount."""
import os
import re
import stat

from stream import Node, fingerprint

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket"}


def implied():
    node = Node("dir", 0o755, 0, 0, 0)
    node.any_time = True  # others leave the time at which they made it
    return node


def below(tree, path):
    return [p for p in tree if p.startswith(path + b"/")] if path else list(tree)


def drop(tree, path):
    for p in below(tree, path) + [path]:
        tree.pop(p, None)


def parents(path):
    parts = path.split(b"/")[:-1]
    return [b"/".join(parts[:i + 1]) for i in range(len(parts))]


def apply(lower, layer):
    """The tree of a layer on top of the tree lower; both map paths to nodes."""
    own, carried, gone, opaque, borrowed = {}, set(), set(), set(), {}
    for what, path, node, target in layer.notes:
        for p in parents(path) if what != "opaque" else parents(path + b"/x") if path else []:
            own.setdefault(p, implied())
        if what == "whiteout":
            gone.add(path)
        elif what == "opaque":
            opaque.add(path)
        elif what == "link":
            file = own.get(target) or lower[target]
            drop(own, path)
            own[path] = file
            if target not in own:
                borrowed[target] = file
        elif not path:
            own[path] = node
            carried.add(path)
        else:
            if not (node.kind == "dir" and path in own and own[path].kind == "dir"):
                drop(own, path)
            own[path] = node
            carried.add(path)
    tree = dict(lower)
    for path in gone:
        drop(tree, path)
    for path in opaque:
        for p in below(tree, path):
            if p:
                del tree[p]
    for path in sorted(own):
        node, old = own[path], tree.get(path)
        if old is None or old.kind != "dir" or node.kind != "dir":
            drop(tree, path)
            tree[path] = node
        elif path in carried:
            tree[path] = node
    return tree


def merge(layers):
    tree = {}
    for layer in layers:
        tree = apply(tree, layer)
    return tree


def describe(node):
    xattrs = sorted(node.xattrs.items())
    text = "%s %o %d:%d" % (node.kind, node.mode, node.uid, node.gid)
    text += " t=%d" % node.mtime
    if node.kind == "file":
        text += " " + node.content
    if node.kind == "symlink":
        text += " -> %r" % node.target
    if node.kind in ("char", "block"):
        text += " %d:%d" % node.rdev
    return text + "".join(" %s=%r" % (k, v if len(v) < 20 else (len(v), hash(v))) for k, v in xattrs)


def listing(tree):
    """Lines to compare; the first path of a group of links names it."""
    first, lines = {}, {}
    for path in sorted(tree):
        node = tree[path]
        lines[path] = describe(node)
        if node.kind != "dir":
            lines[path] += " =%r" % first.setdefault(id(node), path)
    lines.pop(b"", None)
    return lines


def chunks_of(path, size):
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    at = 0
    try:
        while at < size:
            try:
                start = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(fd, start, os.SEEK_HOLE)
            while start < at:
                data = os.pread(fd, min(1 << 20, at - start), start)
                if data.count(0) != len(data):
                    yield start, data
                start += len(data)
    finally:
        os.close(fd)


def read(root):
    """The tree of a directory, as merge() would give it."""
    tree, nodes = {}, {}

    def visit(path, rel):
        try:
            st = os.lstat(path)
        except FileNotFoundError:
            tree[rel] = Node("ghost")
            return
        kind = KINDS[stat.S_IFMT(st.st_mode)]
        node = nodes.get((st.st_dev, st.st_ino)) if kind != "dir" else None
        if node is None:
            node = Node(kind, stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns,
                        rdev=(os.major(st.st_rdev), os.minor(st.st_rdev)))
            if kind == "file":
                node.content = fingerprint(st.st_size, chunks_of(path, st.st_size))
            if kind == "symlink":
                node.target = os.readlink(path)
            for key in os.listxattr(path, follow_symlinks=False):
                if ".overlay." not in key and not key.startswith("user.tare.") and \
                        not key.startswith("user.containers.") and key != "security.selinux":
                    node.xattrs[os.fsencode(key)] = os.getxattr(path, key, follow_symlinks=False)
            nodes[(st.st_dev, st.st_ino)] = node
        tree[rel] = node
        if kind == "dir":
            for name in os.listdir(path):
                visit(path + b"/" + name, rel + b"/" + name if rel else name)

    visit(os.fsencode(root), b"")
    return tree


def difference(want, have, times=True):
    """Nothing, or what is different, in words; without @times those that nobody says do not count."""
    made = {p for p, n in want.items() if getattr(n, "any_time", False) and not times}
    want, have = listing(want), listing(have)
    for lines in (want, have):
        for path in made & set(lines):
            lines[path] = re.sub(r" t=-?\d+", "", lines[path])
    out = []
    for path in sorted(set(want) | set(have)):
        if want.get(path) != have.get(path):
            out.append("%r: wanted %s, got %s" % (path, want.get(path, "nothing"), have.get(path, "nothing")))
    return "; ".join(out[:4])
