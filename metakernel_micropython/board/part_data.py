"""What a virtual board tells about its parts. It is data, and checked before anybody relies on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import LineLost

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = bool | int | float | str
T = TypeVar("T")

MAX_ITEMS = 4096
"""Of a list or a table in an answer."""

MAX_TEXT = 2 * 1024 * 1024
"""Characters of a text in an answer: a large display's pixels fit."""


@dataclass(frozen=True)
class Kind:
    """A kind of part that can be attached.

    Attributes:
        kind: its name.
        summary: one line.
        terminals: what it has on pins, in the order in which they are named.
        options: by name, a table with ``default``, ``help`` and ``choices``.
        settings: by name, what can be set, as in `PartDescription`.
        error: why it cannot be attached; "" where it can.
        usual: the pins that it is on where none are named.
    """

    kind: str
    summary: str
    terminals: tuple[str, ...]
    options: dict[str, dict[str, Any]]
    settings: dict[str, dict[str, Any]]
    error: str = ""
    usual: tuple[int, ...] = ()


@dataclass(frozen=True)
class PartDescription:
    """A part as it is at the moment.

    Attributes:
        name: such as ``led1``.
        kind: such as ``led``.
        summary: one line.
        pins: by terminal, the number of a pin.
        picture: shapes to draw, tables with ``shape`` and what belongs to it.
        state: what it tells, by name; the first is meant where none is named.
        settings: what can be set, by name; the first is meant where none is named. ``type`` is ``switch`` (``on`` and
            ``off`` are lists of words) or ``slider`` (``low``, ``high``, ``step``, ``unit``); ``value`` is the present
            one.
    """

    name: str
    kind: str
    summary: str
    pins: dict[str, int]
    picture: list[dict[str, Any]]
    state: dict[str, Value]
    settings: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Waited:
    """How a wait has ended.

    Attributes:
        reached: whether what was expected came.
        after: seconds.
        was: the value at the end, in words.
    """

    reached: bool
    after: float
    was: str


def item(table: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return what is in a table under a name.

    Raises:
        LineLost: it is not there, of another type, or too large.
    """
    found = table.get(name)
    if (
        not isinstance(found, kind)
        or (kind is not bool and isinstance(found, bool) and kind in (int, float))
        or (isinstance(found, str) and len(found) > MAX_TEXT)
        or (isinstance(found, list | dict) and len(found) > MAX_ITEMS)
    ):
        raise nonsense(name)
    return found


def nonsense(what: str) -> LineLost:
    """Return the error for an answer that makes no sense."""
    return LineLost(f"The virtual board gave an answer that makes no sense ({what}).")


def plain_value(value: object) -> Value:
    """Return a plain value.

    Raises:
        LineLost: it is none.
    """
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise nonsense("a value")


def kind_from(table: object) -> Kind:
    """Return a kind of part.

    Raises:
        LineLost: it makes no sense.
    """
    if not isinstance(table, dict):
        raise nonsense("a kind of part")
    options = item(table, "options", dict)
    if not all(isinstance(option, dict) for option in options.values()):
        raise nonsense("options")
    return Kind(
        item(table, "kind", str),
        item(table, "summary", str),
        tuple(str(name) for name in item(table, "terminals", list)),
        options,
        settings_from(item(table, "settings", dict)),
        item(table, "error", str),
        tuple(number for number in item(table, "usual", list) if isinstance(number, int)),
    )


def part_from(table: object) -> PartDescription:
    """Return a part.

    Raises:
        LineLost: it makes no sense.
    """
    return PartDescription(**checked_part(table))


def checked_part(table: object) -> dict[str, Any]:
    """Return a part's table, if it is one.

    Raises:
        LineLost: it is none.
    """
    if not isinstance(table, dict):
        raise nonsense("a part")
    pins = item(table, "pins", dict)
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in pins.values()):
        raise nonsense("pins")
    picture = item(table, "picture", list)
    if not all(isinstance(shape, dict) and isinstance(shape.get("shape"), str) for shape in picture):
        raise nonsense("picture")
    return {
        "name": item(table, "name", str),
        "kind": item(table, "kind", str),
        "summary": item(table, "summary", str),
        "pins": pins,
        "picture": picture,
        "state": {name: plain_value(value) for name, value in item(table, "state", dict).items()},
        "settings": settings_from(item(table, "settings", dict)),
    }


def settings_from(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return settings, if they are some.

    Raises:
        LineLost: they make no sense.
    """
    for setting in table.values():
        if not isinstance(setting, dict) or setting.get("type") not in ("switch", "slider"):
            raise nonsense("a setting")
        if setting["type"] == "switch":
            item(setting, "value", bool)
            words = item(setting, "on", list), item(setting, "off", list)
            if not all(found and all(isinstance(word, str) for word in found) for found in words):
                raise nonsense("a switch")
            continue
        item(setting, "unit", str)
        for name in ("low", "high", "step", "value"):
            number = setting.get(name)
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
                raise nonsense("a slider")
    return table


def snapshot_from(table: object) -> dict[str, Any] | None:
    """Return a snapshot, if it is one; None where nothing is new.

    Raises:
        LineLost: it makes no sense.
    """
    if table is None:
        return None
    if not isinstance(table, dict):
        raise nonsense("a snapshot")
    pins = item(table, "pins", list)
    for pin in pins:
        if not isinstance(pin, dict) or not isinstance(pin.get("level"), int) or not isinstance(pin.get("pin"), int):
            raise nonsense("a pin")
        for name in ("name", "mode", "pull"):
            item(pin, name, str)
        for name in ("duty", "hertz", "volts"):
            number = pin.get(name)
            if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
                raise nonsense(f"a pin's {name}")
    parts = [checked_part(part) for part in item(table, "parts", list)]
    return {"serial": item(table, "serial", int), "pins": pins, "parts": parts}


def waited_from(table: dict[str, Any]) -> Waited:
    """Return how a wait has ended.

    Raises:
        LineLost: it makes no sense.
    """
    after = table.get("after")
    if isinstance(after, bool) or not isinstance(after, int | float) or not math.isfinite(after):
        raise nonsense("after")
    return Waited(item(table, "reached", bool), float(after), item(table, "was", str)[:1000])
