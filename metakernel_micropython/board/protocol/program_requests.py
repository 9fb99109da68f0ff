"""What programs on a board ask of the host in the middle of their output, for whoever answers them."""

from __future__ import annotations

from typing import Protocol


class Asking(Protocol):
    """A program that may ask: an ``Execution``."""

    @property
    def interrupts(self) -> int:
        """How often somebody asked to stop it."""
        ...

    def feed(self, data: bytes, interrupts: int = 0) -> bool:
        """Send bytes to it; return whether it still runs and nobody has interrupted it."""
        ...


class Requests(Protocol):
    """Takes what programs ask of the host out of what they print, and answers it (see ``remote``).

    ``take`` and ``rest`` are called with the lock of the line held, mostly by the thread that reads: they may not wait.
    """

    def take(self, program: Asking, data: bytes) -> bytes:
        """Take what a program printed, however it is split; return what is output."""
        ...

    def take_remarks(self) -> list[str]:
        """Return, once, what could not be done and a board cannot say; any thread may call it, without the lock."""
        ...

    def rest(self) -> bytes:
        """Return what was held, once the program has ended: it was no request."""
        ...
