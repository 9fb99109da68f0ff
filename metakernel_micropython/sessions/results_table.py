"""The results of a cell on several boards as a short table: equal ones in one row, many as least, median, greatest."""

from __future__ import annotations

from statistics import median_low
from typing import TYPE_CHECKING, Protocol

from ..display.html import html_rows, text_rows
from ..transports.port_scan import natural
from .labelled_output import grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST_ROWS = 10
"""Rows of a table; of more numbers the least, the median and the greatest are shown."""


class _Presents(Protocol):
    def present(self, text: str, html: str) -> None: ...


def table_of_texts(head: Sequence[str], rows: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return a table's rows, its head first: equal ones of several boards as one, in the order of the names.

    Args:
        head: the titles of the columns behind the board's name.
        rows: by the boards' names what stands there.
    """
    same: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(rows, key=natural):
        same.setdefault(tuple(rows[name]), []).append(name)
    return [("board", *head), *((grouped(names), *texts) for texts, names in same.items())]


def table_of_numbers(
    head: Sequence[str],
    rows: Mapping[str, Sequence[float | None]],
    told: Callable[[float], str],
    missing: str,
) -> list[tuple[str, ...]]:
    """Return a table's rows, its head first; of many boards the least, the median and the greatest of each column.

    Args:
        head: the titles of the columns behind the board's name.
        rows: by the boards' names the numbers; None for one that is not known.
        told: returns a number in words.
        missing: stands in the place of a number that is not known.
    """
    if len(rows) <= MOST_ROWS:
        ordered = sorted(rows, key=natural)
        texts = [(name, *(missing if one is None else told(one) for one in rows[name])) for name in ordered]
        return [("board", *head), *texts]
    columns = [
        sorted((numbers[at], name) for name, numbers in rows.items() if numbers[at] is not None)
        for at in range(len(head))
    ]
    lines: list[list[str]] = [["least"], ["median"], ["greatest"]]
    for column in columns:
        values = [number for number, _ in column if number is not None]
        if not values:
            for line in lines:
                line.append(missing)
            continue
        lines[0].append(f"{told(values[0])} ({column[0][1]})")
        lines[1].append(told(median_low(values)))
        lines[2].append(f"{told(values[-1])} ({column[-1][1]})")
    return [(f"{len(rows)} boards", *head), *map(tuple, lines)]


def present_table(front_end: _Presents, table: Sequence[Sequence[str]]) -> None:
    """Show a table, its head first."""
    head, *rows = table
    front_end.present(text_rows(head, rows) + "\n", html_rows(head, rows))
