# SPDX-License-Identifier: MIT
"""Requests are validated, and every reply is valid by Exchange's own schema."""
import base64
import hashlib

import pytest
from lxml import etree

import testd
from testd import NS, TAG, text

pytestmark = pytest.mark.skipif(not testd.SCHEMA.is_dir(), reason=f"no schema in {testd.SCHEMA}")

STATE = "<m:SyncState>STATE</m:SyncState>"
IMPERSONATION = ("<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>user@example.org"
                 "</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>")


@pytest.fixture(scope="module")
def server():
    mailbox = "--synthetic", "alice:20:120:3000:3"
    with testd.Server(*mailbox, "--schema", str(testd.SCHEMA)) as running:
        yield running


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.parse(str(testd.SCHEMA / "soap-ews.xsd")))


@pytest.fixture(scope="module")
def truth(server):
    return server.truth()


def skeleton(name, *replacements):
    request = (testd.SHARED / f"skeletons/{name}.xml").read_text()
    for old, new in replacements:
        assert old in request
        request = request.replace(old, new)
    return request


def get_items(kind, items):
    ids = "".join(f'<t:ItemId Id="{item["id"]}"/>' for item in items)
    return skeleton(f"GetItem_kind_{kind}", ('<t:ItemId Id="AAMkAGI="/>', ids))


def check(server, schema, request):
    status, reply = server.post(request)
    assert status == 200, reply
    tree = testd.parse(reply)
    schema.assertValid(tree)
    return tree


@pytest.mark.parametrize("base", ("IdOnly", "Default", "AllProperties"))
def test_folders(server, schema, base):
    tree = check(server, schema, skeleton("GetFolder", (IMPERSONATION, ""),
                                          (">Default<", f">{base}<")))
    codes = [code.text for code in tree.iter(TAG["m"] + "ResponseCode")]
    assert codes == ["NoError", "ErrorNonExistentMailbox"]
    tree = check(server, schema, skeleton("FindFolder_deep", (">IdOnly<", f">{base}<")))
    assert tree.find(".//m:RootFolder", NS).get("IncludesLastItemInRange") == "true"


def test_hierarchy(server, schema, truth):
    tree = check(server, schema, skeleton("SyncFolderHierarchy", (STATE, "")))
    told = {element.find("t:FolderId", NS).get("Id"): text(element, "t:DisplayName")
            for element in tree.iterfind(".//t:Create/*", NS)}
    assert told == {folder["id"]: folder["name"] for path, folder in truth.items() if path}


@pytest.mark.parametrize("path", ("Inbox", "Calendar", "Contacts", "Tasks"))
@pytest.mark.parametrize("base", ("IdOnly", "Default", "AllProperties"))
def test_sync_and_find(server, schema, truth, path, base):
    folder, shape = truth[path]["id"], (">IdOnly<", f">{base}<")
    tree = check(server, schema, skeleton("SyncFolderItems_page", ("AAMkAGI=", folder), shape,
                                          ("<m:SyncState>H4sI</m:SyncState>", "")))
    assert len(tree.findall(".//t:Create", NS)) == 120
    tree = check(server, schema, skeleton("FindItem_paged", ("FID", folder), shape))
    assert len(tree.findall(".//t:ItemId", NS)) == 120


KINDS = (("message", "Inbox"), ("calendar", "Calendar"), ("contact", "Contacts"), ("task", "Tasks"),
         ("safe", "Inbox"), ("safe", "Calendar"), ("safe", "Contacts"), ("safe", "Tasks"))


@pytest.mark.parametrize("base", ("IdOnly", "Default", "AllProperties"))
@pytest.mark.parametrize("kind,path", KINDS)
def test_items(server, schema, truth, kind, path, base):
    items = truth[path]["items"]
    request = get_items(kind, items)
    for other in ("IdOnly", "AllProperties"):
        request = request.replace(f"<t:BaseShape>{other}<", f"<t:BaseShape>{base}<")
    tree = check(server, schema, request)
    shown = tree.findall(".//m:Items/*", NS)
    assert [element.find("t:ItemId", NS).get("Id") for element in shown] == [i["id"] for i in items]
    for element, item in zip(shown, items):
        assert etree.QName(element).localname == item["kind"]
        assert text(element, "t:ItemClass") == item["class"]
        mime = text(element, "t:MimeContent")
        if mime:
            assert hashlib.sha256(base64.b64decode(mime)).hexdigest() == item["mime_sha256"]


