"""The contract of a contestant: it gives a session, and a session does the work and says how long it took.

A kernel is one kind of contestant, a program on the bare line another. A new kind (a command line tool, say) is a new
pair of these two classes; a new measure is a new method of the session.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class Session(ABC):
    """A contestant at work. Every method does one thing once and returns seconds.

    All of them raise BenchmarkError where the result is wrong or late; the session is of no use then.

    Attributes:
        start: seconds from its start to its first answer, without a board.
    """

    start: float

    def warm_up(self) -> None:  # noqa: B027 - most need none
        """Do once what only the first time is slow."""

    @abstractmethod
    def round_trip(self) -> float:
        """Run ``work.PRINT``, from the request to the end of the answer."""

    @abstractmethod
    def output(self) -> float:
        """Run ``work.OUTPUT``, from the request to the end of the answer."""

    @abstractmethod
    def interrupt(self) -> float:
        """Stop ``work.LOOP``, from the request to stop to the answer of what was stopped."""

    @abstractmethod
    def completion(self) -> float:
        """Complete ``work.DOTTED``, from the request to the answer; a cell has run since the last time."""


class Contestant(ABC):
    """Something to measure.

    Attributes:
        name: short, for the command line and the JSON file.
        title: for the table.
        cannot: measures that it cannot take part in, and why.
    """

    name: str
    title: str
    cannot: ClassVar[Mapping[str, str]] = {}

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Install what it needs, once.

        Raises:
            NotInstalledError: that did not work.
        """

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """The versions of the packages that matter to it."""

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """Start it, and connect it to the board where it uses one; ended when the context ends."""
