"""What a person is told about a board that is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..display.error_text import error_text
from ..display.wrapping import wrapped

if TYPE_CHECKING:
    from ..board import Board


def describe_connection(board: Board, name: str | None = None) -> str:
    """Say which board is connected, and for ``auto`` what else was there.

    Args:
        board: the board.
        name: what it is called among several; None where nobody gave it a name.
    """
    others = "".join(f"\n  {address}: {error_text(why)}" for address, why in board.considered)
    what = board.banner or "a raw line"
    if board.background.alone:
        what = (
            "it was not touched, and a program may run there. %monitor shows what it prints; the next cell that needs "
            "the board interrupts it."
        )
    called = f" as {name}" if name else ""
    return wrapped(f"Connected to {board.address}{called}: {what}" + (f"\nOther ports:{others}" if others else ""))
