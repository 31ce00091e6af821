# SPDX-License-Identifier: MIT
"""What tests do to a mailbox: change keys that step back, sync states that do not last."""
import base64
import json

import pytest

import testd
from testd import NS, text

TAGS = "".join(f'<t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="Binary"/>'
               for tag in ("0x65e2", "0x65e3"))


@pytest.fixture(name="server")
def _server():
    with testd.Server("--synthetic", "alice:2:6:600") as server:
        yield server


def keys(server, item):
    """(EWS change key, PR_CHANGE_KEY, list) of an item, as bytes."""
    reply = server.ask(
        f"<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{TAGS}"
        "</t:AdditionalProperties></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>')
    key = reply.find(".//t:ItemId", NS).get("ChangeKey")
    return [base64.b64decode(v) for v in (key, *(e.text for e in reply.iterfind(".//t:Value", NS)))]


def counter(xid):
    return int.from_bytes(xid[-6:], "big")


def entries(pcl):
    """{GUID: counter}"""
    found = {}
    while pcl:
        size = pcl[0]
        xid, pcl = pcl[1:1 + size], pcl[1 + size:]
        assert len(xid) == size
        found[xid[:16]] = counter(xid)
    return found


def inbox(server):
    return server.truth()["Inbox"]


def one(server, item):
    return next(i for i in inbox(server)["items"] if i["id"] == item)


def test_regress_lowers_the_key_and_shows_an_update(server):
    folder = inbox(server)["id"]
    state, _, changes = server.sync(folder)
    item = changes[2][1]
    before, mime = keys(server, item), one(server, item)["mime_sha256"]
    assert server.control("regress", item=item, by=7) == [item]
    after = keys(server, item)
    assert counter(after[0]) == counter(after[1]) == counter(before[1]) - 7
    assert entries(after[2])[after[1][:16]] == counter(after[1])
    assert one(server, item)["mime_sha256"] != mime
    state, last, changes = server.sync(folder, state)
    assert last and [c[:2] for c in changes] == [("Update", item)]
    assert base64.b64decode(changes[0][2]) == after[0]
    server.control("change", item=item)
    assert counter(keys(server, item)[1]) > counter(before[1])


def test_regress_by_count_and_out_of_range(server):
    ids = server.control("regress", folder="Inbox", count=3, by=100)
    assert len(set(ids)) == 3
    status, _, _ = server.raw("/test/regress", '{"folder":"Inbox","count":1,"by":99999999}', "POST")
    assert status == 400


@pytest.mark.parametrize("how", (True, "lower"))
def test_uncovered(server, how):
    item = inbox(server)["items"][0]["id"]
    before = keys(server, item)
    server.control("regress", item=item, uncovered=how)
    _, key, pcl = keys(server, item)
    assert counter(key) > counter(before[1]), "not a regress by itself"
    own = entries(pcl).get(key[:16])
    assert own is None if how is True else own == counter(key) - 1


def test_garbled(server):
    item = inbox(server)["items"][0]["id"]
    server.control("regress", item=item, garble=True)
    pcl = keys(server, item)[2]
    assert pcl[0] > len(pcl) - 1


@pytest.mark.parametrize("kind, keys_given, seen", (
    ("category", {}, "categories"), ("flag", {}, "flag"), ("importance", {}, "importance"),
    ("subject", {"subject": "Another one"}, "subject"), ("received", {}, "received"),
    ("class", {"class": "IPM.Note.Custom"}, "class"), ("content", {}, "mime_sha256")))
def test_kinds_of_change(server, kind, keys_given, seen):
    folder = inbox(server)["id"]
    state, _, changes = server.sync(folder)
    item = changes[0][1]
    before = one(server, item)
    server.control("change", item=item, kind=kind, **keys_given)
    after = one(server, item)
    assert after[seen] != before[seen] and after["change_key"] != before["change_key"]
    _, _, changes = server.sync(folder, state)
    assert [c[:2] for c in changes] == [("Update", item)]


def test_given_values_and_unknown_kinds(server):
    item = inbox(server)["items"][0]["id"]
    server.control("change", item=item, kind="received", received="2020-02-02T02:02:02Z")
    assert one(server, item)["received"] == 1580608922
    server.control("change", item=item, kind="importance", importance="Low")
    assert one(server, item)["importance"] == "Low"
    for wrong in ('"kind":"colour"', '"kind":"importance","importance":"Highest"',
                  '"kind":"received","received":"soon"', '"kind":"class"', '"kind":"subject"'):
        assert server.raw("/test/change", f'{{"item":"{item}",{wrong}}}', "POST")[0] == 400


def test_an_item_is_what_its_class_says(server):
    item = server.control("deliver", folder="Inbox", **{"class": "IPM.Appointment"})[0]
    for same_size in (False, True):
        for wanted, kind in (("IPM.Task.X", "Task"), ("IPM.Note", "Message"),
                             ("IPM.Contact", "Contact"), ("IPM.Unheard.Of", "Message"),
                             ("IPM.Appointment.Y", "CalendarItem")):
            if same_size:
                server.control("change", item=item, same_size=True)
            server.control("change", item=item, kind="class", **{"class": wanted})
            after = one(server, item)
            assert (after["class"], after["kind"]) == (wanted, kind)
            assert after["mime_size"] > 100
    longer = server.control("deliver", folder="Inbox", **{"class": "IPM.Task.Mine"})[0]
    assert one(server, longer)["class"] == "IPM.Task.Mine"


def test_a_refusal_ends_within_no_character(server):
    for name in ("é" * 60, "日" * 60, "\U0001F44D" * 60, "x" + "é" * 60):
        server.control("mkdir", folder="Inbox", name=name)
        status, _, body = server.raw(
            "/test/mkdir", json.dumps({"folder": "Inbox", "name": name}), "POST")
        assert status == 400
        said = json.loads(body)["error"].removeprefix("there is a folder of that name: ")
        assert name.startswith(said) and len(said.encode()) > 96


def test_no_folder_is_made_in_one_that_is_gone(server):
    gone = server.control("mkdir", folder="Inbox", name="gone")[0]
    server.control("delete", folder=gone)
    before = set(server.truth())
    assert server.raw("/test/mkdir", json.dumps({"folder": gone, "name": "x"}), "POST")[0] == 400
    assert set(server.truth()) == before


def test_a_boundary_is_a_whole_line(server):
    item = server.control("deliver", mime="\r\n".join((
        "Subject: x", "Content-Type: multipart/mixed; boundary=b", "",
        "--b", "Content-Type: multipart/alternative; boundary=b--1", "",
        "--b--1", "Content-Type: text/plain", "", "hi", "--b--1--",
        "--b \t", "Content-Type: text/plain", "Content-Disposition: attachment", "", "a",
        "--b--", "")))[0]
    assert one(server, item)["has_attachments"]


def test_a_long_address_is_whole_characters(server):
    item = server.control("deliver", mime="From: " + "é" * 200 + "\r\nSubject: s\r\n\r\n")[0]
    status, reply = server.post(testd.envelope(
        "<m:GetItem><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>'))
    assert status == 200 and "éé" in reply


def test_same_size(server):
    for item in inbox(server)["items"]:
        before = one(server, item["id"])
        server.control("change", item=item["id"], same_size=True)
        after = one(server, item["id"])
        assert after["mime_size"] == before["mime_size"]
        assert after["mime_sha256"] != before["mime_sha256"]
        assert after["subject"] == before["subject"]


def refused(server, folder, state):
    reply = server.ask(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:SyncFolderId><t:FolderId Id="{folder}"/></m:SyncFolderId>'
        f"<m:SyncState>{state}</m:SyncState>"
        "<m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>")
    if text(reply, ".//m:ResponseCode") == "NoError":
        return False
    assert text(reply, ".//m:ResponseCode") == "ErrorInvalidSyncStateData"
    assert text(reply, ".//m:SyncState") == ""
    return True


def hierarchy(server, state=""):
    known = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    return server.ask("<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>"
                      f"</m:FolderShape>{known}</m:SyncFolderHierarchy>")


def test_expire(server):
    folder, other = (server.truth()[path]["id"] for path in ("Inbox", "Drafts"))
    states = {f: server.sync(f)[0] for f in (folder, other)}
    tree = text(hierarchy(server), ".//m:SyncState")
    server.control("expire", folder="Inbox")
    assert refused(server, folder, states[folder]) and not refused(server, other, states[other])
    state, last, changes = server.sync(folder)
    assert last and len(changes) == 6 and {c[0] for c in changes} == {"Create"}
    assert server.sync(folder, state)[2] == []
    assert text(hierarchy(server, tree), ".//m:ResponseCode") == "NoError"
    server.control("expire", hierarchy=True)
    assert text(hierarchy(server, tree), ".//m:ResponseCode") == "ErrorInvalidSyncStateData"
    assert not refused(server, folder, state)
    server.control("expire")
    assert refused(server, folder, state) and refused(server, other, states[other])


def test_expire_between_pages(server):
    folder = inbox(server)["id"]
    state, last, _ = server.sync(folder, most=2)
    assert not last
    server.control("expire", folder="Inbox")
    assert refused(server, folder, state)


def test_forget(server):
    folder = inbox(server)["id"]
    state, _, first = server.sync(folder)
    server.control("delete", item=first[0][1])
    server.control("forget", folder="Inbox")
    for _ in range(2):
        fresh, last, changes = server.sync(folder, state)
        assert last and [c[:2] for c in changes] == [("Create", c[1]) for c in first[1:]]
    assert server.sync(folder, fresh)[2] == []
    tree = text(hierarchy(server), ".//m:SyncState")
    server.control("forget", hierarchy=True)
    assert len(hierarchy(server, tree).findall(".//t:Create", NS)) == \
        len(hierarchy(server).findall(".//t:Create", NS))


def get_folder(server, path):
    folder = server.truth(False)[path]["id"]
    return server.ask("<m:GetFolder><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape>"
                      f'</m:FolderShape><m:FolderIds><t:FolderId Id="{folder}"/></m:FolderIds>'
                      "</m:GetFolder>")


def shown_parent(server, path):
    return get_folder(server, path).find(".//t:ParentFolderId", NS).get("Id")


def test_deny(server):
    folder = inbox(server)["id"]
    item = inbox(server)["items"][0]["id"]
    server.control("deny", folder="Inbox")
    assert text(get_folder(server, "Inbox"), ".//m:ResponseCode") == "ErrorAccessDenied"
    with pytest.raises(AssertionError, match="ErrorAccessDenied"):
        server.sync(folder)
    with pytest.raises(AttributeError):
        keys(server, item)
    assert len(hierarchy(server).findall(".//t:Create", NS)) == 9
    server.control("deny", folder="Inbox", denied=False)
    assert len(server.sync(folder)[2]) == 6


def test_orphans_and_cycles(server):
    server.control("mkdir", folder="Lost", orphan=True)
    server.control("mkdir", folder="A/B")
    folders = server.truth(False)
    known = {f["id"] for f in folders.values()}
    assert shown_parent(server, "Lost") not in known
    state = text(hierarchy(server), ".//m:SyncState")
    server.control("misplace", folder="A", under="A/B")
    assert shown_parent(server, "A") == folders["A/B"]["id"]
    assert shown_parent(server, "A/B") == folders["A"]["id"]
    assert len(hierarchy(server, state).findall(".//t:Update", NS)) == 1
    server.control("misplace", folder="A")
    assert shown_parent(server, "A") not in known
    server.control("misplace", folder="A", back=True)
    assert shown_parent(server, "A") == folders["A"]["parent_id"]
