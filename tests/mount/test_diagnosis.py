# SPDX-License-Identifier: MIT
"""Change keys that go backwards: the fault's own story. Outlook's cached mode trusts the order of
keys and misses such a change; the mount takes what differs, and says what it saw."""
import hashlib

import ewsfs

INBOX = "Inbox"


class OrderTrusting:
    """A client that takes a change only where its key is higher than the one it holds."""

    def __init__(self, server):
        self.server, self.held = server, {}

    def update(self):
        for item in self.server.truth()["items"]:
            raw = ewsfs.mapi_change_key(item["change_key"])
            if item["id"] not in self.held or raw > self.held[item["id"]][0]:
                self.held[item["id"]] = (raw, item["mime_sha256"])

    def content(self, item_id):
        return self.held[item_id][1]


def shown(mount, ids):
    """What the mount says of the items' keys, and the hash of what it shows."""
    files = mount.by_item_id()
    return [(ewsfs.xattr(files[i], "user.ews.sync"), hashlib.sha256(files[i].read_bytes()).hexdigest())
            for i in ids]


def true_hashes(server, ids):
    items = {item["id"]: item for item in server.truth()["items"]}
    return [items[i]["mime_sha256"] for i in ids]


def findings(mount):
    return [line for line in mount.log_path.read_text().splitlines() if "regressed)" in line or "uncovered)" in line]


def test_a_change_key_that_went_backwards_is_taken_and_told_I6(small, new_mount):
    mount, other = new_mount(small), OrderTrusting(small)
    mount.update()
    other.update()
    mount.unmount()
    ids = small.op("regress", INBOX, count=3, by=5)
    small.op("regress", INBOX, item=ids[0], by=2)
    mount.start()
    mount.update()
    other.update()
    truth = true_hashes(small, ids)
    assert shown(mount, ids) == [("regressed", sha) for sha in truth]
    assert all(other.content(i) != sha for i, sha in zip(ids, truth)), "a client that trusts order misses them"
    assert mount.status()["regressed"] == mount.status(INBOX)["regressed"] == "3"
    assert mount.status()["uncovered"] == "0"
    assert len(findings(mount)) == 3 and all(ids[i] in "".join(findings(mount)) for i in range(3))


def test_regressed_stays_until_a_version_is_not_below(small, new_mount):
    mount = new_mount(small)
    mount.update()
    item, = small.op("regress", INBOX, count=1, by=1000)
    mount.update()
    mount.unmount()
    mount.start()
    mount.update()
    assert shown(mount, [item])[0][0] == "regressed"
    small.op("regress", INBOX, item=item, by=1)
    mount.update()
    assert shown(mount, [item]) == [("regressed", true_hashes(small, [item])[0])]
    small.op("change", INBOX, item=item)
    mount.update()
    key = ewsfs.xattr(mount.by_item_id()[item], "user.mapi.change_key")
    verdict = shown(mount, [item])[0][0]
    assert verdict in ("ok", "regressed")
    assert mount.status()["regressed"] == str(int(verdict == "regressed")), key
    assert len(findings(mount)) == 2 + (verdict == "regressed")


def test_a_key_outside_its_list_is_uncovered_and_a_torn_list_unknown(small, new_mount):
    lower, = small.op("regress", INBOX, count=1, uncovered="lower")
    torn = small.op("deliver", INBOX, count=1)[0]
    small.op("regress", INBOX, item=torn, garble=True)
    mount = new_mount(small)
    mount.update()
    assert [verdict for verdict, _ in shown(mount, [lower, torn])] == ["uncovered", "unknown"]
    assert mount.status()["uncovered"] == "1" and mount.status()["regressed"] == "0"
    small.op("change", INBOX, item=lower)
    small.op("change", INBOX, item=torn)
    mount.update()
    assert [verdict for verdict, _ in shown(mount, [lower, torn])] == ["ok", "ok"]
    assert mount.status()["uncovered"] == "0"


def test_the_diagnosis_alone_fetches_nothing_and_is_told_once(small, new_mount):
    mount = new_mount(small)
    mount.update()
    small.op("regress", INBOX, count=2)
    mount.update()
    told = findings(mount)
    small.reset_requests()
    mount.update()
    mount.unmount()
    mount.start()
    mount.update()
    assert "GetItem" not in small.requests()
    assert mount.status()["regressed"] == "2" and findings(mount) == told


def test_a_restored_server_is_one_line(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:150:1000:7")
    mount = new_mount(server)
    mount.update()
    server.op("regress", INBOX, count=150, by=7)
    mount.update()
    assert mount.status()["regressed"] == "150"
    line, = findings(mount)
    assert "150 items" in line
