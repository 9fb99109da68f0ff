"""Taking the prompt from a program that nobody waits for: what a cell that needs the board has to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..display.error_text import error_text
from ..errors import BoardBusy, DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board


def end_background(board: Board, tell: Callable[..., None]) -> None:
    """Interrupt what a board does on its own, where it does something, and say so in a line.

    Args:
        board: the board, which is at its prompt afterwards.
        tell: called with the line, and with what the program prints as it ends (and ``end``, as for ``print``).

    Raises:
        BoardBusy: the program does not end.
        MicroPythonError: the board does not come to its prompt.
    """
    background = board.background
    program = background.program
    if program is not None and not program.ended:
        tell(f"[{program.name} is interrupted: this cell needs the board]")
        program.interrupt()
        program.wait()
        background.take_ended()
        if said := program.take()[0].strip("\n"):
            tell(said, end="\n")
        failure = program.failure
        if isinstance(failure, BoardBusy):
            raise failure
        if failure is not None and not (isinstance(failure, DeviceError) and failure.name == "KeyboardInterrupt"):
            tell(f"[{program.name} has ended: {error_text(failure)}]")
    elif background.alone:
        if not background.at_prompt:
            tell(f"[the program that runs on the board on {board.address} is interrupted: this cell needs the board]")
        board.banner = background.attach()


def refuse_background(board: Board) -> None:
    """Refuse what no person has asked for, as the silent requests of a front end, while a program runs.

    Raises:
        BoardBusy: one runs, or may run.
    """
    if board.background.running:
        raise BoardBusy(f"A program runs on the board on {board.address}, which only a person's cell interrupts.")
