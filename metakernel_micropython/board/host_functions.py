"""What the host puts on a board for a while: an ``input()`` that tells when it asks, ``display()``, ``await`` of cells.

Each costs one execution after each restart of the board, and some of its memory until it is removed. Whether it is
there stands in the board's ``Capabilities``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DeviceError, NoAsyncio
from . import snippets

if TYPE_CHECKING:
    from .protocol.executor import Executor


def hear_questions(board: Executor, timeout: float) -> bool:
    """Have ``input()`` tell when it asks (see ``questions``); return whether it does. It takes about 1 kB."""
    capabilities = board.capabilities
    if capabilities.tells_questions is False:
        try:
            board.execute(snippets.call("input"), timeout=timeout)
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise
            capabilities.tells_questions = None  # no room, or a firmware whose builtins are fixed
        else:
            capabilities.tells_questions = True
    return capabilities.tells_questions is True


def give_display(board: Executor, timeout: float) -> None:
    """Have the board's builtins hold ``display()`` (see ``display_filter``). It takes about 2 kB."""
    if not board.capabilities.shows:
        board.execute(snippets.call("display"), timeout=timeout)
        board.capabilities.shows = True


def take_display(board: Executor, timeout: float) -> None:
    """Remove ``display()`` again."""
    if board.capabilities.shows:
        board.execute(snippets.call("display_end"), timeout=timeout)
        board.capabilities.shows = False


def give_await(board: Executor, timeout: float) -> bool:
    """Have the board's builtins hold what a cell's top level awaits through; it takes about 1.4 kB.

    Returns:
        Whether it is there: not where the firmware was built without ``async`` and ``await``.

    Raises:
        NoAsyncio: the firmware has ``await``, but no event loop.
    """
    capabilities = board.capabilities
    if capabilities.awaits is False:
        try:
            if capabilities.no_flow_control:  # where the whole would take seconds
                board.execute("if 0:\n async def id():pass\n", timeout=timeout)
            board.execute(snippets.call("top_level_await"), timeout=timeout)
        except DeviceError as error:
            if error.name == "SyntaxError":
                capabilities.awaits = None
            elif error.name == "ImportError" and ("asyncio" in error.message or "'" not in error.message):
                raise NoAsyncio(
                    "await outside of a function needs the module asyncio, and this board has neither asyncio nor "
                    "uasyncio. Take a firmware that has it, or put its files into /lib. Nothing of the cell has run."
                ) from error
            else:  # its lines are none of the cell's
                raise DeviceError(error.name, error.message, str(error)) from error
        else:
            capabilities.awaits = True
    return capabilities.awaits is True
