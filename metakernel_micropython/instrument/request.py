"""What is asked of the rewriting, and what it comes to: kinds of probes, requests, probes, statements, what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

NAME = "__mk_p"
"""What programs call the function of probes that count. It is no name of the user's: it lies among the builtins, or
where a firmware's builtins are fixed, among the global names. Each kind has its own: functions live on after the
program that had them measured, and call what they were sent with."""

TIME_NAME = "__mk_l"
"""The same for probes that take the times of statements."""

CALL_NAME = "__mk_k"
"""The same for probes that follow calls of functions."""

PAUSE_NAME = "__mk_b"
"""The same for probes that pause."""

FRAME = "__mk_f"
"""A local name of functions with pauses: what ``PAUSE_NAME`` has returned at their entry."""

START = "__mk_t"
"""A local name of functions that are measured: when the statement that runs has begun, or how deep the call lies."""

READER = "__mk_i"
"""The parameter of what reads the local names of a function: which one."""

NAMES = (NAME, TIME_NAME, CALL_NAME, PAUSE_NAME)
OURS = (*NAMES, FRAME, START, READER)


class Kind(StrEnum):
    """What probes are for; see ``probe_text`` for the calls."""

    COUNT = "count"
    """Tell which statements were reached, and which conditions were false."""

    TIME = "time"
    """Tell how long each statement took, and how often it began."""

    CALLS = "calls"
    """Tell when functions begin and end."""

    PAUSE = "pause"
    """Tell where the program is, with what reads the names that are local there."""


class Role(StrEnum):
    """Where a probe stands."""

    STATEMENT = "statement"
    """It is called as its statement begins; that of a loop's header for each test, or once before ``for``."""

    NOT_TAKEN = "not taken"
    """It is called when the condition of ``if``, ``elif`` or ``while`` was false."""

    ENTRY = "entry"
    """It is called as a function begins; for pauses it makes the function's frame."""


@dataclass(frozen=True)
class Request:
    """What is to be rewritten.

    Attributes:
        kind: what the probes are for.
        lines: the lines on which statements get probes, counted from 1; None for all.
        functions: the functions whose statements get probes, by their qualified names without ``<locals>``
            (``Class.method``, ``outer.inner``); ``""`` is what is in none, with class bodies. None for all.
        first: the number of the first probe, so that several sources can be told apart.
    """

    kind: Kind
    lines: frozenset[int] | None = None
    functions: frozenset[str] | None = None
    first: int = 0


@dataclass(frozen=True)
class Probe:
    """One probe.

    Attributes:
        number: what it tells the board.
        line: that of its statement, counted from 1.
        role: where it stands.
        function: the function that it is in, as in ``Request``.
        names: for an entry, what is local, in the order of the reader's numbers; for a pause without an entry, too.
    """

    number: int
    line: int
    role: Role = Role.STATEMENT
    function: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One statement, or one clause with an expression of its own (``elif``, ``except``).

    Attributes:
        line: where it begins, counted from 1.
        end: its last line; that of its header where it is a compound one.
        proofs: probes of which each proves that it was reached; none where no probe could be put.
        function: the function that it is in, as in ``Request``.
    """

    line: int
    end: int
    proofs: tuple[int, ...]
    function: str = ""


@dataclass(frozen=True)
class Branch:
    """One of the two ways on from a condition or a loop's header.

    Attributes:
        line: the header's.
        target: the line of the statement that it leads to; -1 where that is not within the same block.
        proofs: probes of which each proves that it was taken.
    """

    line: int
    target: int
    proofs: tuple[int, ...]


@dataclass(frozen=True)
class LeftAlone:
    """Something that got no probes.

    Attributes:
        first: its first line, counted from 1.
        last: its last line.
        reason: as the end of a sentence: "function f is compiled to machine code".
    """

    first: int
    last: int
    reason: str


@dataclass(frozen=True)
class Rewritten:
    """A source with probes.

    Attributes:
        source: its lines are those of the original; the original itself where nothing was rewritten.
        probes: in the order of their numbers.
        statements: all that were looked at, by line.
        branches: of conditions and loops, in pairs; only where probes count.
        left_alone: what got no probes, and why.
    """

    source: str
    probes: tuple[Probe, ...] = ()
    statements: tuple[Statement, ...] = ()
    branches: tuple[Branch, ...] = ()
    left_alone: tuple[LeftAlone, ...] = field(default=())

    def pause_line(self, line: int) -> int | None:
        """Return the line of the first statement with a probe from a line on; None where there is none."""
        return min((one.line for one in self.probes if one.role is Role.STATEMENT and one.line >= line), default=None)
