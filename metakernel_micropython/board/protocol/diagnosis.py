"""What went wrong with a board, told by what came over its line: as the exceptions that people see."""

from __future__ import annotations

import re

from ...errors import Advice, BoardBusy, BoardReset, ConnectError, DeviceError, LineLost, RecordingDiffers
from .text import decode

MAX_BANNER = 300
"""Characters that are kept of what a board calls itself."""

NOISE_SIZE = 4
"""Bytes that must have come before they are called noise."""

NOISE_SHARE = 0.25
"""Share of them that no text holds, from which on they are."""

USUAL_BAUD = "9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600 and 1500000"

_LEFT = "at|breakpoint|frame|halt|input_|met|over|pause|times"
_OWN_FRAME = re.compile(rf'^  File "<stdin>", line \d+, in __mk_(?:{_LEFT})\r?\n', re.MULTILINE)
"""A line of a traceback that lies in what our snippets have left among the builtins; no program uses such names."""


class Diagnosis:
    """The exceptions for one board, in sentences that name its line and say what to do next.

    Args:
        address: of the line.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def no_prompt(self, came: bytes, timeout: float) -> ConnectError:
        """No prompt came within ``timeout`` seconds, but ``came``."""
        address = self._address
        if not came:
            return ConnectError(
                f"No MicroPython answered on {address} within {timeout:g} s: nothing came back.",
                Advice.CHECK_PORT,
                address=address,
            )
        if is_noise(came):
            return ConnectError(
                f"{address} sends no text, but {came[-24:]!r}: the baud rate is probably wrong. Usual ones are "
                f"{USUAL_BAUD} (74880 is what ESP8266 boards speak while they boot).",
                Advice.NAME_BAUD,
                address=address,
            )
        return ConnectError(
            f"The board on {address} did not come to its prompt within {timeout:g} s. It sent: {_excerpt(came)}.",
            Advice.STOP_AS_IT_STARTS,
            address=address,
        )

    def no_soft_reset(self, timeout: float) -> BoardBusy:
        """It did not come back from a soft reset, and was silent for ``timeout`` seconds at the end."""
        return BoardBusy(
            f"The board on {self._address} did not come back from its soft reset: nothing came for {timeout:.3g} s. "
            "Press its reset button and connect again."
        )

    def takes_no_code(self, timeout: float) -> BoardBusy:
        """It took nothing (more) of a source within ``timeout`` seconds."""
        return BoardBusy(f"The board on {self._address} does not take code: no answer within {timeout:g} s.")

    def not_stopped(self) -> BoardBusy:
        """Its program was interrupted and did not end."""
        return BoardBusy(
            f"The board on {self._address} did not stop: Ctrl-C got no answer. Its program may still be running.",
            Advice.PRESS_RESET,
            address=self._address,
        )

    def runs_program(self) -> BoardBusy:
        """A program runs, so that nothing else can be done."""
        return BoardBusy(f"The board on {self._address} runs a program.")

    def restarted(self, *, with_line: bool = False) -> BoardReset:
        """It restarted; ``with_line``: which ended the line, and that can be opened again."""
        happened = f"The board on {self._address} restarted: its variables are gone."
        return BoardReset(happened, Advice.CONNECT_AGAIN if with_line else None, address=self._address)

    def reset(self) -> BoardReset:
        """The host has reset it."""
        return BoardReset(f"The board on {self._address} was reset.")

    def closed(self) -> LineLost:
        """The host has closed the line."""
        return LineLost(f"The connection to {self._address} was closed.")


def interrupted() -> DeviceError:
    """Return the exception for what somebody stopped before the board began with it."""
    return DeviceError("KeyboardInterrupt", "", "KeyboardInterrupt: \n")


def banner(said: bytes) -> str:
    """Return what a board calls itself in what it said when its friendly prompt was entered; ``""`` for nothing."""
    named = [line.strip() for line in decode(said).splitlines() if "Python" in line]
    # It is shown and kept: a board must not move somebody's cursor with it.
    return "".join(filter(str.isprintable, named[-1]))[:MAX_BANNER] if named else ""


def device_error(traceback: str) -> DeviceError:
    """Return the exception that a board's traceback tells of."""
    traceback = _OWN_FRAME.sub("", traceback)
    lines = traceback.strip("\n").split("\n")
    while len(lines) > 1 and (lines[0].startswith("  ") or lines[0].startswith("Traceback (most recent call last)")):
        lines.pop(0)
    name, _, message = "\n".join(lines).partition(":")
    # What a replayed board says has no frames; an exception of a program's has.
    kind = RecordingDiffers if traceback.startswith(f"{RecordingDiffers.__name__}: ") else DeviceError
    return kind(name.strip(), message.strip(), traceback)


def lacks_memory(traceback: str | None) -> bool:
    """Whether a traceback, where there is one, says that the board's memory was too small."""
    return traceback is not None and device_error(traceback).name == "MemoryError"


def is_noise(data: bytes) -> bool:
    """Whether bytes look like text at another baud rate: bits in the wrong places, and stretched ones as NUL or 0xff.

    Text has hardly a byte of these; a program that prints binary data has many, but no banner or prompt comes either.
    """
    if len(data) < NOISE_SIZE:
        return False
    try:
        decode_error = not data.decode("utf-8")
    except UnicodeDecodeError as error:
        decode_error = error.end < len(data) - 3  # a character may be cut at the end, no more
    odd = sum(byte >= 0x80 or (byte < 0x20 and byte not in b"\t\n\r\x04\x1b") or byte == 0x7F for byte in data)
    return (decode_error or b"\0" in data) and odd > NOISE_SHARE * len(data)


def _excerpt(data: bytes, size: int = 120) -> str:
    text = decode(data)
    return repr(text if len(text) <= size else "..." + text[-size:])
