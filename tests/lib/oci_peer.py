# SPDX-License-Identifier: Apache-2.0
"""oci_peer - The other end of what an OCI runtime talks to, for tests

    oci_peer.py console SOCKET OUT [INPUT]
        Receives one terminal, puts the name that came with it in OUT.name,
        writes INPUT to it, and copies what it shows to OUT until it is closed.
    oci_peer.py notify SOCKET OUT [ERRNO|continue|value=N]
        Receives a seccomp listener, puts the state that came with it in OUT,
        and answers every call so. Ends when the listener does.
    oci_peer.py receive SOCKET OUT
        Receives one message; OUT is its text, then a line for each descriptor.
    oci_peer.py datagrams SOCKET OUT
        Appends what comes to OUT until it is killed, as systemd's side of sd_notify.
    oci_peer.py subreaper COMMAND...
        Runs it as a sub-reaper, then prints "code N" and for each adopted
        process "child PID", kills those and waits for them.
"""
import array
import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import sys

LIMIT = 20


def receive(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path + ".new")
        listener.listen(1)
        os.rename(path + ".new", path)  # whoever sees it can connect
        listener.settimeout(LIMIT)
        conn = listener.accept()[0]
    conn.settimeout(LIMIT)
    data, fds = b"", []
    while True:
        part, control, _, _ = conn.recvmsg(65536, socket.CMSG_SPACE(16 * 4))
        for level, kind, payload in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                got = array.array("i")
                got.frombytes(payload[: len(payload) // 4 * 4])
                fds += got
        data += part
        # The other end may stay open for longer than there is something to say.
        if fds or not part:
            return data, fds


def console(path, out, text=""):
    name, fds = receive(path)
    with open(out + ".name", "wb") as f:
        f.write(name)
    master = fds[0]
    os.write(master, text.encode().decode("unicode_escape").encode("latin1"))
    with open(out, "wb", buffering=0) as f:
        while select.select([master], [], [], LIMIT)[0]:
            try:
                data = os.read(master, 4096)
            except OSError:
                break
            if not data:
                break
            f.write(data)


SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101


def notify(path, out, answer):
    state, fds = receive(path)
    with open(out + ".tmp", "wb") as f:
        f.write(state)
    os.rename(out + ".tmp", out)
    listener = fds[0]
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        events = poll.poll(LIMIT * 1000)
        if not events or not events[0][1] & select.POLLIN:
            return
        request = bytearray(80)
        try:
            fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, request)
        except OSError:
            continue
        (call,) = struct.unpack_from("Q", request)
        value, error, flags = 0, 0, 0
        if answer == "continue":
            flags = 1
        elif answer.startswith("value="):
            value = int(answer[6:])
        else:
            error = -int(answer)
        try:
            fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, bytearray(struct.pack("QqiI", call, value, error, flags)))
        except OSError:
            pass


def plain(path, out):
    data, fds = receive(path)
    with open(out, "w") as f:
        f.write(data.decode("latin1") + "\n")
        for fd in fds:
            f.write(os.readlink("/proc/self/fd/%d" % fd) + "\n")
            with open("/proc/self/fdinfo/%d" % fd) as info:
                f.writelines(line for line in info if line.startswith("Pid:"))


def datagrams(path, out):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, open(out, "ab", buffering=0) as f:
        s.bind("\0" + path[1:] if path.startswith("@") else path)
        while True:
            data, fds, _, _ = socket.recv_fds(s, 65536, 4)
            f.write(data if data.endswith(b"\n") else data + b"\n")
            for fd in fds:
                os.close(fd)


def subreaper(*command):
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid = os.posix_spawnp(command[0], command, os.environ)
    while True:
        got, status = os.waitpid(pid, 0)
        if got == pid:
            break
    print("code", os.waitstatus_to_exitcode(status))
    with open("/proc/self/task/%d/children" % os.getpid()) as f:
        children = [int(n) for n in f.read().split()]
    for child in children:
        print("child", child, flush=True)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    {"console": console, "notify": notify, "receive": plain, "datagrams": datagrams, "subreaper": subreaper}[sys.argv[1]](*sys.argv[2:])
