"""A hobby servo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value

SHORTEST, LONGEST = 0.5, 2.5
"""Milliseconds of the pulse at 0 and at 180 degrees, as for an SG90."""

_LEAST_RATE, _GREATEST_RATE = 30, 400  # pulses a second that a servo takes; 50 is usual


class Servo(Part):
    """Turns at once to the angle that the length of PWM's pulse tells; without pulses it stays where it is."""

    kind = "servo"
    summary = "a servo: pulses of 0.5 to 2.5 ms, 50 a second, turn it to 0 to 180 degrees"
    terminals = ("signal",)

    def attach(self) -> None:
        """Watch the pulses."""
        self._angle = 90.0
        self._pulse = 0.0  # milliseconds
        self.keep(self.circuit.watch_pwm(self.pins["signal"], self._see))

    def _see(self, hertz: int, duty: float) -> None:
        self._pulse = 0.0
        if _LEAST_RATE <= hertz <= _GREATEST_RATE and duty > 0:
            self._pulse = duty / hertz * 1000
            part = (self._pulse - SHORTEST) / (LONGEST - SHORTEST)
            self._angle = 180 * min(max(part, 0.0), 1.0)
        self.circuit.note()

    def state(self) -> Mapping[str, Value]:
        """Return the angle in degrees, and the length of the pulse in milliseconds."""
        return {"angle": round(self._angle, 1), "pulse": round(self._pulse, 3)}

    def picture(self) -> Sequence[Shape]:
        """Return a dial."""
        return [{"shape": "dial", "degrees": round(self._angle, 1)}]
