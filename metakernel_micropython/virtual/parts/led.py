"""A light emitting diode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.colors import as_hex
from metakernel_micropython.virtual.parts.part import Option, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value


class Led(Part):
    """Shines while its pin is high, or as bright as PWM makes it."""

    kind = "led"
    summary = "a LED; PWM makes it more or less bright"
    terminals = ("pin",)
    options = {
        "color": Option("red", "a name such as green, or #rrggbb"),
        "active": Option("high", "the level at which it shines", ("high", "low")),
    }

    def attach(self) -> None:
        """Watch the pin."""
        self._color = as_hex(str(self.chosen["color"]))
        self._level = 0
        self._pwm: float | None = None
        pin = self.pins["pin"]
        self.keep(self.circuit.watch(pin, self._see_level))
        self.keep(self.circuit.watch_pwm(pin, self._see_pwm))

    def _see_level(self, level: int) -> None:
        self._level = level
        self.circuit.note()

    def _see_pwm(self, hertz: int, duty: float) -> None:
        self._pwm = duty if hertz else None
        self.circuit.note()

    @property
    def brightness(self) -> float:
        """From 0 to 1."""
        high = self._level if self._pwm is None else self._pwm
        return round(float(high if self.chosen["active"] == "high" else 1 - high), 4)

    def state(self) -> Mapping[str, Value]:
        """Return whether it shines, and how bright."""
        return {"on": self.brightness > 0, "brightness": self.brightness}

    def picture(self) -> Sequence[Shape]:
        """Return a lamp."""
        return [{"shape": "lamp", "color": self._color, "brightness": self.brightness}]
