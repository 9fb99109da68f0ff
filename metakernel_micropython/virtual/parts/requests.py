"""What the program that started the board can ask about its parts: a request is a dictionary, so is its answer."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from metakernel_micropython.virtual.parts.agenda import Agenda
from metakernel_micropython.virtual.parts.conditions import condition
from metakernel_micropython.virtual.parts.pin_view import used_pins
from metakernel_micropython.virtual.parts.problem import PartProblem
from metakernel_micropython.virtual.parts.script import Scripts, checked, finite
from metakernel_micropython.virtual.parts.values import plain_settings
from metakernel_micropython.virtual.parts.waits import LONGEST, Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.parts.bench import Bench

PATIENCE = 0.1
"""Seconds after which a request for what is new is answered in any case."""

_EVENTS = 200  # that are kept

Answer = dict[str, Any]


class Requests:
    """Answers requests, each in its own time.

    Args:
        bench: the parts.
        send: sends an answer; called on any thread.
    """

    def __init__(self, bench: Bench, send: Callable[[Answer], object]) -> None:
        self._bench = bench
        self._send = send
        self._agenda = Agenda(self._failed)
        self._waits = Waits(bench.circuit, self._agenda)
        self._scripts = Scripts(bench, self._agenda, self._note_event)
        self._events: deque[Answer] = deque(maxlen=_EVENTS)
        self._event = 0  # number of the last one
        self._pins: list[dict[str, Any]] = []  # as they were seen last
        self._looking: dict[int, Any] = {}  # requests for what is new, with their deadlines
        self._table: dict[str, Callable[[int, Answer], Answer | None]] = {
            "kinds": self._kinds,
            "attach": self._attach,
            "detach": self._detach,
            "parts": self._parts,
            "set": self._set,
            "state": self._state,
            "wait": self._wait,
            "cancel": self._cancel,
            "script": self._script,
            "events": self._tell_events,
        }
        bench.circuit.listen(self._changed)
        bench.circuit.failed = self._failed

    @property
    def program_started(self) -> Callable[[], None]:
        """What is called when a program starts at the prompt."""
        return self._scripts.program_started

    def handle(self, request: Answer) -> None:
        """Answer a request, now or later; returns soon."""
        number = request.get("id")
        if not isinstance(number, int):
            return
        handler = self._table.get(str(request.get("do")))
        try:
            if handler is None:
                raise PartProblem(f"The board does not know the request {request.get('do')!r}.")
            answer = handler(number, request)
        except Exception as error:
            self._refuse(number, error)
            return
        if answer is not None:
            self._send({"id": number, "ok": answer})

    def _refuse(self, number: int, error: Exception) -> None:
        if isinstance(error, PartProblem):
            self._send({"id": number, "error": str(error), "advice": error.advice})
        else:
            self._send({"id": number, "error": f"The board failed: {type(error).__name__}: {error}.", "advice": ""})

    def _note_event(self, text: str) -> None:
        with self._bench.circuit.lock:
            self._event += 1
            self._events.append({"number": self._event, "text": text})

    def _failed(self, error: Exception) -> None:
        """A part failed, on whichever thread."""
        self._note_event(f"A part failed: {type(error).__name__}: {error}")

    # -- parts ---------------------------------------------------------------------------------------------------

    def _kinds(self, _number: int, _request: Answer) -> Answer:
        kinds: list[Answer] = []
        for found in self._bench.registry.all():
            part = found.part
            kinds.append(
                {
                    "kind": found.kind,
                    "summary": part.summary if part else "",
                    "terminals": list(part.terminals) if part else [],
                    "usual": list(part.usual) if part else [],
                    "options": {
                        name: {"default": option.default, "help": option.help, "choices": list(option.choices)}
                        for name, option in (part.options if part else {}).items()
                    },
                    "settings": plain_settings(part.settings) if part else {},
                    "error": found.error,
                }
            )
        return {"kinds": kinds}

    def _attach(self, _number: int, request: Answer) -> Answer:
        pins, name, options = request.get("pins", []), request.get("name"), request.get("options", {})
        if not isinstance(pins, list) or not isinstance(options, dict) or not isinstance(name, str | None):
            raise PartProblem("A part is attached with a list of pins, a name and options.")
        part = self._bench.attach(str(request.get("kind")), pins, name, options)
        return {"part": self._bench.describe(part)}

    def _detach(self, _number: int, request: Answer) -> Answer:
        name = self._bench.find(str(request.get("name"))).name
        self._bench.detach(name)
        return {"name": name}

    def _parts(self, _number: int, request: Answer) -> Answer:
        name = request.get("name")
        parts = self._bench.all() if name is None else [self._bench.find(str(name))]
        return {"parts": [self._bench.describe(part) for part in parts]}

    def _set(self, _number: int, request: Answer) -> Answer:
        self._bench.set(str(request.get("target")), request.get("value"))
        return {}

    # -- what is new ---------------------------------------------------------------------------------------------

    def _state(self, number: int, request: Answer) -> Answer | None:
        after = request.get("after")
        with self._bench.circuit.lock:
            self._look_at_pins()
            if not isinstance(after, int) or self._bench.circuit.serial != after:
                return {"snapshot": self._snapshot()}
            self._looking[number] = self._agenda.at(time.monotonic() + PATIENCE, lambda: self._look_again(number))
        return None

    def _snapshot(self) -> Answer:
        return {
            "serial": self._bench.circuit.serial,
            "pins": self._pins,
            "parts": [self._bench.describe(part) for part in self._bench.all()],
        }

    def _look_at_pins(self) -> None:
        """Look whether the program has set pins that nobody watches; the circuit's lock is held."""
        pins = used_pins(self._bench)
        if pins != self._pins:
            self._pins = pins
            self._bench.circuit.note()

    def _changed(self) -> None:
        """Something has changed: the circuit's lock is held, perhaps by the program's thread."""
        if self._looking:
            looking, self._looking = self._looking, {}
            for number, deadline in looking.items():
                deadline.cancel()
                self._agenda.soon(lambda number=number: self._give_snapshot(number))  # type: ignore[misc]

    def _give_snapshot(self, number: int) -> None:
        with self._bench.circuit.lock:
            self._look_at_pins()
            snapshot = self._snapshot()
        self._send({"id": number, "ok": {"snapshot": snapshot}})

    def _look_again(self, number: int) -> None:
        with self._bench.circuit.lock:
            self._look_at_pins()  # what is new answers the request
            if self._looking.pop(number, None) is None:
                return
        self._send({"id": number, "ok": {"snapshot": None}})

    # -- waiting and scripts -------------------------------------------------------------------------------------

    def _wait(self, number: int, request: Answer) -> None:
        within = finite(request.get("within"), "within", LONGEST)
        compared = condition(
            self._bench, str(request.get("target")), str(request.get("comparison", "==")), request.get("value")
        )
        self._waits.add(
            number,
            compared,
            within,
            lambda found: self._send({"id": number, "ok": found}),
            lambda error: self._refuse(number, error),
        )

    def _cancel(self, _number: int, request: Answer) -> Answer:
        other = request.get("request")
        if isinstance(other, int):
            self._waits.cancel(other)
        return {}

    def _script(self, _number: int, request: Answer) -> Answer:
        steps = checked(self._bench, request.get("steps"))
        start = request.get("start")
        if start not in ("now", "program", "never"):
            raise PartProblem(f"A script starts 'now', with the next 'program', or 'never', not {start!r}.")
        if start != "never":
            (self._scripts.start if start == "now" else self._scripts.wait)(steps)
        return {"steps": len(steps)}

    def _tell_events(self, _number: int, request: Answer) -> Answer:
        after = request.get("after", 0)
        with self._bench.circuit.lock:
            events = [event for event in self._events if not isinstance(after, int) or event["number"] > after]
        return {"events": events}
