#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/bench [--full] [--report FILE] [--place DIR] [--scale N] [ROW...]: ewsfs and its peers in turn.

Prints the table and writes the report. --full: all figures at their full size, without a limit of time.
--place: a directory on ext4 to work in. --scale N: N times fewer items, to try the scripts; its figures say
nothing, and the report says so.
"""
import argparse
import dataclasses
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mount"))
import ewsfs  # noqa: E402
import machine  # noqa: E402
import row_core  # noqa: E402
import row_deltas  # noqa: E402
import row_latency  # noqa: E402
import row_listing  # noqa: E402
import rows_read  # noqa: E402
import rows_scale  # noqa: E402
import rows_sync  # noqa: E402

MODULES = (rows_read, row_listing, rows_sync, row_deltas, rows_scale, row_core, row_latency)
HEAD = ("row", "what", "ewsfs", "peer", "ratio or figure", "target", "verdict")
WAIT_S = 3 * 3600


@dataclasses.dataclass
class Bench:
    """What the rows need to know of the run."""
    place: pathlib.Path
    is_full: bool
    scale: int
    read_runs_n: int = 5
    sync_runs_n: int = 3

    def few(self, number):
        return max(number // self.scale, 100)

    def say(self, text):
        print(f"  {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="contrib/bench")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--place", default="/var/tmp")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("rows", nargs="*", type=int, metavar="ROW")
    given = parser.parse_args()
    known = {row for module in MODULES for row in module.ROWS}
    if wrong := set(given.rows) - known:
        parser.error(f"no such row: {min(wrong)}; there are {', '.join(map(str, sorted(known)))}")
    given.rows = set(given.rows) or known
    given.report = given.report or (ewsfs.ROOT / "tests/bench/REPORT.md" if given.full
                                    else ewsfs.BUILD / "bench-report.md")
    return given


def line(cells):
    return f"| {' | '.join(cells)} |"


def measure(bench, module, wanted):
    """The figures of a module; each is told as soon as it is there."""
    for figure in module.measure(bench, wanted):
        if figure.theirs and not rows_read.is_ext4(bench.place) and "Maildir" in figure.sides[1]:
            figure.void = f"{bench.place} is not on ext4"
        print(line(figure.cells()), flush=True)
        yield figure


def notes(figures, of):
    """Each once, with the rows that it is about."""
    rows = {}
    for figure in figures:
        for note in of(figure):
            rows.setdefault(note, []).append(str(figure.row))
    return [f"- {', '.join(dict.fromkeys(numbers))}: {note}" for note, numbers in rows.items()]


def report(bench, figures, described, took_s):
    """In order of their rows."""
    figures = sorted(figures, key=lambda figure: figure.row)
    said = "everything" if bench.is_full else "the short run"
    lines = ["# Benchmark", "", *(f"- {text}" for text in described),
             f"- {said}, {took_s / 60:.0f} minutes; figures are median (minimum–maximum); ratios are of pairs of "
             "runs, one side after the other"]
    if bench.scale != 1:
        lines.append(f"- **{bench.scale} times fewer items: a trial of the scripts, no result**")
    lines += ["", line(HEAD), line(["---"] * len(HEAD)), *(line(figure.cells()) for figure in figures), "", "## Notes", ""]
    lines += notes(figures, lambda figure: figure.notes)
    if missed := notes(figures, lambda figure: figure.limits if "not met" in figure.verdict() else ()):
        lines += ["", "## What keeps a figure from its target", "", *missed]
    return "\n".join(lines) + "\n"


def main():
    given = arguments()
    ewsfs.TIMEOUT_S = WAIT_S  # of everything that is waited for
    begun = time.monotonic()
    figures = []
    described = machine.describe(given.place)
    print("\n".join(described), flush=True)
    for module in MODULES:
        if wanted := given.rows & set(module.ROWS):
            with tempfile.TemporaryDirectory(prefix="ewsfs-bench-", dir=given.place) as place:
                bench = Bench(pathlib.Path(place), given.full, given.scale)
                bench.say(f"rows {', '.join(map(str, sorted(wanted)))}")
                figures += measure(bench, module, wanted)
    text = report(Bench(pathlib.Path(given.place), given.full, given.scale), figures, described,
                  time.monotonic() - begun)
    given.report.write_text(text)
    print(f"report: {given.report}")
    return any("void" in figure.verdict() for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
