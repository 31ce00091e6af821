# SPDX-License-Identifier: MIT
"""Mailboxes of others (mailbox=, impersonate=) and the other trees of a mailbox (trees=), on real mounts."""
import os
import pathlib
import subprocess

import ewsfs
import pytest
from test_polling import wait_until

SCHEMA = pathlib.Path(os.environ.get("EWSFS_SHARED", ewsfs.ROOT.parent / "shared")) / "ews/schema/V2018_01_08"
BOB = ("--user", "bob:builder", "--synthetic", "bob:3:5:2000:3")
ARCHIVE, PUBLIC = f"{ewsfs.USER}#archive", "#public"


@pytest.fixture
def serve(new_server):
    """A server that holds every request against the schema; alice has three folders of four items."""
    schema = ("--schema", str(SCHEMA)) if SCHEMA.is_dir() else ()

    def make(*args, **more):
        return new_server("--synthetic", f"{ewsfs.USER}:3:4:2000:7", *BOB, *args, *schema, **more)

    return make


def truth(server, user):
    return server._call("GET", f"/test/mailbox?user={user.replace('#', '%23')}")


def folder_id(server, user, distinguished):
    return next(f["id"] for f in truth(server, user)["folders"] if f["distinguished"] == distinguished)


def items(server, user):
    """Of all its folders: id to the path of its folder below the top, and the MIME's sum."""
    return {item["id"]: item for folder in truth(server, user)["folders"] for item in folder["items"]}


def shown(mount, top="."):
    return {ewsfs.xattr(path, "user.ews.item_id"): path for path in (mount.path / top).rglob("*") if path.is_file()}


def fault(server, **keys):
    """Of the next such request, whoever's it is."""
    server._call("POST", "/test/fault", keys)


def top_names(mount):
    return set(os.listdir(mount.path))


def refuses(server, place, *options):
    """The one line with which a mount ends that cannot be."""
    secret = place / "secret"
    secret.write_text(ewsfs.PASSWORD + "\n")
    at = place / "refused"
    at.mkdir(exist_ok=True)
    for left in place.glob("refused.db*"):
        left.unlink()
    words = [f"user={ewsfs.USER}", f"password_command=cat {secret}", f"cache={place}/refused.db", *options]
    result = subprocess.run([str(ewsfs.EWSFS), "-o", ",".join(words), server.url, str(at)], text=True,
                            stderr=subprocess.PIPE, stdout=subprocess.PIPE, timeout=60)
    assert result.returncode != 0 and not os.path.ismount(at)
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


# --- mailbox= ---

def test_a_delegate_sees_the_whole_mailbox_of_another(serve, new_mount):
    server = serve("--delegate", f"bob:{ewsfs.USER}")
    mount = new_mount(server, "mailbox=bob@example.com")
    mount.update()
    assert set(shown(mount)) == set(items(server, "bob"))
    assert not set(shown(mount)) & set(items(server, ewsfs.USER))
    new = server.op("deliver", "Inbox", user="bob", subject="for bob")
    mount.update()
    path = shown(mount)[new[0]]
    assert path.parent.name == "Inbox" and path.stat().st_size == len(path.read_bytes())
    server.op("mkdir", "Inbox/Sub", user="bob")
    server.op("rename", "Inbox/Sub", user="bob", name="Renamed")
    mount.update()
    assert (mount.path / "Inbox" / "Renamed").is_dir()


