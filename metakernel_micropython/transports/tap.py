"""What goes over a line, for those who want to see it: a place to listen.

Passwords that a transport sends before its line counts as open never come here.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

TO_BOARD, FROM_BOARD = ">", "<"

LONGEST_MEMORY = 16
"""Answers to remember that were kept from the listeners, so that they are kept from them wherever they come again."""

SHORTEST_SECRET = 4
"""Bytes of such an answer at least: shorter ones would hide half of every program."""


class HiddenBytes(bytes):
    """What listeners hear in place of a whole piece that is kept from them."""


MASK = HiddenBytes(b"***")
"""What stands in place of a secret."""


class Listener(Protocol):
    """Whoever wants to see a line. It is called by the thread that moves the bytes, so it returns soon."""

    def begin(self, address: str) -> None:
        """Hear that a line to ``address`` was opened."""

    def note(self, seconds: float, direction: str, data: bytes) -> None:
        """Hear what moved, in which direction, how many seconds after the line was opened."""

    def note_event(self, kind: str, reason: str = "") -> None:
        """Hear what else happened to the line: it was ``lost`` (with the reason), ``closed``, or did a ``reset``.

        A ``cell`` begins, whose number is the reason.
        """


class Tap:
    """The place on a line where others listen. It costs little while nobody does.

    One tap serves one line after the other: the next connection of a kernel is heard by the same listeners.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._started = time.monotonic()
        self._lock = threading.Lock()  # both directions have a thread; guards the two below
        self._hidden: tuple[bytes, ...] = ()
        self._held = b""  # from the board: what may be the beginning of a secret

    def add(self, listener: Listener) -> None:
        """Tell a listener everything from now on."""
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: Listener) -> None:
        """Tell it no more; nothing happens where it does not listen."""
        self._listeners = tuple(other for other in self._listeners if other is not listener)

    def begin(self, address: str) -> None:
        """Count the seconds from now: a line was opened."""
        with self._lock:
            self._flush()
            self._started = time.monotonic()
            for listener in self._listeners:
                listener.begin(address)

    def note(self, direction: str, data: bytes, secrets: tuple[str, ...] = (), *, hidden: bool = False) -> None:
        """Tell the listeners what goes over the line.

        Args:
            direction: ``TO_BOARD`` or ``FROM_BOARD``.
            data: the bytes.
            secrets: texts that are masked wherever they are, also where they come from the board in pieces.
            hidden: keep the whole piece from them; what goes to the board so is a secret from now on.
        """
        with self._lock:
            if hidden and direction == TO_BOARD:
                self._remember(data.strip())
            if not self._listeners:
                return
            if direction == TO_BOARD or hidden:
                self._flush()
            if hidden:
                self._tell(direction, MASK)
                return
            texts = [*(secret.encode() for secret in secrets if secret), *self._hidden]
            if direction == FROM_BOARD:
                data, self._held = self._held + data, b""
            for text in texts:
                data = data.replace(text, MASK)
            if direction == FROM_BOARD and texts:
                kept = max(
                    (size for text in texts for size in range(1, len(text)) if data.endswith(text[:size])), default=0
                )
                data, self._held = data[: len(data) - kept], data[len(data) - kept :]
            if data:
                self._tell(direction, data)

    def note_event(self, kind: str, reason: str = "") -> None:
        """Tell the listeners what happened to the line; see ``Listener``."""
        with self._lock:
            self._flush()
            for listener in self._listeners:
                listener.note_event(kind, reason)

    def _remember(self, secret: bytes) -> None:
        if len(secret) >= SHORTEST_SECRET and secret not in self._hidden:
            self._hidden = (*self._hidden, secret)[-LONGEST_MEMORY:]

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._tell(FROM_BOARD, held)

    def _tell(self, direction: str, data: bytes) -> None:
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
