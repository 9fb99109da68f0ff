"""The error of a cell on a board, as an exception that fails a cell of IPython."""

from __future__ import annotations


class BoardFailure(Exception):
    """What ended a cell on a board, or a magic. IPython shows its own lines alone, not those of this package.

    Args:
        name: the error's name, as the board or the magic tells it.
        text: its message.
        lines: its traceback, line by line.
    """

    def __init__(self, name: str, text: str, lines: list[str]) -> None:
        super().__init__(text)
        self.name = name
        self.lines = lines

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of it; ipyparallel's errors say it in the same way."""
        return self.lines


def board_failure(name: str, text: str, lines: list[str]) -> BoardFailure:
    """Return the exception for an error; see ``BoardFailure`` for the arguments.

    Front ends are told the name of the exception's class: each has one of the name that the board's error has.
    """
    kind: type[BoardFailure] = type(name, (BoardFailure,), {"__module__": __name__})
    return kind(name, text, lines)
