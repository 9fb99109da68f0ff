"""What Stop needs of the host: it comes as a KeyboardInterrupt, at any moment, in the main thread."""

from __future__ import annotations

import signal
import threading
from typing import Any


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
