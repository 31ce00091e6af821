# SPDX-License-Identifier: MIT
"""A disk that is full, read-only or failing, and a cache that is damaged: state `error`, reads go
on, nothing is half written, and it resumes by itself."""
import errno
import os
import random
import subprocess
import time

import ewsfs
import pytest
from test_changes import check_against

INBOX = "Inbox"
PAGE = 4096

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


def spoil(cache, page):
    with open(cache, "r+b") as file:
        file.seek(page * PAGE)
        file.write(random.Random(page).randbytes(PAGE))


def read_what_can_be(mount):
    """Every file that can be found and read, by its path; what cannot be is an error, never wrong."""
    good = {}
    try:
        for path in mount.files():
            try:
                good[str(path)] = path.read_bytes()
            except OSError as error:
                assert error.errno == errno.EIO
    except OSError as error:
        assert error.errno == errno.EIO
    return good


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    """A cache as it was written, and the server it is of."""
    place = tmp_path_factory.mktemp("synced")
    server = ewsfs.Server("--synthetic", f"{ewsfs.USER}:2:12:20000:7")
    mount = ewsfs.Mount(server.url, place / "m", place / "m.db")
    mount.update()
    good = {path.relative_to(mount.path): path.read_bytes() for path in mount.files()}
    mount.unmount()
    yield server, place / "m.db", good
    server.stop()


@pytest.mark.parametrize("part", range(12))
def test_a_cache_damaged_in_any_page_is_made_anew(synced, new_mount, place, part):
    server, cache, good = synced
    raw = cache.read_bytes()
    page = len(raw) // PAGE * part // 12
    mine = place / "m.db"
    mine.write_bytes(raw)
    mine.chmod(0o600)
    spoil(mine, page)
    mount = new_mount(server, cache=mine, dirty_log=True)
    for path, content in read_what_can_be(mount).items():
        assert content == good[ewsfs.pathlib.Path(path).relative_to(mount.path)], f"page {page}: {path} is wrong"
    try:
        mount.update()
    except OSError:
        assert mount.status()["state"] == "error"
    damaged = mount.status()["state"] == "error"
    mount.unmount()
    mount.start()
    mount.update()
    assert mount.status()["state"] == "idle"
    assert {path.relative_to(mount.path): path.read_bytes() for path in mount.files()} == good
    if damaged:
        aside = [name for name in os.listdir(place) if ".damaged-" in name]
        assert aside, "a damaged file is kept"
