# SPDX-License-Identifier: MIT
"""Each server that was recorded: a mailbox is mounted, changes, and stays in step."""
import sqlite3
import threading

import ewsfs
import pytest

LIKE = ["exchange2010", "exchange2013", "exchange2019", "online", "gromox"]
INBOX = "Inbox"


@pytest.fixture
def new_like(new_server):
    return lambda like, *more: new_server("--synthetic", f"{ewsfs.USER}:4:8:1500:7", "--like", like, *more)


def step(mount, server, like):
    mount.update()
    ewsfs.check_against(mount, server, mime=like != "gromox")


@pytest.mark.parametrize("like", LIKE)
def test_a_mailbox_on_each_server_stays_in_step(new_like, new_mount, like):
    server = new_like(like)
    mount = new_mount(server, "notify=auto")
    step(mount, server, like)
    server.op("deliver", INBOX, count=3)
    server.op("change", INBOX, count=2)
    server.op("flag", INBOX, count=2)
    server.op("move", INBOX, count=2, to="Sent Items")
    server.op("delete", INBOX, count=1)
    server.op("mkdir", INBOX, name="Sub")
    server.op("deliver", "Inbox/Sub", count=2)
    step(mount, server, like)
    server.op("rename", "Inbox/Sub", name="Other")
    server.op("move", "Inbox/Other", to="Sent Items")
    server.op("failover", None)
    step(mount, server, like)
    mount.unmount()
    server.op("deliver", INBOX, count=1)
    mount.start()
    step(mount, server, like)
    (mount.path / ".ctl").write_text("verify\n")
    assert "changed=0 missing=0 extra=0" in mount.status()["last-verify"]


def refusals(server):
    return server.requests().get("ErrorInvalidServerVersion", 0)


def test_a_server_that_is_too_old_for_the_version_is_asked_in_an_older_one_from_then_on(new_like, new_mount):
    server = new_like("exchange2010")
    mount = new_mount(server, "connections=1")
    step(mount, server, "exchange2010")
    assert refusals(server) == 1
    assert "asking in Exchange2010_SP2 from now on" in mount.log_path.read_text()
    mount.unmount()
    mount.start()
    server.op("deliver", INBOX, count=1)
    step(mount, server, "exchange2010")
    assert refusals(server) == 1


@pytest.mark.parametrize("code", ["ErrorInvalidServerVersion", "ErrorIncorrectSchemaVersion",
                                  "ErrorInvalidSchemaVersionForMailboxVersion"])
@pytest.mark.parametrize("form", ["fault", "message"])
def test_the_version_is_stepped_down_twice_and_remembered(small, new_mount, code, form):
    small.op("fault", None, op="*", kind="error", code=code, form=form, count=2)
    mount = new_mount(small, "connections=1")
    mount.update()
    assert len(mount.files()) == 30 and "asking in Exchange2007_SP1" in mount.log_path.read_text()
    mount.unmount()
    store = sqlite3.connect(mount.cache)
    assert store.execute("SELECT value FROM mailbox WHERE key = 'ews_version'").fetchone() == ("Exchange2007_SP1",)
    store.close()


def test_a_server_that_refuses_every_version_is_an_error_not_a_loop(small, place):
    small.op("fault", None, op="*", kind="error", code="ErrorInvalidServerVersion", form="fault", count=0)
    (place / "m").mkdir()
    result = ewsfs.run(ewsfs.EWSFS, "-o", f"user={ewsfs.USER},password_command=echo {ewsfs.PASSWORD},cache={place}/c.db",
                       small.url, place / "m", check=False)
    assert result.returncode and "ErrorInvalidServerVersion" in result.stderr and result.stderr.count("\n") == 1
    assert sum(small.requests().values()) <= 3 * 3


@pytest.mark.parametrize("like", ["exchange2019", "gromox"])
def test_a_folder_that_is_deleted_while_its_items_are_listed_goes(new_like, new_mount, like):
    """Exchange knows it no more; gromox goes on telling what was in it."""
    server = new_like(like)
    mount = new_mount(server)
    mount.update()
    server.op("mkdir", INBOX, name="Gone")
    server.op("deliver", "Inbox/Gone", count=700, size=1)
    server.op("fault", None, op="SyncFolderItems", kind="between_pages", folder="Inbox/Gone",
              then=[["delete", {"folder": "Inbox/Gone"}]])
    mount.update()
    step(mount, server, like)
    assert not (mount.path / "Inbox/Gone").exists()


@pytest.mark.parametrize("like", ["exchange2010", "online"])
def test_a_server_that_names_itself_otherwise_is_streamed_from(new_like, new_mount, like):
    """No word of machines; or two of them, and a cookie of a foreign domain, which is not kept."""
    server = new_like(like)
    mount = new_mount(server, "notify=streaming", "poll=86400")
    mount.update()
    new, = server.op("deliver", INBOX, count=1)
    seen = threading.Event()

    def look():
        while new not in mount.by_item_id():
            pass
        seen.set()

    threading.Thread(target=look, daemon=True).start()
    assert seen.wait(20)


def test_items_that_are_counted_and_never_listed_are_left_alone_after_one_comparison(new_like, new_mount):
    """gromox leaves out what it cannot load."""
    server = new_like("gromox")
    mount = new_mount(server)
    mount.update()
    hidden, = server.op("deliver", INBOX, count=1)
    server.op("withhold", INBOX, item=hidden)
    for _ in range(4):
        mount.update()
    assert "that it lists: left alone" in mount.log_path.read_text()
    server.reset_requests()
    for _ in range(3):
        mount.update()
    assert set(server.requests()) == {"GetFolder"}
    new, = server.op("deliver", INBOX, count=1)
    mount.update()
    assert new in mount.by_item_id() and hidden not in mount.by_item_id()
