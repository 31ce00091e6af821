# SPDX-License-Identifier: MIT
"""What goes wrong on a server and on the way to it: the mount comes in step whatever happens, says
what is wrong while it is, and asks for no more than it needs."""
import contextlib
import errno
import os
import sqlite3
import threading
import time

import ewsfs
import pytest
from ewsfs import check_against

INBOX, SENT = "Inbox", "Sent Items"
OPERATIONS = ("GetFolder", "SyncFolderHierarchy", "SyncFolderItems", "GetItem")


@pytest.fixture
def mount(small, new_mount):
    mount = new_mount(small, dirty_log=True)
    mount.update()
    small.reset_requests()
    return mount


def break_(server, kind, op="*", **more):
    server.op("fault", None, kind=kind, op=op, **more)


def mend(server):
    """Ends all faults; each of them has struck."""
    faults = server._call("GET", "/test/faults")["faults"]
    server._call("DELETE", "/test/faults")
    assert all(fault["fired"] for fault in faults), faults


def refused(mount):
    """An update that fails; its errno."""
    with pytest.raises(OSError) as error:
        mount.update()
    return error.value.errno


def healthy(mount, server, **more):
    """All is as on the server, and the status says so."""
    check_against(mount, server, **more)
    status = mount.status()
    assert status["state"] == "idle" and status["pending"] == status["quarantined"] == "0", status
    assert "last-error" not in status and "throttled-until" not in status, status


def in_step(mount, server, **more):
    mount.update()
    healthy(mount, server, **more)


def quiet(mount, server):
    """Nothing is left that an update would ask about again: what differed in counts is settled in a few."""
    for _ in range(4):
        server.reset_requests()
        mount.update()
    assert server.requests() == {"GetFolder": 1}


def many_changes(server):
    """Something of each kind, so that each operation is needed. How many items are to be fetched."""
    server.op("change", INBOX, count=2)
    server.op("move", INBOX, count=1, to=SENT)
    server.op("delete", INBOX, count=1)
    server.op("flag", SENT, count=3)
    server.op("mkdir", INBOX, name="New")
    server.op("deliver", "Inbox/New", count=3)
    return 2 - 1 - 1 + 1 + 3


def warnings(mount):
    return [line for line in mount.log_path.read_text().splitlines() if " warning: " in line or " error: " in line]


def attribute(mount, directory, name):
    return ewsfs.xattr(mount.path / directory, f"user.ews.{name}")


# --- sync states ---

def test_a_folder_whose_sync_state_is_refused_is_listed_afresh_and_fetches_what_differs(small, mount):
    small.op("expire", INBOX)
    small.op("change", INBOX, count=2)
    small.op("delete", INBOX, count=1)
    small.op("deliver", INBOX, count=3)
    small.op("flag", INBOX, count=4)
    in_step(mount, small)
    requests = small.requests()
    assert requests["SyncFolderItems.initial"] == 1 and requests["GetItem.items"] == 1 + 3
    assert mount.status(INBOX)["last-resync"] == "kept=5 changed=4 added=3 gone=1 regressed=0"
    quiet(mount, small)


def test_folders_whose_sync_state_is_refused_are_listed_afresh_and_keep_their_items(small, mount):
    small.op("mkdir", INBOX, name="Old")
    small.op("mkdir", INBOX, name="Gone")
    mount.update()
    inode = (mount.path / INBOX / "Old").stat().st_ino
    small.reset_requests()
    small.op("expire", None, hierarchy=True)
    small.op("rename", "Inbox/Old", name="Older")
    small.op("delete", "Inbox/Gone")
    in_step(mount, small)
    requests = small.requests()
    assert "SyncFolderItems.initial" not in requests and "GetItem" not in requests
    assert (mount.path / INBOX / "Older").stat().st_ino == inode
    quiet(mount, small)


