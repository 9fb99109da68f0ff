"""One cell on several boards at the same time, seen from the notebook: their output line by line with their names.

The cell ends when all are done; it fails when one did, and says which.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..cell.output import Stage
from ..cell.parser import misplaced_magic
from ..display.board_display import show_data
from ..errors import MicroPythonError
from .board_jobs import STOP_TIMEOUT, BoardJobs
from .labelled_output import LabelledOutput, grouped
from .several_magics import SeveralMagics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..cell.interrupt_state import InterruptState
    from ..cell.runner import CellRunner
    from ..front_end import MagicsFrontEnd
    from ..magic import ExceptionWrapper
    from .board_jobs import Outcome
    from .session import BoardSession

INTERVAL = 0.05
"""Seconds between two messages of output."""


class BoardsFailed(MicroPythonError):
    """A cell failed on some of the boards that it ran on."""


def page_for(front_end: MagicsFrontEnd, runner: CellRunner, names: list[str]) -> LabelledOutput:
    """Return what shows in a cell what several boards say.

    Args:
        front_end: whose cell it is.
        runner: runs its cells.
        names: the boards.
    """
    output = runner.output(Stage.CAPTURE)

    def show(stream: str, text: str) -> None:
        if stream == "stdout":
            output.feed(text)
        else:
            front_end.Error(text, end="")

    return LabelledOutput(names, show, None if front_end.in_console else lambda data: show_data(front_end, data))


class Broadcast:
    """One run of a cell on several boards of this computer.

    Args:
        front_end: whose cell it is.
        runner: runs its cells.
        interrupts: is told whom Stop stops.
        boards: names and boards.
        code: magics that work with a board, and code below them.

    Raises:
        MagicError: the cell holds something that cannot run on several boards.
        MicroPythonError: its output cannot be followed as a magic wants.
    """

    def __init__(
        self,
        front_end: MagicsFrontEnd,
        runner: CellRunner,
        interrupts: InterruptState,
        boards: list[tuple[str, BoardSession]],
        code: str,
    ) -> None:
        self._front_end = front_end
        self._interrupts = interrupts
        names = [name for name, _ in boards]
        self._magics = SeveralMagics(front_end, code)
        self._page = page_for(front_end, runner, names)
        self._report = self._magics.followed(self._page, names, runner)
        self._work = BoardJobs(front_end, runner, boards, code, self._report)
        self._stopped_at = 0.0

    def run(self) -> None:
        """Run it, and show what the boards say until all are done.

        Raises:
            BoardsFailed: it failed on some boards; the message says on which and why.
            KeyboardInterrupt: it was stopped.
        """
        try:
            self._interrupts.give_to(self)  # before the first board runs: Stop must not leave one behind
            self._work.start()
            self._wait()
        finally:
            self._interrupts.give_to(None)
            self._page.close()
            self._report.close()
            keep_values(self._front_end, self._work.jobs)
        try:
            self._magics.sum_up(self._work.jobs)
        finally:
            sum_up(self._work.jobs, self._work.ran, stopped=bool(self._stopped_at))

    def stop(self) -> None:
        """Interrupt all boards that are not done; may come from any thread, and again."""
        self._stopped_at = self._stopped_at or time.monotonic()
        self._work.stop()

    def _wait(self) -> None:
        while not self._work.done:
            try:
                self._work.changed.wait(INTERVAL)
                self._work.changed.clear()
                self._page.show()
            except KeyboardInterrupt:
                self.stop()
            if self._stopped_at and time.monotonic() - self._stopped_at > STOP_TIMEOUT:
                break
        self._page.release()
        self._page.show()


# -- the end of a cell on several boards, wherever they are ----------------------------------------------------------


def keep_values(front_end: MagicsFrontEnd, outcomes: Sequence[Outcome]) -> None:
    """Make a dict, by the boards' names, of each name that %get has brought from some."""
    done = [one for one in outcomes if one.done]
    for name in {name: None for one in done for name in one.values}:
        front_end.host_variables[name] = {one.name: one.values[name] for one in done if name in one.values}


def sum_up(outcomes: Sequence[Outcome], ran: str, *, stopped: bool) -> None:
    """Make one error of those of the boards.

    Args:
        outcomes: what became of the cell on each board.
        ran: the code that ran, for what a magic in a wrong place was meant to be.
        stopped: whether Stop was pressed.

    Raises:
        BoardsFailed: it failed on some boards; the message says on which and why.
        KeyboardInterrupt: it was stopped, and nothing else was wrong.
    """
    late = [one.name for one in outcomes if not one.done]
    failed = [(one.name, one.failed) for one in outcomes if one.failed is not None]
    if stopped and not late and all(error.ename == "KeyboardInterrupt" for _, error in failed):
        raise KeyboardInterrupt
    if not failed and not late:
        return
    lines = list(_grouped_problems(failed))
    lines += [f"{name}: it did not stop within {STOP_TIMEOUT:g} s, and may still be running" for name in late]
    refused = any(error.ename == "SyntaxError" for _, error in failed)
    meant = f"\n{misplaced}" if refused and (misplaced := misplaced_magic(ran)) else ""
    raise BoardsFailed(
        f"{len(failed) + len(late)} of {len(outcomes)} boards failed:"
        + "".join(f"\n  {line}" for line in lines)
        + meant
    )


def _grouped_problems(failed: Iterable[tuple[str, ExceptionWrapper]]) -> Iterable[str]:
    same: dict[str, list[str]] = {}
    for name, error in failed:
        text = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
        same.setdefault(text.partition("\n")[0], []).append(name)
    return [f"{grouped(names)}: {problem}" for problem, names in same.items()]
