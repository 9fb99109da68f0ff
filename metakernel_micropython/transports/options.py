"""What a person may choose about the connection to a board, as one value from the magic down to the line."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tap import Tap

Password = str | Callable[[str], str | None]
"""A password, or what asks a person for it: gets the address and returns the password, None where nobody can be asked.
"""

DEFAULT_BAUD = 115200
"""Baud that MicroPython's ports use on a UART unless the board's maker chose another."""

ATTACH_TIMEOUT = 10.0
"""Seconds in which a board must come to its prompt: some boot for a while, some run a program that must be stopped."""


class KeptFiles:
    """The files of a virtual board that has no folder of its own, kept from one of its lines to the next.

    Whoever makes one has to ``remove`` them; a board whose parent program was killed removes them itself.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """Where they are.

        Raises:
            OSError: there is no room for a folder.
        """
        if self._folder is None or not self._folder.is_dir():
            self._folder = Path(tempfile.mkdtemp(prefix="virtual-board-"))
        return self._folder

    def remove(self) -> None:
        """Remove them."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


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
        files: of the virtual board, where they are kept between its lines; None: they go with the line.
        alone: leave the board to itself: a program that runs there is not interrupted.
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
    files: KeptFiles | None = field(default=None, repr=False)
    alone: bool = False
