"""Stop for what runs in engines of a cluster: one that has not begun yet is deaf to the signal, and gets it again."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_PATIENCE = 0.5  # seconds for an engine that had not begun at Stop as far as was known, and may yet have heard it

BEGUN = {"begun": True}
"""What an engine publishes as data once it hears Stop."""


class Stops:
    """Sends Stop to engines.

    Args:
        client: of the cluster.

    Attributes:
        pressed: whether it was pressed.
    """

    def __init__(self, client: Any) -> None:
        self.pressed = False
        self._client = client
        self._begun: dict[int, float] = {}
        self._deaf: set[int] = set()

    def press(self, running: Iterable[int]) -> None:
        """Stop what runs in these engines."""
        self.pressed = True
        for number in running:
            self._send(number)
            if number not in self._begun:
                self._deaf.add(number)

    def look(self, number: int, result: Any) -> None:
        """Look how far an engine is that still runs; one that was deaf when Stop was pressed gets it once more."""
        if number not in self._begun and result.data == BEGUN:
            self._begun[number] = time.monotonic()
        if number in self._deaf and number in self._begun and time.monotonic() - self._begun[number] > _PATIENCE:
            self._deaf.discard(number)
            self._send(number)

    def _send(self, number: int) -> None:
        with suppress(Exception):  # one that is gone needs none
            self._client.send_signal(signal.SIGINT, targets=number, block=False)


def tell_begun() -> None:
    """Say that Stop is heard from now on, where this is an engine of a cluster."""
    from ipyparallel.datapub import publish_data
    from ipyparallel.engine.kernel import IPythonParallelKernel

    if IPythonParallelKernel.initialized():
        publish_data(BEGUN)
