#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What QUIRKS.md says of servers is pinned by tests: each line names files that are there, and tests that are in them."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
faults, rows = [], 0
for number, line in enumerate((root / "QUIRKS.md").read_text().splitlines(), 1):
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if not line.startswith("|") or cells[-1] in ("test", "---"):
        continue
    rows += 1
    where = f"QUIRKS.md:{number}"
    if len(cells) != 3 or not all(cells):
        faults.append(f"{where}: not a behaviour, what we do, and a test")
    named = re.findall(r"`([^`]+)`", cells[-1])
    texts = [(root / name).read_text() for name in named if "/" in name and (root / name).is_file()]
    if not texts:
        faults.append(f"{where}: no test")
    for name in named:
        if "/" in name and not (root / name).is_file():
            faults.append(f"{where}: there is no {name}")
        if "/" not in name and not any(re.search(rf"\b{name}\(", text) for text in texts):
            faults.append(f"{where}: there is no {name} there")
print("\n".join(faults) or f"quirks: {rows} lines, each with its test")
sys.exit(bool(faults) or not rows)
