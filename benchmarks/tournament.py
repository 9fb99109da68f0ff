"""The order of things: rounds in which every contestant has its turn, so that a busy machine is busy for all."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from .errors import BenchmarkError, CannotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .contestant import Contestant, Session
    from .material import Material
    from .measures import Measure
    from .results import Results

ONCE = 6.0
"""Seconds: what took longer is not done again. It is far above what a busy machine adds, and others want their turn."""


class Tournament:
    """What goes on upon one line.

    Args:
        name: the line's, to be told.
        contestants: in the order of the first round; each following round begins with the next one.
        measures: what each has to do, in this order, in one session per round.
        material: the files.
        results: where everything is noted.
    """

    def __init__(
        self,
        name: str,
        contestants: Sequence[Contestant],
        measures: Sequence[Measure],
        material: Material,
        results: Results,
    ) -> None:
        self._name = name
        self._contestants = contestants
        self._measures = measures
        self._material = material
        self._results = results
        self._done: set[tuple[str, str]] = set()

    def run(self, rounds: int, *, warm_up: bool = True) -> None:
        """Measure. A contestant that fails is noted; the others go on.

        Args:
            rounds: how many count.
            warm_up: whether one more goes before them, which fills caches and is not counted.
        """
        playing = []
        for contestant in self._contestants:
            for measure in self._measures:
                if measure.name in contestant.cannot:
                    self._results.miss([measure], contestant.name, contestant.cannot[measure.name])
            try:
                contestant.prepare()
            except BenchmarkError as error:
                self._results.miss(self._measures, contestant.name, str(error))
            else:
                playing.append(contestant)
        for number in range(0 if warm_up else 1, rounds + 1):
            shift = number % max(len(playing), 1)
            for contestant in playing[shift:] + playing[:shift]:
                what = f"round {number} of {rounds}" if number else "warming up"
                _tell(f"{self._name}, {what}: {contestant.title}")
                for idle in (True, False):
                    self._turn(contestant, idle=idle, counts=number > 0)
        _tell("")

    def _turn(self, contestant: Contestant, *, idle: bool, counts: bool) -> None:
        """One contestant's turn: a session, and another one after each measure that broke it."""
        remaining = [
            measure
            for measure in self._measures
            if measure.idle == idle
            and (counts or measure.warm)
            and measure.name not in contestant.cannot
            and (measure.name, contestant.name) not in self._done
        ]
        while remaining:
            begun = False
            try:
                with contestant.idle() if idle else contestant.session() as session:
                    while remaining:
                        begun = True
                        self._take(session, remaining[0], contestant, counts=counts)
                        del remaining[0]
            except Exception as error:  # whatever a contestant does must not end the others' work
                if not remaining:
                    return  # it did not end as it should, after all was measured
                broken = remaining[:1] if begun else remaining
                self._results.miss(broken, contestant.name, f"failed in one round or more: {error}")
                del remaining[: len(broken)]

    def _take(self, session: Session, measure: Measure, contestant: Contestant, *, counts: bool) -> None:
        """Measure one thing as often as it is to be in a session."""
        key = (measure.name, contestant.name)
        for _ in range(measure.count if counts else 1):
            if key in self._done:
                return
            begin = time.perf_counter()
            try:
                value = measure.value(measure.take(session, self._material))
            except CannotError as error:
                self._results.miss([measure], contestant.name, str(error))
                self._done.add(key)
                return
            if counts:
                self._results.samples.setdefault(key, []).append(value)
                if time.perf_counter() - begin > ONCE:
                    self._done.add(key)


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)
