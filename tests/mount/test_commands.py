# SPDX-License-Identifier: MIT
"""The commands of the control files, and the audit that finds what no change told of."""
import contextlib
import errno
import os
import pathlib
import signal
import threading
import time

import ewsfs
import pytest

INBOX = "Inbox"


@pytest.fixture
def mount(small, new_mount):
    mount = new_mount(small)
    mount.update()
    return mount


def command(mount, line, directory="."):
    """Runs a command line as a shell would; 0 or the errno."""
    fd = os.open(mount.path / directory / ".ctl", os.O_WRONLY)
    try:
        os.write(fd, f"{line}\n".encode())
        return 0
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)


class Running:
    """A command in a thread of its own."""

    def __init__(self, mount, line, directory="."):
        self.result = None
        self.thread = threading.Thread(target=self.run, args=(mount, line, directory))
        self.thread.start()

    def run(self, mount, line, directory):
        self.result = command(mount, line, directory)
        self.ended = time.monotonic()

    def wait(self):
        self.thread.join(ewsfs.TIMEOUT_S)
        assert not self.thread.is_alive()
        return self.result


def sent(server):
    """Requests by operation."""
    return {name: n for name, n in server.requests().items() if "." not in name}


def counts(text):
    return {name: int(number) for name, number in (word.split("=") for word in text.split())}


def listing(mount):
    return ewsfs.run("ls", "-lRi", "--time-style=full-iso", mount.path).stdout


def contents(mount):
    return {str(path): path.read_bytes() for path in mount.files()}


def wait_for_state(mount, state, directory="."):
    end = time.monotonic() + ewsfs.TIMEOUT_S
    while mount.status(directory)["state"] != state:
        assert time.monotonic() < end, mount.status(directory)
        time.sleep(0.005)


def check_against(mount, server):
    truth = {item["id"] for item in server.truth()["items"]}
    assert set(mount.by_item_id()) == truth


# --- resync and clear ---

@pytest.mark.parametrize("directory, line", [(INBOX, "resync"), (".", "resync"), (INBOX, "resync tree")])
def test_a_resync_of_what_is_equal_downloads_and_changes_nothing(small, mount, directory, line):
    before = listing(mount)
    small.reset_requests()
    assert command(mount, line, directory) == 0
    requests = sent(small)
    assert "GetItem" not in requests
    assert requests["GetFolder"] <= 2
    if directory == INBOX:
        assert requests["SyncFolderItems"] == 1
    assert listing(mount) == before
    total = 30 if directory == "." else 10
    assert mount.status(directory)["last-resync"] == f"kept={total} changed=0 added=0 gone=0 regressed=0"
    assert mount.status(directory)["state"] == "idle"
    small.reset_requests()
    mount.update()
    assert sent(small) == {"GetFolder": 1}


def test_a_resync_takes_what_changed(small, mount):
    small.op("change", INBOX, count=2)
    small.op("deliver", INBOX, count=3)
    small.op("delete", INBOX, count=4)
    small.reset_requests()
    assert command(mount, "resync", INBOX) == 0
    found = counts(mount.status(INBOX)["last-resync"])
    assert found["added"] == 3 and found["gone"] == 4 and found["kept"] + found["changed"] == 6
    check_against(mount, small)


def test_a_clear_fetches_everything_and_keeps_the_inodes_of_identical_bytes(small, mount):
    before, bytes_before = listing(mount), contents(mount)
    small.reset_requests()
    assert command(mount, "clear", INBOX) == 0
    assert sent(small)["GetItem"] == 1
    assert listing(mount) == before and contents(mount) == bytes_before
    assert mount.status(INBOX)["last-resync"] == "kept=10 changed=0 added=0 gone=0 regressed=0"


def test_the_result_of_a_resync_survives_a_remount(small, mount):
    assert command(mount, "resync", INBOX) == 0
    result = mount.status(INBOX)["last-resync"]
    mount.unmount()
    mount.start()
    assert mount.status(INBOX)["last-resync"] == result