def test_all_sync_states_refused_at_once_cost_a_listing_of_each_folder_that_changed(small, mount):
    small.op("expire", None)
    fetched = many_changes(small)
    in_step(mount, small)
    requests = small.requests()
    assert requests["GetItem.items"] == fetched and requests["SyncFolderItems.initial"] == 3
    quiet(mount, small)


def test_the_empty_state_in_an_error_is_never_stored(small, mount):
    states = {name: attribute(mount, name, "sync_state") for name in (INBOX, SENT)}
    fetched = many_changes(small)
    break_(small, "error", "SyncFolderItems", code="ErrorFolderCorrupt", count=0)
    refused(mount)
    assert {name: attribute(mount, name, "sync_state") for name in states} == states
    assert mount.status(INBOX)["state"] == "error" and "list" not in mount.status(INBOX)["last-error"]
    assert len(mount.files()) == 30
    mend(small)
    small.reset_requests()
    in_step(mount, small)
    requests = small.requests()
    assert requests["SyncFolderItems.initial"] == 1 and requests["GetItem.items"] == fetched


def test_the_empty_state_in_an_error_about_folders_is_never_stored(small, mount):
    small.op("mkdir", INBOX, name="Projects")
    break_(small, "error", "SyncFolderHierarchy", code="ErrorFolderCorrupt", count=0)
    refused(mount)
    assert mount.status()["state"] == "error" and "ErrorFolderCorrupt" in mount.status()["last-error"]
    mend(small)
    small.reset_requests()
    in_step(mount, small)
    assert small.requests()["SyncFolderHierarchy"] == 1
    quiet(mount, small)


def test_what_goes_while_all_states_are_forgotten_in_silence_is_missed_in_the_end(small, mount):
    small.op("mkdir", INBOX, name="Gone")
    small.op("deliver", "Inbox/Gone", count=2)
    mount.update()
    small.op("forget", None)
    small.op("delete", "Inbox/Gone")
    small.op("delete", INBOX, count=2)
    small.op("delete", SENT, count=1)
    for _ in range(3):
        with contextlib.suppress(OSError):
            mount.update()
    in_step(mount, small)
    quiet(mount, small)


# --- pages ---

def test_phantom_ids_are_dropped_and_their_folder_goes_on(small, mount):
    new = small.op("deliver", INBOX, count=2)
    break_(small, "phantom", "SyncFolderItems", n=3)
    in_step(mount, small)
    assert set(new) <= set(mount.by_item_id()) and mount.status(INBOX)["items"] == "12"
    mend(small)
    quiet(mount, small)
    healthy(mount, small)


@pytest.mark.parametrize("kind", ["duplicate", "reorder"])
def test_pages_with_ids_twice_or_in_any_order_come_to_the_same(small, new_mount, kind):
    break_(small, kind, "SyncFolderItems", count=0, seed=7)
    mount = new_mount(small)
    in_step(mount, small)
    assert small.requests()["GetItem.items"] == 30
    small.reset_requests()
    fetched = many_changes(small)
    in_step(mount, small)
    assert small.requests()["GetItem.items"] == fetched
    mend(small)
    quiet(mount, small)


def put_state(mount, name, state):
    """Another state of the folder than the one that belongs to what is cached."""
    with contextlib.closing(sqlite3.connect(mount.cache)) as cache, cache:
        changed = cache.execute("UPDATE folder SET sync_state = ? WHERE display_name = ?", (state, name))
        assert changed.rowcount == 1
    ewsfs.seal(mount.cache)


def test_a_Delete_and_an_Update_of_what_is_not_known_are_taken(small, new_mount, mount):
    updated, deleted = small.op("deliver", INBOX, count=2)
    other = new_mount(small, name="other")
    other.update()
    state = attribute(other, INBOX, "sync_state")
    mount.unmount()
    put_state(mount, INBOX, state)
    small.op("change", INBOX, item=updated)
    small.op("delete", INBOX, item=deleted)
    mount.start()
    in_step(mount, small)
    assert updated in mount.by_item_id()
    quiet(mount, small)


