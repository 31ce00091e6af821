# SPDX-License-Identifier: MIT
"""contrib/bench judges what it measures as it should; a small run of it works."""
import sys

import ewsfs

sys.path.insert(0, str(ewsfs.ROOT / "tests/bench"))
from figures import Figure, Sample, Target, in_turn  # noqa: E402


def figure(**more):
    return Figure(2, "grep", Target(1.1), ("ewsfs", "Maildir"), **more)


def sides(ours, theirs, results=("same", "same")):
    """Two sides whose runs take these times one after the other."""
    ours, theirs = iter(ours), iter(theirs)
    return lambda: Sample(next(ours), results[0]), lambda: Sample(next(theirs), results[1])


def test_the_median_of_the_ratios_of_pairs_is_judged():
    done = in_turn(figure(), 3, *sides([1.0, 9.0, 1.0], [1.0, 3.0, 1.0]))
    assert done.values() == [1.0, 3.0, 1.0]
    assert done.verdict() == "met"
    assert in_turn(figure(), 1, *sides([1.2], [1.0])).verdict() == "**not met**"


def test_a_target_can_be_a_rate_and_times_faster():
    faster = Figure(7, "sync", Target(10, at_least=True), inverse=True)
    assert in_turn(faster, 1, *sides([1.0], [10.5])).verdict() == "met"
    assert Figure(13, "changes", Target(100000, at_least=True), ours=[99000.0]).verdict() == "**not met**"


def test_a_row_whose_sides_print_different_results_is_void():
    done = in_turn(figure(), 3, *sides([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], ("a", "b")))
    assert done.verdict().startswith("void: the sides differ: a and b")


def test_a_row_whose_bottleneck_is_the_server_does_not_count():
    assert figure(ours=[1.0], theirs=[1.0], uncounted="the server").verdict() == "does not count: the server"


def test_a_small_run_reads_the_same_from_both_sides(place):
    report = place / "report.md"
    said = ewsfs.run(sys.executable, ewsfs.ROOT / "tests/bench/run.py", "--scale", 200, "--place", place,
                     "--report", report, 2, 3, 12, check=False)
    assert said.returncode == 0, said.stderr
    rows = [line.split()[1] for line in report.read_text().splitlines() if line.startswith("| ")]
    assert rows == ["row", "---", "2", "3", "3", "12"]
    assert "void" not in report.read_text() and "a trial of the scripts" in report.read_text()