def test_where_the_top_is_closed_the_folders_that_are_open_stand_in_the_root(serve, new_mount):
    server = serve("--delegate", f"bob:{ewsfs.USER}:Inbox", "--delegate", f"bob:{ewsfs.USER}:Calendar")
    server.op("mkdir", "Inbox/Deep/Deeper", user="bob")
    server.op("deliver", "Inbox/Deep/Deeper", user="bob", count=2)
    mount = new_mount(server, "mailbox=bob@example.com")
    mount.update()
    assert top_names(mount) == {"Inbox", "Calendar"}
    deep = mount.path / "Inbox" / "Deep" / "Deeper"
    assert len(os.listdir(deep)) == 2
    assert mount.status()["state"] == "idle"
    # Names, folders and rights may change later.
    server.op("rename", "Inbox/Deep", user="bob", name="Deeply")
    server.op("deliver", "Inbox", user="bob", count=1)
    server.op("grant", "Contacts", user="bob", to=ewsfs.USER)
    mount.update()
    assert top_names(mount) == {"Inbox", "Calendar", "Contacts"}
    assert len(os.listdir(mount.path / "Inbox" / "Deeply" / "Deeper")) == 2
    everything = items(server, "bob")
    assert set(shown(mount)) <= set(everything)
    # The top is opened: it is the root like any other, and nothing that is here comes again.
    before = mount.path.joinpath("Inbox").stat().st_ino
    server.op("grant", "", user="bob", to=ewsfs.USER)
    server.reset_requests()
    mount.update()
    assert mount.path.joinpath("Inbox").stat().st_ino == before
    assert {"Inbox", "Sent Items", "Drafts"} <= top_names(mount)
    mount.update()
    assert set(shown(mount)) == set(everything)
    mount.unmount()
    mount.start()
    mount.update()
    assert set(shown(mount)) == set(everything)


def test_a_mailbox_without_rights_or_without_existence_is_refused_in_a_line(serve, place):
    server = serve()
    line = refuses(server, place, "mailbox=bob@example.com")
    assert "bob@example.com" in line and "ErrorAccessDenied" in line and "rights" in line
    line = refuses(server, place, "mailbox=nobody@elsewhere.example")
    assert "ErrorNonExistentMailbox" in line and "mailbox=" in line


# --- impersonate= ---

def test_whoever_may_impersonate_sees_what_the_other_sees(serve, new_mount):
    server = serve("--impersonator", ewsfs.USER, "--archive", "bob")
    server.op("mkdir", "Old", user="bob#archive")
    mount = new_mount(server, "impersonate=bob@example.com", "trees=mailbox+archive", "notify=streaming")
    mount.update()
    assert set(shown(mount)) == set(items(server, "bob"))
    assert (mount.path / "Online Archive" / "Old").is_dir()


def test_impersonation_that_is_not_allowed_is_refused_in_a_line(serve, place):
    server = serve()
    line = refuses(server, place, "impersonate=bob@example.com")
    assert "ErrorImpersonateUserDenied" in line and "impersonate=" in line
    line = refuses(server, place, "impersonate=nobody@elsewhere.example")
    assert "ErrorNonExistentMailbox" in line


def test_a_cache_of_one_mailbox_is_not_opened_for_another(serve, new_mount, place):
    server = serve("--delegate", f"bob:{ewsfs.USER}", "--impersonator", ewsfs.USER)
    mount = new_mount(server, "mailbox=bob@example.com")
    mount.unmount()
    for options in ([], ["impersonate=bob@example.com"], ["mailbox=alice@example.com"]):
        line = refuses(server, place, f"cache={mount.cache}", *options)
        assert "+mailbox=bob@example.com" in line
    mount.start()


# --- trees= ---

def test_an_archive_stands_in_its_directory_and_is_synced_like_the_mailbox(serve, new_mount):
    server = serve("--archive", ewsfs.USER)
    server.op("mkdir", "Old/2019", user=ARCHIVE)
    server.op("deliver", "Old/2019", user=ARCHIVE, count=3)
    server.op("mkdir", "Online Archive")  # the user's own folder gives way
    mount = new_mount(server, "trees=mailbox+archive")
    mount.update()
    assert set(shown(mount, "Online Archive")) == set(items(server, ARCHIVE))
    assert set(shown(mount)) == set(items(server, ARCHIVE)) | set(items(server, ewsfs.USER))
    names = [name for name in top_names(mount) if name.startswith("Online Archive")]
    assert len(names) == 2 and "Online Archive" in names and any(" ~" in name for name in names)
    server.op("delete", "Old/2019", user=ARCHIVE, count=1)
    server.op("mkdir", "Old/2020", user=ARCHIVE)
    server.op("deliver", "Old/2020", user=ARCHIVE)
    server.op("rename", "Old", user=ARCHIVE, name="Older")
    mount.update()
    assert set(shown(mount, "Online Archive")) == set(items(server, ARCHIVE))
    assert (mount.path / "Online Archive" / "Older" / "2020").is_dir()
    assert mount.status()["state"] == "idle"


