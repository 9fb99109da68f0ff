"""Colours as people write them."""

from __future__ import annotations

import re

NAMES = {
    "red": "#ff0000",
    "green": "#00c000",
    "blue": "#2060ff",
    "yellow": "#ffd000",
    "orange": "#ff8000",
    "white": "#ffffff",
    "purple": "#a000ff",
    "pink": "#ff60b0",
    "cyan": "#00d0d0",
}


def as_hex(text: str) -> str:
    """Return a colour as ``#rrggbb``.

    Args:
        text: a name of `NAMES`, or ``#rrggbb``.

    Raises:
        ValueError: it is neither.
    """
    color = NAMES.get(text.lower(), text.lower())
    if not re.fullmatch(r"#[0-9a-f]{6}", color):
        raise ValueError(f"{text!r} is no colour: write #rrggbb or one of {', '.join(NAMES)}")
    return color
