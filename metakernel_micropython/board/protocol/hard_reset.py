"""Restarting a board as its reset button does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import Advice, BoardReset, CannotReset, DeviceError, LineLost, MicroPythonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .prompt_session import PromptSession

RESET_TIMEOUT = 2.0
"""Seconds until a board that says nothing of its restart counts as restarted: it runs main.py by then."""


def hard_reset(session: PromptSession, bring_to_prompt: Callable[[], PromptSession]) -> None:
    """Have the board's own ``machine.reset()`` do it, or else the lines of its USB bridge.

    Args:
        session: with the board.
        bring_to_prompt: returns the session with the board at its prompt.

    Raises:
        CannotReset: the board has no ``machine.reset()``, and the line cannot reset it.
        MicroPythonError: the board did not come to its prompt, and the line cannot reset it.
    """
    try:
        session = bring_to_prompt()
        execution = session.start(b"import machine\nmachine.reset()")
        execution.wait(RESET_TIMEOUT)
        execution.check()
    except (LineLost, BoardReset):
        return
    except MicroPythonError as error:
        if session.line.transport.pulse_reset():
            session.line.tap.note_event("reset")
        else:
            if isinstance(error, DeviceError) and error.name in ("AttributeError", "ImportError"):
                raise CannotReset(
                    f"The board on {session.line.address} has no machine.reset(), and its line cannot reset it: press "
                    "its reset button.",
                    Advice.SOFT_RESET,
                    address=session.line.address,
                ) from error
            raise
    session.forget()
