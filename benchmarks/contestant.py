"""The contract of a contestant: it gives a session, and a session does the work and says how long it took.

A kernel is one kind of contestant, a command line tool or a program on the bare line another. A new kind is a new pair
of these two classes; a new measure is a new method of the session.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from .errors import CannotError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path


class Session(ABC):
    """A contestant at work. Every method does one thing once and returns seconds, where it says nothing else.

    All of them raise BenchmarkError where the result is wrong or late; the session is of no use then. CannotError is
    for what the contestant does not know, after which the session goes on.

    Attributes:
        start: seconds from its start to its first answer, without a board.
        has_files: whether what it writes becomes a file.
        heading: what it puts before the content of a file by itself.
    """

    start: float
    has_files = True
    heading = b""

    def warm_up(self) -> None:  # noqa: B027 - most need none
        """Do once what only the first time is slow."""

    def memory(self) -> tuple[int, int]:
        """Return the bytes of memory that it takes when it has nothing to do: resident, and its share of them."""
        raise CannotError("nothing runs that would take memory")

    @abstractmethod
    def ask(self, code: str) -> str:
        """Run code on the board and return what it printed."""

    @abstractmethod
    def round_trip(self) -> float:
        """Run ``work.PRINT``, from the request to the end of the answer."""

    @abstractmethod
    def output(self) -> float:
        """Run ``work.OUTPUT``, from the request to the end of the answer."""

    def interrupt(self) -> float:
        """Stop ``work.LOOP``, from the request to stop to the answer of what was stopped."""
        raise CannotError("it cannot interrupt")

    def completion(self) -> float:
        """Complete ``work.DOTTED``, from the request to the answer; a cell has run since the last time."""
        raise CannotError("it has no completion")

    def write_file(self, source: Path, name: str) -> float:
        """Write a file of this computer to the board, under a path of the board."""
        raise CannotError("it sends no files")

    def read_file(self, name: str, target: Path) -> float:
        """Save a file of the board as a new one of this computer."""
        raise CannotError("it fetches no files")

    def write_folder(self, source: Path, name: str) -> float:
        """Write a folder and what is in it."""
        raise CannotError("it sends no folders")

    def read_folder(self, name: str, target: Path) -> float:
        """Save a folder of the board, and what is in it, as a new one."""
        raise CannotError("it fetches no folders")

    def sync(self, source: Path, name: str) -> float:
        """Make a folder of the board like one of this computer, moving only what differs."""
        raise CannotError("it does not compare before it sends")


class Contestant(ABC):
    """Something to measure.

    Attributes:
        name: short, for the command line and the JSON file.
        title: for the table.
        has_board: whether it uses a board; without one it takes no part on a slow line.
        cannot: measures that it cannot take part in, and why.
    """

    name: str
    title: str
    has_board = True
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

    def idle(self) -> AbstractContextManager[Session]:
        """Start it only; ended when the context ends."""
        return self.session()
