# SPDX-License-Identifier: MIT
"""Subscriptions: what is told, when it is told, what goes wrong, and what it looks like."""
import pathlib
import statistics
import time

import pytest
from lxml import etree

import testd
from testd import NS, TAG, text
from watching import (Pull, Stream, code, events_in, get_events, subscribe, subscribed,
                      unsubscribe, until)


@pytest.fixture(name="server")
def _server():
    with testd.Server("--synthetic", "alice:3:8:900") as running:
        yield running


@pytest.fixture(name="folders")
def _folders(server):
    return {path: folder["id"] for path, folder in server.truth(False).items()}


def told(events):
    """What the folders say of themselves aside: (kind, id, parent)."""
    return [event[:3] for event in events if event[0] != "Modified" or "ItemId" in event[3]]


# --- What is told ---

def test_what_happens_to_items(server, folders):
    """In the order in which it happened, and of the folder, too, with its unread count."""
    inbox, drafts = folders["Inbox"], folders["Drafts"]
    pull = Pull(server)
    new, = server.control("deliver")
    created, folder, mail = pull.take()
    assert created[:3] == ("Created", new, inbox) and mail[:3] == ("NewMail", new, inbox)
    assert folder[:3] == ("Modified", inbox, folders[""])
    unread = server.truth(False)["Inbox"]["unread"]
    assert folder[3]["UnreadCount"] == str(unread)
    server.control("change", item=new)
    assert told(pull.take()) == [("Modified", new, inbox)]
    server.control("flag", item=new, read=True)
    item, folder = pull.take()
    assert item[:3] == ("Modified", new, inbox)
    assert folder[3]["UnreadCount"] == str(unread - 1)
    moved, = server.control("move", item=new, to="Drafts")
    item, old, folder = pull.take()
    assert item[:3] == ("Moved", moved, drafts)
    assert (item[3]["OldItemId"], item[3]["OldParentFolderId"]) == (new, inbox)
    assert (old[1], folder[1]) == (inbox, drafts)
    reply = server.ask(f'<m:CopyItem><m:ToFolderId><t:FolderId Id="{inbox}"/></m:ToFolderId>'
                       f'<m:ItemIds><t:ItemId Id="{moved}"/></m:ItemIds></m:CopyItem>')
    copy = reply.find(".//t:ItemId", NS).get("Id")
    item, _ = pull.take()
    assert item[:3] == ("Copied", copy, inbox)
    assert (item[3]["OldItemId"], item[3]["OldParentFolderId"]) == (moved, drafts)
    server.control("delete", item=copy)
    assert told(pull.take()) == [("Deleted", copy, inbox)]
    assert pull.take() == []


def test_what_happens_to_folders(server, folders):
    top, inbox = folders[""], folders["Inbox"]
    pull = Pull(server)
    made, = server.control("mkdir", name="New")
    assert [event[:3] for event in pull.take()][0] == ("Created", made, top)
    server.control("rename", folder="New", name="Newer")
    assert [event[:3] for event in pull.take()] == [("Modified", made, top)]
    server.control("move", folder="Newer", to="Inbox")
    event, *modified = pull.take()
    assert event[:3] == ("Moved", made, inbox)
    assert (event[3]["OldFolderId"], event[3]["OldParentFolderId"]) == (made, top)
    assert [other[1] for other in modified] == [top, inbox]
    reply = server.ask(f'<m:CopyFolder><m:ToFolderId><t:FolderId Id="{top}"/></m:ToFolderId>'
                       f'<m:FolderIds><t:FolderId Id="{made}"/></m:FolderIds></m:CopyFolder>')
    copy = reply.find(".//t:FolderId", NS).get("Id")
    event = pull.take()[0]
    assert event[:3] == ("Copied", copy, top) and event[3]["OldFolderId"] == made
    server.control("delete", folder="Inbox/Newer")
    assert pull.take()[0][:3] == ("Deleted", made, inbox)


