"""What a board's ``display()`` gives, in a kernel's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..board.display_filter import Display, DisplayFilter, InvalidDisplay
from ..errors import DeviceError, MicroPythonError
from . import mime

if TYPE_CHECKING:
    from ..board import Board
    from ..front_end import Messages


NOT_SHOWN = "[display() gave something that is not shown: {}]"


class NoRoom(MicroPythonError):
    """The board has no room for the function that shows things."""


def give_display(board: Board) -> None:
    """Give a board its ``display()`` where it has none.

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


class TextSink(Protocol):
    """Where the output goes that is nothing to show (a sink of ``cell.output``)."""

    def feed(self, text: str) -> None:
        """Take text."""
        ...

    def close(self) -> None:
        """The program has ended."""
        ...


class DisplaySink:
    """Shows what a program gives to ``display()``; its other output goes on."""

    def __init__(self, front_end: Messages, following: TextSink) -> None:
        self._front_end = front_end
        self._following = following
        self._filter = DisplayFilter()

    def feed(self, text: str) -> None:
        """Take a program's output; what it gives to show is shown."""
        for piece in self._filter.feed(text):
            self._show(piece)

    def close(self) -> None:
        """The program has ended: show what was held."""
        try:
            for piece in self._filter.flush():
                self._show(piece)
        finally:
            self._following.close()

    def _show(self, piece: str | Display | InvalidDisplay) -> None:
        if isinstance(piece, str):
            self._following.feed(piece)
            return
        try:
            data = as_data(piece, allow=self._front_end.allow_html)
        except ValueError as error:
            self._front_end.Error(NOT_SHOWN.format(error))
        else:
            show_data(self._front_end, data)


def as_data(piece: Display | InvalidDisplay, *, allow: bool) -> dict[str, Any]:
    """Return what a board gave to be shown as Jupyter's data, by MIME types; ``text/plain`` is always there.

    Raises:
        ValueError: it cannot be shown; the message says why.
    """
    if isinstance(piece, InvalidDisplay):
        raise ValueError(piece.reason)
    return mime.bundle(piece, allow=allow)


def show_data(front_end: Messages, data: dict[str, Any]) -> None:
    """Show data in the cell."""
    try:
        front_end.show_data(data)
    except ValueError as error:  # half a surrogate pair, which no message can hold
        front_end.Error(NOT_SHOWN.format(error))