def test_the_store_remembers_the_trees_and_one_can_be_added_and_taken_away(serve, new_mount):
    server = serve("--archive", ewsfs.USER, "--recoverable", ewsfs.USER)
    server.op("mkdir", "Old", user=ARCHIVE)
    server.op("deliver", "Old", user=ARCHIVE, count=3)
    mount = new_mount(server)
    mount.update()
    plain = {path.relative_to(mount.path): path.stat().st_ino for path in mount.files()}
    for trees, there in (("mailbox+archive+recoverable", {"Online Archive", "Recoverable Items"}),
                         ("mailbox+recoverable", {"Recoverable Items"}), ("archive", {"Online Archive"}),
                         ("mailbox", set())):
        mount.unmount()
        mount.options[-1:] = [] if mount.options[-1].startswith("trees=") else mount.options[-1:]
        mount.options.append(f"trees={trees}")
        mount.start()
        mount.update()
        assert top_names(mount) & {"Online Archive", "Recoverable Items"} == there
        assert ("Inbox" in top_names(mount)) == trees.startswith("mailbox")
        if "archive" in trees:
            assert set(shown(mount, "Online Archive")) == set(items(server, ARCHIVE))
    again = {path.relative_to(mount.path) for path in mount.files()}
    assert again == set(plain)


def test_recoverable_items_stand_in_their_directory(serve, new_mount):
    server = serve("--recoverable", ewsfs.USER)
    deletions = folder_id(server, ewsfs.USER, "recoverableitemsdeletions")
    gone = server.op("deliver", deletions, count=2)
    mount = new_mount(server, "trees=mailbox+recoverable")
    mount.update()
    assert set(shown(mount, "Recoverable Items/Deletions")) == set(gone)
    server.op("delete", deletions, item=gone[0])
    mount.update()
    assert set(shown(mount, "Recoverable Items/Deletions")) == set(gone[1:])
    assert set(shown(mount)) == set(items(server, ewsfs.USER))


@pytest.mark.parametrize("tree, says", [("archive", "ErrorArchiveMailboxNotEnabled"),
                                        ("public", "ErrorNoPublicFolderServerAvailable"),
                                        ("recoverable", "ErrorFolderNotFound")])
def test_a_tree_that_is_not_there_is_one_line_in_the_log_and_the_rest_goes_on(serve, new_mount, tree, says):
    server = serve()
    mount = new_mount(server, f"trees=mailbox+{tree}", dirty_log=True)
    mount.update()
    mount.update()
    assert set(shown(mount)) == set(items(server, ewsfs.USER))
    assert not top_names(mount) & {"Online Archive", "Public Folders", "Recoverable Items"}
    lines = [line for line in mount.log_path.read_text().splitlines() if f"trees={tree}" in line]
    assert len(lines) == 1 and says in lines[0]


