"""How well a text stands out from what is behind it, by the colours that a browser shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

READABLE = 4.5
"""The least contrast of a text with its background: WCAG 2.2, criterion 1.4.3, level AA."""

# The browser lays the colours over each other itself: it knows all their notations. An ancestor's opacity counts for
# the text alone, which is right where the background is not the faint element's own.
_SHOWN = """
area => {
    const canvas = new OffscreenCanvas(1, 1), brush = canvas.getContext("2d", {willReadFrequently: true});
    const paint = (colour, opacity = 1) => {
        brush.globalAlpha = opacity;
        brush.fillStyle = colour;
        brush.fillRect(0, 0, 1, 1);
    };
    const pixel = () => [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
    const texts = document.createTreeWalker(area, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement, text = texts.currentNode.data.trim();
        if (!text || !element.checkVisibility() || element.closest("style, script, svg")) continue;
        const around = [];
        for (let one = element; one; one = one.parentElement) around.unshift(getComputedStyle(one));
        paint("white");
        for (const style of around) paint(style.backgroundColor);
        const behind = pixel();
        paint(getComputedStyle(element).color, around.reduce((all, style) => all * style.opacity, 1));
        found.push([text, element.className, pixel(), behind]);
    }
    return found;
}
"""


@dataclass(frozen=True)
class Shown:
    """A piece of text in one colour: red, green and blue from 0 to 255."""

    text: str
    classes: str
    colour: tuple[int, int, int]
    behind: tuple[int, int, int]

    @property
    def contrast(self) -> float:
        """From 1, which cannot be seen, to 21, black on white."""
        bright, dark = sorted((_luminance(self.colour), _luminance(self.behind)), reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    def __str__(self) -> str:
        colours = " on ".join("#" + bytes(colour).hex() for colour in (self.colour, self.behind))
        return f"{self.contrast:.2f} {colours} {self.text[:60]!r} ({self.classes or 'no class'})"


def _luminance(colour: tuple[int, int, int]) -> float:
    linear = [(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4) for one in (c / 255 for c in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def texts(area: Locator) -> list[Shown]:
    """Return each piece of text below an element that can be seen."""
    return [
        Shown(text, classes, tuple(colour), tuple(behind)) for text, classes, colour, behind in area.evaluate(_SHOWN)
    ]
