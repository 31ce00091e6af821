# SPDX-License-Identifier: MIT
"""content=ondemand: names and attributes at once, contents when they are opened, never above cache_limit."""
import contextlib
import errno
import hashlib
import os
import pathlib
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
    """Mounts whose logs hold a warning for each start, and beyond that what `may_say` allows."""
    made = []

    def make(server, *options, may_say=None, **more):
        made.append((new_mount(server, "content=ondemand", *options, dirty_log=True, **more), may_say))
        return made[-1][0]

    yield make
    for mount, may_say in made:
        for line in mount.log_path.read_text().splitlines():
            if " warning: " in line or " error: " in line:
                assert WARNING in line or (may_say and may_say in line), line


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


def test_an_item_that_changes_is_another_inode_once_somebody_has_seen_it(server, mount_ondemand):
    """I2: an inode stands for one content."""
    mount = mount_ondemand(server)
    mount.update()
    files = mount.by_item_id()
    changed, = server.op("change", "Inbox", count=1)
    unseen = files[changed].stat().st_ino
    mount.update()
    path = mount.by_item_id()[changed]
    assert path.stat().st_ino == unseen
    assert digest(path) == expected(server)[changed]
    with open(path, "rb", buffering=0) as file:
        old = path.read_bytes()
        server.op("change", "Inbox", item=changed)
        mount.update()
        path = mount.by_item_id()[changed]
        assert path.stat().st_ino != os.fstat(file.fileno()).st_ino
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert file.read() == old
    assert digest(path) == expected(server)[changed]


def test_a_version_that_was_let_go_and_has_changed_since_is_stale_for_who_has_it_open(server, mount_ondemand):
    mount = mount_ondemand(server, "cache_limit=300K")
    mount.update()
    changed, = server.op("change", "Inbox", count=1)
    mount.update()
    path = mount.by_item_id()[changed]
    others = [other for other in mount.files() if other != path]
    with open(path, "rb", buffering=0) as file:
        server.op("change", "Inbox", item=changed)
        for other in others:
            other.read_bytes()
        assert not is_local(mount, path)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with pytest.raises(OSError) as failure:
            file.read()
        assert failure.value.errno == errno.ESTALE
        # Who opens it gets the version that the server has, though no sync has told of it yet.
        assert digest(path) == expected(server)[changed]
    server.reset_requests()
    mount.update()
    assert "GetItem" not in server.requests()
    ewsfs.check_against(mount, server)


def test_without_the_server_what_is_here_is_read_and_the_rest_fails_soon(server, mount_ondemand):
    mount = mount_ondemand(server, may_say="trying again")
    mount.update()
    here, away = mount.files()[:2]
    content = here.read_bytes()
    server.stop()
    for _ in range(3):
        begun = time.monotonic()
        with pytest.raises(OSError) as failure:
            away.read_bytes()
        assert failure.value.errno == errno.EHOSTDOWN
        assert time.monotonic() - begun < 3
        assert here.read_bytes() == content
    server.start(server.port)
    until = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError):
            away.read_bytes()
            break
        assert time.monotonic() < until


