"""A passive buzzer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value


class Buzzer(Part):
    """Sounds as PWM swings it: at its frequency, and not at a duty of 0 or 1, which do not move it."""

    kind = "buzzer"
    summary = "a passive buzzer: it sounds at PWM's frequency"
    terminals = ("pin",)
    usual = (17,)

    def attach(self) -> None:
        """Watch the pin."""
        self._hertz = 0
        self.keep(self.circuit.watch_pwm(self.pins["pin"], self._see))

    def _see(self, hertz: int, duty: float) -> None:
        self._hertz = hertz if 0 < duty < 1 else 0
        self.circuit.note()

    def state(self) -> Mapping[str, Value]:
        """Return whether it sounds, and at how many hertz."""
        return {"on": self._hertz > 0, "hertz": self._hertz}

    def picture(self) -> Sequence[Shape]:
        """Return the sound."""
        return [{"shape": "sound", "hertz": self._hertz}]
