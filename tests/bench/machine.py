# SPDX-License-Identifier: MIT
"""The machine below the benchmark: its caches, its disk, what runs on it, and commands that are timed."""
import datetime
import hashlib
import os
import pathlib
import platform
import re
import subprocess
import tempfile
import time

import ewsfs

PACKAGES = ("libfuse3-3", "libcurl4", "libsqlite3-0", "libxml2", "libmicrohttpd12", "curl", "grep", "findutils",
            "coreutils", "rsync", "davmail-server", "isync", "python3-exchangelib")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


def drop_caches():
    """Of files, directories and inodes, after all is on the disk."""
    os.sync()
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n")


def filesystem(place):
    """(type, mount options) of the filesystem that a place is on."""
    said = ewsfs.run("findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T", place).stdout.split()
    return said[0], said[1]


def cpu_seconds(pid):
    """What a process has used so far, all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def timed(*command, status=0, env=None):
    """(seconds, output) of a command that must end so and complain of nothing."""
    with tempfile.TemporaryFile(dir="/dev/shm") as output, tempfile.TemporaryFile(dir="/dev/shm") as errors:
        begun = time.monotonic()
        ended = subprocess.run([str(word) for word in command], stdout=output, stderr=errors,
                               stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C", **(env or {})})
        took = time.monotonic() - begun
        output.seek(0)
        errors.seek(0)
        complaint = errors.read(500)
        assert ended.returncode == status and not complaint, f"{command}: {ended.returncode} {complaint}"
        return took, output.read()


def checksum(data):
    return hashlib.sha256(data).hexdigest()[:16]


def processor():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def memory_mib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB


def versions():
    wanted = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return wanted.split("\n")[:-1]


def commit():
    """Of the source; with a mark when something is not committed."""
    git = ("git", "-C", ewsfs.ROOT)
    known = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip()
    dirty = subprocess.run([*git, "status", "--porcelain", "--", "src"], capture_output=True, text=True).stdout
    return known + (" and changes" if dirty else "")


def describe(place):
    """Lines that say where figures come from."""
    kind, options = filesystem(place)
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    return [
        f"Date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC; load before: {load}",
        f"Machine: {processor()}, {os.cpu_count()} cores, {memory_mib():,} MiB, {platform.system()} "
        f"{platform.release()}",
        f"Disk: {kind} ({options}); below a virtual disk its host may keep a cache that nobody here can drop",
        f"ewsfs: {ewsfs.run(ewsfs.EWSFS, '-V').stdout.splitlines()[0]}, commit {commit()}",
        f"Packages: {', '.join(versions())}",
    ]
