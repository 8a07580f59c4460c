# SPDX-License-Identifier: Apache-2.0
"""How it is measured: workers with a view of the cgroup tree, samples, tables"""
import ctypes
import os
import random
import statistics
import subprocess
import sys
import time

CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x4000 | (1 << 18)
MNT_DETACH = 2
UNIFIED = "/sys/fs/cgroup/unified"


class Worker:
    """A process in a mount namespace of its own that runs commands by launch.c

    Commands come and results go by pipes, so that no nsenter adds to a sample.
    """

    def __init__(self, view, launcher):
        self.launcher = launcher
        request_r, self.request = os.pipe()
        self.reply, reply_w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self.request)
            os.close(self.reply)
            try:
                self.serve(view, os.fdopen(request_r), os.fdopen(reply_w, "w"))
            finally:
                os._exit(0)
        os.close(request_r)
        os.close(reply_w)
        self.pid, self.reply = pid, os.fdopen(self.reply)

    def serve(self, view, requests, replies):
        libc = ctypes.CDLL(None, use_errno=True)
        if view == "v1" and os.path.ismount(UNIFIED):
            if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) or \
                    libc.umount2(UNIFIED.encode(), MNT_DETACH):
                sys.exit(f"bench: cannot make the view {view}: {os.strerror(ctypes.get_errno())}")
        for line in requests:
            options, command = line.rstrip("\n").split("\x1e")
            out_r, out_w = os.pipe()
            # The launcher writes its line to fd 3, whatever the command prints.
            argv = [self.launcher, *filter(None, options.split("\x1f")), *command.split("\x1f")]
            pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, out_w, 3)])
            os.close(out_w)
            result = os.read(out_r, 200).decode().strip()
            os.waitpid(pid, 0)
            os.close(out_r)
            replies.write((result or "0 0 0 255") + "\n")
            replies.flush()

    def run(self, command, orphans_seconds=0):
        """(wall ms, CPU ms, peak RSS KiB, status) of one command."""
        options = f"-o\x1f{orphans_seconds}" if orphans_seconds else ""
        os.write(self.request, f"{options}\x1e{chr(0x1f).join(command)}\n".encode())
        wall_ns, cpu_us, rss_kib, status = map(int, self.reply.readline().split())
        return wall_ns / 1e6, cpu_us / 1e3, rss_kib, status

    def close(self):
        """Of workers that are alive, the one made last."""
        os.close(self.request)
        self.reply.close()
        os.waitpid(self.pid, 0)


class Samples:
    """Rounds of one operation: for each peer a list of (wall, cpu, rss), a row per round."""

    def __init__(self, title, note=""):
        self.title, self.note, self.rows, self.failed = title, note, {}, {}

    def add(self, peer, wall, cpu, rss, status):
        if status:
            self.failed[peer] = self.failed.get(peer, 0) + 1
            self.rows.setdefault(peer, []).append(None)
        else:
            self.rows.setdefault(peer, []).append((wall, cpu, rss))

    def ratio_to(self, base, peer, what=0):
        """Median of the per-round ratios base / peer: what the machine's load hardly moves."""
        pairs = [(a[what], b[what]) for a, b in zip(self.rows.get(base, []), self.rows.get(peer, [])) if a and b]
        return statistics.median(a / b for a, b in pairs) if pairs else None

    def middle(self, peer, what, divisor, digits):
        """The median as a cell of a table."""
        values = [r[what] for r in self.rows.get(peer, []) if r]
        return f"{statistics.median(values) / divisor:.{digits}f}" if values else "-"

    def ratio_of_medians(self, base, peer):
        walls = [[r[0] for r in self.rows.get(name, []) if r] for name in (base, peer)]
        return statistics.median(walls[0]) / statistics.median(walls[1]) if all(walls) else None

    def peak_rss_kib(self, peer):
        return max((r[2] for r in self.rows.get(peer, []) if r), default=0)

    def table(self, base="tare"):
        lines = [f"**{self.title}**" + (f" — {self.note}" if self.note else ""), "",
                 f"| | n | min ms | median ms | {base} / this | CPU ms | peak RSS KiB | failed |",
                 "|---|---|---|---|---|---|---|---|"]
        for peer, row in self.rows.items():
            good = [r for r in row if r]
            if not good:
                lines.append(f"| {peer} | 0 | - | - | - | - | - | {self.failed.get(peer, 0)} |")
                continue
            walls = [r[0] for r in good]
            ratio = self.ratio_to(base, peer)
            lines.append(f"| {peer} | {len(good)} | {min(walls):.2f} | {statistics.median(walls):.2f} | "
                         f"{'-' if ratio is None else f'{ratio:.3f}'} | "
                         f"{statistics.median(r[1] for r in good):.2f} | {max(r[2] for r in good)} | "
                         f"{self.failed.get(peer, 0)} |")
        return "\n".join(lines) + "\n"


def interleave(samples, rounds, targets, gap=0.0):
    """targets: (peer name, worker, function of the round that gives the command, orphans seconds)"""
    for name, *_ in targets:
        samples.rows.setdefault(name, [])
    for i in range(rounds):
        order = list(range(len(targets)))
        random.shuffle(order)
        for t in order:
            name, worker, command, orphans = targets[t]
            if gap:
                time.sleep(gap)
            samples.add(name, *worker.run(command(i), orphans))
    return samples


def pss_kib(comm):
    """PSS of every process of that name."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().split("(", 1)[1].rsplit(")", 1)[0] != comm:
                    continue
            with open(f"/proc/{pid}/smaps_rollup") as f:
                found += [int(line.split()[1]) for line in f if line.startswith("Pss:")]
        except OSError:
            pass
    return found


def machine():
    with open("/proc/loadavg") as f:
        load = f.read().split()[0]
    with open("/etc/os-release") as f:
        system = [line.split("=", 1)[1].strip().strip('"') for line in f if line.startswith("PRETTY_NAME=")]
    return f"{os.cpu_count()} CPUs, Linux {os.uname().release}, {system[0] if system else 'unknown system'}, " \
           f"load average {load} at the start"


def cgroups_of_v1():
    """The top directories of each v1 hierarchy, to find afterwards what peers left there."""
    found = subprocess.run("find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d", shell=True,
                           capture_output=True, text=True).stdout
    return set(found.split("\n"))


def remove_new_cgroups(before):
    for path in cgroups_of_v1() - before:
        if path and not path.startswith(UNIFIED):
            subprocess.run(["find", path, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"],
                           stderr=subprocess.DEVNULL)
