"""A notebook's cell on the boards of a fleet: ``%%fleet``, and ``%%on fleet:...``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cell.parser import is_magic, leading_lines, misplaced_magic
from ..errors import DeviceError
from ..magic import ExceptionWrapper, MagicError
from .client import Failure, Fleet, Labels, run_on_fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernel import MicroPythonKernel


def fleet_of(kernel: MicroPythonKernel) -> Fleet | None:
    """Return the fleet that ``%fleet`` connected; None where it did not."""
    return getattr(kernel.line_magics["fleet"], "fleet", None)


def run_cell(
    kernel: MicroPythonKernel, code: str, boards: Sequence[str], *, retry: bool = True
) -> ExceptionWrapper | None:
    """Run a cell on boards of the fleet, show what they print, and return the error where one of them failed.

    Args:
        kernel: whose cell it is.
        code: what stands below the magic.
        boards: see ``Fleet.choose``; none: all.
        retry: see ``Fleet.run``.

    Raises:
        MagicError: no fleet is connected, or the cell holds a magic.
        NotConnected: the fleet has no such board.
        KeyboardInterrupt: it was stopped.
    """
    fleet = fleet_of(kernel)
    if fleet is None:
        raise MagicError("No fleet is connected: run %fleet first.")
    code = code[len(leading_lines(code)) :]
    if is_magic(code):
        raise MagicError(
            f"{code.split()[0]} does not work on a fleet, whose boards get code alone: %px runs magics in the engines, "
            "after %parallel."
        )
    if misplaced := misplaced_magic(code):
        raise MagicError(misplaced)
    numbered = "\n" * kernel.note_code(code) + code  # the boards' lines are those of the cell
    labels = Labels(kernel.Write)
    try:
        failures = run_on_fleet(fleet, numbered, boards, labels, retry=retry)
    finally:
        labels.flush()
    if not failures:
        return None
    lines = [line for failure in failures for line in (f"[{failure.board}]", *_told(kernel, failure))]
    summary = f"the cell failed on {len(failures)} of the boards: {', '.join(one.board for one in failures)}"
    return ExceptionWrapper("FleetError", summary, [*lines, f"FleetError: {summary}"])


def _told(kernel: MicroPythonKernel, failure: Failure) -> list[str]:
    if not failure.traceback:  # it is not of the board's program
        return str(failure).splitlines()
    error = DeviceError(failure.name, failure.message, failure.traceback)
    lines: list[str] = kernel.board_failure(error, while_showing=failure.while_showing, own=False).traceback
    return lines
