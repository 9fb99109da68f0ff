"""One cell in the engines of a cluster: sent to each with its boards, watched until all are done, stopped, moved."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from metakernel import ExceptionWrapper

from ..interrupts import HeldInterrupts
from ..sessions.board_jobs import STOP_TIMEOUT, Outcome
from . import engine
from .client import CLUSTER_TIMEOUT
from .engine_events import deliver
from .stops import Stops

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..sessions.board_jobs import Report
    from ..sessions.labelled_output import LabelledOutput
    from .client import Fleet

_POLL = 0.05


class FleetRun:
    """Runs a cell on boards of a fleet.

    Args:
        fleet: the boards.
        page: shows what they say.
        report: gets it first; None for the page alone.

    Attributes:
        stopped: whether Stop was pressed.
        ran: the code that went to the boards.
        files: what magics have written on the hosts: for each engine what ``cell_files.save`` takes.
        received: bytes that came from the engines in this cell: text and what boards came to.
    """

    def __init__(self, fleet: Fleet, page: LabelledOutput, report: Report | None = None) -> None:
        self.stopped = False
        self.ran = ""
        self.files: list[dict[str, dict[str, bytes]]] = []
        self.received = 0
        self._fleet = fleet
        self._page = page
        self._report = report or page
        self._said = 0  # events since the page was shown

    def run(self, cell: Mapping[str, Any], names: Sequence[str], *, retry: bool = True) -> list[Outcome]:
        """Run it, and return what became of it on each board.

        Args:
            cell: see ``fleet_cell``.
            names: of the boards.
            retry: run the cell again on the boards of an engine that was lost, by another one of their host.

        Raises:
            KeyboardInterrupt: Stop was pressed twice: what runs is left to itself.
        """
        lost: list[str] = []
        outcomes = self._once(cell, names, lost)
        if lost and retry and not self.stopped:
            moved = self._fleet.move(lost, lambda name, text: self._page.write(name, "stderr", text + "\n"))
            self._show()
            again: list[str] = []
            if moved:
                outcomes |= self._once(cell, moved, again)
            lost = [name for name in lost if name not in moved or name in again]
        for name in lost:
            number = self._fleet.members[name].engine
            problem = f"engine {number} ended, and no other one of its host took the board"
            outcomes[name] = Outcome(name, _error("EngineLost", problem, [f"EngineLost: {problem}"]), done=True)
            self._page.hold(name, "stderr", f"EngineLost: {problem}")
        self._page.release()
        self._show()
        return [outcomes[name] for name in names]

    def _once(self, cell: Mapping[str, Any], names: Sequence[str], lost: list[str]) -> dict[str, Outcome]:
        shares: dict[int, list[str]] = defaultdict(list)
        for name in names:
            shares[self._fleet.members[name].engine].append(name)
        outcomes: dict[str, Outcome] = {}
        running: dict[int, Any] = {}
        client = self._fleet.client
        stops = Stops(client)
        deadline = 0.0
        try:
            with HeldInterrupts():  # or one would have got its cell without our knowing
                for number, share in shares.items():
                    if number in client.ids:
                        running[number] = client[number].apply_async(engine.run, cell, share)
                    else:
                        lost += share
        except KeyboardInterrupt:
            deadline = time.monotonic() + 2 * STOP_TIMEOUT
            stops.press(running)
        told = dict.fromkeys(running, 0)
        while running:
            try:
                for number, result in list(running.items()):
                    result.wait(_POLL / len(running))
                    done = result.ready()
                    if done and not _is_lost(result):
                        result.wait_for_output(CLUSTER_TIMEOUT)
                    told[number] = deliver(result.stdout, told[number], self._report, self._count)
                    if done:
                        del running[number]
                        self.received += told[number]
                        if _is_lost(result):
                            lost += shares[number]
                        else:
                            outcomes |= self._outcomes(result, shares[number])
                    else:
                        stops.look(number, result)
                self._show()
                if deadline and time.monotonic() > deadline:
                    break
            except KeyboardInterrupt:
                if stops.pressed:
                    raise
                stops.press(running)
                deadline = time.monotonic() + 2 * STOP_TIMEOUT
        self.stopped = self.stopped or stops.pressed
        for number in running:
            begun = number in stops.begun  # and did not stop
            outcomes |= {name: Outcome(name) for name in shares[number]} if begun else _stopped(shares[number])
        return outcomes

    def _outcomes(self, result: Any, names: Sequence[str]) -> dict[str, Outcome]:
        error = result.exception(0)
        if type(error).__name__ == "TaskAborted":  # it was stopped before it began
            return _stopped(names)
        if error is not None:  # of the engine itself: another version of this package there, for example
            failed = _error(type(error).__name__, str(error), str(error).splitlines())
            for name in names:
                self._page.hold(name, "stderr", str(error))
            return {name: Outcome(name, failed, done=True) for name in names}
        answer = result.get()
        self.ran = self.ran or answer["ran"]
        if answer["files"]:
            self.files.append(answer["files"])
        found = {}
        for name, one in answer["boards"].items():
            problem = _error(*one["failed"]) if one["failed"] else None
            found[name] = Outcome(name, problem, done=one["done"], values=one["values"])
            found[name].results.update(one.get("results", {}))
            if problem is not None and not one["told"]:
                self._page.hold(name, "stderr", "\n".join(problem.traceback))
        for name in names:
            if name not in found:
                silence = "its engine does not say what became of it"
                found[name] = Outcome(name, _error("EngineLost", silence, [silence]), done=True)
        return found

    def _count(self) -> None:
        self._said += 1
        if self._said >= 20 or self._page.full:  # a full page waits until somebody shows it, and nobody else does here
            self._show()

    def _show(self) -> None:
        self._said = 0
        self._page.show()


def _is_lost(result: Any) -> bool:
    return getattr(result.exception(0), "ename", "") == "EngineError"  # it comes wrapped as the engine's own error


def _stopped(names: Sequence[str]) -> dict[str, Outcome]:
    return {name: Outcome(name, _error("KeyboardInterrupt", "", []), done=True) for name in names}


def _error(name: str, message: str, lines: list[str]) -> ExceptionWrapper:
    return ExceptionWrapper(name, message, lines)