@pytest.mark.parametrize("first", [False, True])
def test_not_last_that_does_not_move_is_named_and_ends(small, mount, first):
    """Behind a state that is there, or with none at all."""
    small.op("deliver", INBOX, count=2)
    if first:
        small.op("expire", INBOX)
    break_(small, "notlast", "SyncFolderItems", count=0)
    for _ in range(2):
        small.reset_requests()
        assert refused(mount) == errno.EPROTO
        status = mount.status(INBOX)
        assert status["state"] == "error" and status["last-error"]
        assert first or "does not get on" in status["last-error"]
        assert small.requests()["SyncFolderItems"] <= 3 and len(mount.files()) == 30
    mend(small)
    in_step(mount, small)


def test_a_list_of_folders_that_does_not_move_is_named_and_ends(small, mount):
    small.op("mkdir", INBOX, name="Projects")
    break_(small, "notlast", "SyncFolderHierarchy", count=0)
    assert refused(mount) == errno.EPROTO
    status = mount.status()
    assert status["state"] == "error" and "does not get on" in status["last-error"]
    assert small.requests()["SyncFolderHierarchy"] <= 3
    mend(small)
    in_step(mount, small)


def test_full_pages_of_deletes_that_say_they_are_the_last_are_followed_by_the_rest(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:1600:50:3", "--like", "gromox")
    mount = new_mount(server, "batch=100")
    mount.update()
    server.op("delete", INBOX, count=1500)
    in_step(mount, server, mime=False)
    assert len(mount.files()) == 100


# --- items ---

def test_the_rest_of_a_batch_that_was_stopped_is_asked_for_again(small, mount):
    new = small.op("deliver", INBOX, count=10)
    break_(small, "stopped", "GetItem", at=3, code="ErrorItemCorrupt")
    mount.update()
    bad = [path for path in mount.files() if ewsfs.xattr(path, "user.ews.sync") == "error"]
    assert len(bad) == 1 and mount.status()["quarantined"] == "1" and mount.status()["pending"] == "0"
    assert small.requests()["GetItem.items"] == 10 + 6 + 1  # and what the bad one is
    mend(small)
    small.op("change", INBOX, item=ewsfs.xattr(bad[0], "user.ews.item_id"))
    in_step(mount, small)
    assert set(new) <= set(mount.by_item_id())


def test_an_item_that_cannot_be_delivered_appears_and_every_tool_says_so(small, mount, place):
    bad, good = small.op("deliver", INBOX, count=2)
    break_(small, "unconvertible", items=[bad])
    mount.update()
    path = mount.by_item_id()[bad]
    assert path.stat().st_size >= 1 and good in mount.by_item_id()
    with pytest.raises(OSError) as error:
        path.read_bytes()
    assert error.value.errno == errno.EIO
    assert ewsfs.xattr(path, "user.ews.sync") == "error"
    assert "ErrorMimeContentConversionFailed" in ewsfs.xattr(path, "user.ews.error")
    for directory in (".", INBOX):
        status = mount.status(directory)
        assert (status["quarantined"], status["pending"], status["state"]) == ("1", "0", "idle")
    copy = place / "copy"
    for tool in (["cat", path], ["grep", "-r", "no such words", mount.path / INBOX], ["cp", path, copy],
                 ["tar", "-cf", place / "x.tar", "-C", mount.path, INBOX],
                 ["rsync", "-a", f"{mount.path}/{INBOX}/", f"{place}/mirror/"]):
        result = ewsfs.run(*tool, check=False, env={**os.environ, "LC_ALL": "C"})
        assert result.returncode != 0 and "Input/output error" in result.stderr, tool
    assert len([line for line in warnings(mount) if "not delivered" in line]) == 1


@pytest.mark.parametrize("recovery", ["change", "resync", "clear"])
def test_an_item_that_could_not_be_delivered_recovers(small, mount, recovery):
    bad, _ = small.op("deliver", INBOX, count=2)
    break_(small, "unconvertible", items=[bad])
    mount.update()
    name = mount.by_item_id()[bad].name
    small.reset_requests()
    mount.update()
    assert "GetItem" not in small.requests(), "asked again too soon"
    mend(small)
    if recovery == "change":
        small.op("change", INBOX, item=bad)
    else:
        (mount.path / INBOX / ".ctl").write_text(f"{recovery}\n")
    in_step(mount, small)
    assert ewsfs.xattr(mount.by_item_id()[bad], "user.ews.sync") == "ok"
    assert recovery == "change" or mount.by_item_id()[bad].name == name
    assert "user.ews.error" not in os.listxattr(mount.by_item_id()[bad])
    quiet(mount, small)


def test_the_old_content_stays_where_an_update_cannot_be_delivered(small, mount):
    item, = small.op("change", INBOX, count=1)
    mount.update()
    before = mount.by_item_id()[item]
    content, inode = before.read_bytes(), before.stat().st_ino
    break_(small, "unconvertible", items=[item])
    small.op("change", INBOX, item=item)
    mount.update()
    path = mount.by_item_id()[item]
    assert path.read_bytes() == content and path.stat().st_ino == inode
    assert ewsfs.xattr(path, "user.ews.sync") == "error" and ewsfs.xattr(path, "user.ews.error")
    assert mount.status()["quarantined"] == "1" and mount.status()["pending"] == "0"
    mount.unmount()
    mount.start()
    mount.update()
    assert mount.by_item_id()[item].read_bytes() == content and mount.status()["quarantined"] == "1"
    mend(small)
    small.op("change", INBOX, item=item)
    in_step(mount, small)
    assert mount.by_item_id()[item].read_bytes() != content


def test_an_item_that_could_not_be_delivered_goes_when_it_is_deleted(small, mount):
    bad, = small.op("deliver", INBOX, count=1)
    break_(small, "unconvertible", items=[bad])
    mount.update()
    assert bad in mount.by_item_id()
    small.op("delete", INBOX, item=bad)
    in_step(mount, small)
    mend(small)


@pytest.mark.parametrize("rotate", [False, True])
def test_a_reply_that_does_not_answer_the_question_is_not_believed(small, mount, rotate):
    small.op("deliver", INBOX, count=6)
    small.op("change", INBOX, count=3)
    break_(small, "wrongid", "GetItem", rotate=rotate)
    in_step(mount, small)
    mend(small)
    quiet(mount, small)


@pytest.mark.parametrize("op", ["GetFolder", "SyncFolderItems"])
def test_an_answer_about_another_folder_is_not_believed(small, mount, op):
    many_changes(small)
    break_(small, "wrongid", op, rotate=True)
    in_step(mount, small)
    mend(small)


# --- folders ---

def test_a_folder_that_vanishes_between_its_pages_is_gone(small, mount):
    small.op("mkdir", INBOX, name="Gone")
    small.op("deliver", "Inbox/Gone", count=700, size=1)
    small.op("deliver", SENT, count=2)
    break_(small, "between_pages", "SyncFolderItems", folder="Inbox/Gone", then=[["delete", {"folder": "Inbox/Gone"}]])
    in_step(mount, small)
    assert not (mount.path / INBOX / "Gone").exists()
    mend(small)
    quiet(mount, small)


def test_what_changes_between_two_pages_is_seen(small, mount):
    small.op("deliver", INBOX, count=700, size=1)
    break_(small, "between_pages", "SyncFolderItems", folder=INBOX, then=[
        ["delete", {"folder": INBOX, "count": 5}], ["change", {"folder": INBOX, "count": 5}],
        ["move", {"folder": INBOX, "count": 5, "to": SENT}], ["flag", {"folder": INBOX, "count": 5}],
        ["deliver", {"folder": INBOX, "count": 5}], ["mkdir", {"folder": INBOX, "name": "New"}]])
    mount.update()
    mend(small)
    in_step(mount, small)
    quiet(mount, small)


def test_a_folder_that_may_not_be_read_is_shown_and_says_why_while_others_go_on(small, mount):
    small.op("mkdir", INBOX, name="Secret")
    small.op("deliver", "Inbox/Secret", count=1)
    small.op("deny", "Inbox/Secret")
    new, = small.op("deliver", SENT, count=1)
    mount.update()
    assert (mount.path / INBOX / "Secret").is_dir() and new in mount.by_item_id()
    status = mount.status("Inbox/Secret")
    assert status["state"] == "error" and "access" in status["last-error"].lower()
    assert mount.status()["state"] == "idle" and mount.status(INBOX)["state"] == "idle"
    small.op("deny", "Inbox/Secret", denied=False)
    in_step(mount, small)
    assert mount.status("Inbox/Secret")["state"] == "idle"


def test_a_folder_that_is_closed_later_keeps_what_it_has(small, mount):
    small.op("deny", SENT)
    small.op("deliver", SENT, count=1)
    mount.update()
    assert len(os.listdir(mount.path / SENT)) == 10
    assert mount.status(SENT)["state"] == "error" and mount.status(INBOX)["state"] == "idle"
    small.op("deny", SENT, denied=False)
    in_step(mount, small)


def test_a_folder_whose_parent_never_comes_is_left_out_until_it_does(small, mount):
    orphan, = small.op("mkdir", INBOX, name="Orphan", orphan=True)
    small.op("mkdir", "Inbox/Orphan", name="Child")
    small.op("deliver", "Inbox/Orphan", count=2)
    in_step(mount, small, unshown=[orphan])
    small.op("misplace", "Inbox/Orphan", back=True)
    in_step(mount, small)
    small.op("misplace", "Inbox/Orphan")
    in_step(mount, small, unshown=[orphan])
    quiet(mount, small)


def test_parents_may_come_after_their_children(small, new_mount):
    """A folder is told in the order of its last change: each parent changes after what is in it."""
    small.op("mkdir", "Inbox/a/b/c/d")
    small.op("deliver", "Inbox/a/b/c/d", count=1)
    for path in ("Inbox/a/b/c/d", "Inbox/a/b/c", "Inbox/a/b", "Inbox/a"):
        small.op("change", path)
    mount = new_mount(small)
    in_step(mount, small)
    for path in ("Inbox/a/b/c", "Inbox/a/b", "Inbox/a"):
        small.op("rename", path, name=path[-1] + path[-1])
        in_step(mount, small)
        small.op("rename", path[:-1] + path[-1] * 2, name=path[-1])
    in_step(mount, small)


def test_folders_in_a_circle_are_left_out_and_nothing_hangs(small, mount):
    ring, = small.op("mkdir", INBOX, name="Ring")
    small.op("mkdir", "Inbox/Ring/Link")
    small.op("deliver", "Inbox/Ring/Link", count=1)
    mount.update()
    small.op("misplace", "Inbox/Ring", under="Inbox/Ring/Link")
    in_step(mount, small, unshown=[ring])
    small.op("misplace", "Inbox/Ring", under="Inbox/Ring")
    in_step(mount, small, unshown=[ring])
    small.op("misplace", "Inbox/Ring", back=True)
    in_step(mount, small)
    quiet(mount, small)


def test_what_is_below_a_hidden_folder_comes_back_with_it(small, mount):
    small.op("mkdir", "Inbox/Outer/Inner/Innermost")
    small.op("deliver", "Inbox/Outer/Inner/Innermost", count=2)
    in_step(mount, small)
    small.op("hide", "Inbox/Outer")
    in_step(mount, small)
    small.op("deliver", "Inbox/Outer/Inner/Innermost", count=2)
    in_step(mount, small)
    small.op("hide", "Inbox/Outer", hidden=False)
    in_step(mount, small)
    assert len(list((mount.path / "Inbox/Outer/Inner/Innermost").iterdir())) == 4


def test_a_thousand_folders(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1000:1:100:3")
    mount = new_mount(server)
    in_step(mount, server)
    server.op("deliver", INBOX, count=1)
    in_step(mount, server)
    server.reset_requests()
    mount.update()
    requests = server.requests()
    assert set(requests) == {"GetFolder"} and requests["GetFolder"] <= 5


# --- the way to the server ---

def test_a_second_response_to_a_request_is_never_taken_for_another(small, mount):
    break_(small, "second", count=0)
    many_changes(small)
    in_step(mount, small)
    for _ in range(2):
        small.op("deliver", INBOX, count=20)
        in_step(mount, small)
    mend(small)
    quiet(mount, small)


def test_after_a_failover_the_states_go_on(small, mount):
    fetched = many_changes(small)
    small.op("failover", None)
    in_step(mount, small)
    requests = small.requests()
    assert requests["SyncFolderItems.initial"] == 1 and requests["GetItem.items"] == fetched


@pytest.mark.parametrize("raw", [False, True])
def test_characters_that_XML_forbids_break_nothing(small, new_mount, raw):
    break_(small, "illegal", count=0, raw=raw)
    small.op("mkdir", INBOX, name="Projects")
    mount = new_mount(small)
    mount.update()
    assert mount.status()["pending"] == mount.status()["quarantined"] == "0"
    assert len(mount.files()) == 30
    for path in mount.files():
        assert "\ufffd" in path.name or "user.ews.subject" not in os.listxattr(path)
        assert "\ufffd" in ewsfs.xattr(path.parent, "user.ews.display_name")
    mend(small)
    small.op("change", INBOX, count=10, kind="subject", subject="clean")
    mount.update()
    assert sum("clean" in path.name for path in mount.files()) == 10


@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize("kind, keys", [("malformed", {}), ("truncated", {}), ("truncated", {"bytes": 0}),
                                        ("reset", {"bytes": 300}), ("reset", {"bytes": -1})])
def test_a_broken_reply_is_asked_for_again(small, mount, op, kind, keys):
    fetched = many_changes(small)
    break_(small, kind, op, **keys)
    in_step(mount, small)
    mend(small)
    assert fetched <= small.requests()["GetItem.items"] <= fetched + 3 + 3
    assert small.requests()["SyncFolderItems.initial"] <= 2


@pytest.mark.parametrize("kind", ["malformed", "truncated", "reset"])
def test_replies_that_stay_broken_are_an_error_with_a_reason(small, mount, kind):
    many_changes(small)
    break_(small, kind, count=0)
    assert refused(mount) in (errno.EPROTO, errno.EHOSTDOWN)
    status = mount.status()
    assert status["state"] in ("error", "offline") and status["last-error"]
    assert sum(small.requests().values()) <= 4
    assert len(mount.files()) == 30
    mend(small)
    in_step(mount, small)


def test_a_reply_that_drips_is_waited_for(small, mount):
    many_changes(small)
    break_(small, "drip", rate=20000, count=2)
    in_step(mount, small)
    mend(small)


def test_an_error_500_is_repeated(small, mount):
    fetched = many_changes(small)
    for op in ("GetFolder", "SyncFolderItems"):
        break_(small, "500", op)
    in_step(mount, small)
    mend(small)
    assert small.requests()["GetItem.items"] == fetched


def test_a_forbidden_mailbox_is_an_error_and_recovers_by_itself(small, mount):
    many_changes(small)
    break_(small, "403", count=0)
    assert refused(mount) == errno.EACCES
    status = mount.status()
    assert status["state"] == "error" and "forbids" in status["last-error"]
    assert len(mount.files()) == 30
    mend(small)
    in_step(mount, small)


def test_a_login_that_is_refused_is_not_repeated_with_the_same_password(small, mount):
    many_changes(small)
    break_(small, "401", count=0)
    assert refused(mount) == errno.EACCES
    assert mount.status()["state"] == "auth" and "login" in mount.status()["last-error"]
    asked = sum(small.requests().values())
    assert refused(mount) == errno.EACCES and sum(small.requests().values()) == asked <= 1
    assert all(path.read_bytes() for path in mount.files())
    mend(small)
    mount.unmount()
    mount.start()
    in_step(mount, small)


BUSY = [("GetFolder", "busy", {"form": "fault", "back_off": 900}),
        ("SyncFolderItems", "busy", {"form": "message", "back_off": 900}),
        ("GetItem", "busy", {"form": "inner", "back_off": 900}),
        ("GetItem", "503", {"retry_after": 1})]


def sent(server):
    """Requests by operation; what is in one ("GetItem.items") is counted a moment later."""
    return {op: n for op, n in server.requests().items() if "." not in op}


@pytest.mark.parametrize("op, kind, keys", BUSY)
def test_a_busy_server_is_sent_nothing_until_it_said(small, new_mount, op, kind, keys):
    mount = new_mount(small, "connections=1")
    mount.update()
    # In one folder: while one is fetched from, the list of another may already be on its way.
    small.op("change", INBOX, count=4)
    break_(small, kind, op, **keys)
    small.reset_requests()
    updating = threading.Thread(target=mount.update)
    updating.start()
    while op not in small.requests():
        time.sleep(0.001)
    begun, asked, shown = time.monotonic(), sent(small), False
    while sent(small) == asked:
        shown |= "throttled-until" in mount.status() and mount.status()["state"] == "throttled"
        assert time.monotonic() - begun < 10
        time.sleep(0.005)
    assert time.monotonic() - begun > 0.6 and shown
    updating.join(ewsfs.TIMEOUT_S)
    mend(small)
    in_step(mount, small)
    assert 4 <= small.requests()["GetItem.items"] <= 4 + 4


def test_a_busy_server_that_names_no_time_is_left_alone_for_a_second(small, new_mount):
    mount = new_mount(small)
    mount.update()
    small.op("deliver", INBOX, count=1)
    break_(small, "busy", "SyncFolderItems")
    begun = time.monotonic()
    in_step(mount, small)
    assert time.monotonic() - begun > 0.5
    mend(small)


# --- how much is asked for ---

def test_an_initial_sync_asks_for_each_item_once(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:3:100:2000:7")
    mount = new_mount(server, "batch=10")
    in_step(mount, server)
    requests = server.requests()
    folders = len(server.truth()["folders"])
    assert requests["GetItem.items"] == 300 and requests["GetItem"] == 30
    assert requests["SyncFolderItems"] == requests["SyncFolderItems.initial"] <= folders
    assert requests["SyncFolderHierarchy"] == 1 and requests["GetFolder"] <= 4


def test_a_delta_asks_for_what_changed_and_no_more(small, mount):
    fetched = many_changes(small)
    in_step(mount, small)
    requests = small.requests()
    assert requests.pop("GetItem.items") == fetched and requests.pop("GetItem") <= 3
    assert requests.pop("SyncFolderItems.initial") == 1 and requests.pop("SyncFolderItems") == 3
    assert requests.pop("SyncFolderHierarchy") == 1 and requests.pop("GetFolder") <= 3 and not requests


@pytest.mark.parametrize("name, more, items", [("flag", {}, 0), ("change", {"kind": "category"}, 1), ("deliver", {}, 1),
                                               ("delete", {}, 0), ("change", {}, 1)])
def test_one_change_costs_two_requests_and_its_content_one_more(small, mount, name, more, items):
    small.op(name, INBOX, count=1, **more)
    in_step(mount, small)
    expected = {"GetFolder": 1, "SyncFolderItems": 1}
    assert small.requests() == (expected | {"GetItem": 1, "GetItem.items": 1} if items else expected)


def test_a_resync_of_what_is_equal_costs_a_listing_and_an_unchanged_update_one_request(small, mount):
    (mount.path / INBOX / ".ctl").write_text("resync\n")
    requests = small.requests()
    assert "GetItem" not in requests and requests["SyncFolderItems"] == requests["SyncFolderItems.initial"] == 1
    small.reset_requests()
    mount.update()
    assert small.requests() == {"GetFolder": 1}
