"""What a person may choose about the connection to a board, as one value from the magic down to the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .tap import Tap

Password = str | Callable[[str], str | None]
"""A password, or what asks a person for it: gets the address and returns the password, None where nobody can be asked.
"""

DEFAULT_BAUD = 115200
"""Baud that MicroPython's ports use on a UART unless the board's maker chose another."""

ATTACH_TIMEOUT = 10.0
"""Seconds in which a board must come to its prompt: some boot for a while, some run a program that must be stopped."""


@dataclass(frozen=True)
class ConnectionOptions:
    """How a board is connected. What has no meaning for a line is ignored there.

    Attributes:
        baud: speed of a serial port in baud; USB boards ignore it.
        dtr: level of DTR while the port is open; None for what does not reset the board.
        rts: level of RTS, likewise.
        heap: bytes of heap of the virtual board; None for its default.
        password: of a WebREPL, or what asks a person for it; None for what the environment variable
            ``MICROPYTHON_WEBREPL_PASSWORD`` holds.
        raw: only open the line, without the protocol.
        timeout: seconds that the board has to come to its prompt.
        tap: is told everything that goes over the line; see ``tap``.
        log: file that gets everything that goes over the line; opened by whoever keeps the connection.
    """

    baud: int = DEFAULT_BAUD
    dtr: bool | None = None
    rts: bool | None = None
    heap: int | None = None
    password: Password | None = field(default=None, repr=False)
    raw: bool = False
    timeout: float = ATTACH_TIMEOUT
    tap: Tap | None = field(default=None, repr=False)
    log: Path | None = None
