# SPDX-License-Identifier: MIT
"""A change on the server is right in the mount after `echo update > .ctl`, and nothing stale
remains in the kernel."""
import mmap
import os
import subprocess

import ewsfs
import pytest
from ewsfs import check_against

INBOX = "Inbox"


def listing(mount, directory=INBOX):
    """What ls -l shows of a directory: names with sizes and times, through the kernel's cache."""
    return ewsfs.run("ls", "-lA", "--time-style=full-iso", mount.path / directory).stdout


def warm(mount):
    """Fills every cache that the kernel has: names, attributes, listings, pages."""
    ewsfs.run("ls", "-lR", mount.path)
    ewsfs.run("grep", "-rc", "x", mount.path, check=False)


@pytest.fixture
def mount(small, new_mount):
    mount = new_mount(small)
    mount.update()
    warm(mount)
    return mount


def test_a_new_item_appears(small, mount):
    new, = small.op("deliver", INBOX, count=1)
    mount.update()
    assert new in mount.by_item_id()
    check_against(mount, small)


def test_a_changed_item_is_a_new_inode_under_its_name_I2(small, mount):
    """I2: an inode is immutable; readers of the old one read on."""
    before = mount.by_item_id()
    content = {item_id: path.read_bytes() for item_id, path in before.items()}
    held = {item_id: open(path, "rb") for item_id, path in before.items()}
    mapped = {item_id: mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for item_id, file in held.items()}
    half = {item_id: os.pread(file.fileno(), 100, 0) for item_id, file in held.items()}
    changed, = small.op("change", INBOX, count=1)
    mount.update()
    after = mount.by_item_id()
    assert after[changed].read_bytes() != content[changed]
    assert os.fstat(held[changed].fileno()).st_ino != after[changed].stat().st_ino
    assert os.fstat(held[changed].fileno()).st_nlink == 0
    for item_id in before:
        assert bytes(mapped[item_id]) == content[item_id]
        assert half[item_id] + os.pread(held[item_id].fileno(), 1 << 20, 100) == content[item_id]
    for item_id in set(before) - {changed}:
        assert after[item_id] == before[item_id]
        assert os.fstat(held[item_id].fileno()).st_ino == after[item_id].stat().st_ino
    for item_id in before:
        mapped[item_id].close()
        held[item_id].close()
    check_against(mount, small)


def test_a_category_changes_attributes_and_keeps_the_inode_I2(small, mount):
    """I2: identical bytes under a new change key are the same inode."""
    before = mount.by_item_id()
    inodes = {item_id: path.stat().st_ino for item_id, path in before.items()}
    changed, = small.op("change", INBOX, count=1, kind="category")
    mount.update()
    path = mount.by_item_id()[changed]
    assert path.stat().st_ino == inodes[changed]
    assert ewsfs.xattr(path, "user.ews.categories")
    check_against(mount, small)


def test_a_deleted_item_is_gone_and_its_readers_read_on(small, mount):
    before = mount.by_item_id()
    held = {item_id: open(path, "rb") for item_id, path in before.items()}
    content = {item_id: path.read_bytes() for item_id, path in before.items()}
    gone, = small.op("delete", INBOX, count=1)
    mount.update()
    assert gone not in mount.by_item_id()
    assert not before[gone].exists() and before[gone].name not in listing(mount)
    assert held[gone].read() == content[gone]
    for file in held.values():
        file.close()
    check_against(mount, small)


def test_a_moved_item_is_in_its_new_folder(small, mount):
    before = mount.by_item_id()
    new, = small.op("move", INBOX, count=1, to="Drafts")
    mount.update()
    after = mount.by_item_id()
    assert after[new].parent == mount.path / "Drafts" and new not in before
    assert len(set(before) - set(after)) == 1
    check_against(mount, small)


