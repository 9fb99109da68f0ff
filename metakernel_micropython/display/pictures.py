"""Pictures from a board's memory, as PNG: framebuf's formats and the micro:bit's images.

The formats are those of MicroPython's extmod/modframebuf.c, the file is the one of https://www.w3.org/TR/png/.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_SIDE = 4096
"""Pixels of a side of a picture."""

SHOWN_SIZE = 256
"""Dots that a small picture is enlarged to, as far as whole multiples go."""

MAX_ENLARGED = 8

MONO_VLSB, RGB565, GS4_HMSB, MONO_HLSB, MONO_HMSB, GS2_HMSB, GS8 = range(7)


@dataclass(frozen=True)
class _Format:
    name: str
    size: Callable[[int, int], int]  # bytes of a picture of this width and height


def _packed(bits: int) -> Callable[[int, int], int]:
    each = 8 // bits
    return lambda width, height: (width + each - 1) // each * height


FORMATS = {
    MONO_VLSB: _Format("MONO_VLSB", lambda width, height: (height + 7) // 8 * width),
    RGB565: _Format("RGB565", lambda width, height: width * height * 2),
    GS4_HMSB: _Format("GS4_HMSB", _packed(4)),
    MONO_HLSB: _Format("MONO_HLSB", _packed(1)),
    MONO_HMSB: _Format("MONO_HMSB", _packed(1)),
    GS2_HMSB: _Format("GS2_HMSB", _packed(2)),
    GS8: _Format("GS8", lambda width, height: width * height),
}
"""By framebuf's numbers."""

_GUESSED = (MONO_VLSB, RGB565, GS8, GS4_HMSB, GS2_HMSB)


def guess(data: bytes, width: int, height: int) -> int:
    """Return the format that a picture of that size has by the number of its bytes.

    Raises:
        ValueError: none has so many.
    """
    for number in _GUESSED:
        if FORMATS[number].size(width, height) == len(data):
            return number
    raise ValueError(f"{len(data)} bytes are no picture of {width}x{height} in any of framebuf's formats")


def from_framebuf(data: bytes, width: int, height: int, number: int) -> bytes:
    """Return a picture in one of framebuf's formats as a PNG file; a bit that is set is white.

    Args:
        data: the buffer; what is behind the picture does not matter.
        width: pixels.
        height: pixels.
        number: the format, as framebuf numbers them.

    Raises:
        ValueError: there is no such format, the size makes no sense, or bytes are missing.
    """
    if not isinstance(number, int) or number not in FORMATS:
        names = ", ".join(f"{one.name} ({at})" for at, one in sorted(FORMATS.items()))
        raise ValueError(f"framebuf has no format {number}; there are {names}")
    _check(width, height)
    needed = FORMATS[number].size(width, height)
    if len(data) < needed:
        raise ValueError(
            f"{width}x{height} in {FORMATS[number].name} are {needed} bytes, and {len(data)} came from the board"
        )
    if number == RGB565:
        return _png(width, height, (_rgb(data[y * width * 2 : (y + 1) * width * 2]) for y in range(height)), color=True)
    return _png(width, height, (_gray_row(data, width, y, number) for y in range(height)))


def from_levels(levels: Iterable[int], width: int, height: int, most: int) -> bytes:
    """Return a picture that is given pixel by pixel as a PNG file.

    Args:
        levels: how bright each pixel is, row after row.
        width: pixels.
        height: pixels.
        most: the brightest level.

    Raises:
        ValueError: the size makes no sense, or there are more pixels or fewer.
    """
    _check(width, height)
    found = list(levels)
    if len(found) != width * height:
        raise ValueError(f"{width}x{height} are {width * height} pixels, and {len(found)} came from the board")
    scaled = bytes(min(255, max(0, level * 255 // most)) for level in found)
    return _png(width, height, (scaled[y * width : (y + 1) * width] for y in range(height)))


def _check(width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"a picture of {width}x{height} pixels cannot be shown: a side has 1 to {MAX_SIDE}")


def _gray_row(data: bytes, width: int, y: int, number: int) -> bytes:
    if number == MONO_VLSB:
        start, bit = (y >> 3) * width, y & 7
        return bytes(255 * (one >> bit & 1) for one in data[start : start + width])
    if number == GS8:
        return data[y * width : (y + 1) * width]
    if number == GS4_HMSB:
        stride = (width + 1) // 2
        row = data[y * stride : (y + 1) * stride]
        return bytes(level * 17 for one in row for level in (one >> 4, one & 15))[:width]
    if number == GS2_HMSB:
        stride = (width + 3) // 4
        row = data[y * stride : (y + 1) * stride]
        return bytes((one >> shift & 3) * 85 for one in row for shift in (0, 2, 4, 6))[:width]
    stride = (width + 7) // 8
    row = data[y * stride : (y + 1) * stride]
    bits = range(8) if number == MONO_HMSB else range(7, -1, -1)
    return bytes(255 * (one >> bit & 1) for one in row for bit in bits)[:width]


def _rgb(row: bytes) -> bytes:
    values = struct.unpack(f"<{len(row) // 2}H", row)
    return b"".join(
        bytes(((one >> 11) * 255 // 31, (one >> 5 & 63) * 255 // 63, (one & 31) * 255 // 31)) for one in values
    )


def _png(width: int, height: int, rows: Iterable[bytes], *, color: bool = False) -> bytes:
    """Return a PNG file of eight bits a channel."""
    times = max(1, min(MAX_ENLARGED, SHOWN_SIZE // max(width, height)))
    channels = 3 if color else 1
    compress = zlib.compressobj(9)
    parts = []
    for row in rows:
        if times > 1:
            row = b"".join(row[at : at + channels] * times for at in range(0, len(row), channels))
        parts.append(compress.compress((b"\0" + row) * times))
    parts.append(compress.flush())
    header = struct.pack(">IIBBBBB", width * times, height * times, 8, 2 if color else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"".join(parts)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