def test_requests_are_told_as_controls_are(server, folders):
    inbox, pull = folders["Inbox"], Pull(server)
    reply = server.ask(
        '<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId>'
        f'<t:FolderId Id="{inbox}"/></m:SavedItemFolderId><m:Items><t:Message><t:Subject>x'
        "</t:Subject></t:Message></m:Items></m:CreateItem>")
    new, key = (reply.find(".//t:ItemId", NS).get(name) for name in ("Id", "ChangeKey"))
    assert told(pull.take()) == [("Created", new, inbox)], "that was no delivery"
    server.ask('<m:UpdateItem ConflictResolution="AutoResolve" MessageDisposition="SaveOnly">'
               f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{new}" ChangeKey="{key}"/><t:Updates>'
               '<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:Message><t:Subject>y'
               "</t:Subject></t:Message></t:SetItemField></t:Updates></t:ItemChange>"
               "</m:ItemChanges></m:UpdateItem>")
    assert told(pull.take()) == [("Modified", new, inbox)]
    server.ask(f'<m:DeleteItem DeleteType="MoveToDeletedItems"><m:ItemIds><t:ItemId Id="{new}"/>'
               "</m:ItemIds></m:DeleteItem>")
    assert [event[0] for event in pull.take()] == ["Moved", "Modified", "Modified"]
    reply = server.ask(f'<m:CreateFolder><m:ParentFolderId><t:FolderId Id="{inbox}"/>'
                       "</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>Sub"
                       "</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>")
    sub = reply.find(".//t:FolderId", NS).get("Id")
    assert told(pull.take())[0] == ("Created", sub, inbox)
    server.ask(f'<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds><t:FolderId Id="{sub}"/>'
               "</m:FolderIds></m:DeleteFolder>")
    assert told(pull.take())[0] == ("Deleted", sub, inbox)


def test_only_what_was_subscribed_to(server, folders):
    inbox = Pull(server, folders["Inbox"])
    deleted = Pull(server, events="<t:EventType>DeletedEvent</t:EventType>")
    server.control("deliver", folder="Drafts", count=3)
    assert inbox.take() == []
    gone, = server.control("move", folder="Inbox", count=1, to="Drafts")
    assert told(inbox.take())[0][0] == "Moved", "away from there"
    server.control("delete", item=gone)
    assert inbox.take() == []
    assert [event[:2] for event in deleted.take()] == [("Deleted", gone)]
    tree = server.ask("<m:Subscribe><m:StreamingSubscriptionRequest><t:EventTypes><t:EventType>"
                      "MovedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest>"
                      "</m:Subscribe>")
    assert code(tree) == "ErrorInvalidSubscriptionRequest", "neither all nor some folders"


def test_a_watermark_is_where_the_client_stands(server):
    pull = Pull(server)
    start = pull.mark
    server.control("deliver", count=40)
    first = pull.take()
    assert len(first) == 50 and pull.more
    middle = pull.mark
    rest = pull.take() + pull.take()
    assert len(rest) == 70 and not pull.more
    pull.mark = start
    assert pull.take() == first, "the reply may have been lost"
    again = Pull(server, mark=middle)
    assert again.take() + again.take() == rest, "another subscription goes on from there"
    marks = [event[3]["Watermark"] for event in first + rest]
    assert len(set(marks)) == 120
    for bad in ("AAAA", "AAAAAHgGAAAAAAAAAQ==", middle[:-4] + "AAA="):
        assert code(get_events(server, pull.id, bad)) == "ErrorInvalidWatermark"
        assert code(subscribe(server, kind="Pull", mark=bad)) == "ErrorInvalidWatermark"


# --- Streams ---

def test_a_stream_tells_at_once(server):
    one = subscribed(server)
    lags = []
    with Stream(server, one) as stream:
        for _ in range(20):
            began = time.monotonic()
            new, = server.control("deliver")
            assert stream.events(3)[0][1] == new
            lags.append(time.monotonic() - began)
    assert statistics.median(lags) < 0.1, "it is below a millisecond where nothing else runs"


