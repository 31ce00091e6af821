# SPDX-License-Identifier: MIT
"""A disk that is full, read-only or failing, and a cache that is damaged: state `error`, reads go
on, nothing is half written, and it resumes by itself."""
import errno
import os
import random
import subprocess
import time
from stat import S_ISDIR

import ewsfs
import pytest
from test_changes import check_against

INBOX = "Inbox"
PAGE = ewsfs.PAGE

FAILING_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
/* While the file FAIL_WRITES is there, nothing can be written to a file. */
static int fails(void)
{
	const char *path = getenv("FAIL_WRITES");
	return path && access(path, F_OK) == 0;
}
#define WRITE(name, offset) \
ssize_t name(int fd, const void *bytes, size_t n, offset at) \
{ \
	static ssize_t (*real)(int, const void *, size_t, offset); \
	if (!real) \
		real = (ssize_t (*)(int, const void *, size_t, offset))dlsym(RTLD_NEXT, #name); \
	if (fails()) { errno = getenv("FAIL_READ_ONLY") ? EROFS : EIO; return -1; } \
	return real(fd, bytes, n, at); \
}
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)
"""


@pytest.fixture
def disk(tmp_path):
    """Makes small disks; resize(N) changes how much fits."""
    made = []

    def make(size):
        path = tmp_path / f"disk{len(made)}"
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path],
                              stderr=subprocess.PIPE)
        if done.returncode:
            pytest.skip("may not mount a tmpfs")
        made.append(path)
        return path

    yield make
    for path in made:
        subprocess.run(["umount", "-l", path], check=True)


def resize(disk, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def wait_for(mount, state, seconds=60):
    end = time.monotonic() + seconds
    while mount.status()["state"] != state:
        assert time.monotonic() < end, mount.status()
        time.sleep(0.1)


def update_fails(mount, *errnos):
    with pytest.raises(OSError) as caught:
        mount.update()
    assert caught.value.errno in errnos


def contents(mount):
    return {item_id: path.read_bytes() for item_id, path in mount.by_item_id().items()}


def test_a_first_sync_without_room_is_not_begun(new_server, new_mount, disk, place):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:40:400000:7")
    small = disk("4m")
    mount = new_mount(server, cache=small / "cache.db", log=place / "log", dirty_log=True)
    update_fails(mount, errno.ENOSPC)
    status = mount.status()
    assert status["state"] == "error"
    assert "MB" in status["last-error"] and "need" in status["last-error"] and "free" in status["last-error"]
    assert mount.files() == [] and int(status["pending"]) > 0
    resize(small, "200m")
    wait_for(mount, "idle")
    check_against(mount, server)


def test_a_full_disk_stops_the_sync_and_nothing_else(small, new_mount, disk, place):
    full = disk("12m")
    mount = new_mount(small, cache=full / "cache.db", log=place / "log", dirty_log=True)
    mount.update()
    before = contents(mount)
    filler = full / "filler"
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
        while file.write(bytes(PAGE)):
            pass
    small.op("deliver", INBOX, count=5, size=20000)
    small.op("change", INBOX, count=2)
    update_fails(mount, errno.ENOSPC, errno.EIO)
    assert mount.status()["state"] == "error" and mount.status()["last-error"]
    assert contents(mount) == before
    filler.unlink()
    wait_for(mount, "idle")
    check_against(mount, small)


def test_a_disk_that_fills_while_it_syncs_leaves_nothing_half_written(new_server, new_mount, disk, place):
    """What the server states is less than what comes: the check before cannot know."""
    server = new_server("--synthetic", f"{ewsfs.USER}:1:5:3000:7")
    full = disk("12m")
    mount = new_mount(server, cache=full / "cache.db", log=place / "log", dirty_log=True)
    mount.update()
    before = contents(mount)
    (full / "filler").write_bytes(bytes(7 << 20))
    server.op("deliver", INBOX, count=1, size=3 << 20)
    update_fails(mount, errno.ENOSPC, errno.EIO)
    assert mount.status()["state"] == "error"
    assert contents(mount) == before
    mount.kill()
    subprocess.run(["fusermount3", "-uz", str(mount.path)])
    mount.start()
    assert contents(mount) == before
    (full / "filler").unlink()
    mount.update()
    check_against(mount, server)


@pytest.mark.parametrize("kind", ["failing", "read-only"])
def test_a_disk_that_takes_no_writes(small, new_mount, place, monkeypatch, kind):
    source, library, switch = place / "fail.c", place / "fail.so", place / "fail-writes"
    source.write_text(FAILING_DISK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FAIL_WRITES", str(switch))
    monkeypatch.setenv("ASAN_OPTIONS", "verify_asan_link_order=0")
    if kind == "read-only":
        monkeypatch.setenv("FAIL_READ_ONLY", "1")
    mount = new_mount(small, dirty_log=True)
    monkeypatch.delenv("LD_PRELOAD")
    mount.update()
    before = contents(mount)
    switch.touch()
    small.op("deliver", INBOX, count=3)
    small.op("change", INBOX, count=2)
    update_fails(mount, errno.EIO, errno.EROFS)
    assert mount.status()["state"] == "error" and mount.status()["last-error"]
    assert contents(mount) == before
    switch.unlink()
    wait_for(mount, "idle")
    check_against(mount, small)


def zero_header(cache):
    with open(cache, "r+b") as file:
        file.write(bytes(100))


def cut_short(cache):
    os.truncate(cache, cache.stat().st_size // 2 // PAGE * PAGE)


def flip(cache, page, dice):
    """Some bytes of one page become others."""
    with open(cache, "r+b") as file:
        for at in dice.sample(range(PAGE), 3):
            file.seek(page * PAGE + at)
            byte = file.read(1)[0]
            file.seek(page * PAGE + at)
            file.write(bytes([byte ^ dice.randrange(1, 256)]))


def spoil(cache, page, dice):
    """The whole of one page is another's, or nothing."""
    with open(cache, "r+b") as file:
        file.seek(page * PAGE)
        file.write(dice.choice([bytes(PAGE), dice.randbytes(PAGE)]))


