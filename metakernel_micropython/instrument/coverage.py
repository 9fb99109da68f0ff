"""Which lines and branches of a program were run: what ``%%coverage`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ..display.html import text_rows
from ..host.paths import visible
from .reached import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Collection

    from .request import Rewritten

_HEAD = ("Name", "Statements", "Missed", "Branches", "Partial", "Cover", "Missing")


@dataclass(frozen=True)
class Coverage:
    """What was run of one source.

    Attributes:
        name: what it is called.
        source: its text.
        lines: the lines on which statements begin, each with whether one of them was reached.
        branches: the lines of conditions, each with the targets (-1: out of the block) that were and were not taken.
        ends: the last line of the statement that begins on a line.
    """

    name: str
    source: str
    lines: dict[int, bool]
    branches: dict[int, dict[int, bool]]
    ends: dict[int, int]

    @property
    def missed(self) -> list[int]:
        """The lines that were not reached."""
        return [line for line, reached in self.lines.items() if not reached]

    @property
    def partial(self) -> dict[int, list[int]]:
        """The lines of conditions that went one way only, each with the targets that were not taken."""
        found = {}
        for line, targets in self.branches.items():
            left = [target for target, taken in targets.items() if not taken]
            if left and len(left) < len(targets):
                found[line] = left
        return found

    @property
    def percent(self) -> float:
        """The share of statements and branches that was run, as coverage.py counts it."""
        ways = [taken for targets in self.branches.values() for taken in targets.values()]
        total = len(self.lines) + len(ways)
        return 100 * (len(self.lines) - len(self.missed) + sum(ways)) / total if total else 100.0


def coverage_of(name: str, source: str, result: Rewritten, called: Collection[int]) -> Coverage:
    """Return what was run of a source.

    Statements of which no probe can tell whether they were reached do not count.

    Args:
        name: what it is called.
        source: its text.
        result: the same with probes.
        called: the probes that were called.
    """
    hit = {*called, ALWAYS}
    lines: dict[int, bool] = {}
    ends: dict[int, int] = {}
    for one in result.statements:
        if one.proofs:
            lines[one.line] = lines.get(one.line, False) or not hit.isdisjoint(one.proofs)
            ends[one.line] = max(one.end, ends.get(one.line, 0))
    branches: dict[int, dict[int, bool]] = {}
    for way in result.branches:
        branches.setdefault(way.line, {})[way.target] = not hit.isdisjoint(way.proofs)
    return Coverage(name, source, dict(sorted(lines.items())), branches, ends)


def as_text(found: list[Coverage]) -> str:
    """Return the summary as a table of text."""
    return text_rows(_HEAD, [_summary(one) for one in found])


def as_html(found: list[Coverage]) -> str:
    """Return the summary as HTML, with each source: what was not run is marked, a click folds it."""
    left = "text-align:left;padding:0.1em 0.8em 0.1em 0"
    lines = []
    for tag, cells in [("th", _HEAD), *(("td", _summary(one)) for one in found)]:
        lines.append("".join(f'<{tag} style="{left}">{escape(cell)}</{tag}>' for cell in cells))
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>{rows}</table>{''.join(map(_annotated, found))}"


def _annotated(one: Coverage) -> str:
    marks: dict[int, tuple[str, str]] = {}
    for line, reached in one.lines.items():
        for number in range(line, one.ends[line] + 1):
            if number == line or number not in one.lines:
                marks.setdefault(number, ("#2e7d32", "") if reached else ("#c62828", "not run"))
    for line, targets in one.partial.items():
        where = ", ".join(f"line {target}" if target > 0 else "what follows the block" for target in sorted(targets))
        marks[line] = ("#f9a825", f"never went on to {where}")
    rows = []
    for number, text in enumerate(one.source.split("\n"), 1):
        color, said = marks.get(number, ("transparent", ""))
        note = f'<span style="opacity:0.7">  # {escape(said)}</span>' if said else ""
        style = f"border-left:0.4em solid {color};background:{color}22;white-space:pre;padding-left:0.5em"
        rows.append(f'<div style="{style}">{number:4}  {escape(visible(text))}{note}</div>')
    title = f"<summary>{escape(one.name)}: {one.percent:.0f} %</summary>"
    return f'<details open>{title}<div style="font-family:monospace">{"".join(rows)}</div></details>'


def _summary(one: Coverage) -> tuple[str, ...]:
    ways = sum(map(len, one.branches.values()))
    missing = [_range(first, last) for first, last in _runs(one)]
    missing += [f"{line}->{target if target > 0 else 'end'}" for line, left in one.partial.items() for target in left]
    numbers = (len(one.lines), len(one.missed), ways, len(one.partial))
    return (visible(one.name), *map(str, numbers), f"{one.percent:.0f}%", ", ".join(missing))


def _runs(one: Coverage) -> list[tuple[int, int]]:
    """Return the lines that were not reached as first and last lines of runs that hold no other statement."""
    runs: list[tuple[int, int]] = []
    before = False
    for line, reached in one.lines.items():
        if not reached:
            runs = [*runs[:-1], (runs[-1][0], line)] if before else [*runs, (line, line)]
        before = not reached
    return runs


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
