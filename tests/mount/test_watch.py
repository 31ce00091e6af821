# SPDX-License-Identifier: MIT
"""Notifications: what the server tells arrives at once, and whatever becomes of them costs latency only.

Every mount here polls once an hour, so what arrives came by a notification or by what follows from one.
"""
import contextlib
import os
import time

import ewsfs
import pytest
from test_polling import wait_until

SELDOM = "poll=3600"


def control(server, name, **keys):
    return server._call("POST", f"/test/{name}", {"user": ewsfs.USER, **keys})


def asked(server, name):
    return server.requests().get(name, 0)


def log_of(mount):
    return mount.log_path.read_text()


@pytest.fixture
def watched(small, new_mount):
    """A mount that is in step and hears of changes."""
    def make(*options, **more):
        mount = new_mount(small, *(options or ("notify=auto", SELDOM)), **more)
        wait_until(lambda: len(mount.files()) == 30)
        wait_until(lambda: "tells of changes" in log_of(mount))
        wait_until(lambda: mount.status()["state"] == "idle")
        return mount
    return make


def arrives(mount, server, folder="Inbox"):
    """Something new is seen here."""
    new, = server.op("deliver", folder, count=1)
    wait_until(lambda: new in mount.by_item_id())


def comes_to_equal(mount, server):
    def equal():
        try:
            ewsfs.check_against(mount, server)
        except (AssertionError, OSError):
            return False
        return True
    with contextlib.suppress(AssertionError):
        wait_until(equal, 20)
    ewsfs.check_against(mount, server)


def change_everything(server):
    """Each thing that can happen to items and folders once."""
    server.op("deliver", "Inbox", count=2)
    server.op("change", "Inbox", count=1)
    server.op("change", "Inbox", count=1, kind="category")
    server.op("flag", "Inbox", count=1)
    server.op("delete", "Inbox", count=1)
    server.op("move", "Inbox", count=2, to="Drafts")
    server.op("mkdir", "Inbox/New", name="Deep")
    server.op("deliver", "Inbox/New/Deep", count=1)
    server.op("move", "Inbox", count=1, to="Inbox/New")
    server.op("rename", "Inbox/New/Deep", name="Deeper")
    server.op("mkdir", "Gone", name="Too")
    server.op("deliver", "Gone/Too", count=1)
    server.op("move", "Inbox/New/Deeper", to="Gone")
    server.op("delete", "Gone/Too")


def test_new_mail_is_seen_without_polling(small, watched):
    mount = watched()
    small.reset_requests()
    arrives(mount, small)
    assert asked(small, "GetFolder") == 0 and asked(small, "GetItem") == 1


def test_everything_that_happens_is_seen(small, watched):
    mount = watched()
    change_everything(small)
    comes_to_equal(mount, small)


