"""What is measured, how often, and which ratios are wanted.

A new measure is a line in ``MEASURES`` and a method of ``Session``; a new target is a line in ``TARGETS``.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import work

if TYPE_CHECKING:
    from .contestant import Session

Samples = Mapping[tuple[str, str], list[float]]
"""For a measure's and a contestant's name, what was measured, in the measure's unit."""


@dataclass(frozen=True)
class Measure:
    """Something to measure.

    Attributes:
        name: for the command line and the JSON file.
        title: for the table, with the unit.
        count: how often in one session; 0 is for what a session has measured when it begins.
        take: does it once; returns seconds.
        unit: of what is shown and kept.
        value: makes that of seconds.
    """

    name: str
    title: str
    count: int
    take: Callable[[Session], float]
    unit: str
    value: Callable[[float], float]


def _milliseconds(seconds: float) -> float:
    return seconds * 1000


def _rate(seconds: float) -> float:
    return work.OUTPUT_SIZE / 1024 / seconds


MEASURES = (
    Measure("start", "start", 1, lambda session: session.start, "ms", _milliseconds),
    Measure("round-trip", "round trip of print(1)", 40, lambda session: session.round_trip(), "ms", _milliseconds),
    Measure("output", "256 KiB of output", 2, lambda session: session.output(), "KiB/s", _rate),
    Measure("interrupt", "interrupt", 3, lambda session: session.interrupt(), "ms", _milliseconds),
    Measure("completion", "completion of os.li", 10, lambda session: session.completion(), "ms", _milliseconds),
)


@dataclass(frozen=True)
class Target:
    """A number that is wanted, from two medians or one.

    Attributes:
        title: for the table.
        measure: the measure's name.
        ours: the contestant that it is about.
        other: the one it is compared with; ``""`` for none.
        combine: makes the number of the two medians (the second is 0 without another).
        unit: of the number.
        limit: the bound that it has to keep; None where the number is only told.
        at_least: whether the bound is a lower one.
    """

    title: str
    measure: str
    ours: str
    other: str
    combine: Callable[[float, float], float]
    unit: str = ""
    limit: float | None = None
    at_least: bool = False

    @property
    def between(self) -> set[str]:
        """The contestants that it needs."""
        return {name for name in (self.ours, self.other) if name}

    def value(self, samples: Samples) -> float | None:
        """Return the number; None where something for it is missing."""
        medians = [median(samples, self.measure, name) for name in (self.ours, self.other) if name]
        if None in medians:
            return None
        known = [number for number in medians if number is not None]
        return self.combine(known[0], known[1] if self.other else 0.0)

    def met(self, value: float) -> bool:
        """Whether the number keeps the bound, as precisely as it is shown."""
        if self.limit is None:
            return True
        return round(value, 2) >= self.limit if self.at_least else round(value, 2) <= self.limit


def median(samples: Samples, measure: str, contestant: str) -> float | None:
    """Return the median of what was measured; None where nothing was."""
    found = samples.get((measure, contestant))
    return statistics.median(found) if found else None


def _ratio(ours: float, other: float) -> float:
    return ours / other


def _difference(ours: float, other: float) -> float:
    return ours - other


def _alone(ours: float, _: float) -> float:
    return ours


TARGETS = (
    Target("round trip, this kernel / predecessor", "round-trip", "ours", "predecessor", _ratio, limit=1),
    Target("round trip, this kernel / ipykernel", "round-trip", "ours", "ipykernel", _ratio, limit=1),
    Target("output, this kernel / predecessor", "output", "ours", "predecessor", _ratio, limit=20, at_least=True),
    Target("start, this kernel / ipykernel", "start", "ours", "ipykernel", _ratio, limit=1.2),
    Target("interrupt, this kernel", "interrupt", "ours", "", _alone, "ms", limit=100),
    Target("round trip, this kernel - echo", "round-trip", "ours", "echo", _difference, "ms"),
    Target("round trip, of that the board", "round-trip", "bare", "", _alone, "ms"),
    Target("output, this kernel / bare line", "output", "ours", "bare", _ratio),
)
