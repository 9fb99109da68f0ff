"""coverage.py's data file: its reports and editors read what was run on a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MicroPythonError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .coverage import Coverage


class NoCoveragePackage(MicroPythonError):
    """The package coverage is not installed."""


def write(target: Path, found: Mapping[Path, Coverage]) -> None:
    """Add the lines and branches that were run to a data file; lines alone to one that holds no branches.

    That a loop without ``else`` has come to its end is taken from its having begun.

    Args:
        target: the data file, often ``.coverage``.
        found: what was run, by the file on this computer.

    Raises:
        NoCoveragePackage: the package is not installed.
    """
    try:
        from coverage import CoverageData
    except ImportError as error:
        raise NoCoveragePackage(
            'A data file needs the package coverage: pip install "metakernel-micropython[coverage]", then run the cell '
            "again."
        ) from error
    data = CoverageData(str(target))
    try:
        data.read()
        lines = {str(file.resolve()): _lines(one) for file, one in found.items()}
        if data.measured_files() and not data.has_arcs():
            data.add_lines(lines)
        else:
            data.add_arcs({str(file.resolve()): _arcs(one) for file, one in found.items()})
        data.write()
    finally:
        data.close()


def _lines(one: Coverage) -> set[int]:
    """Return the lines that were run, all those of a statement, as Python's own tracing tells them."""
    run = [line for line, reached in one.lines.items() if reached]
    within = {number for line in run for number in range(line, one.ends[line] + 1)}
    return within - set(one.missed)


def _arcs(one: Coverage) -> set[tuple[int, int]]:
    """Return pairs of lines that followed each other: coverage.py's own, as far as they were run."""
    from coverage.parser import PythonParser

    parser = PythonParser(text=one.source)
    parser.parse_source()
    ways: dict[int, set[int]] = {}
    for line, target in parser.arcs():
        ways.setdefault(line, set()).add(target)
    run = _lines(one)
    arcs = {(-1, line) for line in run}  # a line is one that is in some arc
    for line in run & set(ways):
        told = one.branches.get(line, {})
        # Where no statement stands on the way that we know, it is the one that coverage.py has another line for.
        other = next((taken for target, taken in told.items() if target not in ways[line]), True)
        for target in ways[line]:
            taken = told.get(target, other)
            if taken and (target < 0 or target in run):
                arcs.add((line, target))
    return arcs