def test_a_burst_comes_whole_and_in_notifications_of_fifty(server):
    with Stream(server, subscribed(server)) as stream:
        made = server.control("deliver", count=1000)
        documents, found = [], []
        while len(found) < 3000:
            documents.append(events_in(stream.document()))
            found += documents[-1]
    assert [event[1] for event in found if event[0] == "Created"] == made
    assert max(map(len, documents)) == 50


def test_events_wait_for_the_next_stream(server):
    one = subscribed(server)
    Stream(server, one).close()
    made = server.control("deliver", count=2)
    with Stream(server, one) as stream:
        assert [event[1] for event in stream.events(6) if event[0] == "Created"] == made


def test_heartbeats_and_the_end(server):
    server.control("notify", heartbeat_ms=30, stream_ms=200)
    with Stream(server, subscribed(server)) as stream:
        seen = []
        while (tree := stream.document()) is not None:
            seen.append((stream.status(tree), len(events_in(tree))))
    assert len(seen) >= 2 and seen[-1] == ("Closed", 0) and set(seen[:-1]) == {("OK", 0)}


def test_several_subscriptions_on_one_stream(server, folders):
    inbox, drafts = (subscribed(server, folders[name]) for name in ("Inbox", "Drafts"))
    with Stream(server, inbox, drafts) as stream:
        server.control("move", folder="Inbox", count=1, to="Drafts")
        tree = stream.document()
        assert [one.text for one in tree.findall(".//t:SubscriptionId", NS)] == [inbox, drafts]
        assert [event[0] for event in events_in(tree)].count("Moved") == 2


def test_a_stream_takes_its_subscription_with_it(server):
    one = subscribed(server)
    with Stream(server, one) as old, Stream(server, one) as new:
        assert old.status(old.document()) == "Closed" and old.document() is None
        server.control("deliver")
        assert len(new.events(3)) == 3


def test_requests_are_counted(server):
    pull, one = Pull(server), subscribed(server)
    pull.take()
    Stream(server, one).close()
    assert unsubscribe(server, one) == "NoError"
    counts = testd.json.loads(server.raw("/test/requests")[2])
    assert counts == {"Subscribe": 2, "GetEvents": 1, "GetStreamingEvents": 1, "Unsubscribe": 1}


# --- Errors ---

def test_what_is_not_there(server):
    one, pull = subscribed(server), Pull(server)
    assert unsubscribe(server, "x") == "ErrorInvalidSubscription"
    assert code(get_events(server, one, pull.mark)) == "ErrorInvalidPullSubscriptionId"
    with Stream(server, pull.id, first=None) as stream:
        tree = stream.document()
        assert code(tree) == "ErrorInvalidSubscription" and stream.status(tree) == "Closed"
    assert unsubscribe(server, one) == unsubscribe(server, pull.id) == "NoError"
    assert unsubscribe(server, one) == code(pull.ask()) == "ErrorSubscriptionNotFound"
    good = subscribed(server)
    with Stream(server, one, good, first=None) as stream:
        tree = stream.document()
        assert code(tree) == "ErrorSubscriptionNotFound"
        assert [bad.text for bad in tree.findall(".//m:ErrorSubscriptionIds/*", NS)] == [one]
        assert stream.document() is None


def test_a_subscription_is_its_owners():
    with testd.Server("--user", "bob:b") as server:
        one, pull = subscribed(server), Pull(server)
        server.user, server.password = "bob", "b"
        assert unsubscribe(server, one) == "ErrorSubscriptionAccessDenied"
        assert code(pull.ask()) == "ErrorSubscriptionAccessDenied"
        with Stream(server, one, first=None) as stream:
            assert code(stream.document()) == "ErrorSubscriptionAccessDenied"


