"""Soft resets: to the raw prompt, which leaves main.py out, or as at the friendly one, so that main.py runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import LineLost
from .control_bytes import CTRL_D
from .text import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .prompt_session import PromptSession

PROMPT = b">>> "
"""The friendly prompt."""

PROMPT_TIMEOUT = 2.0
"""Seconds in which a board goes from its raw prompt to the friendly one."""


def soft_reset(bring_to_prompt: Callable[[], PromptSession]) -> str:
    """Soft-reset a board and bring it to its raw prompt; return what it said.

    Args:
        bring_to_prompt: returns the session with the board at its prompt, on a new line where the reset ended the old.

    Raises:
        BoardBusy: it did not come back.
        LineLost: the line is gone, or did not come back.
    """
    session = bring_to_prompt()
    try:
        return session.soft_reset()
    except LineLost:
        if not session.away:
            raise
    said = decode(session.take_unsolicited()[0])
    bring_to_prompt()
    return said


def run_main(session: PromptSession) -> None:
    """Restart a board that waits at its raw prompt, and leave it to itself: boot.py runs, then main.py.

    What it says from then on is unsolicited output. Where the restart ends the line, as with a WebREPL, the session is
    ``away``.

    Raises:
        ConnectError: the board did not come to its friendly prompt; nothing was reset.
        LineLost: the line is gone.
    """
    line = session.line
    session.take_unsolicited()
    with line.sending:
        with line.changed:
            data = session.repl.send_leave()
            session.leave_alone()
        line.write(data)
    # Before the raw prompt is left, Ctrl-D would be its own reset, which leaves main.py out.
    if not session.wait_until(lambda: PROMPT in session.unsolicited.data, PROMPT_TIMEOUT):
        raise session.no_prompt(PROMPT_TIMEOUT)
    session.take_unsolicited()
    with line.sending:
        line.write(CTRL_D)