@pytest.mark.parametrize("path", ("Inbox", "Calendar"))
def test_ids_of_other_forms(server, schema, truth, path):
    """The MAPI entry id is the end of an id, in base64 or hex; and back."""
    def convert(form, one, to):
        return check(server, schema, skeleton("ConvertId", ('Format="EwsId"', f'Format="{form}"'), (
            'DestinationFormat="HexEntryId"', f'DestinationFormat="{to}"'), ('"IID"', f'"{one}"')))

    for one in truth[path]["id"], truth[path]["items"][0]["id"]:
        entry = base64.b64decode(one)[43:]
        forms = {"EntryId": base64.b64encode(entry).decode(), "HexEntryId": entry.hex().upper(),
                 "EwsId": one}
        for form, source in forms.items():
            for to, expected in forms.items():
                found = convert(form, source, to).find(".//m:AlternateId", NS)
                assert (found.get("Format"), found.get("Id")) == (to, expected)
                assert found.get("Mailbox") == "alice@example.com", "the caller's"
    for bad in ("zz", one[:-4]):
        tree = convert("HexEntryId", bad, "EwsId")
        assert text(tree, ".//m:ResponseCode") == "ErrorInvalidIdMalformed"


def test_a_field_of_another_kind_fails_for_that_item_only(server, schema, truth):
    items = truth["Calendar"]["items"][:1] + truth["Inbox"]["items"][:1]
    tree = check(server, schema, get_items("message", items))
    codes = [code.text for code in tree.iter(TAG["m"] + "ResponseCode")]
    assert codes == ["ErrorInvalidPropertyRequest", "NoError"]


def test_versions_are_real_ones(server, schema, truth):
    items = truth["Inbox"]["items"]
    tree = check(server, schema, get_items("message", items))
    for element in tree.iterfind(".//m:Items/*", NS):
        values = {prop.find("t:ExtendedFieldURI", NS).get("PropertyTag"): text(prop, "t:Value")
                  for prop in element.iterfind("t:ExtendedProperty", NS)}
        key = base64.b64decode(element.find("t:ItemId", NS).get("ChangeKey"))
        xid, pcl = base64.b64decode(values["0x65e2"]), base64.b64decode(values["0x65e3"])
        assert key[4:8] == b"\x16\0\0\0" and key[8:] == xid and len(xid) == 22
        entries = [pcl[at + 1:at + 23] for at in range(0, len(pcl), 23)]
        assert xid in entries and all(pcl[at] == 22 for at in range(0, len(pcl), 23))
        assert entries == sorted(entries)


@pytest.mark.parametrize("broken", (
    ("<m:MaxChangesReturned>512", "<m:MaxChangesReturned>513"),
    ("<m:MaxChangesReturned>512</m:MaxChangesReturned>", ""),
    ("item:Size", "item:Siez"),
    ("<t:BaseShape>IdOnly</t:BaseShape>", ""),
))
def test_an_invalid_request_is_a_fault(server, truth, broken):
    status, reply = server.post(skeleton("SyncFolderItems_page", ("AAMkAGI=", truth["Inbox"]["id"]),
                                        ("<m:SyncState>H4sI</m:SyncState>", ""), broken))
    assert status == 500
    tree = testd.parse(reply)
    assert tree.findtext(".//faultcode") == "a:ErrorSchemaValidation"
    assert tree.find(".//t:Violation", NS).text


def test_what_is_not_offered_is_a_fault(server):
    status, reply = server.post(skeleton("ExportItems"))
    assert status == 500 and "ErrorInvalidRequest" in reply
