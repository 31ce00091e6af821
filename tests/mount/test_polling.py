# SPDX-License-Identifier: MIT
"""Without a command: what the server changes arrives by polling, or not at all with notify=off."""
import time

import ewsfs


def wait_until(holds, seconds=ewsfs.TIMEOUT_S):
    """Waits for what must come; the test fails when it does not."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def test_a_new_item_arrives_with_the_next_poll(small, new_mount):
    mount = new_mount(small, "notify=poll", "poll=5")
    wait_until(lambda: len(mount.files()) == 30)
    new, = small.op("deliver", "Inbox", count=1)
    wait_until(lambda: new in mount.by_item_id())


def test_with_notify_off_nothing_is_asked_between_commands(small, new_mount):
    mount = new_mount(small, "notify=off")
    mount.update()
    small.reset_requests()
    small.op("deliver", "Inbox", count=1)
    assert len(mount.files()) == 30 and small.requests() == {}
    mount.update()
    assert len(mount.files()) == 31
