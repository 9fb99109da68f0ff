"""A run as text: the tables with what they were measured on, and the part of ``README.md`` that shows the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import BenchmarkError
from .measures import CELLS, FILES, LINES, MEASURES
from .table import results_table, targets_table
from .targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from .results import Run

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def report(run: Run) -> str:
    """Everything of a run, as Markdown."""
    parts = [_about(run), "### What is wanted", _targets(run)]
    for line, results in run.lines.items():
        for table in (CELLS, FILES):
            measured = {measure for measure, _ in {*results.samples, *results.missing}}
            measures = [one for one in MEASURES if one.table == table and line in one.lines and one.name in measured]
            if any(name in {one.name for one in measures} for name, _ in results.samples):
                parts += [f"### {_title(line, table)}", results_table(results, run.entrants, measures)]
    return "\n\n".join(parts)


def _title(line: str, table: str) -> str:
    baud = LINES[line]
    where = f"at {baud} baud" if baud else "on an unthrottled line"
    return f"{table.capitalize()}, {where}"


def _targets(run: Run) -> str:
    names = {entrant.name for entrant in run.entrants}
    measured = {(line, name) for line, results in run.lines.items() for name, _ in {*results.samples, *results.missing}}
    wanted = [
        target for target in TARGETS if target.unsolicited & names == target.unsolicited or len(target.others) > 1
    ]
    return targets_table(run, [one for one in wanted if (one.line, one.measure) in measured and one.ours in names])


def _about(run: Run) -> str:
    versions = {package: number for one in run.entrants for package, number in one.versions.items()}
    about = run.about
    return (
        f"Medians of {run.rounds} round{'s' * (run.rounds != 1)}; {about['cpus']} CPUs, {about['system']} "
        f"{about['architecture']}, load {about['load_before']:.1f} before and {about['load_after']:.1f} after, "
        f"Python {about['python']}; " + ", ".join(f"{package} {number}" for package, number in versions.items()) + "."
    )


def rewrite(readme: Path, text: str) -> None:
    """Put a report, or any text, between the two marks of a file.

    Raises:
        BenchmarkError: the marks are not there.
    """
    old = readme.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchmarkError(f"{readme} has no place for the results, between {BEGIN} and {END}.")
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
