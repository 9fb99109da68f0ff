"""A cell's output as one chain of sinks: each takes text, keeps what is its own, and gives the rest to the next.

    questions -> value -> stopwatch -> display -> capture -> plot -> front end

The first two and the last belong to every cell. Those between are followers: a magic above the cell asked for them, or
a setting of the notebook. A new one is a subclass of ``Follower`` and a line in ``Stage``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..board import Board, Execution
    from ..errors import DeviceError


class Sink(Protocol):
    """Takes a program's output."""

    def feed(self, text: str) -> None:
        """Take text, however it is split."""
        ...

    def close(self) -> None:
        """The program has ended: give what was held to the next sink, and close that."""
        ...


class TextFilter(Protocol):
    """Takes its own out of a text that comes in pieces."""

    def feed(self, text: str) -> str:
        """Take text; return what is to be shown for it."""
        ...

    def flush(self) -> str:
        """Return what was held."""
        ...


class FilterSink:
    """A sink that shows what a filter leaves.

    Args:
        text_filter: the filter.
        following: the next sink.
    """

    def __init__(self, text_filter: TextFilter, following: Sink) -> None:
        self._filter = text_filter
        self._following = following

    def feed(self, text: str) -> None:
        """Take text; what the filter leaves goes on."""
        if shown := self._filter.feed(text):
            self._following.feed(shown)

    def close(self) -> None:
        """Give what the filter holds to the next sink, and close that."""
        try:
            if rest := self._filter.flush():
                self._following.feed(rest)
        finally:
            self._following.close()


class Stage(IntEnum):
    """Where in the chain a follower stands; there is one for each place."""

    PROBES = 0
    STOPWATCH = 1
    DISPLAY = 2
    CHECK = 3
    CAPTURE = 4
    PLOT = 5


class SeveralFollower(Protocol):
    """What the output of a cell on several boards goes through, at the notebook. Any thread may call ``feed``."""

    def feed(self, board: str, text: str) -> str:
        """Take what a board printed; return what of it is shown."""
        ...

    def close(self, board: str) -> str:
        """A board prints no more: return what was held of its output."""
        ...

    def end(self) -> None:
        """All boards are done, or were given up."""
        ...


class Follower:
    """Something that a cell's output goes through, for one cell or for all that follow.

    Attributes:
        stage: its place in the chain.
        magic: the magic that a person typed for it, where it follows one board alone; else ``""``.
        line: its line, where it can stand below ``%%on`` as well; else ``""``.
        given: whether it has left the cell to several boards, each of which is followed for itself.
    """

    stage: ClassVar[Stage]
    magic: ClassVar[str] = ""
    line: str = ""
    given: bool = False

    def prepare(self, board: Board) -> None:
        """Get the board ready, before the program is sent.

        Raises:
            MicroPythonError: the board cannot do what is needed.
        """

    def around(self, source: str) -> str:
        """Return the program with what has to run before and after it."""
        return source

    def running(self, execution: Execution) -> None:
        """The program was given to the board; its output has not been read yet."""

    def failed(self, error: DeviceError) -> None:
        """An exception has ended the program; the board is at its prompt again."""

    def retold(self, error: DeviceError) -> DeviceError:
        """Return an error of the program with the lines that it has without what ``around`` has added."""
        return error

    def open(self, following: Sink) -> Sink:
        """Return the sink for one program.

        Raises:
            MicroPythonError: the output cannot be followed.
        """
        return following

    def several(self, _boards: Sequence[str]) -> SeveralFollower | None:
        """Return what does the same for several boards at the same time, at the notebook; None for nothing.

        Raises:
            MicroPythonError: the output cannot be followed.
        """
        return None

    def close(self) -> None:
        """The cell has ended, and with it what was asked for it alone."""


class Followers:
    """What follows the output of a cell, and of every cell; those of the cell take the places of the others."""

    def __init__(self) -> None:
        self.of_cell: dict[Stage, Follower] = {}
        self.of_all: dict[Stage, Follower] = {}

    def active(self) -> list[Follower]:
        """Those that follow the cell which runs now, in the order of the chain."""
        found = {**self.of_all, **self.of_cell}
        return [found[stage] for stage in sorted(found)]

    @property
    def magic(self) -> str:
        """The magic above the cell which follows one board alone; ``""`` where there is none."""
        return next((one.magic for stage, one in sorted(self.of_cell.items(), reverse=True) if one.magic), "")

    def give_to_several(self) -> list[str]:
        """Leave a cell to several boards; return the lines of the magics that follow each of them from there."""
        lines = []
        for follower in self.of_cell.values():
            if follower.line:
                follower.given = True
                lines.append(follower.line)
        self.of_cell = {stage: one for stage, one in self.of_cell.items() if not one.line}
        return lines

    def end_cell(self) -> None:
        """The cell has ended."""
        of_cell, self.of_cell = self.of_cell, {}
        for follower in of_cell.values():
            follower.close()


def chain(followers: Iterable[Follower], last: Sink) -> Sink:
    """Return the first sink of a chain.

    Args:
        followers: in the order of the chain.
        last: where what they leave goes.

    Raises:
        MicroPythonError: the output cannot be followed; nothing is open then.
    """
    head = last
    try:
        for follower in reversed(list(followers)):
            head = follower.open(head)
    except BaseException:
        head.close()
        raise
    return head
