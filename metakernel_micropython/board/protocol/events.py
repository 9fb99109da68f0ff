"""What the bytes of a board's line mean, as ``repl`` tells it, and the states that it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class State(Enum):
    """Where the protocol stands."""

    UNKNOWN = auto()
    """Nothing is known of the board: it may boot, run a program, or wait at any prompt."""
    READY = auto()
    """The raw REPL waits at its prompt."""
    PASTE_REQUESTED = auto()
    """Raw-paste was asked for; the board has not said whether it can."""
    PASTING = auto()
    """The source goes out, window by window; then the board's 0x04 is awaited."""
    SENDING = auto()
    """The source goes out to the plain raw REPL; then the board's ``OK`` is awaited."""
    RUNNING = auto()
    """The program runs: what comes is its output, until both ends of output came."""
    REBOOTING = auto()
    """A soft reset is under way; the raw REPL's banner ends it."""


@dataclass(frozen=True)
class Output:
    """Bytes that the board printed.

    Outside of executions they come from timers, interrupts, threads, or from a board that boots.
    """

    data: bytes


@dataclass(frozen=True)
class Ready:
    """The raw REPL's banner came: board and host are synchronised."""


@dataclass(frozen=True)
class Started:
    """The board has the whole source: it compiles, then runs it."""


@dataclass(frozen=True)
class Done:
    """The execution ended; ``traceback`` is empty when it ended well."""

    traceback: bytes


@dataclass(frozen=True)
class LateEnd:
    """The last program has ended only now: it had printed what looked like its end, and went on.

    Attributes:
        traceback: what ended it; empty where it ended well.
        reboots: whether a soft reset follows, as after ``SystemExit``; ``Rebooted`` follows then.
    """

    traceback: bytes
    reboots: bool = False


@dataclass(frozen=True)
class Rebooted:
    """The board restarted: its variables are gone.

    After a soft reset that was seen through (``hard`` is False) the raw REPL is ready again; after a hard one the
    two must be synchronised anew.
    """

    hard: bool


Event = Output | Ready | Started | Done | LateEnd | Rebooted
