"""The pins of the virtual board and the parts on them, drawn: HTML for notebooks, lines of text for consoles.

What is drawn comes from another process, and from parts that other people write: it is checked, and never markup. The
colours are seen on a light page and on a dark one.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..host.paths import shown
from . import pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

MOST = 256
"""Lamps of a strip that are drawn."""

_NOTHING = "No pin is in use yet, and nothing is attached: %parts lists what there is."
_WORDS = 4
_SIDE = 1024  # dots of a screen
_GREY = "#797979"  # 4.3:1 on white and on JupyterLab's dark page
_CARD = "border:1px solid #7979797f;border-radius:6px;padding:4px 8px;min-width:5em;text-align:center"
_ROW = "display:flex;flex-wrap:wrap;gap:6px;align-items:stretch;margin:4px 0"
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def html(snapshot: Mapping[str, Any]) -> str:
    """Return a snapshot of the board (see ``board.parts.Parts.state``) as HTML."""
    parts = "".join(_card(one) for one in snapshot.get("parts", ()))
    pins = "".join(_pin(one) for one in snapshot.get("pins", ()))
    if not parts and not pins:
        return f'<div style="color:{_GREY}">{_NOTHING}</div>'
    return f'<div style="{_ROW}">{parts}</div><div style="{_ROW}">{pins}</div>'


def text(snapshot: Mapping[str, Any]) -> str:
    """Return the same as lines of text."""
    lines = [line for one in snapshot.get("parts", ()) for line in _part_lines(one)]
    lines += [" ".join(_pin_words(one)) for one in snapshot.get("pins", ())]
    return "\n".join(map(shown, lines)) or _NOTHING


def pins_of(part: Mapping[str, Any]) -> str:
    """Return which pins a part is on: ``pin 15``, ``sda 8, scl 9``."""
    return ", ".join(f"{terminal} {number}" for terminal, number in part.get("pins", {}).items())


def state_of(part: Mapping[str, Any]) -> str:
    """Return what a part holds, in words: ``on, brightness 0.5``; of much, the beginning."""
    words = []
    for name, value in islice(part.get("state", {}).items(), _WORDS):
        if isinstance(value, bool):
            words.append(name if value else f"not {name}")
        else:
            words.append(f"{name} {_number(value) if isinstance(value, float) else value}")
    return ", ".join(words) + (" ..." if len(part.get("state", {})) > _WORDS else "")


# -- HTML ------------------------------------------------------------------------------------------------------------


def _card(part: Mapping[str, Any]) -> str:
    name, where = escape(shown(str(part.get("name", "")))), escape(shown(pins_of(part)))
    drawn = "".join(_drawn(shape) for shape in part.get("picture", ()))
    told = escape(shown(state_of(part)))
    return (
        f'<div style="{_CARD}"><b>{name}</b> <span style="color:{_GREY}">{where}</span>'
        f"<div>{drawn}</div><small>{told}</small></div>"
    )


def _drawn(shape: Any) -> str:
    """Return a shape as SVG or HTML; what makes no sense is named in its place."""
    try:
        return _SHAPES[shape["shape"]](shape)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return f'<small style="color:{_GREY}">cannot be drawn</small>'


def _lamp(shape: Mapping[str, Any]) -> str:
    color, brightness = _color(shape["color"]), _share(shape["brightness"])
    glow = f'<circle cx="20" cy="20" r="18" fill="{color}" fill-opacity="{brightness * 0.35:.3f}"/>'
    body = f'<circle cx="20" cy="20" r="11" fill="{color}" fill-opacity="{0.08 + 0.92 * brightness:.3f}"'
    return _svg(40, 40, f"lamp, {brightness:.0%}", f'{glow}{body} stroke="{_GREY}" stroke-width="1.5"/>')


def _strip(shape: Mapping[str, Any]) -> str:
    colors = [_color(color) for color in shape["colors"][:MOST]]
    across = min(len(colors), 16) or 1
    lamps = "".join(
        f'<circle cx="{11 + 20 * (at % across)}" cy="{11 + 20 * (at // across)}" r="8" fill="{color}"'
        f' stroke="{_GREY}" stroke-width="1"/>'
        for at, color in enumerate(colors)
    )
    lit = sum(color != "#000000" for color in colors)
    return _svg(20 * across + 2, 20 * math.ceil(len(colors) / across) + 2, f"{lit} of {len(colors)} lamps lit", lamps)


def _screen(shape: Mapping[str, Any]) -> str:
    width, height, bits = _bits(shape)
    png = pictures.from_framebuf(bits, width, height, pictures.MONO_HLSB)
    source = base64.b64encode(png).decode()
    style = "image-rendering:pixelated;border:3px solid #222;border-radius:3px;max-width:100%"
    size = f'width="{2 * width}"'
    return f'<img alt="screen, {width}x{height} pixels" {size} style="{style}" src="data:image/png;base64,{source}">'


def _dial(shape: Mapping[str, Any]) -> str:
    degrees = min(max(float(shape["degrees"]), 0.0), 180.0)
    x, y = 40 - 28 * math.cos(math.radians(degrees)), 40 - 28 * math.sin(math.radians(degrees))
    arc = f'<path d="M 8 40 A 32 32 0 0 1 72 40" fill="none" stroke="{_GREY}" stroke-width="2"/>'
    arm = f'<line x1="40" y1="40" x2="{x:.1f}" y2="{y:.1f}" stroke="#2b87d1" stroke-width="6" stroke-linecap="round"/>'
    return _svg(80, 46, f"{degrees:.0f} degrees", f'{arc}{arm}<circle cx="40" cy="40" r="5" fill="{_GREY}"/>')


def _sound(shape: Mapping[str, Any]) -> str:
    return f"<div>{escape(_tone(shape))}</div>"


def _text(shape: Mapping[str, Any]) -> str:
    return f"<div>{escape(shown(str(shape['text'])))}</div>"


_SHAPES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "lamp": _lamp,
    "strip": _strip,
    "screen": _screen,
    "dial": _dial,
    "sound": _sound,
    "text": _text,
}


def _svg(width: int, height: int, alternative: str, content: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg {size} role="img" aria-label="{escape(alternative)}" style="max-width:100%">{content}</svg>'


def _pin(pin: Mapping[str, Any]) -> str:
    name, *words = map(escape, map(shown, _pin_words(pin)))
    fill = "#d93025" if pin.get("level") else "none"
    dot = f'<circle cx="7" cy="7" r="5" fill="{fill}" stroke="{_GREY}" stroke-width="1.5"/>'
    level = _svg(14, 14, "high" if pin.get("level") else "low", dot)
    return f'<div style="{_CARD}">{level} <b>{name}</b><br><small style="color:{_GREY}">{" ".join(words)}</small></div>'


# -- text ------------------------------------------------------------------------------------------------------------


def _pin_words(pin: Mapping[str, Any]) -> list[str]:
    """Return what is known of a pin: its name, ``OUT``, ``high`` ..."""
    words = [str(pin.get("name") or pin.get("pin")), str(pin.get("mode", ""))]
    duty, hertz, volts = (pin.get(name) for name in ("duty", "hertz", "volts"))
    if isinstance(duty, (int, float)) and isinstance(hertz, (int, float)):
        words.append(f"PWM {_number(hertz)} Hz, {duty:.0%}")
    elif isinstance(volts, (int, float)):
        words.append(f"{volts:.2f} V")
    else:
        words.append("high" if pin.get("level") else "low")
    if pull := pin.get("pull"):
        words.append(f"pull {pull}")
    return words


def _part_lines(part: Mapping[str, Any]) -> Iterable[str]:
    where = pins_of(part)
    yield f"{part.get('name', '')}{f' ({where})' if where else ''}: {state_of(part) or part.get('kind', '')}"
    for shape in part.get("picture", ()):
        try:
            yield from _shape_lines(shape)
        except (KeyError, TypeError, ValueError, binascii.Error):
            yield "  cannot be drawn"


def _shape_lines(shape: Mapping[str, Any]) -> Sequence[str]:
    kind = shape["shape"]
    if kind == "strip":
        return ["  " + " ".join(_color(color) for color in shape["colors"][:MOST])]
    if kind == "screen":
        return ["  " + line for line in _braille(*_bits(shape))]
    if kind == "sound":
        return ["  " + _tone(shape)]
    return ["  " + str(shape["text"])] if kind == "text" else []


def _braille(width: int, height: int, bits: bytes) -> list[str]:
    """Return a picture in Unicode's Braille patterns: 2 by 4 dots each."""
    stride = (width + 7) // 8
    lines = []
    for top in range(0, height, 4):
        line = ""
        for left in range(0, width, 2):
            dots = 0x2800
            for y in range(min(4, height - top)):
                for x in range(min(2, width - left)):
                    if bits[(top + y) * stride + (left + x) // 8] & 0x80 >> (left + x) % 8:
                        dots |= _BRAILLE[y][x]
            line += chr(dots)
        lines.append(line)
    return lines


# -- what shapes hold ------------------------------------------------------------------------------------------------


def _color(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise ValueError("no colour")
    return value.lower()


def _share(value: Any) -> float:
    return min(max(float(value), 0.0), 1.0)


def _bits(shape: Mapping[str, Any]) -> tuple[int, int, bytes]:
    width, height = int(shape["width"]), int(shape["height"])
    bits = base64.b64decode(shape["bits"], validate=True)
    if not (0 < width <= _SIDE and 0 < height <= _SIDE) or len(bits) != (width + 7) // 8 * height:
        raise ValueError("no picture")
    return width, height, bits if shape.get("on", True) else bytes(len(bits))


def _tone(shape: Mapping[str, Any]) -> str:
    hertz = float(shape["hertz"])
    return f"♪ {_number(hertz)} Hz" if hertz else "silent"


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 10000 else f"{value:.0f}"
