# SPDX-License-Identifier: MIT
"""The first sync of a mailbox: against DavMail with mbsync, exchangelib, and curl that keeps nothing.

The same server serves all sides. Its own rate is what curl gets out of it with the requests of ewsfs. Where
a client has one request under way at a time, the share of its time that the server works is what it waits for
the server: a row whose peer waits more than half of its time does not count.
"""
import functools
import os
import shutil
import sys
import time

import ewsfs
import machine
import mail
import replay
import test_clients
from figures import Figure, Sample, Target, in_turn, show

ROWS = (7, 8)
MESSAGES_N, SHORT_N, SIZE = 20000, 5000, 10000
SHARE_MAX = 0.5
REPLIES_DIFFER_MAX = 0.01  # of their bytes: sync states change


def rate(messages_n, took):
    return f"{messages_n / took:,.0f} messages/s"


class Sides:
    """The clients; each answers the seconds of a first sync, and what it holds then."""

    def __init__(self, bench, server, place):
        self.bench, self.server, self.place = bench, server, place
        self.shares = {}
        self.own_cpu, self.server_cpu = [], []  # seconds of the processor for each first sync of ewsfs

    def timed_with_server(self, name, work):
        """The seconds that work takes, and for what part of them the server was working."""
        before, begun = machine.cpu_seconds(self.server.process.pid), time.monotonic()
        took = work() or time.monotonic() - begun
        worked = machine.cpu_seconds(self.server.process.pid) - before
        if name == "ewsfs":
            self.server_cpu.append(worked)
        self.shares.setdefault(name, []).append(worked / took)
        return took

    def ewsfs(self, digests=True):
        mounts = []

        def sync():
            mounts.append(ewsfs.Mount(self.server.url, self.place / "m", self.place / "m.db"))
            mounts[0].update()

        try:
            took = self.timed_with_server("ewsfs", sync)
            self.own_cpu.append(machine.cpu_seconds(mounts[0].process.pid))
            return Sample(took, mail.digest(mounts[0].path, mail.normal) if digests else None)
        finally:
            mounts[0].close()
            mail.forget_cache(mounts[0].cache)

    def mbsync(self):
        """DavMail runs already."""
        place = self.place / "davmail"
        place.mkdir()
        davmail = test_clients.DavMail(self.server.url, place, "-Xmx1g")
        try:
            maildir = test_clients.MailDir(davmail, place)
            took = self.timed_with_server("DavMail + mbsync", maildir.pull)
            return Sample(took, mail.digest(maildir.path, mail.normal, ("cur", "new")))
        finally:
            davmail.stop()
            shutil.rmtree(place)

    def exchangelib(self):
        place = self.place / "exchangelib"
        place.mkdir()
        try:
            took = self.timed_with_server("exchangelib", functools.partial(self.run_exchangelib, place))
            return Sample(took, mail.digest(place, mail.normal))
        finally:
            shutil.rmtree(place)

    def run_exchangelib(self, place):
        script = ewsfs.ROOT / "tests/bench/peer_exchangelib.py"
        _, printed = machine.timed(sys.executable, script, self.server.url, ewsfs.USER, ewsfs.PASSWORD, place)
        return float(printed)

    def note_shares(self, figure, messages_n, own_s):
        peer = figure.sides[1]
        said = "; ".join(f"{name}: {rate(messages_n, took)}, the server works for "
                         f"{show(max(self.shares[name]))} of its time"
                         for name, took in (("ewsfs", min(figure.ours)), (peer, min(figure.theirs))))
        figure.notes.append(said)
        figure.alone = rate(messages_n, own_s)
        if max(self.shares[peer]) > SHARE_MAX:
            figure.uncounted = "the server is the bottleneck of the peer"
        self.shares.clear()


def against_peers(bench, sides, messages_n, own_s):
    for name, side in (("DavMail + mbsync", sides.mbsync), ("exchangelib", sides.exchangelib)):
        bench.say(f"first syncs by ewsfs and {name}")
        figure = in_turn(
            Figure(7, f"initial sync of {messages_n:,} messages, times faster", Target(10, at_least=True),
                   ("ewsfs", name), inverse=True),
            bench.sync_runs_n, sides.ewsfs, side)
        sides.note_shares(figure, messages_n, own_s)
        yield figure


def run_loop(loop):
    took, answered = loop.run()
    asked, expected = loop.expected, answered
    is_same = asked[0] == expected[0] and abs(asked[1] - expected[1]) <= asked[1] * REPLIES_DIFFER_MAX
    return Sample(took, None if is_same else (asked, expected))


def limit_of_cores(sides, messages_n, curl_s):
    """What no program could pass that does the same work, had it all cores to itself all the time."""
    own, server = min(sides.own_cpu) / messages_n, min(sides.server_cpu) / messages_n
    best = os.cpu_count() / (own + server)
    return (f"a message takes {own * 1e6:.0f} µs of the processor in ewsfs and {server * 1e6:.0f} µs in the server: "
            f"spread over all {os.cpu_count()} cores without a gap that is {rate(best, 1)}, "
            f"{show(best / (messages_n / curl_s))} × of curl's rate; curl neither parses nor decodes nor keeps "
            "anything")


def against_curl(bench, sides, loop, messages_n):
    bench.say("first syncs by ewsfs and the same requests by curl")
    figure = in_turn(
        Figure(8, f"initial sync of {messages_n:,} messages, rate of the same requests alone",
               Target(0.7, at_least=True), ("ewsfs", "curl, 4 connections"), inverse=True),
        bench.sync_runs_n, functools.partial(sides.ewsfs, False), functools.partial(run_loop, loop))
    figure.limits.append(limit_of_cores(sides, messages_n, min(figure.theirs)))
    requests_n, reply_bytes = loop.expected
    figure.alone = rate(messages_n, min(figure.theirs))
    figure.notes.append(
        f"ewsfs: {rate(messages_n, min(figure.ours))}; {requests_n:,} requests, {reply_bytes:,} bytes of replies; the "
        f"server works for {show(max(sides.shares['ewsfs']))} of the time of ewsfs")
    return figure


def rename_too_long(server):
    """mbsync gives up at it."""
    for folder in server.truth()["folders"]:
        if folder["name"].startswith(test_clients.TOO_LONG):
            server.op("rename", folder["id"], name="Not so long")


def measure(bench, wanted):
    messages_n = bench.few(MESSAGES_N if bench.is_full else SHORT_N)
    with mail.mail_server(messages_n, SIZE) as server:
        rename_too_long(server)
        loop = replay.Loop(server, replay.record_initial_sync(server, bench.place), bench.place)
        sides = Sides(bench, server, bench.place)
        if 7 in wanted:
            yield from against_peers(bench, sides, messages_n, loop.run()[0])
        if 8 in wanted:
            yield against_curl(bench, sides, loop, messages_n)
