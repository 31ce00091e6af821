# SPDX-License-Identifier: MIT
"""Rounds of random operations; after each, `update`, and the mount is what the server has.

EWSFS_ROUNDS is the number of rounds, EWSFS_SEED the seed that the first line names.
"""
import os
import random
import time

import ewsfs
import expected
import keys
import operations
import pytest

ROUNDS = int(os.environ.get("EWSFS_ROUNDS", 50))
SEED = int(os.environ.get("EWSFS_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
IN_STEP_S = 60
AUDITS = 3  # digests until counts that differ have led to a resync
# A minute is over after 600 ms, and a timeout of 120 s after 1.2 s.
FAST = {"EWSFS_CLOCK_RATE": "100"}
OPTIONS = ("batch=3", "connections=3", "timeout=120")

# What an update gets over by itself, or after it was asked once more. An illegal character in a
# reply of GetItem or of the hierarchy would stay: the server never says that it changed. A 401
# comes of a new password; out of nothing it would lock the login for a quarter of an hour.
FAULTS = (
    {"kind": "403"},
    {"kind": "500"},
    {"kind": "503", "retry_after": 1},
    {"kind": "busy", "back_off": 300},
    {"kind": "busy", "form": "message", "back_off": 200},
    {"kind": "error", "code": "ErrorInternalServerTransientError"},
    {"kind": "error", "op": "GetItem", "n": 2, "code": "ErrorMailboxStoreUnavailable"},
    {"kind": "error", "op": "GetItem", "code": "ErrorServerBusy", "form": "inner"},
    {"kind": "delay", "ms": 20},
    {"kind": "hang"},
    {"kind": "stopped", "op": "GetItem", "at": 1},
    {"kind": "unconvertible"},
    {"kind": "wrongid", "op": "GetItem"},
    {"kind": "wrongid", "op": "GetItem", "rotate": True},
    {"kind": "duplicate", "op": "SyncFolderItems"},
    {"kind": "reorder", "op": "SyncFolderItems"},
    {"kind": "phantom", "op": "SyncFolderItems", "n": 2},
    {"kind": "notlast", "op": "SyncFolderItems"},
    {"kind": "illegal", "op": "SyncFolderItems"},
    {"kind": "malformed"},
    {"kind": "truncated"},
    {"kind": "reset", "bytes": 700},
    {"kind": "reset", "bytes": -1},
    {"kind": "drip", "rate": 50000},
    {"kind": "second"},
)


def add_faults(server, draw, generator):
    """A few things to go wrong in this round, and operations between the pages of its sync."""
    for _ in range(draw.choice((0, 0, 1, 2, 4))):
        server.op("fault", None, count=draw.randint(1, 3), skip=draw.randint(0, 6),
                  seed=draw.randint(1, 999), **draw.choice(FAULTS))
    for _ in range(draw.choice((0, 1, 1, 2))):
        script = [list(operation) for operation in generator.draw_many(3)]
        if draw.random() < 0.1:
            script.append(["failover", {}])
        server.op("fault", None, kind="between_pages", skip=draw.randint(0, 9), then=script)


class Password:
    """Is changed on the server at some moment, and here only when logins have failed."""

    def __init__(self, server, mount):
        self.server, self.file, self.changes = server, f"{mount.cache}.secret", 0

    def change(self, between_pages):
        self.changes += 1
        words = {"password": f"{ewsfs.PASSWORD}{self.changes}"}
        if between_pages:
            self.server.op("fault", None, kind="between_pages", then=[["password", words]])
        else:
            self.server.op("password", None, **words)

    def tell(self):
        """Everybody knows the new one now, whether or not the moment has come."""
        password = f"{ewsfs.PASSWORD}{self.changes or ''}"
        self.server.op("password", None, password=password)
        with open(self.file, "w") as file:
            file.write(password + "\n")


def update(mount):
    try:
        mount.update()
        return True
    except OSError:
        return False


def come_in_step(mount):
    """Nothing goes wrong any more: what was put off or refused comes soon."""
    deadline = time.monotonic() + IN_STEP_S
    while time.monotonic() < deadline:
        status = mount.status() if update(mount) else {}
        if status.get("pending", "0") == "0" and status.get("quarantined", "0") == "0" and status:
            return
    raise AssertionError(f"still not in step: {mount.status()}")


def play_round(number, server, mount, memory, versions, password):
    draw = random.Random(f"{SEED}:{number}")
    before = expected.truth_of(server)
    generator = operations.Generator(draw, before)
    for operation in generator.draw_many(25):
        operations.apply(server, operation)
    expired = generator.expire() if draw.random() < 0.3 else (None, None)
    if expired[0]:
        operations.apply(server, expired)
    if expired[0] == "forget" and "folder" in expired[1]:
        # Or the loss would come to light in a later round, when something happens there.
        operations.apply(server, ("deliver", {**expired[1], "size": 1}))
    add_faults(server, draw, generator)
    if draw.random() < 0.1:
        password.change(draw.random() < 0.7)
    update(mount)
    password.tell()
    server._call("DELETE", "/test/faults")
    come_in_step(mount)
    for _ in range(AUDITS if expired[0] == "forget" else 0):
        come_in_step(mount)
    now = expected.truth_of(server)
    unsure = expected.below(before, generator.displaced) | \
        expected.below(now, generator.displaced)
    versions.note(now, expected.places(now), unsure)
    wrong = expected.differences(mount, now, memory, versions)
    said = "\n".join(wrong[:20])
    assert not wrong, f"seed {SEED}, round {number}: {len(wrong)} differences:\n{said}"


@pytest.mark.parametrize("like, page, rounds", (
    ("exchange2019", 3, ROUNDS), ("exchange2019", 512, ROUNDS // 8), ("gromox", 3, ROUNDS // 8)))
def test_the_mount_is_what_the_server_has_whatever_happens(
        like, page, rounds, new_server, new_mount):
    print(f"EWSFS_SEED={SEED}")
    server = new_server("--synthetic", f"{ewsfs.USER}:5:7:2000:{SEED % 1000}", "--like", like,
                        may_say=" between pages: ")
    mount = new_mount(server, *OPTIONS, env={**FAST, "EWSFS_PAGE_MAX": str(page)}, dirty_log=True)
    memory, versions, password = expected.Memory(), keys.Keys(), Password(server, mount)
    for number in range(rounds):
        play_round(number, server, mount, memory, versions, password)
    server.op("password", None, password=ewsfs.PASSWORD)
    afresh = new_mount(server, name="afresh")
    afresh.update()
    is_stable = like != "gromox"
    assert expected.fingerprint(afresh, is_stable) == expected.fingerprint(mount, is_stable)


def test_with_content_on_demand_it_is_so_for_whoever_opens_the_files(new_server, new_mount):
    print(f"EWSFS_SEED={SEED}")
    server = new_server("--synthetic", f"{ewsfs.USER}:5:7:2000:{SEED % 1000}", may_say=" between pages: ")
    mount = new_mount(server, *OPTIONS, "content=ondemand", "cache_limit=20K",
                      env={**FAST, "EWSFS_PAGE_MAX": "3"}, dirty_log=True)
    memory, versions, password = expected.Memory(), keys.Keys(), Password(server, mount)
    for number in range(ROUNDS // 5):
        play_round(number, server, mount, memory, versions, password)
