"""A thread that does things at their time, one after the other."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(order=True)
class Entry:
    """Something to do.

    Attributes:
        at: when, in monotonic seconds.
        number: what is to be done at the same time is done in this order.
        action: what; None: nothing any more.
    """

    at: float
    number: int
    action: Callable[[], object] | None = field(compare=False)

    def cancel(self) -> None:
        """Do not do it."""
        self.action = None


class Agenda:
    """What is to be done. The thread starts with the first entry.

    Args:
        failed: called with what an action raised.
    """

    def __init__(self, failed: Callable[[Exception], object]) -> None:
        self._failed = failed
        self._changed = threading.Condition()  # guards all below; nothing else is waited for while it is held
        self._entries: list[Entry] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def at(self, when: float, action: Callable[[], object]) -> Entry:
        """Have something done at a time, in monotonic seconds; may be called with the circuit's lock held."""
        with self._changed:
            entry = Entry(when, next(self._numbers), action)
            heapq.heappush(self._entries, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="parts", daemon=True)
                self._thread.start()
            self._changed.notify()
            return entry

    def soon(self, action: Callable[[], object]) -> Entry:
        """Have something done at once, on the agenda's thread."""
        return self.at(0.0, action)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._entries or self._entries[0].at > time.monotonic():
                    until = self._entries[0].at - time.monotonic() if self._entries else None
                    self._changed.wait(until)
                action = heapq.heappop(self._entries).action
            if action is not None:
                try:
                    action()
                except Exception as error:
                    self._failed(error)
