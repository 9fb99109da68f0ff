"""Whom Stop stops: the board's program, a cell on several boards, or what the kernel does on this computer."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from ..interrupts import interrupt_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board


class Stoppable(Protocol):
    """What stops in its own way: a cell on several boards at the same time, a look at a board's program."""

    def stop(self) -> None:
        """Stop it; any thread may call it."""
        ...


class InterruptState:
    """What the main thread does with a cell, for Stop, which comes on another thread.

    Args:
        interrupt_host: raises KeyboardInterrupt in the main thread.

    Attributes:
        on_host: whether a cell runs and what it does now happens on this computer.
    """

    def __init__(self, interrupt_host: Callable[[], object] = interrupt_main_thread) -> None:
        self.on_host = False
        self._interrupt_host = interrupt_host
        self._requested = False  # a front end has asked for a cell
        self._stopped = False  # Stop came before anything of it ran
        self._given_to: Stoppable | None = None
        self._lock = threading.Lock()  # guards all of these

    def request_begins(self) -> None:
        """A front end has asked for a cell: Stop counts from here on."""
        self._requested, self._stopped = True, False

    def request_ends(self) -> None:
        """The cell was answered."""
        self._requested = False

    @property
    def busy(self) -> bool:
        """Whether a front end has asked for a cell that has not been answered."""
        return self._requested

    def cell_begins(self) -> None:
        """The cell begins, on the host.

        Raises:
            KeyboardInterrupt: Stop came already.
        """
        with self._lock:
            self.on_host = True
        if self._stopped:
            raise KeyboardInterrupt

    def cell_ends(self) -> None:
        """From here on Stop raises nothing."""
        # With the lock, and for the last Stop: it must not hit what comes next, which would get no reply.
        with contextlib.suppress(KeyboardInterrupt), self._lock:
            self.on_host = False
        self.on_host = False

    def give_to(self, stoppable: Stoppable | None) -> None:
        """Have Stop go to something that stops in its own way; None: no more."""
        with self._lock:
            self._given_to = stoppable

    def stop(self, board: Board | None, hurry: Callable[[], object]) -> None:
        """Stop what runs; any thread may call it.

        A program that nobody waits for is stopped where no cell runs; what a cell does meanwhile is stopped first.

        Args:
            board: the one that cells run on.
            hurry: called where output of this board may hold up the cell's end.
        """
        with self._lock:
            given_to = self._given_to
            if given_to is None:
                hurry()
                in_background = board is not None and board.background.running
                if board is not None and not in_background and board.interrupt():
                    return
                if self.on_host:
                    self._interrupt_host()
                elif self._requested:
                    self._stopped = True
                elif board is not None and in_background:
                    board.background.interrupt()
        if given_to is not None:
            given_to.stop()