def test_a_read_flag_moves_ctime_only_and_costs_no_GetItem(small, mount):
    before = mount.by_item_id()
    stats = {item_id: path.stat() for item_id, path in before.items()}
    small.reset_requests()
    flagged, = small.op("flag", INBOX, count=1)
    mount.update()
    assert "GetItem" not in small.requests()
    stat = mount.by_item_id()[flagged].stat()
    old = stats[flagged]
    assert (stat.st_ino, stat.st_size, stat.st_mtime_ns) == (old.st_ino, old.st_size, old.st_mtime_ns)
    assert stat.st_ctime_ns > old.st_ctime_ns
    check_against(mount, small)


def test_an_unchanged_mailbox_costs_one_GetFolder_an_update(small, mount):
    small.reset_requests()
    mount.update()
    assert small.requests() == {"GetFolder": 1}


def test_folders_are_made_renamed_moved_hidden_and_deleted(small, mount):
    small.op("mkdir", INBOX, name="Projects")
    mount.update()
    projects = mount.path / INBOX / "Projects"
    assert projects.is_dir() and not list(projects.iterdir())
    small.op("deliver", "Inbox/Projects", count=3)
    mount.update()
    assert len(list(projects.iterdir())) == 3
    inode = projects.stat().st_ino
    contents = sorted(path.read_bytes() for path in projects.iterdir())

    small.op("rename", "Inbox/Projects", name="Works")
    mount.update()
    works = mount.path / INBOX / "Works"
    assert works.stat().st_ino == inode and not projects.exists()
    assert sorted(path.read_bytes() for path in works.iterdir()) == contents

    small.reset_requests()
    small.op("move", "Inbox/Works", to="Deleted Items")
    mount.update()
    moved = mount.path / "Deleted Items" / "Works"
    assert moved.stat().st_ino == inode and not works.exists()
    assert sorted(path.read_bytes() for path in moved.iterdir()) == contents
    assert "GetItem" not in small.requests()

    small.op("mkdir", INBOX, name="Secret")
    mount.update()
    assert (mount.path / INBOX / "Secret").is_dir()
    small.op("hide", "Inbox/Secret")
    mount.update()
    assert not (mount.path / INBOX / "Secret").exists()

    small.op("delete", "Deleted Items/Works")
    mount.update()
    assert not moved.exists() and "Works" not in os.listdir(mount.path / "Deleted Items")
    check_against(mount, small)


def test_a_whole_storm_of_changes_settles_in_one_update(small, mount):
    for _ in range(5):
        small.op("deliver", INBOX, count=40)
        small.op("change", INBOX, count=10)
        small.op("move", INBOX, count=7, to="Drafts")
        small.op("delete", INBOX, count=9)
        small.op("flag", INBOX, count=5)
    mount.update()
    check_against(mount, small)


def test_a_reader_in_the_middle_of_a_long_listing_misses_and_doubles_nothing(new_server, new_mount):
    server = new_server("--synthetic", f"{ewsfs.USER}:1:20000:300:9")
    mount = new_mount(server, "connections=4", "batch=100")
    mount.update()
    names = set(os.listdir(mount.path / INBOX))
    assert len(names) == 20_000
    seen = []
    with os.scandir(mount.path / INBOX) as entries:
        for entry in entries:
            seen.append(entry.name)
            if len(seen) == 1000:
                server.op("change", INBOX, count=300)
                server.op("delete", INBOX, count=200)
                server.op("deliver", INBOX, count=100)
                mount.update()
    after = set(os.listdir(mount.path / INBOX))
    stayed = names & after
    assert len(stayed) >= 19_500
    assert stayed <= set(seen), "a name that was there throughout was missed"
    assert len(seen) == len(set(seen)), "a name came twice"
    assert len(after) == 19_900
    listed = subprocess.run(["ls", "-lU", mount.path / INBOX], stdout=subprocess.PIPE, text=True, check=True)
    assert listed.stdout.count("\n") == 19_901


def test_directory_times_move_with_their_listing(small, mount):
    before = (mount.path / INBOX).stat()
    other = (mount.path / "Drafts").stat()
    small.op("deliver", INBOX, count=1)
    mount.update()
    after = (mount.path / INBOX).stat()
    assert after.st_mtime_ns > before.st_mtime_ns and after.st_ino == before.st_ino
    assert (mount.path / "Drafts").stat().st_mtime_ns == other.st_mtime_ns
