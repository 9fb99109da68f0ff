"""A cell or file that can pause: it is rewritten as it goes to the board, and what it says of pauses is taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..cell.output import Follower, Stage
from ..cell.program import code_end
from ..instrument.request import Rewritten
from .channel import BEGIN, FAILED, WHERE, WHERE_END, PausedProgram

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board, Execution
    from ..cell.output import Sink
    from ..errors import DeviceError
    from .sites import Sites

LONGEST_WHERE = 40
"""Characters that tell where a program has paused, at most."""

LONGEST_TRACEBACK = 4000
"""Characters of the traceback of a condition, at most."""


class Debugger(Protocol):
    """What knows where programs stop (see ``debug_session``)."""

    sites: Sites

    def tell(self, text: str) -> None:
        """Say something below the cell."""
        ...

    def get_ready(self, board: Board, result: Rewritten, path: str, *, stop_at_once: bool = False) -> bool:
        """Get the board ready for a program; return whether it can pause."""
        ...

    def paused(self, program: PausedProgram, number: int, why: str) -> None:
        """Wait while a program is paused."""
        ...

    def program_ended(self, board: Board) -> None:
        """A program that could pause has ended, however it did."""
        ...

    def uncaught(self, board: Board, error: DeviceError) -> None:
        """An exception has ended a program that could pause."""
        ...


class PauseFollower(Follower):
    """Has the program of a cell pause.

    Args:
        debugger: what knows where, and waits while it is paused.
        path: what front ends call the source; ``""`` for a program that is not rewritten.
        text: the source as people see it.
        running: is called with the program once it is on the board.
        stop_at_once: whether it stops at its first statement.
    """

    stage = Stage.PROBES

    def __init__(
        self,
        debugger: Debugger,
        path: str,
        text: str,
        running: Callable[[Execution], object],
        *,
        stop_at_once: bool = False,
    ) -> None:
        self._debugger = debugger
        self._path = path
        self._text = text
        self._running = running
        self._at_once = stop_at_once
        self._board: Board | None = None
        self.execution: Execution | None = None

    def prepare(self, board: Board) -> None:
        """Remember the board; it gets what it needs once it is known where the program can pause."""
        self._board = board

    def around(self, source: str) -> str:
        """Return the program with what pauses it.

        Raises:
            MicroPythonError: the board does not answer.
        """
        assert self._board is not None
        result = Rewritten(source)
        if self._path:
            lines = frozenset(range(1, source[: code_end(source)].count("\n") + 2))
            result = self._debugger.sites.add(self._path, source, self._text, lines)
        ready = self._debugger.get_ready(self._board, result, self._path, stop_at_once=self._at_once)
        return result.source if ready else source

    def running(self, execution: Execution) -> None:
        """The program is on the board now."""
        self.execution = execution
        self._running(execution)

    def open(self, following: Sink) -> Sink:
        """Return the sink that waits where the program pauses."""
        return _PauseSink(self, self._debugger, following)

    def ended(self) -> None:
        """The program has ended, however it did."""
        if self._board is not None:
            self._debugger.program_ended(self._board)

    def failed(self, error: DeviceError) -> None:
        """An exception has ended the program: let people look at its frames where they asked for that."""
        if self._board is not None:
            self._debugger.uncaught(self._board, error)


class _PauseSink:
    """Takes out of a program's output what it says of pauses, and waits there."""

    def __init__(self, follower: PauseFollower, debugger: Debugger, following: Sink) -> None:
        self._follower = follower
        self._debugger = debugger
        self._following = following
        self._held = ""

    def feed(self, text: str) -> None:
        """Take output; returns once the program goes on."""
        self._held += text
        while (begin := self._held.find(BEGIN)) >= 0:
            end = self._held.find(WHERE_END, begin)
            found = WHERE.fullmatch(self._held, begin + len(BEGIN), max(end, begin + len(BEGIN)))
            if found is None and (end >= 0 or len(self._held) > begin + LONGEST_WHERE):  # printed by somebody else
                self._show(self._held[: begin + len(BEGIN)])
                self._held = self._held[begin + len(BEGIN) :]
                continue
            self._show(self._held[:begin])
            self._held = self._held[begin:]
            if found is None:
                return
            rest, self._held = self._held[end + len(WHERE_END) - begin :], ""
            self._wait(int(found[1]), found[2], rest)
        failed = self._held.find(FAILED)  # the traceback of a condition: the program pauses behind it
        cut = failed if failed >= 0 else self._held.rfind("\x1e")
        keeps = failed >= 0 or (cut >= 0 and any(mark.startswith(self._held[cut:]) for mark in (BEGIN, FAILED)))
        if not keeps or len(self._held) - cut > LONGEST_TRACEBACK:
            cut = len(self._held)
        shown, self._held = self._held[:cut], self._held[cut:]
        self._show(shown)

    def _show(self, text: str) -> None:
        text, failed, traceback = text.partition(FAILED)
        if text:
            self._following.feed(text)
        if failed:
            last = traceback.strip().rpartition("\n")[2]
            self._debugger.tell(f"[the condition of this breakpoint cannot be evaluated: {last}]")

    def _wait(self, number: int, why: str, rest: str) -> None:
        assert self._follower.execution is not None
        program = PausedProgram(self._follower.execution, self._following.feed)
        program.feed(rest)
        self._debugger.paused(program, number, why)
        self._held = program.rest

    def close(self) -> None:
        """The program has ended."""
        held, self._held = self._held, ""
        try:
            if held:
                self._following.feed(held)
        finally:
            self._following.close()
            self._follower.ended()
