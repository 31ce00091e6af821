# SPDX-License-Identifier: MIT
"""What the tests of notifications have in common: subscriptions, and a stream that is read."""
import base64
import http.client
import select
import time

import testd
from testd import NS, text

EVENTS = "".join(f"<t:EventType>{name}Event</t:EventType>"
                 for name in ("Copied", "Created", "Deleted", "Modified", "Moved", "NewMail"))


def code(tree):
    return text(tree, ".//m:ResponseCode")


def folders_of(ids):
    if not ids:
        return ' SubscribeToAllFolders="true"', ""
    named = "".join(f'<t:FolderId Id="{one}"/>' for one in ids)
    return "", f"<t:FolderIds>{named}</t:FolderIds>"


def subscribe(server, *folders, kind="Streaming", minutes=10, events=EVENTS, mark=""):
    """The tree of the reply."""
    attribute, ids = folders_of(folders)
    mark = mark and f"<t:Watermark>{mark}</t:Watermark>"
    timeout = f"<t:Timeout>{minutes}</t:Timeout>" if kind == "Pull" else ""
    return server.ask(f"<m:Subscribe><m:{kind}SubscriptionRequest{attribute}>{ids}<t:EventTypes>"
                      f"{events}</t:EventTypes>{mark}{timeout}</m:{kind}SubscriptionRequest>"
                      "</m:Subscribe>")


def subscribed(server, *folders, **keys):
    tree = subscribe(server, *folders, **keys)
    assert code(tree) == "NoError"
    return text(tree, ".//m:SubscriptionId")


def unsubscribe(server, one):
    return code(server.ask(f"<m:Unsubscribe><m:SubscriptionId>{one}</m:SubscriptionId>"
                           "</m:Unsubscribe>"))


def get_events(server, one, mark):
    return server.ask(f"<m:GetEvents><m:SubscriptionId>{one}</m:SubscriptionId>"
                      f"<m:Watermark>{mark}</m:Watermark></m:GetEvents>")


def events_in(tree):
    """[(kind, id, parent id, {more})] of all notifications in it; a StatusEvent is none."""
    found = []
    for event in tree.iter():
        name = testd.etree.QName(event).localname
        if not name.endswith("Event") or name == "StatusEvent":
            continue
        more = {testd.etree.QName(child).localname: child.get("Id") or child.text
                for child in event}
        found.append((name[:-5], more.get("ItemId") or more.get("FolderId"),
                      more["ParentFolderId"], more))
    return found


class Pull:
    """A pull subscription that goes on from its watermark."""

    def __init__(self, server, *folders, **keys):
        tree = subscribe(server, *folders, kind="Pull", **keys)
        assert code(tree) == "NoError"
        self.server = server
        self.id, self.mark = text(tree, ".//m:SubscriptionId"), text(tree, ".//m:Watermark")
        self.more = False

    def ask(self):
        return get_events(self.server, self.id, self.mark)

    def take(self):
        """The events since the last time; at most a reply's worth."""
        tree = self.ask()
        assert code(tree) == "NoError"
        assert text(tree, ".//t:PreviousWatermark") == self.mark
        self.more = text(tree, ".//t:MoreEvents") == "true"
        self.mark = tree.findall(".//t:Watermark", NS)[-1].text
        return events_in(tree)


class Stream:
    """An open GetStreamingEvents, cut into documents."""

    def __init__(self, server, *ids, minutes=1, timeout=5, first="OK"):
        self.server = server
        self.connection = http.client.HTTPConnection(server.base[len("http://"):],
                                                     timeout=timeout)
        login = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
        wanted = "".join(f"<t:SubscriptionId>{one}</t:SubscriptionId>" for one in ids)
        self.connection.request("POST", "/EWS/Exchange.asmx", testd.envelope(
            f"<m:GetStreamingEvents><m:SubscriptionIds>{wanted}</m:SubscriptionIds>"
            f"<m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"),
            {"Authorization": "Basic " + login, "Content-Type": "text/xml; charset=utf-8"})
        self.reply = self.connection.getresponse()
        self.pending, self.raw, self.wire, self.ended = b"", b"", b"", False
        if first:
            assert self.status(self.document()) == first

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reply.close()
        self.connection.close()

    def document(self):
        """The next one as a tree; None at the end of the stream."""
        while b"Envelope>" not in self.pending:
            if self.ended:
                assert not self.pending
                return None
            piece = self.reply.fp.read1(65536)
            if not piece:
                raise ConnectionError("the stream has no end")
            self.take(piece)
        whole, end, self.pending = self.pending.partition(b"Envelope>")
        return testd.parse((whole + end).decode().partition("?>")[2] or (whole + end).decode())

    def take(self, piece):
        """Out of the chunks of HTTP, here and not by the library: it may leave a part of one."""
        self.wire += piece
        while not self.ended:
            head, line, rest = self.wire.partition(b"\r\n")
            size = int(head, 16) if line else 0
            if not line or len(rest) < size + 2:
                return
            self.pending += rest[:size]
            self.raw += rest[:size]
            self.wire, self.ended = rest[size + 2:], size == 0

    @staticmethod
    def status(tree):
        return text(tree, ".//m:ConnectionStatus")

    def events(self, n):
        """The next n events, whatever number of documents they come in."""
        found = []
        while len(found) < n:
            tree = self.document()
            assert tree is not None and code(tree) == "NoError", found
            found += events_in(tree)
        return found

    def is_quiet(self, seconds=0.2):
        """Nothing comes for so long."""
        return not self.pending and not select.select([self.reply.fp], [], [], seconds)[0]


def until(condition, seconds=5):
    """Waits for it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
