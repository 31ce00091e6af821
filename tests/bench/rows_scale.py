# SPDX-License-Identifier: MIT
"""Mailboxes of very many items: mounting them, and what memory they take."""
import contextlib
import functools
import time

import ewsfs
import machine
import mail
from figures import Figure, Sample, Target, in_turn
from rows_read import list_all

ROWS = (10, 11)
FOLDERS_N, SIZE = 1000, 200
FULL_N, SHORT_N, FEW_N = 1000000, 100000, 10000
MEMORY_MAX_MB = 64


@contextlib.contextmanager
def mailbox(bench, name, folders_n, items_n):
    """Its mount; the server is not busy with anything else meanwhile."""
    bench.say(f"first sync of {items_n:,} items in {folders_n:,} folders")
    with mail.server("--synthetic", f"{ewsfs.USER}:{folders_n}:{items_n // folders_n}:{SIZE}:{mail.SEED}") as server, \
            mail.mounted(server, bench.place, name) as mount:
        mail.settle(mount)
        yield mount


def mount_and_list_root(mount):
    """Seconds from the start of the program until ls has shown the root."""
    mount.unmount()
    begun = time.monotonic()
    mount.start()
    machine.timed("ls", mount.path)
    return Sample(time.monotonic() - begun)


def memory_after_listing(mount, expected_n):
    """MB that stay resident, and how many at most in between; everything must have been listed."""
    mount.unmount()
    mount.start()
    files_n, _ = list_all(mount.path).result
    assert files_n == expected_n, f"{files_n} files of {expected_n}"
    return Sample(mount.rss_kb("VmRSS") / 1000), mount.rss_kb("VmHWM") / 1000


def mounting(bench, many, items_n):
    with mailbox(bench, "empty", 1, 0) as empty:
        return in_turn(
            Figure(10, f"mount of {items_n:,} items until the first `ls` of the root, against an empty mailbox",
                   Target(1.5), (f"{items_n:,}", "empty")),
            bench.read_runs_n, functools.partial(mount_and_list_root, many),
            functools.partial(mount_and_list_root, empty))


def memory(bench, many, items_n):
    few_n = bench.few(FEW_N)
    highest = []

    def side(mount, number):
        sample, high = memory_after_listing(mount, number)
        if mount is many:
            highest.append(high)
        return sample

    with mailbox(bench, "few", min(FOLDERS_N, few_n), few_n) as few:
        ratio = in_turn(
            Figure(11, f"resident memory after listing {items_n:,} items, against {few_n:,}", Target(1.2),
                   (f"{items_n:,}", f"{few_n:,}"), unit="MB"),
            bench.sync_runs_n, functools.partial(side, many, items_n), functools.partial(side, few, few_n))
    yield ratio
    yield Figure(11, f"resident memory after listing {items_n:,} items", Target(MEMORY_MAX_MB, unit="MB"),
                 unit="MB", ours=ratio.ours, notes=[f"at most {max(highest):.1f} MB while listing"])


def measure(bench, wanted):
    items_n = bench.few(FULL_N if bench.is_full else SHORT_N)
    with mailbox(bench, "many", min(FOLDERS_N, items_n), items_n) as many:
        if 10 in wanted:
            yield mounting(bench, many, items_n)
        if 11 in wanted:
            yield from memory(bench, many, items_n)
