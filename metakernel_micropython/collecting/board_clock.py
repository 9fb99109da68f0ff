"""When the ticks of a board were, by this computer's clock: offset and drift from round trips, as NTP does it.

A round trip is a request that the board answers with its ticks: they were read between its begin and its end, most
likely in the middle, and the shorter it took the better that is known (RFC 5905, section 8). The shortest of a burst
counts. A line through these points gives the offset and the drift. Until the points are far enough apart to tell the
drift, it is taken for small: quartz crystals of boards are good to some 50 ppm, and the fit knows that as it knows one
more measurement.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 64
"""Bursts that the line goes through: drift changes with the temperature, so that old ones would tell another one."""

USUAL_DRIFT = 200e-6
"""How far the clocks of most boards are from the right speed, at most."""

RESOLUTION = 0.001
"""Seconds between two ticks; one is counted when it begins, and half of it has passed on average."""


@dataclass(frozen=True)
class RoundTrip:
    """A request, and the ticks that the board answered.

    Attributes:
        sent: when it began, in seconds of the host's ticks.
        received: when the answer came, likewise.
        ticks: the board's milliseconds, unwrapped.
    """

    sent: float
    received: float
    ticks: int

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.received - self.sent


class Ticks:
    """Milliseconds of a board that begin anew after a while, as one count that goes on.

    Source: https://docs.micropython.org/en/latest/library/time.html#time.ticks_ms

    Args:
        period: after how many they begin anew; 0 for never.
    """

    def __init__(self, period: int) -> None:
        self._period = period
        self._last: int | None = None

    def unwrapped(self, ticks: int) -> int:
        """Return the whole count; it may be a little less than the last one, and at most half a period more."""
        if self._last is None or not self._period:
            self._last = ticks
        else:
            half = self._period // 2
            self._last += (ticks - self._last + half) % self._period - half
        return self._last


class BoardClock:
    """The offset of one board's ticks and their drift, since it was started.

    Attributes:
        drift: seconds that this computer's clock gains in a second of the board's.
        accuracy: seconds that the offset may be wrong by: half of the shortest round trip.
    """

    def __init__(self) -> None:
        self.drift = 0.0
        self.accuracy = 0.0
        self._best: deque[RoundTrip] = deque(maxlen=KEPT)
        self._reference = 0.0
        self._offset = 0.0

    def add(self, burst: list[RoundTrip]) -> None:
        """Take round trips that came one after the other; the shortest one counts."""
        self._best.append(min(burst, key=lambda trip: trip.seconds))
        shortest = min(trip.seconds for trip in self._best)
        self.accuracy = max(RESOLUTION, shortest) / 2
        points = []
        for trip in self._best:
            board = trip.ticks / 1000 + RESOLUTION / 2
            # What all round trips have in common does not change from one to the next; what is more is uncertain.
            weight = 1 / (RESOLUTION + trip.seconds - shortest) ** 2
            points.append((board, (trip.sent + trip.received) / 2 - board, weight))
        total = sum(weight for *_, weight in points)
        self._reference = sum(board * weight for board, _, weight in points) / total
        self._offset = sum(offset * weight for _, offset, weight in points) / total
        around = [(board - self._reference, offset - self._offset, weight) for board, offset, weight in points]
        spread = sum(weight * board**2 for board, _, weight in around) + 1 / USUAL_DRIFT**2
        self.drift = sum(weight * board * offset for board, offset, weight in around) / spread

    def offset(self, ticks: int) -> float:
        """Return the seconds of the host's ticks minus the board's, when the board counted so many ticks."""
        board = ticks / 1000 + RESOLUTION / 2
        return self._offset + RESOLUTION / 2 + self.drift * (board - self._reference)

    def when(self, ticks: int) -> float:
        """Return when the board counted so many ticks, in seconds of the host's ticks."""
        return ticks / 1000 + self.offset(ticks)
