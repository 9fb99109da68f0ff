"""The kinds of parts that there are: those that come with the board, and those of packages.

A package names its class under the entry point group ``metakernel_micropython.parts``. One that cannot be loaded is in
the list with its error, and the others are not disturbed. Nothing is loaded before somebody asks.
"""

from __future__ import annotations

import difflib
import importlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metakernel_micropython.virtual.parts.part import Option, Part, Slider, Switch
from metakernel_micropython.virtual.parts.problem import PartProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GROUP = "metakernel_micropython.parts"

_BUILT_IN = {
    "led": "led:Led",
    "button": "button:Button",
    "potentiometer": "potentiometer:Potentiometer",
    "servo": "servo:Servo",
    "buzzer": "buzzer:Buzzer",
    "neopixel": "neopixel:NeoPixel",
    "ssd1306": "ssd1306:Ssd1306",
    "ssd1306spi": "ssd1306:Ssd1306Spi",
    "mpu6050": "mpu6050:Mpu6050",
    "bmp280": "bmp280:Bmp280",
    "ds18b20": "ds18b20:Ds18b20",
    "dht22": "dht:Dht22",
    "dht11": "dht:Dht11",
    "pir": "pir:Pir",
}
"""Module and class of each kind."""

_KIND = re.compile(r"[a-z][a-z0-9]*")
_NEAR = 0.5  # how alike a name has to be to be offered; difflib's measure


@dataclass(frozen=True)
class Found:
    """A kind of part.

    Attributes:
        kind: its name.
        part: its class; None where it cannot be loaded.
        error: why not; "" where it can.
    """

    kind: str
    part: type[Part] | None
    error: str = ""


class Registry:
    """The kinds, each loaded when it is asked for the first time."""

    def __init__(self) -> None:
        self._loaded: dict[str, Found] = {}
        self._from_packages: dict[str, Callable[[], Any]] | None = None

    def names(self) -> list[str]:
        """Return the names of all kinds, in the order in which people are shown them."""
        return [*_BUILT_IN, *(name for name in self._packages() if name not in _BUILT_IN)]

    def all(self) -> list[Found]:
        """Return all kinds, also those that cannot be loaded."""
        return [self._load(name) for name in self.names()]

    def find(self, kind: str) -> type[Part]:
        """Return the class of a kind.

        Raises:
            PartProblem: there is none of that name, or it cannot be loaded.
        """
        name = kind.lower()
        if name not in _BUILT_IN and name not in self._packages():
            raise PartProblem(
                f"There is no kind of part called {kind!r}{near(name, self.names(), listed=True)}.", "LIST_PARTS"
            )
        found = self._load(name)
        if found.part is None:
            raise PartProblem(f"The part {name} cannot be loaded: {found.error}. Its package has to be repaired.")
        return found.part

    def _packages(self) -> Mapping[str, Callable[[], Any]]:
        if self._from_packages is None:
            from importlib.metadata import entry_points  # 25 ms, which the start of a board does not need

            self._from_packages = {point.name: point.load for point in entry_points(group=GROUP)}
        return self._from_packages

    def _load(self, name: str) -> Found:
        if name not in self._loaded:
            try:
                self._loaded[name] = Found(name, _checked(name, self._class(name)))
            except Exception as error:  # whatever a package does when it is imported
                text = " ".join(str(error).split()) or "no reason given"
                self._loaded[name] = Found(name, None, f"{type(error).__name__}: {text}"[:500].rstrip("."))
        return self._loaded[name]

    def _class(self, name: str) -> object:
        if name not in _BUILT_IN:
            return self._packages()[name]()
        module, _, attribute = _BUILT_IN[name].partition(":")
        found: object = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
        return found


def _checked(name: str, part: object) -> type[Part]:
    """Return what was loaded, if it is a part that can be attached.

    Raises:
        TypeError: it is none; the text says what is wrong.
    """
    if not (isinstance(part, type) and issubclass(part, Part)):
        raise TypeError(f"{part!r} is no subclass of metakernel_micropython.virtual.parts.part.Part")
    if getattr(part, "kind", None) != name or not _KIND.fullmatch(name):
        raise TypeError(
            f"kind is {getattr(part, 'kind', None)!r}, and the entry point is called {name!r}: both the same"
        )
    if not isinstance(getattr(part, "summary", None), str):
        raise TypeError("summary is missing")
    if len(part.usual) not in (0, len(part.terminals)):
        raise TypeError("usual needs a pin for each terminal")
    if not all(isinstance(one, Option) for one in part.options.values()):
        raise TypeError("each of options has to be an Option")
    if not all(isinstance(one, Slider | Switch) for one in part.settings.values()):
        raise TypeError("each of settings has to be a Slider or a Switch")
    return part


def near(name: str, names: list[str], *, listed: bool = False) -> str:
    """Return `` - did you mean ...?`` where a name is like one of some, else, if wanted, which there are."""
    close = difflib.get_close_matches(name, names, 3, _NEAR)
    if close:
        return f" (did you mean {' or '.join(close)}?)"
    return f" (there are {', '.join(names)})" if listed and names else ""
