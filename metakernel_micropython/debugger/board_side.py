"""What the board keeps while somebody debugs: giving it, getting it ready for a program, taking it away."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ..board import snippets
from ..errors import DeviceError, MicroPythonError

if TYPE_CHECKING:
    from ..board import Board
    from .channel import Asker

TIMEOUT = 15.0
"""Seconds that a board has to take it."""

NEEDED = 5000
"""Bytes that a board needs free to take it; when it has it, about 4 kB are taken (on a board with 32 bits)."""

DEPTH = 8
"""Calls that are nested where a program pauses in a function and something is evaluated; see ``debug_trial``."""

_PARTS = ("debug_stop", "debug_at", "debug_probes")


class NoRoom(MicroPythonError):
    """The board has no room for what pauses a program, or does not take it."""


class BoardSide:
    """What one board has of the debugger.

    Args:
        board: the board.

    Attributes:
        board: the same.
        can_pause: whether a program looks now and then whether it is to pause.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.can_pause = False

    def prepare(self, stops: dict[int, tuple[str, tuple[str, ...]]], kind: int = 0) -> int | None:
        """Get the board ready for a program; give it what probes call where it does not have that.

        Args:
            stops: the probes that stop; see ``sites.Sites.stops``.
            kind: 0 to run, 1 to stop at once.

        Returns:
            How many bytes of the board's memory that takes, where it was given now and the board tells; None otherwise.

        Raises:
            NoRoom: it does not fit.
            MicroPythonError: the board does not answer.
        """
        try:
            self._get_ready(stops, kind)
            return None
        except DeviceError as error:
            if error.name == "MemoryError":
                raise self._no_room(error) from error
        taken = self._give()  # it is not there, or a program has changed it
        try:
            self._get_ready(stops, kind)
        except DeviceError as again:
            raise NoRoom(f"The board on {self.board.address} cannot be debugged: {again}.") from again
        return taken

    def _get_ready(self, stops: dict[int, tuple[str, tuple[str, ...]]], kind: int) -> None:
        told = self.board.execute(snippets.apply("debug_ready", f"{stops!r},{kind}"), timeout=TIMEOUT)
        self.can_pause = told.strip() == "1"

    def begin(self) -> bool:
        """Get the board ready for a program without probes; return False where the board has none any more.

        Raises:
            MicroPythonError: the board does not answer.
        """
        try:
            self._get_ready({}, 0)
        except DeviceError:
            return False
        return True

    def program_ended(self) -> None:
        """Have nothing pause until the next program: what else runs on the board has nobody who would go on.

        Raises:
            MicroPythonError: the board does not answer.
        """
        with contextlib.suppress(DeviceError):  # it has restarted
            self.board.execute(snippets.call("debug_done"), timeout=TIMEOUT)

    def _give(self) -> int | None:
        before = self._free()
        try:
            depth = self.board.execute(snippets.call("debug_trial"), timeout=TIMEOUT).strip()
            if depth:
                raise NoRoom(
                    f"The board on {self.board.address} cannot be debugged: a pause needs calls that are nested "
                    f"{DEPTH} deep, and its stack has room for {depth}. Debug on the virtual board; %%lineprofile and "
                    "%%coverage need less."
                )
            for part in _PARTS:
                self.board.execute(snippets.call(part), timeout=TIMEOUT)
        except DeviceError as error:
            if error.name == "MemoryError":
                raise self._no_room(error) from error
            raise NoRoom(f"The board on {self.board.address} cannot be debugged: {error}.") from error
        after = self._free()
        return None if before is None or after is None else before - after

    def _free(self) -> int | None:
        """Return how many bytes are free; None where the board does not tell."""
        try:
            told = self.board.execute(snippets.call("info_free"), timeout=TIMEOUT).strip()
        except DeviceError:
            return None
        return int(told) if re.fullmatch(r"\d{1,12}", told) else None

    def _no_room(self, error: DeviceError) -> NoRoom:
        free = self._free()
        missing = f", about {NEEDED - free} bytes are missing" if free is not None and free < NEEDED else ""
        left = f" and has {free} bytes free{missing}" if free is not None else ""
        return NoRoom(
            f"The board on {self.board.address} has no room for the debugger{left} ({error}). Free some memory "
            "(%reboot), take a smaller program, or debug on the virtual board."
        )

    def take_away(self) -> None:
        """Take it from the board; functions that call probes go on to run.

        Raises:
            MicroPythonError: the board does not answer.
        """
        with contextlib.suppress(DeviceError):  # it has restarted, or a program has changed what was there
            self.board.execute(snippets.call("debug_off"), timeout=TIMEOUT)


def set_stops(asker: Asker, stops: dict[int, tuple[str, tuple[str, ...]]]) -> None:
    """Change which probes stop, where the program is paused.

    Raises:
        MicroPythonError: it is paused no more, or the board was lost.
    """
    asker.ask(f"__mk_e[1].clear()\n__mk_e[1].update({stops!r})")
