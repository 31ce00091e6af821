# SPDX-License-Identifier: MIT
"""exchangelib receives its notifications, streamed and pulled."""
import threading

import pytest

import testd
from watching import until

exchangelib = pytest.importorskip("exchangelib", reason="python3-exchangelib is not installed")


@pytest.fixture(name="server")
def _server():
    args = ["--schema", str(testd.SCHEMA)] if testd.SCHEMA.is_dir() else []
    with testd.Server("--synthetic", "alice:3:8:900", *args) as running:
        yield running


@pytest.fixture(name="account")
def _account(server):
    config = exchangelib.Configuration(
        service_endpoint=server.url, auth_type=exchangelib.BASIC, max_connections=2,
        credentials=exchangelib.Credentials("alice", "secret"))
    yield exchangelib.Account("alice@example.com", config=config, autodiscover=False,
                              access_type=exchangelib.DELEGATE)
    config.protocol = None


def change_everything(account, server):
    """By its own hand and by another's. Returns [(event, item or folder, id)], folders' counts aside."""
    inbox, drafts = account.inbox, account.drafts
    mail = exchangelib.Message(account=account, folder=inbox, subject="a", body="b").save()
    expected = [("CreatedEvent", "item", mail.id)]
    mail.subject = "c"
    mail.save(update_fields=["subject"])
    expected.append(("ModifiedEvent", "item", mail.id))
    copy, _ = mail.copy(to_folder=drafts)
    expected.append(("CopiedEvent", "item", copy))
    mail.move(to_folder=drafts)
    expected.append(("MovedEvent", "item", mail.id))
    expected.append(("DeletedEvent", "item", mail.id))
    mail.delete()
    folder = exchangelib.folders.Messages(parent=inbox, name="New")
    folder.save()
    expected.append(("CreatedEvent", "folder", folder.id))
    folder.name = "Newer"
    folder.save(update_fields=["name"])
    expected.append(("ModifiedEvent", "folder", folder.id))
    new, = server.control("deliver", folder="Inbox/Newer")
    expected += [("CreatedEvent", "item", new), ("ModifiedEvent", "folder", folder.id),
                 ("NewMailEvent", "item", new)]
    server.control("move", folder="Inbox/Newer", to="Drafts")
    expected.append(("MovedEvent", "folder", folder.id))
    server.control("delete", folder="Drafts/Newer")
    return expected + [("DeletedEvent", "folder", folder.id)]


def told(notifications, counts_of):
    return [(event.ELEMENT_NAME, event.event_type, (event.item_id or event.folder_id).id)
            for notification in notifications for event in notification.events
            if not isinstance(event, exchangelib.properties.StatusEvent)
            and not (event.event_type == "folder" and event.folder_id.id in counts_of)]


def test_pull(server, account):
    counts_of = account.inbox.id, account.drafts.id
    folders = [account.inbox, account.drafts]
    one, mark = exchangelib.folders.FolderCollection(
        account=account, folders=folders).subscribe_to_pull()
    expected = change_everything(account, server)
    found = []
    more = True
    while more:
        for notification in account.inbox.get_events(one, mark):
            found.append(notification)
            more, mark = notification.more_events, notification.events[-1].watermark
    # What happens in a folder that was made later is not subscribed to.
    below = [event for event in expected if event in told(found, counts_of)]
    assert told(found, counts_of) == below and len(below) >= 7
    account.inbox.unsubscribe(one)
    with pytest.raises(exchangelib.errors.ErrorSubscriptionNotFound):
        list(account.inbox.get_events(one, mark))


def test_streaming(server, account):
    server.control("notify", heartbeat_ms=50)
    found = []
    inbox = account.inbox
    with inbox.streaming_subscription() as one:
        counts_of = inbox.id, account.drafts.id

        def listen():
            found.extend(inbox.get_streaming_events(one, connection_timeout=1))

        thread = threading.Thread(target=listen)
        thread.start()
        until(lambda: testd.json.loads(server.raw("/test/requests")[2]).get("GetStreamingEvents"))
        expected = change_everything(account, server)
        server.control("notify", stream_ms=1)
        thread.join(20)
        assert not thread.is_alive()
    of_inbox = [event for event in expected if event in told(found, counts_of)]
    assert told(found, counts_of) == of_inbox and len(of_inbox) >= 6
