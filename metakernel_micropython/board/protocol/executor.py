"""What files, values and facts need of a board: have it execute something, and know what it can.

``Board`` is one. A test can have another in a few lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .capabilities import Capabilities
    from .execution import Execution


class Executor(Protocol):
    """A board that runs programs, one at a time.

    Attributes:
        address: where the board is, for messages.
    """

    address: str

    @property
    def capabilities(self) -> Capabilities:
        """What the board can."""

    @property
    def idle(self) -> bool:
        """Whether the board waits at its prompt, so that a request is answered at once."""

    def start(self, source: str | bytes) -> Execution:
        """Send a program and let it run; see ``Board.start``."""

    def execute(self, source: str, *, timeout: float | None = None) -> str:
        """Run a program to its end and return what it printed; see ``Board.execute``."""

    def evaluate(self, expression: str, *, timeout: float = ..., own: bool = False) -> object:
        """Return the value of an expression on the board, as data; see ``Board.evaluate``."""

    def interrupt(self) -> bool:
        """Send Ctrl-C to the program that runs; return whether one runs."""

    def keep_unsolicited(self, data: bytes) -> None:
        """Have bytes count as printed while nothing was executed."""
