# SPDX-License-Identifier: MIT
"""--like gromox: what was recorded of gromox 3.10, and what it says of itself in its source."""
import base64
import random
import re

import pytest

import testd
from test_testd_faults import answered, codes, get_item, ids, read_all, wire
from test_testd_sync import Client, change, compare
from testd import NS, text

LIKE = "gromox"


@pytest.fixture(name="server")
def _server():
    with testd.Server("--synthetic", "alice:2:12:1500", "--like", LIKE) as server:
        yield server


def recorded(name):
    return (testd.SHARED / "traces/gromox" / name).read_text()


def test_the_envelope_and_headers_are_the_recorded_ones(server):
    if not testd.SHARED.exists():
        pytest.skip("no recordings here")
    status, headers, body = raw(server, get_item(ids(server)[0]))
    assert status == 200
    assert {name.lower() for name in headers} - {"date", "connection"} == \
        {"content-type", "content-length"}
    start = recorded("43-GetItem-old-id-after-move.response.xml").split("<m:")[0]
    assert body.decode().startswith(start)
    assert body.decode().endswith("</SOAP:Body></SOAP:Envelope>")


def raw(server, body):
    login = base64.b64encode(b"alice:secret").decode()
    return server.raw("/EWS/Exchange.asmx", testd.envelope(body) if body[0] == "<" else body,
                      headers={"Authorization": "Basic " + login})


def test_ids_and_change_keys_are_bare(server):
    inbox = server.truth(False)["Inbox"]["id"]
    item = ids(server)[0]
    assert len(inbox) == 64 and len(base64.b64decode(inbox)) == 47
    assert len(item) == 96 and len(base64.b64decode(item)) == 71
    reply = server.ask(get_item(item, shape="AllProperties"))
    assert answered(reply) == [item]
    assert len(base64.b64decode(reply.find(".//t:ItemId", NS).get("ChangeKey"))) == 22
    parent = reply.find(".//t:ParentFolderId", NS)
    assert parent.get("Id") == inbox and parent.get("ChangeKey") is None


def test_ids_of_others_and_of_the_wrong_kind(server):
    inbox = server.truth(False)["Inbox"]["id"]
    assert codes(server.ask(get_item(inbox))) == ["ErrorCannotUseFolderIdForItemId"]
    foreign = bytearray(base64.b64decode(ids(server)[0]))
    foreign[5] ^= 1
    assert codes(server.ask(get_item(base64.b64encode(foreign).decode()))) == ["ErrorAccessDenied"]


def test_a_malformed_id_is_a_fault_and_a_second_response_follows(server):
    bad = "eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5"
    got, _ = read_all(wire(server, get_item(bad), timeout=0.5))
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 2
    first, second = re.findall(rb"Content-Length: \d+.*?\r\n\r\n(.*?</SOAP:Envelope>)",
                               got, re.DOTALL | re.IGNORECASE)
    if testd.SHARED.exists():
        assert first.decode() == recorded("131-SyncFolderItems-bad-FolderId.response.xml").strip()
    assert b"<SOAP:Body></SOAP:Body>" in second


def test_other_faults(server):
    status, _, body = raw(server, "<m:NoSuchThing/>")
    assert status == 200 and b"SOAP:Client</faultcode>" in body and b"<detail>" not in body
    status, _, body = raw(server, "oops")
    assert status == 500 and b"Invalid XML" in body
    if testd.SHARED.exists():
        assert body.decode() == recorded("133-malformed-xml.response.xml").strip()


def test_a_state_that_cannot_be_read_is_none(server):
    inbox = server.truth(False)["Inbox"]["id"]
    for state in ("bm90LWEtc3RhdGU=", "not base64!"):
        _, last, changes = server.sync(inbox, state)
        assert last and len(changes) == 12
    state, _, _ = server.sync(inbox)
    server.control("expire", folder="Inbox")
    with pytest.raises(AssertionError, match="ErrorInvalidSyncStateData"):
        server.sync(inbox, state)


def test_deletes_come_first_and_the_rest_of_them_unannounced(server):
    inbox = server.truth(False)["Inbox"]["id"]
    state, _, changes = server.sync(inbox)
    newest_first = [c[1] for c in changes]
    server.control("change", item=newest_first[0])
    for item in newest_first[3:8]:
        server.control("delete", item=item)
    state, last, page = server.sync(inbox, state, 2)
    assert [c[0] for c in page] == ["Delete"] * 2 and not last, "there is an update, too"
    assert page[0][2] is None, "no ChangeKey"
    server.control("change", item=newest_first[9])
    gone = [c[1] for c in page]
    state, last, page = server.sync(inbox, state, 4)
    gone += [c[1] for c in page[:3]]
    assert [c[0] for c in page] == ["Delete"] * 3 + ["Update"] and not last
    assert gone == newest_first[3:8]
    state, last, page = server.sync(inbox, state, 4)
    assert [c[:2] for c in page] == [("Update", newest_first[9])] and last
    for item in newest_first[9:12]:
        server.control("delete", item=item)
    state, last, page = server.sync(inbox, state, 2)
    assert len(page) == 2 and last, "it says so, and it is not true"
    state, last, page = server.sync(inbox, state, 2)
    assert len(page) == 1 and last
    assert server.sync(inbox, state)[2] == []


