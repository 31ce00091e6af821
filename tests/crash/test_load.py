# SPDX-License-Identifier: MIT
"""Killed by SIGKILL at any moment, while everybody else goes on working (I1).

EWSFS_RANDOM_KILLS is the number of kills, EWSFS_SEED the seed that the first line names.
"""
import os
import random
import threading

import ewsfs
import expected
import keys
import operations
from remains import Remains
from victim import OPTIONS, SMALL_PAGES, check_requests, check_tree, clear_away

KILLS = int(os.environ.get("EWSFS_RANDOM_KILLS", 16))
SEED = int(os.environ.get("EWSFS_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
LIFE_S = 0.4  # at most


class Worker(threading.Thread):
    """Does a piece of work again and again, until it is told to stop or meets a dead mount."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.stopping, self.error = work, threading.Event(), None
        self.start()

    def run(self):
        try:
            while not self.stopping.is_set():
                self.work()
        except OSError:
            pass
        except Exception as error:  # told to who waits
            self.error = error

    def stop(self):
        self.stopping.set()
        self.join(ewsfs.TIMEOUT_S)
        assert not self.is_alive(), "somebody waits for ever for a mount that was killed"
        if self.error:
            raise self.error


def read_all(mount):
    for path in mount.files():
        path.read_bytes()


def live_and_die(server, mount, draw, displaced):
    """Some moments of life under load; what the others do stops with the mount."""
    def work():
        generator = operations.Generator(draw, expected.truth_of(server, with_mime=False))
        generator.displaced = displaced
        for operation in generator.draw_many(6):
            operations.apply(server, operation)

    moment = draw.random() * LIFE_S
    workers = [Worker(work), Worker(mount.update), Worker(lambda: read_all(mount))]
    workers[0].join(moment)
    mount.kill()
    for worker in workers:
        worker.stop()


def test_killed_at_any_moment_it_goes_on_I1(new_server, place):
    """I1: nothing lost, doubled or half there; inodes and what was committed stay."""
    print(f"EWSFS_SEED={SEED}")
    server = new_server("--synthetic", f"{ewsfs.USER}:4:12:2500:{SEED % 1000}")
    draw, memory, cache = random.Random(SEED), expected.Memory(), place / "cache.db"
    versions, before = keys.Keys(), {}
    mount = ewsfs.Mount(server.url, place / "m", cache, *OPTIONS, env=SMALL_PAGES,
                        dirty_log=True)  # folders go while they are looked at
    try:
        for number in range(KILLS):
            displaced = set()
            live_and_die(server, mount, draw, displaced)
            remains, folders = Remains(cache), expected.truth_of(server)
            server.reset_requests()
            mount.start()
            mount.update()
            unsure = expected.below(before, displaced) | expected.below(folders, displaced)
            before = expected.truth_of(server)
            versions.note(before, expected.places(before), unsure)
            try:
                check_requests(server, remains, folders)
                check_tree(mount, before, memory, versions)
            except AssertionError as error:
                raise AssertionError(f"seed {SEED}, kill {number}: {error}") from error
    finally:
        try:
            mount.close()
        finally:
            clear_away(mount.path)
    Remains(cache)
    print(f"load: {KILLS} kills of {KILLS} mounts")
