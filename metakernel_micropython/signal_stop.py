"""Stop as a signal, which arrives in the main thread, in the middle of whatever runs there.

So it is in IPython's kernel and in the engines of a cluster. This project's kernel gets Stop as a message, in a thread
beside the one that waits for the board. Here the signal is handed to such a thread, which decides in the same way: the
board's program is sent Ctrl-C, what runs on this computer is ended by a KeyboardInterrupt.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from .interrupts import interrupt_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable


class SignalStop:
    """Takes SIGINT as Stop, while a with statement of it runs, and stops the cell in it.

    Signals reach the main thread alone; in others nothing is taken. While it is entered and left, a signal raises
    nothing: a KeyboardInterrupt between two steps would leave a thread or a lock behind, and the next cell would wait
    for it.

    Args:
        stop: stops the cell that runs; called once for each signal, in a thread of its own.
    """

    def __init__(self, stop: Callable[[], object]) -> None:
        self._stop = stop
        self._before: Any = None
        self._before_wake: Any = None
        self._depth = 0  # with statements in each other: a cell may try to run a second one
        self._cell = 0  # counts the cells: a signal that was sent to one never stops a later one
        self._runs = False  # the cell has begun
        self._early = False  # a signal came before that
        self._deciding = threading.Lock()  # guards these two: what is to be stopped is still there when it is
        self._thread: threading.Thread | None = None
        self._for_host: deque[bool] = deque()  # what is still to raise KeyboardInterrupt in the main thread
        # A signal's handler may use no lock that its own thread can hold; this queue is made for that.
        self._presses: SimpleQueue[int] = SimpleQueue()

    def __enter__(self) -> Self:
        """From here on a signal is Stop."""
        if not in_main_thread():
            return self
        if not self._depth:
            self._cell += 1
            self._early = False
            before = signal.signal(signal.SIGINT, self._take)  # before this nothing is done that could be left halfway
            self._before = signal.SIG_DFL if before is None else before
            self._for_host.clear()
            if _WAKE is not None:
                self._before_wake = signal.signal(_WAKE, self._raise)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="Stop", daemon=True)
                self._thread.start()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        """From here on a signal is what it was before."""
        if in_main_thread():
            self._depth -= 1
            if not self._depth:
                if _WAKE is not None:
                    signal.signal(_WAKE, self._before_wake or signal.SIG_DFL)
                signal.signal(signal.SIGINT, self._before)  # and after this nothing

    def begin(self) -> None:
        """The cell begins: Stop stops it, also one that came since the with statement."""
        if in_main_thread():
            with self._deciding:
                self._runs = True
                if self._early:
                    self._stop()

    def finish(self) -> None:
        """The cell has ended: from here on Stop stops nothing."""
        if in_main_thread():
            with self._deciding:
                self._runs = False

    def press_between_cells(self, *_: object) -> None:
        """Take a signal while no cell runs: it stops a program that nobody waits for, as ``%%start`` has them."""
        self._presses.put(_BETWEEN)

    def end(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._presses.put(_END)
            self._thread.join()
            self._thread = None

    def interrupt_host(self) -> None:
        """Raise KeyboardInterrupt in the main thread."""
        self._for_host.append(True)
        if _WAKE is None:
            interrupt_main_thread()
            return
        main = threading.main_thread().ident
        assert main is not None
        # Again and again: one that comes between the main thread's last look at signals and its wait ends no wait.
        for _ in range(_MOST):
            if not self._for_host or not self._depth:
                break
            signal.pthread_kill(main, _WAKE)
            time.sleep(_AGAIN)

    def _take(self, number: int, frame: object) -> None:
        if _WAKE is None and self._for_host:
            self._raise(number, frame)
        else:
            self._presses.put(self._cell)

    def _raise(self, _number: int, frame: Any) -> None:
        if not self._for_host:
            return  # it was sent once too often
        self._for_host.popleft()
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and handler != self._take:  # what runs must not be left halfway, and says so
            handler(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    def _listen(self) -> None:
        while (cell := self._presses.get()) != _END:
            with self._deciding:
                if cell == self._cell if self._runs else cell == _BETWEEN:
                    self._stop()
                elif cell == self._cell:
                    self._early = True


def in_main_thread() -> bool:
    """Return whether this is the thread that signals reach."""
    return threading.current_thread() is threading.main_thread()


_WAKE: signal.Signals | None = getattr(signal, "SIGURG", None) if hasattr(signal, "pthread_kill") else None
"""The signal that ends what the main thread waits for. Nobody else uses it, and without a handler it does nothing."""

_AGAIN = 0.02
"""Seconds after which it is sent once more."""

_MOST = 100
"""How often it is sent: who has taken its handler away must not hold up the end of the cell."""

_BETWEEN = -2
"""In place of a cell: none runs."""

_END = -1
"""In place of a cell: the thread ends."""
