# SPDX-License-Identifier: MIT
"""What clients do to folders, by raw requests."""
import pytest

import testd
from test_testd_writes import box, schema  # noqa: F401 (fixtures)
from testd import NS, text
from writes import ident

pytestmark = pytest.mark.skipif(not testd.SCHEMA.is_dir(), reason=f"no schema in {testd.SCHEMA}")


def at(folder):
    """Its element, by name or by id."""
    kind = "DistinguishedFolderId" if folder.isalpha() and len(folder) < 40 else "FolderId"
    return f"<t:{kind} Id='{folder}'/>"


def mkdir(parent, *folders):
    inner = "".join(folder if folder.startswith("<")
                    else f"<t:Folder><t:DisplayName>{folder}</t:DisplayName></t:Folder>"
                    for folder in folders)
    return (f"<m:CreateFolder><m:ParentFolderId>{at(parent)}</m:ParentFolderId>"
            f"<m:Folders>{inner}</m:Folders></m:CreateFolder>")


def rename(folder, name):
    return change(folder, "<t:SetFolderField><t:FieldURI FieldURI='folder:DisplayName'/><t:Folder>"
                  f"<t:DisplayName>{name}</t:DisplayName></t:Folder></t:SetFolderField>")


def change(folder, updates):
    return (f"<m:UpdateFolder><m:FolderChanges><t:FolderChange>{at(folder)}"
            f"<t:Updates>{updates}</t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>")


HIDDEN = "<t:ExtendedFieldURI PropertyTag='0x10F4' PropertyType='Boolean'/>"


def hide(folder, value):
    return change(folder, f"<t:SetFolderField>{HIDDEN}<t:Folder><t:ExtendedProperty>{HIDDEN}"
                  f"<t:Value>{value}</t:Value></t:ExtendedProperty></t:Folder></t:SetFolderField>")


def move(operation, to, *folders):
    return (f"<m:{operation}><m:ToFolderId>{at(to)}</m:ToFolderId><m:FolderIds>"
            + "".join(map(at, folders)) + f"</m:FolderIds></m:{operation}>")


def remove(*folders, kind="HardDelete"):
    return (f"<m:DeleteFolder DeleteType='{kind}'><m:FolderIds>" + "".join(map(at, folders))
            + "</m:FolderIds></m:DeleteFolder>")


def empty(folder, kind="HardDelete", below="false"):
    return (f"<m:EmptyFolder DeleteType='{kind}' DeleteSubFolders='{below}'><m:FolderIds>"
            f"{at(folder)}</m:FolderIds></m:EmptyFolder>")


def unknown(box):
    gone, = box.server.control("mkdir", folder="", name="Gone")
    box.server.control("delete", folder=gone)
    return gone


def test_folders_are_made(box):
    box.folder_news()
    key, version = box.made(mkdir("inbox", "Sub"))
    truth = box.server.truth(mime=False)["Inbox/Sub"]
    assert (truth["id"], truth["change_key"]) == (key, version)
    assert box.folder_news() == [("Create", key, "Sub")]
    assert box.codes(mkdir("inbox", "sub", "Other")) == ["ErrorFolderExists", "NoError"]
    assert box.codes(mkdir(unknown(box), "x", "y")) == ["ErrorParentFolderNotFound"] * 2
    assert box.codes(mkdir("malformed=", "x")) == ["ErrorInvalidIdMalformed"]
    assert box.codes(mkdir("conflicts", "x")) == ["ErrorFolderNotFound"]


def test_folders_of_a_kind(box):
    named = "<t:DisplayName>{}</t:DisplayName>"
    classed = "<t:FolderClass>{}</t:FolderClass>"
    reply = box.one(mkdir("calendar", "<t:Folder>" + classed.format("IPF.Appointment")
                          + named.format("Work") + "</t:Folder>"))
    # As recorded: the element that was asked with, and the change key of a calendar.
    assert reply.find("m:Folders/t:Folder", NS) is not None and ident(reply)[1].startswith("AgAAA")
    box.made(mkdir("tasks", "<t:TasksFolder>" + named.format("Mine") + "</t:TasksFolder>"))
    truth = box.server.truth(mime=False)
    assert truth["Calendar/Work"]["class"] == "IPF.Appointment"
    assert truth["Tasks/Mine"]["class"] == "IPF.Task"
    assert box.codes(mkdir("tasks", "<t:TasksFolder>" + classed.format("IPF.Task")
                           + named.format("x") + "</t:TasksFolder>")) == [
        "ErrorNoFolderClassOverride"]


