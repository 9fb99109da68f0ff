"""``board`` in %%python cells: the board that cells run on, whichever that is when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..board.board import Board

if TYPE_CHECKING:
    from ..front_end import FrontEnd


_FOLLOW = frozenset({"remote", "proxy"})
"""What gives functions and objects that ask for the connected board with each call, as this object does."""


class ConnectedBoard(Board):
    """The connected board. It is one for ``isinstance`` and for completion, which looks at classes and asks nobody.

    Args:
        front_end: knows which board that is.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        object.__setattr__(self, "_front_end", front_end)

    def __getattribute__(self, name: str) -> Any:
        """Return what the connected board has under this name.

        Raises:
            MicroPythonError: none is connected; the message says how to get one.
        """
        if name.startswith("_") or name in _FOLLOW:
            return object.__getattribute__(self, name)
        return getattr(self._front_end.require_board(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._front_end.require_board(), name, value)

    def __repr__(self) -> str:
        board = self._front_end.device
        return "<Board: none is connected>" if board is None else f"<Board on {board.address}: {board.banner}>"
