"""Which board it is, and whether it restarted while nobody listened.

A board is told from its kin by its chip's number; whether it restarted, by its clock, which begins anew then. Nothing
is left on the board for that.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ..errors import DeviceError, LineLost, MicroPythonError

if TYPE_CHECKING:
    from .protocol.executor import Executor

TIMEOUT = 3.0
"""Seconds that a board has to answer."""

SLACK = 0.1
"""Seconds by which two readings of a clock may differ, besides the time that the answers took."""

DRIFT = 0.005
"""What a board's clock gains or loses at most, as a share of the time that passed."""


# Short enough to go in one write to boards without flow control, and no name is bound for it.
_UNIQUE_ID = "bytes(__import__('machine').unique_id())"
_CLOCK = "(lambda t:(t.ticks_ms(),t.ticks_add(0,-1)))(__import__('time'))"


class Variables(Enum):
    """What became of a board's variables, in words."""

    KEPT = "it ran on by its clock, its variables are there"
    GONE = "it restarted, its variables are gone"
    UNKNOWN = "it may have restarted, its variables may be gone"


@dataclass(frozen=True)
class BoardIdentity:
    """What a board said of itself at one moment.

    Attributes:
        unique_id: the chip's number in hexadecimal; ``""`` where the board has none.
        ticks: its clock in milliseconds; None where it has none.
        period: milliseconds after which the clock begins at 0 again.
        at: when that was, in the host's monotonic seconds.
        within: by how many seconds ``at`` may be wrong.
    """

    unique_id: str = ""
    ticks: int | None = None
    period: int = 0
    at: float = 0.0
    within: float = 0.0


def ask(board: Executor, unique_id: str | None = None) -> BoardIdentity:
    """Ask a board at its prompt; what it cannot tell is missing.

    Args:
        board: the board.
        unique_id: its chip's number where that is known already.

    Raises:
        DeviceError: it was interrupted.
        LineLost: the line is gone.
    """
    if unique_id is None:
        found = _value(board, _UNIQUE_ID)
        unique_id = found.hex() if isinstance(found, bytes) else ""
    begin = time.monotonic()
    clock = _value(board, _CLOCK)
    within = (time.monotonic() - begin) / 2
    at = begin + within
    if isinstance(clock, tuple) and [type(value) for value in clock] == [int, int] and 0 <= clock[0] <= clock[1]:
        return BoardIdentity(unique_id, clock[0], clock[1] + 1, at, within)
    return BoardIdentity(unique_id, at=at)


def _value(board: Executor, expression: str) -> object:
    """Return the value of an expression; None where the board has none."""
    try:
        return board.evaluate(expression, timeout=TIMEOUT, own=True)
    except DeviceError as error:
        if error.name == "KeyboardInterrupt":
            raise
    except LineLost:
        raise
    except (MicroPythonError, ValueError):
        pass
    return None


def variables(before: BoardIdentity, now: BoardIdentity, seen: float) -> Variables:
    """Tell by two readings of a board's clock what became of its variables.

    Args:
        before: the earlier one.
        now: the later one.
        seen: when the board certainly ran on since the earlier one, in the host's monotonic seconds.
    """
    if before.ticks is None or now.ticks is None or before.period != now.period:
        return Variables.UNKNOWN
    passed = now.at - before.at
    slack = SLACK + before.within + now.within + DRIFT * passed
    if slack * 2000 >= now.period:
        return Variables.UNKNOWN
    ahead = (now.ticks - before.ticks - round(passed * 1000)) % now.period
    if min(ahead, now.period - ahead) <= slack * 1000:
        # A clock that had hardly begun when the board was last seen looks the same when it has begun anew since.
        return Variables.KEPT if before.ticks / 1000 + seen - before.at > slack else Variables.UNKNOWN
    return Variables.GONE if now.ticks <= (now.at - seen + slack) * 1000 else Variables.UNKNOWN
