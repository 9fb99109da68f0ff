"""What a board's ``display()`` gives, in a kernel's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rich
from .board.displays import Display, DisplayFilter, Spoiled
from .errors import DeviceError, MicroPythonError

if TYPE_CHECKING:
    from .board import Board
    from .kernel import MicroPythonKernel


class NoRoom(MicroPythonError):
    """The board has no room for the function that shows things."""


class Displaying:
    """Shows what programs on the board give, from ``%display on`` or for one cell.

    Attributes:
        once: whether it ends with the cell.
    """

    def __init__(self, kernel: MicroPythonKernel, *, once: bool) -> None:
        self.once = once
        self._kernel = kernel
        self._filter = DisplayFilter()

    def begin(self, board: Board) -> None:
        """Give the board its ``display()`` where it has none.

        Raises:
            NoRoom: it does not fit.
            MicroPythonError: the board does not answer.
        """
        try:
            board.give_display()
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise
            raise NoRoom(
                f"The board on {board.address} has no room for display() ({error}), or does not let it in. Free some "
                "memory (%mem shows it, %reboot frees all), or go on without: %display off."
            ) from error

    def feed(self, text: str) -> None:
        """Take a program's output; what it gives to show is shown."""
        for piece in self._filter.feed(text):
            self._show(piece)

    def end(self) -> None:
        """The program has ended: show what was held."""
        for piece in self._filter.flush():
            self._show(piece)

    def _show(self, piece: str | Display | Spoiled) -> None:
        kernel = self._kernel
        if isinstance(piece, str):
            kernel.write_text(piece)
            return
        try:
            if isinstance(piece, Spoiled):
                raise ValueError(piece.reason)
            data = rich.bundle(piece, allow=kernel.allow_html)
        except ValueError as error:
            kernel.Error(f"[display() gave something that is not shown: {error}]")
            return
        content = {"data": data, "metadata": {}, "transient": {}}
        kernel.send_response(kernel.iopub_socket, "display_data", content)
