"""One run on the bench: something is done on a line with faults, and what must hold whatever happens is checked."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import DeviceError, MicroPythonError

from .calls import FailingCalls
from .deadlines import shorten
from .plan import Kind

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from .line import FaultyLine
    from .parts import Part
    from .plan import Fault, Plan

HANG = 30.0
"""Seconds after which what was done counts as hanging: many times what all of its short deadlines come to."""

CELL_PATIENCE = 1.0
"""Seconds after which somebody presses Stop in a cell that should have ended long ago: a cell has no deadline."""

SLOW_PATIENCE = 12.0
"""The same for a board whose every answer is late."""

STOP_PATIENCE = 10.0
"""Seconds after which a cell that was stopped counts as hanging."""

RECOVERY = 15.0
"""Seconds that a board has to come to its prompt once the fault is over."""


OWN_CODE = ("write", "append", "read", "tidy", "folder")
"""Where only code of the host's runs on the board: nobody can make sense of a SyntaxError in that."""


class Violation(AssertionError):
    """Something that is promised did not hold."""


@dataclass
class Run:
    """What a scenario has at hand.

    Attributes:
        plan: what happens.
        part: the board behind the line.
        line: the line.
        board: the connection through the line; a scenario that connects anew puts the new one here.
        rng: for what is done.
        calls: what fails in this computer's calls.
        shown: what each cell has shown, under its mark.
        files: the content that each file may have, by name; None: it may be missing.
    """

    plan: Plan
    part: Part
    line: FaultyLine
    board: Board
    rng: random.Random
    calls: FailingCalls
    shown: dict[str, str] = field(default_factory=dict)
    files: dict[str, set[bytes | None]] = field(default_factory=dict)

    def mark(self) -> str:
        """Return a text that no other cell of the run prints, and that a damaged other one does not become."""
        return f"<{self.rng.getrandbits(64):016x}>"

    def cell(self, mark: str, source: str, patience: float | None = None) -> str:
        """Run a cell as the kernel does; what it has shown is kept under its mark, however it ends.

        Args:
            mark: what it prints.
            source: the cell.
            patience: seconds until somebody presses Stop; None for what fits the plan.

        Raises:
            MicroPythonError: what ended it.
        """
        if patience is None:
            slow = any(fault.kind is Kind.SLOW for fault in self.plan.faults)
            patience = SLOW_PATIENCE if slow else CELL_PATIENCE
        execution = self.board.start(source)
        shown: list[str] = []
        begin = time.monotonic()
        stops = 0
        done = False
        try:
            while not done:
                done = execution.done
                shown.append(execution.read(0.1))
                passed = time.monotonic() - begin
                if not done and stops == 0 and passed > patience:
                    stops += 1
                    self.board.interrupt()
                if not done and passed > patience + STOP_PATIENCE:
                    raise Violation(f"a cell did not end {STOP_PATIENCE:g} s after Stop")
            execution.check()
        finally:
            self.shown[mark] = self.shown.get(mark, "") + "".join(shown)
        return "".join(shown)

    def exact(self, got: object, wanted: object) -> None:
        """Check what succeeded. A line that damages bytes may damage what no checksum protects."""
        if not self.plan.damaging and self.plan.stop_after is None and got != wanted:
            raise Violation(f"success, and yet {_short(got)} instead of {_short(wanted)}")


@dataclass(frozen=True)
class Outcome:
    """How a run went."""

    plan: Plan
    struck: tuple[Fault, ...]
    ended: str  # "success", or the name of the error
    message: str = ""
    forged: bool = False  # see FaultyLine


def perform(plan: Plan, scenarios: Mapping[str, Callable[[Run], None]], part: Part) -> Outcome:
    """Do what the plan says and check what is promised.

    Raises:
        Violation: it did not hold.
    """
    with pytest.MonkeyPatch.context() as patch:
        return _perform(plan, scenarios, part, FailingCalls(patch))


