"""What the board prints in one cell, kept in a file of the host."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

from ..transports.private_file import private

if TYPE_CHECKING:
    from pathlib import Path

INTERVAL = 1.0
"""Seconds between two counts of the lines."""


class Shown(Enum):
    """What a cell shows of the output that goes into the file."""

    OUTPUT = "the output itself"
    RUNNING_COUNT = "how many lines came so far, in one line that is written over"
    FINAL_COUNT = "how many lines came, at the end"


class Capture:
    """A file that gets what the board prints until it is closed.

    Attributes:
        problem: why the file does not hold everything, for example a full disk; ``""`` while it does.
    """

    def __init__(self, path: Path, shown: Shown = Shown.OUTPUT) -> None:
        """Create the file, or empty it.

        Raises:
            OSError: it cannot be opened for writing.
        """
        self.path = path
        self.problem = ""
        self._shown = shown
        self._file = open(path, "w", encoding="utf-8", newline="\n", opener=private)  # noqa: SIM115
        self._line_ends = 0
        self._in_line = False
        self._counted_at = float("-inf")

    @property
    def lines(self) -> int:
        """How many lines came, one that has only begun among them."""
        return self._line_ends + self._in_line

    def feed(self, text: str) -> str:
        """Take output; return what is to be shown for it."""
        if not text:
            return ""
        try:
            if not self.problem:
                self._file.write(text)
                self._file.flush()
        except OSError as error:
            self.problem = error.strerror or str(error)
        self._line_ends += text.count("\n")
        self._in_line = not text.endswith("\n")
        if self._shown is Shown.OUTPUT:
            return text
        now = time.monotonic()
        if self._shown is Shown.FINAL_COUNT or now < self._counted_at + INTERVAL:
            return ""
        self._counted_at = now
        return f"\r{self._count()}"

    def flush(self) -> str:
        """Nothing is held."""
        return ""

    def close(self) -> str:
        """Close the file; return what is to be shown at the end."""
        try:
            self._file.close()
        except OSError as error:  # what waited to be written found no room
            self.problem = self.problem or error.strerror or str(error)
        if self._shown is Shown.OUTPUT:
            return ""
        start = "\r" if self._shown is Shown.RUNNING_COUNT else ""
        return f"{start}{self._count()} in {self.path}\n"

    def _count(self) -> str:
        return "1 line captured" if self.lines == 1 else f"{self.lines} lines captured"
