# SPDX-License-Identifier: MIT
"""SyncFolderHierarchy and the digest of folders."""
import json
import random

import pytest

import testd
from testd import NS, TAG, text


def hierarchy(server, state=""):
    known = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    reply = server.ask(
        "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>"
        "<t:AdditionalProperties>"
        '<t:FieldURI FieldURI="folder:DisplayName"/><t:FieldURI FieldURI="folder:ParentFolderId"/>'
        '<t:ExtendedFieldURI PropertyTag="0x10f4" PropertyType="Boolean"/></t:AdditionalProperties>'
        "</m:FolderShape>"
        '<m:SyncFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:SyncFolderId>'
        f"{known}</m:SyncFolderHierarchy>")
    changes = []
    for change in reply.find(".//m:Changes", NS):
        parent = change.find(".//t:ParentFolderId", NS)
        what, folder = change.tag.removeprefix(TAG["t"]), change.find(".//t:FolderId", NS)
        changes.append((what, folder.get("Id"), text(change, ".//t:DisplayName"),
                        parent.get("Id") if parent is not None else None))
    return text(reply, ".//m:SyncState"), changes


def digest(server, folder):
    tags = "".join(f'<t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="{kind}"/>'
                   for tag, kind in (("0x670A", "SystemTime"), ("0x670B", "Integer")))
    reply = server.ask(
        "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape><t:AdditionalProperties>"
        f"{tags}</t:AdditionalProperties></m:FolderShape><m:FolderIds>"
        f'<t:FolderId Id="{folder}"/></m:FolderIds></m:GetFolder>')
    return [element.text for name in ("TotalCount", "UnreadCount", "Value")
            for element in reply.iter(TAG["t"] + name)]


@pytest.mark.parametrize("seed", range(8))
def test_random_changes(seed):
    rng = random.Random(seed)
    with testd.Server("--synthetic", "alice:12:1:300") as server:
        state, known = "", {}
        for turn in range(80):
            change(server, rng, turn)
            if turn % 3 == 0:
                state, changes = hierarchy(server, state)
                apply(known, changes)
                truth = {f["id"]: (f["name"], f["parent_id"])
                         for path, f in server.truth(mime=False).items() if path}
                assert known == truth


def change(server, rng, turn):
    own = [f for f in server.truth(mime=False).values() if not f["distinguished"]]
    what = rng.choice(("mkdir", "mkdir", "rename", "move", "delete", "hide", "change"))
    where = rng.choice(own)["id"] if own else server.control("mkdir", name=f"first {turn}")[0]
    keys = {"mkdir": {"name": f"new {turn}"}, "rename": {"name": f"renamed {turn}"},
            "move": {"to": rng.choice(("Deleted Items", "Inbox", "Archive", ""))}}.get(what, {})
    request = json.dumps({"folder": where, **keys})
    status, _, body = server.raw(f"/test/{what}", request, "POST")
    assert status in (200, 400), body  # a name may be taken


def apply(known, changes):
    """As they stand, the deletes at the end: each takes what is below it along."""
    for what, folder, name, parent in changes:
        if what == "Delete":
            drop(known, folder)
            continue
        assert (what == "Create") == (folder not in known)
        known[folder] = name, parent


def drop(known, folder):
    for below in [f for f, (_, parent) in known.items() if parent == folder]:
        drop(known, below)
    known.pop(folder, None)


def test_no_change_is_invisible_in_the_digest():
    with testd.Server("--synthetic", "alice:1:20:300") as server:
        inbox = server.truth(mime=False)["Inbox"]["id"]
        seen = [digest(server, inbox)]
        for what in ("change", "flag", "flag", "delete", "change"):
            server.control(what, folder="Inbox", count=1)
            seen.append(digest(server, inbox))
        server.control("deliver", folder="Inbox", read=True)
        seen.append(digest(server, inbox))
        assert all(a != b for a, b in zip(seen, seen[1:]))


def test_a_renamed_or_moved_folder_keeps_its_id_and_gets_another_key():
    with testd.Server("--synthetic", "alice:1:2:300") as server:
        folder, = server.control("mkdir", folder="Inbox/One/Two")
        before = server.truth(mime=False)["Inbox/One/Two"]
        server.control("rename", folder="Inbox/One/Two", name="Zwei/Drei")
        server.control("move", folder=folder, to="Deleted Items")
        after = server.truth(mime=False)["Deleted Items/Zwei/Drei"]
        assert before["id"] == after["id"] == folder
        assert before["change_key"] != after["change_key"]
        server.control("deliver", folder="Deleted Items/Zwei/Drei")
        filled = server.truth(mime=False)["Deleted Items/Zwei/Drei"]
        assert filled["total"] == 1 and filled["change_key"] == after["change_key"]