def looks(read, *args):
    """What can be read, or None; what cannot be is an error, and a certain one."""
    try:
        return read(*args)
    except OSError as error:
        assert error.errno in (errno.EIO, errno.ENOENT, errno.ENODATA), error
        return None


def look_at(mount):
    """Everything that a user can see, as far as it can be seen: path, then what stands there."""
    seen, waiting = {}, [mount.path]
    while waiting:
        directory = waiting.pop()
        for name in looks(os.listdir, directory) or []:
            path = directory / name
            stat = looks(os.stat, path)
            if stat and S_ISDIR(stat.st_mode):
                waiting.append(path)
            elif stat:
                seen[str(path.relative_to(mount.path))] = (stat.st_size, looks(path.read_bytes), looks(ewsfs.xattrs, path))
    return seen


def check_good(seen, good, what):
    """Nothing that was seen is wrong; what was not may be missing."""
    for path, parts in seen.items():
        assert path in good, f"{what}: {path} is not on the server"
        for part, right in zip(parts, good[path]):
            assert part is None or part == right, f"{what}: {path} is wrong"


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    """A cache as it was written, the server that it is of, and what it shows."""
    place = tmp_path_factory.mktemp("synced")
    server = ewsfs.Server("--synthetic", f"{ewsfs.USER}:2:12:9000:7")
    mount = ewsfs.Mount(server.url, place / "m", place / "m.db")
    mount.update()
    good = look_at(mount)
    mount.unmount()
    assert len(good) == 24 and all(None not in parts for parts in good.values())
    yield server, (place / "m.db").read_bytes(), good
    server.stop()


def damaged(synced, new_mount, place, damage, n=0):
    server, raw, _ = synced
    cache = place / f"{n}.db"
    cache.write_bytes(raw)
    cache.chmod(0o600)
    damage(cache)
    return new_mount(server, name=f"m{n}", cache=cache, dirty_log=True)


def whole(mount, good, what):
    """After an update at the latest nothing is missing, and nothing is wrong after another mount."""
    mount.update()
    assert look_at(mount) == good, what
    mount.update()  # what was met just now
    assert mount.status()["state"] == "idle", what
    assert look_at(mount) == good, what
    mount.unmount()
    mount.start()
    assert look_at(mount) == good, what
    mount.unmount()


