#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How long calls on a mount take while its server is no help: 10,000 items, 20 commands waiting.

Prints a line for each condition and kind of call: how many, median, 99th percentile and longest, in
ms; and how long cancel and unmount took. EWSFS_BUILD is the build to look at.
"""
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mount"))
import calls  # noqa: E402
import ewsfs  # noqa: E402

FOLDERS_N, ITEMS_N, COMMANDS_N = 25, 400, 20


def milliseconds(seconds):
    return f"{seconds * 1000:8.2f}"


def tell(condition, kind, times):
    times = sorted(times)
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    print(f"{condition:<24}{kind:<12}{len(times):>7}"
          f"{milliseconds(statistics.median(times))}{milliseconds(p99)}{milliseconds(times[-1])}")


def walk(mount, condition):
    times = {}
    watchdog = calls.Watchdog()
    for kind, work in calls.each_call(mount):
        times.setdefault(kind, []).append(watchdog.call(kind, work))
    for kind, taken in times.items():
        tell(condition, kind, taken)


def cancel_one(mount, watchdog):
    """A command that waits, and how long cancel takes to end it."""
    with calls.waiting_commands(mount, 1):
        place = mount.directories()[1]
        while "state: idle" in (place / ".ctl").read_text():
            time.sleep(0.001)
        return watchdog.call("cancel", lambda: calls.cancel(place))


def measure(name, condition, server, place):
    mount = ewsfs.Mount(server.url, place / "m", place / "cache.db", "timeout=600", dirty_log=True)
    mount.update()
    watchdog = calls.Watchdog()
    with condition(server):
        if name == "healthy":
            walk(mount, name)
        else:
            with calls.waiting_commands(mount, COMMANDS_N):
                walk(mount, name)
            tell(name, "cancel", [cancel_one(mount, watchdog) for _ in range(10)])
            with open(mount.path / ".ctl", "wb", buffering=0) as control:
                control.write(b"update nowait\n")
        tell(name, "unmount", [watchdog.call("unmount", mount.unmount)])


def main():
    server = ewsfs.Server("--synthetic", f"{ewsfs.USER}:{FOLDERS_N}:{ITEMS_N}:4000:3")
    print(f"{'server':<24}{'call':<12}{'n':>7}{'median':>8}{'p99':>8}{'max':>8}   (ms)")
    try:
        with ewsfs.temporary_directory() as place:
            for name, condition in calls.CONDITIONS.items():
                measure(name, condition, server, pathlib.Path(place))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
