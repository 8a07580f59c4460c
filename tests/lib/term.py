#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""term.py - A terminal with a program on it

Usage: term.py PROGRAM [ARG...]     (harness.sh calls it: term)

Commands on stdin, one a line:
    send TEXT       type (backslash escapes)
    expect REGEX    wait until the output has it, after what was expected before
    size ROWS COLUMNS
    kill SIGNAL     to the program, and wait until it has taken it
    wait            for its end; prints the output and "code N"
"""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

LIMIT = 20
pid, fd = pty.fork()
if pid == 0:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execv(sys.argv[1], sys.argv[1:])
out, seen = b"", 0

def read(timeout):
    global out
    if not select.select([fd], [], [], timeout)[0]:
        return True
    try:
        data = os.read(fd, 4096)
    except OSError:
        return False
    out += data
    return bool(data)

def resize(rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

resize(24, 80)
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    deadline = time.monotonic() + LIMIT
    if word == "send":
        os.write(fd, rest.encode().decode("unicode_escape").encode("latin1"))
    elif word == "size":
        resize(*map(int, rest.split()))
    elif word == "kill":
        os.kill(pid, getattr(signal, "SIG" + rest))
        # A second one of its kind would be lost while this one is pending.
        while not re.search(r"ShdPnd:\s*0+\n", open("/proc/%d/status" % pid).read()):
            time.sleep(0.01)
    elif word == "expect":
        while True:
            found = re.search(rest.encode(), out[seen:])
            if found:
                seen += found.end()
                break
            if time.monotonic() > deadline or not read(0.2) and not re.search(rest.encode(), out[seen:]):
                print("no match for", rest, "in", out[seen:])
                os.kill(pid, signal.SIGKILL)
                sys.exit(1)
    elif word == "wait":
        while read(0.05):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                while select.select([fd], [], [], 0.05)[0] and read(0):
                    pass
                break
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        print(out.decode("latin1").replace("\r", ""), end="")
        print("code", os.waitstatus_to_exitcode(status))
