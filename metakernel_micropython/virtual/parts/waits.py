"""Waiting for what a lesson expects. It is looked at with every change, so that a short pulse counts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.circuit import Circuit
    from metakernel_micropython.virtual.parts.agenda import Agenda, Entry
    from metakernel_micropython.virtual.parts.conditions import Condition

LONGEST = 24 * 3600.0
"""Seconds that one may wait."""


@dataclass
class _Wait:
    condition: Condition
    began: float
    answer: Callable[[dict[str, Any]], object]
    refuse: Callable[[Exception], object]
    deadline: Entry | None = None
    undo: list[Callable[[], None]] = field(default_factory=list)


class Waits:
    """Those who wait. All methods may be called on any thread.

    Args:
        circuit: tells what changes.
        agenda: answers them.
    """

    def __init__(self, circuit: Circuit, agenda: Agenda) -> None:
        self._circuit = circuit
        self._agenda = agenda
        self._waits: dict[int, _Wait] = {}
        circuit.listen(self._look)

    def add(
        self,
        number: int,
        condition: Condition,
        within: float,
        answer: Callable[[dict[str, Any]], object],
        refuse: Callable[[Exception], object],
    ) -> None:
        """Wait for a condition.

        Args:
            number: by which `cancel` finds it.
            condition: what is expected.
            within: seconds.
            answer: is called with what `Waited` of the other side holds, on the agenda's thread or this one.
            refuse: is called with the error, where the condition cannot be looked at any more.
        """
        now = time.monotonic()
        wait = _Wait(condition, now, answer, refuse)
        with self._circuit.lock:
            self._waits[number] = wait
            wait.deadline = self._agenda.at(now + min(within, LONGEST), lambda: self._late(number))
            if condition.pin is not None:  # what nobody watches is not told, which makes the program's pins quick
                wait.undo.append(self._circuit.watch(condition.pin, lambda _: None))
                wait.undo.append(self._circuit.watch_pwm(condition.pin, lambda *_: None))
            self._look()

    def cancel(self, number: int) -> None:
        """Nobody waits for that any more."""
        with self._circuit.lock:
            self._end(number)

    def _look(self) -> None:
        """Something has changed: the circuit's lock is held, perhaps by the program's thread."""
        if not self._waits:
            return
        now = time.monotonic()
        for number, wait in list(self._waits.items()):
            try:
                value = wait.condition.value()
                if wait.condition.holds(value):
                    self._finish(
                        number, {"reached": True, "after": now - wait.began, "was": wait.condition.told(value)}
                    )
            except Exception as error:
                self._end(number)
                self._agenda.soon(lambda wait=wait, error=error: wait.refuse(error))  # type: ignore[misc]

    def _late(self, number: int) -> None:
        with self._circuit.lock:
            wait = self._waits.get(number)
            if wait is None:
                return
            try:
                was = wait.condition.told(wait.condition.value())
            except Exception as error:
                self._end(number)
                wait.refuse(error)
                return
            self._finish(number, {"reached": False, "after": time.monotonic() - wait.began, "was": was})

    def _finish(self, number: int, found: dict[str, Any]) -> None:
        wait = self._end(number)
        if wait is not None:
            # Not here: the program is not to wait until the answer is sent.
            self._agenda.soon(lambda: wait.answer(found))

    def _end(self, number: int) -> _Wait | None:
        wait = self._waits.pop(number, None)
        if wait is not None:
            if wait.deadline is not None:
                wait.deadline.cancel()
            for undo in wait.undo:
                undo()
        return wait
