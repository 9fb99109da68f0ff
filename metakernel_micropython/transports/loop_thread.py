"""One coroutine on an event loop of its own, in a thread of its own that ends with it.

For libraries that only know asyncio: a notebook's main thread has an event loop already, and waits in other ways.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..interrupts import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


def notice_cancel() -> None:
    """End a coroutine that was cancelled, where what it awaited last took that for itself.

    Until Python 3.12 ``asyncio.wait_for`` returns the result and forgets a cancellation that comes in the same moment
    (https://github.com/python/cpython/issues/86296), also inside of libraries.

    Raises:
        asyncio.CancelledError: it was cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class LoopThread(Generic[T]):
    """A thread that runs one coroutine.

    Any thread may call its methods.

    Args:
        name: the thread's name.
        work: makes the coroutine; called in the thread.
        ended: called in the thread when nothing runs there any more, with what was raised, or None.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Coroutine[Any, Any, T]],
        ended: Callable[[BaseException | None], object] = lambda _: None,
    ) -> None:
        self._work = work
        self._on_ended = ended
        self._changed = Condition()  # guards those below
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False
        self._ended = False
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            self._thread.start()
        except BaseException:  # Stop: nobody has this object yet who could end the thread
            self.cancel()
            raise

    def _run(self) -> None:
        try:
            result = [asyncio.run(self._main())]
            error: BaseException | None = None
        except BaseException as raised:  # whoever waits has to hear of it
            result, error = [], raised
        with self._changed:
            self._result, self._error, self._ended, self._loop = result, error, True, None
            self._changed.notify_all()
        self._on_ended(error)

    async def _main(self) -> T:
        with self._changed:
            if self._cancelled:
                raise asyncio.CancelledError
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await self._work()

    def call(self, function: Callable[..., object], *arguments: Any) -> bool:
        """Have the loop call a function soon; return whether it is still there to do so."""
        with self._changed:
            if self._loop is None:
                return False
            with contextlib.suppress(RuntimeError):  # it is just closing
                self._loop.call_soon_threadsafe(function, *arguments)
                return True
        return False

    def cancel(self) -> None:
        """Cancel the coroutine, also one that has not begun; not one that is ``leaving``."""
        with self._changed:
            self._cancelled = True
        self.call(self._cancel)

    def _cancel(self) -> None:
        with self._changed:
            task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def leaving(self) -> None:
        """Called by the coroutine when it only cleans up from here on: nobody cancels that."""
        with self._changed:
            self._task = None

    def join(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the thread to end; return whether it has."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def result(self, timeout: float) -> T:
        """Return what the coroutine returned, or raise what it raised.

        Raises:
            TimeoutError: it has not ended within ``timeout`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, timeout):
                raise TimeoutError
            if self._error is not None:
                raise self._error
            return self._result[0]
