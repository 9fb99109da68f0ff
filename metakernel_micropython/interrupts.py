"""What Stop needs of the host: it comes as a KeyboardInterrupt, at any moment, in the main thread."""

from __future__ import annotations

import signal
import threading
from typing import Any, Self


class Condition(threading.Condition):
    """A condition that a KeyboardInterrupt cannot leave locked.

    ``threading.Condition`` takes and frees its lock in Python code, between whose steps the exception may come; the
    lock itself does so in one.
    """

    # The with statement looks for these in the class.
    __enter__: Any = property(lambda self: self._lock.__enter__)
    __exit__: Any = property(lambda self: self._lock.__exit__)


def interrupt_main_thread() -> None:
    """Raise KeyboardInterrupt in the main thread, and end what it waits for."""
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        # A real signal: it also wakes a wait that the interpreter's own flag would not.
        signal.pthread_kill(main, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()


class HeldInterrupts:
    """Counts Stop in place of a KeyboardInterrupt, for what must not be left halfway; the exception comes at the end.

    Waits go on when Stop comes: they need short deadlines, and ``count`` is looked at between them.

    Args:
        at_most: the Stop that raises it nevertheless, for what may hang; 0: none.

    Attributes:
        count: how often Stop has come.
    """

    def __init__(self, at_most: int = 0) -> None:
        self.count = 0
        self._at_most = at_most
        self._before: Any = None

    def __enter__(self) -> Self:
        """From here on Stop raises nothing."""
        if threading.current_thread() is threading.main_thread():  # elsewhere it raises nothing anyway
            before = signal.getsignal(signal.SIGINT)
            self._before = before if before is not None else signal.SIG_DFL
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Raise what has come, unless there is an exception already."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self.count and kind is None:
            raise KeyboardInterrupt

    def _note(self, _number: int, _frame: object) -> None:
        self.count += 1
        if self.count == self._at_most:
            raise KeyboardInterrupt
