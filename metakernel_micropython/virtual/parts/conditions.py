"""What a lesson expects: ``led1 on``, ``led1.brightness > 0.5``, ``pin15 high``."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metakernel_micropython.virtual.parts.bench import told_state
from metakernel_micropython.virtual.parts.part import Switch
from metakernel_micropython.virtual.parts.part_registry import near
from metakernel_micropython.virtual.parts.pin_view import look
from metakernel_micropython.virtual.parts.problem import PartProblem
from metakernel_micropython.virtual.parts.values import number, switched, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.parts.bench import Bench
    from metakernel_micropython.virtual.parts.part import Part, Value

_SAME, _OTHER = ("==", "=", "is"), ("!=", "is not", "not")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PIN = ("level", "duty", "hertz", "volts")


@dataclass(frozen=True)
class Condition:
    """A value that is looked at, and what it is to be.

    Attributes:
        pin: the pin that is looked at; None where it is a part.
        value: gives the present value.
        holds: tells whether a value is what is expected.
        told: says a value in words.
    """

    pin: int | None
    value: Callable[[], Value]
    holds: Callable[[Value], bool]
    told: Callable[[Value], str]


def condition(bench: Bench, target: str, comparison: str, wanted: object) -> Condition:
    """Return the condition that somebody typed.

    Args:
        bench: the parts.
        target: a part (the first of what it tells is meant), ``part.name``, a pin, or ``pin15.duty``.
        comparison: ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` or ``contains``.
        wanted: a number or a word.

    Raises:
        PartProblem: there is no such thing to be looked at, or it cannot be compared with that.
    """
    name, _, rest = target.strip().partition(".")
    pin = bench.pins.find(name)
    if pin is not None and all(part.name != name for part in bench.all()):
        return _of_pin(bench, pin, rest or "level", comparison, wanted)
    part, rest = bench.target(target)
    state = _state(part)
    if not state:
        raise PartProblem(f"{part.name} tells nothing that could be expected.")
    rest = rest or next(iter(state))
    if rest not in state:
        raise PartProblem(f"{part.name} tells no {rest!r}{near(rest, list(state))}. It tells {', '.join(state)}.")
    setting = part.settings.get(rest)
    switch = setting if isinstance(setting, Switch) else None
    if switch is None and isinstance(setting := next(iter(part.settings.values()), None), Switch):
        switch = setting if isinstance(state[rest], bool) else None

    def value() -> Value:
        if all(other is not part for other in bench.all()):
            raise PartProblem(f"{part.name} was detached.")
        now = _state(part)
        if rest not in now:
            raise PartProblem(f"{part.name} tells no {rest!r} any more.")
        return now[rest]

    shown = f"{part.name}.{rest}"
    return Condition(
        None, value, _comparison(shown, state[rest], comparison, wanted, switch), lambda v: told(v, switch)
    )


def _state(part: Part) -> dict[str, Value]:
    try:
        return told_state(part)
    except Exception as error:
        raise PartProblem(f"{part.name} fails when it is looked at: {type(error).__name__}: {error}.") from error


_LEVEL = Switch(("high",), ("low",))


def _of_pin(bench: Bench, pin: int, what: str, comparison: str, wanted: object) -> Condition:
    if what not in _PIN:
        raise PartProblem(f"A pin tells no {what!r}{near(what, list(_PIN))}. It tells {', '.join(_PIN)}.")
    circuit = bench.circuit
    name = f"pin {bench.pins.name(pin)}"
    if what == "level":
        holds = _comparison(name, False, comparison, wanted, _LEVEL)
        return Condition(pin, lambda: bool(circuit.level(pin)), holds, lambda value: told(value, _LEVEL))

    def value() -> Value:
        found = look(circuit, pin)[what]
        return 0.0 if found is None else float(found)

    return Condition(pin, value, _comparison(f"{name}'s {what}", 0.0, comparison, wanted, None), told)


def _comparison(
    name: str, now: Value, comparison: str, wanted: object, switch: Switch | None
) -> Callable[[Value], bool]:
    """Return what compares a value with what is wanted.

    Raises:
        PartProblem: they cannot be compared.
    """
    how = " ".join(comparison.lower().split()) or "=="
    if how not in (*_SAME, *_OTHER, *_ORDER, "contains"):
        raise PartProblem(f"{comparison!r} compares nothing: write ==, !=, <, <=, >, >= or contains.")
    if isinstance(now, bool):
        position = switched(wanted, switch)
        if position is None or how in _ORDER or how == "contains":
            words = (switch.on[0], switch.off[0]) if switch else ("on", "off")
            raise PartProblem(f"{name} is {words[0]} or {words[1]}: it cannot be {how} {wanted!r}.")
        return lambda value: (bool(value) == position) == (how in _SAME)
    if isinstance(now, str):
        text = str(wanted).lower()
        if how in _ORDER:
            raise PartProblem(f"{name} is a text ({now!r}): compare it with ==, != or contains.")
        if how == "contains":
            return lambda value: text in str(value).lower()
        return lambda value: (str(value).lower() == text) == (how in _SAME)
    figure = number(wanted)
    if figure is None or how == "contains":
        raise PartProblem(f"{name} is a number ({told(now)}): it cannot be {how} {wanted!r}.")
    if how in _ORDER:
        return lambda value: _ORDER[how](value, figure)
    return lambda value: _close(value, figure) == (how in _SAME)


def _close(value: Value, figure: float) -> bool:
    return not isinstance(value, str) and math.isclose(value, figure, rel_tol=1e-3, abs_tol=1e-3)
