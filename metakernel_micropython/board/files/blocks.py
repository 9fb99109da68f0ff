r"""The blocks in which files cross a board's line while ``snippets/files_serve.py`` runs; no I/O.

To the board: a letter, four hexadecimal digits for the size, eight for the CRC-32, and the bytes. The board says 0x06
for each piece that it has taken out of its receive buffer. From the board: 0x16, size, CRC-32 and bytes alike.

No byte of a block means anything to a prompt: not to the program's own (0x03 interrupts it), not to one that a board
shows that was reset meanwhile or whose program has ended, and not to what looks for the end of output (0x04) or for
signs of a restart, which have a carriage return in them. Such bytes go as 0x10 and the letter behind them in ASCII.
"""

from __future__ import annotations

import binascii
import re
import zlib
from dataclasses import dataclass

_ESCAPE = 0x10
_TO_BOARD = (_ESCAPE, 0x01, 0x02, 0x03, 0x04, 0x0D)
_FROM_BOARD = (_ESCAPE, 0x04, 0x0D)
_TAKEN = 0x06
_START = re.compile(rb"[\x06\x16]")
_HEAD = re.compile(rb"\x16([0-9a-f]{4})([0-9a-f]{8})")
_HEAD_SIZE = 13


class DamagedError(Exception):
    """A block did not arrive as it was sent.

    Attributes:
        counts: whether it speaks against the line; False where the board may only have been slow.
    """

    counts = True


class SilentError(DamagedError):
    """No block arrived."""


class TooLargeError(DamagedError):
    """A block arrived, and the board had no memory for what was to be done with it."""


@dataclass(frozen=True)
class Request:
    """A block for the board, as it goes over the line.

    Attributes:
        head: kind, size and CRC-32.
        body: the bytes.
    """

    head: bytes
    body: bytes


def request(kind: str, body: bytes = b"") -> Request:
    """Return a request.

    Args:
        kind: one letter, see ``snippets/files_serve.py``.
        body: at most 0xFFFF bytes when escaped: the size has four digits.
    """
    body = escape(body)
    return Request(b"%s%04x%08x" % (kind.encode(), len(body), zlib.crc32(body)), body)


def escape(data: bytes) -> bytes:
    """Return bytes as they go to the board."""
    for byte in _TO_BOARD:
        data = data.replace(bytes((byte,)), bytes((_ESCAPE, byte + 64)))
    return data


def deflate(data: bytes, window_bits: int) -> bytes:
    """Return data as the board can inflate it.

    Args:
        data: what is to be packed.
        window_bits: how far it may refer back; the board needs 2**window_bits bytes of memory for it.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -window_bits, 9)
    return packer.compress(data) + packer.flush()


class Answers:
    """Takes what the board says apart, however it was split.

    Attributes:
        taken: pieces that the board has taken.
        foreign: what came between blocks and is not of them: a timer or a thread prints.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.foreign = bytearray()
        self._in = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the bodies of the blocks that ``data`` completes.

        Raises:
            DamagedError: one is not what was sent.
        """
        self._in += data
        found = []
        at = 0
        while start := _START.search(self._in, at):
            self.foreign += self._in[at : start.start()]
            at = start.start()
            if self._in[at] == _TAKEN:
                self.taken += 1
                at += 1
                continue
            head = _HEAD.match(self._in, at)
            if head is None:
                if len(self._in) - at < _HEAD_SIZE:
                    break
                self.foreign.append(self._in[at])
                at += 1
                continue
            end = head.end() + int(head[1], 16)
            if len(self._in) < end:
                break
            body = bytes(self._in[head.end() : end])
            if binascii.crc32(body) != int(head[2], 16):
                del self._in[:at]
                raise DamagedError
            for byte in reversed(_FROM_BOARD):
                body = body.replace(bytes((_ESCAPE, byte + 64)), bytes((byte,)))
            found.append(body)
            at = end
        else:
            self.foreign += self._in[at:]
            at = len(self._in)
        del self._in[:at]
        return found