def _perform(plan: Plan, scenarios: Mapping[str, Callable[[Run], None]], part: Part, calls: FailingCalls) -> Outcome:
    line = part.line
    line.heal()
    board = Board.connect(line.address, timeout=RECOVERY)
    run = Run(plan, part, line, board, plan.random, calls)
    try:
        board.soft_reset()
        run.files = part.prepare(board, run.rng)
        with pytest.MonkeyPatch.context() as patch:
            shorten(patch, part.slowness)
            ended, message = _do(run, scenarios[plan.scenario])
            struck = (*calls.heal(), *line.heal())
            _go_on(run)
        run.board.close()
        _reconnect(run)
    finally:
        run.board.close(exit_raw_repl=False)
        calls.heal()
        line.heal()
    return Outcome(plan, struck, ended, message, line.forged)


def _do(run: Run, scenario: Callable[[Run], None]) -> tuple[str, str]:
    caught: list[BaseException] = []

    def act() -> None:
        try:
            scenario(run)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=act, name="what is done", daemon=True)
    stop = threading.Timer(run.plan.stop_after or 0, lambda: run.board.interrupt())
    run.line.arm([fault for fault in run.plan.faults if not fault.error])
    run.calls.arm(run.plan.faults)
    thread.start()
    if run.plan.stop_after is not None:
        stop.start()
    thread.join(HANG)
    stop.cancel()
    if thread.is_alive():
        frame = sys._current_frames().get(thread.ident or 0)
        where = "".join(traceback.format_stack(frame)) if frame else ""
        run.board.close(exit_raw_repl=False)
        raise Violation(f"it hangs:\n{where}")
    if not caught:
        return "success", ""
    error = caught[0]
    if isinstance(error, Violation):
        raise error
    if isinstance(error, DeviceError) and run.plan.scenario in OWN_CODE and error.name != "MemoryError":
        raise Violation(f"the board's word for it is no clear error: {error!r}") from error
    # Ctrl-C reaches the board also from a line that makes 0x03 of other bytes.
    if (isinstance(error, MicroPythonError) and len(str(error)) > 3) or isinstance(error, KeyboardInterrupt):
        return type(error).__name__, str(error)
    raise Violation(f"no clear error: {error!r}") from error


def _go_on(run: Run) -> None:
    """The next cell, on the same connection: it works exactly, or says clearly why it does not."""
    mark = run.mark()
    try:
        run.cell(mark, f"print('{mark}')")
    except MicroPythonError:
        pass
    else:
        # A stall may hold bytes back on the way when it is healed; what they say must not come under this cell.
        if run.shown[mark] != f"{mark}\n" and not run.line.forged:
            raise Violation(f"the next cell shows {_short(run.shown[mark])}")
    _check_marks(run)


def _reconnect(run: Run) -> None:
    """The fault is over: connecting works, cells are exact, and every file is the old one or the new one."""
    run.board = Board.connect(run.line.address, timeout=RECOVERY)
    for _ in range(2):
        mark = run.mark()
        # A Ctrl-C that is on its way may not hit it, and on a busy machine nobody sends another one.
        shown = run.cell(mark, f"print('{mark}')", SLOW_PATIENCE)
        if shown != f"{mark}\n":
            raise Violation(f"a cell after reconnecting shows {_short(shown)}")
    _check_marks(run)
    _check_files(run)


def _check_marks(run: Run) -> None:
    if run.line.forged:
        return  # a program may have run twice, or its output may have come twice, the second time under the next cell
    for mark, shown in run.shown.items():
        for other in run.shown:
            if other != mark and other in shown:
                raise Violation(f"what {other} printed was shown under {mark}: {_short(shown)}")


def _check_files(run: Run) -> None:
    there = run.part.contents(run.board)
    for name, allowed in run.files.items():
        content = there.pop(name, None)
        if content not in allowed:
            names = [None if one is None else len(one) for one in allowed]
            raise Violation(f"{name} is neither old nor new: {_short(content)}; it may have the sizes {names}")
    strange = [name for name in there if not name.endswith(run.part.unfinished)]
    if strange and not run.plan.damaging:
        raise Violation(f"files that nobody wrote: {strange}")


def _short(thing: object) -> str:
    text = repr(thing)
    return text if len(text) < 400 else f"{text[:200]} ... {text[-200:]} ({len(text)} characters)"
