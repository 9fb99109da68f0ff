"""The columns of a row: what a cell's value, or what it printed, has of numbers and texts."""

from __future__ import annotations

import math
import re
from typing import Any

from ..board.display_filter import literal
from ..errors import MicroPythonError
from ..plotting.readings import MAX_COLUMNS, LineReader

Value = int | float | str | bool

LONGEST_TEXT = 1000
"""Characters of a text in a row."""

MAX_DIGITS = 300
"""Digits of an integer in a row."""

_MAX_VALUE = 16 * 1024
_NAMED = re.compile(r"[A-Za-z_]\w*\(")


class NoRow(MicroPythonError):
    """The code gave nothing that makes a row."""


class RowReader:
    """Makes rows of what a board tells; a line of labels that the code prints names the numbers behind it."""

    def __init__(self) -> None:
        self._lines = LineReader()

    def rows(self, value: str | None, printed: str) -> list[dict[str, Value]]:
        """Return the rows that one run of the code brings.

        Args:
            value: the text of the last expression's value; None where the code ends in none.
            printed: what it printed.

        Raises:
            NoRow: there is nothing that makes one; the message says what would.
        """
        if value is not None and not (value == "None" and printed.strip()):
            return [_columns(value)]
        found: list[dict[str, Value]] = []
        for line in printed.splitlines():
            found += [{name: _whole(number) for name, number in one.items()} for one in self._lines.read(line)]
        if not found:
            what = f"printed {_short(printed)}" if printed.strip() else "printed nothing"
            raise NoRow(
                f"The code ends in no value and {what}: end it with an expression, as in {{'temp': sensor.read()}}, or "
                "print numbers, as in print('temp:', 21.5)."
            )
        return found


def _columns(text: str) -> dict[str, Value]:
    if len(text) > _MAX_VALUE:
        raise NoRow(f"The value is too large for a row: it has {len(text)} characters.")
    try:
        value = literal(text)
    except ValueError:
        named = LineReader().read(text) if _NAMED.match(text) else []  # a named tuple
        if named:
            return {name: _whole(number) for name, number in named[0].items()}
        raise NoRow(
            f"The value {_short(text)} makes no row: take numbers, texts, or a tuple or a dict of them."
        ) from None
    if value is None:
        raise NoRow("The value is None: end the code with an expression that gives numbers, a tuple or a dict of them.")
    row: dict[str, Value] = {}
    _add(row, "" if isinstance(value, (dict, tuple, list)) else "value", value, 0)
    if not row:
        raise NoRow(
            f"The value {_short(text)} holds nothing that makes a row: numbers, texts, or a tuple or a dict of them."
        )
    if len(row) > MAX_COLUMNS:
        raise NoRow(f"The value has {len(row)} numbers and texts; a row has at most {MAX_COLUMNS}.")
    return row


def _add(row: dict[str, Value], name: str, value: Any, depth: int) -> None:
    if len(row) > MAX_COLUMNS:
        return
    pairs: Any
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, (tuple, list)):
        pairs = enumerate(value, 1)
    else:
        if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
            raise NoRow(f"An integer has more than {MAX_DIGITS} digits.")
        if isinstance(value, str):
            row[name] = _clean(value, LONGEST_TEXT)
        elif isinstance(value, (bytes, bytearray)):
            row[name] = value[: LONGEST_TEXT // 2].hex()
        elif isinstance(value, (bool, int, float)):
            row[name] = value
        elif value is not None:  # None is a value that is missing
            raise NoRow(f"The value of {name} makes no column: it is a {type(value).__name__}.")
        return
    if depth > 1:
        raise NoRow(f"The value of {name} is too deep: a dict or a tuple may hold others, and these numbers and texts.")
    for key, one in pairs:
        _add(row, f"{name}.{_clean(str(key), 40)}" if name else _clean(str(key), 40) or "value", one, depth + 1)


def _clean(text: str, longest: int) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()[:longest]


def _whole(number: float) -> Value:
    return int(number) if math.isfinite(number) and number.is_integer() and abs(number) < 1e15 else number


def _short(text: str) -> str:
    text = _clean(text, 200)
    return repr(text if len(text) <= 60 else text[:57] + "...")
