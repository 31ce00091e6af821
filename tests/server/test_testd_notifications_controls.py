# SPDX-License-Identifier: MIT
"""What tests can do to notifications: lose, hold back, repeat, refuse and break them."""
import base64
import time

import pytest

import testd
from testd import text
from watching import Pull, Stream, code, subscribe, subscribed, unsubscribe

PULL = ("<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders=\"true\"><t:EventTypes>"
        "<t:EventType>CreatedEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout>"
        "</m:PullSubscriptionRequest></m:Subscribe>")


@pytest.fixture(name="server")
def _server():
    with testd.Server("--synthetic", "alice:3:8:900") as running:
        yield running


@pytest.mark.parametrize("how", ("error", "close", "reset"))
def test_drop(server, how):
    pull, one = Pull(server), subscribed(server)
    with Stream(server, one) as stream:
        assert set(server.control("drop", how=how)) == {pull.id, one}
        if how == "error":
            assert code(stream.document()) == "ErrorSubscriptionNotFound"
        if how == "reset":
            with pytest.raises(OSError):
                stream.document()
        else:
            assert stream.document() is None
    assert code(pull.ask()) == "ErrorSubscriptionNotFound"


def test_drop_for_another_reason(server):
    one = subscribed(server)
    with Stream(server, one) as stream:
        server.control("drop", code="ErrorReadEventsFailed")
        assert code(stream.document()) == "ErrorReadEventsFailed" and stream.document() is None
    assert unsubscribe(server, one) == "ErrorSubscriptionNotFound"


def test_subscriptions_are_on_one_machine(server):
    """A client comes back to it by its mailbox and a cookie that it has asked for."""
    def request(body, **headers):
        login = base64.b64encode(b"alice:secret").decode()
        return server.raw("/EWS/Exchange.asmx", testd.envelope(body), headers={
            "Authorization": "Basic " + login,
            **{name.replace("_", "-"): value for name, value in headers.items()}})

    server.control("notify", affinity=True)
    one = text(testd.parse(request(PULL)[2].decode()), ".//m:SubscriptionId")
    _, headers, _ = request(PULL, X_PreferServerAffinity="true")
    cookie, = (value.split(";")[0] for value in headers.get_all("Set-Cookie")
               if value.startswith("X-BackEndOverrideCookie="))
    end = f"<m:Unsubscribe><m:SubscriptionId>{one}</m:SubscriptionId></m:Unsubscribe>"
    for lost in ({}, {"Cookie": cookie}, {"X_AnchorMailbox": "alice@example.com"},
                 {"Cookie": cookie + "x", "X_AnchorMailbox": "alice@example.com"}):
        assert b"ErrorSubscriptionNotFound" in request(end, **lost)[2]
    _, headers, body = request(end, Cookie=cookie, X_AnchorMailbox="alice@example.com")
    assert b"NoError" in body
    assert not any("Override" in value for value in headers.get_all("Set-Cookie"))


def test_silence(server):
    server.control("notify", heartbeat_ms=20, silent=True)
    with Stream(server, subscribed(server)) as stream:
        new, = server.control("deliver")
        assert stream.is_quiet()
    server.control("notify", silent=False, heartbeat_ms=-1)
    with Stream(server, subscribed(server)) as stream:
        assert stream.is_quiet()
        new, = server.control("deliver")
        assert stream.events(3)[0][1] == new


def test_a_proxy_that_buffers(server):
    server.control("notify", buffer=6000)
    with Stream(server, subscribed(server), first=None) as stream:
        made = server.control("deliver")
        assert stream.is_quiet(0.1)
        made += server.control("deliver", count=3)
        assert stream.status(stream.document()) == "OK"
        assert [event[1] for event in stream.events(12) if event[0] == "Created"] == made
        assert stream.is_quiet(0.05)
        server.control("notify", stream_ms=1)
        assert stream.status(stream.document()) == "Closed", "at the end all comes"


def test_suppressed_duplicated_reordered_and_late(server):
    pull, one = Pull(server), subscribed(server)
    with Stream(server, one) as stream:
        server.control("notify", suppress=True)
        server.control("deliver")
        assert pull.take() == []
        server.control("notify", reset=True, duplicate=True)
        new, = server.control("deliver")
        kinds = ["Created", "Created", "Modified", "Modified", "NewMail", "NewMail"]
        assert [event[0] for event in stream.events(6)] == kinds
        assert [event[0] for event in pull.take()] == kinds
        server.control("notify", reset=True, reorder=True)
        server.control("delete", item=new)
        assert [event[0] for event in stream.events(2)] == ["Modified", "Deleted"]
        assert [event[0] for event in pull.take()] == ["Modified", "Deleted"]
        server.control("notify", reset=True, delay_ms=700)
        began = time.monotonic()
        server.control("deliver")
        assert pull.take() == []
        assert len(stream.events(3)) == 3 and time.monotonic() - began > 0.69
        assert len(pull.take()) == 3


def test_events_without_a_cause(server):
    folders = {path: folder["id"] for path, folder in server.truth(False).items()}
    pull = Pull(server)
    server.control("emit", unknown=True, event="DeletedEvent")
    server.control("emit", folder="Drafts", event="MovedEvent")
    server.control("emit", of_folder=True)
    unknown, moved, folder = pull.take()
    assert unknown[0] == "Deleted" and unknown[2] not in folders.values()
    assert moved[2] == folders["Drafts"] and moved[3]["OldParentFolderId"] == moved[2]
    assert folder[1] == folders["Inbox"]


@pytest.mark.parametrize("kind", ("Streaming", "Pull"))
def test_what_a_server_does_not_offer(server, kind):
    server.control("notify", **{kind.lower(): "ErrorAccessDenied"})
    assert code(subscribe(server, kind=kind)) == "ErrorAccessDenied"
    for fault in ("ErrorInvalidServerVersion", "ErrorSchemaValidation"):
        server.control("notify", **{kind.lower(): fault})
        with pytest.raises(AssertionError, match="a:" + fault):
            subscribe(server, kind=kind)
    other = "Pull" if kind == "Streaming" else "Streaming"
    assert code(subscribe(server, kind=other)) == "NoError"
    server.control("notify", reset=True)
    assert code(subscribe(server, kind=kind)) == "NoError"
    server.control("fault", op="Subscribe", kind="error", code="ErrorExceededSubscriptionCount")
    assert code(subscribe(server, kind=kind)) == "ErrorExceededSubscriptionCount"


def test_faults_of_streams(server):
    one = subscribed(server)
    server.control("fault", op="GetStreamingEvents", kind="busy", back_off=5)
    with Stream(server, one, first=None) as stream:
        assert stream.reply.status == 500 and b"ErrorServerBusy" in stream.reply.read()
    server.control("fault", op="GetStreamingEvents", kind="503")
    with Stream(server, one, first=None) as stream:
        assert stream.reply.status == 503
    server.control("fault", op="GetStreamingEvents", kind="reset", bytes=3000)
    with Stream(server, one) as stream, pytest.raises(OSError):
        server.control("deliver", count=20)
        stream.events(60)
    server.control("fault", op="GetStreamingEvents", kind="truncated", bytes=300)
    with Stream(server, one, first=None) as stream:
        assert len(stream.reply.read()) == 300
    server.control("fault", op="GetStreamingEvents", kind="drip", rate=20000)
    with Stream(server, one) as stream:
        began = time.monotonic()
        stream.events(3)
        assert time.monotonic() - began > 0.05
