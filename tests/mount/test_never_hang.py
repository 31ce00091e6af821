# SPDX-License-Identifier: MIT
"""Readers are served from the cache, whatever the server does (I5). How fast: tests/bench/never_hang.py."""
import threading

import calls
import ewsfs
import pytest

COMMANDS_N = 20
BAD = [name for name in calls.CONDITIONS if name != "healthy"]


@pytest.fixture
def mount(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:24:20:2000:3")
    made = new_mount(server, "timeout=600", dirty_log=True)
    made.server = server
    made.update()
    return made


def walk_watched(mount):
    """All calls of a walk, by a thread that may hang; nothing may."""
    watchdog, errors = calls.Watchdog(), []

    def walk():
        try:
            for what, work in calls.each_call(mount, every=4):
                watchdog.call(what, work)
        except Exception as error:  # told below
            errors.append(error)

    walker = threading.Thread(target=walk, daemon=True)
    walker.start()
    while walker.is_alive():
        walker.join(0.2)
        assert not watchdog.late()
    assert not errors, errors[0]


@pytest.mark.parametrize("condition", BAD)
def test_I5_every_reader_is_answered_when_the_server(mount, condition):
    with calls.CONDITIONS[condition](mount.server):
        with calls.waiting_commands(mount, COMMANDS_N):
            walk_watched(mount)


@pytest.mark.parametrize("condition", BAD)
def test_unmounting_does_not_wait_for_a_server_that(mount, condition):
    with calls.CONDITIONS[condition](mount.server):
        with open(mount.path / ".ctl", "wb", buffering=0) as control:
            control.write(b"update nowait\n")
        mount.unmount()  # fails when it takes too long, or when a process stays