def test_unsubscribing_ends_the_stream(server):
    one = subscribed(server)
    with Stream(server, one) as stream:
        unsubscribe(server, one)
        assert code(stream.document()) == "ErrorSubscriptionNotFound"
        assert stream.document() is None


def test_limits(server):
    server.control("notify", limit=3, connections=2)
    one, two, three = (subscribed(server) for _ in range(3))
    assert code(subscribe(server)) == "ErrorExceededSubscriptionCount"
    with Stream(server, one), Stream(server, two) as second:
        with Stream(server, three, first=None) as third:
            assert third.reply.status == 500
            assert b"a:ErrorExceededConnectionCount" in third.reply.read()
        second.close()

        def is_free():
            with Stream(server, three, first=None) as stream:
                return stream.reply.status == 200
        until(is_free)
    unsubscribe(server, one)
    subscribed(server)


def test_unused_ones_expire_and_used_ones_do_not(server):
    server.control("notify", expire_ms=1000)
    pull, one, held = Pull(server), subscribed(server), subscribed(server)
    with Stream(server, held) as stream:
        time.sleep(1.1)  # to ask them would be to use them
        assert code(pull.ask()) == "ErrorExpiredSubscription"
        assert unsubscribe(server, one) == "ErrorExpiredSubscription"
        server.control("deliver")
        assert len(stream.events(3)) == 3
    server.control("notify", limit=1, reset=True)
    assert code(pull.ask()) == "ErrorExpiredSubscription"


def test_a_failover_loses_them(server):
    server.control("notify", limit=2)
    one, pull = subscribed(server), Pull(server)
    with Stream(server, one) as stream:
        server.control("failover")
        with pytest.raises(OSError):
            stream.document()
    assert code(pull.ask()) == "ErrorSubscriptionNotFound"
    subscribed(server)


def test_events_that_were_missed(server):
    server.control("notify", backlog=10)
    pull, one = Pull(server), subscribed(server)
    server.control("deliver", count=4)
    assert code(pull.ask()) == "ErrorMissedNotificationEvents"
    assert code(pull.ask()) == "NoError" and events_in(pull.ask()) == [], "it goes on"
    with Stream(server, one) as stream:
        tree = stream.document()
        assert code(tree) == "ErrorMissedNotificationEvents" and stream.status(tree) == "OK"
        new, = server.control("deliver")
        assert stream.events(3)[0][1] == new
        server.control("missed")
        assert code(stream.document()) == "ErrorMissedNotificationEvents"
    assert code(pull.ask()) == "ErrorMissedNotificationEvents"


def memory_kib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_a_million_events_take_no_more_memory(server):
    """Nobody reads them: the stream is full, and the one who pulls does not come."""
    pull, one = Pull(server), subscribed(server)
    with Stream(server, one) as stream:
        server.control("emit", count=100000)
        before = memory_kib(server)
        server.control("emit", count=1000000)
        assert memory_kib(server) < before + 3000
        while code(stream.document()) == "NoError":
            pass
    assert code(pull.ask()) == "ErrorMissedNotificationEvents"


# --- What it looks like ---

def exchanges_slip(tree):
    """Exchange has two elements in the namespace of messages that its schema has in types."""
    for name in ("Notifications/m:Notification", "ErrorSubscriptionIds/m:SubscriptionId"):
        for element in tree.findall(".//m:" + name, NS):
            element.tag = TAG["t"] + etree.QName(element).localname
    return tree


