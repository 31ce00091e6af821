# SPDX-License-Identifier: MIT
"""Calls on a mount, each timed, and the conditions of a server under which they have to be answered.

The tests ask that every call is answered at all; tests/bench/never_hang.py prints how fast.
"""
import contextlib
import os
import signal
import threading
import time

import ewsfs

WATCHDOG_S = 20  # a call that takes longer hangs


class Watchdog:
    """Dumps nothing and guesses nothing: a call that is not back in time ends the whole test."""

    def __init__(self, seconds=WATCHDOG_S):
        self.seconds, self.running, self.lock = seconds, {}, threading.Lock()

    def call(self, what, work):
        """Runs it; the seconds that it took."""
        begun = time.monotonic()
        with self.lock:
            self.running[threading.get_ident()] = (what, begun)
        try:
            work()
        finally:
            with self.lock:
                del self.running[threading.get_ident()]
        return time.monotonic() - begun

    def late(self):
        with self.lock:
            now = time.monotonic()
            return [f"{what}: {now - begun:.1f} s" for what, begun in self.running.values()
                    if now - begun > self.seconds]


def read(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 17):
            pass


def values(path):
    for name in os.listxattr(path):
        os.getxattr(path, name)


def list_long(directory):
    """What `ls -l` asks for one directory; the paths of its files."""
    files = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if not stat_is_dir(entry):
                files.append(entry.path)
    return files


def stat_is_dir(entry):
    os.lstat(entry.path)
    return entry.is_dir(follow_symlinks=False)


def each_call(mount, every=1):
    """(kind, what is called) of a walk through the mount: `ls -lR`, then cat and getfattr of every n-th
    file, df and .ctl between them."""
    for directory in mount.directories():
        yield "stat", lambda directory=directory: os.lstat(directory)
        files = []
        yield "ls -l", lambda: files.extend(list_long(directory))
        yield "read .ctl", lambda directory=directory: read(directory / ".ctl")
        yield "df", lambda directory=directory: os.statvfs(directory)
        for path in files[::every]:
            yield "lstat", lambda path=path: os.lstat(path)
            yield "cat", lambda path=path: read(path)
            yield "getfattr", lambda path=path: values(path)


# --- servers that are no help ---

@contextlib.contextmanager
def stopped(server):
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def faulty(**fault):
    @contextlib.contextmanager
    def condition(server):
        server.op("fault", None, op="*", count=0, **fault)
        try:
            yield
        finally:
            server.op("fault", None, kind="clear")
    return condition


@contextlib.contextmanager
def healthy(_server):
    yield


CONDITIONS = {
    "healthy": healthy,
    "stopped": stopped,
    "a byte a second": faulty(kind="drip", rate=1),
    "never answers": faulty(kind="hang"),
    "throttles for an hour": faulty(kind="503", retry_after=3600),
}


@contextlib.contextmanager
def waiting_commands(mount, n):
    """n writers of `update`, each in a directory of its own, waiting for the server."""
    def write(directory):
        with contextlib.suppress(OSError):
            with open(directory / ".ctl", "wb", buffering=0) as control:
                control.write(b"update\n")

    places = mount.directories()[1:n + 1]
    assert len(places) == n
    writers = [threading.Thread(target=write, args=(place,), daemon=True) for place in places]
    for writer in writers:
        writer.start()
    try:
        yield
    finally:
        for place in places:
            cancel(place)
        for writer in writers:
            writer.join(ewsfs.TIMEOUT_S)
            assert not writer.is_alive(), "a command waits for ever"


def cancel(directory):
    with open(directory / ".ctl", "wb", buffering=0) as control:
        control.write(b"cancel\n")
