"""The records of WASI's ``poll_oneoff`` (preview 1): what a program waits for, and what has happened."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container

    from metakernel_micropython.virtual.line import Line
    from metakernel_micropython.virtual.state import Memory

CLOCK, READ = 0, 1
"""Kinds of events."""

EINTR = 27
"""WASI's number for a call that was interrupted."""

_SUBSCRIPTION = struct.Struct("<QB7xI4xQQH6x")
_EVENT = struct.Struct("<QHB5xQH6x")


class Records(NamedTuple):
    """The arguments of ``poll_oneoff``: addresses, and how many subscriptions there are."""

    subscriptions: int
    events: int
    number: int
    stored: int

    @property
    def end(self) -> int:
        """The address behind all of them."""
        return max(self.subscriptions + 48 * self.number, self.events + 32 * self.number, self.stored + 4)


@dataclass
class Subscriptions:
    """What is waited for.

    Attributes:
        ready: the events of what is always ready.
        clocks: seconds, and the number that the program gave to each.
        waits: the numbers of those that wait for input.
    """

    ready: list[bytes] = field(default_factory=list)
    clocks: list[tuple[float, int]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)


def subscriptions(data: bytes, inputs: Container[int]) -> Subscriptions:
    """Return what the records ask for.

    Args:
        data: the records.
        inputs: descriptors of the line's input; all others are always ready.
    """
    found = Subscriptions()
    for user, kind, number, timeout, _, flags in _SUBSCRIPTION.iter_unpack(data):
        if kind == CLOCK:
            found.clocks.append((0.0 if flags & 1 else timeout / 1e9, user))
        elif kind == READ and number in inputs:
            found.waits.append(user)
        else:
            found.ready.append(event(user, kind, 1))
    return found


class Sleep:
    """A program's sleep. It goes on after an interrupt handler, where the C library's ``select`` begins anew.

    Attributes:
        handling: whether a handler runs, whose own sleeps are not the program's.
    """

    def __init__(self) -> None:
        self.handling = False
        self._interrupted: tuple[float, float] | None = None  # how long it was to last, and until when

    def until(self, seconds: float) -> float:
        """Return when a sleep of so many seconds that begins now, or is begun again, is over."""
        end = time.monotonic() + seconds
        if self.handling:
            return end
        before, self._interrupted = self._interrupted, None
        return before[1] if before is not None and before[0] == seconds else end

    def interrupt(self, seconds: float, end: float) -> None:
        """It was interrupted."""
        if not self.handling:
            self._interrupted = seconds, end

    def forget(self) -> None:
        """The program does not go on with it."""
        self._interrupted = None


def poll(memory: Memory, line: Line, records: Records, inputs: Container[int], sleep: Sleep) -> int:
    """Wait for the line, for a time, or for both, as ``poll_oneoff`` does. Files are always ready.

    Args:
        memory: the program's.
        line: the line of the board.
        records: the function's arguments.
        inputs: descriptors of the line's input.
        sleep: the program's.

    Returns:
        0, or ``EINTR`` where the wait was ended by `Line.wake`.
    """
    asked = subscriptions(memory.read(records.subscriptions, 48 * records.number), inputs)
    ready, clocks, waits = asked.ready, asked.clocks, asked.waits
    if not ready:
        timeout_seconds = min(clocks)[0] if clocks else None
        if waits:
            undisturbed = line.wait_readable(timeout_seconds)
        elif timeout_seconds is not None:
            end = sleep.until(timeout_seconds)
            undisturbed = line.sleep(end - time.monotonic())
            if not undisturbed:
                sleep.interrupt(timeout_seconds, end)
        else:
            undisturbed = True
        if not undisturbed:
            return EINTR
    if available := line.waiting:
        ready += [event(user, READ, available) for user in waits]
    if not ready and clocks:
        ready = [event(min(clocks)[1], CLOCK)]
    memory.write(records.events, b"".join(ready))
    memory.word(records.stored).value = len(ready)
    return 0


def event(user: int, kind: int, size: int = 0) -> bytes:
    """Return the record of an event.

    Args:
        user: the number that the program gave to what it waits for.
        kind: what has happened.
        size: bytes that can be read or written.
    """
    return _EVENT.pack(user, 0, kind, size, 0)
