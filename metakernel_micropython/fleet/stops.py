"""Stop for what runs in engines of a cluster.

An engine runs one thing after the other, perhaps another notebook's cell before this one's: Stop is for that one alone,
so it waits until the engine has begun with it.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BEGUN = {"begun": True}
"""What an engine publishes as data once it hears Stop."""


class Stops:
    """Sends Stop to engines.

    Args:
        client: of the cluster.

    Attributes:
        pressed: whether it was pressed.
        begun: the engines that have begun with what they were asked for.
    """

    def __init__(self, client: Any) -> None:
        self.pressed = False
        self._client = client
        self.begun: set[int] = set()
        self._waiting: set[int] = set()  # for these to begin

    def press(self, running: Mapping[int, Any]) -> None:
        """Stop what runs in engines.

        Args:
            running: the result that each is to give.
        """
        self.pressed = True
        for number, result in running.items():
            self._waiting.add(number)
            self.look(number, result)
            if number in self._waiting:
                with suppress(Exception):  # of one that has not begun nothing may be left to do
                    self._client.abort(result.msg_ids, targets=number, block=False)

    def look(self, number: int, result: Any) -> None:
        """Look how far an engine is that still runs; one that has begun since Stop was pressed gets it now."""
        if number not in self.begun and result.data == BEGUN:
            self.begun.add(number)
        if number in self._waiting and number in self.begun:
            self._waiting.discard(number)
            with suppress(Exception):  # one that is gone needs none
                self._client.send_signal(signal.SIGINT, targets=number, block=False)


def tell_begun() -> None:
    """Say that Stop is heard from now on, where this is an engine of a cluster."""
    from ipyparallel.datapub import publish_data
    from ipyparallel.engine.kernel import IPythonParallelKernel

    if IPythonParallelKernel.initialized():
        publish_data(BEGUN)
