"""What a person may choose about the connection to a board, as one value from the magic down to the line."""

from __future__ import annotations

import difflib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConnectError

if TYPE_CHECKING:
    from .address import Address
    from .tap import Tap

Password = str | Callable[[str], str | None]
"""A password, or what asks a person for it: gets the address and returns the password, None where nobody can be asked.
"""

DEFAULT_BAUD = 115200
"""Baud that MicroPython's ports use on a UART unless the board's maker chose another."""

VIRTUAL_BOARDS = ("pico", "esp32")
"""The boards that a virtual board can be."""

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


class KeptParts:
    """The parts of a virtual board, to be attached again to the one that takes its place.

    Attributes:
        parts: by name, as plain data: ``kind``, ``pins``, ``name``, ``options``, and ``values`` that were set since.
    """

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, Any]] = {}

    @property
    def text(self) -> str:
        """The parts as JSON."""
        return json.dumps(list(self.parts.values()))


class KeptPlace:
    """How far a recording was replayed, kept from one of its lines to the next.

    Attributes:
        lines: how many of the recorded lines were opened.
    """

    def __init__(self) -> None:
        self.lines = 0


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
        log: file that gets a recording of all that goes over the line; opened by whoever keeps the connection.
        replace_log: whether the recording may take the place of a file that is none.
        files: of the virtual board, where they are kept between its lines; None: they go with the line.
        parts: likewise, its parts.
        place: likewise, how far a recording was replayed; None: from its beginning.
        alone: leave the board to itself: a program that runs there is not interrupted.
        board: which board the virtual one is, of ``VIRTUAL_BOARDS``; None for none in particular. It is not ignored on
            other lines: whoever names a board means it.
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
    parts: KeptParts | None = field(default=None, repr=False)
    board: str | None = None
    replace_log: bool = False
    place: KeptPlace | None = field(default=None, repr=False)

    def check(self, address: Address) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConnectError: a board is named that the virtual one cannot be, or another line than a virtual board's; or
                the log would take the place of the recording that is replayed.
        """
        if address.scheme == "replay" and self.log is not None and _is_recording_of(address, self.log):
            raise ConnectError(f"{self.log} is the recording that is to be replayed: record into another file.")
        if self.board is None:
            return
        names = " and ".join(VIRTUAL_BOARDS)
        if self.board not in VIRTUAL_BOARDS:
            near = difflib.get_close_matches(self.board.lower(), VIRTUAL_BOARDS, 1, 0.5)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise ConnectError(f'"{self.board}" is no board that the virtual one can be: there are {names}.{hint}')
        if address.scheme != "virtual":
            raise ConnectError(
                f"Only a virtual board can be told that it is a {self.board}: its address is virtual, or "
                f"virtual:FOLDER. The board on {address} is what it is."
            )


def _is_recording_of(address: Address, path: Path) -> bool:
    """Whether a path leads to the recording that an address names."""
    from .address import recording_named

    try:
        return path.samefile(Path(recording_named(address.target)[0]).expanduser())
    except (OSError, RuntimeError, ValueError):  # one of them is not there
        return False
