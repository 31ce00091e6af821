# SPDX-License-Identifier: MIT
"""A client that was not written for it creates, changes, moves, copies, flags and deletes."""
import datetime
import decimal

import pytest

import testd

exchangelib = pytest.importorskip("exchangelib", reason="python3-exchangelib is not installed")

UTC = exchangelib.EWSTimeZone("UTC")


def at(*args):
    return exchangelib.EWSDateTime(*args, tzinfo=UTC)


@pytest.fixture(scope="module")
def account_and_server():
    args = ["--synthetic", "alice:14:5:2000:4"]
    if testd.SCHEMA.is_dir():
        args += ["--schema", str(testd.SCHEMA)]
    with testd.Server(*args) as server:
        config = exchangelib.Configuration(
            service_endpoint=server.url, auth_type=exchangelib.BASIC,
            credentials=exchangelib.Credentials("alice", "secret"),
            version=exchangelib.Version(build=exchangelib.version.EXCHANGE_2016))
        yield exchangelib.Account("alice@example.com", config=config, autodiscover=False,
                                  access_type=exchangelib.DELEGATE), server
        config.protocol = None


def find(server, key):
    for path, folder in server.truth().items():
        for item in folder["items"]:
            if item["id"] == key:
                return {**item, "path": path}
    return None


def a_message(account):
    return exchangelib.Message(
        account=account, folder=account.drafts, subject="Grüße", body="Ein Text",
        categories=["A", "B"], importance="High", is_read=True,
        to_recipients=[exchangelib.Mailbox(name="Bob", email_address="bob@example.org")],
        cc_recipients=["carol@example.org"])


def a_meeting(account):
    return exchangelib.CalendarItem(
        account=account, folder=account.calendar, subject="Treffen", location="Köln",
        start=at(2024, 5, 1, 9, 0), end=at(2024, 5, 1, 10, 0),
        body=exchangelib.HTMLBody("<b>x</b>"),
        required_attendees=[exchangelib.Attendee(
            mailbox=exchangelib.Mailbox(name="Bob", email_address="bob@example.org"),
            response_type="Unknown")])


def a_contact(account):
    return exchangelib.Contact(
        account=account, folder=account.contacts, given_name="Jane", surname="Doe",
        middle_name="Q", display_name="Jane Doe", company_name="ACME", job_title="Chief",
        email_addresses=[exchangelib.indexed_properties.EmailAddress(
            email="j@example.org", label="EmailAddress1")],
        phone_numbers=[exchangelib.indexed_properties.PhoneNumber(
            label="MobilePhone", phone_number="123")],
        physical_addresses=[exchangelib.indexed_properties.PhysicalAddress(
            label="Business", street="Main 1", city="Ulm", zipcode="89073")])


def a_task(account):
    return exchangelib.Task(account=account, folder=account.tasks, subject="Aufgabe",
                            due_date=exchangelib.EWSDate(2024, 5, 2), status="InProgress",
                            percent_complete=decimal.Decimal(50), body="Notes")


def a_post(account):
    return exchangelib.items.PostItem(account=account, folder=account.inbox, subject="Aushang",
                                      body="Hallo")


KINDS = (a_message, a_meeting, a_contact, a_task, a_post)


@pytest.mark.parametrize("make", KINDS)
def test_the_life_of_an_item(account_and_server, make):
    account, server = account_and_server
    item = make(account).save()
    truth = find(server, item.id)
    assert truth["change_key"] == item.changekey and truth["mime_size"] > 0
    same_as_made(account, item, make(account))

    subject = "display_name" if isinstance(item, exchangelib.Contact) else "subject"
    item.refresh()
    setattr(item, subject, "Anders")
    item.categories = ["C"]
    item.save()
    assert find(server, item.id)["subject"] == "Anders"
    assert find(server, item.id)["categories"] == ["C"]
    item.importance = "Low"
    before = item.changekey
    item.save(update_fields=["importance"])
    assert item.changekey != before and find(server, item.id)["importance"] == "Low"

    copy, _ = item.copy(account.trash)
    assert copy != item.id and find(server, copy)["path"] == "Deleted Items"
    old = item.id
    item.move(account.junk)
    assert item.id != old and find(server, old) is None
    assert find(server, item.id)["path"] == "Junk Email"
    item.refresh()
    assert getattr(item, subject) == "Anders"
    item.delete()
    list(account.bulk_delete([(copy, None)]))
    assert not server.truth(mime=False)["Junk Email"]["items"]
    assert not find(server, copy)


def same_as_made(account, item, made):
    """What was given comes back, field by field."""
    fetched = next(iter(account.fetch([(item.id, item.changekey)])))
    for field in made.FIELDS:
        given, got = getattr(made, field.name), getattr(fetched, field.name)
        if given in (None, [], False) or field.is_read_only or field.name.startswith("_"):
            continue
        if field.name in ("reminder_minutes_before_start", "culture"):
            continue
        if field.name.endswith("recipients"):
            given, got = ([getattr(box, "email_address", box) for box in boxes]
                          for boxes in (given, got))
        if field.name == "required_attendees":
            given, got = ([box.mailbox.email_address for box in boxes] for boxes in (given, got))
        if isinstance(got, str):
            got = got.rstrip("\r\n")
        assert got == given, field.name


