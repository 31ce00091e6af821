# SPDX-License-Identifier: MIT
"""What clients write: raw requests, each held against the schema, as are the replies."""
import base64
import email
import email.policy
import itertools

import pytest
from lxml import etree

import testd
from testd import NS, TAG, text
from writes import (Box, ICAL, MIME, READ, UNREAD, create, delete, field, mime, missing, move,
                    subject, tag, update)

pytestmark = pytest.mark.skipif(not testd.SCHEMA.is_dir(), reason=f"no schema in {testd.SCHEMA}")


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.parse(str(testd.SCHEMA / "soap-ews.xsd")))


@pytest.fixture
def box(schema):
    with testd.Server("--synthetic", "alice:14:6:3000:7", "--schema", str(testd.SCHEMA)) as server:
        yield Box(server, schema)


# --- CreateItem ---

def test_a_mail_from_mime_is_a_draft_unless_its_flags_say_otherwise(box):
    box.news("Inbox")
    key, version = box.made(create(mime("Message", MIME), "inbox"))
    item = box.item(key)
    assert item["is_draft"] and not item["is_read"] and item["subject"] == "Hello"
    assert item["mime_size"] == len(MIME) and item["change_key"] == version
    assert box.news("Inbox") == [("Create", key, version)]
    for flags in (0, 1, 8, 9):
        key, _ = box.made(create(mime("Message", MIME, tag("0x0E07", "Integer", flags)), "inbox"))
        assert box.item(key)["is_draft"] == (flags >= 8)
        assert box.item(key)["is_read"] == bool(flags & 1)


def test_the_times_that_a_mail_is_given_are_kept(box):
    times = (tag("0x0e06", "SystemTime", "2020-01-02T03:04:05Z")
             + tag("0x0039", "SystemTime", "2020-01-02T03:04:00Z"))
    key, _ = box.made(create(mime("Message", MIME, times), "inbox"))
    shown = box.get(key, "item:DateTimeReceived", "item:DateTimeSent")
    assert text(shown, "t:DateTimeReceived") == "2020-01-02T03:04:05Z"
    assert text(shown, "t:DateTimeSent") == "2020-01-02T03:04:00Z"


def test_a_mail_of_properties(box):
    key, _ = box.made(create(
        "<t:Message><t:Subject>Grüße</t:Subject><t:Sensitivity>Confidential</t:Sensitivity>"
        "<t:Body BodyType='HTML'>&lt;p&gt;Ünï&lt;/p&gt;</t:Body>"
        "<t:Categories><t:String>A</t:String><t:String>B &amp; C</t:String></t:Categories>"
        "<t:Importance>High</t:Importance><t:ToRecipients><t:Mailbox><t:Name>Bob, B.</t:Name>"
        "<t:EmailAddress>bob@example.org</t:EmailAddress></t:Mailbox></t:ToRecipients>"
        "<t:IsRead>true</t:IsRead></t:Message>"))
    item = box.item(key)
    assert item["path"] == "Drafts" and item["is_draft"] and item["is_read"]
    assert item["subject"] == "Grüße" and item["importance"] == "High"
    assert item["categories"] == ["A", "B & C"]
    shown = box.get(key, "message:ToRecipients", "item:Sensitivity", "item:Body")
    assert text(shown, "t:Body") == "<p>Ünï</p>" and text(shown, "t:Sensitivity") == "Confidential"
    assert text(shown, "t:ToRecipients/t:Mailbox/t:Name") == "Bob, B."
    assert text(shown, "t:ToRecipients/t:Mailbox/t:EmailAddress") == "bob@example.org"


