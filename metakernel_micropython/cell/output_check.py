"""What a cell prints, compared with what it was to print (``%assert_output``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import MicroPythonError
from .output import FilterSink, Follower, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .output import Sink

MAX_OUTPUT = 1024 * 1024
"""Characters of output that are kept; a program that prints more is not compared."""

MAX_QUOTED = 200
"""Characters of a line that a message quotes."""


class OutputDiffers(MicroPythonError):
    """The cell printed something else than it was to print."""


class OutputCheck(Follower):
    """Keeps what a cell prints, and shows it.

    Attributes:
        text: what it has printed, to ``MAX_OUTPUT`` characters.
        more: whether it has printed more.
    """

    stage = Stage.CHECK

    def __init__(self) -> None:
        self.text = ""
        self.more = False

    def open(self, following: Sink) -> Sink:
        """Return the sink that keeps the output; all of it goes on."""
        return FilterSink(self, following)

    def feed(self, text: str) -> str:
        """Keep a piece of output; return it."""
        room = MAX_OUTPUT - len(self.text)
        self.more = self.more or len(text) > room
        self.text += text[:room]
        return text

    def flush(self) -> str:
        """Return what is still to be shown, which is nothing."""
        return ""


def lines_of(text: str) -> list[str]:
    """Return the lines of an output, without blanks at their ends and without empty ones at its own."""
    return [line.rstrip() for line in text.replace("\r", "").rstrip().split("\n")] if text.strip() else []


def check_lines(printed: Sequence[str], expected: Sequence[str], same: Callable[[str, str], bool]) -> None:
    """Compare line by line.

    Args:
        printed: what the cell has printed.
        expected: what it was to print.
        same: whether a line is what was expected: gets the expected and the printed one.

    Raises:
        OutputDiffers: it is not the same; the message tells the first line that differs.
    """
    for number, (wanted, line) in enumerate(zip(expected, printed, strict=False), 1):
        if not same(wanted, line):
            raise OutputDiffers(f"Line {number} of the output is {_quoted(line)}; expected was {_quoted(wanted)}.")
    if len(printed) < len(expected):
        missing = _quoted(expected[len(printed)])
        raise OutputDiffers(f"The output ends after {_lines(len(printed))}; expected was {missing} as the next one.")
    if len(printed) > len(expected):
        more = _quoted(printed[len(expected)])
        raise OutputDiffers(f"The output goes on after {_lines(len(expected))}, where it was to end: {more}.")


def check_contains(printed: str, expected: Sequence[str]) -> None:
    """Look for texts in an output.

    Raises:
        OutputDiffers: one is missing.
    """
    for text in expected:
        if text not in printed:
            raise OutputDiffers(f"The output was to contain {_quoted(text)}, and does not.")


def pattern(text: str) -> re.Pattern[str]:
    """Return a regular expression.

    Raises:
        MicroPythonError: it is none; the message says why.
    """
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise MicroPythonError(f"{_quoted(text)} is no regular expression: {error}.") from error


def _quoted(text: str) -> str:
    return repr(text) if len(text) <= MAX_QUOTED else repr(text[:MAX_QUOTED]) + " ..."


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
