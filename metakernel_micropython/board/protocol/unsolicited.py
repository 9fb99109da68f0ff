"""What a board prints while nothing is executed: timers, interrupts, threads, a board that boots."""

from __future__ import annotations

from dataclasses import dataclass

UNSOLICITED_LIMIT = 256 * 1024
"""Bytes that are kept; the oldest go first, and their number is told."""


class UnsolicitedBuffer:
    """Unsolicited output with a bound.

    Attributes:
        data: what is kept.
        dropped: bytes before it that had no room.
        of_program: whether the last program has printed it, behind what looked like its end.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.dropped = 0
        self.of_program = False

    def keep(self, data: bytes) -> None:
        """Add what came."""
        self.data += data
        excess = len(self.data) - UNSOLICITED_LIMIT
        if excess > 0:
            del self.data[:excess]
            self.dropped += excess

    def take(self) -> tuple[bytes, int]:
        """Return what is kept, and how many older bytes had no room; forget both."""
        data, dropped = bytes(self.data), self.dropped
        self.data.clear()
        self.dropped = 0
        return data, dropped

    def take_of_program(self) -> bool:
        """Return whether it is the last program's; forget it."""
        of_program, self.of_program = self.of_program, False
        return of_program


@dataclass(frozen=True)
class UnsolicitedOutput:
    """What a board printed while nothing was executed.

    Attributes:
        text: the output.
        dropped: bytes before it that had no room.
        restarted: whether the board restarted, so that its variables are gone.
        of_program: whether the last program has printed it, which went on behind what looked like its end.
    """

    text: str
    dropped: int
    restarted: bool
    of_program: bool = False

    @property
    def title(self) -> str:
        """What stands above the text in a cell."""
        if self.of_program:
            return "[the program of the last cell went on after it had printed what looks like its end (0x04 0x04 >)]"
        return "[printed between cells]"
