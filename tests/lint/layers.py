#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Calls go down only: reads the includes of src/ and fails on one that the architecture forbids."""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": set(),
    "model": {"base"},
    "http": {"base"},
    "store": {"model", "base"},
    "ews": {"http", "model", "base"},
    "discover": {"ews", "http", "model", "base"},
    "sync": {"discover", "ews", "store", "model", "base"},
    "mailbox": {"sync", "store", "model", "base"},
    "fs": {"mailbox", "model", "base"},
    # Tries a login step by step, beside the engine and below main alone.
    "check": {"discover", "ews", "http", "model", "base"},
    "options": {"model", "base"},
    "ctl": {"model", "base"},
}
# A notification inside a request or under a lock hangs the mount for good.
NOTIFY_FILES = {"fs/notify.c", "fs/push.c"}

src = pathlib.Path(sys.argv[1]) / "src"
faults = []
for path in sorted(src.glob("*/*.[ch]")):
    layer = path.parent.name
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(src)}:{number}"
        found = re.match(r'\s*#\s*include\s*"(\w+)/', line)
        if found and found[1] not in MAY_INCLUDE[layer] | {layer}:
            faults.append(f"{where}: {layer} must not include {found[1]}")
        if "fuse_lowlevel_notify_" in line.split("/*")[0] and str(path.relative_to(src)) not in NOTIFY_FILES \
                and not line.lstrip().startswith("*"):
            faults.append(f"{where}: only {', '.join(sorted(NOTIFY_FILES))} may notify the kernel")
print("\n".join(faults) or "layers: clean")
sys.exit(bool(faults))
