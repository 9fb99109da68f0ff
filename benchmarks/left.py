"""What transfers leave on the board: nothing, is the hope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from . import work
from .errors import CannotError
from .material import RANDOM, SOURCE

if TYPE_CHECKING:
    from .contestant import Session
    from .material import Material


@dataclass(frozen=True)
class Left:
    """What the first transfers of a session leave on the board.

    Attributes:
        memory: bytes that are no longer free.
        names: that are new.
    """

    memory: int
    names: int


_left: WeakKeyDictionary[Session, Left] = WeakKeyDictionary()


def left_behind(session: Session, material: Material) -> Left:
    """Write and read two files, the first ones of the session, and compare the board before and after; once."""
    if session not in _left:
        work.state(session.ask(work.STATE))  # what the question itself takes is taken now
        free, names = _state(session)
        for name in (SOURCE, RANDOM):
            try:
                material.write(session, name)
                material.read(session, name)
            except CannotError:
                if name == SOURCE:
                    raise
        free_then, names_then = _state(session)
        _left[session] = Left(max(0, free - free_then), len(names_then - names))
    return _left[session]


def _state(session: Session) -> tuple[int, set[str]]:
    """The board's free memory and names; garbage that only looks used is not the same each time, so the best counts."""
    states = [work.state(session.ask(work.STATE)) for _ in range(3)]
    return max(free for free, _ in states), set.union(*(names for _, names in states))
