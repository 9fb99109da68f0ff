"""Stop in IPython's kernel: a signal, which arrives in the main thread, in the middle of whatever runs there.

This project's kernel gets Stop as a message, in a thread beside the one that waits for the board. Here the signal is
handed to such a thread, which decides in the same way: the board's program is sent Ctrl-C, what runs on this computer
is ended by a KeyboardInterrupt.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from ..interrupts import interrupt_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable


class SignalStop:
    """Takes SIGINT as Stop while a cell runs. In other threads than the main one, which gets signals, it does nothing.

    Args:
        stop: stops what runs; called in a thread of its own, once for each signal.
    """

    def __init__(self, stop: Callable[[], object]) -> None:
        self._stop = stop
        self._before: Any = None
        self._thread: threading.Thread | None = None
        self._for_host: deque[bool] = deque()  # signals of ours on their way, which are to raise KeyboardInterrupt
        # A signal's handler may use no lock that its own thread can hold; this queue is made for that.
        self._presses: SimpleQueue[bool] = SimpleQueue()

    def __enter__(self) -> Self:
        """From here on a signal is Stop."""
        if threading.current_thread() is threading.main_thread():
            self._thread = threading.Thread(target=self._listen, name="Stop", daemon=True)
            self._thread.start()
            before = signal.getsignal(signal.SIGINT)
            self._before = signal.SIG_DFL if before is None else before
            signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        """From here on a signal is what it was before."""
        if self._thread is not None:
            signal.signal(signal.SIGINT, self._before)
            self._presses.put(False)
            self._thread.join()
            self._thread = None
            self._for_host.clear()

    def interrupt_host(self) -> None:
        """Raise KeyboardInterrupt in the main thread."""
        self._for_host.append(True)
        interrupt_main_thread()

    def _take(self, _number: int, _frame: object) -> None:
        if self._for_host:
            self._for_host.popleft()
            raise KeyboardInterrupt
        self._presses.put(True)

    def _listen(self) -> None:
        while self._presses.get():
            self._stop()
