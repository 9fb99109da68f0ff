"""A look at what a board does on its own: its output as it comes, while nothing goes to the board."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from .interrupt_state import InterruptState
    from .output import Sink

LOOK = 0.1
"""Seconds after which a silent board's monitor looks whether it is to end."""

INTERVAL = 0.05
"""Seconds between two messages of output."""

FOR_EVER = float("inf")


class Monitor:
    """Shows what a board prints, until Stop, for a time, or until the program that was started there ends.

    Stop ends the look and leaves the program alone; a second Stop sends it Ctrl-C.

    Args:
        board: the board.
        show: takes the output; it is closed at the end.
        hurry: called when Stop comes: what the front end has no room for must not hold up the end.
    """

    def __init__(self, board: Board, show: Sink, hurry: Callable[[], object]) -> None:
        self._board = board
        self._show = show
        self._hurry = hurry
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether Stop has ended it."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the look; the second time, interrupt the program. Any thread may call it."""
        if self._stop.is_set():
            self._board.background.interrupt()
        self._stop.set()
        self._hurry()

    def run(self, interrupts: InterruptState, seconds: float = FOR_EVER) -> None:
        """Show what comes.

        Args:
            interrupts: is told that Stop ends the look.
            seconds: how long; infinite for no limit.

        Raises:
            LineLost: the board is gone.
        """
        program = self._board.background.program
        try:
            interrupts.give_to(self)
            if program is not None:
                program.watch(True)
            self._follow(time.monotonic() + seconds)
        finally:
            interrupts.give_to(None)
            if program is not None:
                program.watch(False)
            self._show.close()

    def _follow(self, end: float) -> None:
        background = self._board.background
        program = background.program
        while not self._stop.is_set() and (left := end - time.monotonic()) > 0:
            ended = program is not None and program.ended
            text = background.read(min(left, LOOK))
            if text:
                self._show.feed(text)
                self._stop.wait(min(left, INTERVAL))
            elif ended:
                return
