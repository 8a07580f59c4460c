# SPDX-License-Identifier: Apache-2.0
"""A root of its own for tare, in which everything but the store is watched.

Nothing there may change, whatever is loaded: neither what an archive could name
by an absolute path, nor what lies beside and above the store.
"""
import ctypes
import os
import re
import shutil
import signal
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
CANARIES = ["etc/passwd", "etc/shadow", "root/.ssh/authorized_keys", "tmp/canary", "var/canary", "home/x/canary",
            "data/canary", "data/images-canary", "work/canary"]
# What a sanitizer says is to be seen on stderr: its files would be in here.
ENVIRONMENT = {k: re.sub(r":?log_path=[^:]*", "", v) if k in ("ASAN_OPTIONS", "UBSAN_OPTIONS") else v
               for k, v in os.environ.items()}
WHERE = re.compile(r"layer \d+ of \d+|config|manifest|index|image|(at|behind) byte|entry '|'[^']+'|repositories|is empty$")


def mount(source, target, kind, options, flags=0):
    if LIBC.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()) < 0:
        raise OSError(ctypes.get_errno(), "mount %s on %s (%s)" % (kind, target, options))


def umount(target):
    LIBC.umount2(os.fsencode(target), 2)


def libraries(program):
    out = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", out)


class Jail:
    def __init__(self, root, tare, memory=True):
        self.root, self.store = root, root + "/data/store"
        os.makedirs(root)
        self.mounted = memory
        if memory:
            mount("none", root, "tmpfs", "size=8g")
        for name in ["data/store", "run", "in", "dev", "proc", "view", "empty", "work"]:
            os.makedirs(self.path(name))
        for name in CANARIES:
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            with open(self.path(name), "w") as f:
                f.write("root:x:0:0::/:/bin/sh\n")
        for program in [tare] + libraries(tare):
            at = self.path("tare" if program == tare else program[1:])
            os.makedirs(os.path.dirname(at), exist_ok=True)
            shutil.copy(program, at)
        os.mknod(self.path("dev/null"), 0o20666, os.makedev(1, 3))
        mount("none", self.path("proc"), "proc", "")
        self.tare("images")
        self.before, self.empty = self.watched(), self.contents()

    def close(self):
        umount(self.path("proc"))
        if self.mounted:
            umount(self.root)
        shutil.rmtree(self.root, ignore_errors=True)

    def path(self, name):
        return self.root + "/" + name

    def command(self, *args):
        return ["chroot", self.root, "/tare", "--root", "/data/store", "--runroot", "/run", *args]

    def tare(self, *args, timeout=200, data=None):
        """Exit code, stdout, stderr; -9 if it takes too long."""
        p = subprocess.Popen(self.command(*args), stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd="/")
        try:
            out, err = p.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.communicate()
            return -9, "", "took more than %d seconds" % timeout
        return p.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    def watched(self):
        """Everything outside the store: who touches a file cannot set its ctime back."""
        out = []
        for base, dirs, files in os.walk(self.root):
            if base == self.root:
                dirs[:] = [d for d in dirs if d not in ("proc", "in", "run", "view")]
            if base == self.path("data"):
                dirs.remove("store")
            for name in [""] + files:
                st = os.lstat(os.path.join(base, name))
                out.append((base, name, st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_nlink, st.st_mtime_ns,
                            st.st_ctime_ns))
        return out

    def contents(self):
        """All names in the store with their sizes, less what changes with every load."""
        out = []
        for base, dirs, files in os.walk(self.store):
            for name in dirs + files:
                at = os.path.join(base, name)
                if name != "index.json":
                    out.append((at, os.lstat(at).st_size if name in files else 0))
        return sorted(out)

    def reset(self):
        """An empty store again, without asking tare."""
        known = {at for at, _ in self.empty}
        for base, dirs, files in os.walk(self.store):
            for name in list(dirs):
                at = os.path.join(base, name)
                if at not in known:
                    dirs.remove(name)
                    if os.path.islink(at):
                        os.unlink(at)
                    else:
                        shutil.rmtree(at)
            for name in files:
                at = os.path.join(base, name)
                if at not in known:
                    os.unlink(at)

    def give(self, archive, name="x"):
        """Put an archive, or a directory of files, where tare can read it."""
        import images
        at = self.path("in/" + name)
        if os.path.isdir(at):
            shutil.rmtree(at)
        elif os.path.exists(at):
            os.unlink(at)
        images.write(archive, at)
        return "/in/" + name

    def escaped(self):
        now = self.watched()
        return "" if now == self.before else "outside the store something changed: %r" % (
            sorted(set(now) ^ set(self.before))[:2],)

    def load(self, archive, *options, **more):
        return self.tare("load", "-q", "-i", self.give(archive), *options, **more)

    def refuses(self, archive, *options, why=None, **more):
        """What is wrong with how it is refused, or nothing."""
        code, out, err = self.load(archive, *options, **more)
        if code == 0:
            self.reset()
            return "it was loaded"
        return self.judge_refusal(code, out, err, why)

    def judge_refusal(self, code, out, err, why=None):
        prefix = "tare: cannot load '/in/x': "
        err = re.sub(r"(?<=\n)hint: .*\n\Z", "", err)
        if code != 125 or out or not err.startswith(prefix) or err.count("\n") != 1 or not err.isprintable() and \
                not err[:-1].isprintable():
            return "code %d, said %r" % (code, out + err)
        text = err[len(prefix):-1]
        if not WHERE.search(text):
            return "does not say where: %r" % text
        if why and not re.search(why, text):
            return "said %r, not %r" % (text, why)
        left = self.contents()
        if left != self.empty:
            self.reset()
            return "left %r" % sorted(set(left) ^ set(self.empty))[:4]
        return self.escaped()

    def lowers(self, image):
        code, out, err = self.tare("image", "inspect", "-f", "{{.GraphDriver.Data.LowerDir}}", image)
        if code:
            raise RuntimeError(err)
        return [self.root + x for x in out.strip().split(":")]

    def view(self, image="odd"):
        """Mount what a container of the image would see; then close_view()."""
        lowers = self.lowers(image) + [self.path("empty")]
        if len(lowers) > 8:
            os.chdir(os.path.dirname(lowers[0]))
            lowers = [os.path.relpath(x) for x in lowers]
        mount("none", self.path("view"), "overlay", "lowerdir=" + ":".join(lowers))
        os.chdir("/")
        return self.path("view")

    def close_view(self):
        umount(self.path("view"))