def test_mime_in_and_out(account_and_server):
    account, server = account_and_server
    mime = b"From: a@example.org\r\nSubject: raw\r\nX-Mine: 1\r\n\r\nBody\r\n"
    item = exchangelib.Message(account=account, folder=account.inbox, mime_content=mime).save()
    assert find(server, item.id)["is_draft"]
    item.refresh()
    assert item.mime_content == mime and item.subject == "raw"
    item.mime_content = mime.replace(b"raw", b"cooked")
    item.save(update_fields=["mime_content"])
    assert find(server, item.id)["subject"] == "cooked"
    item.delete()


def test_flags_and_what_a_sync_says_of_them(account_and_server):
    account, server = account_and_server
    key, = server.control("deliver", folder="Inbox")
    item = account.inbox.get(id=key, changekey=find(server, key)["change_key"])
    list(account.inbox.sync_items())
    item.is_read = True
    item.save(update_fields=["is_read"])
    (what, (changed, read)), = account.inbox.sync_items()
    assert (what, changed.id, read) == ("read_flag_change", key, True)
    item.subject = "neu"
    item.save(update_fields=["subject"])
    (what, changed), = account.inbox.sync_items()
    assert (what, changed.id, changed.changekey) == ("update", key, item.changekey)
    item.move_to_trash()
    (what, changed), = account.inbox.sync_items()
    assert (what, changed.id) == ("delete", key)
    server.control("delete", folder="Deleted Items", count=1)


def test_a_property_of_ones_own(account_and_server):
    account, _ = account_and_server

    class Mark(exchangelib.ExtendedProperty):
        property_set_id = "b6a1f0f2-2b7e-4d6a-9d6c-0123456789ab"
        property_name = "mark"
        property_type = "String"

    class Status(exchangelib.ExtendedProperty):
        property_tag = 0x1090
        property_type = "Integer"

    exchangelib.Message.register("mark", Mark)
    exchangelib.Message.register("status", Status)
    try:
        item = exchangelib.Message(account=account, folder=account.inbox, subject="m",
                                   mark="here").save()
        item.refresh()
        assert item.mark == "here" and item.status is None
        item.status = 2
        item.save(update_fields=["status"])
        item.refresh()
        assert item.status == 2
        item.delete()
    finally:
        exchangelib.Message.deregister("mark")
        exchangelib.Message.deregister("status")


def test_many_at_once(account_and_server):
    account, server = account_and_server
    made = account.bulk_create(account.drafts, [a_message(account) for _ in range(5)])
    keys = [(item.id, item.changekey) for item in made]
    messages = list(account.fetch(keys))
    for number, item in enumerate(messages):
        item.subject = f"n{number}"
    account.bulk_update([(item, ["subject"]) for item in messages])
    assert [find(server, key)["subject"] for key, _ in keys] == [f"n{i}" for i in range(5)]
    moved = account.bulk_move(keys, account.junk)
    results = account.bulk_delete(keys[:1] + moved)
    assert isinstance(results[0], exchangelib.errors.ErrorItemNotFound)
    assert results[1:] == [True] * 5


def test_sending(account_and_server):
    account, server = account_and_server
    before = len(server.truth(mime=False)["Sent Items"]["items"])
    message = a_message(account)
    message.folder = account.sent
    message.send_and_save()
    sent = server.truth(mime=False)["Sent Items"]["items"]
    assert len(sent) == before + 1 and not sent[-1]["is_draft"]
    assert datetime.datetime.now().timestamp() - sent[-1]["received"] < 60


def test_folders(account_and_server):
    account, server = account_and_server
    folder = exchangelib.Folder(parent=account.inbox, name="Neu").save()
    assert server.truth(mime=False)["Inbox/Neu"]["id"] == folder.id
    with pytest.raises(exchangelib.errors.ErrorFolderExists):
        exchangelib.Folder(parent=account.inbox, name="NEU").save()
    folder.name = "Älter"
    folder.save(update_fields=["name"])
    assert "Inbox/Älter" in server.truth(mime=False)
    folder.move(account.junk)
    assert server.truth(mime=False)["Junk Email/Älter"]["id"] == folder.id
    exchangelib.Message(account=account, folder=folder, subject="in it").save()
    exchangelib.Folder(parent=folder, name="Tief").save()
    folder.empty(delete_sub_folders=True)
    assert not server.truth(mime=False)["Junk Email/Älter"]["items"]
    assert "Junk Email/Älter/Tief" not in server.truth(mime=False)
    folder.delete()
    assert "Junk Email/Älter" not in server.truth(mime=False)
    with pytest.raises(exchangelib.errors.ErrorDeleteDistinguishedFolder):
        account.junk.delete()