ITEMS = {
    "calendar": ("<t:CalendarItem><t:Subject>Lunch</t:Subject><t:Body BodyType='Text'>Eat</t:Body>"
                 "<t:Start>2024-01-30T13:00:00+01:00</t:Start><t:End>2024-01-30T12:30:00Z</t:End>"
                 "<t:Location>Room</t:Location></t:CalendarItem>",
                 "Calendar", "item:Body", "calendar:Start", "calendar:Location", "calendar:UID"),
    "contacts": ("<t:Contact><t:FileAs>Doe, J</t:FileAs><t:GivenName>Jane</t:GivenName>"
                 "<t:MiddleName>Q</t:MiddleName><t:EmailAddresses><t:Entry Key='EmailAddress1'>"
                 "j@example.org</t:Entry></t:EmailAddresses><t:Surname>Doe</t:Surname></t:Contact>",
                 "Contacts", "contacts:FileAs", "contacts:MiddleName", "contacts:EmailAddresses"),
    "tasks": ("<t:Task><t:Subject>Work</t:Subject><t:DueDate>2024-02-01T00:00:00Z</t:DueDate>"
              "<t:PercentComplete>100</t:PercentComplete></t:Task>",
              "Tasks", "task:DueDate", "task:PercentComplete", "task:IsComplete", "task:Status"),
    "inbox": ("<t:PostItem><t:Subject>Note</t:Subject><t:Body BodyType='Text'>Hi</t:Body>"
              "</t:PostItem>",
              "Inbox", "item:Body", "item:Subject"),
}


@pytest.mark.parametrize("folder", ITEMS)
def test_every_kind_from_properties(box, folder):
    element, path, *uris = ITEMS[folder]
    key, version = box.made(create(element, folder))
    item = box.item(key)
    assert item["path"] == path and item["change_key"] == version and item["mime_size"] > 0
    shown = box.get(key, *uris)
    for uri in uris:
        assert shown.find("t:" + uri.split(":")[1], NS) is not None, uri
    box.get(key, base="AllProperties")
    if folder == "calendar":
        assert text(shown, "t:Start") == "2024-01-30T12:00:00Z"
    if folder == "tasks":
        assert text(shown, "t:IsComplete") == "true" and text(shown, "t:Status") == "Completed"


def test_a_meeting_from_mime_and_what_can_not_be_one(box):
    key, _ = box.made(create(mime("CalendarItem", ICAL), SendMeetingInvitations="SendToNone"))
    assert box.item(key)["kind"] == "CalendarItem" and box.item(key)["subject"] == "Lunch"
    for element, content, code in (
            ("CalendarItem", MIME, "ErrorMimeContentConversionFailed"),
            ("CalendarItem", ICAL.replace(b"VEVENT", b"VTODO"), "ErrorMimeContentConversionFailed"),
            ("Message", ICAL, "ErrorMimeContentConversionFailed"),
            ("Message", b"", "ErrorMimeContentInvalid"),
            ("Contact", b"BEGIN:VCARD\r\nEND:VCARD\r\n", "ErrorUnsupportedMimeConversion"),
            ("Task", MIME, "ErrorUnsupportedMimeConversion")):
        assert box.codes(create(mime(element, content))) == [code]


def test_what_a_request_must_say(box):
    message, meeting = "<t:Message/>", "<t:CalendarItem/>"
    assert box.codes(create(message, "inbox", SendMeetingInvitations="SendToNone")) == [
        "ErrorMessageDispositionRequired"]
    assert box.codes(create(meeting, MessageDisposition="SaveOnly")) == [
        "ErrorSendMeetingInvitationsRequired"]
    assert box.codes(create("<t:Contact/>", MessageDisposition=None)) == ["NoError"]


def test_a_batch_answers_each_in_order(box):
    assert box.codes(create(
        mime("Message", MIME) + "<t:Message><t:ItemClass>IPM.Task</t:ItemClass></t:Message>"
        + "<t:Message><t:Subject>x</t:Subject><t:Size>1</t:Size></t:Message>"
        + "<t:Message><t:Subject>y</t:Subject></t:Message>", "drafts")) == [
            "NoError", "ErrorObjectTypeChanged", "ErrorInvalidPropertySet", "NoError"]
    assert len(box.server.truth()["Drafts"]["items"]) == 8
    assert box.codes(create("<t:Contact/><t:Task/>", "calendar")) == [
        "ErrorCannotCreateContactInNonContactFolder", "ErrorCannotCreateTaskInNonTaskFolder"]
    assert box.codes(create("<t:Message/>", "conversationhistory")) == ["ErrorFolderNotFound"]


