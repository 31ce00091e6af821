# SPDX-License-Identifier: MIT
"""A server that asks us to wait is left alone: nothing leaves during a back-off, wherever it is told, and
afterwards less at once."""
import errno
import threading
import time

import ewsfs
import pytest
from ewsfs import check_against

INBOX = "Inbox"
BACK_OFF_MS = 2000
# Wherever a back-off is told: the fault's keys.
TOLD = {
    "in a fault": {"kind": "busy", "form": "fault", "back_off": BACK_OFF_MS},
    "in a response message": {"kind": "busy", "form": "message", "back_off": BACK_OFF_MS},
    "in an inner code": {"kind": "busy", "form": "inner", "back_off": BACK_OFF_MS},
    "of too many connections": {"kind": "busy", "code": "ErrorExceededConnectionCount", "back_off": BACK_OFF_MS},
    "with 503": {"kind": "503", "retry_after": BACK_OFF_MS // 1000},
    "with 429": {"kind": "429", "retry_after": BACK_OFF_MS // 1000},
}


@pytest.fixture
def server(new_server):
    """Enough to be fetched that every connection has something to do, and folders to be listed meanwhile."""
    return new_server("--synthetic", f"{ewsfs.USER}:10:40:3000:7")


@pytest.fixture
def mount(server, new_mount):
    mount = new_mount(server, "connections=4", "batch=5")
    mount.update()
    return mount


def sent(server):
    """Requests by operation; what is in one ("GetItem.items") is counted a moment later."""
    return {op: n for op, n in server.requests().items() if "." not in op}


def wait_until(condition):
    end = time.monotonic() + ewsfs.TIMEOUT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


class Updating:
    """An update in a thread of its own."""

    def __init__(self, mount):
        self.errno = 0
        self.thread = threading.Thread(target=self.run, args=(mount,))
        self.thread.start()

    def run(self, mount):
        try:
            mount.update()
        except OSError as error:
            self.errno = error.errno

    def wait(self):
        """Its errno."""
        self.thread.join(ewsfs.TIMEOUT_S)
        assert not self.thread.is_alive()
        return self.errno


def change_everywhere(server):
    """Something in each folder: they are listed while others are fetched from."""
    for folder in server.truth()["folders"]:
        if folder["distinguished"] != "msgfolderroot" and folder["total"]:
            server.op("change", folder["path"], count=10)


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_nothing_is_sent_during_a_back_off(server, mount, told):
    """All connections are taken, and the list of a folder waits for one, when it is told."""
    change_everywhere(server)
    server.op("fault", None, kind="delay", op="GetItem", ms=200, count=0)
    server.op("fault", None, op="GetItem", skip=6, **told)
    updating = Updating(mount)
    # What had left when the answer came, and nothing from then on.
    wait_until(lambda: mount.status()["state"] == "throttled")
    begun, status = time.monotonic(), mount.status()
    assert "throttled-until" in status
    asked = sent(server)
    while mount.status()["state"] == "throttled":
        # The state first: it may end between the two.
        assert sent(server) == asked or mount.status()["state"] != "throttled"
        time.sleep(0.02)
    assert time.monotonic() - begun > 0.7 * BACK_OFF_MS / 1000
    assert updating.wait() == 0
    status = mount.status()
    assert status["state"] == "idle" and "throttled-until" not in status and "last-error" not in status
    check_against(mount, server)


def mean_at_once(server, mount):
    """How many requests the server has under way at once while many items are fetched."""
    change_everywhere(server)
    server.op("fault", None, kind="delay", op="GetItem", ms=100, count=0)
    server.reset_requests()
    begun = time.monotonic()
    mount.update()
    server._call("DELETE", "/test/faults")
    took = time.monotonic() - begun
    return sent(server)["GetItem"] * 0.1 / took


def test_there_are_half_as_many_requests_at_once_after_a_back_off(server, mount):
    before = mean_at_once(server, mount)
    server.op("fault", None, kind="busy", op="GetFolder", back_off=200)
    after = mean_at_once(server, mount)
    assert after < 0.75 * before
    assert "then 2 at once" in mount.log_path.read_text()


@pytest.mark.parametrize("keys", [{"back_off": 1}, {}], ids=["a millisecond", "no time"])
def test_a_server_that_is_always_busy_meets_no_storm(server, mount, keys):
    server.op("deliver", INBOX, count=1)
    server.op("fault", None, kind="busy", count=0, **keys)
    server.reset_requests()
    updating = Updating(mount)
    time.sleep(3)
    # 100 ms, doubled each time, less a quarter.
    assert sum(sent(server).values()) <= 6
    server._call("DELETE", "/test/faults")
    (mount.path / ".ctl").write_text("cancel\n")
    assert updating.wait() == errno.ECANCELED


def test_a_back_off_is_shown_in_every_directory_and_nowait_does_not_wait(server, mount):
    server.op("deliver", INBOX, count=1)
    server.op("fault", None, kind="busy", op="GetFolder", back_off=60000)
    updating = Updating(mount)
    wait_until(lambda: mount.status()["state"] == "throttled")
    for directory in (".", INBOX, "Drafts"):
        status = mount.status(directory)
        assert status["state"] == "throttled" and "throttled-until" in status
    with pytest.raises(BlockingIOError):
        (mount.path / "Drafts/.ctl").write_text("update nowait\n")
    (mount.path / ".ctl").write_text("cancel\n")
    assert updating.wait() == errno.ECANCELED
