"""The board's real-time clock: what it says, and setting it to this computer's local time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import ClockProblem, DeviceError
from . import snippets
from .protocol.literal import literal

if TYPE_CHECKING:
    from .protocol.executor import Executor

TIMEOUT = 5.0
"""Seconds that the board has to answer."""

_LONGEST = 200  # characters of an answer


def read(board: Executor) -> datetime:
    """Return the time by the board's clock, without a time zone.

    Raises:
        ClockProblem: it has no clock that tells a date, or says something else.
        MicroPythonError: it did not answer.
    """
    said = board.execute(snippets.ask("clock_read"), timeout=TIMEOUT)
    try:
        value = literal(said.strip(), _LONGEST)
        if isinstance(value, tuple) and len(value) == 6 and all(type(part) is int for part in value):
            return datetime(*value)
    except ValueError:
        pass
    raise ClockProblem(f"The board on {board.address} has no clock that tells the date.")


def set_to_now(board: Executor) -> datetime:
    """Set the board's clock to this computer's local time, and return it (``machine.RTC.datetime``).

    Raises:
        ClockProblem: it has no clock that can be set.
        MicroPythonError: it did not answer.
    """
    now = datetime.now()
    parts = now.year, now.month, now.day, now.weekday(), now.hour, now.minute, now.second
    try:
        board.execute(snippets.call("clock_set", *parts), timeout=TIMEOUT)
    except DeviceError as error:
        raise ClockProblem(f"The clock of the board on {board.address} cannot be set: {error}.") from error
    return now
