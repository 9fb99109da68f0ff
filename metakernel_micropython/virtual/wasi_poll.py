"""The records of WASI's ``poll_oneoff`` (preview 1): what a program waits for, and what has happened."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

CLOCK, READ = 0, 1
"""Kinds of events."""

_SUBSCRIPTION = struct.Struct("<QB7xI4xQQH6x")
_EVENT = struct.Struct("<QHB5xQH6x")


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


def event(user: int, kind: int, size: int = 0) -> bytes:
    """Return the record of an event.

    Args:
        user: the number that the program gave to what it waits for.
        kind: what has happened.
        size: bytes that can be read or written.
    """
    return _EVENT.pack(user, 0, kind, size, 0)
