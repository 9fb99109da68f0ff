"""The readings in what one program prints, piece by piece, with the time of each; other lines are given back."""

from __future__ import annotations

import time

from .readings import MAX_LINE, LineReader

STALE = 0.5
"""Seconds after which a line that has only begun is shown."""

BATCH = 0.05
"""Seconds of output that come at once: the readings in it came one after the other within them."""

Row = tuple[float, dict[str, float]]
"""A reading, and the seconds since the start when it came."""


class ReadingStream:
    """Takes what one program prints. Its caller sees to it that one thread at a time does so.

    Args:
        start: when the plot began, as ``time.monotonic`` tells it.
    """

    def __init__(self, start: float) -> None:
        self._reader = LineReader()
        self._tail = ""  # a line that has only begun
        self._in_text = False  # the begin of this line was shown
        self._start = start
        self._tail_at = start

    @property
    def names(self) -> list[str]:
        """The names that readings have had so far."""
        return self._reader.names

    def feed(self, text: str) -> tuple[list[Row], str]:
        """Take output; return the readings in it, and what of it is none."""
        *lines, self._tail = (self._tail + text).split("\n")
        now = time.monotonic()
        began, self._tail_at = max(self._tail_at, now - BATCH), now
        shown = []
        rows: list[Row] = []
        for number, line in enumerate(lines, 1):
            readings = [] if self._in_text else self._reader.read(line)
            seconds = began - self._start + (now - began) * number / len(lines)
            rows += [(seconds, reading) for reading in readings]
            # Of two readings the first one's line was shown: nothing told then that it is one.
            if not readings:
                shown.append(line + "\n")
            self._in_text = False
        if self._in_text or len(self._tail) > MAX_LINE:
            shown.append(self._tail)
            self._tail, self._in_text = "", True
        return rows, "".join(shown)

    def stale(self) -> str:
        """Return a line that has begun and does not go on, as one that says what the program does; it is shown now."""
        if not self._tail or time.monotonic() <= self._tail_at + STALE:
            return ""
        self._in_text = True
        return self.rest()

    def rest(self) -> str:
        """Return a line that has begun: a line that was cut may end within a number."""
        rest, self._tail = self._tail, ""
        return rest