PAGES = int(os.environ.get("EWSFS_DAMAGED_PAGES", 60))


def test_a_cache_damaged_in_any_page_is_never_wrong_and_made_anew(synced, new_mount, place):
    seed = int(os.environ.get("EWSFS_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
    dice = random.Random(seed)
    _, raw, good = synced
    pages = len(raw) // PAGE
    for n in range(PAGES):
        # All of them, where there are enough tries; else every so many.
        page = n * pages // PAGES if PAGES < pages else n % pages
        how = dice.choice([flip, flip, spoil])
        what = f"seed {seed}, {how.__name__} page {page} of {pages}"
        mount = damaged(synced, new_mount, place, lambda cache: how(cache, page, dice), n)
        check_good(look_at(mount), good, what)
        whole(mount, good, what)
        for name in os.listdir(place):
            if name.startswith(f"{n}.db") and not name.endswith(".log"):
                os.unlink(place / name)


@pytest.mark.parametrize("damage", [zero_header, cut_short])
def test_a_cache_without_a_header_or_an_end_is_made_anew(synced, new_mount, place, damage):
    mount = damaged(synced, new_mount, place, damage)
    check_good(look_at(mount), synced[2], damage.__name__)
    whole(mount, synced[2], damage.__name__)
    assert (place / "0.db.damaged-1").exists()
    assert not (place / "0.db.new").exists()


def content_page(raw, good):
    """One with nothing in it but the middle of a mail."""
    for _, content, _ in good.values():
        at = raw.find(content[PAGE:PAGE + 100])
        if at > 0:
            return at // PAGE
    raise AssertionError("no mail is longer than two pages")


def test_what_was_good_is_served_without_the_server_and_until_all_is_back(new_server, synced, new_mount, place):
    _, raw, good = synced
    server = new_server("--synthetic", f"{ewsfs.USER}:2:12:9000:7")
    mount = new_mount(server, dirty_log=True)
    mount.update()
    good = look_at(mount)
    mount.unmount()
    server.stop()
    raw = mount.cache.read_bytes()
    flip(mount.cache, content_page(raw, good), random.Random(1))
    mount.start()
    seen = look_at(mount)
    check_good(seen, good, "without a server")
    assert set(seen) == set(good) and 0 < sum(parts[1] is None for parts in seen.values()) < 4
    mount.kill()
    subprocess.run(["fusermount3", "-uz", str(mount.path)])
    mount.start()  # now it is known from the beginning
    assert look_at(mount) == seen
    held = open(mount.path / next(path for path, parts in seen.items() if parts[1]), "rb")
    inode = os.fstat(held.fileno()).st_ino
    server.start(port=server.port)
    mount.update()
    assert look_at(mount) == good
    assert os.fstat(held.fileno()).st_ino == inode and held.read()  # a reader of the old one reads on
    held.close()
    assert mount.status()["state"] == "idle"
    inodes = {path: os.stat(mount.path / path).st_ino for path in good}
    mount.unmount()
    assert mount.cache.with_name("m.db.new").exists()
    mount.start()
    assert look_at(mount) == good
    assert {path: os.stat(mount.path / path).st_ino for path in good} == inodes
    assert (place / "m.db.damaged-1").exists() and not (place / "m.db.new").exists()


@pytest.mark.parametrize("notify", ["off", "auto"])
def test_damage_met_while_mounted_mends_itself(new_server, new_mount, place, notify):
    server = new_server("--synthetic", f"{ewsfs.USER}:2:12:9000:7")
    mount = new_mount(server, f"notify={notify}", dirty_log=True)
    mount.update()
    good = look_at(mount)
    mount.unmount()
    flip(mount.cache, content_page(mount.cache.read_bytes(), good), random.Random(1))
    mount.start()
    seen = look_at(mount)  # nobody asks for more
    check_good(seen, good, "while mounted")
    end = time.monotonic() + 60
    while look_at(mount) != good:
        assert time.monotonic() < end, mount.status()
    text = mount.log_path.read_text()
    assert text.count("is made") == 1, text
    server.op("deliver", INBOX, count=2)
    server.op("change", INBOX, count=2)
    mount.update()
    check_against(mount, server)