def test_public_folders_are_searched_page_by_page_and_compared(serve, new_mount):
    server = serve("--public")
    server.op("mkdir", "Team/Plans", user=PUBLIC)
    server.op("deliver", "Team", user=PUBLIC, count=3)
    many = server.op("deliver", "Team/Plans", user=PUBLIC, count=1100, size=300)
    mount = new_mount(server, "trees=mailbox+public")
    mount.update()
    assert set(shown(mount, "Public Folders/Team/Plans")) == set(many)
    assert set(shown(mount, "Public Folders")) == set(items(server, PUBLIC))
    # Nothing has changed: nothing but digests.
    server.reset_requests()
    mount.update()
    assert "FindItem" not in server.requests() and "FindFolder" not in server.requests()
    # What comes, goes and changes; what did not is not fetched again.
    server.op("delete", "Team/Plans", user=PUBLIC, item=many[5])
    server.op("change", "Team/Plans", user=PUBLIC, item=many[7], subject="changed")
    server.op("flag", "Team/Plans", user=PUBLIC, item=many[9], read=True)
    server.op("deliver", "Team", user=PUBLIC, count=2)
    server.op("mkdir", "Team/New", user=PUBLIC)
    server.op("deliver", "Team/New", user=PUBLIC, count=1)
    server.reset_requests()
    mount.update()
    found = shown(mount, "Public Folders")
    assert set(found) == set(items(server, PUBLIC))
    assert "changed" in found[many[7]].name
    assert ewsfs.xattr(found[many[9]], "user.ews.is_read") == "true"
    assert server.requests()["GetItem.items"] == 4
    server.op("rename", "Team/Plans", user=PUBLIC, name="Projects")
    server.op("delete", "Team/New", user=PUBLIC)
    mount.update()
    assert set(os.listdir(mount.path / "Public Folders" / "Team")) >= {"Projects"}
    assert set(shown(mount, "Public Folders")) == set(items(server, PUBLIC))
    assert mount.status()["state"] == "idle"


def test_a_public_folder_that_changes_between_pages_loses_nothing(serve, new_mount):
    server = serve("--public")
    server.op("mkdir", "Team", user=PUBLIC)
    many = server.op("deliver", "Team", user=PUBLIC, count=1100, size=300)
    mount = new_mount(server, "trees=mailbox+public")
    mount.update()
    inodes = {item: path.stat().st_ino for item, path in shown(mount, "Public Folders").items()}
    # The newest go after the first page was read: all behind them move up, some out of the next page.
    server.op("deliver", "Team", user=PUBLIC)
    fault(server, op="FindItem", kind="between_pages", then=[["delete", {"user": PUBLIC, "item": item}] for item in many[-5:]])
    mount.update()
    found = shown(mount, "Public Folders")
    assert set(found) == set(items(server, PUBLIC))
    assert all(found[item].stat().st_ino == inodes[item] for item in found if item in inodes)


def test_a_tree_that_fails_later_keeps_its_files_and_the_rest_goes_on(serve, new_mount):
    server = serve("--archive", ewsfs.USER)
    server.op("mkdir", "Old", user=ARCHIVE)
    server.op("deliver", "Old", user=ARCHIVE, count=3)
    mount = new_mount(server, "trees=mailbox+archive", dirty_log=True)
    mount.update()
    before = set(shown(mount, "Online Archive"))
    server.op("mkdir", "Old/New", user=ARCHIVE)
    fault(server, op="SyncFolderHierarchy", kind="error", code="ErrorAccessDenied")
    new = server.op("deliver", "Inbox")
    mount.update()
    assert new[0] in shown(mount) and set(shown(mount, "Online Archive")) == before
    mount.update()
    assert (mount.path / "Online Archive" / "Old" / "New").is_dir()


def test_a_tree_whose_server_refuses_us_keeps_nobody_waiting(serve, new_mount):
    server = serve("--archive", ewsfs.USER)
    server.op("mkdir", "Old", user=ARCHIVE)
    old = server.op("deliver", "Old", user=ARCHIVE, count=3)
    mount = new_mount(server, "trees=mailbox+archive", dirty_log=True)
    mount.update()
    new = server.op("deliver", "Inbox")
    late = server.op("deliver", "Old", user=ARCHIVE)
    # The digest of the mailbox is read, that of the archive is not.
    fault(server, op="GetFolder", kind="error", code="ErrorMailboxLogonFailed", form="fault", skip=1)
    mount.update()
    assert new[0] in shown(mount) and set(old) <= set(shown(mount, "Online Archive"))
    assert "trees=archive" in mount.log_path.read_text()
    mount.update()
    assert set(shown(mount, "Online Archive")) == {*old, *late}


