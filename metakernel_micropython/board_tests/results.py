"""What a test came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..errors import MicroPythonError


class Outcome(StrEnum):
    """How a test has ended."""

    PASSED = "passed"
    FAILED = "failed"
    """It has raised an AssertionError."""
    ERROR = "error"
    """Something else went wrong, in it or around it."""
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Problem:
    """Something that went wrong.

    Attributes:
        where: ``""`` for the test itself, else what it is told with: "before the test", "while the file was loaded".
        name: the exception's name on the board; ``""`` where it is none of the board's.
        message: what follows the name.
        traceback: the lines to show.
    """

    where: str
    name: str
    message: str
    traceback: str


@dataclass(frozen=True)
class Result:
    """What a test came to.

    Attributes:
        path: its file; ``""`` for a cell.
        title: what it is called.
        line: where it is defined, from 1; 0 where nobody knows.
        outcome: how it has ended.
        seconds: how long it took, with what was around it.
        output: what it has printed.
        problems: what went wrong, in its order.
        reason: why it was skipped.
    """

    path: str
    title: str
    line: int
    outcome: Outcome
    seconds: float = 0
    output: str = ""
    problems: tuple[Problem, ...] = ()
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether it counts as failed."""
        return self.outcome in (Outcome.FAILED, Outcome.ERROR)

    @property
    def summary(self) -> str:
        """What went wrong, in one line."""
        first = self.problems[0] if self.problems else None
        if first is None:
            return self.reason
        return (f"{first.name}: {first.message}" if first.name else first.message).partition("\n")[0]


class TestsFailed(MicroPythonError):
    """Tests on the board have failed."""

    __test__ = False


class NoTests(MicroPythonError):
    """No test was found, or none is left by -k."""


class TestsStopped(MicroPythonError):
    """The run of the tests was stopped."""

    __test__ = False
