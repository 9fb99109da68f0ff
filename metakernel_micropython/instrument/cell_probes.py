"""Probes around the programs of one cell: each is rewritten as it goes to the board."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..cell.output import Follower, Stage
from ..cell.program import code_of
from ..errors import DeviceError, MicroPythonError
from . import board_probes
from .request import Kind, Request
from .rewrite import rewrite

if TYPE_CHECKING:
    from ..board import Board
    from .board_probes import Kept
    from .request import Rewritten


_OURS = re.compile(r'^  File "<stdin>", line \d+, in __mk_\w+\n', re.MULTILINE)
"""The frame of a function that programs call as it measures them."""


class Numbering:
    """Gives each probe a number of its own: functions with probes live on after the program that was measured.

    Attributes:
        next: the number of the next probe.
    """

    def __init__(self) -> None:
        self.next = 0

    def rewrite(self, source: str, request: Request) -> Rewritten:
        """Return a source with probes that have new numbers."""
        result = rewrite(source, replace(request, first=self.next))
        self.next += len(result.probes)
        return result


NUMBERS = Numbering()
"""Those of this process, for all boards."""


@dataclass(frozen=True)
class Part:
    """One program of a cell.

    Attributes:
        source: its text, with blank lines in place of what stands above it in the cell.
        result: the same with probes.
    """

    source: str
    result: Rewritten


class ProbeFollower(Follower):
    """Has the programs of a cell measured.

    Args:
        kind: which probes; not those that pause.

    Attributes:
        kind: the same.
        board: where the cell runs; None before that is known.
        parts: the programs that went to the board.
        ran_out: whether one of them failed for want of memory.
    """

    stage = Stage.PROBES

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.board: Board | None = None
        self.parts: list[Part] = []
        self.ran_out = False
        self._first = 0  # the number of the first probe that is measured now
        self._given = False
        self._kept: dict[int, Kept] = {}
        self._more = 0  # bytes that the last source has become longer

    def prepare(self, board: Board) -> None:
        """Remember the board; it gets what it needs once it is known how many probes there are."""
        if self.board is None:
            self.board = board
            self._first = NUMBERS.next

    def around(self, source: str) -> str:
        """Return the program with probes; nothing else in it changes.

        Raises:
            NoRoom: the board has no room for what measures.
            MicroPythonError: it does not answer.
        """
        if self._given:  # a second program of the cell
            self._collect()
        code = code_of(source)
        lines = frozenset(range(1, code.count("\n") + 2))
        result = NUMBERS.rewrite(source, Request(self.kind, lines=lines))
        self.parts.append(Part(code, result))
        self._more = len(result.source.encode()) - len(source.encode())
        if result.probes:
            self.give()
        return result.source

    def failed(self, error: DeviceError) -> None:
        """Take what was kept while no more time goes by than has to: functions that were left have no end."""
        self.ran_out = error.name == "MemoryError"
        if self.kind is Kind.CALLS and not self.ran_out:
            with suppress(MicroPythonError):
                self._collect()

    def retold(self, error: DeviceError) -> DeviceError:
        """Return an error without frames of what measures."""
        return DeviceError(error.name, error.message, _OURS.sub("", error.traceback))

    @property
    def room(self) -> str:
        """What to say where the memory ran out: how much longer the program is that was sent; else ``""``."""
        if not self.ran_out or not self._more:
            return ""
        more = f"{self._more} bytes of source and what they compile to"
        return f"[measuring takes memory, too: {more}. The cell alone may fit]"

    def give(self) -> None:
        """Give the board what probes call, once.

        Raises:
            NoRoom: it has no room for that.
            MicroPythonError: it does not answer.
        """
        if not self._given and self.board is not None:
            self._given = True
            board_probes.give(self.board, self.kind, self._first, NUMBERS.next - self._first)

    def take(self) -> dict[int, Kept]:
        """Return what the board has kept of the programs that have run, by the probe's number, and take it from there.

        Raises:
            MicroPythonError: the board does not answer.
        """
        self._collect()
        kept, self._kept = self._kept, {}
        return kept

    def _collect(self) -> None:
        if self._given and self.board is not None:
            self._given = False
            for number, one in board_probes.take(self.board, self.kind, live=self.lives_on).items():
                self._kept[number] = one if number not in self._kept else one + self._kept[number]

    def name(self, part: Part, cell: str) -> str:
        """Return what one of the programs is called: the cell, with a number where it had several.

        Args:
            part: the program.
            cell: what the cell is called.
        """
        return cell if len(self.parts) == 1 else f"{cell}, program {self.parts.index(part) + 1}"

    @property
    def lives_on(self) -> bool:
        """Whether functions with probes are left on the board."""
        return any(probe.function for part in self.parts for probe in part.result.probes)
