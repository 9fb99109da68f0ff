"""The parts on a virtual board's pins: attach them, set them, see them, wait for them.

>>> with Board.connect("virtual") as board:
...     led = board.parts.attach("led", 15)
...     board.execute("from machine import Pin; Pin(15, Pin.OUT, value=1)")
...     board.parts[led.name].state["on"]
''
True
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

from ..errors import Advice, MicroPythonError, NoParts, PartError
from ..transports.options import KeptParts
from ..transports.virtual_control import REQUEST_TIMEOUT, ControlLine, Refused
from .part_data import (
    Kind,
    PartDescription,
    Value,
    Waited,
    item,
    kind_from,
    part_from,
    snapshot_from,
    waited_from,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOWEST = 60.0  # seconds to load what a package's part needs
_ON, _OFF = "press", "release"


class Parts:
    """The parts of one virtual board. Its methods may be called on any thread.

    Args:
        control: the connection to the board.
        kept: what is attached again to a board that takes the place of this one.
    """

    def __init__(self, control: ControlLine, kept: KeptParts) -> None:
        self._control = control
        self._lock = threading.Lock()  # guards the next one
        self._kept = kept.parts

    @classmethod
    def of(cls, transport: object, address: str) -> Parts:
        """Return the parts of the board on a line.

        Raises:
            NoParts: it is no virtual board.
        """
        control, kept = getattr(transport, "control", None), getattr(transport, "kept_parts", None)
        if not isinstance(control, ControlLine) or not isinstance(kept, KeptParts):
            raise NoParts(
                f"Parts can be attached to a virtual board alone, and the board on {address} is none.",
                Advice.USE_VIRTUAL,
            )
        return cls(control, kept)

    # -- attaching -----------------------------------------------------------------------------------------------

    def kinds(self) -> list[Kind]:
        """Return the kinds of parts that there are.

        Raises:
            MicroPythonError: the board has ended or does not answer.
        """
        return [kind_from(table) for table in item(self._ask("kinds", timeout=_SLOWEST), "kinds", list)]

    def attach(self, kind: str, *pins: int | str, name: str | None = None, **options: object) -> PartDescription:
        """Attach a part.

        Args:
            kind: which, such as ``led``.
            pins: numbers, or names such as ``GP15`` and ``LED``; none: the usual ones of its kind.
            name: what it is called; None for its kind with a number.
            options: what else its kind takes.

        Raises:
            PartError: it cannot be attached; the text says why and what would do.
            MicroPythonError: the board has ended or does not answer.
        """
        options = _plain(options, "an option")
        answer = self._ask(
            "attach", timeout=_SLOWEST, kind=kind, pins=_plain(list(pins), "a pin"), name=name, options=options
        )
        part = part_from(answer.get("part"))
        with self._lock:
            self._kept[part.name] = {
                "kind": part.kind,
                "pins": list(part.pins.values()),
                "name": part.name,
                "options": options,
                "values": {},
            }
        return part

    def detach(self, name: str) -> None:
        """Take a part off the board.

        Raises:
            PartError: there is none of that name.
            MicroPythonError: the board has ended or does not answer.
        """
        found = item(self._ask("detach", name=name), "name", str)
        with self._lock:
            self._kept.pop(found, None)

    # -- looking and setting -------------------------------------------------------------------------------------

    def all(self) -> list[PartDescription]:
        """Return the parts in the order in which they were attached.

        Raises:
            MicroPythonError: the board has ended or does not answer.
        """
        return [part_from(table) for table in item(self._ask("parts"), "parts", list)]

    def __getitem__(self, name: str) -> Handle:
        """Return a part by its name; a kind names the only part of that kind.

        Raises:
            PartError: there is none.
        """
        return Handle(self, self.describe(name).name)

    def describe(self, name: str) -> PartDescription:
        """Return a part as it is at the moment.

        Raises:
            PartError: there is none of that name.
            MicroPythonError: the board has ended or does not answer.
        """
        (table,) = item(self._ask("parts", name=name), "parts", list) or [None]
        return part_from(table)

    def set(self, target: str, value: object) -> None:
        """Set what a person could set at a real part.

        Args:
            target: a part, or a part and its setting, as ``bmp280.temperature``; else the first setting is meant.
            value: a number, or a word: ``pressed``, ``on``, ``31.5``.

        Raises:
            PartError: there is no such part or setting, or it does not take that value.
            MicroPythonError: the board has ended or does not answer.
        """
        self._ask("set", target=target, value=_plain(value, "a value"))
        name, _, setting = target.partition(".")
        with self._lock:
            alike = [part for part in self._kept.values() if part["kind"] == name]
            known = self._kept.get(name) or (alike[0] if len(alike) == 1 else None)
            if known is not None:
                known["values"].pop(setting, None)  # the last comes last
                known["values"][setting] = value

    def state(self, after: int | None = None) -> dict[str, Any] | None:
        """Return the board's pins and parts: ``serial``, ``pins`` and ``parts``, as plain data.

        Args:
            after: the ``serial`` of the last one that was seen: where nothing has changed since, wait for a change, a
                tenth of a second at most, and return None where there was none.

        Raises:
            MicroPythonError: the board has ended or does not answer.
        """
        return snapshot_from(self._ask("state", after=after).get("snapshot"))

    def wait(self, target: str, comparison: str, value: object = None, *, within: float = 1.0) -> Waited:
        """Wait until something is as expected. The board looks with every change, so that short pulses count.

        Args:
            target: ``led1`` (the first of what it tells), ``led1.brightness``, ``pin15``, ``pin15.duty``.
            comparison: ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``contains``; or, without a value, the value that
                is expected: ``wait("led1", "on")``.
            value: a number or a word.
            within: seconds.

        Raises:
            PartError: there is no such thing, or it cannot be compared with that; or its part was detached.
            MicroPythonError: the board has ended or does not answer.
        """
        if value is None:
            comparison, value = "==", comparison
        if isinstance(within, bool) or not isinstance(within, int | float) or not 0 <= within < math.inf:
            raise PartError(f"within is a number of seconds, not {within!r:.100}.")
        answer = self._ask(
            "wait",
            timeout=within + REQUEST_TIMEOUT,
            target=target,
            comparison=comparison,
            value=_plain(value, "a value"),
            within=within,
        )
        return waited_from(answer)

    def script(self, steps: Sequence[tuple[float, str, object]], start: str = "now") -> None:
        """Set things at their times.

        Args:
            steps: seconds from the start, what is set (as for `set`), and its value.
            start: ``now``, or ``program``: when the next program that is sent to the board starts. Such a script ends
                the one before it; one without steps does no more than that. ``never``: only look whether the steps can
                be done.

        Raises:
            PartError: a step cannot be done; none is.
            MicroPythonError: the board has ended or does not answer.
        """
        self._ask("script", steps=_plain([list(step) for step in steps], "a value"), start=start)

    def events(self, after: int = 0) -> list[tuple[int, str]]:
        """Return what went wrong with parts and scripts since, as numbers and sentences.

        Args:
            after: the number of the last one that is known.

        Raises:
            MicroPythonError: the board has ended or does not answer.
        """
        events = item(self._ask("events", after=after), "events", list)
        return [(item(event, "number", int), item(event, "text", str)) for event in events if isinstance(event, dict)]

    def _ask(self, what: str, *, timeout: float = REQUEST_TIMEOUT, **arguments: object) -> dict[str, Any]:
        try:
            return self._control.ask(what, timeout=timeout, **arguments)
        except Refused as refused:
            advice = Advice.__members__.get(refused.advice)
            raise PartError(str(refused), advice) from None


class Handle:
    """A part of a board.

    Attributes:
        name: its name.
    """

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self.name = name

    def set(self, setting: object, value: object = None) -> None:
        """Set its first setting to a value, or another one: ``set(31.5)``, ``set("pressure", 990)``.

        Raises:
            PartError: it has no such setting, or it does not take that value.
        """
        if value is None:
            self._parts.set(self.name, setting)
        else:
            self._parts.set(f"{self.name}.{setting}", value)

    @property
    def description(self) -> PartDescription:
        """What there is to say about it at the moment."""
        return self._parts.describe(self.name)

    @property
    def state(self) -> dict[str, Value]:
        """What it tells, by name."""
        return self.description.state

    def press(self) -> None:
        """Press it.

        Raises:
            PartError: it cannot be pressed.
        """
        self._switch(_ON)

    def release(self) -> None:
        """Let it go.

        Raises:
            PartError: it cannot be pressed.
        """
        self._switch(_OFF)

    def _switch(self, word: str) -> None:
        for name, setting in self.description.settings.items():
            if word in (*setting.get("on", ()), *setting.get("off", ())):
                self._parts.set(f"{self.name}.{name}", word)
                return
        raise PartError(f"{self.name} cannot be pressed.", Advice.LIST_PARTS)

    def __repr__(self) -> str:
        """Tell its name, and what it tells."""
        try:
            state = ", ".join(f"{name}={value!r}" for name, value in self.state.items())
        except MicroPythonError:
            state = "gone"
        return f"<{self.name}: {state}>"


def _plain(value: Any, what: str) -> Any:
    """Return a value that can be sent.

    Raises:
        PartError: it cannot.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(one, what) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, what) for one in value]
    raise PartError(f"{what.capitalize()} is a number, a word, or on or off, not {value!r:.100}.")
