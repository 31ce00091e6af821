# SPDX-License-Identifier: MIT
"""user.ews.sync by DESIGN.md's rules ("Change-key diagnosis"), from the page alone.

What a mount has seen is certain of the versions that were in place when a round ended: it holds
them. Of those that GetItem gave away in between it may have seen any, none or all: a reply can get
lost, and what came may be taken for old. So each item has a set of histories that are possible, and
a verdict is right when one of them leads to it.
"""
import collections

import expected

GUID_BYTES = 16
LOCAL_MOST = 8  # bytes of a counter


def xid(raw):
    """GUID and counter; None for what is no XID."""
    if not GUID_BYTES < len(raw) <= GUID_BYTES + LOCAL_MOST:
        return None
    return raw[:GUID_BYTES], raw[GUID_BYTES:]


def predecessors(raw):
    """{GUID: counter}; None for a list that cannot be read, or that was not given."""
    entries = {}
    while raw:
        entry = xid(raw[1:1 + raw[0]]) if raw[0] < len(raw) else None
        if not entry or entry[0] in entries:
            return None
        entries[entry[0]] = entry[1]
        raw = raw[1 + raw[0]:]
    return entries or None


def is_lower(counter, than):
    return len(counter) == len(than) and counter < than


def lacks(entries, wanted):
    """Whether one of those wanted is not there, or below."""
    return any(guid not in entries or is_lower(entries[guid], counter)
               for guid, counter in wanted)


# Both as sorted pairs, so that histories can stand in a set. `listed` is the last list seen.
History = collections.namedtuple("History", "high listed is_regressed verdict")
NOTHING_SEEN = History((), (), False, None)


def judge(history, key, entries):
    high = dict(history.high)
    if key and is_lower(key[1], high.get(key[0], b"")):
        return "regressed"
    if entries and lacks(entries, history.listed):
        return "regressed"
    if entries and history.is_regressed and lacks(entries, history.high):
        return "regressed"
    if not key or not entries:
        return "unknown"
    own = entries.get(key[0])
    return "ok" if own and len(own) == len(key[1]) and own >= key[1] else "uncovered"


def after(history, version):
    """The history with one more version: its change key and its list, in hex."""
    key, entries = (read(bytes.fromhex(part)) for read, part in zip((xid, predecessors), version))
    verdict = judge(history, key, entries)
    high = dict(history.high)
    for guid, counter in [*(entries or {}).items(), *([key] if key else [])]:
        high[guid] = max(high.get(guid, b""), counter)
    listed = tuple(sorted(entries.items())) if entries else history.listed
    return History(tuple(sorted(high.items())), listed, verdict == "regressed", verdict)


class Keys:
    """What may have been seen of every item."""

    def __init__(self):
        self.histories = {}  # item id: a set of histories
        self.given = {}      # item id: how many versions were given away so far

    def note(self, folders, shown, unsure):
        """A round has ended. `shown`: the folders that have directories, by id. `unsure`: those
        that may have had none for a while; what is not shown is forgotten."""
        before, self.histories = self.histories, {}
        counts, self.given = self.given, {}
        for folder in folders.values():
            for item in folder["items"]:
                histories = before.get(item["id"], {NOTHING_SEEN})
                if folder["id"] in unsure or folder["id"] not in shown:
                    histories = histories | {NOTHING_SEEN}
                for version in item["given"][counts.get(item["id"], 0):]:
                    histories = histories | {after(history, version) for history in histories}
                if folder["id"] in shown:
                    held = (expected.own_change_key(item), item["predecessors"])
                    histories = {after(history, held) for history in histories}
                self.histories[item["id"]] = histories
                self.given[item["id"]] = len(item["given"])

    def verdicts(self, item):
        return {history.verdict for history in self.histories[item["id"]]}
