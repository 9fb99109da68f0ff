"""A strip of WS2812 LEDs (NeoPixels)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Option, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value

MOST = 1024
"""LEDs in a strip."""

_TOLD = 64  # LEDs whose colours the state names one by one
_DARK = (0, 0, 0)


class NeoPixel(Part):
    """Shows the colours that were sent last.

    WS2812 data sheet, "Composition of 24bit data": green, red, blue, the highest bit first. Each LED takes the first
    colour that comes and passes the others on, so what is sent less than the strip is long leaves the rest as it was.
    """

    kind = "neopixel"
    summary = "a strip of NeoPixels (WS2812)"
    terminals = ("data",)
    options = {
        "count": Option(8, f"LEDs in the strip, 1 to {MOST}"),
        "bpp": Option(3, "bytes for each LED: 3 for colours, 4 for colours and white", ("3", "4")),
    }

    def attach(self) -> None:
        """Receive colours."""
        count = int(self.chosen["count"])
        if not 1 <= count <= MOST:
            raise ValueError(f"count {count} is not between 1 and {MOST}")
        self._colors: list[tuple[int, int, int]] = [_DARK] * count
        self.keep(self.circuit.connect_bitstream(self.pins["data"], self._receive))

    def _receive(self, data: bytes) -> None:
        size = int(self.chosen["bpp"])
        for number in range(min(len(data) // size, len(self._colors))):
            green, red, blue, *white = data[number * size : (number + 1) * size]
            more = white[0] if white else 0
            self._colors[number] = (min(red + more, 255), min(green + more, 255), min(blue + more, 255))
        self.circuit.note()

    def _words(self) -> list[str]:
        return ["#" + bytes(color).hex() for color in self._colors]

    def state(self) -> Mapping[str, Value]:
        """Return how many LEDs shine, the colour of the first, and of each as ``pixel0``, ``pixel1``, ..."""
        words = self._words()
        lit = sum(color != _DARK for color in self._colors)
        each = {f"pixel{number}": word for number, word in enumerate(words[:_TOLD])}
        return {"lit": lit, "color": words[0], **each}

    def picture(self) -> Sequence[Shape]:
        """Return the strip."""
        return [{"shape": "strip", "colors": self._words()}]
