"""Coverage of tests: of modules that they import, or of the tests' own sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..host.paths import visible
from ..instrument import board_probes
from ..instrument.cell_probes import NUMBERS
from ..instrument.coverage import coverage_of
from ..instrument.module_probes import ModuleFollower
from ..instrument.request import Kind, Request
from .suite_runner import Listener

if TYPE_CHECKING:
    from ..board import Board
    from ..instrument.coverage import Coverage
    from ..instrument.request import Rewritten
    from .suite import Suite


class TestCoverage(Listener):
    """Has sources looked into while tests run.

    Args:
        modules: as ``ModuleFollower`` takes them; none for the tests' own sources.
        cell: what a cell is called.

    Attributes:
        remarks: what was not looked into, and why.
    """

    __test__ = False

    def __init__(self, modules: list[str], cell: str) -> None:
        self.remarks: list[str] = []
        self._wanted = modules
        self._cell = cell
        self._follower: ModuleFollower | None = None
        self._sources: dict[str, tuple[str, Rewritten]] = {}
        self._board: Board | None = None
        self._restarts = 0

    def before_load(self, board: Board) -> None:
        """Give the board what counts, once, and again where it has restarted.

        Raises:
            MicroPythonError: a module is not there, or the board has no room.
        """
        if board is self._board and board.restarts == self._restarts:
            return
        if self._board is not None:
            self.remarks.append("the board has restarted: what ran before does not count")
        if self._wanted:
            self._follower = ModuleFollower(Kind.COUNT, self._wanted)
            self._follower.prepare(board)
            self._follower.around("")
        else:
            board_probes.give(board, Kind.COUNT, 0, 0)
        self._board, self._restarts = board, board.restarts

    def source(self, suite: Suite, source: str) -> str:
        """Return a suite's source with probes, where it is what is looked into."""
        if self._wanted:
            return source
        name = suite.path or self._cell
        if name not in self._sources:
            result = NUMBERS.rewrite(source, Request(Kind.COUNT))
            self._sources[name] = source, result
            self.remarks += [f"{visible(name)}, line {left.first}: {left.reason}" for left in result.left_alone]
        return self._sources[name][1].source

    def take(self) -> list[Coverage]:
        """Return what was run, and take from the board what counts.

        Raises:
            MicroPythonError: the board does not answer.
        """
        if self._board is None:
            return []
        if self._follower is not None:
            called = self._follower.take()
            self.remarks += [
                f"{visible(one.path)}, line {left.first}: {left.reason}"
                for one in self._follower.modules
                for left in one.result.left_alone
            ]
            return [coverage_of(one.path, one.source, one.result, called) for one in self._follower.modules]
        called = board_probes.take(self._board, Kind.COUNT, live=True)
        return [coverage_of(name, source, result, called) for name, (source, result) in self._sources.items()]
