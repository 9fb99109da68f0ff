"""A thread for what one board does, so that an event loop need not wait: one thing after the other, in order."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from ...interrupts import Condition

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class BoardThread:
    """Runs functions in a thread that is there while there is something to do.

    Args:
        name: of the thread.
        stop: stops what the board does; called from other threads.
        go_on: forgets a ``stop`` that met nothing.
    """

    def __init__(self, name: str, stop: Callable[[], object], go_on: Callable[[], object]) -> None:
        self._name = name
        self._stop = stop
        self._go_on = go_on
        self._changed = Condition()  # guards what follows
        self._waiting: deque[tuple[Callable[[], Any], Future[Any], Future[None]]] = deque()
        self._working = False

    async def run(self, work: Callable[[], T]) -> T:
        """Return what a function returns, or raise what it raises.

        Cancelled, it stops what the board does for this function, and waits until that has ended.
        """
        import asyncio

        result: Future[T] = Future()
        ended: Future[None] = Future()
        with self._changed:
            self._waiting.append((work, result, ended))
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
        try:
            return await asyncio.wrap_future(result)
        except asyncio.CancelledError:
            if not result.cancelled():  # it runs
                self._stop()
                await asyncio.shield(asyncio.wrap_future(ended))
                self._go_on()
            raise

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._working = False
                    return
                work, result, ended = self._waiting.popleft()
            if result.set_running_or_notify_cancel():
                try:
                    result.set_result(work())
                except BaseException as error:
                    result.set_exception(error)
            ended.set_result(None)
            del work, result, ended
