"""Calls and times of functions: what ``%%prof`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ..display.html import text_rows
from ..host.paths import visible
from .line_times import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .board_probes import Kept
    from .request import Rewritten

_HEAD = ("Calls", "Own", "Total", "Per call", "%", "Function", "Where")


@dataclass(frozen=True)
class FunctionTime:
    """What was measured of one function.

    Attributes:
        name: with the class, or the function, that it is defined in; what stands outside of functions has none.
        where: the cell or the file, as it is shown.
        line: that of its header, counted from 1.
        calls: how often it began.
        own: microseconds in it, without those in other functions that were measured.
        total: microseconds in it and all that it called; calls of itself within a call count once.
        share: its own time as a part of that of all functions, from 0 to 1.
    """

    name: str
    where: str
    line: int
    calls: int
    own: int
    total: int
    share: float


def function_times(sources: Sequence[tuple[str, Rewritten]], kept: Mapping[int, Kept]) -> list[FunctionTime]:
    """Return what was measured of each function that was called, those with the most time of their own first.

    Args:
        sources: names of sources, each with its result.
        kept: what the board has kept, by the probe's number.
    """
    all_own = sum(one.own for one in kept.values())
    found = [
        FunctionTime(
            probe.function, name, probe.line, one.hits, one.own, one.microseconds, one.own / all_own if all_own else 0
        )
        for name, result in sources
        for probe in result.probes
        if (one := kept.get(probe.number)) is not None
    ]
    return sorted(found, key=lambda one: (-one.own, -one.total))


def as_text(rows: Sequence[FunctionTime]) -> str:
    """Return the functions as a table of text."""
    return text_rows(_HEAD, [_cells(row) for row in rows])


def as_html(rows: Sequence[FunctionTime]) -> str:
    """Return the functions as a table of HTML; a bar behind a name is its share of the time."""
    right, left = "text-align:right;padding:0 0.8em 0 0", "text-align:left;padding:0 0.8em 0 0"
    styles = [right] * 5 + [left] * 2
    head = "".join(f'<th style="{style}">{title}</th>' for style, title in zip(styles, _HEAD, strict=True))
    lines = []
    for row in rows:
        width = min(100.0, 100 * row.share)
        bar = f";background:linear-gradient(90deg,#f9a82555 {width:.1f}%,transparent {width:.1f}%)"
        looks = [*styles[:5], styles[5] + bar, styles[6]]
        pairs = zip(looks, _cells(row), strict=True)
        cells = "".join(f'<td style="{style}">{escape(text)}</td>' for style, text in pairs)
        lines.append(f"<tr>{cells}</tr>")
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _cells(row: FunctionTime) -> tuple[str, ...]:
    each = shown(row.total / row.calls) if row.calls else ""
    times = (shown(row.own), shown(row.total), each, f"{100 * row.share:.1f}")
    return str(row.calls), *times, visible(row.name or "<module>"), visible(f"{row.where}, line {row.line}")
