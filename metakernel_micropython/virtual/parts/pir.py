"""A motion sensor with passive infrared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Part, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metakernel_micropython.virtual.parts.part import Shape


class Pir(Part):
    """Has its output high while something moves, like an HC-SR501 (without its delay of some seconds)."""

    kind = "pir"
    summary = "a motion sensor: its output is high while something moves"
    terminals = ("output",)
    usual = (13,)
    holds = True
    settings = {"motion": Switch(("motion", "on"), ("still", "off"))}

    def attach(self) -> None:
        """Hold the pin."""
        pin = self.pins["output"]
        self.keep(lambda: self.circuit.drive(pin, None))
        self.changed("motion")

    def changed(self, setting: str) -> None:
        """Something has begun to move, or has ended."""
        self.circuit.drive(self.pins["output"], 1 if self.values["motion"] else 0)

    def picture(self) -> Sequence[Shape]:
        """Return its state in a word."""
        return [{"shape": "text", "text": "motion" if self.values["motion"] else "still"}]