def test_a_folder_is_renamed_and_hidden(box):
    key, version = box.made(mkdir("inbox", "Sub"))
    box.made(mkdir("inbox", "Taken"))
    box.folder_news()
    same, new = box.made(rename(key, "Neu/ä"))
    assert same == key and new != version
    assert box.folder_news() == [("Update", key, "Neu/ä")]
    box.made(rename(key, "NEU/ä"))
    assert box.codes(rename(key, "taken")) == ["ErrorFolderExists"]
    assert box.codes(rename("inbox", "Mine")) == ["ErrorFolderSaveFailed"]
    assert box.codes(rename(unknown(box), "x")) == ["ErrorItemNotFound"]
    box.folder_news()
    for value in ("true", "false"):
        box.made(hide(key, value))
        assert box.server.truth(mime=False)["Inbox/NEU/ä"]["hidden"] == (value == "true")
        assert box.folder_news() == [("Update", key, "NEU/ä")]
    count = ("<t:SetFolderField><t:FieldURI FieldURI='folder:TotalCount'/><t:Folder>"
             "<t:TotalCount>1</t:TotalCount></t:Folder></t:SetFolderField>")
    assert box.codes(change(key, count)) == ["ErrorInvalidPropertySet"]


def test_a_folder_moves_and_keeps_its_id(box):
    key, version = box.made(mkdir("inbox", "Sub"))
    inner, _ = box.made(mkdir(key, "Inner"))
    item = box.server.control("deliver", folder="Inbox/Sub")[0]
    box.folder_news()
    same, new = box.made(move("MoveFolder", "msgfolderroot", key))
    assert same == key and new != version
    assert box.folder_news() == [("Update", key, "Sub")]
    assert box.item(item)["path"] == "Sub"
    assert box.codes(move("MoveFolder", "msgfolderroot", key)) == ["ErrorMoveCopyFailed"]
    assert box.codes(move("MoveFolder", inner, key)) == ["ErrorMoveCopyFailed"]
    assert box.codes(move("MoveFolder", key, "drafts", "malformed=", unknown(box))) == [
        "ErrorMoveDistinguishedFolder", "ErrorInvalidIdMalformed", "ErrorItemNotFound"]
    assert box.codes(move("MoveFolder", unknown(box), key)) == ["ErrorToFolderNotFound"]
    reply = box.one(move("MoveFolder", "msgfolderroot", key))
    assert text(reply, "m:MessageText") == "The move or copy operation failed."


def test_a_copy_of_a_folder_is_whole(box):
    key, _ = box.made(mkdir("inbox", "Sub"))
    box.made(mkdir(key, "Inner"))
    box.server.control("deliver", folder="Inbox/Sub/Inner", count=2)
    box.folder_news()
    copied, _ = box.made(move("CopyFolder", "drafts", key))
    assert copied != key
    assert sorted(c[::2] for c in box.folder_news()) == [("Create", "Inner"), ("Create", "Sub")]
    truth = box.server.truth()
    old, new = (truth[path]["items"] for path in ("Inbox/Sub/Inner", "Drafts/Sub/Inner"))
    assert [i["mime_sha256"] for i in old] == [i["mime_sha256"] for i in new]
    assert not {i["id"] for i in old} & {i["id"] for i in new}


def test_folders_are_deleted(box):
    key, _ = box.made(mkdir("inbox", "Sub"))
    box.made(mkdir(key, "Inner"))
    box.made(mkdir("deleteditems", "Sub"))
    box.folder_news()
    assert box.codes(remove(key, kind="SoftDelete")) == ["ErrorInvalidOperation"]
    assert box.codes(remove(key, kind="MoveToDeletedItems")) == ["NoError"]
    assert box.folder_news() == [("Update", key, "Sub1")]
    assert "Deleted Items/Sub1/Inner" in box.server.truth(mime=False)
    assert box.codes(remove(key, key, "inbox", "msgfolderroot", "malformed=")) == [
        "NoError", "ErrorItemNotFound", "ErrorDeleteDistinguishedFolder",
        "ErrorDeleteDistinguishedFolder", "ErrorInvalidIdMalformed"]
    assert [change[:2] for change in box.folder_news()] == [("Delete", key)]
    for name in ("Sub1", "Sub2"):
        again, _ = box.made(mkdir("inbox", "Sub"))
        box.codes(remove(again, kind="MoveToDeletedItems"))
        assert "Deleted Items/" + name in box.server.truth(mime=False)


@pytest.mark.parametrize("kind", ("HardDelete", "SoftDelete", "MoveToDeletedItems"))
def test_folders_are_emptied(box, kind):
    box.made(mkdir("inbox", "Sub"))
    box.server.control("deliver", folder="Inbox", count=3)
    inbox = len(box.server.truth(mime=False)["Inbox"]["items"])
    box.news("Inbox")
    before = len(box.server.truth(mime=False)["Deleted Items"]["items"])
    assert box.codes(empty("inbox", kind)) == ["NoError"]
    truth = box.server.truth(mime=False)
    moved = inbox if kind == "MoveToDeletedItems" else 0
    assert not truth["Inbox"]["items"] and "Inbox/Sub" in truth
    assert len(truth["Deleted Items"]["items"]) == before + moved
    assert [change[0] for change in box.news("Inbox")] == ["Delete"] * inbox
    assert box.codes(empty("inbox", kind, "true")) == ["NoError"]
    assert "Inbox/Sub" not in box.server.truth(mime=False)
    assert box.codes(empty("calendar")) == ["ErrorCannotEmptyFolder"]
