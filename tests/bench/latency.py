#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How long a new message takes from its delivery on the server to a reader of the mount, by streaming.

Prints one line: how many, median, 99th percentile and longest, in ms. A sample begins when the server
has answered the delivery and ends when the whole file has been read here. EWSFS_BUILD is the build to
look at. Arguments: number of samples (200), items in the mailbox before (10,000).
"""
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mount"))
import ewsfs  # noqa: E402

QUIET_S = 10.5  # as on a mailbox that was idle; those that follow come one after the other


def read_new(inbox, known):
    """Waits for a name that was not there, and reads it."""
    end = time.monotonic() + ewsfs.TIMEOUT_S
    while time.monotonic() < end:
        new = set(os.listdir(inbox)) - known
        if new:
            name, = new
            assert (inbox / name).read_bytes()
            known.add(name)
            return
        time.sleep(0.001)
    raise AssertionError("a message did not arrive")


def sample(server, inbox, known):
    server.op("deliver", "Inbox", count=1)
    begun = time.monotonic()
    read_new(inbox, known)
    return (time.monotonic() - begun) * 1000


def measure(samples_n, items_n, place):
    server = ewsfs.Server("--synthetic", f"{ewsfs.USER}:10:{items_n // 10}:3000")
    mount = ewsfs.Mount(server.url, place / "m", place / "cache.db", "notify=streaming", "poll=3600")
    try:
        mount.update()
        while "tells of changes" not in mount.log_path.read_text() or mount.status()["state"] != "idle":
            time.sleep(0.01)
        inbox = mount.path / "Inbox"
        known = set(os.listdir(inbox))
        times = []
        for n in range(samples_n):
            if n % 20 == 0:
                time.sleep(QUIET_S)
            times.append(sample(server, inbox, known))
        return times
    finally:
        mount.close()
        server.stop()


def main():
    samples_n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    items_n = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with tempfile.TemporaryDirectory(prefix="ewsfs-bench-") as place:
        times = sorted(measure(samples_n, items_n, pathlib.Path(place)))
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    print(f"delivery to readable: {len(times)} samples, median {statistics.median(times):.1f} ms, "
          f"p99 {p99:.1f} ms, longest {times[-1]:.1f} ms")


if __name__ == "__main__":
    main()
