"""What firmware prints by itself: banners, the signs of a restart, exceptions. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
"""What the raw REPL says when it is entered."""

TAIL = 512
"""Bytes of recent output in which a restart is recognised."""

# The prefix is "MPY: " today, "PYB: " until 1.9, "[MaixPy]: " on K210 boards, and none on CircuitPython.
SOFT_REBOOT = re.compile(rb"\A(?:\r\n)?[ -~]{0,24}soft reboot\r\n")
"""The line that announces a soft reset."""

SOFT_REBOOT_START = re.compile(rb"\A(?:\r|(?:\r\n)?[ -~]{0,35}\r?)\Z")
"""What may become such a line."""

SOFT_REBOOT_SIZE = 48
"""Bytes within which it ends."""

FRIENDLY_BANNER = re.compile(
    rb"(?:Micro|Circuit)Python [^\r\n]{1,100} on [^\r\n]{1,40}; [^\r\n]{1,200}\r\n(?:[^\r\n]{0,100}\r\n){0,2}?>>> "
)
"""What a board shows after any reset that ends at the friendly prompt."""

# The ROM of ESP32 chips, before any firmware runs: "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)".
_ESP_ROM = re.compile(rb"\r\nrst:0x[0-9a-f]{1,2} \(\w+\),boot:0x\Z")
INTERRUPTED = b"KeyboardInterrupt: \r\n"
"""What the board prints for Ctrl-C where no frame is known; said in its place where it has nothing to say."""

PASTE_REPLY = re.compile(rb"[\x01\x04]")
"""While the source goes out to raw-paste: the board has room for more of it, or has all that it wants."""

MANY_ENDS = re.compile(rb"\x04{3,}")
"""More 0x04 in a row than an end has."""

# How an exception is printed (mp_obj_print_exception): with frames, or its name alone; both end with a line end.
_TRACEBACK_HEAD = b"Traceback (most recent call last):\r\n"
_EXCEPTION_LINE = re.compile(rb"[A-Za-z_\x80-\xff][\w.\x80-\xff]*(?::|\r?\n|\r?\Z)")


def starts_like_traceback(text: bytes) -> bool:
    """Whether ``text``, possibly cut short, can be what the board prints for an exception."""
    return _TRACEBACK_HEAD.startswith(text[: len(_TRACEBACK_HEAD)]) or _EXCEPTION_LINE.match(text) is not None


MAX_TRACEBACK = 64 * 1024
"""Bytes after which the text behind a 0x04 is taken for the program's own output: no traceback is that long."""


@dataclass(frozen=True)
class ProgramEnd:
    """The end of a program's output.

    Attributes:
        size: bytes of it.
        traceback: empty where the program ended well.
        reboots: whether a soft reset follows in place of the prompt, as after ``SystemExit`` (PX PYEXEC_FORCED_EXIT).
    """

    size: int
    traceback: bytes
    reboots: bool


class NoEnd(Enum):
    """Why bytes that begin with 0x04 are not the end of a program's output."""

    PRINTED = auto()
    """The program has printed this 0x04."""
    UNDECIDED = auto()
    """More must come before this can be told."""


def program_end(data: bytes) -> ProgramEnd | NoEnd:
    """Tell whether bytes that begin with 0x04 are the end of a program's output.

    The board sends 0x04, the traceback, 0x04 and ``>``. A program may print 0x04 itself; the end is accepted only where
    both marks stand around something that can be a traceback.
    """
    second = data.find(b"\x04", 1)
    traceback = data[1:second] if second > 0 else data[1 : MAX_TRACEBACK + 2]
    if traceback and not starts_like_traceback(traceback):
        return NoEnd.PRINTED
    if second < 0:
        return NoEnd.PRINTED if len(traceback) > MAX_TRACEBACK else NoEnd.UNDECIDED
    if traceback and not traceback.endswith(b"\n"):
        return NoEnd.PRINTED
    after = data[second + 1 : second + 1 + SOFT_REBOOT_SIZE]
    if after.startswith(b">"):
        return ProgramEnd(second + 2, traceback, reboots=False)
    if SOFT_REBOOT.match(after):
        return ProgramEnd(second + 1, traceback, reboots=True)
    return NoEnd.UNDECIDED if not after or SOFT_REBOOT_START.match(after) else NoEnd.PRINTED


def holds_end(data: bytes | bytearray) -> bool:
    """Whether the end of a program's output is somewhere in ``data``."""
    data = bytes(data)
    at = data.find(b"\x04")
    while at >= 0:
        if isinstance(program_end(data[at:]), ProgramEnd):
            return True
        at = data.find(b"\x04", at + 1)
    return False


def find_reboot(seen: bytes, old: int) -> tuple[int, bool] | None:
    """Find the first place in output that shows that the board restarted.

    Args:
        seen: recent output and what is new.
        old: bytes of it that were looked at before.

    Returns:
        Where that place ends, and whether it was a hard reset; None where there is none.
    """
    first: tuple[int, bool] | None = None
    for mark, hard in ((RAW_BANNER, False), (b"\r\n>>> ", True), (b"boot:0x", True)):
        at = seen.find(mark, max(0, old - len(mark) + 1), first[0] if first else None)
        while at >= 0:
            end = at + len(mark)
            if _shows_reboot(seen[max(0, end - TAIL) : end], mark):
                first = end, hard
                break
            at = seen.find(mark, at + 1, first[0] if first else None)
    return first


def _shows_reboot(seen: bytes, mark: bytes) -> bool:
    if mark is RAW_BANNER:
        return b"soft reboot\r\n" in seen
    if mark == b"boot:0x":
        return _ESP_ROM.search(seen) is not None
    return any(found.end() == len(seen) for found in FRIENDLY_BANNER.finditer(seen))
