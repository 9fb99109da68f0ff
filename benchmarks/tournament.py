"""The order of things: rounds in which every contestant has its turn, so that a busy machine is busy for all."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .contestant import Contestant
    from .measures import Measure


@dataclass
class Results:
    """What came out.

    Attributes:
        samples: for a measure's and a contestant's name, what was measured, in the measure's unit.
        missing: for the same, why nothing was.
    """

    samples: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    missing: dict[tuple[str, str], str] = field(default_factory=dict)

    def miss(self, measures: Sequence[Measure], contestant: Contestant, why: str) -> None:
        """Note why a contestant has no number, or fewer."""
        for measure in measures:
            self.missing.setdefault((measure.name, contestant.name), why)


def run(contestants: Sequence[Contestant], measures: Sequence[Measure], rounds: int) -> Results:
    """Measure. A contestant that fails is noted; the others go on.

    Args:
        contestants: in the order of the first round; each following round begins with the next one.
        measures: what each has to do, in this order, in one session per round.
        rounds: how many count; one more goes before them, which fills caches and is not counted.
    """
    results = Results()
    playing = []
    for contestant in contestants:
        for measure in measures:
            if measure.name in contestant.cannot:
                results.miss([measure], contestant, contestant.cannot[measure.name])
        try:
            contestant.prepare()
        except BenchmarkError as error:
            results.miss(measures, contestant, str(error))
        else:
            playing.append(contestant)
    for number in range(rounds + 1):
        shift = number % max(len(playing), 1)
        for contestant in playing[shift:] + playing[:shift]:
            _tell(f"{f'round {number} of {rounds}' if number else 'warming up'}: {contestant.title}")
            possible = [measure for measure in measures if measure.name not in contestant.cannot]
            if possible:
                _play(contestant, possible, results, counts=number > 0)
    _tell("")
    return results


def _play(contestant: Contestant, measures: Sequence[Measure], results: Results, *, counts: bool) -> None:
    """One contestant's turn."""
    remaining = list(measures)
    try:
        with contestant.session() as session:
            while remaining:
                measure = remaining[0]
                for _ in range(measure.count if counts else 1):
                    value = measure.value(measure.take(session))
                    if counts:
                        results.samples.setdefault((measure.name, contestant.name), []).append(value)
                del remaining[0]
    except (BenchmarkError, OSError) as error:
        results.miss(remaining or measures, contestant, f"failed in one round or more: {error}")


def _tell(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)