@pytest.mark.parametrize("folder", ["Inbox", "Calendar"])
@pytest.mark.parametrize("pieces", [1, 20])
def test_a_burst_costs_little(small, watched, folder, pieces):
    mount = watched()
    before = len(mount.files())
    small.reset_requests()
    for _ in range(pieces):
        small.op("deliver", folder, count=1000 // pieces)
        if pieces > 1:
            time.sleep(0.03)  # that is how a burst of a second comes
    wait_until(lambda: len(mount.files()) == before + 1000)
    wait_until(lambda: mount.status()["state"] == "idle")
    assert asked(small, "SyncFolderItems") <= 6
    assert asked(small, "GetItem") <= 100 + 6
    assert asked(small, "GetItem.items") == 1000


def test_an_idle_mailbox_costs_no_request(small, watched):
    control(small, "notify", heartbeat_ms=50)
    mount = watched()
    small.reset_requests()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert small.requests() == {}
        time.sleep(0.1)
    small.reset_requests()
    arrives(mount, small)


@pytest.mark.parametrize("how", ["error", "close", "reset"])
def test_a_lost_subscription_is_made_anew(small, watched, how):
    mount = watched()
    small.reset_requests()
    control(small, "notify", suppress=True)
    lost, = small.op("deliver", "Inbox", count=1)
    control(small, "drop", how=how)
    control(small, "notify", suppress=False)
    wait_until(lambda: lost in mount.by_item_id())
    wait_until(lambda: asked(small, "Subscribe") == 1)
    arrives(mount, small)


def test_missed_events_are_made_good(small, watched):
    mount = watched()
    control(small, "notify", suppress=True)
    lost, = small.op("deliver", "Inbox", count=1)
    control(small, "notify", suppress=False)
    control(small, "missed")
    wait_until(lambda: lost in mount.by_item_id())
    arrives(mount, small)


def test_a_stream_whose_time_is_over_goes_on_in_another(small, watched):
    control(small, "notify", stream_ms=300)
    mount = watched()
    for streams_n in range(2, 4):
        wait_until(lambda: asked(small, "GetStreamingEvents") >= streams_n)
        arrives(mount, small)
    assert asked(small, "Subscribe") == 1 and "connecting again" not in log_of(mount)


def test_notifications_of_gromox_arrive(new_server, new_mount):
    server = new_server("--like", "gromox", "--synthetic", f"{ewsfs.USER}:3:10:3000:7")
    for options in (["notify=auto", SELDOM], ["notify=pull", "poll=5"]):
        mount = new_mount(server, *options, name=options[0])
        wait_until(lambda: "tells of changes" in log_of(mount))
        arrives(mount, server)
        mount.unmount()


def test_another_machine_answers(small, watched):
    mount = watched()
    control(small, "failover")
    wait_until(lambda: asked(small, "Subscribe") == 2)
    arrives(mount, small)


def test_the_subscription_is_found_on_its_machine(new_server, new_mount):
    user = "bob@corp.example"
    server = new_server("--user", f"{user}:{ewsfs.PASSWORD}", "--synthetic", f"{user}:1:5:3000")
    control(server, "notify", user=user, affinity=True)
    mount = new_mount(server, "notify=auto", SELDOM, source_user=user)
    wait_until(lambda: "tells of changes (streaming)" in log_of(mount))
    new, = server.op("deliver", "Inbox", count=1, user=user)
    wait_until(lambda: new in mount.by_item_id())


def test_a_subscription_that_is_never_found_is_given_up(small, new_mount):
    control(small, "notify", affinity=True)  # a login that is no address finds no machine
    mount = new_mount(small, "notify=auto", "poll=5")
    wait_until(lambda: "no streaming notifications (ErrorSubscriptionNotFound" in log_of(mount))
    arrives(mount, small)


def test_too_many_subscriptions_mean_polling(small, new_mount):
    control(small, "notify", limit=0, streaming="ErrorExceededSubscriptionCount",
            pull="ErrorExceededSubscriptionCount")
    mount = new_mount(small, "notify=auto", "poll=5")
    wait_until(lambda: "no subscription (ErrorExceededSubscriptionCount" in log_of(mount))
    arrives(mount, small)
    assert asked(small, "GetStreamingEvents") == 0 and asked(small, "Subscribe") == 1


def test_too_many_streams_mean_asking(small, watched, new_mount):
    control(small, "notify", connections=1)
    watched()
    mount = new_mount(small, "notify=auto", "poll=5", name="second")
    wait_until(lambda: "no streaming notifications (ErrorExceededConnectionCount" in log_of(mount))
    arrives(mount, small)


def test_a_heartbeat_that_stops_ends_the_stream(small, watched):
    control(small, "notify", heartbeat_ms=100)
    mount = watched()
    for _ in range(5):  # signs of life: how long they are apart shows when they stop
        before = mount.status()["bytes-in"]
        wait_until(lambda: mount.status()["bytes-in"] != before)
    control(small, "notify", silent=True)
    lost, = small.op("deliver", "Inbox", count=1)
    wait_until(lambda: "no more notifications" in log_of(mount))
    control(small, "notify", silent=False)
    wait_until(lambda: lost in mount.by_item_id())
    arrives(mount, small)


def test_a_proxy_that_collects_a_stream_is_recognised(small, new_mount):
    control(small, "notify", buffer=1 << 20)
    mount = new_mount(small, "notify=auto", "poll=5", "timeout=5")
    wait_until(lambda: "does a proxy collect it?" in log_of(mount))
    arrives(mount, small)
    wait_until(lambda: "tells of changes (pull)" in log_of(mount))
    arrives(mount, small)
    assert asked(small, "GetEvents") > 0


REFUSALS = ["ErrorInvalidServerVersion", "ErrorSchemaValidation", "ErrorInvalidOperation", "ErrorAccessDenied"]


@pytest.mark.parametrize("code", REFUSALS)
def test_without_streaming_events_are_asked_for(small, new_mount, code):
    control(small, "notify", streaming=code)
    mount = new_mount(small, "notify=auto", "poll=5")
    wait_until(lambda: "tells of changes (pull)" in log_of(mount))
    arrives(mount, small)
    assert asked(small, "GetEvents") > 0 and asked(small, "GetStreamingEvents") == 0


@pytest.mark.parametrize("code", REFUSALS)
def test_without_notifications_it_polls(small, new_mount, code):
    control(small, "notify", streaming=code, pull=code)
    mount = new_mount(small, "notify=auto", "poll=5")
    wait_until(lambda: "no notifications" in log_of(mount))
    arrives(mount, small)
    assert asked(small, "GetEvents") == 0


@pytest.mark.parametrize("ways", [
    {"duplicate": True}, {"reorder": True}, {"delay_ms": 700},
    {"duplicate": True, "reorder": True, "delay_ms": 300}], ids=lambda ways: "-".join(ways))
def test_I7_events_are_hints(small, watched, ways):
    control(small, "notify", **ways)
    mount = watched()
    change_everything(small)
    comes_to_equal(mount, small)
    assert not os.listdir(mount.path / "Gone") or "Deeper" in os.listdir(mount.path / "Gone")


def test_I7_events_that_nothing_has_caused_change_nothing(small, watched):
    mount = watched()
    before = mount.by_item_id()
    for keys in ({}, {"of_folder": True}, {"unknown": True}, {"unknown": True, "of_folder": True},
                 {"event": "DeletedEvent"}, {"event": "DeletedEvent", "of_folder": True},
                 {"event": "MovedEvent", "of_folder": True}, {"event": "CreatedEvent", "of_folder": True}):
        control(small, "emit", folder="Inbox", count=3, **keys)
    arrives(mount, small, "Drafts")
    assert before.items() <= mount.by_item_id().items()
    comes_to_equal(mount, small)


def test_events_of_unknown_folders_cost_nothing(small, watched):
    mount = watched()
    small.reset_requests()
    control(small, "emit", folder="Inbox", count=5, unknown=True)
    control(small, "emit", folder="Inbox", count=5, unknown=True, of_folder=True)
    arrives(mount, small)
    assert asked(small, "SyncFolderItems") <= 2


def test_an_update_connects_anew(small, watched):
    mount = watched()
    small.reset_requests()
    mount.update()
    wait_until(lambda: asked(small, "GetStreamingEvents") == 1)
    assert asked(small, "Subscribe") == 0
    arrives(mount, small)


def test_offline_ends_the_stream_and_online_begins_another(small, watched):
    mount = watched()
    (mount.path / ".ctl").write_text("offline\n")
    small.reset_requests()
    lost, = small.op("deliver", "Inbox", count=1)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        assert small.requests() == {} and lost not in mount.by_item_id()
    (mount.path / ".ctl").write_text("online\n")
    wait_until(lambda: lost in mount.by_item_id())
    wait_until(lambda: asked(small, "GetStreamingEvents") == 1)
    arrives(mount, small)


def test_unmounting_says_so_to_the_server(small, watched):
    mount = watched()
    small.reset_requests()
    mount.unmount()
    assert small.requests() == {"Unsubscribe": 1}


def test_unmounting_waits_for_no_server(small, watched):
    mount = watched()
    small._call("POST", "/test/fault", {"op": "Unsubscribe", "kind": "hang", "count": 1})
    begun = time.monotonic()
    mount.unmount()
    assert time.monotonic() - begun < 2
    small._call("DELETE", "/test/faults")


@pytest.mark.parametrize("mode, uses, not_used", [
    ("streaming", "GetStreamingEvents", "GetEvents"), ("pull", "GetEvents", "GetStreamingEvents")])
def test_what_was_asked_for_is_used(small, watched, mode, uses, not_used):
    mount = watched(f"notify={mode}", "poll=5")
    arrives(mount, small)
    assert asked(small, uses) > 0 and asked(small, not_used) == 0


@pytest.mark.parametrize("mode", ["streaming", "pull"])
def test_what_was_asked_for_and_is_not_there_is_said(small, new_mount, mode):
    control(small, "notify", streaming="ErrorInvalidServerVersion", pull="ErrorInvalidServerVersion")
    mount = new_mount(small, f"notify={mode}", "poll=5", dirty_log=True)
    wait_until(lambda: f"notify={mode} is not possible here" in log_of(mount))
    assert "polling every 5 s instead" in log_of(mount)
    arrives(mount, small)
    assert log_of(mount).count("not possible here") == 1


def test_notify_poll_asks_for_no_notifications(small, new_mount):
    mount = new_mount(small, "notify=poll", "poll=5")
    arrives(mount, small)
    assert asked(small, "Subscribe") == 0
