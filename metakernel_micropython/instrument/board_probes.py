"""The function of all probes on a board, and what it has kept there."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..board import snippets
from ..board.board_info import memory
from ..errors import DeviceError, MicroPythonError
from .request import CALL_NAME, NAME, TIME_NAME, Kind

if TYPE_CHECKING:
    from ..board import Board

TIMEOUT = 15.0
"""Seconds that a board has to take the function, or to give what it has kept."""

_SNIPPETS = {
    Kind.COUNT: ("probes_count", NAME),
    Kind.TIME: ("probes_time", TIME_NAME),
    Kind.CALLS: ("probes_calls", CALL_NAME),
}

_LIVING: WeakKeyDictionary[Board, tuple[int, frozenset[Kind]]] = WeakKeyDictionary()
"""Boards with functions that have probes of these kinds, and how often each had restarted then."""

_ASKED = re.compile(r"allocating (\d+) bytes")

_NUMBER = re.compile(r"-?\d{1,19}")


class NameTaken(MicroPythonError):
    """A name of the user's hides the function of all probes."""


class NoRoom(MicroPythonError):
    """The board has no room for what measures a program."""


@dataclass(frozen=True)
class Kept:
    """What a board has kept of one probe.

    Attributes:
        hits: how often its statement began; 1 where only that is known.
        microseconds: how long it took altogether; what is called within it counts.
        own: of a function, how long it took without other functions that are measured.
    """

    hits: int
    microseconds: int = 0
    own: int = 0

    def __add__(self, other: Kept) -> Kept:
        """Return what was kept of the same probe in two programs."""
        return Kept(self.hits + other.hits, self.microseconds + other.microseconds, self.own + other.own)


def give(board: Board, kind: Kind, first: int, count: int) -> None:
    """Give a board the function that probes call.

    Args:
        board: the board.
        kind: which; not those that pause.
        first: the number of the first probe; others are of programs before, whose functions live on.
        count: how many probes there are.

    Raises:
        NoRoom: it does not fit.
        NameTaken: the user has a global name for it.
        MicroPythonError: the board does not answer.
    """
    snippet, name = _SNIPPETS[kind]
    arguments = () if kind is Kind.COUNT else (first, count)
    try:
        board.execute(_named(kind, snippets.call(snippet, *arguments)), timeout=TIMEOUT)
    except DeviceError as error:
        if error.name == "NameError":
            raise NameTaken(
                f"Your name {name} hides what measures a program. Run del {name}, then this cell."
            ) from error
        if error.name != "MemoryError":
            raise
        with suppress(DeviceError):  # they lie among the global names of boards as small as that
            board.execute(f"del {name},__mk_d", timeout=TIMEOUT)
        raise _no_room(board, error) from error


def _no_room(board: Board, error: DeviceError) -> NoRoom:
    """Return what is missing on a board."""
    asked = _ASKED.search(error.message)
    try:
        free = memory(board)
    except MicroPythonError:
        free = None
    missing = f"a block of {asked[1]} bytes did not fit" if asked else "its memory is full"
    if free is not None:
        missing += f", {free.free} bytes are free altogether"
    return NoRoom(
        f"The board on {board.address} has no room for what measures a program: {missing}. Free some, take a smaller "
        "program, or run it without being measured."
    )


def _named(kind: Kind, source: str) -> str:
    """Return a snippet's source for a kind of probes; it is written with the name for those that count."""
    return re.sub(rf"\b{NAME}\b", _SNIPPETS[kind][1], source)


def _lives(board: Board, kind: Kind, *, live: bool) -> bool:
    """Return whether functions with probes of a kind are on a board, and remember it."""
    restarts, kinds = _LIVING.get(board, (board.restarts, frozenset()))
    kinds = (kinds if restarts == board.restarts else frozenset()) | ({kind} if live else frozenset())
    _LIVING[board] = board.restarts, kinds
    return kind in kinds


def take(board: Board, kind: Kind, *, live: bool) -> dict[int, Kept]:
    """Return what a board has kept, by the number of the probe, and take it from the board.

    Args:
        board: the board. One that has restarted meanwhile has nothing.
        kind: the kind of the probes.
        live: whether functions with probes are left there.

    Raises:
        MicroPythonError: the board does not answer.
    """
    live = _lives(board, kind, live=live)
    start = time.monotonic()
    try:
        told = board.execute(_named(kind, snippets.call("probes_take", int(live))), timeout=TIMEOUT)
    except DeviceError as error:
        if error.name == "MemoryError":
            board.execute(_named(kind, snippets.call("probes_drop")), timeout=TIMEOUT)
            raise NoRoom(f"The board on {board.address} had no room to tell what was measured.") from error
        if error.name != "NameError":
            raise
        return {}
    late = round((time.monotonic() - start) * 1e6)
    found = {}
    left: list[int] = []
    for line in told.splitlines():
        words = line.split()
        if words[:1] == ["left"] and all(_NUMBER.fullmatch(word) for word in words[1:]):
            left = [int(word) for word in words[1:]]
        elif len(words) in (1, 3, 4) and all(_NUMBER.fullmatch(word) for word in words):
            number, hits, *times = [*map(int, words), 1][: max(2, len(words))]
            found[number] = Kept(hits, *(max(0, one) for one in times))  # of what takes hardly any, a little less
    # Functions that an exception has left ended when the board was asked; it was not their time.
    for number in {*left} & {*found}:
        one = found[number]
        own = max(0, one.own - late) if number == left[-1] else one.own
        found[number] = Kept(one.hits, max(own, one.microseconds - late), own)
    return found
