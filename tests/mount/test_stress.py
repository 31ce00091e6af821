# SPDX-License-Identifier: MIT
"""Many readers while the tree changes beneath them. EWSFS_STRESS_S is how long, in seconds.

Half of the items never change: each listing has to show them, once. Of the others every content
that is read must be one that the server had at some time. EWSFS_SEED repeats the changes.
"""
import collections
import errno
import hashlib
import os
import random
import subprocess
import threading
import time

import ewsfs
from calls import Watchdog, values

SECONDS = float(os.environ.get("EWSFS_STRESS_S", 60))
SEED = int(os.environ.get("EWSFS_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
FOLDERS_N, ITEMS_N = 6, 40
ABSENT = "a word that is in no message"


class Server:
    """The changes to the mailbox, and every content that it ever had."""

    def __init__(self, server, draw):
        self.server, self.draw = server, draw
        self.contents, self.changes_n = set(), 0
        truth = self.note()
        self.steady = {item["id"] for item in truth["items"][::2]}

    def note(self):
        truth = self.server.truth()
        self.contents.update(item["mime_sha256"] for item in truth["items"])
        return truth

    def change(self):
        """One change by another client; its contents are known before the next."""
        draw, truth = self.draw, self.note()
        item = draw.choice([item for item in truth["items"] if item["id"] not in self.steady])
        folder = draw.choice([folder for folder in truth["folders"] if folder["total"]])["id"]
        subject = {"subject": f"Change {self.changes_n}"}
        operation, words = draw.choice((
            ("deliver", {"count": draw.randint(1, 4), "size": draw.choice((300, 4000, 300000))}),
            ("change", {"item": item["id"]}), ("change", {"item": item["id"], "same_size": True}),
            ("change", {"item": item["id"], "kind": "subject", **subject}),
            ("flag", {"item": item["id"]}), ("delete", {"item": item["id"]}),
            ("move", {"item": item["id"], "to": folder}), ("regress", {"item": item["id"]}),
        ))
        if operation == "delete" and len(truth["items"]) < FOLDERS_N * ITEMS_N:
            return
        self.server.op(operation, folder if operation == "deliver" else item["folder"], **words)
        self.changes_n += 1


class Readers:
    """What they do, and what they saw that cannot be."""

    def __init__(self, mount, mailbox):
        self.mount, self.wrong, self.read, self.counts = mount, [], set(), collections.Counter()
        steady = {path: path.read_bytes() for path in mount.files()
                  if ewsfs.xattr(path, "user.ews.item_id") in mailbox.steady}
        self.hashes = {path: hashlib.sha256(data).hexdigest() for path, data in steady.items()}
        self.names = collections.defaultdict(set)
        for path in steady:
            self.names[path.parent].add(path.name)
        self.directories = list(self.names)

    def note(self, what):
        self.wrong.append(what)

    def list(self, draw):
        directory = draw.choice(self.directories)
        names = os.listdir(directory)
        twice = [name for name, n in collections.Counter(names).items() if n > 1]
        missing = self.names[directory] - set(names)
        if twice or missing:
            self.note(f"{directory}: twice {twice[:3]}, missing {list(missing)[:3]}")

    def read_any(self, draw):
        directory = draw.choice(self.directories)
        path = directory / draw.choice(os.listdir(directory))
        if path.is_dir():
            return
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            data = b"".join(iter(lambda: file.read(draw.choice((512, 4096, 131072))), b""))
        found = hashlib.sha256(data).hexdigest()
        if len(data) != size:
            self.note(f"{path}: {len(data)} bytes of {size}")
        if self.hashes.get(path, found) != found:
            self.note(f"{path}: other bytes")
        if path.suffix == ".eml":
            self.read.add(found)

    def attributes(self, draw):
        directory = draw.choice(self.directories)
        values(directory / draw.choice(os.listdir(directory)))

    def long_list(self, _draw):
        self.tool("find", self.mount.path, "-ls", ok=(0, 1))

    def grep(self, draw):
        self.tool("grep", "-r", ABSENT, draw.choice(self.directories), ok=(1, 2))

    def tool(self, *words, ok):
        """A file may go while a tool looks at it: nothing else may be said."""
        done = subprocess.run([str(word) for word in words], text=True, capture_output=True,
                              timeout=ewsfs.TIMEOUT_S, errors="replace")
        bad = [line for line in done.stderr.splitlines() if "No such file" not in line]
        if done.returncode not in ok or bad:
            self.note(f"{words[0]}: {done.returncode} {bad[:3]}")

    KINDS = (list, read_any, read_any, attributes, long_list, grep)


def work(watchdog, end, seed, readers, kind):
    """One thread: the same thing, again and again."""
    draw = random.Random(seed)
    while time.monotonic() < end:
        def once():
            try:
                kind(readers, draw)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENODATA):  # gone, or changed meanwhile
                    readers.note(f"{kind.__name__}: {error!r}")
            readers.counts[kind.__name__] += 1
        watchdog.call(kind.__name__, once)


def test_readers_and_changes_at_once(new_server, new_mount):
    """Contents right, nothing twice or missed that was there throughout, and no call hangs."""
    print(f"EWSFS_SEED={SEED}")
    server = new_server("--synthetic", f"{ewsfs.USER}:{FOLDERS_N}:{ITEMS_N}:6000:{SEED % 1000}")
    mount = new_mount(server, "notify=poll", "poll=10")
    mount.update()
    mailbox = Server(server, random.Random(SEED))
    readers = Readers(mount, mailbox)
    watchdog, end = Watchdog(), time.monotonic() + SECONDS
    threads = [threading.Thread(target=work, args=(watchdog, end, SEED + n, readers, kind), daemon=True)
               for n, kind in enumerate(Readers.KINDS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        mailbox.change()
        # Another process: forks of the other threads would interrupt a write of this one (EINTR).
        watchdog.call("update", lambda: ewsfs.run("sh", "-c", f"echo update >'{mount.path}/.ctl'"))
        assert not watchdog.late() and not readers.wrong, (watchdog.late(), readers.wrong[:5])
    assert not readers.wrong, readers.wrong[:5]
    mailbox.note()
    unknown = readers.read - mailbox.contents
    assert not unknown, f"{len(unknown)} contents that the server never had"
    mount.update()
    ewsfs.check_against(mount, server)
    print(f"stress: {mailbox.changes_n} changes, {dict(readers.counts)}")
