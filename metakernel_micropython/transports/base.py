"""The contract of a transport: bytes in, bytes out, over one line to one board.

A transport knows how to reach a board and nothing of what is said on the line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

WRITE_TIMEOUT = 5.0
"""Seconds that a line may refuse to take bytes before the board counts as stuck."""


class Transport(ABC):
    """One open line to a board.

    One thread reads; any thread may write (the transport serialises writers) or close.

    Attributes:
        address: what a person types to reach this board again, for example ``/dev/ttyACM0``.
    """

    address: str

    @abstractmethod
    def read(self, timeout: float | None = None) -> bytes:
        """Return the bytes that have arrived, at least one, as many as are there.

        Waits at most ``timeout`` seconds for the first byte (None: until one arrives or the line closes) and returns
        ``b""`` when none came. There is no polling in between: an idle line costs nothing.

        Raises:
            LineLost: the line ended, failed, or was closed, also by another thread while this one waits.
        """

    @abstractmethod
    def write(self, data: bytes, timeout: float = WRITE_TIMEOUT) -> None:
        """Write all of ``data``, or raise within ``timeout`` seconds.

        Raises:
            LineBusy: the other side did not take the bytes in time.
            LineLost: the line ended, failed or was closed.
        """

    @abstractmethod
    def close(self) -> None:
        """Free the line at once. Idempotent, never raises, callable from any thread."""

    def pulse_reset(self) -> bool:
        """Reset the board by the line's own means, where it has some; return whether that was done."""
        return False
