"""A push button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Option, Part, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metakernel_micropython.virtual.parts.part import Shape


class Button(Part):
    """Connects its pin to ground, or to 3.3 V, while it is pressed; a resistor holds the other level."""

    kind = "button"
    summary = "a push button to ground (--pull up) or to 3.3 V (--pull down)"
    terminals = ("pin",)
    options = {
        "pull": Option("up", "where its resistor pulls the pin while the button is not pressed", ("up", "down")),
    }
    holds = True
    settings = {"pressed": Switch(("pressed", "press", "down"), ("released", "release", "up"))}

    def attach(self) -> None:
        """Hold the pin."""
        pin = self.pins["pin"]
        self.keep(lambda: self.circuit.drive(pin, None))
        self.changed("pressed")

    def changed(self, setting: str) -> None:
        """It was pressed or let go."""
        released = 1 if self.chosen["pull"] == "up" else 0
        self.circuit.drive(self.pins["pin"], 1 - released if self.values["pressed"] else released)

    def picture(self) -> Sequence[Shape]:
        """Return its state in a word."""
        return [{"shape": "text", "text": "pressed" if self.values["pressed"] else "released"}]
