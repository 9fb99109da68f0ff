"""A notebook's cell on the boards of a fleet: ``%%fleet``, and ``%%on fleet:...``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fleet import Failure, Fleet, Labels, run_on_fleet
from .magic import ExceptionWrapper, MagicError
from .parser import is_magic, leading_lines, misplaced_magic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kernel import MicroPythonKernel


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
    labels = Labels(kernel.Write)
    try:
        failures = run_on_fleet(fleet, code, boards, labels, retry=retry)
    finally:
        labels.flush()
    if not failures:
        return None
    lines = [line for failure in failures for line in (f"[{failure.board}]", *_told(failure))]
    summary = f"the cell failed on {len(failures)} of the boards: {', '.join(one.board for one in failures)}"
    return ExceptionWrapper("FleetError", summary, [*lines, f"FleetError: {summary}"])


def _told(failure: Failure) -> list[str]:
    return (failure.traceback or str(failure)).splitlines()
