"""A cell's part on one of several boards: what its thread may ask for, and what all parts of the cell share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ..cell.program import Program
    from ..cell.timing import Stopwatch

LOOK = 0.2
"""Seconds after which one that waits for another part's work looks whether it was stopped."""

T = TypeVar("T")


class _Made:
    """What one part makes for all of them."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.value: Any = None
        self.error: BaseException | None = None


class MadeOnce:
    """What the parts of one cell have in common: what was downloaded or built for one board is the others', too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Hashable, _Made] = {}

    def get(self, key: Hashable, make: Callable[[], T], stopped: Callable[[], bool] = lambda: False) -> T:
        """Return what ``make`` gives; the first that asks makes it, the others wait.

        Args:
            key: what it is.
            make: makes it.
            stopped: tells whether one that waits is to wait no longer.

        Raises:
            KeyboardInterrupt: it was stopped while it waited.
            BaseException: what ``make`` has raised, for each that asks.
        """
        with self._lock:
            made = self._made.get(key)
            mine = made is None
            if made is None:
                made = self._made[key] = _Made()
        if mine:
            try:
                made.value = make()
            except BaseException as error:
                made.error = error
                raise
            finally:
                made.ready.set()
        while not made.ready.wait(LOOK):
            if stopped():
                raise KeyboardInterrupt
        if made.error is not None:
            raise made.error
        value: T = made.value
        return value


class BoardPart:
    """The part of a cell that runs on one of several boards. See ``front_end.OneOfSeveral``.

    Args:
        name: what the board is called.
        shared: what all parts of the cell share.
        run: runs a program on the board.

    Attributes:
        reports: what the magics of this part have told, each with the number of its line among the cell's magics.
        magic: the number of the magic that runs now.
        stopwatch: takes the time of the code below the magics; None where nobody wants to know.
        give: gives to the notebook what the magic that runs has said so far.
    """

    def __init__(
        self, name: str, shared: MadeOnce, run: Callable[[str, Program, Stopwatch | None], str | None]
    ) -> None:
        self.name = name
        self.reports: dict[int, list[Any]] = {}
        self.magic = 0
        self.stopwatch: Stopwatch | None = None
        self.give: Callable[[], object] = lambda: None
        self._shared = shared
        self._run = run
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether Stop has come."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Have what the host does for the board end; any thread may call it."""
        self._stopped.set()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, made once for all boards of the cell."""
        return self._shared.get(key, make, lambda: self.stopped)

    def run(self, code: str, program: Program, stopwatch: Stopwatch | None = None) -> str | None:
        """Run a program to its end, and show what it prints; return its last value."""
        return self._run(code, program, stopwatch)

    def flush(self) -> None:
        """Show what the magic that runs has said so far; equal answers of several boards are shown as one."""
        self.give()

    def report(self, data: Any) -> None:
        """Give the notebook a magic's result as plain data."""
        self.reports.setdefault(self.magic, []).append(data)