class Patient(Client):
    """Does not believe that a page is the last."""

    def catch_up(self, most=512):
        super().catch_up(most)
        while self.server.sync(self.folder, self.state, most)[2]:
            super().catch_up(most)


@pytest.mark.parametrize("seed", range(6))
def test_random_changes_between_pages(seed):
    rng = random.Random(seed)
    with testd.Server("--synthetic", f"alice:1:60:300:{seed}", "--like", LIKE) as server:
        client = Patient(server, server.truth(mime=False)["Inbox"]["id"])
        for _ in range(150):
            change(server, rng)
            if rng.random() < 0.5:
                client.page(rng.choice((1, 2, 5, 20, 512)))
            if rng.random() < 0.1:
                client.catch_up(rng.choice((3, 512)))
                compare(server, client)
        client.catch_up(4)
        compare(server, client)


def test_a_deleted_folder_is_synced_as_if_it_were_there(server):
    inbox = server.truth(False)["Inbox"]["id"]
    server.control("mkdir", user="alice", folder="Inbox", name="Sub")
    sub = server.truth(False)["Inbox/Sub"]["id"]
    server.control("deliver", user="alice", folder="Inbox/Sub", count=2)
    server.control("delete", user="alice", folder="Inbox/Sub")
    body = ("<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>"
            f'<t:FolderId Id="{sub}"/></m:SyncFolderId><m:MaxChangesReturned>9</m:MaxChangesReturned></m:SyncFolderItems>')
    reply = server.ask(body)
    assert codes(reply) == ["NoError"] and len(reply.findall(".//t:Create", NS)) == 2 and inbox != sub


def test_an_update_of_the_read_flag_is_an_update(server):
    inbox = server.truth(False)["Inbox"]["id"]
    state, _, changes = server.sync(inbox)
    item = next(i for i in server.truth(False)["Inbox"]["items"] if i["id"] == changes[0][1])
    server.ask(
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly">'
        f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{item["id"]}"/><t:Updates>'
        '<t:SetItemField><t:FieldURI FieldURI="message:IsRead"/><t:Message><t:IsRead>'
        f'{str(not item["is_read"]).lower()}</t:IsRead></t:Message></t:SetItemField></t:Updates>'
        "</t:ItemChange></m:ItemChanges></m:UpdateItem>")
    state, _, changes = server.sync(inbox, state)
    assert [c[:2] for c in changes] == [("Update", item["id"])]
    server.control("flag", item=item["id"])
    _, _, changes = server.sync(inbox, state)
    assert [c[:2] for c in changes] == [("ReadFlagChange", item["id"])]


def test_mime_differs_and_says_the_same(server):
    shape = "IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent><t:BaseShape>"
    shape = shape.removesuffix("<t:BaseShape>")
    varied = 0
    for item in ids(server):
        body = get_item(item).replace("Default</t:BaseShape>", shape)
        one, two = (base64.b64decode(text(server.ask(body), ".//t:MimeContent")) for _ in range(2))
        varied += one != two
        boundary = re.compile(rb'boundary="?([^"\r\n]+)')
        for mime in (one, two):
            for name in boundary.findall(mime):
                assert mime.count(b"--" + name) >= 2
        assert (one == two) == (not boundary.search(one))
        assert len(one) == len(two)
    assert varied


def test_unknown_names_are_refused():
    import subprocess
    result = subprocess.run([testd.BINARY, "--user", "a:b", "--like", "lotus"], timeout=10,
                            capture_output=True, text=True, check=False)
    assert result.returncode and result.stderr.count("\n") == 1


@pytest.mark.parametrize("name, version", (
    ("exchange2010", "14.3"), ("exchange2013", "15.0"), ("exchange2019", "15.2"),
    ("online", "15.20")))
def test_versions(name, version):
    with testd.Server("--like", name) as server:
        asked = testd.envelope(get_item("A")).replace("Exchange2013_SP1", "Exchange2010_SP2")
        reply = testd.parse(server.post(asked)[1])
        info = reply.find(".//t:ServerVersionInfo", NS)
        assert f"{info.get('MajorVersion')}.{info.get('MinorVersion')}" == version
        assert codes(reply) == ["ErrorInvalidIdMalformed"]
