"""The sentences for what is not as it was recorded; they stand where a board's exceptions do, so each is one line."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from ..errors import RecordingDiffers
from .recorded_programs import normalized

if TYPE_CHECKING:
    from .recorded_programs import Step

DIFFERS = RecordingDiffers.__name__
"""What stands where a board names its exception."""

_LONGEST_QUOTE = 60  # characters

# What the kernel puts around the last expression of a cell (cell/program.py).
_VALUE = re.compile(r"^__eq__=\((.*?)\)$|^__eq__=\(", re.MULTILINE)
_SHOWS_VALUE = "def __lt__(id,all="

_IN_ORDER = "Run the recorded programs in their order, connect to the recording again to begin anew, or record it anew."


def differs(name: str, expected: Step | None, source: bytes) -> str:
    """Say that a program is not the one that the recording has next.

    Args:
        name: of the recording.
        expected: the one that it has next; None where it has none.
        source: the program.
    """
    if expected is None:
        return f"the recording {name} has no more programs, and {_first(source)} is none of it. {_IN_ORDER}"
    pairs = itertools.zip_longest(_lines(expected.source), _lines(source))
    for number, (recorded, now) in enumerate(pairs, 1):
        if recorded != now:
            return (
                f"{expected.called} of the recording {name} was another one: its line {number} is "
                f"{_quoted(recorded)}, and now it is {_quoted(now)}. {_IN_ORDER}"
            )
    return f"{expected.called} of the recording {name} was another one. {_IN_ORDER}"


def other_input(name: str, step: Step) -> str:
    """Say that a program has got other input than the recorded one."""
    return f"{_called(name, step)} got other input than now, and what it says to this is not known. {_IN_ORDER}"


def stopped_here(name: str, step: Step) -> str:
    """Say that a program has got input where the recorded one was stopped."""
    return f"{_called(name, step)} was stopped here, and what it says to more input is not known. {_IN_ORDER}"


def nothing_left(name: str, step: Step) -> str:
    """Say that the recording ends in the middle of a program."""
    return f"the recording {name} ends while {_first(step.source)} runs: what it says then is not known."


def unknown(name: str) -> str:
    """Say that the recording has no answer to something that the host asks for itself."""
    return (
        f"the recording {name} has no answer to this: the recorded board was not asked it at this place. A board that "
        "is replayed knows only what is in its recording."
    )


def _called(name: str, step: Step) -> str:
    what = step.called if step.number else "this program"
    return f"in the recording {name}, {what}"


def _first(source: bytes) -> str:
    return _quoted(next((line for line in _lines(source) if line.strip()), ""))


def _lines(source: bytes) -> list[str]:
    """The lines of a program as a person has written them."""
    text = normalized(source).decode("utf-8", "replace").partition(_SHOWS_VALUE)[0].rstrip()
    return _VALUE.sub(lambda found: found[1] or "", text).split("\n")


def _quoted(line: str | None) -> str:
    if line is None:
        return "missing"
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line.strip())
    return f'"{shown}"' if len(shown) <= _LONGEST_QUOTE else f'"{shown[:_LONGEST_QUOTE]}..."'
