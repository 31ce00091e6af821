# SPDX-License-Identifier: MIT
"""Listing many small items right after mounting: against ext4, and how it grows with their number.

All caches are dropped before either side; the mount is a fresh process then.
"""
import functools

import machine
import mail
from figures import Figure, Sample, Target, in_turn
from rows_read import list_all

ROWS = (6,)
MANY_N, FEW_N, SIZE = 100000, 10000, 200


def list_dropped(directory, mount=None):
    if mount:
        mount.unmount()
        machine.drop_caches()
        mount.start()
    machine.drop_caches()
    return list_all(directory)


def list_warm(mount):
    mount.unmount()
    mount.cache.read_bytes()
    mount.start()
    return list_all(mount.path).value


def time_of(side):
    return Sample(side().value)


def measure(bench, wanted):
    del wanted
    with mail.mail_server(bench.few(MANY_N), SIZE) as many_server, \
            mail.mounted(many_server, bench.place, "many") as many, \
            mail.mail_server(bench.few(FEW_N), SIZE) as few_server, \
            mail.mounted(few_server, bench.place, "few") as few:
        bench.say("writing the Maildir")
        maildir = bench.place / "many-maildir"
        mail.write_maildir(many.path, maildir)
        ours = functools.partial(list_dropped, many.path, many)
        figure = in_turn(
            Figure(6, f"`ls -lR` of {bench.few(MANY_N):,} items right after mounting, caches dropped", Target(3),
                   ("ewsfs", "Maildir, caches dropped")),
            bench.read_runs_n, ours, functools.partial(list_dropped, maildir))
        warm = [list_warm(many) for _ in range(bench.read_runs_n)]
        figure.notes.append(f"with the disk cache warm, ewsfs takes {figure.spread(warm)} s")
        yield figure
        yield in_turn(
            Figure(6, f"`ls -lR`: time({bench.few(MANY_N):,}) / time({bench.few(FEW_N):,})", Target(12),
                   (f"{bench.few(MANY_N):,}", f"{bench.few(FEW_N):,}")),
            bench.read_runs_n, functools.partial(time_of, ours),
            functools.partial(time_of, functools.partial(list_dropped, few.path, few)))
