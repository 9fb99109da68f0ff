"""Which numbers are wanted. A new one is a line in ``TARGETS``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .material import RANDOM, SIZES
from .measures import MEASURES, SLOW, UNTHROTTLED
from .pace import BITS_PER_BYTE

Samples = Mapping[tuple[str, str], list[float]]
"""For a measure's and a contestant's name, what was measured, in the measure's unit."""


@dataclass(frozen=True)
class Target:
    """A number that is wanted, from two medians or one.

    Attributes:
        title: for the table.
        measure: the measure's name.
        combine: makes the number of the two medians (the second is 0 without another).
        others: the contestants that this kernel is compared with: the best of them; ``()`` for none.
        line: the line's name.
        ours: the contestant that it is about.
        unit: of the number.
        limit: the bound that it has to keep; None where the number is only told.
        at_least: whether the bound is a lower one.
    """

    title: str
    measure: str
    combine: Callable[[float, float], float]
    others: tuple[str, ...] = ()
    line: str = UNTHROTTLED
    ours: str = "ours"
    unit: str = ""
    limit: float | None = None
    at_least: bool = False

    @property
    def unsolicited(self) -> set[str]:
        """The contestants that it needs."""
        return {self.ours, *self.others}

    def value(self, samples: Samples) -> float | None:
        """Return the number, from the samples of its line; None where something for it is missing."""
        mine = median(samples, self.measure, self.ours)
        theirs = [found for name in self.others if (found := median(samples, self.measure, name)) is not None]
        if mine is None or (self.others and not theirs):
            return None
        return self.combine(mine, best(self.measure, theirs) if theirs else 0.0)

    def met(self, value: float) -> bool:
        """Whether the number keeps the bound, as precisely as it is shown."""
        if self.limit is None:
            return True
        return round(value, 2) >= self.limit if self.at_least else round(value, 2) <= self.limit


def median(samples: Samples, measure: str, contestant: str) -> float | None:
    """Return the median of what was measured; None where nothing was."""
    found = samples.get((measure, contestant))
    return statistics.median(found) if found else None


def best(measure: str, numbers: list[float]) -> float:
    """Return the best of some numbers: the highest rate, the lowest of everything else."""
    unit = next(one.unit for one in MEASURES if one.name == measure)
    return max(numbers) if unit.endswith("/s") else min(numbers)


def _ratio(ours: float, other: float) -> float:
    return ours / other


def _times_as_fast(ours: float, other: float) -> float:
    return other / ours


def _difference(ours: float, other: float) -> float:
    return ours - other


def _alone(ours: float, _: float) -> float:
    return ours


def _of_the_baud_rate(seconds: float, _: float) -> float:
    return SIZES[RANDOM] * BITS_PER_BYTE / 115200 / seconds


_WIRE = ("bare",)
_MPREMOTE = ("mpremote",)
_WITH_BOARD = ("predecessor", "magic", "mpremote")
_FILES = ("write-source", "read-source", "write-random", "read-random")

TARGETS = (
    Target("write source / bare wire", "write-source", _ratio, _WIRE, SLOW, limit=0.35),
    Target("write random / bare wire", "write-random", _ratio, _WIRE, SLOW, limit=1.10),
    Target("read source / bare wire", "read-source", _ratio, _WIRE, SLOW, limit=1.12),
    Target("read random / bare wire", "read-random", _ratio, _WIRE, SLOW, limit=1.12),
    Target("bare wire's rate / baud rate", "write-random", _of_the_baud_rate, line=SLOW, ours="bare"),
    Target("sync / mpremote", "sync", _ratio, _MPREMOTE, SLOW, limit=0.05),
    *(
        Target(
            f"{name.replace('-', ' ')}, times as fast as mpremote",
            name,
            _times_as_fast,
            _MPREMOTE,
            limit=8,
            at_least=True,
        )
        for name in _FILES
    ),
    Target("output / best with a board", "output", _ratio, _WITH_BOARD, limit=25, at_least=True),
    Target("output / predecessor", "output", _ratio, ("predecessor",), limit=20, at_least=True),
    Target("output / bare line", "output", _ratio, _WIRE, limit=0.5, at_least=True),
    Target("round trip - echo", "round-trip", _difference, ("echo",), unit="ms", limit=2),
    Target("round trip / predecessor", "round-trip", _ratio, ("predecessor",), limit=1),
    Target("round trip / ipykernel", "round-trip", _ratio, ("ipykernel",), limit=1),
    Target("round trip, of that the board", "round-trip", _alone, ours="bare", unit="ms"),
    Target("start / ipykernel", "start", _ratio, ("ipykernel",), limit=1.05),
    Target("memory / ipykernel", "memory", _ratio, ("ipykernel",), limit=1.1),
    Target("interrupt", "interrupt", _alone, unit="ms", limit=100),
    Target("board's memory taken", "left-memory", _alone, unit="bytes", limit=200),
    Target("names left on the board", "left-names", _alone, limit=0),
)
