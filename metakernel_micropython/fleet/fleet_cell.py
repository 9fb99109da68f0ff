"""A notebook's cell on the boards of a fleet: ``%%fleet``, and ``%%on fleet:...``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel import ExceptionWrapper

from ..cell.parser import is_magic, leading_lines, misplaced_magic
from ..errors import DeviceError, MagicError
from .client import Failure, Fleet, Labels, run_on_fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cell.runner import CellRunner
    from ..front_end import MagicsFrontEnd


def fleet_of(front_end: MagicsFrontEnd) -> Fleet | None:
    """Return the fleet that ``%fleet`` connected; None where it did not."""
    return getattr(front_end.line_magics["fleet"], "fleet", None)


def run_cell(
    front_end: MagicsFrontEnd, runner: CellRunner, code: str, boards: Sequence[str], *, retry: bool = True
) -> ExceptionWrapper | None:
    """Run a cell on boards of the fleet, show what they print, and return the error where one of them failed.

    Args:
        front_end: whose cell it is.
        runner: runs its cells.
        code: what stands below the magic.
        boards: see ``Fleet.choose``; none: all.
        retry: see ``Fleet.run``.

    Raises:
        MagicError: no fleet is connected, or the cell holds a magic.
        NotConnected: the fleet has no such board.
        KeyboardInterrupt: it was stopped.
    """
    fleet = fleet_of(front_end)
    if fleet is None:
        raise MagicError("No fleet is connected: run %fleet first.")
    code = code[len(leading_lines(code)) :]
    if is_magic(code):
        raise MagicError(
            f"{code.split()[0]} does not work on a fleet, whose boards get code alone: %px runs magics in the engines, "
            "after %parallel."
        )
    numbered = "\n" * runner.note_code(code) + code  # the boards' lines are those of the cell
    labels = Labels(front_end.Write)
    try:
        failures = run_on_fleet(fleet, numbered, boards, labels, retry=retry)
    finally:
        labels.flush()
    if not failures:
        return None
    lines = [line for failure in failures for line in (f"[{failure.board}]", *_told(runner, failure))]
    summary = f"the cell failed on {len(failures)} of the boards: {', '.join(one.board for one in failures)}"
    if any(failure.name == "SyntaxError" for failure in failures) and (misplaced := misplaced_magic(code)):
        summary += f"\n{misplaced}"
    return ExceptionWrapper("FleetError", summary, [*lines, f"FleetError: {summary}"])


def _told(runner: CellRunner, failure: Failure) -> list[str]:
    if not failure.traceback:  # it is not of the board's program
        return str(failure).splitlines()
    error = DeviceError(failure.name, failure.message, failure.traceback)
    lines: list[str] = runner.board_failure(error, own=False).traceback
    return lines
