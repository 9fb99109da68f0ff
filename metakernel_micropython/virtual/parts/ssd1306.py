"""An OLED display with the controller SSD1306, on an I2C or an SPI bus."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Option, Part
from metakernel_micropython.virtual.parts.registers import I2CPart
from metakernel_micropython.virtual.parts.ssd1306_controller import COLUMNS, PAGES, Controller

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value

_CONTINUES, _DATA = 0x80, 0x40  # the bits Co and D/C# of a control byte, DS 8.1.5.2


_SIZE = {
    "width": Option(128, "pixels, at most 128"),
    "height": Option(64, "pixels, at most 64"),
}


class _Display(Part):
    """What both kinds have."""

    def power_on(self) -> None:
        """Begin with an empty controller.

        Raises:
            ValueError: there is no display of that size.
        """
        self._width, self._height = int(self.chosen["width"]), int(self.chosen["height"])
        for name, value, most in (("width", self._width, COLUMNS), ("height", self._height, 8 * PAGES)):
            if not 8 <= value <= most:
                raise ValueError(f"{name} {value} is not between 8 and {most}")
        self._controller = Controller()

    def receive(self, data: bytes, *, for_memory: bool) -> None:
        """Give the controller what has come: for its memory, or commands."""
        if for_memory:
            self._controller.data(data)
        else:
            for byte in data:
                self._controller.command(byte)

    def state(self) -> Mapping[str, Value]:
        """Return whether it shines, how many pixels do, and how it is set."""
        controller = self._controller
        pixels = int.from_bytes(b"".join(controller.rows(self._width, self._height)), "big").bit_count()
        return {
            "on": controller.shines,
            "pixels": pixels if controller.shines else 0,
            "contrast": controller.contrast,
            "inverted": controller.inverted,
        }

    def picture(self) -> Sequence[Shape]:
        """Return the screen."""
        rows = self._controller.rows(self._width, self._height)
        return [
            {
                "shape": "screen",
                "width": self._width,
                "height": self._height,
                "bits": base64.b64encode(b"".join(rows)).decode(),
                "on": self._controller.shines,
            }
        ]


class Ssd1306(I2CPart, _Display):
    """Shows what drivers draw."""

    kind = "ssd1306"
    summary = "an OLED display on I2C (SSD1306)"
    options = {"i2c": Option(0, "number of the bus"), "address": Option(0x3C, "0x3c, or 0x3d"), **_SIZE}

    def attach(self) -> None:
        """Power on, and put it on the bus."""
        self.power_on()
        self._control: int | None = None  # the control byte that what comes belongs to
        self.connect(self)

    # -- what the bus calls --------------------------------------------------------------------------------------

    def start(self, *, reads: bool) -> bool:
        """It is addressed: a control byte follows."""
        self._control = None
        return True

    def write(self, data: bytes) -> int:
        """Take control bytes and what they announce: one byte each, or after one without Co all that follow."""
        place = 0
        while place < len(data):
            if self._control is None:
                self._control = data[place]
                place += 1
                continue
            end = place + 1 if self._control & _CONTINUES else len(data)
            self.receive(data[place:end], for_memory=bool(self._control & _DATA))
            if self._control & _CONTINUES:
                self._control = None
            place = end
        return len(data)

    def read(self, size: int) -> bytes:
        """Give its status."""
        return bytes([self._controller.status()]) * size

    def stop(self) -> None:
        """The transfer has ended: what came is to be seen."""
        self.circuit.note()


class Ssd1306Spi(_Display):
    """The same on an SPI bus with four wires; what is sent is for the memory while D/C# is high (DS 8.1.3)."""

    kind = "ssd1306spi"
    summary = "an OLED display on SPI (SSD1306)"
    terminals = ("dc", "cs")
    options = {"spi": Option(0, "number of the bus"), **_SIZE}

    def attach(self) -> None:
        """Power on, and put it on the bus."""
        self.power_on()
        self.keep(self.circuit.connect_spi(int(self.chosen["spi"]), self.pins["cs"], self))

    def select(self, *, selected: bool) -> None:
        """The level of chip select has changed: what came is to be seen."""
        if not selected:
            self.circuit.note()

    def transfer(self, data: bytes) -> bytes:
        """Take bytes; there is nothing to read."""
        self.receive(data, for_memory=bool(self.circuit.level(self.pins["dc"])))
        return bytes(len(data))