def test_what_is_sent_has_no_id(box):
    before = len(box.server.truth()["Sent Items"]["items"])
    for disposition, more in (("SendOnly", 0), ("SendAndSaveCopy", 1)):
        reply = box.one(create(mime("Message", MIME), MessageDisposition=disposition))
        assert text(reply, "m:ResponseCode") == "NoError" and not len(reply.find("m:Items", NS))
        items = box.server.truth()["Sent Items"]["items"]
        assert len(items) == before + more
    assert not items[-1]["is_draft"] and items[-1]["is_read"]


def test_a_named_property_comes_back(box):
    path = ("<t:ExtendedFieldURI PropertySetId='00020329-0000-0000-C000-000000000046' "
            "PropertyName='upload' PropertyType='String'/>")
    given = f"<t:ExtendedProperty>{path}<t:Value>a&lt;b</t:Value></t:ExtendedProperty>"
    key, _ = box.made(create(mime("Message", MIME, given)))
    assert text(box.get(key, path), "t:ExtendedProperty/t:Value") == "a<b"
    key, _ = box.made(move("MoveItem", box.folder("Inbox"), key))
    assert text(box.get(key, path), "t:ExtendedProperty/t:Value") == "a<b"


def test_a_mail_of_many_megabytes(box):
    content = MIME + b"0123456789abcdef\r\n" * 900_000
    key, _ = box.made(create(mime("Message", content)))
    assert box.item(key)["mime_size"] == len(content)


# --- UpdateItem ---

@pytest.fixture
def mail(box):
    """An unread mail that a client knows of: (id, change key)."""
    box.server.control("deliver", folder="Inbox")
    box.news("Inbox")
    item = box.server.truth()["Inbox"]["items"][-1]
    return item["id"], item["change_key"]


def test_the_read_flag_alone_leaves_the_change_key(box, mail):
    key, version = mail
    for updates, read in ((READ, True), (UNREAD, False)):
        assert box.made(update((key, version, updates))) == (key, "CQAAAA==")
        assert box.item(key)["is_read"] == read and box.item(key)["change_key"] == version
        assert box.news("Inbox") == [("ReadFlagChange", key, version)]
    box.made(update((key, "CQAAAA==", UNREAD)))
    assert box.news("Inbox") == []


