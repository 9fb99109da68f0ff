r"""What a board asks for while a program uses a mounted folder, and the answers; no I/O.

A request stands in the program's output. It begins with a mark of ten bytes, ``\x1e?`` and eight characters that only
this mount knows, so that nothing else that a program prints is one. Behind the mark:

==================================  ===========================================================================
letter, number, size, CRC-32, body  a request; two hexadecimal digits for its number, four for the size
``+``                               the board has taken a piece of the answer out of its receive buffer
``.``                               it has the whole answer
``!``                               it has given up: the program was stopped, or waited too long
==================================  ===========================================================================

An answer is ``\x16``, the number of its request, three decimal digits, six hexadecimal digits for the size, the CRC-32,
and the body in pieces. The three digits are 0, an error's number, ``PACKED`` for a body that is deflated, or ``AGAIN``
for a request that did not arrive as it was sent. Two pieces at most are on their way: a board has room for two of the
windows that raw-paste tells.

A CRC-32 is that of the letter and the number, or of the number and the three digits, and of the body behind them.

No byte of a body means anything to a prompt, to what looks for the end of output (0x04), or for a mark. Such bytes go
as 0x10 and the letter behind them in ASCII.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from ..board.files import blocks

AGAIN = 999
"""The error's number that asks for the request again."""

PACKED = 998
"""What stands in the place of an error's number where the body is deflated."""

FAILED = 5
"""The error's number of what this computer could not do (``EIO``)."""

HEAD = 20
"""Bytes in front of an answer's body."""

FILLER = b"\x16"
"""What a board skips where it waits for an answer; no body has it."""

WORTH_PACKING = 100
"""Bytes of a body from which on it is deflated."""

WORTH_IT = 0.95
"""What a deflated body must be smaller than, as a share; inflating costs the board some time."""

_ESCAPE = 0x10
_TO_BOARD = (_ESCAPE, 0x01, 0x02, 0x03, 0x04, 0x0D, 0x16)
_FROM_BOARD = (_ESCAPE, 0x04, 0x0A, 0x0D, 0x1E)
_HEAD = re.compile(rb"([a-z])([0-9a-f]{2})([0-9a-f]{4})([0-9a-f]{8})")
_HEAD_SIZE = 15
_SIGNS = b"+.!"


@dataclass(frozen=True)
class Request:
    """Something that the board asks for.

    Attributes:
        kind: a letter, see ``file_requests``.
        number: the board counts its requests, up to 255; one that is made again keeps its number.
        body: what belongs to it.
        damaged: whether it did not arrive as it was sent.
    """

    kind: str
    number: int
    body: bytes
    damaged: bool = False


@dataclass(frozen=True)
class Sign:
    """What the board says of an answer: ``+``, ``.`` or ``!``."""

    text: str


class RequestReader:
    """Takes requests out of a program's output, however that is split.

    Args:
        token: the eight characters of the mark.
    """

    def __init__(self, token: str) -> None:
        self._mark = b"\x1e?" + token.encode()
        self._held = b""

    @property
    def incomplete(self) -> bool:
        """Whether a request has begun to come."""
        return self._held.startswith(self._mark)

    def feed(self, data: bytes) -> tuple[bytes, list[Request | Sign]]:
        """Return what is output of ``data``, and what it brings of requests."""
        if not self._held and 0x1E not in data:
            return data, []
        rest, self._held = self._held + data, b""
        output: list[bytes] = []
        found: list[Request | Sign] = []
        while True:
            before, mark, behind = rest.partition(self._mark)
            if not mark:
                cut = self._beginning_in(rest)
                output.append(rest[:cut])
                self._held = rest[cut:]
                break
            output.append(before)
            taken, one = self._message(behind)
            if taken < 0:  # more has to come
                self._held = mark + behind
                break
            if one is not None:
                found.append(one)
            rest = behind[taken:]
        return b"".join(output), found

    def _beginning_in(self, data: bytes) -> int:
        """Return where the beginning of a mark stands at the end of some bytes; their length for nowhere."""
        for size in range(min(len(self._mark) - 1, len(data)), 0, -1):
            if data.endswith(self._mark[:size]):
                return len(data) - size
        return len(data)

    def _message(self, data: bytes) -> tuple[int, Request | Sign | None]:
        """Read what stands behind a mark; return its size, -1 where it is not there yet, and what it says."""
        if not data:
            return -1, None
        if data[0] in _SIGNS:
            return 1, Sign(chr(data[0]))
        nested = data.find(self._mark)  # the board was stopped as it sent this one
        end = len(data) if nested < 0 else nested
        head = _HEAD.match(data, 0, end)
        if head is None:
            if end >= _HEAD_SIZE:
                return 0, Request("", -1, b"", damaged=True)
            return (-1, None) if nested < 0 else (nested, None)
        size = _HEAD_SIZE + int(head[3], 16)
        if size > end:
            return (-1, None) if nested < 0 else (nested, None)
        body = data[_HEAD_SIZE:size]
        damaged = zlib.crc32(body, zlib.crc32(data[:3])) != int(head[4], 16)
        if not damaged:
            for byte in reversed(_FROM_BOARD):
                body = body.replace(bytes((_ESCAPE, byte + 64)), bytes((byte,)))
        return size, Request(head[1].decode(), int(head[2], 16), body, damaged)

    def flush(self) -> bytes:
        """Return what was held, once the program has ended; the beginning of a request is no output."""
        held, self._held = self._held, b""
        return b"" if held.startswith(self._mark) else held


def answer(number: int, error: int, body: bytes = b"", window_bits: int = 0) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer as they go to the board.

    Args:
        number: of the request.
        error: 0 or an error's number.
        body: what was asked for.
        window_bits: how far a deflated body may refer back; 0 for a board that cannot inflate.
    """
    if window_bits and not error and len(body) >= WORTH_PACKING:
        packed = blocks.deflate(body, window_bits)
        if len(packed) < len(body) * WORTH_IT:
            body, error = packed, PACKED
    for byte in _TO_BOARD:
        body = body.replace(bytes((byte,)), bytes((_ESCAPE, byte + 64)))
    head = b"%02x%03d" % (number & 0xFF, error)
    return b"\x16%b%06x%08x" % (head, len(body), zlib.crc32(body, zlib.crc32(head))), body