def test_offline_by_command_fails_at_once(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    here, away = mount.files()[:2]
    here.read_bytes()
    (mount.path / ".ctl").write_text("offline\n")
    with pytest.raises(OSError) as failure:
        away.read_bytes()
    assert failure.value.errno == errno.EHOSTDOWN
    here.read_bytes()
    (mount.path / ".ctl").write_text("online\n")
    away.read_bytes()


def test_a_reader_that_is_interrupted_stops_nothing_for_the_others(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    path = mount.files()[0]
    server.reset_requests()
    server.op("fault", None, op="GetItem", count=1, kind="delay", ms=2000)
    cats = [subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) for _ in range(2)]
    while not server.requests().get("GetItem"):
        pass
    begun = time.monotonic()
    cats[0].terminate()
    assert cats[0].wait(ewsfs.TIMEOUT_S) == -15
    assert time.monotonic() - begun < 1.5
    content = cats[1].communicate(timeout=ewsfs.TIMEOUT_S)[0]
    cats[0].stdout.close()
    assert cats[1].returncode == 0 and content == path.read_bytes()
    assert server.requests()["GetItem"] == 1


def test_a_reader_goes_before_a_listing_that_takes_its_time(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    path = mount.files()[0]
    server.reset_requests()
    server.op("fault", None, op="SyncFolderItems", count=0, kind="hang")
    server.op("deliver", "Inbox", count=1)
    update = subprocess.Popen(["sh", "-c", f"echo update > '{mount.path}/.ctl'"], stderr=subprocess.PIPE)
    while not server.requests().get("SyncFolderItems"):
        pass
    begun = time.monotonic()
    path.read_bytes()
    assert time.monotonic() - begun < 5
    assert update.poll() is None
    server.op("fault", None, kind="clear")
    (mount.path / ".ctl").write_text("cancel\n")
    update.communicate(timeout=ewsfs.TIMEOUT_S)


def check_account(mount, limit):
    metrics = (mount.path / ".ctl.metrics").read_text()
    assert int(re.search(r"^ewsfs_content_bytes (\d+)$", metrics, re.M)[1]) == held_bytes(mount) <= limit


def test_killed_in_the_middle_it_holds_no_more_than_it_may(server, mount_ondemand):
    limit = 300_000
    mount = mount_ondemand(server, f"cache_limit={limit}")
    mount.update()
    inodes = {path.name: path.stat().st_ino for path in mount.files()}
    for n in (5, 11, 17):
        readers = [threading.Thread(target=read_all, args=(mount.files()[i::3],)) for i in range(3)]
        for reader in readers:
            reader.start()
        until = held_bytes(mount)
        while until < n * 10_000:
            until = held_bytes(mount)
        mount.kill()
        for reader in readers:
            reader.join(ewsfs.TIMEOUT_S)
        mount.start()
        check_account(mount, limit)
    truth = expected(server)
    for item_id, path in mount.by_item_id().items():
        assert digest(path) == truth[item_id]
        assert path.stat().st_ino == inodes[path.name]
    check_account(mount, limit)


def read_all(paths):
    with contextlib.suppress(OSError):
        for path in paths:
            path.read_bytes()


def test_the_order_of_use_outlives_the_mount(server, mount_ondemand):
    mount = mount_ondemand(server, "cache_limit=300K")
    mount.update()
    paths = sorted(mount.files())
    for path in paths:
        path.read_bytes()
    kept = [path for path in paths if is_local(mount, path)]
    kept[0].read_bytes()
    mount.unmount()
    mount.start()
    others = iter(paths)
    while is_local(mount, kept[1]):
        next(others).read_bytes()
    assert is_local(mount, kept[0])


def test_clear_lets_contents_go_and_names_stay(server, mount_ondemand):
    mount = mount_ondemand(server)
    mount.update()
    truth, files = expected(server), mount.by_item_id()
    inodes = {}
    for item_id, path in files.items():
        path.read_bytes()
        inodes[item_id] = path.stat().st_ino
    (mount.path / ".ctl").write_text("clear\n")
    assert held_bytes(mount) == 0
    for item_id, path in mount.by_item_id().items():
        assert digest(path) == truth[item_id] and path.stat().st_ino == inodes[item_id]
    (mount.path / ".ctl").write_text("resync\n")
    assert held_bytes(mount) > 0
    (mount.path / ".ctl").write_text("verify\n")
    assert mount.status()["last-verify"].startswith(f"kept={ITEMS} changed=0 missing=0 extra=0")


def test_a_cache_goes_from_mirror_to_ondemand_and_back(server, new_mount, mount_ondemand, place):
    mirror = new_mount(server, name="mirror", cache=place / "one.db", log=place / "mirror.log")
    mirror.update()
    full, inodes = held_bytes(mirror), {path.name: path.stat().st_ino for path in mirror.files()}
    mirror.unmount()
    limit = full // 3
    ondemand = mount_ondemand(server, f"cache_limit={limit}", name="ondemand", cache=place / "one.db")
    ondemand.update()
    check_account(ondemand, limit)
    assert held_bytes(ondemand) > limit // 3
    truth = expected(server)
    for item_id, path in ondemand.by_item_id().items():
        assert path.stat().st_ino == inodes[path.name]
        assert digest(path) == truth[item_id]
    check_account(ondemand, limit)
    ondemand.unmount()
    again = new_mount(server, name="again", cache=place / "one.db", log=place / "mirror.log")
    again.update()
    ewsfs.check_against(again, server)
    assert held_bytes(again) == full
    again.unmount()
    unlimited = mount_ondemand(server, name="unlimited", cache=place / "one.db")
    server.reset_requests()
    for path in unlimited.files():
        path.read_bytes()
    assert "GetItem" not in server.requests()


def test_tools_that_look_before_they_open_are_content_once_the_files_were_read(server, mount_ondemand, place):
    mount = mount_ondemand(server)
    mount.update()
    estimates = {path: path.stat().st_size for path in mount.files()}
    tar = ["tar", "-C", mount.path, "-cf", place / "one.tar", "."]
    ewsfs.run(*tar, check=False)  # what it says of files whose sizes it knew before is its own
    sizes = {path: path.stat().st_size for path in mount.files()}
    assert sizes != estimates
    ewsfs.run(*tar)
    ewsfs.run("rsync", "-a", f"{mount.path}/", place / "copy")
    ewsfs.run("diff", "-r", mount.path, place / "copy")


def test_an_item_that_cannot_be_delivered_fails_at_open_and_says_why(server, mount_ondemand):
    mount = mount_ondemand(server, may_say="not delivered")
    mount.update()
    item_id, path = next(iter(mount.by_item_id().items()))
    server.op("fault", None, kind="unconvertible", items=[item_id], count=1000)
    with pytest.raises(OSError) as failure:
        path.read_bytes()
    assert failure.value.errno == errno.EIO
    assert ewsfs.xattr(path, "user.ews.sync") == "error"
    for _ in range(3):
        with pytest.raises(OSError):
            path.read_bytes()
    assert mount.log_path.read_text().count("not delivered") == 1
    assert mount.status()["quarantined"] == "1"
    server.op("fault", None, kind="clear")
    mount.unmount()
    mount.start()  # forgets the delay
    mount.update()
    assert mount.status()["quarantined"] == "0"
    assert digest(path) == expected(server)[item_id]
    assert ewsfs.xattr(path, "user.ews.sync") == "ok"


def test_a_file_larger_than_the_limit_is_served_and_not_kept(server, mount_ondemand):
    limit = 20_000
    mount = mount_ondemand(server, f"cache_limit={limit}")
    mount.update()
    truth, files = expected(server), mount.by_item_id()
    large = [path for path in files.values() if path.stat().st_size > 3 * limit]
    assert large
    for item_id, path in files.items():
        assert digest(path) == truth[item_id]
        assert held_bytes(mount) <= limit
    path = large[0]
    inode = path.stat().st_ino
    server.reset_requests()
    with open(path, "rb", buffering=0) as file, open(path, "rb", buffering=0) as other:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        content = file.read()
        assert len(content) == os.fstat(other.fileno()).st_size
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert os.pread(other.fileno(), 1000, limit) == content[limit:limit + 1000]
    assert server.requests()["GetItem"] == 1
    spools = [os.readlink(link) for link in pathlib.Path(f"/proc/{mount.process.pid}/fd").iterdir()]
    assert not any("(deleted)" in link for link in spools)
    assert path.stat().st_ino == inode and held_bytes(mount) <= limit
    check_account(mount, limit)


def test_a_server_that_says_nothing_is_waited_for_as_long_as_timeout_says(server, mount_ondemand):
    mount = mount_ondemand(server, "timeout=5", may_say="trying again")
    mount.update()
    here, away = mount.files()[:2]
    here.read_bytes()
    server.op("fault", None, op="GetItem", count=0, kind="hang")
    begun = time.monotonic()
    with pytest.raises(OSError) as failure:
        away.read_bytes()
    assert failure.value.errno == errno.EHOSTDOWN
    assert 4 < time.monotonic() - begun < 12
    begun = time.monotonic()
    here.read_bytes()
    with pytest.raises(OSError):
        away.read_bytes()  # nobody waits for the next one, too
    assert time.monotonic() - begun < 2
    server.op("fault", None, kind="clear")


@pytest.mark.parametrize("point", ["settle.wanted", "txn.commit", "txn.committed"])
def test_I1_killed_at_any_step_of_an_open_it_goes_on(point, server, mount_ondemand):
    """I1: what counts against the limit and what is here go together."""
    if b"EWSFS_FAULT" not in ewsfs.EWSFS.read_bytes():
        pytest.skip("built without fault points")
    limit = 200_000
    mount = mount_ondemand(server, f"cache_limit={limit}")
    mount.update()
    truth = expected(server)
    for nth in (2, 9, 21):
        mount.unmount()
        mount.env = {"EWSFS_FAULT": f"{point}:{nth}:exit"}
        mount.start()
        with contextlib.suppress(OSError):
            for path in mount.files():
                path.read_bytes()
        assert mount.process.wait(ewsfs.TIMEOUT_S) == 100
        mount.env = {}
        mount.start()
        check_account(mount, limit)
    for item_id, path in mount.by_item_id().items():
        assert digest(path) == truth[item_id]
        assert path.stat().st_size > 0
    check_account(mount, limit)


def test_every_kind_of_item_is_the_same_as_in_a_mirror_and_within_the_limit(new_server, new_mount, mount_ondemand):
    server = new_server("--synthetic", f"{ewsfs.USER}:12:5:3000:9")
    limit = 5000
    mirror, mount = new_mount(server, name="mirror"), mount_ondemand(server, f"cache_limit={limit}")
    mirror.update()
    mount.update()
    check_account(mount, limit)
    files = {path.relative_to(mirror.path): path for path in mirror.files()}
    assert {path.suffix for path in files} == {".eml", ".ics", ".vcf"}
    assert {path.relative_to(mount.path) for path in mount.files()} == set(files)
    for path in mount.files():
        assert path.read_bytes() == files[path.relative_to(mount.path)].read_bytes()
        assert path.stat().st_size == files[path.relative_to(mount.path)].stat().st_size
    check_account(mount, limit)
