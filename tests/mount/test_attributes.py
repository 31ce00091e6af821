# SPDX-License-Identifier: MIT
"""Extended attributes: the server's values, spelled as the interface says."""
import re

import ewsfs

ITEM = {"item_id", "change_key", "parent_folder_id", "item_class", "subject", "from", "to", "cc", "message_id",
        "conversation_id", "received", "sent", "created", "modified", "is_read", "is_draft", "has_attachments",
        "importance", "sensitivity", "categories", "flag", "size", "sync", "error"}
FOLDER = {"folder_id", "change_key", "parent_folder_id", "folder_class", "distinguished", "display_name",
          "total_count", "unread_count", "child_count", "sync_state", "last_sync"}
ALWAYS = {"item_id", "change_key", "parent_folder_id", "item_class", "received", "created", "modified", "is_read",
          "is_draft", "has_attachments", "importance", "sensitivity", "flag", "size", "sync"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_items_show_the_servers_values(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:12:40:2000:5")
    mount = new_mount(server)
    mount.update()
    files = mount.by_item_id()
    items = server.truth()["items"]
    assert len(items) == len(files) == 480
    for item in items:
        shown = ewsfs.xattrs(files[item["id"]])
        assert {name for name in shown} <= {f"user.ews.{name}" for name in ITEM} | \
            {"user.mapi.change_key", "user.mapi.predecessor_change_list"}
        assert {f"user.ews.{name}" for name in ALWAYS} <= set(shown), set(shown)
        assert shown["user.ews.change_key"] == item["change_key"]
        assert shown["user.ews.item_class"] == item["class"]
        for name in ("received", "sent", "created", "modified"):
            assert shown.get(f"user.ews.{name}") == item.get(name), (name, item)
        assert shown["user.ews.is_read"] == str(item["is_read"]).lower()
        assert shown["user.ews.is_draft"] == str(item["is_draft"]).lower()
        assert shown["user.mapi.change_key"] == ewsfs.mapi_change_key(item["change_key"])
        assert ewsfs.mapi_change_key(item["change_key"]) in shown["user.mapi.predecessor_change_list"]
        assert shown["user.ews.sync"] == "ok" and "user.ews.error" not in shown
        assert sum(len(value.encode()) for value in shown.values()) < 3072


def test_getfattr_prints_what_a_user_expects(small, new_mount):
    mount = new_mount(small)
    mount.update()
    path = mount.files()[0]
    text = ewsfs.run("getfattr", "-d", "-m", "-", "--absolute-names", path).stdout
    printed = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    assert printed["user.ews.item_id"] == '"' + ewsfs.xattr(path, "user.ews.item_id") + '"'
    assert set(printed) == set(ewsfs.xattrs(path))
    assert TIME.fullmatch(printed["user.ews.modified"].strip('"'))


def test_folders_show_the_servers_values(small, new_mount):
    mount = new_mount(small)
    mount.update()
    shown = {ewsfs.xattr(path, "user.ews.folder_id"): ewsfs.xattrs(path) for path in mount.directories()}
    for folder in small.truth()["folders"]:
        mine = shown[folder["id"]]
        assert {name for name in mine} <= {f"user.ews.{name}" for name in FOLDER}
        assert mine["user.ews.change_key"] == folder["change_key"]
        assert mine["user.ews.display_name"] == folder["name"]
        assert int(mine["user.ews.total_count"]) == folder["total"]
        assert int(mine["user.ews.unread_count"]) == folder["unread"]
    inbox = ewsfs.xattrs(mount.path / "Inbox")
    assert inbox["user.ews.distinguished"] == "inbox"
    assert inbox["user.ews.sync_state"] and TIME.fullmatch(inbox["user.ews.last_sync"])


def test_an_absent_attribute_is_ENODATA(small, new_mount):
    mount = new_mount(small)
    mount.update()
    result = ewsfs.run("getfattr", "-n", "user.ews.error", mount.files()[0], check=False)
    assert result.returncode == 1 and "No such attribute" in result.stderr