def test_the_progress_of_a_clear_counts_what_is_fetched_again(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:300:3000:5")
    mount = new_mount(server, "connections=1", "batch=10")
    mount.update()
    total = sum(int(ewsfs.xattr(path, "user.ews.size")) for path in mount.files())
    server.op("fault", None, kind="delay", op="GetItem", ms=150, count=0)
    running = Running(mount, "clear", INBOX)
    seen = []
    while running.result is None:
        status = mount.status()
        if "bytes-total" in status and status["state"] == "clearing":
            seen.append((int(status["bytes-done"]), int(status["bytes-total"]), status.get("eta")))
        time.sleep(0.05)
    assert running.wait() == 0
    server._call("DELETE", "/test/faults")
    late = seen[len(seen) // 2:]
    assert late and all(0.9 * total < told < 1.1 * total and done <= told for done, told, _ in late), (total, seen)
    assert any(eta is not None for _, _, eta in late)
    assert "bytes-total" not in mount.status()


def test_I5_files_stay_readable_while_a_clear_runs(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:400:20000:3")
    mount = new_mount(server, "connections=1", "batch=5")
    mount.update()
    before = listing(mount)
    running = Running(mount, "clear", INBOX)
    wait_for_state(mount, "clearing", INBOX)
    assert mount.status()["state"] == "clearing"
    seen = 0
    while running.result is None:
        names = os.listdir(mount.path / INBOX)
        assert len(names) == 400
        for name in names[:20]:
            path = mount.path / INBOX / name
            assert len(path.read_bytes()) == path.stat().st_size
        seen += 1
    assert running.wait() == 0 and seen > 0
    assert listing(mount) == before


# --- verify ---

def test_a_verify_of_what_is_equal_says_so(small, mount):
    before = listing(mount)
    small.reset_requests()
    assert command(mount, "verify", INBOX) == 0
    assert sent(small) == {"SyncFolderItems": 1}
    status = mount.status(INBOX)
    assert status["last-verify"] == "kept=10 changed=0 missing=0 extra=0 regressed=0 uncovered=0"
    assert "last-verify-items" not in status
    assert listing(mount) == before


def test_a_verify_names_what_differs_and_changes_nothing(small, mount):
    ids = sorted(item["id"] for item in small.truth()["items"] if item["folder"] ==
                 ewsfs.xattr(mount.path / INBOX, "user.ews.folder_id"))
    small.op("change", INBOX, item=ids[0])
    flagged = ids[1]
    read = ewsfs.xattr(mount.by_item_id()[flagged], "user.ews.is_read") == "true"
    small.op("flag", INBOX, item=flagged, read=not read)
    small.op("delete", INBOX, item=ids[2])
    new, = small.op("deliver", INBOX, count=1)
    before, cache = listing(mount), contents(mount)
    state = ewsfs.xattr(mount.path / INBOX, "user.ews.sync_state")
    small.reset_requests()
    assert command(mount, "verify") == 0
    assert set(sent(small)) == {"SyncFolderItems"}
    status = mount.status()
    assert status["last-verify"] == "kept=27 changed=2 missing=1 extra=1 regressed=0 uncovered=0"
    words = [tuple(word.split("=", 1)) for word in status["last-verify-items"].split()]
    assert sorted(words) == sorted([("changed", ids[0]), ("changed", flagged), ("extra", ids[2]), ("missing", new)])
    assert mount.status(INBOX)["last-verify"] == "kept=7 changed=2 missing=1 extra=1 regressed=0 uncovered=0"
    assert listing(mount) == before and contents(mount) == cache
    assert ewsfs.xattr(mount.path / INBOX, "user.ews.sync_state") == state
    mount.update()
    assert command(mount, "verify") == 0
    assert counts(mount.status()["last-verify"])["kept"] == 30
    check_against(mount, small)


# --- errors ---

@pytest.mark.parametrize("line", ["offline", "online"])
def test_offline_and_online_are_for_the_root(mount, line):
    assert command(mount, line, INBOX) == errno.EINVAL


@contextlib.contextmanager
def stopped(server):
    """The server does not answer: none of its threads runs."""
    server.process.send_signal(signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    while any(") T " not in (task / "stat").read_text() for task in tasks.iterdir()):
        time.sleep(0.001)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def test_another_command_there_is_EBUSY(small, mount):
    with stopped(small):
        running = Running(mount, "resync", INBOX)
        wait_for_state(mount, "resyncing", INBOX)
        assert command(mount, "update", INBOX) == errno.EBUSY
        assert command(mount, "resync", INBOX) == errno.EBUSY
        assert command(mount, "verify") == errno.EBUSY
        assert command(mount, "clear tree nowait") == errno.EBUSY
        assert running.result is None
    assert running.wait() == 0
    assert command(mount, "update", INBOX) == 0


@pytest.mark.parametrize("line", ["update", "resync", "clear", "verify"])
def test_a_cancelled_command_ends_at_once_and_can_be_repeated(small, mount, line):
    before = listing(mount)
    with stopped(small):
        running = Running(mount, line, INBOX)
        time.sleep(0.2)
        begun = time.monotonic()
        assert command(mount, "cancel", INBOX) == 0
        assert running.wait() == errno.ECANCELED
        assert running.ended - begun < 0.1
        assert mount.status()["last-error"] == "cancelled"
        wait_for_state(mount, "idle")
    assert command(mount, line, INBOX) == 0
    assert listing(mount) == before
    assert command(mount, "cancel") == 0, "nothing runs: nothing to do"
    mount.update()
    assert "last-error" not in mount.status()


def test_cancel_in_the_root_ends_commands_everywhere(small, mount):
    with stopped(small):
        running = [Running(mount, "update", INBOX), Running(mount, "verify", "Drafts")]
        time.sleep(0.2)
        assert command(mount, "cancel", "Sent Items") == 0
        assert all(each.result is None for each in running)
        assert command(mount, "cancel") == 0
        assert [each.wait() for each in running] == [errno.ECANCELED] * 2
    assert command(mount, "update") == 0


def test_a_clear_that_was_cancelled_or_killed_half_way_arrives_all_the_same(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:2:600:2000:5")
    mount = new_mount(server, "connections=1", "batch=2")
    mount.update()
    before = listing(mount)
    running = Running(mount, "clear")
    wait_for_state(mount, "clearing")
    time.sleep(0.1)
    assert command(mount, "cancel") == 0
    assert running.wait() in (errno.ECANCELED, 0)
    server.op("delete", INBOX, count=5)
    server.op("deliver", INBOX, count=5)
    running = Running(mount, "resync")
    wait_for_state(mount, "resyncing")
    mount.kill()
    running.wait()
    ewsfs.run("fusermount3", "-uz", mount.path, check=False)
    mount.start()
    mount.update()
    check_against(mount, server)
    kept = set(before.split("\n")) & set(listing(mount).split("\n"))
    assert len(kept) > 1100


@pytest.mark.parametrize("line", ["resync", "clear"])
def test_a_cancelled_command_is_not_gone_on_with(new_server, new_mount, line):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:1500:300:5")
    mount = new_mount(server, "connections=2", "batch=5")
    mount.update()
    before, state = listing(mount), ewsfs.xattr(mount.path / INBOX, "user.ews.sync_state")
    busy = "SyncFolderItems" if line == "resync" else "GetItem"
    server.reset_requests()
    server.op("fault", None, kind="delay", op=busy, ms=200, count=0)
    running = Running(mount, line, INBOX)
    while server.requests().get(busy, 0) < 2:
        time.sleep(0.005)
    begun = time.monotonic()
    assert command(mount, "cancel", INBOX) == 0
    assert time.monotonic() - begun < 0.1
    assert running.wait() == errno.ECANCELED
    server._call("DELETE", "/test/faults")
    server.reset_requests()
    mount.update()
    # What was under way on its two connections.
    assert sent(server).get("GetItem", 0) <= 2 and "SyncFolderItems" not in sent(server)
    if line == "resync":
        assert ewsfs.xattr(mount.path / INBOX, "user.ews.sync_state") == state
    assert mount.status()["pending"] == "0" and listing(mount) == before
    assert command(mount, line, INBOX) == 0
    assert listing(mount) == before


def test_offline_sends_nothing_and_online_resumes(small, mount):
    small.op("deliver", INBOX, count=1)
    assert command(mount, "offline") == 0
    assert mount.status()["state"] == "offline" and mount.status()["last-error"] == "working offline"
    small.reset_requests()
    for line in ["update", "resync tree", "clear", "verify", "update nowait"]:
        assert command(mount, line) == errno.EHOSTDOWN
    assert len(contents(mount)) == 30
    assert command(mount, "offline") == 0, "it is already"
    time.sleep(0.2)
    assert sent(small) == {}
    assert command(mount, "online") == 0
    mount.update()
    check_against(mount, small)
    assert mount.status()["state"] == "idle" and "last-error" not in mount.status()


def test_offline_is_shown_behind_a_refused_login_and_an_error(small, new_mount):
    mount = new_mount(small, dirty_log=True)
    mount.update()
    small.op("fault", None, kind="403", count=0)
    assert command(mount, "update") == errno.EACCES
    for directory in (".", INBOX):
        assert mount.status(directory)["state"] == "error" and "forbids" in mount.status(directory)["last-error"]
    small._call("DELETE", "/test/faults")
    small.op("fault", None, kind="401", count=0)
    assert command(mount, "update") == errno.EACCES
    assert command(mount, "offline") == 0
    for directory in (".", INBOX):
        assert mount.status(directory)["state"] == "auth"
    assert command(mount, "online") == 0


def test_the_trouble_of_a_folder_is_its_own_and_the_roots(small, new_mount):
    mount = new_mount(small, dirty_log=True)
    mount.update()
    small.op("deliver", INBOX, count=1)
    small.op("fault", None, kind="error", op="SyncFolderItems", code="ErrorFolderCorrupt", count=0)
    assert command(mount, "update") != 0
    for directory in (".", INBOX):
        assert mount.status(directory)["state"] == "error" and "last-error" in mount.status(directory)
    assert mount.status("Drafts")["state"] == "idle" and "last-error" not in mount.status("Drafts")


def test_going_offline_ends_what_runs(small, mount):
    with stopped(small):
        running = Running(mount, "update")
        time.sleep(0.1)
        assert command(mount, "offline") == 0
        assert running.wait() == errno.EHOSTDOWN
    assert command(mount, "online") == 0
    assert command(mount, "update") == 0


@pytest.mark.parametrize("line", ["update", "resync", "clear", "verify"])
def test_a_server_that_is_gone_is_EHOSTDOWN(small, new_mount, line):
    mount = new_mount(small, "timeout=10", dirty_log=True)
    mount.update()
    before = listing(mount)
    small.stop()
    assert command(mount, line) == errno.EHOSTDOWN
    assert "unreachable" in mount.status()["last-error"]
    assert listing(mount) == before
    small.start(small.port)


def test_nowait_returns_at_once_and_the_command_goes_on(small, mount):
    with stopped(small):
        begun = time.monotonic()
        assert command(mount, "resync nowait", INBOX) == 0
        assert time.monotonic() - begun < 1
        assert mount.status(INBOX)["state"] == "resyncing"
    wait_for_state(mount, "idle", INBOX)
    assert counts(mount.status(INBOX)["last-resync"])["kept"] == 10


def test_an_update_of_a_folder_does_not_wait_for_the_others(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:4:1000:1000:5")
    mount = new_mount(server, "connections=1", "batch=5")
    while mount.status(INBOX)["items"] != "1000":
        time.sleep(0.005)
    assert command(mount, "update", INBOX) == 0
    status = mount.status()
    assert mount.status(INBOX)["items"] == "1000" and mount.status(INBOX)["pending"] == "0"
    assert status["state"] == "syncing" and int(status["pending"]) > 0
    mount.update()
    check_against(mount, server)


# --- the audit ---

def test_deletes_lost_with_a_forgotten_sync_state_are_found_in_two_digests(small, mount):
    small.op("forget", INBOX)
    small.op("delete", INBOX, count=3)
    mount.update()
    mount.update()
    check_against(mount, small)
    assert counts(mount.status(INBOX)["last-verify"])["extra"] == 3
    assert counts(mount.status(INBOX)["last-resync"])["gone"] == 3
    small.reset_requests()
    for _ in range(3):
        mount.update()
    assert sent(small) == {"GetFolder": 3}


def test_an_equal_mailbox_is_never_audited(small, mount):
    small.op("flag", INBOX, count=4)
    small.op("move", INBOX, count=2, to="Drafts")
    mount.update()
    small.reset_requests()
    for _ in range(4):
        mount.update()
    assert sent(small) == {"GetFolder": 4}
    assert "last-verify" not in mount.status(INBOX)
