"""What goes over the board's line, shown in the cell while it happens."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from ..interrupts import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..front_end import FrontEnd

INTERVAL, LONGEST = 0.05, 1.0
"""Seconds between the first two messages of a cell, and at most: each is an output of its own in a notebook."""

CHUNK = 128
"""Bytes of a piece that are shown; a log file has them all."""

LINES = 500
"""Lines that wait to be shown at most; the oldest go first, and their number is told."""


class Trace:
    """A listener on a line (see ``transports.tap``) whose own thread shows the lines, so that the board's never waits.

    Args:
        show: shows some text; called by that thread, and by whoever calls ``stop``.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._news = Condition()  # guards the four below
        self._lines: deque[str] = deque(maxlen=LINES)
        self._dropped = 0
        self._shown = False  # whether a cell is there to show them
        self._closed = False
        self._pause = INTERVAL
        self._showing = threading.Lock()  # keeps the lines in their order
        self._thread = threading.Thread(target=self._run, name="trace", daemon=True)
        self._thread.start()

    def begin(self, address: str) -> None:
        """Note that a line was opened."""
        self._add(f"# {address}")

    def note(self, seconds: float, direction: str, data: bytes) -> None:
        """Note what moved on the line."""
        from ..transports.tap import describe

        self._add(describe(seconds, direction, data, CHUNK))

    def note_event(self, kind: str, reason: str = "") -> None:
        """Note what happened to the line."""
        if kind not in ("cell", "closed"):  # the notebook shows them
            self._add(f"# {kind}{': ' * bool(reason)}{reason}")

    def start(self) -> None:
        """Show what comes, and what came since ``stop``."""
        with self._news:
            self._shown = True
            self._pause = INTERVAL
            self._news.notify()

    def stop(self) -> None:
        """Show what is still there, and no more until ``start``."""
        self._flush()
        with self._news:
            self._shown = False
            self._news.notify()

    def close(self) -> None:
        """End the thread, after what is still there was shown."""
        self._flush()
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join(1.0)

    def _add(self, line: str) -> None:
        with self._news:
            self._dropped += len(self._lines) == LINES
            self._lines.append(line)
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or (self._shown and self._lines))
                if self._closed:
                    return
                # What comes in the meantime goes into the same message.
                self._news.wait_for(lambda: self._closed or not self._shown, self._pause)
                self._pause = min(2 * self._pause, LONGEST)
                shown = self._shown
            if shown:
                self._flush()

    def _flush(self) -> None:
        with self._showing:
            with self._news:
                lines, dropped = list(self._lines), self._dropped
                self._lines.clear()
                self._dropped = 0
            if dropped:
                lines.insert(0, f"# {dropped} older lines had no room")
            if lines:
                self._show("\n".join(lines) + "\n")


class CellTrace:
    """Shows in each cell what goes over the line of the board that cells run on, once it is switched on."""

    def __init__(self, front_end: FrontEnd) -> None:
        self._front_end = front_end
        self._trace: Trace | None = None
        self._send: Callable[[str, Mapping[str, Any]], None] | None = None  # to the cell that runs

    @property
    def on(self) -> bool:
        """Whether cells show it."""
        return self._trace is not None

    def switch(self, on: bool) -> None:
        """Show it from now on, or do so no more."""
        if self._trace is None and on:
            self._trace = Trace(self._show)
            self._front_end.connections.listen(self._trace)
            self._begin()
        elif self._trace is not None and not on:
            self._front_end.connections.listen(None)
            self._trace.close()
            self._trace = None

    def start(self, number: int) -> None:
        """A cell is there to show it.

        Args:
            number: the cell's, for recordings.
        """
        self._front_end.connections.note_cell(number)
        self._begin()

    def _begin(self) -> None:
        if self._trace is not None:
            # The lines come from another thread, which does not know what cell runs.
            self._send = self._front_end.sender()
            self._trace.start()

    def stop(self) -> None:
        """The cell ends."""
        if self._trace is not None:
            self._trace.stop()

    def _show(self, text: str) -> None:
        assert self._send is not None
        # Neither among what the program prints, nor where errors are.
        self._send("display_data", {"data": {"text/plain": text.rstrip("\n")}, "metadata": {}, "transient": {}})
