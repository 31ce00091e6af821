# SPDX-License-Identifier: MIT
"""content=ondemand: names and attributes at once, contents when they are opened, never above cache_limit."""
import contextlib
import errno
import hashlib
import os
import re
import sqlite3
import subprocess
import threading
import time

import ewsfs
import pytest

ITEMS, BYTES = 40, 30_000
WARNING = "content=ondemand: until a file is opened"


@pytest.fixture
def server(new_server):
    return new_server("--synthetic", f"{ewsfs.USER}:1:{ITEMS}:{BYTES}:7")


@pytest.fixture
def mount_ondemand(new_mount):
    def make(server, *options, **more):
        return new_mount(server, "content=ondemand", *options, dirty_log=True, **more)
    return make


def held_bytes(mount):
    """What the content of a cache takes, by the file itself."""
    with contextlib.closing(sqlite3.connect(f"file:{mount.cache}?mode=ro", uri=True)) as db:
        return db.execute("SELECT coalesce(sum(length(data)), 0) FROM content").fetchone()[0]


def is_local(mount, path):
    with contextlib.closing(sqlite3.connect(f"file:{mount.cache}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM content WHERE id >> 20 = ?", (path.stat().st_ino,)).fetchone()[0] > 0


def expected(server):
    return {item["id"]: item["mime_sha256"] for item in server.truth()["items"]}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_names_and_attributes_come_without_contents(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    truth = {item["id"]: item for item in server.truth()["items"]}
    files = mount.by_item_id()
    assert set(files) == set(truth)
    for item_id, path in files.items():
        assert path.stat().st_size > 0
        assert ewsfs.xattr(path, "user.ews.change_key") == truth[item_id]["change_key"]
        assert ewsfs.xattr(path, "user.ews.sync") == "ok"
    status = mount.status()
    assert status["pending"] == "0" and status["items"] == str(ITEMS) and status["state"] == "idle"
    assert int(status["bytes-in"]) < ITEMS * BYTES / 3
    assert held_bytes(mount) == 0
    assert mount.log_path.read_text().count(WARNING) == 1


def test_an_open_brings_the_content_and_the_exact_size(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    truth = expected(server)
    for item_id, path in mount.by_item_id().items():
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read()
        assert size == len(content) == path.stat().st_size
        assert hashlib.sha256(content).hexdigest() == truth[item_id]
    server.reset_requests()
    for item_id, path in mount.by_item_id().items():
        assert digest(path) == truth[item_id]
    assert "GetItem" not in server.requests()
    ewsfs.check_against(mount, server)


def test_twenty_readers_of_one_file_make_one_request(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    path = mount.files()[3]
    server.op("fault", None, op="GetItem", count=1, kind="delay", ms=500)
    server.reset_requests()
    cats = [subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) for _ in range(20)]
    contents = {cat.communicate(timeout=ewsfs.TIMEOUT_S)[0] for cat in cats}
    assert all(cat.returncode == 0 for cat in cats)
    assert len(contents) == 1 and len(contents.pop()) == path.stat().st_size
    assert server.requests()["GetItem"] == 1


def test_contents_never_exceed_the_limit_and_the_least_recently_used_go_first(server, mount_ondemand):
    limit = 300_000
    mount = mount_ondemand(server, f"cache_limit={limit}")
    mount.update()
    truth, files = expected(server), mount.by_item_id()
    for item_id, path in files.items():
        assert digest(path) == truth[item_id]
        assert held_bytes(mount) <= limit
    paths = sorted(files.values())
    for path in paths:
        path.read_bytes()
    kept = [path for path in paths if is_local(mount, path)]
    assert kept == paths[-len(kept):] and len(kept) >= 3
    kept[0].read_bytes()  # now the one used last
    others = iter(paths)
    while is_local(mount, kept[1]):
        next(others).read_bytes()
    assert is_local(mount, kept[0])
    metrics = (mount.path / ".ctl.metrics").read_text()
    assert int(re.search(r"^ewsfs_content_bytes (\d+)$", metrics, re.M)[1]) == held_bytes(mount)


def test_what_was_let_go_is_read_on_by_who_has_it_open(server, mount_ondemand):
    mount = mount_ondemand(server, "cache_limit=300K")
    mount.update()
    truth, files = expected(server), mount.by_item_id()
    item_id, path = next(iter(files.items()))
    inode = path.stat().st_ino
    with open(path, "rb", buffering=0) as file:
        for other in files.values():
            if other != path:
                other.read_bytes()
        assert not is_local(mount, path)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert hashlib.sha256(file.read()).hexdigest() == truth[item_id]
    assert path.stat().st_ino == inode
