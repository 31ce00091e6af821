# SPDX-License-Identifier: MIT
"""SyncFolderItems under random changes between its pages, against a simple client."""
import random

import pytest

import testd
from testd import text


class Client:
    """Knows what it was told, and minds being told what cannot be."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.state, self.items, self.read = "", {}, {}

    def page(self, most):
        before = self.state
        self.state, last, changes = self.server.sync(self.folder, self.state, most)
        assert self.state and self.state != before, "a state is new at each call"
        assert len(changes) <= most
        assert last or len(changes) == most, "a page that is not the last is full"
        ids = [change[1] for change in changes]
        if last:
            assert len(set(ids)) == len(ids)
        for what, item, key, element in changes:
            getattr(self, what)(item, key, element)
        return last

    def Create(self, item, key, _):
        assert item not in self.items, "created twice"
        self.items[item] = key

    def Update(self, item, key, _):
        assert item in self.items, "updated and never created"
        assert self.items[item] != key, "updated to the same version"
        self.items[item] = key

    def Delete(self, item, *_):
        assert item in self.items, "deleted and never created"
        del self.items[item]
        self.read.pop(item, None)

    def ReadFlagChange(self, item, key, element):
        assert self.items[item] == key, "a read flag leaves the change key alone"
        self.read[item] = text(element, "t:IsRead") == "true"

    def catch_up(self, most=512):
        while not self.page(most):
            pass


@pytest.mark.parametrize("seed", range(6))
def test_random_changes_between_pages(seed):
    rng = random.Random(seed)
    with testd.Server("--synthetic", f"alice:1:60:300:{seed}") as server:
        inbox = server.truth(mime=False)["Inbox"]["id"]
        client = Client(server, inbox)
        for _ in range(150):
            change(server, rng)
            if rng.random() < 0.6:
                client.page(rng.choice((1, 2, 5, 20, 512)))
            if rng.random() < 0.1:
                client.catch_up(rng.choice((3, 512)))
                compare(server, client)
        client.catch_up()
        compare(server, client)
        _, last, changes = server.sync(inbox, client.state)
        assert last and not changes


def change(server, rng):
    """One thing, done to one or a few random items."""
    items = server.truth(mime=False)["Inbox"]["items"]
    what = rng.choice(("deliver", "deliver", "change", "change", "flag", "delete", "move",
                       "gone at once"))
    if what in ("deliver", "gone at once") or len(items) < 5:
        made = server.control("deliver", folder="Inbox", count=rng.randint(1, 4), size=300)
        if what == "gone at once":
            server.control("delete", item=made[0])
        return
    item = rng.choice(items)["id"]
    server.control(what, item=item, **({"to": "Deleted Items"} if what == "move" else {}))


def compare(server, client):
    items = server.truth(mime=False)["Inbox"]["items"]
    assert {item["id"]: item["change_key"] for item in items} == client.items
    for item in items:
        if item["id"] in client.read:
            assert client.read[item["id"]] == item["is_read"]


def test_a_listing_is_newest_first_and_whole():
    with testd.Server("--synthetic", "alice:1:700:300") as server:
        truth = server.truth(mime=False)["Inbox"]
        state, last, first = server.sync(truth["id"])
        assert not last and len(first) == 512
        state, last, second = server.sync(truth["id"], state)
        assert last
        newest_first = sorted(truth["items"], key=lambda item: item["received"], reverse=True)
        received = {item["id"]: item["received"] for item in truth["items"]}
        assert [received[c[1]] for c in first + second] == [i["received"] for i in newest_first]


def test_changed_and_deleted_before_and_after_being_listed():
    with testd.Server("--synthetic", "alice:1:6:300") as server:
        inbox = server.truth(mime=False)["Inbox"]
        oldest = [item["id"] for item in sorted(inbox["items"], key=lambda item: item["received"])]
        state, last, page = server.sync(inbox["id"], most=3)
        assert [c[1] for c in page] == oldest[:2:-1] and not last
        server.control("change", item=oldest[5])
        server.control("delete", item=oldest[4])
        server.control("change", item=oldest[2])
        server.control("delete", item=oldest[1])
        server.control("flag", item=oldest[3])
        _, last, page = server.sync(inbox["id"], state)
        assert last
        assert [(c[0], c[1]) for c in page] == [
            ("Create", oldest[2]), ("Create", oldest[0]),
            ("Update", oldest[5]), ("Delete", oldest[4]), ("ReadFlagChange", oldest[3])]


def test_states_outlive_a_restart_and_are_of_one_folder():
    args = "--synthetic", "alice:2:600:300:5"
    with testd.Server(*args) as server:
        folders = server.truth(mime=False)
        half, _, first = server.sync(folders["Inbox"]["id"])
        whole, _, rest = server.sync(folders["Inbox"]["id"], half)
    with testd.Server(*args) as server:
        assert server.truth(mime=False) == folders
        assert [c[1] for c in server.sync(folders["Inbox"]["id"], half)[2]] == [c[1] for c in rest]
        assert server.sync(folders["Inbox"]["id"], whole)[1:] == (True, [])
        other = folders["Sent Items"]["id"]
        for state in (whole, whole[:-8] + "AAAAAAA=", "H4sIAAAAAAAEAA==", "x"):
            with pytest.raises(AssertionError, match="ErrorInvalidSyncStateData"):
                server.sync(other if state == whole else folders["Inbox"]["id"], state)


def test_a_moved_item_gets_another_id():
    with testd.Server("--synthetic", "alice:1:3:300") as server:
        folders = server.truth(mime=False)
        inbox, trash = folders["Inbox"], folders["Deleted Items"]["id"]
        state = server.sync(inbox["id"])[0]
        trash_state = server.sync(trash)[0]
        old = inbox["items"][0]["id"]
        new, = server.control("move", item=old, to="Deleted Items")
        assert new != old
        assert [(c[0], c[1]) for c in server.sync(inbox["id"], state)[2]] == [("Delete", old)]
        assert [(c[0], c[1]) for c in server.sync(trash, trash_state)[2]] == [("Create", new)]
