"""What goes over a line, for those who want to see it: a place to listen, and a log in a file.

Passwords that a transport sends before its line counts as open never come here.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from .private_file import private

if TYPE_CHECKING:
    from pathlib import Path

TO_BOARD, FROM_BOARD = ">", "<"

MASK = b"***"


class Listener(Protocol):
    """Whoever wants to see a line. It is called by the thread that moves the bytes, so it returns soon."""

    def begin(self, address: str) -> None:
        """Hear that a line to ``address`` was opened."""

    def note(self, seconds: float, direction: str, data: bytes) -> None:
        """Hear what moved, in which direction, how many seconds after the line was opened."""


class Tap:
    """The place on a line where others listen. It costs nothing while nobody does.

    One tap serves one line after the other: the next connection of a kernel is heard by the same listeners.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._started = time.monotonic()

    def add(self, listener: Listener) -> None:
        """Tell a listener everything from now on."""
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: Listener) -> None:
        """Tell it no more; nothing happens where it does not listen."""
        self._listeners = tuple(other for other in self._listeners if other is not listener)

    def begin(self, address: str) -> None:
        """Count the seconds from now: a line was opened."""
        self._started = time.monotonic()
        for listener in self._listeners:
            listener.begin(address)

    def note(self, direction: str, data: bytes, secrets: tuple[str, ...] = ()) -> None:
        """Tell the listeners what goes over the line.

        Args:
            direction: ``TO_BOARD`` or ``FROM_BOARD``.
            data: the bytes.
            secrets: texts that are masked wherever ``data`` holds the whole of one.
        """
        if not self._listeners:
            return
        for secret in secrets:
            if secret:
                data = data.replace(secret.encode(), MASK)
        seconds = time.monotonic() - self._started
        for listener in self._listeners:
            listener.note(seconds, direction, data)


def describe(seconds: float, direction: str, data: bytes, size: int | None = None) -> str:
    r"""Return one line of a log: ``   0.001234 > b'print(1)\x04'``.

    Args:
        seconds: since the line was opened.
        direction: ``TO_BOARD`` or ``FROM_BOARD``.
        data: the bytes that moved.
        size: bytes that are shown at most, with their number behind; None for all.
    """
    shown = f"{data!r}" if size is None or len(data) <= size else f"{data[:size]!r}... {len(data)} bytes"
    return f"{seconds:11.6f} {direction} {shown}"


class WireLog:
    """A listener that writes to a file: one line for each piece, at once, behind what the file held before.

    Attributes:
        path: the file.
        problem: why writing ended, for example a full disk; ``""`` while it goes well. The line is not disturbed.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OSError: it cannot be opened for writing.
        """
        self.path = path
        self.problem = ""
        self._lock = threading.Lock()  # both directions have a thread
        self._file = open(path, "a", encoding="utf-8", newline="\n", opener=private)  # noqa: SIM115

    def begin(self, address: str) -> None:
        """Write which line is logged, and the time of day from which its seconds count."""
        now = datetime.now().astimezone()
        self._write(f"# {now.isoformat(sep=' ', timespec='milliseconds')} {address}: seconds, {TO_BOARD} to the board")

    def note(self, seconds: float, direction: str, data: bytes) -> None:
        """Write a piece."""
        self._write(describe(seconds, direction, data))

    def close(self) -> None:
        """End the log; idempotent."""
        self._write("# closed")
        with self._lock:
            self._end()

    def _write(self, text: str) -> None:
        with self._lock:
            if self._file.closed:
                return
            try:
                self._file.write(text + "\n")
                self._file.flush()
            except OSError as error:
                self.problem = error.strerror or str(error)
                self._end()

    def _end(self) -> None:
        try:
            self._file.close()
        except OSError as error:  # what waited to be written found no room; closed it is all the same
            self.problem = self.problem or error.strerror or str(error)
