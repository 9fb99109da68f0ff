"""What a board's ``display()`` gives, in a kernel's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..board.display_filter import Display, DisplayFilter, InvalidDisplay
from ..errors import DeviceError, MicroPythonError
from . import mime

if TYPE_CHECKING:
    from ..board import Board
    from ..kernel import MicroPythonKernel


NOT_SHOWN = "[display() gave something that is not shown: {}]"


class NoRoom(MicroPythonError):
    """The board has no room for the function that shows things."""


class BoardDisplay:
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

    def _show(self, piece: str | Display | InvalidDisplay) -> None:
        if isinstance(piece, str):
            self._kernel.write_text(piece)
            return
        try:
            data = as_data(piece, allow=self._kernel.allow_html)
        except ValueError as error:
            self._kernel.Error(NOT_SHOWN.format(error))
        else:
            display_data(self._kernel, data)


def as_data(piece: Display | InvalidDisplay, *, allow: bool) -> dict[str, Any]:
    """Return what a board gave to be shown as Jupyter's data, by MIME types; ``text/plain`` is always there.

    Raises:
        ValueError: it cannot be shown; the message says why.
    """
    if isinstance(piece, InvalidDisplay):
        raise ValueError(piece.reason)
    return mime.bundle(piece, allow=allow)


def display_data(kernel: MicroPythonKernel, data: dict[str, Any]) -> None:
    """Show data in the cell."""
    try:
        kernel.send_response(kernel.iopub_socket, "display_data", {"data": data, "metadata": {}, "transient": {}})
    except ValueError as error:  # half a surrogate pair, which no message can hold
        kernel.Error(NOT_SHOWN.format(error))
