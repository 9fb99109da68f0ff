"""Times and hits of a program's lines, beside its source: what ``%%lineprofile`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ..cell.timing import amount
from ..host.paths import visible
from .request import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .board_probes import Kept
    from .request import Rewritten

_HEAD = ("Line", "Hits", "Time", "Per hit", "%", "Source")


@dataclass(frozen=True)
class LineTime:
    """What was measured of one line.

    Attributes:
        line: counted from 1.
        text: its source.
        hits: how often its first statement began; None where it has no probe.
        microseconds: how long its statements took, with what they call; None where none of them was timed.
        share: that of the program's time, from 0 to 1; None where it is not known.
    """

    line: int
    text: str
    hits: int | None = None
    microseconds: int | None = None
    share: float | None = None


def line_times(source: str, result: Rewritten, kept: Mapping[int, Kept]) -> list[LineTime]:
    """Return what was measured of each line, without blank lines above and below.

    The program's time is that of its statements outside of functions.

    Args:
        source: the program without probes.
        result: with them.
        kept: what the board has kept, by the probe's number.
    """
    hits: dict[int, int] = {}
    times: dict[int, int] = {}
    total = 0
    for probe in result.probes:
        if probe.role is not Role.STATEMENT:
            continue
        one = kept.get(probe.number)
        hits.setdefault(probe.line, one.hits if one else 0)
        if one is not None:
            times[probe.line] = times.get(probe.line, 0) + one.microseconds
            total += one.microseconds if not probe.function else 0
    rows = []
    for number, text in enumerate(source.split("\n"), 1):
        taken = times.get(number)
        share = taken / total if taken is not None and total else None
        rows.append(LineTime(number, text, hits.get(number), taken, share))
    while rows and not rows[-1].text.strip():
        rows.pop()
    return rows[next((at for at, row in enumerate(rows) if row.text.strip()), 0) :]


def as_text(rows: Sequence[LineTime]) -> str:
    """Return the lines as a table of text."""
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    lines = []
    for row in cells:
        left = "  ".join(text.rjust(width) for text, width in zip(row[:5], widths, strict=True))
        lines.append(f"{left}  {row[5]}".rstrip())
    return "\n".join(lines)


def as_html(rows: Sequence[LineTime]) -> str:
    """Return the lines as a table of HTML; a bar behind a line is its share of the time."""
    right = "text-align:right;padding:0 0.8em 0 0"
    head = "".join(f'<th style="{right if title != "Source" else "text-align:left"}">{title}</th>' for title in _HEAD)
    lines = []
    for row in rows:
        *numbers, text = _cells(row)
        width = min(100.0, 100 * (row.share or 0))
        bar = f"background:linear-gradient(90deg,#f9a82555 {width:.1f}%,transparent {width:.1f}%)"
        cells = "".join(f'<td style="{right}">{escape(number)}</td>' for number in numbers)
        source = f'<td style="text-align:left;white-space:pre;font-family:monospace;{bar}">{escape(text)}</td>'
        lines.append(f"<tr>{cells}{source}</tr>")
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def shown(microseconds: float) -> str:
    """Return a time as text; a dash where it was not more than what the measuring takes, which has been taken off."""
    return amount(microseconds / 1e6) if microseconds > 0 else "-"


def _cells(row: LineTime) -> tuple[str, str, str, str, str, str]:
    text = visible(row.text)
    if not row.hits:
        return str(row.line), "" if row.hits is None else "0", "", "", "", text
    taken = row.microseconds or 0
    share = "" if row.share is None else f"{100 * row.share:.1f}"
    return str(row.line), str(row.hits), shown(taken), shown(taken / row.hits), share, text
