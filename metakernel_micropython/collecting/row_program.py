"""The program of one row: the code, and what prints the value of its last expression with the board's ticks.

As in ``cell.program``, the lines of the code stay true, no name of the user's is used, and none is left behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..cell.program import last_expression, new_mark

TICKS = "time.ticks_ms()"
MONOTONIC = "time.monotonic_ns()//1000000"
"""What gives milliseconds on a board; the second one where there is no first."""

MAX_OUTPUT = 64 * 1024
"""Characters that the code may print for a row."""

_TAIL = """
def __eq__({default}):
 import builtins as _,time
 global __eq__
 del __eq__
 _.print("{mark}",{ticks},{value}"{mark}")
__eq__()
"""


@dataclass(frozen=True)
class Answer:
    """What the board has told for a row.

    Attributes:
        ticks: its milliseconds when the code was done.
        value: the text of the last expression's value; None where the code ends in none.
        printed: what the code printed.
    """

    ticks: int
    value: str | None
    printed: str


class RowProgram:
    """The program, and how what it prints is read.

    Args:
        code: MicroPython.
        lines_above: lines that stand above the code where a person has written it.
        ticks: ``TICKS`` or ``MONOTONIC``.

    Attributes:
        source: what is sent.
    """

    def __init__(self, code: str, lines_above: int = 0, ticks: str = TICKS) -> None:
        code = re.sub("\r\n?", "\n", code)
        self._mark = new_mark()
        escaped = f"\\x1e{self._mark[1:]}"
        span = last_expression(code)
        default, value = "", ""
        if span is not None:
            start, end = span
            rest = code[end:].replace("\\\n", "")  # a backslash would join what follows below
            code = f"{code[:start]}__eq__=({code[start:end]}){rest}"
            default, value = "id=__eq__", "[id],"
        self._valued = span is not None
        self.source = "\n" * lines_above + code + _TAIL.format(default=default, mark=escaped, ticks=ticks, value=value)

    def read(self, output: str) -> Answer | None:
        """Return what the board has told, when it has told all of it; None while it has not."""
        printed, begun, told = output.partition(self._mark)
        told, ended, _ = told.partition(self._mark)
        found = re.fullmatch(r" (-?\d{1,30})(?: \[(.*)\])? ", told, re.DOTALL) if begun and ended else None
        if found is None or (found[2] is not None) != self._valued:
            return None
        return Answer(int(found[1]), found[2], printed)
