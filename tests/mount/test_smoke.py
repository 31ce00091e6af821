# SPDX-License-Identifier: MIT
"""A mount's whole life in one test; it also runs under sanitizers."""
import ewsfs
import pytest


@pytest.mark.smoke
def test_a_mailbox_is_mounted_read_changed_and_unmounted(small, new_mount, place):
    mount = new_mount(small)
    mount.update()
    files = mount.by_item_id()
    assert len(files) == 30
    for path in files.values():
        assert len(path.read_bytes()) == path.stat().st_size
        assert ewsfs.xattrs(path)["user.ews.sync"] == "ok"

    new, = small.op("deliver", "Inbox", count=1)
    gone, = small.op("delete", "Inbox", count=1)
    flagged, = small.op("flag", "Inbox", count=1)
    before = ewsfs.xattr(files[flagged], "user.ews.is_read")
    small.op("mkdir", "Inbox", name="Later")
    small.op("move", "Inbox", count=1, to="Inbox/Later")
    mount.update()
    files = mount.by_item_id()
    assert new in files and gone not in files and len(files) == 30
    assert len(list((mount.path / "Inbox" / "Later").iterdir())) == 1
    assert flagged not in files or ewsfs.xattr(files[flagged], "user.ews.is_read") != before

    ewsfs.run("rsync", "-a", f"{mount.path}/", place / "copy")
    mount.unmount()
    assert not list(mount.path.iterdir())
    mount.start()
    assert set(mount.by_item_id()) == set(files)
