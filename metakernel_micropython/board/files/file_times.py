"""When files on a board were changed, as far as it knows the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...errors import DeviceError
from .. import snippets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..protocol.executor import Executor

TIMEOUT = 10.0
"""Seconds that the board has for some names."""

_TEXT = 1024  # characters of names in one execution
_LONGEST = 12  # characters of a number


def times(board: Executor, paths: Sequence[str]) -> dict[str, datetime]:
    """Return when files were changed, by the board's clock, without a time zone; those that it cannot tell are missing.

    Args:
        board: the board.
        paths: names without line ends.

    Raises:
        MicroPythonError: the board did not answer.
    """
    found: dict[str, datetime] = {}
    left = [path for path in paths if "\n" not in path]
    while left:
        count = 1
        while count < len(left) and sum(map(len, left[: count + 1])) + count < _TEXT:
            count += 1
        some, left = left[:count], left[count:]
        try:
            said = board.execute(snippets.call("files_times", "\n".join(some).ljust(12, "\n")), timeout=TIMEOUT)
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise
            return {}  # a board without a calendar, or without os.stat
        year, *seconds = (int(line) if _is_number(line) else -1 for line in said.split())
        if year not in (1970, 2000):  # the two epochs that ports have (MicroPython's docs, module time)
            return {}
        for path, second in zip(some, seconds, strict=False):
            if second > 0:
                found[path] = (datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).replace(tzinfo=None)
    return found


def _is_number(text: str) -> bool:
    return len(text) <= _LONGEST and text.isdecimal()
