"""This computer's clocks, as finely as it can tell them.

Before Python 3.13 Windows tells ``time.time()`` and ``time.monotonic()`` in steps of 15.6 ms. ``time.perf_counter()``
is fine everywhere; when its zero was is learned at the edge of such a step.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

COARSE = 0.002
"""Seconds of a step from which on its edge is looked for."""

INTERVAL = 10.0
"""Seconds after which the edge is looked for again: the clock may be set, and computers sleep."""

_PATIENCE = 0.1  # seconds: more than any step


class HostClock:
    """The time since 1970, and finer than ``time.time()``. Any thread may ask.

    Args:
        wall: tells the seconds since 1970.
        ticks: tells the seconds since any moment.
        step: the seconds by which ``wall`` goes on; None to ask the system.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.perf_counter,
        step: float | None = None,
    ) -> None:
        self.ticks = ticks
        self._wall = wall
        self._step = time.get_clock_info("time").resolution if step is None else step
        self._lock = threading.Lock()
        self._zero = 0.0
        self._looked_at: float | None = None

    def zero(self) -> float:
        """Return when ``ticks`` told zero, in seconds since 1970."""
        if self._step < COARSE:
            return self._wall() - self.ticks()
        with self._lock:
            now = self.ticks()
            told = self._wall() - now  # from one step less than it was, to what it was
            known = self._looked_at is not None and now < self._looked_at + INTERVAL
            if not known or not -2 * self._step < told - self._zero < self._step:
                self._zero = self._at_edge()
                self._looked_at = self.ticks()
            return self._zero

    def _at_edge(self) -> float:
        """Return the zero as it is where a step begins, which takes the time of one step at most."""
        begun, before = self.ticks(), self._wall()
        while True:
            now, wall = self.ticks(), self._wall()
            if wall != before or now > begun + _PATIENCE:
                return wall - now


HOST_CLOCK = HostClock()
"""That of this computer."""
