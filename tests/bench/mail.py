# SPDX-License-Identifier: MIT
"""Mailboxes to measure with: a server, a cache in step with it, and the same bytes as a Maildir."""
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import time

import ewsfs

# Of the first 26 folders of a synthetic mailbox these hold no mail: 20 are left.
SYNTHETIC_N = 26
OTHERS = ("Calendar", "Contacts", "Tasks", "Calendar/Room: 4*2?", "Contacts/Suppliers", "Tasks/Someday")
MAIL_FOLDERS_N = SYNTHETIC_N - len(OTHERS)
SEED = 5


@contextlib.contextmanager
def server(*args):
    running = ewsfs.Server(*args)
    try:
        yield running
    finally:
        running.stop()


@contextlib.contextmanager
def mail_server(messages_n, size):
    """20 folders of mail of that mean size, and nothing else."""
    each = messages_n // MAIL_FOLDERS_N
    with server("--synthetic", f"{ewsfs.USER}:{SYNTHETIC_N}:{each}:{size}:{SEED}") as running:
        for folder in OTHERS:
            running.op("delete", folder, count=each)
        yield running


@contextlib.contextmanager
def mounted(running, place, name, *options):
    """A mount whose cache is in step; it may be unmounted and started again meanwhile."""
    mount = ewsfs.Mount(running.url, place / name, place / f"{name}.db", *options)
    try:
        mount.update()
        yield mount
    finally:
        mount.close()
        forget_cache(mount.cache)


def forget_cache(cache):
    for path in cache.parent.glob(f"{cache.name}*"):
        path.unlink()


def settle(mount):
    """Nothing is under way in it."""
    mount.update()
    while mount.status()["state"] != "idle":
        time.sleep(0.01)


def remount(mount):
    mount.unmount()
    mount.start()


def mail_in_order(directory):
    """Names begin with the time, so this is the order in which the mail came."""
    return sorted(entry.name for entry in os.scandir(directory) if entry.is_file(follow_symlinks=False))


def write_maildir(source, target):
    """The files of a mount as a Maildir, with the names that a delivery gives them; on the disk when
    this returns."""
    number = 0
    for directory in [source, *sorted(pathlib.Path(source).rglob("*/"))]:
        here = target / directory.relative_to(source)
        for part in ("cur", "new", "tmp"):
            (here / part).mkdir(parents=True)
        for name in mail_in_order(directory):
            number += 1
            stat = (directory / name).stat()
            seconds = int(stat.st_mtime)
            path = here / "cur" / f"{seconds}.M{number:06d}P1Q{number}.mail.example.com:2,S"
            shutil.copyfile(directory / name, path)
            os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    os.sync()


def normal(content):
    """Without what mbsync adds and takes away: a line of its own, and every CR."""
    return re.sub(rb"^X-TUID: .*\n", b"", content.replace(b"\r\n", b"\n"), count=1, flags=re.M)


def digest(directory, of=lambda content: content, parts=None):
    """(files, bytes, checksum of all contents whatever their names): the same mail gives the same.
    `parts`: only what is in directories of these names."""
    sums, total = [], 0
    for top, _, names in os.walk(directory):
        for name in names if not parts or os.path.basename(top) in parts else ():
            content = of(pathlib.Path(top, name).read_bytes())
            total += len(content)
            sums.append(hashlib.sha256(content).digest())
    return len(sums), total, hashlib.sha256(b"".join(sorted(sums))).hexdigest()[:16]
