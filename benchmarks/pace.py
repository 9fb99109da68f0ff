"""How fast a line is: which bytes of a queue have gone by at a moment. Only arithmetic; ``line.py`` moves the bytes.

A UART sends one byte after the other, a start bit, eight bits and a stop bit each. A byte that finds the line busy
waits for its turn. So all that has to be known is when the line is free again; how often somebody looks does not change
it.
"""

from __future__ import annotations

BITS_PER_BYTE = 10
GRAIN = 0.001  # seconds of the line that are carried at once: a USB adapter does it so, too


class Pace:
    """One direction of a line.

    Args:
        baud: bits per second.

    Attributes:
        byte: seconds that a byte takes.
    """

    def __init__(self, baud: int) -> None:
        self.byte = BITS_PER_BYTE / baud
        self._grain = max(1, round(GRAIN / self.byte))
        self._free = 0.0  # when the last byte that was let through had passed

    def begin(self, now: float) -> None:
        """The first byte comes after a pause, or after a time in which the other end took none."""
        self._free = max(self._free, now)

    def passed(self, waiting: int, now: float) -> int:
        """Return how many of the bytes that wait have passed, and count them as gone.

        Args:
            waiting: bytes in the queue; they were there since the line was free.
            now: seconds of a clock that does not jump.
        """
        # The millionth part of a byte makes up for the rounding of floating point numbers.
        count = max(0, min(waiting, int((now - self._free) / self.byte + 1e-6)))
        self._free += count * self.byte
        return count

    def due(self, waiting: int) -> float:
        """Return the moment at which the next bytes will have passed: all that wait, or as many as go at once."""
        return self._free + min(waiting, self._grain) * self.byte
