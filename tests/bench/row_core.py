# SPDX-License-Identifier: MIT
"""How fast the engine takes in a mailbox that no network and no server holds up (core.c), on one core."""
import ewsfs
import machine
from figures import Figure, Target

ROWS = (13,)
ITEMS_N, SIZE = 20000, 10000
LARGE_N, LARGE_SIZE = 2000, 100000
MB = 1000000


def run(place, items_n, size):
    """{what: (so many a second, so many a second of the processor)}; the messages lie on the disk then."""
    _, printed = machine.timed("taskset", "-c", "0", ewsfs.BUILD / "tests/bench/bench-core", place, items_n, size)
    for path in place.glob("core.db*"):
        path.unlink()
    return {what: (int(n) / float(took), int(n) / float(cpu))
            for what, n, took, cpu in map(str.split, printed.decode().splitlines())}


def bare(place, items_n, size):
    """Seconds of the processor for a message of which SQLite keeps the bytes, and nothing else is done."""
    _, printed = machine.timed("taskset", "-c", "0", ewsfs.BUILD / "tests/bench/bench-bare", place, items_n, size)
    for path in place.glob("bare.db*"):
        path.unlink()
    return float(printed.split()[3]) / items_n


def measure(bench, wanted):
    del wanted
    changes = Figure(13, "IdOnly changes parsed and applied a second", Target(100000, True, "/s"), unit="/s")
    content = Figure(13, "MIME decoded and stored a second, messages of 10 KB", Target(100, True, "MB/s"),
                     unit="MB/s")
    for _ in range(bench.read_runs_n):
        rates = run(bench.place, bench.few(ITEMS_N), SIZE)
        changes.ours.append(rates["changes"][0])
        content.ours.append(rates["mime"][0] / MB)
    changes.notes.append(f"{rates['changes'][1]:,.0f} a second of the processor's time")
    content.notes.append(f"{rates['mime'][1] / MB:,.0f} MB a second of the processor's time")
    content.limits.append(f"SQLite alone takes {bare(bench.place, bench.few(ITEMS_N), SIZE) * 1e6:.0f} µs of the "
                          f"{SIZE / rates['mime'][1] * 1e6:.0f} µs that the processor has for a message of 10 KB, when "
                          "all it gets are the bytes (bench-bare)")
    large = run(bench.place, bench.few(LARGE_N), LARGE_SIZE)["mime"]
    content.notes.append(f"with messages of {LARGE_SIZE // 1000} KB {large[0] / MB:,.0f} MB/s, "
                         f"{large[1] / MB:,.0f} of the processor's time")
    yield changes
    yield content
