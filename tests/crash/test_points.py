# SPDX-License-Identifier: MIT
"""Killed at every fault point in turn, n = 1, 2, ... until a run completes (I1).

EWSFS_POINT_KILLS bounds the kills: then n is drawn, and no point is left out.
"""
import os
import random
import sqlite3

import ewsfs
import expected
import operations
import pytest
from remains import Remains
from victim import OPTIONS, SMALL_PAGES, Stage

KILLS = int(os.environ.get("EWSFS_POINT_KILLS", 36))
SEED = int(os.environ.get("EWSFS_SEED", 0)) or int.from_bytes(os.urandom(4), "big")
POINTS = {"txn.commit", "txn.committed", "pull.answer", "pull.page", "settle.batch", "fetch.batch",
          "hierarchy.listed", "hierarchy.apply"}


class DamagedStage(Stage):
    """The cache is damaged: what is left of it is nothing to go on from."""

    def remains(self, cache):
        try:
            return Remains(cache)
        except sqlite3.DatabaseError:
            return Remains(cache.with_name("none"))


class RebuiltStage(Stage):
    """Damage was met in the cache: it is served while another is made, of which nothing is there yet."""

    def new_cache(self):
        cache = super().new_cache()
        cache.with_name(f"{cache.name}-damaged").touch()
        return cache

    def remains(self, cache):
        return Remains(cache.with_name("none"))


@pytest.fixture
def base(new_server, place):
    """A server, and the cache of a mount that was in step with it; a folder was not shown then."""
    server = new_server("--synthetic", f"{ewsfs.USER}:3:7:1500:{SEED % 1000}")
    server.op("mkdir", "", name="Later")
    server.op("deliver", "Later", count=7)
    server.op("hide", "Later")
    cache = place / "base.db"
    mount = ewsfs.Mount(server.url, place / "base", cache, *OPTIONS, env=SMALL_PAGES)
    mount.update()
    mount.close()
    return server, cache


def change_much(server):
    """Some of everything that can happen, so that every kind of commit is due."""
    draw = random.Random(SEED)
    server.op("hide", "Later", hidden=False)
    for _ in range(2):
        generator = operations.Generator(draw, expected.truth_of(server))
        for make in generator.OFTEN + generator.SELDOM:
            operations.apply(server, make(generator) or generator.deliver())


def first_sync(server, cache, place):
    return Stage("first", server, place)


def changes(server, cache, place):
    change_much(server)
    return Stage("changes", server, place, cache)


def expired_states(server, cache, place):
    change_much(server)
    server.op("expire", None)
    return Stage("expired", server, place, cache, expired=set(Remains(cache).states.values()))


def damaged_cache(server, cache, place):
    with open(cache, "r+b") as file:
        file.write(b"\xa5" * 4096)
    return DamagedStage("damaged", server, place, cache, dirty_log=True)


def rebuilt_cache(server, cache, place):
    return RebuiltStage("rebuilt", server, place, cache, dirty_log=True)


STAGES = {
    first_sync: (KILLS // 4, POINTS),
    changes: (KILLS // 4, POINTS),
    expired_states: (KILLS // 3, POINTS | {"relist.begin", "relist.end"}),
    damaged_cache: (KILLS // 6, {"cache.aside"}),
    rebuilt_cache: (KILLS // 6, {"txn.commit", "hierarchy.apply", "settle.batch", "rebuild.whole"}),
}


def spread(passes, kills):
    """Point and n: one of each point in turn, the commits twice as often, until all had theirs."""
    draw = random.Random(SEED)
    left = {point: draw.sample(range(1, n + 1), n) for point, n in sorted(passes.items())}
    picked, before = [], -1
    while before < len(picked) < kills:
        before = len(picked)
        for point in ["txn.commit", *left]:
            if left.get(point):
                picked.append((point, left[point].pop()))
    return picked[:max(kills, len(passes) + 1)]


@pytest.mark.parametrize("begin", STAGES, ids=lambda begin: begin.__name__)
def test_killed_at_each_fault_point_it_goes_on_I1(begin, base, place):
    """I1: after a kill the store is an earlier consistent state, and running on gets in step."""
    print(f"EWSFS_SEED={SEED}")
    kills, points = STAGES[begin]
    stage = begin(*base, place)
    try:
        kill_all_over(stage, kills, points)
    finally:
        stage.close()


def kill_all_over(stage, kills, points):
    passes = stage.passes()
    assert points <= set(passes), f"never passed: {points - set(passes)}"
    died = 0
    for point, nth in spread({point: passes[point] for point in points}, kills):
        try:
            died += stage.kill_at(point, nth)
        except (AssertionError, OSError) as error:
            raise AssertionError(f"seed {SEED}, killed at {point}:{nth}: {error}") from error
    print(f"{stage.name}: {died} kills of {sum(passes.values())} passes")
    assert died > 0
