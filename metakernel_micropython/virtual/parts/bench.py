"""The parts on a board's circuit: attached, set, looked at, detached."""

from __future__ import annotations

import json
import math
import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

from metakernel_micropython.virtual.parts.part_registry import Registry, near
from metakernel_micropython.virtual.parts.pin_names import names_of
from metakernel_micropython.virtual.parts.problem import PartProblem
from metakernel_micropython.virtual.parts.values import describe, option_value, plain_settings, setting_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.circuit import Circuit
    from metakernel_micropython.virtual.parts.part import Part
    from metakernel_micropython.virtual.parts.pin_names import PinNames

MOST = 64
"""Parts on a board."""

_PLACE = ("i2c", "address")  # options that tell where on a bus a part is

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Bench:
    """The parts on a circuit. Its methods may be called on any thread.

    Args:
        circuit: what they are on.
        pins: the names of the board's pins.

    Attributes:
        registry: the kinds of parts.
    """

    def __init__(self, circuit: Circuit, pins: PinNames | None = None) -> None:
        self.circuit = circuit
        self.pins = pins or names_of("")
        self.registry = Registry()
        self._parts: dict[str, Part] = {}

    # -- attaching -----------------------------------------------------------------------------------------------

    def attach(
        self,
        kind: str,
        pins: Sequence[object] = (),
        name: str | None = None,
        options: Mapping[str, object] | None = None,
    ) -> Part:
        """Attach a part.

        Args:
            kind: what it is.
            pins: numbers or names, in the order of its terminals; none: the usual ones.
            name: what it is called; None for its kind with a number.
            options: as `Part.options` has them.

        Raises:
            PartProblem: it cannot be attached; the text says why, and what would do.
        """
        part = self.registry.find(kind)
        chosen = self._chosen(part, options or {})
        numbers = self._numbers(part, pins)
        with self.circuit.lock:
            old = self._replaced(part, name, numbers, chosen)
            made = part(old.name if old else self._name(part, name), self.circuit, numbers, chosen)
            if old is None and len(self._parts) >= MOST:
                raise PartProblem(f"{MOST} parts are attached, and more do not fit on a board.")
            self._refuse_held(made, old)
            if old is not None:
                old.detach()
            try:
                made.attach()
            except Exception as error:
                made.detach()
                if old is not None:
                    old.attach()
                said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
                raise PartProblem(f"{made.name} cannot be attached: {said.rstrip('.')}.") from error
            self._parts[made.name] = made
            self.circuit.note()
            return made

    def _refuse_held(self, made: Part, old: Part | None) -> None:
        """Refuse a part on a pin whose level another one holds.

        Args:
            made: the part.
            old: whose place it takes.
        """
        for other in self._parts.values() if made.holds else ():
            shared = set(other.pins.values()) & set(made.pins.values())
            if other.holds and other is not old and shared:
                pins = ", ".join(self.pins.name(pin) for pin in sorted(shared))
                raise PartProblem(
                    f"{made.name} cannot be attached: {other.name} is on {pins}. Detach it, or use another pin."
                )

    def _replaced(
        self, part: type[Part], name: str | None, pins: Mapping[str, int], chosen: Mapping[str, object]
    ) -> Part | None:
        """Return the part whose place a new one takes: a cell that attaches it may be run again.

        That is the one of its kind with its name; where it has no name, the one of its kind in the same place.
        """
        place = {option: chosen[option] for option in _PLACE if option in chosen}
        for old in self._parts.values():
            if old.kind == part.kind and (
                old.name == name
                if name is not None
                else old.pins == pins and all(old.chosen[option] == value for option, value in place.items())
            ):
                return old
        return None

    def attach_again(self, text: str) -> None:
        """Attach the parts of a board that is gone, as far as they can be.

        Args:
            text: JSON, a list of tables with ``kind``, ``pins``, ``name``, ``options`` and ``values``.
        """
        for old in json.loads(text):
            try:
                part = self.attach(old["kind"], old["pins"], old["name"], old["options"])
                for setting, value in old["values"].items():
                    self.set(f"{part.name}.{setting}", value)
            except PartProblem as problem:
                print(problem, file=sys.stderr)

    def attach_line(self, line: str) -> Part:
        """Attach a part as it is typed: ``led 15 --color green --name lamp``.

        Raises:
            PartProblem: as for `attach`; or the line cannot be read.
        """
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise PartProblem(f"{line!r} cannot be read: {error}.") from error
        if not words or words[0].startswith("-"):
            raise PartProblem(f"{line!r} names no part: write for example 'led 15'.")
        kind, *rest = words
        pins: list[str] = []
        options: dict[str, object] = {}
        while rest:
            word = rest.pop(0)
            if not word.startswith("--"):
                pins.append(word)
                continue
            option, given, value = word[2:].partition("=")
            if not given:
                if not rest:
                    raise PartProblem(f"{word} in {line!r} needs a value.")
                value = rest.pop(0)
            options[option] = value
        name = options.pop("name", None)
        return self.attach(kind, pins, None if name is None else str(name), options)

    def detach(self, name: str) -> None:
        """Take a part off the board.

        Raises:
            PartProblem: there is none of that name.
        """
        with self.circuit.lock:
            part = self.find(name)
            del self._parts[part.name]
            part.detach()
            self.circuit.note()

    def _name(self, part: type[Part], name: str | None) -> str:
        """Return the name of a new part; the circuit's lock is held."""
        if name is not None:
            if not _NAME.fullmatch(name):
                raise PartProblem(f"{name!r} cannot be a name: it takes letters, digits and _, not a digit in front.")
            if self.pins.find(name) is not None:
                raise PartProblem(f"{name!r} cannot be the name of a part: it is a pin's.")
            if name in self._parts:
                raise PartProblem(f"There is a part called {name} already ({self._parts[name].kind}).")
            return name
        # led1, led2; where the kind ends in a digit, bmp280 and bmp280_2
        ends_in_digit = part.kind[-1].isdigit()
        number = 1
        while True:
            found = f"{part.kind}{'_' if ends_in_digit else ''}{number}"
            if ends_in_digit and number == 1:
                found = part.kind
            if found not in self._parts:
                return found
            number += 1

    def _numbers(self, part: type[Part], pins: Sequence[object]) -> dict[str, int]:
        terminals = part.terminals
        wanted = pins or part.usual
        if len(wanted) != len(terminals):
            needs = f"is attached to {len(terminals)} pins ({', '.join(terminals)})"
            if not terminals:
                needs = "is attached to no pin" + (", but to a bus (--i2c 0)" if "i2c" in part.options else "")
            elif len(terminals) == 1:
                needs = f"is attached to one pin ({terminals[0]})"
            example = " ".join([part.kind, *(str(pin) for pin in part.usual or range(14, 14 + len(terminals)))])
            raise PartProblem(f"A {part.kind} {needs}, not to {len(wanted)}: for example '{example}'.")
        return dict(zip(terminals, (self.pins.number(pin) for pin in wanted), strict=True))

    @staticmethod
    def _chosen(part: type[Part], options: Mapping[str, object]) -> dict[str, int | float | str]:
        chosen: dict[str, int | float | str] = {name: option.default for name, option in part.options.items()}
        for name, value in options.items():
            known = "i2c" if name == "bus" and "i2c" in chosen else name
            if known not in chosen:
                if not chosen:
                    raise PartProblem(f"A {part.kind} has no options but --name, and so no --{name}.")
                there = ", ".join(f"--{one} ({option.help})" for one, option in part.options.items())
                raise PartProblem(f"A {part.kind} has no option --{name}{near(name, list(chosen))}. It has {there}.")
            chosen[known] = option_value(part.kind, known, part.options[known], value)
        return chosen

    # -- the parts -----------------------------------------------------------------------------------------------

    def all(self) -> list[Part]:
        """Return the parts in the order in which they were attached."""
        with self.circuit.lock:
            return list(self._parts.values())

    def find(self, name: str) -> Part:
        """Return the part of a name; a kind alone names the only part of that kind.

        Raises:
            PartProblem: there is none, or several.
        """
        with self.circuit.lock:
            if name in self._parts:
                return self._parts[name]
            alike = [part for part in self._parts.values() if part.kind == name.lower()]
        if len(alike) == 1:
            return alike[0]
        if alike:
            raise PartProblem(f"There are several of them: say which, {' or '.join(part.name for part in alike)}.")
        names = list(self._parts)
        if not names:
            raise PartProblem(f"There is no part called {name!r}: none is attached.", "LIST_PARTS")
        raise PartProblem(f"There is no part called {name!r}{near(name, names, listed=True)}.", "LIST_PARTS")

    def target(self, target: str) -> tuple[Part, str]:
        """Return the part that ``led1`` or ``led1.brightness`` names, and what follows the point ("" for nothing).

        Raises:
            PartProblem: there is no such part.
        """
        name, _, rest = target.strip().partition(".")
        return self.find(name), rest

    def check(self, target: str, value: object) -> tuple[Part, str, bool | float]:
        """Return part, setting and value of what somebody wants to set.

        Args:
            target: a part, or a part and its setting (``bmp280.temperature``).
            value: as it was typed.

        Raises:
            PartProblem: there is no such part or setting, or it does not take that value.
        """
        part, setting = self.target(target)
        settings = part.settings
        if not settings:
            raise PartProblem(f"{part.name} has nothing to set: the program on the board moves it.")
        setting = setting or next(iter(settings))
        if setting not in settings:
            there = ", ".join(f"{name} ({describe(one)})" for name, one in settings.items())
            raise PartProblem(f"{part.name} has no setting {setting!r}{near(setting, list(settings))}. It has {there}.")
        return part, setting, setting_value(f"{part.name}.{setting}", settings[setting], value)

    def set(self, target: str, value: object) -> None:
        """Set what a person could set at a real part.

        Raises:
            PartProblem: as for `check`; or the part refused it.
        """
        with self.circuit.lock:
            part, setting, found = self.check(target, value)
            before = part.values[setting]
            part.values[setting] = found
            try:
                part.changed(setting)
            except Exception as error:
                part.values[setting] = before
                raise PartProblem(
                    f"{part.name}.{setting} could not be set: {type(error).__name__}: {error}."
                ) from error
            self.circuit.note()

    def describe(self, part: Part) -> dict[str, Any]:
        """Return a part as plain data."""
        with self.circuit.lock:
            return {
                "name": part.name,
                "kind": part.kind,
                "summary": part.summary,
                "pins": dict(part.pins),
                "picture": _picture(part),
                "state": state_of(part),
                "settings": plain_settings(part.settings, part.values),
            }


def state_of(part: Part) -> dict[str, bool | int | float | str]:
    """Return what a part tells of itself; where it fails, why."""
    try:
        return told_state(part)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def told_state(part: Part) -> dict[str, bool | int | float | str]:
    """Return what a part tells of itself, as plain data.

    Raises:
        Exception: whatever a part of somebody else's raises.
    """
    return {str(name): _plain(value) for name, value in part.state().items()}


def _plain(value: object) -> bool | int | float | str:
    if isinstance(value, bool | int | str):
        return value
    return float(value) if isinstance(value, float) and math.isfinite(value) else str(value)


def _picture(part: Part) -> list[Any]:
    try:
        picture: list[Any] = json.loads(json.dumps(list(part.picture()), allow_nan=False))
        return picture
    except Exception as error:
        return [{"shape": "text", "text": f"{type(error).__name__}: {error}"[:200]}]
