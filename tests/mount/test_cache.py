# SPDX-License-Identifier: MIT
"""The cache outlives the mount, and serves without a server."""
import os

import ewsfs


def snapshot(mount):
    """Everything that a user can see of a tree."""
    tree = {}
    for path in mount.files() + mount.directories():
        stat = path.stat()
        content = None if path.is_dir() else path.read_bytes()
        tree[str(path)] = (stat.st_ino, stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns,
                           stat.st_nlink, content, ewsfs.xattrs(path))
    return tree


def test_a_cache_serves_with_the_server_stopped(small, new_mount):
    mount = new_mount(small, dirty_log=True)
    mount.update()
    before = snapshot(mount)
    mount.unmount()
    small.stop()
    mount.start()
    assert snapshot(mount) == before
    try:
        mount.update()
        raise AssertionError("an update without a server must fail")
    except OSError as error:
        assert os.strerror(error.errno) == "Host is down"
    assert mount.status()["state"] == "offline"
    assert snapshot(mount) == before


def test_a_mount_goes_on_when_the_server_comes_back(small, new_mount, place):
    mount = new_mount(small, dirty_log=True)
    mount.update()
    files = set(mount.by_item_id())
    small.stop()
    small.start(port=small.port)
    mount.update()
    assert set(mount.by_item_id()) == files
    assert mount.status()["state"] == "idle"


def test_a_second_mount_on_a_cache_is_refused(small, new_mount, place):
    mount = new_mount(small)
    other = place / "other"
    other.mkdir()
    command = [*mount.command()[:-1], str(other)]
    result = ewsfs.run(*command, check=False)
    assert result.returncode != 0 and result.stderr.count("\n") == 1
    assert "cache" in result.stderr
    assert not os.path.ismount(other)


def test_a_dead_mount_that_the_kernel_remembers_is_mounted_over(small, new_mount):
    mount = new_mount(small)
    mount.update()
    before = snapshot(mount)
    mount.kill()
    os.stat(mount.path)  # answered from the kernel's memory, though nobody serves it
    mount.start()
    assert snapshot(mount) == before
