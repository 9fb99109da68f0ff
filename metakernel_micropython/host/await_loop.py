"""An event loop of their own for %%python cells: a kernel answers its requests in another, which must not run twice."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")


class AwaitLoop:
    """Runs what cells await; what they have started goes on while a later cell awaits something.

    Attributes:
        stopped: whether Stop came while the last cell that awaited was waiting.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Leave the kernel's loop as long as this lasts: ``await`` and ``asyncio.run`` work as in a script."""
        try:
            outer = asyncio.get_running_loop()
        except RuntimeError:
            outer = None
        task = asyncio.current_task() if outer is not None else None
        if outer is not None:
            # What asyncio has for event loops of other makers, in spite of the names.
            if task is not None:
                asyncio._leave_task(outer, task)
            asyncio._set_running_loop(None)
        asyncio.set_event_loop(self._open())
        try:
            yield
        finally:
            asyncio.set_event_loop(outer)
            if outer is not None:
                asyncio._set_running_loop(outer)
                if task is not None:
                    asyncio._enter_task(outer, task)

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run a coroutine to its end; Stop cancels it, again where it goes on all the same."""
        self.stopped = False
        loop = self._open()
        task = loop.create_task(coroutine)
        while True:
            try:
                return loop.run_until_complete(task)
            except KeyboardInterrupt:
                if task.done():
                    raise
                self.stopped = True
                task.cancel()

    def close(self) -> None:
        """End what is still to be awaited."""
        if self._loop is not None:
            self._loop.close()

    def _open(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        return self._loop
