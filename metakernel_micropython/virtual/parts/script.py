"""Scripts: what is set at which time, from now on or from the start of a program."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.problem import PartProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metakernel_micropython.virtual.parts.agenda import Agenda, Entry
    from metakernel_micropython.virtual.parts.bench import Bench

MOST = 10_000
"""Steps of a script."""

LONGEST = 24 * 3600.0
"""Seconds that it lasts at most."""

Step = tuple[float, str, object]
"""Seconds from the start, what is set, and its value."""


def checked(bench: Bench, steps: object) -> list[Step]:
    """Return the steps of a script that can be carried out as things are.

    Raises:
        PartProblem: one cannot; the text says which.
    """
    if not isinstance(steps, list) or len(steps) > MOST:
        raise PartProblem(f"A script is a list of at most {MOST} steps.")
    found: list[Step] = []
    for number, step in enumerate(steps, 1):
        if not isinstance(step, list) or len(step) != 3 or not isinstance(step[1], str):
            raise PartProblem(f"Step {number} is not a time, a part and a value: {step!r}.")
        seconds, target, value = step
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST:
            raise PartProblem(f"The time of step {number} is not between 0 and {LONGEST:.0f} s: {seconds!r}.")
        try:
            bench.check(target, value)
        except PartProblem as problem:
            raise PartProblem(f"Step {number}: {problem}", problem.advice) from problem
        found.append((float(seconds), target, value))
    return found


class Scripts:
    """The scripts that run, and the one that waits for a program.

    Args:
        bench: the parts.
        agenda: does the steps.
        failed: is called with a sentence where a step cannot be done any more.
    """

    def __init__(self, bench: Bench, agenda: Agenda, failed: Callable[[str], object]) -> None:
        self._bench = bench
        self._agenda = agenda
        self._failed = failed
        self._waiting: list[Step] = []  # for a program, until the first of them is done
        self._entries: list[Entry] = []  # of the script for a program, once one has started

    def start(self, steps: Sequence[Step]) -> None:
        """Start a script now."""
        now = time.monotonic()
        for step in steps:
            self._agenda.at(now + step[0], lambda step=step: self._do(step))  # type: ignore[misc]

    def wait(self, steps: Sequence[Step]) -> None:
        """Have a script start with the next program; it takes the place of the last one that did, or waits for that."""
        with self._bench.circuit.lock:
            for entry in self._entries:
                entry.cancel()
            self._waiting, self._entries = list(steps), []

    def program_started(self) -> None:
        """A program has started at the prompt.

        The time counts from the last program before the first step: whoever sends programs may ask the board something
        with short ones before.
        """
        if not self._waiting:
            return
        with self._bench.circuit.lock:
            for entry in self._entries:
                entry.cancel()
            now = time.monotonic()
            self._entries = [
                self._agenda.at(now + step[0], lambda step=step: self._do_first(step))  # type: ignore[misc]
                for step in self._waiting
            ]

    def _do_first(self, step: Step) -> None:
        with self._bench.circuit.lock:
            self._waiting = []
        self._do(step)

    def _do(self, step: Step) -> None:
        seconds, target, value = step
        try:
            self._bench.set(target, value)
        except PartProblem as problem:
            self._failed(f"The script's step at {seconds:g} s was not done. {problem}")


def finite(value: object, name: str, most: float) -> float:
    """Return a number of seconds.

    Raises:
        PartProblem: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise PartProblem(f"{name} is a number of seconds, not {value!r}.")
    return min(float(value), most)
