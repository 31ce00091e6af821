# SPDX-License-Identifier: MIT
"""What a killed ewsfs leaves on disk: read from a copy, so that its own recovery stays untried."""
import base64
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

PENDING, LOCAL = 0, 1
CHUNK_BITS = 20

# Each finds rows that no moment of a healthy cache has.
CONTRADICTIONS = {
    "a file whose content is not all there": f"""
        SELECT item.row, inode.size, total(length(data)) FROM item JOIN inode USING (ino)
        LEFT JOIN content ON content.id >> {CHUNK_BITS} = inode.ino
        WHERE item.state = {LOCAL} GROUP BY item.row
        HAVING inode.size <> total(length(data)) OR inode.size <> item.file_size""",
    "content of no inode": f"""
        SELECT id FROM content WHERE id >> {CHUNK_BITS} NOT IN (SELECT ino FROM inode)""",
    "an item without its name": """
        SELECT row FROM item WHERE entry IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entry
        WHERE entry.id = item.entry AND entry.ino = item.ino AND entry.parent = item.folder)""",
    "a name that is there twice": "SELECT name FROM entry GROUP BY parent, name HAVING count(*) > 1",
    "a name of nothing": """
        SELECT name FROM entry WHERE ino NOT IN (SELECT ino FROM item WHERE ino IS NOT NULL)
        AND ino NOT IN (SELECT ino FROM folder)""",
    "an item in no folder": "SELECT row FROM item WHERE folder NOT IN (SELECT ino FROM folder)",
    "an item that is awaited and was not asked for": f"""
        SELECT row FROM item WHERE state = {PENDING} AND not_before IS NULL""",
    "an id that is there twice": "SELECT ews_id FROM item GROUP BY ews_id HAVING count(*) > 1",
    "counts that are wrong": f"""
        SELECT folder, known_n, items_n, pending_n, queued_n FROM tally WHERE
        known_n <> (SELECT count(*) FROM item WHERE item.folder = tally.folder) OR
        items_n <> (SELECT count(ino) FROM item WHERE item.folder = tally.folder) OR
        pending_n <> (SELECT count(*) FROM item
            WHERE item.folder = tally.folder AND state = {PENDING}) OR
        queued_n <> (SELECT count(not_before) FROM item WHERE item.folder = tally.folder)""",
}


def text_of(value):
    """Ids and keys are bytes where their base64 is canonical."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


class Remains:
    """The cache as the next start finds it: looked through, and what it holds."""

    def __init__(self, cache):
        self.versions, self.states, self.relisted, self.queued = {}, {}, set(), set()
        cache = pathlib.Path(cache)
        if not cache.exists():
            return
        with tempfile.TemporaryDirectory(prefix="ewsfs-remains-") as directory:
            for part in ("", "-wal"):
                if pathlib.Path(f"{cache}{part}").exists():
                    shutil.copy(f"{cache}{part}", f"{directory}/cache{part}")
            with contextlib.closing(sqlite3.connect(f"{directory}/cache")) as database:
                self.read(database)

    def read(self, database):
        def ask(sql):
            return database.execute(sql).fetchall()

        assert ask("PRAGMA integrity_check") == [("ok",)]
        if not ask("SELECT 1 FROM sqlite_schema"):
            return
        for what, sql in CONTRADICTIONS.items():
            found = ask(sql)
            assert not found, f"{what}: {found[:5]}"
        self.versions = {text_of(item_id): text_of(key) for item_id, key in ask(
            f"SELECT ews_id, change_key FROM item WHERE state = {LOCAL}")}
        self.queued = {text_of(item_id)
                       for item_id, in ask("SELECT ews_id FROM item WHERE not_before IS NOT NULL")}
        self.states = {text_of(folder_id): text_of(state)
                       for folder_id, state in ask("SELECT ews_id, sync_state FROM folder")}
        marks = {int(key.split(".")[1])
                 for key, in ask("SELECT key FROM mailbox WHERE key LIKE 'relist.%'")}
        self.relisted = {text_of(folder_id) for folder_id, ino in ask(
            "SELECT ews_id, ino FROM folder") if ino in marks}

    def owed_items(self, folders):
        """How many items the cache lacks, has in another version, or awaits in vain."""
        versions = {item["id"]: item["change_key"]
                    for folder in folders.values() for item in folder["items"]}
        return sum(self.versions.get(item_id) != key for item_id, key in versions.items()) + \
            sum(item_id not in versions for item_id in self.queued)

    def unlisted_folders(self, folders, expired=()):
        """How many folders have no state to go on from; `expired` are states that are refused."""
        return sum(not self.states.get(folder_id) or folder_id in self.relisted
                   or self.states[folder_id] in expired for folder_id in folders)