@pytest.mark.skipif(not testd.SCHEMA.is_dir(), reason=f"no schema in {testd.SCHEMA}")
def test_everything_is_valid():
    schema = etree.XMLSchema(etree.parse(str(testd.SCHEMA / "soap-ews.xsd")))
    with testd.Server("--synthetic", "alice:3:8:900", "--schema", str(testd.SCHEMA)) as server:
        server.control("notify", heartbeat_ms=20)
        pull, one = Pull(server), subscribed(server)
        schema.assertValid(subscribe(server))
        schema.assertValid(subscribe(server, kind="Pull"))
        schema.assertValid(pull_tree(pull))
        with Stream(server, one) as stream:
            schema.assertValid(exchanges_slip(stream.document()))
            made, = server.control("mkdir", name="New")
            server.control("deliver", folder="New", count=2)
            server.control("move", folder="New", count=1, to="Inbox")
            server.control("move", folder="New", to="Inbox")
            server.control("delete", folder="Inbox/New")
            schema.assertValid(pull_tree(pull))
            for _ in range(4):
                schema.assertValid(exchanges_slip(stream.document()))
            server.control("missed")
            schema.assertValid(exchanges_slip(stream.document()))
            server.control("drop")
            while (tree := stream.document()) is not None:
                schema.assertValid(exchanges_slip(tree))
        assert made and unsubscribe(server, one) == "ErrorSubscriptionNotFound"
        schema.assertValid(pull.ask())


def pull_tree(pull):
    """In GetEvents the Notification is where the schema has it."""
    tree = pull.ask()
    assert code(tree) == "NoError"
    pull.mark = tree.findall(".//t:Watermark", NS)[-1].text
    return tree


def recorded(name):
    return (testd.SHARED / "traces/gromox" / name).read_text().strip()


@pytest.fixture(name="gromox")
def _gromox():
    with testd.Server("--synthetic", "alice:2:12:1500", "--like", "gromox") as running:
        yield running


def test_gromox_pulls_without_watermarks(gromox):
    tree = subscribe(gromox, kind="Pull")
    one = text(tree, ".//m:SubscriptionId")
    assert one == "AQAAAAoAAAA=" and tree.find(".//m:Watermark", NS) is None
    status, reply = gromox.post(testd.envelope(
        f"<m:GetEvents><m:SubscriptionId>{one}</m:SubscriptionId><m:Watermark>AAAA</m:Watermark>"
        "</m:GetEvents>"))
    if testd.SHARED.exists():
        assert reply == recorded("111-GetEvents-again.response.xml").replace("AwAAAAoAAAA=", one)
    new, = gromox.control("deliver")
    events = events_in(get_events(gromox, one, "AAAA"))
    assert [event[:2] for event in events][0] == ("Created", new)
    assert events_in(get_events(gromox, one, "AAAA")) == []
    gromox.control("deliver", count=2000)
    for _ in range(2):
        status, reply = gromox.post(testd.envelope(
            f"<m:GetEvents><m:SubscriptionId>{one}</m:SubscriptionId><m:Watermark>AAAA"
            "</m:Watermark></m:GetEvents>"))
        assert status == 200 and "<m:ResponseCode>ErrorInvalidSubscription<" in reply
    if testd.SHARED.exists():
        assert reply == recorded("113-GetEvents-after-unsubscribe.response.xml")


def test_gromox_streams(gromox):
    """Its events come late, its documents are the recorded ones."""
    one = subscribed(gromox)
    gromox.control("notify", heartbeat_ms=100)
    began = time.monotonic()
    with Stream(gromox, one, timeout=8) as stream:
        assert stream.reply.getheader("Transfer-Encoding") == "chunked"
        new, = gromox.control("deliver")
        while not (events := events_in(stream.document())):
            pass
        assert events[0][1] == new and time.monotonic() - began > 4.9
        gromox.control("notify", stream_ms=1)
        while stream.document() is not None:
            pass
    got = stream.raw.decode()
    assert got.count("<?xml") == 1
    if testd.SHARED.exists():
        theirs = recorded("121-GetStreamingEvents.response.xml").replace("BQAAAAUAAAA=", one)
        documents = {document + "Envelope>" for document in got.split("</SOAP:Envelope>")}
        expected = [document + "Envelope>" for document in theirs.split("</SOAP:Envelope>")[:-1]]
        assert expected[0] in documents and expected[2] in documents and expected[4] in documents