CHANGES = {
    "subject": (subject("Other"), {"subject": "Other"}),
    "importance": (field("item:Importance", "<t:Importance>Low</t:Importance>"),
                   {"importance": "Low"}),
    "categories": (field("item:Categories", "<t:Categories><t:String>X</t:String></t:Categories>"),
                   {"categories": ["X"]}),
    "flag": (field("item:Flag", "<t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag>"),
             {"flag": "Flagged"}),
    "flag by tag": (field("<t:ExtendedFieldURI PropertyTag='0x1090' PropertyType='Integer'/>",
                          tag("0x1090", "Integer", 1)), {"flag": "Complete"}),
    "with the read flag": (READ + subject("Both"), {"subject": "Both", "is_read": True}),
    "mime": (field("item:MimeContent", f"<t:MimeContent>{base64.b64encode(MIME).decode()}"
                   "</t:MimeContent>"), {"subject": "Hello", "mime_size": len(MIME)}),
    "class": (field("item:ItemClass", "<t:ItemClass>IPM.Note.Mine</t:ItemClass>"),
              {"class": "IPM.Note.Mine"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_other_change_makes_a_new_key(box, mail, change):
    updates, expected = CHANGES[change]
    key, version = mail
    box.server.control("flag", item=key, read=False)
    box.news("Inbox")
    same, new = box.made(update((key, version, updates), resolution="NeverOverwrite"))
    assert same == key and new != version
    item = box.item(key)
    assert {name: item[name] for name in expected} == expected and item["change_key"] == new
    assert box.news("Inbox") == [("Update", key, new)]


def test_a_change_shows_in_the_bytes(box, mail):
    key, version = mail
    body = "<t:Body BodyType='Text'>Neuer Text</t:Body>"
    box.made(update((key, version, subject("Größe") + field("item:Body", body)
                     + field("item:Body", "<t:Body BodyType='Text'>!</t:Body>", how="Append"))))
    shown = box.get(key, "item:Body", "item:MimeContent", "item:Subject")
    assert text(shown, "t:Subject") == "Größe" and text(shown, "t:Body") == "Neuer Text!"
    content = email.message_from_bytes(base64.b64decode(text(shown, "t:MimeContent")),
                                       policy=email.policy.default)
    assert content["Subject"] == "Größe" and content.get_content().strip() == "Neuer Text!"
    assert content["From"] and len(content.get_all("Subject")) == 1


def test_an_attachment_outlives_a_new_body(box):
    content = (b"Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nold\r\n"
               b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; "
               b"filename=p.png\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n")
    key, version = box.made(create(mime("Message", content)))
    box.made(update((key, version, field("item:Body", "<t:Body BodyType='Text'>new</t:Body>"))))
    got = email.message_from_bytes(base64.b64decode(
        text(box.get(key, "item:MimeContent"), "t:MimeContent")))
    first, second = got.get_payload()
    assert first.get_payload(decode=True) == b"new" and second.get_payload(decode=True) == b"ABC"
    assert second.get_filename() == "p.png" and box.item(key)["has_attachments"]


def test_an_event_changes_line_by_line(box):
    key, version = box.made(create(mime("CalendarItem", ICAL)))
    start = "<t:Start>2024-01-30T11:00:00Z</t:Start>"
    box.made(update((key, version, subject("Brunch", "CalendarItem")
                     + field("calendar:Start", start, "CalendarItem"))))
    got = base64.b64decode(text(box.get(key, "item:MimeContent"), "t:MimeContent"))
    assert b"SUMMARY:Brunch\r\n" in got and b"DTSTART:20240130T110000Z\r\n" in got
    assert b"Lunch" not in got and b"DESCRIPTION:Ring\r\n" in got and b"DTEND:20240130T13" in got
    assert box.item(key)["subject"] == "Brunch" and box.item(key)["start"] == 1706612400


def test_a_contact_changes_entry_by_entry(box):
    contact = box.server.truth()["Contacts"]["items"][0]
    key, version = contact["id"], contact["change_key"]
    if contact["kind"] != "Contact":
        contact = next(i for i in box.server.truth()["Contacts"]["items"] if i["kind"] == "Contact")
        key, version = contact["id"], contact["change_key"]
    phone = "<t:IndexedFieldURI FieldURI='contacts:PhoneNumber' FieldIndex='HomePhone'/>"
    gone = "<t:IndexedFieldURI FieldURI='contacts:PhoneNumber' FieldIndex='MobilePhone'/>"
    city = ("<t:IndexedFieldURI FieldURI='contacts:PhysicalAddress:City' FieldIndex='Business'/>")
    box.made(update((key, version,
                     field(phone, "<t:PhoneNumbers><t:Entry Key='HomePhone'>123</t:Entry>"
                           "</t:PhoneNumbers>", "Contact") + field(gone, "", how="Delete")
                     + field(city, "<t:PhysicalAddresses><t:Entry Key='Business'><t:City>Ulm"
                             "</t:City></t:Entry></t:PhysicalAddresses>", "Contact"))))
    shown = box.get(key, "contacts:PhoneNumbers", "contacts:PhysicalAddresses")
    phones = {e.get("Key"): e.text for e in shown.find("t:PhoneNumbers", NS)}
    assert phones["HomePhone"] == "123" and "MobilePhone" not in phones and len(phones) == 2
    assert text(shown, ".//t:City") == "Ulm" and text(shown, ".//t:Street")


def test_properties_are_appended_to_and_deleted(box, mail):
    key, version = mail
    one, two = (f"<t:Categories><t:String>{name}</t:String></t:Categories>" for name in "AB")
    box.made(update((key, version, field("item:Categories", one))))
    box.made(update((key, version, field("item:Categories", two, how="Append"))))
    assert box.item(key)["categories"] == ["A", "B"]
    box.made(update((key, version, field("item:Categories", "", how="Delete")
                     + field("item:Subject", "", how="Delete"))))
    assert box.item(key)["categories"] == [] and box.item(key)["subject"] == ""
    box.server.control("change", item=key, kind="category")
    assert box.item(key)["categories"]


@pytest.mark.parametrize("resolution", ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite"))
def test_change_keys(box, mail, resolution):
    key, stale = mail
    box.server.control("change", item=key)

    def code(version):
        return box.codes(update((key, version, subject("x")), resolution=resolution))[0]

    strict = resolution == "NeverOverwrite"
    assert code(None) == "ErrorChangeKeyRequiredForWriteOperations"
    assert code("CQAAAA==") == ("ErrorChangeKeyRequiredForWriteOperations" if strict else "NoError")
    assert code("AAAA") == code("?") == "ErrorInvalidChangeKey"
    assert code(stale) == ("ErrorIrresolvableConflict" if strict else "NoError")
    assert code(box.item(key)["change_key"]) == "NoError"


def test_an_update_happens_as_a_whole_or_not_at_all(box, mail):
    key, version = mail
    for bad, code in (
            (field("item:Size", "<t:Size>1</t:Size>"), "ErrorInvalidPropertySet"),
            (field("item:Size", "", how="Delete"), "ErrorInvalidPropertyDelete"),
            (field("item:Subject", "<t:Subject>a</t:Subject>", how="Append"),
             "ErrorInvalidPropertyAppend"),
            (field("item:Subject", "<t:Importance>Low</t:Importance>"),
             "ErrorUpdatePropertyMismatch"),
            (field("item:Subject", "<t:Subject>a</t:Subject><t:Importance>Low</t:Importance>"),
             "ErrorIncorrectUpdatePropertyCount"),
            (field("item:ItemClass", "<t:ItemClass>IPM.Contact</t:ItemClass>"),
             "ErrorObjectTypeChanged"),
            (field("task:Status", "<t:Status>Completed</t:Status>", "Task"),
             "ErrorInvalidPropertyRequest"),
            (field("<t:ExtendedFieldURI PropertyTag='0xe07' PropertyType='Integer'/>",
                   tag("0xe07", "Integer", 1)), "ErrorInvalidPropertySet")):
        assert box.codes(update((key, version, subject("no") + READ + bad))) == [code]
    assert box.news("Inbox") == [] and box.item(key)["change_key"] == version


def test_updates_in_a_batch_and_what_they_must_say(box, mail):
    key, version = mail
    meeting = box.server.truth()["Calendar"]["items"][0]
    assert box.codes(update((key, version, subject("a")), (missing(key), version, READ),
                            ("AAAA", version, READ), (key, version, subject("b")))) == [
        "NoError", "ErrorItemNotFound", "ErrorInvalidIdMalformed", "NoError"]
    assert box.item(key)["subject"] == "b"
    both = (key, version, subject("c")), (meeting["id"], meeting["change_key"],
                                          subject("d", "CalendarItem"))
    assert box.codes(update(*both, attributes="")) == [
        "ErrorMessageDispositionRequired", "ErrorSendMeetingInvitationsOrCancellationsRequired"]


# --- MoveItem, CopyItem, DeleteItem ---

def test_a_move_gives_a_new_id_and_key(box, mail):
    key, version = mail
    before = box.item(key)
    box.news("Drafts")
    new, new_version = box.made(move("MoveItem", box.folder("Drafts"), key))
    assert new != key and new_version != version and box.item(key) is None
    after = box.item(new)
    same = {name: before[name] for name in ("predecessors", "given")}
    assert after["predecessors"] != before["predecessors"]
    assert {**after, "id": key, "change_key": version, "path": "Inbox", **same} == before
    assert [change[:2] for change in box.news("Inbox")] == [("Delete", key)]
    assert box.news("Drafts") == [("Create", new, new_version)]
    assert box.codes(move("MoveItem", box.folder("Drafts"), key)) == ["ErrorItemNotFound"]


def test_a_copy_is_another_item(box, mail):
    key, _ = mail
    box.made(update((key, "CQAAAA==", CHANGES["categories"][0] + subject("S"))))
    new, new_version = box.made(move("CopyItem", box.folder("Inbox"), key))
    assert new != key and box.item(new)["mime_sha256"] == box.item(key)["mime_sha256"]
    box.made(update((new, new_version, subject("T"))))
    assert [box.item(k)["subject"] for k in (key, new)] == ["S", "T"]
    assert box.item(new)["categories"] == box.item(key)["categories"] == ["X"]


def test_ids_are_returned_unless_they_are_not_wanted(box, mail):
    for wanted in ("true", "false"):
        key = box.server.control("deliver", folder="Inbox")[0]
        reply = box.one(move("MoveItem", box.folder("Drafts"), key,
                             more=f"<m:ReturnNewItemIds>{wanted}</m:ReturnNewItemIds>"))
        assert len(reply.find("m:Items", NS)) == (wanted == "true")


def test_moves_in_a_batch(box, mail):
    key, _ = mail
    assert box.codes(move("MoveItem", box.folder("Drafts"), missing(key), key, "x", key)) == [
        "ErrorItemNotFound", "NoError", "ErrorInvalidIdMalformed", "ErrorItemNotFound"]
    gone = box.server.control("mkdir", folder="", name="Gone")[0]
    box.server.control("delete", folder=gone)
    assert box.codes(move("MoveItem", gone, key)) == ["ErrorToFolderNotFound"]


@pytest.mark.parametrize("kind", ("HardDelete", "SoftDelete", "MoveToDeletedItems"))
def test_deletions(box, mail, kind):
    key, _ = mail
    box.news("Deleted Items")
    assert box.codes(delete(key, kind=kind)) == ["NoError"]
    assert [c[:2] for c in box.news("Inbox")] == [("Delete", key)]
    kept = [c[0] for c in box.news("Deleted Items")]
    assert kept == (["Create"] if kind == "MoveToDeletedItems" else [])
    assert box.codes(delete(key, kind=kind)) == ["ErrorItemNotFound"]


def test_what_is_in_deleted_items_goes_for_good(box, mail):
    key, _ = box.made(move("MoveItem", box.folder("Deleted Items"), mail[0]))
    assert box.codes(delete(key, kind="MoveToDeletedItems")) == ["NoError"]
    assert box.item(key) is None
    assert not [i for i in box.server.truth()["Deleted Items"]["items"] if i["id"] == key]


def test_meetings_and_tasks_want_more_to_be_deleted(box):
    truth = box.server.truth(mime=False)
    meeting, task, mail = (truth[path]["items"][0]["id"] for path in ("Calendar", "Tasks", "Inbox"))
    assert box.codes(delete(meeting, task, mail, attributes="")) == [
        "ErrorSendMeetingCancellationsRequired", "ErrorAffectedTaskOccurrencesRequired", "NoError"]
    assert box.codes(delete(meeting, task)) == ["NoError", "NoError"]


def test_the_digest_of_a_folder_sees_every_write(box):
    def digest():
        message = box.one(
            "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape><t:AdditionalProperties>"
            "<t:ExtendedFieldURI PropertyTag='0x670a' PropertyType='SystemTime'/>"
            "<t:ExtendedFieldURI PropertyTag='0x670b' PropertyType='Integer'/>"
            "</t:AdditionalProperties></m:FolderShape><m:FolderIds>"
            "<t:DistinguishedFolderId Id='inbox'/></m:FolderIds></m:GetFolder>")
        return [e.text for e in message.iter(TAG["t"] + "Value", TAG["t"] + "TotalCount",
                                             TAG["t"] + "UnreadCount")]
    seen = [digest()]
    key, version = box.made(create(mime("Message", MIME), "inbox"))
    seen.append(digest())
    for request in (update((key, version, READ)), update((key, version, subject("n"))),
                    move("CopyItem", box.folder("Inbox"), key), delete(key)):
        assert box.codes(request) == ["NoError"]
        seen.append(digest())
    assert all(a != b for a, b in itertools.combinations(seen, 2))
