# SPDX-License-Identifier: MIT
"""Reading, and what the cache takes on the disk: 20,000 messages in a mount against a Maildir on ext4.

The Maildir's files were written at once and in order, which is the best that ext4 can have. All tools run
in the C locale, where they are quickest, so that nothing of theirs hides a difference.
"""
import contextlib
import functools
import pathlib
import re
import sqlite3

import ewsfs
import machine
import mail
from figures import Figure, Sample, Target, in_turn

ROWS = (2, 3, 4, 5, 12)
MESSAGES_N, SIZE = 20000, 10000
ABSENT, PRESENT = "xyzzy-absent-word", "agree, and I will take it"
WARM_RUNS_N = 2


class Trees:
    """The mount, the Maildir with the same bytes, and an empty directory for rsync."""

    def __init__(self, bench, mount):
        self.mount = mount
        self.maildir = bench.place / "maildir"
        self.empty = bench.place / "empty"
        self.empty.mkdir()
        bench.say("writing the Maildir")
        mail.write_maildir(mount.path, self.maildir)
        self.digests = mail.digest(mount.path), mail.digest(self.maildir)


def grep(directory):
    """For a word that is not there: all is read and nothing printed."""
    took, printed = machine.timed("grep", "-r", ABSENT, directory, status=1)
    return Sample(took, machine.checksum(printed))


def listed(lines, size_field):
    """(files, bytes) of lines in the form of ls -l."""
    sizes = [int(line.split(None, size_field + 1)[size_field]) for line in lines]
    return len(sizes), sum(sizes)


def find(directory):
    took, printed = machine.timed("find", directory, "-ls")
    files = (line for line in printed.splitlines() if line.split(None, 3)[2].startswith(b"-"))
    return Sample(took, listed(files, 6))


def rsync(empty, directory):
    took, printed = machine.timed("rsync", "-an", "--stats", f"{directory}/", empty)
    files = re.search(rb"reg: ([\d,]+)", printed)[1]
    return Sample(took, (files, re.search(rb"Total file size: ([\d,]+)", printed)[1]))


def list_all(directory):
    took, printed = machine.timed("ls", "-lR", directory)
    return Sample(took, listed((line for line in printed.splitlines() if line.startswith(b"-")), 4))


def third_and_later(bench, trees, figure, tool):
    ours, theirs = functools.partial(tool, trees.mount.path), functools.partial(tool, trees.maildir)
    mail.settle(trees.mount)
    for _ in range(WARM_RUNS_N):
        ours(), theirs()
    return in_turn(figure, bench.read_runs_n, ours, theirs)


def right_after_mounting(trees):
    """The cache is in the page cache as the Maildir is, and the kernel knows nothing of the mount."""
    trees.mount.unmount()
    trees.mount.cache.read_bytes()
    trees.mount.start()
    return grep(trees.mount.path)


def after_dropping(directory, mount=None):
    """A fresh process of the mount: what one has mapped would stay in memory."""
    if mount:
        mount.unmount()
        machine.drop_caches()
        mount.start()
    machine.drop_caches()
    return grep(directory)


def pushed(mount):
    """What the mount counts of pages that it pushed ahead, for the report."""
    lines = (mount.path / ".ctl.metrics").read_text().splitlines()
    return ", ".join(line for line in lines if "push" in line and not line.startswith("#"))


def check_same(trees, figures):
    """All bytes are the same, and grep prints the same of them for a word that is there."""
    ours, theirs = trees.digests
    printed = [machine.timed("sh", "-c", 'cd "$1" && grep -rh "$0" . | sort', PRESENT, directory)[1]
               for directory in (trees.mount.path, trees.maildir)]
    sums = [machine.checksum(lines) for lines in printed]
    for figure in figures:
        if ours != theirs:
            figure.void = f"the sides hold other bytes: {ours} and {theirs}"
        elif sums[0] != sums[1] or not printed[0]:
            figure.void = f"grep prints {sums[0]} and {sums[1]}"
        figure.notes.append(f"{ours[0]:,} files, {ours[1]:,} bytes, contents {ours[2]}; grep for a word that is "
                            f"there prints {sums[0]} on both sides")


def split_of_store(cache, files_n, content_bytes):
    """Where the bytes go, for each item: of the content's pages only what is not content."""
    with contextlib.closing(sqlite3.connect(cache)) as store:
        sizes = store.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").fetchall()
    beyond = [(name, (size - (content_bytes if name == "content" else 0)) / files_n) for name, size in sizes]
    return ", ".join(f"{name} {size:.0f}" for name, size in beyond if size >= 1)


def store_size(mount):
    """Bytes of the cache for each item beyond its content, when nothing has it open."""
    files_n, content_bytes, _ = mail.digest(mount.path)
    id_bytes = len(ewsfs.xattr(mount.files()[0], "user.ews.item_id"))
    mount.unmount()
    on_disk = sum(path.stat().st_size for path in (mount.cache, mount.cache.with_suffix(".db-wal")) if path.exists())
    split = split_of_store(mount.cache, files_n, content_bytes)
    mount.start()
    return Figure(12, "store size per item beyond its content", Target(1600, unit="bytes"), unit="bytes",
                  ours=[(on_disk - content_bytes) / files_n],
                  notes=[f"{on_disk:,} bytes for {files_n:,} items of {content_bytes:,} bytes; an ItemId has "
                         f"{id_bytes} characters", f"of an item's share: {split} bytes"])


def against(row, what, limit, peer="Maildir"):
    return Figure(row, what, Target(limit), ("ewsfs", peer))


def measure_trees(bench, trees, wanted):
    runs_n = bench.read_runs_n
    theirs = functools.partial(grep, trees.maildir)
    if 2 in wanted:
        yield third_and_later(bench, trees, against(2, "`grep -r` for an absent word, third and later runs", 1.1),
                              grep)
    if 3 in wanted:
        yield third_and_later(bench, trees, against(3, "`find -ls`, third and later runs", 1.1), find)
        yield third_and_later(bench, trees, against(3, "`rsync -an`, third and later runs", 1.1),
                              functools.partial(rsync, trees.empty))
    if 4 in wanted:
        theirs()
        figure = in_turn(against(4, "`grep -r` right after mounting, disk cache warm", 2.2, "Maildir in page cache"),
                         runs_n, functools.partial(right_after_mounting, trees), theirs)
        figure.notes += filter(None, [pushed(trees.mount)])
        yield figure
    if 5 in wanted:
        figure = in_turn(against(5, "`grep -r` right after dropping all caches", 0.5, "Maildir, caches dropped"),
                         runs_n, functools.partial(after_dropping, trees.mount.path, trees.mount),
                         functools.partial(after_dropping, trees.maildir))
        figure.notes += filter(None, [pushed(trees.mount)])
        yield figure


def measure(bench, wanted):
    with mail.mail_server(bench.few(MESSAGES_N), SIZE) as server, \
            mail.mounted(server, bench.place, "mail") as mount:
        if {2, 3, 4, 5} & set(wanted):
            trees = Trees(bench, mount)
            figures = list(measure_trees(bench, trees, wanted))
            check_same(trees, figures)
            yield from figures
        if 12 in wanted:
            yield store_size(mount)


def is_ext4(place: pathlib.Path):
    return machine.filesystem(place)[0] == "ext4"
