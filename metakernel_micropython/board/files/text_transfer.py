"""How the content of a file crosses where no program can have the line's bytes: as text, in executions of its own.

Base64 where the board knows it; else literals. Where the board has no flow control, each piece has an Adler-32, because
some of it may be lost.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import zlib
from typing import TYPE_CHECKING

from ...errors import DeviceError, TransferFailed
from .. import snippets
from ..protocol.literal import literal
from .helper_programs import UNFINISHED, Damaged, Helpers
from .transmission import ATTEMPTS

if TYPE_CHECKING:
    from .transmission import Progress

TIMERS = 1024 * 1024
"""Characters that something else may print meanwhile."""

MAX_PIECE = 12 * 1024
"""Bytes of a file in one execution at most."""

MIN_PIECE = 96
"""Bytes in one execution at least; also what the smallest boards get."""

MEMORY_SHARE = 24
"""A piece takes its share of the free memory: as source, as text, as bytes, in a memory that is fragmented."""

BASE64_PIECE, LITERAL_PIECE = 384, 64
"""Bytes in a line of ``snippets/files_get.py`` and ``snippets/files_get_literals.py``."""

_MOST_OTHERS = 200  # lines of something else that are kept
_LONGEST_LITERAL = 4096  # characters


def send(helpers: Helpers, unfinished: str, old: str, data: bytes, progress: Progress | None) -> None:
    """Write a file.

    Args:
        helpers: of the board.
        unfinished: its name.
        old: the file whose content it begins with; ``""`` for none.
        data: what follows.
        progress: called after every piece.
    """
    module = helpers.support.base64
    no_flow_control = not module or helpers.board.capabilities.no_flow_control
    opening = snippets.hold("files_put_checked", unfinished, old) if no_flow_control else ""
    helpers.ask(opening or snippets.hold("files_put", unfinished, old, module), unfinished, len(data), step="began")
    size = MIN_PIECE if no_flow_control else min(max(helpers.support.memory // MEMORY_SHARE, MIN_PIECE), MAX_PIECE)
    at = 0
    while at < len(data):
        piece = data[at : at + size]
        try:
            if no_flow_control:
                _send_checked(helpers, unfinished, piece)
            else:
                helpers.ask(snippets.held(at, base64.b64encode(piece).decode("ascii")), unfinished, step="wrote")
        except DeviceError as error:
            if error.name != "MemoryError" or size <= MIN_PIECE:
                raise
            size = max(size // 2, MIN_PIECE)
            continue
        at += len(piece)
        if progress is not None:
            progress(at, len(data))
    helpers.ask(snippets.let_go(), unfinished, step="closed")


def _send_checked(helpers: Helpers, unfinished: str, piece: bytes) -> None:
    """Send a piece over a line that may lose some of it; the board says whether all of it has come."""
    total = zlib.adler32(piece)
    source = snippets.held(total & 0xFFFF, piece, total >> 16)
    for _ in range(ATTEMPTS):
        with contextlib.suppress(Damaged):
            if "+" in helpers.ask(source, unfinished, step="wrote"):
                return
    raise TransferFailed(
        f"A piece of {unfinished.removesuffix(UNFINISHED)} arrived damaged {ATTEMPTS} times at the board on "
        f"{helpers.board.address}: the line loses bytes. The board has what it had before."
    )


def fetch(helpers: Helpers, path: str, size: int, progress: Progress | None) -> bytes | None:
    """Return the content of a file of ``size`` bytes; None where what came cannot be one."""
    module = helpers.support.base64
    decode = _from_base64 if module else _from_literal
    source = snippets.call("files_get", path, module) if module else snippets.call("files_get_literals", path)
    content = bytearray()
    rest = ""
    others: list[str] = []
    full = BASE64_PIECE if module else LITERAL_PIECE

    def take(text: str) -> None:
        nonlocal rest
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            piece = decode(line)
            # Each is full but the last: what is not is of a timer or a thread, or damaged, which the digest tells.
            if piece is not None and len(piece) == min(full, size - len(content)):
                content.extend(piece)
            elif len(others) < _MOST_OTHERS:
                others.append(line + "\n")
        if progress is not None:
            progress(min(len(content), size), size)

    # A byte takes four characters at most, in a literal.
    helpers.run(source, path, take, content=4 * size + TIMERS)
    if len(content) != size:
        return None
    helpers.pass_on("".join(others) + rest)
    return bytes(content)


def _from_base64(line: str) -> bytes | None:
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None


def _from_literal(line: str) -> bytes | None:
    try:
        value = literal(line, _LONGEST_LITERAL)
    except ValueError:
        return None
    return value if isinstance(value, bytes) else None
