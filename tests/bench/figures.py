# SPDX-License-Identifier: MIT
"""What a row of the benchmark comes to: two sides measured in turn, their ratios, and whether that is enough."""
import dataclasses
import statistics
import typing


@dataclasses.dataclass(frozen=True)
class Target:
    limit: float
    at_least: bool = False
    unit: str = "×"

    def __str__(self):
        return f"{'≥' if self.at_least else '≤'} {self.limit:,g} {self.unit}"

    def is_met(self, value):
        return value >= self.limit if self.at_least else value <= self.limit


@dataclasses.dataclass
class Sample:
    """One run of one side. `result`: what it printed, in a form that the other side's must equal."""
    value: float
    result: typing.Any = None


@dataclasses.dataclass
class Figure:
    """A line of the table. Without `theirs`, ours are held against the target themselves."""
    row: int
    what: str
    target: Target | None
    sides: tuple[str, str] = ("ewsfs", "")
    unit: str = "s"
    inverse: bool = False  # the target speaks of theirs / ours
    ours: list[float] = dataclasses.field(default_factory=list)
    theirs: list[float] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    limits: list[str] = dataclasses.field(default_factory=list)  # measured too: what keeps it from its target
    alone: str = ""      # the server's own rate, where one is in play
    void: str = ""       # why the row says nothing
    uncounted: str = ""  # why it does not count

    def values(self):
        if not self.theirs:
            return self.ours
        return [theirs / ours if self.inverse else ours / theirs
                for ours, theirs in zip(self.ours, self.theirs)]

    def verdict(self):
        if self.void or not self.values():
            return f"void: {self.void or 'not measured'}"
        if self.uncounted:
            return f"does not count: {self.uncounted}"
        if not self.target:
            return "reported"
        return "met" if self.target.is_met(statistics.median(self.values())) else "**not met**"

    def spread(self, values):
        if not values:
            return "–"
        low, middle, high = min(values), statistics.median(values), max(values)
        return show(middle) if low == high else f"{show(middle)} ({show(low)}–{show(high)})"

    def cells(self):
        """Of the table: row, what, ours, theirs, the figure that is judged, target, verdict."""
        theirs = f"{self.sides[1]}: {self.spread(self.theirs)} {self.unit}" if self.theirs else "–"
        if self.alone:
            theirs += f"; the server alone: {self.alone}"
        judged = f"{self.spread(self.values())} {'×' if self.theirs else self.unit}"
        return (str(self.row), self.what, f"{self.sides[0]}: {self.spread(self.ours)} {self.unit}", theirs,
                judged, str(self.target or "–"), self.verdict())


def show(value):
    """Three digits, or all of those before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{3 if abs(value) < 1 else 2 if abs(value) < 10 else 1}f}"


def in_turn(figure, runs_n, ours, theirs):
    """Each side once in every run, the one that begins changing; each is a function that answers a
    Sample, of which the results must be the same."""
    for run in range(runs_n):
        order = (ours, theirs) if run % 2 == 0 else (theirs, ours)
        samples = {side: side() for side in order}
        figure.ours.append(samples[ours].value)
        figure.theirs.append(samples[theirs].value)
        if samples[ours].result != samples[theirs].result:
            figure.void = f"the sides differ: {samples[ours].result} and {samples[theirs].result}"
            break
    return figure
