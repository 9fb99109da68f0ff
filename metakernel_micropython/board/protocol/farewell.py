"""The end of a session with a board's prompt: what the next program on its line expects."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from ...errors import MicroPythonError
from .. import snippets
from .control_bytes import CTRL_C

if TYPE_CHECKING:
    from .capabilities import Capabilities
    from .execution import Execution
    from .line_reader import LineReader
    from .repl import Repl
    from .unsolicited import UnsolicitedBuffer

FAREWELL_TIMEOUT = 1.0
"""Seconds that a board has to remove the host's functions, when the line is closed."""


class Session(Protocol):
    """What the end needs of a session; see ``prompt_session``."""

    line: LineReader
    repl: Repl
    capabilities: Capabilities
    unsolicited: UnsolicitedBuffer
    raw_io: bool

    @property
    def executing(self) -> bool:
        """Whether a program runs, or is on its way."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the board waits at the raw prompt."""
        ...

    def interrupt(self) -> bool:
        """Send Ctrl-C to the program that runs; return whether there is one."""
        ...

    def start(self, source: bytes) -> Execution:
        """Send a program to the raw prompt and let it run."""
        ...


def exit_raw_repl(session: Session) -> None:
    """Stop what runs, remove what the host has put on the board, and return to the friendly prompt.

    Raises:
        LineLost: the line is gone.
    """
    line = session.line
    if session.interrupt():
        with line.changed:
            line.changed.wait_for(lambda: not session.executing or line.lost, 0.5)
    for removal in session.capabilities.removals():
        if session.ready:
            with contextlib.suppress(MicroPythonError):
                session.start(snippets.call(removal).encode()).wait(FAREWELL_TIMEOUT)
    with line.sending:
        if session.raw_io:
            # What was written may have started a program. While the board compiles it, Ctrl-C is data for it.
            line.write(b"\r" + CTRL_C)
            line.wait_for_quiet(0.1, 0.3)
            line.write(b"\r" + CTRL_C)
        with line.changed:
            session.unsolicited.data.clear()
            data = session.repl.send_leave()
        line.write(data)
    # An answer shows that the byte has left the line's buffers, which closing empties.
    with line.changed:
        line.wait_for_bytes(0.3)