def test_exclude_names_folders_of_other_trees_by_their_paths(serve, new_mount):
    server = serve("--archive", ewsfs.USER)
    server.op("mkdir", "Old/2019", user=ARCHIVE)
    server.op("mkdir", "Old/2020", user=ARCHIVE)
    mount = new_mount(server, "trees=mailbox+archive", "exclude=Online Archive/Old/2019", "exclude=Drafts")
    mount.update()
    assert os.listdir(mount.path / "Online Archive" / "Old") == ["2020"] and "Drafts" not in top_names(mount)


def test_resync_and_verify_work_in_every_tree(serve, new_mount):
    server = serve("--archive", ewsfs.USER, "--public")
    server.op("mkdir", "Old", user=ARCHIVE)
    server.op("mkdir", "Team", user=PUBLIC)
    server.op("deliver", "Old", user=ARCHIVE, count=3)
    server.op("deliver", "Team", user=PUBLIC, count=4)
    mount = new_mount(server, "trees=mailbox+archive+public")
    mount.update()
    for directory, n in (("Online Archive/Old", 3), ("Public Folders/Team", 4)):
        (mount.path / directory / ".ctl").write_text("verify\n")
        assert mount.status(directory)["last-verify"].startswith(f"kept={n} changed=0 missing=0 extra=0")
        (mount.path / directory / ".ctl").write_text("resync\n")
        assert mount.status(directory)["last-resync"] == f"kept={n} changed=0 added=0 gone=0 regressed=0"
    (mount.path / ".ctl").write_text("clear\n")
    assert set(shown(mount)) == {*items(server, ewsfs.USER), *items(server, ARCHIVE), *items(server, PUBLIC)}


# --- watching ---

def hears(mount):
    wait_until(lambda: "tells of changes" in mount.log_path.read_text())
    wait_until(lambda: mount.status()["state"] == "idle")


@pytest.mark.parametrize("notify", ["streaming", "pull"])
def test_changes_in_the_mailbox_of_another_are_heard_of(serve, new_mount, notify):
    server = serve("--delegate", f"bob:{ewsfs.USER}")
    mount = new_mount(server, "mailbox=bob@example.com", f"notify={notify}", "poll=5" if notify == "pull" else "poll=3600")
    hears(mount)
    new = server.op("deliver", "Inbox", user="bob")
    wait_until(lambda: new[0] in shown(mount))
    # A new folder is named in the next subscription.
    server.op("mkdir", "Inbox/Sub", user="bob")
    wait_until(lambda: (mount.path / "Inbox" / "Sub").is_dir())
    wait_until(lambda: server.requests()["Subscribe"] >= 2)
    new = server.op("deliver", "Inbox/Sub", user="bob")
    wait_until(lambda: new[0] in shown(mount))


def test_a_delegate_who_may_not_subscribe_polls(serve, new_mount):
    server = serve("--delegate", f"bob:{ewsfs.USER}")
    refusal = "ErrorSubscriptionDelegateAccessNotSupported"
    server.op("notify", "Inbox", user="bob", streaming=refusal, pull=refusal)
    mount = new_mount(server, "mailbox=bob@example.com", "notify=auto", "poll=5")
    wait_until(lambda: "polling every 5 s" in mount.log_path.read_text())
    new = server.op("deliver", "Inbox", user="bob")
    wait_until(lambda: new[0] in shown(mount))


def test_trees_that_no_subscription_speaks_of_are_polled(serve, new_mount):
    server = serve("--archive", ewsfs.USER, "--public")
    server.op("mkdir", "Old", user=ARCHIVE)
    server.op("mkdir", "Team", user=PUBLIC)
    mount = new_mount(server, "trees=mailbox+archive+public", "notify=streaming", "poll=5")
    hears(mount)
    new = server.op("deliver", "Old", user=ARCHIVE) + server.op("deliver", "Team", user=PUBLIC)
    wait_until(lambda: set(new) <= set(shown(mount)))
