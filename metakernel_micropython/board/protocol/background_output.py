r"""The board's answers with the output of a thread, or of a timer, anywhere between their parts. No I/O.

Firmware writes an answer in several pieces (PX ``mp_hal_stdout_tx_strn`` for each), and a thread that prints comes
between any two of them: between the two 0x04 of an end and its ``>``, behind ``R\x01``, before the banner's ``>``.
What is found here is looser than what ``firmware_output`` finds, and is used only where something prints by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .firmware_output import RAW_BANNER, SOFT_REBOOT_SIZE

LONGEST = 64 * 1024
"""Bytes between two parts of an answer, after which they are none."""

RAW_TEXT = RAW_BANNER.removesuffix(b">")

_END = re.compile(rb"\x04([^\x04]*)\x04([^\x04>]*)(>|\x04)")
_REBOOT = re.compile(rb"soft reboot\r\n\Z")
_TRACEBACK_HEAD = b"Traceback (most recent call last):"
# Without frames only what is certainly an exception: a thread prints words, too.
_EXCEPTION = re.compile(rb"(?m)^[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Iteration)(?::[^\r\n]*)?\r?\n")
_ANY_EXCEPTION = re.compile(rb"(?m)^[A-Za-z_][\w.]*: [^\r\n]*\r?\n")
_SUSPECTED = re.compile(rb"\x04([\t\r\n -~]{0,256})\x04([\t\r\n -~]{0,256}?)>")
_SUSPECT_SIZE = 768  # bytes in which such an end has room
_WINDOWS = range(16, 8193, 16)
"""Sizes of a raw-paste window that firmware may have; two letters of text are none of them."""


@dataclass(frozen=True)
class Found:
    """A part of an answer, with what was printed inside it taken out.

    Attributes:
        size: bytes of it, with what was printed inside.
        printed: what was printed inside.
        value: the traceback of an end, or the two bytes of a window.
    """

    size: int
    printed: bytes
    value: bytes = b""


def program_end(data: bytes) -> Found | None:
    """Return the end of a program that ``data`` begins with; None where it is none, or not all of it came."""
    found = _END.match(data)
    if found is None or found[3] != b">":
        return None
    output, traceback = split_traceback(found[1])
    if found[2].startswith(b"\r\n") and b"soft reboot" in found[2][:SOFT_REBOOT_SIZE]:
        return None  # a restart follows and not the prompt, which is told without this module
    return Found(found.end(), output + found[2], traceback)


def undecided(data: bytes) -> bool:
    """Whether ``data`` may become the end of a program, when more comes."""
    return len(data) <= LONGEST and re.fullmatch(rb"\x04[^\x04]*(?:\x04[^\x04>]*)?", data) is not None


def split_traceback(text: bytes) -> tuple[bytes, bytes]:
    """Return what a thread printed and what the board printed for an exception, of text that holds both."""
    head = text.find(_TRACEBACK_HEAD)
    if head < 0:
        found = _EXCEPTION.search(text)
        return (text[: found.start()] + text[found.end() :], found[0]) if found else (text, b"")
    lines = text[head:].splitlines(keepends=True)
    rest = b"".join(lines[1:])
    exceptions = [*_EXCEPTION.finditer(rest)][:1] or [*_ANY_EXCEPTION.finditer(rest)]
    if not exceptions:
        return text[:head], text[head:]
    last = exceptions[-1]
    frames = [line for line in rest[: last.start()].splitlines(keepends=True) if line.startswith(b"  File ")]
    printed = [line for line in rest[: last.start()].splitlines(keepends=True) if not line.startswith(b"  File ")]
    output = text[:head] + b"".join(printed) + rest[last.end() :]
    return output, lines[0] + b"".join(frames) + last[0]


def raw_banner(data: bytes) -> tuple[int, Found | None]:
    """Return how many bytes of ``data`` are in front of the raw REPL's banner, and the banner up to its prompt.

    None for the banner where not all of it came; then what may be the beginning of one is not in front.
    """
    begin = data.find(RAW_TEXT)
    while begin >= 0:
        end = data.find(b">", begin + len(RAW_TEXT), begin + LONGEST)
        if end >= 0:
            return begin, Found(end + 1 - begin, data[begin + len(RAW_TEXT) : end])
        if len(data) < begin + LONGEST:
            return begin, None
        begin = data.find(RAW_TEXT, begin + 1)
    return max(0, len(data) - len(RAW_TEXT) + 1), None


def window(data: bytes) -> Found | None:
    """Return the size of a raw-paste window, which two bytes and a first 0x01 say; None where it has not come."""
    if data[2:3] == b"\x01":
        return Found(2, b"", data[:2])
    for at in range(len(data) - 2):
        if data[at + 2] == 1 and int.from_bytes(data[at : at + 2], "little") in _WINDOWS:
            return Found(at + 2, data[:at], data[at : at + 2])
    return None


class EndWatch:
    """Watches what a program prints for an end that a thread may have printed into, where no thread is known of.

    A cell may import a file that starts one. What is found is an end only if nothing contradicts it for a while: a
    program that prints 0x04 itself prints more of them, or ends by itself; one that has ended prints none.
    """

    def __init__(self) -> None:
        self._text = bytearray()  # what was printed, from the last 0x04 but one

    def feed(self, data: bytes) -> None:
        """Take what was printed."""
        if not self._text and b"\x04" not in data:
            return
        self._text += data
        last = self._text.rfind(b"\x04")
        begin = max(0, self._text.rfind(b"\x04", 0, last)) if last >= 0 else len(self._text)
        del self._text[:begin], self._text[_SUSPECT_SIZE:]

    def found(self, held: bytes = b"") -> bytes | None:
        """Return the traceback of the end that was found, empty where it ended well; None where there is no end.

        Args:
            held: what came and may become a real end, so that it does not count as printed yet.
        """
        text = bytes(self._text) + held[:_SUSPECT_SIZE]
        marks = text.count(b"\x04")
        found = _SUSPECTED.match(text) if marks == 2 else None
        return split_traceback(found[1])[1] if found else None
