"""A potentiometer between ground and 3.3 V."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Part, Slider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value

SUPPLY = 3.3
"""Volts."""


class Potentiometer(Part):
    """Gives an ADC a part of 3.3 V."""

    kind = "potentiometer"
    summary = "a potentiometer between ground and 3.3 V, for a pin with an ADC"
    terminals = ("wiper",)
    usual = (26,)
    settings = {"position": Slider(0, 100, 50, 1, "%")}

    def attach(self) -> None:
        """Give the pin its voltage."""
        self.keep(self.circuit.voltage(self.pins["wiper"], self._volts))

    def _volts(self) -> float:
        return self.values["position"] / 100 * SUPPLY

    def state(self) -> Mapping[str, Value]:
        """Return the position in per cent, and the volts that it gives."""
        return {**self.values, "volts": round(self._volts(), 4)}

    def picture(self) -> Sequence[Shape]:
        """Return the voltage."""
        return [{"shape": "text", "text": f"{self._volts():.2f} V"}]
