# SPDX-License-Identifier: MIT
"""An ewsfs that is killed, and what is asked of the one after it."""
import collections
import pathlib
import shutil
import subprocess

import ewsfs
import expected
from remains import Remains

STATUS = 100  # of a process that ended at a fault point
OPTIONS = ("batch=2", "connections=2")
SMALL_PAGES = {"EWSFS_PAGE_MAX": "3"}


def check_requests(server, remains, folders, expired=()):
    """Nothing that was committed is listed or asked for again."""
    requests = server.requests()
    asked = requests.get("GetItem.items", 0)
    listed = requests.get("SyncFolderItems.initial", 0)
    owed, unlisted = remains.owed_items(folders), remains.unlisted_folders(folders, expired)
    assert asked <= owed, f"{asked} items were asked for, {owed} were not here yet"
    assert listed <= unlisted, f"{listed} folders were listed afresh, {unlisted} had no state"


def check_tree(mount, folders, memory=None, versions=None):
    """Nothing is lost, doubled or half there."""
    wrong = expected.differences(mount, folders, memory, versions)
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:20])


def clear_away(mountpoint):
    """Leaves no dead mount behind, whatever failed."""
    subprocess.run(["fusermount3", "-uzq", str(mountpoint)], timeout=ewsfs.TIMEOUT_S)


def discard(cache):
    for path in cache.parent.glob(cache.name + "*"):
        path.unlink()


class Stage:
    """A server, and the cache from which every victim starts: None for no cache at all."""

    def __init__(self, name, server, place, base=None, expired=(), dirty_log=False):
        self.name, self.server, self.base, self.expired = name, server, base, expired
        self.place = place / name
        self.place.mkdir()
        self.dirty_log = dirty_log
        self.victims = 0

    def mount(self, cache, **env):
        return ewsfs.Mount(self.server.url, self.place / "m", cache, *OPTIONS,
                           dirty_log=self.dirty_log, env={**SMALL_PAGES, **env})

    def new_cache(self):
        self.victims += 1
        cache = self.place / f"{self.victims}.db"
        if self.base:
            shutil.copy(self.base, cache)
        return cache

    def passes(self):
        """How often a whole run passes each fault point."""
        cache = self.new_cache()
        listing = pathlib.Path(f"{cache}.points")
        mount = self.mount(cache, EWSFS_FAULT_LIST=str(listing))
        mount.update()
        mount.close()
        points = collections.Counter(listing.read_text().split())
        discard(cache)
        return points

    def kill_at(self, point, nth):
        """False when a whole run does not come to that point so often."""
        cache = self.new_cache()
        died = self.run_to_death(cache, f"{point}:{nth}:exit")
        if died:
            self.check_restart(cache)
        discard(cache)
        return died

    def run_to_death(self, cache, fault):
        try:
            mount = self.mount(cache, EWSFS_FAULT=fault)
        except AssertionError as error:
            assert f"ended with {STATUS} " in str(error), error
            return True
        try:
            mount.update()
        except OSError:
            assert mount.process.wait(ewsfs.TIMEOUT_S) == STATUS
            return True
        mount.close()
        return mount.process.returncode == STATUS

    def check_restart(self, cache):
        remains = self.remains(cache)
        folders = expected.truth_of(self.server)
        self.server.reset_requests()
        mount = self.mount(cache)
        try:
            mount.update()
            check_requests(self.server, remains, folders, self.expired)
            check_tree(mount, folders)
        finally:
            mount.close()
        Remains(cache)

    def remains(self, cache):
        return Remains(cache)

    def close(self):
        clear_away(self.place / "m")
