"""Results as text: Markdown tables, so that a run can be pasted where people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .targets import Target, median

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .measures import Measure
    from .results import Entrant, Results, Run


def results_table(results: Results, entrants: Iterable[Entrant], measures: Sequence[Measure]) -> str:
    """The medians, one row per measure, and below them why some are missing. Who has none at all has no column."""
    notes: list[str] = []
    shown = [one for one in entrants if any((measure.name, one.name) in results.samples for measure in measures)]

    def cell(measure: Measure, entrant: Entrant) -> str:
        value = median(results.samples, measure.name, entrant.name)
        text = "-" if value is None else number(value)
        why = results.missing.get((measure.name, entrant.name))
        if why is None:
            return text
        note = f"{entrant.title}: {why}"
        if note not in notes:
            notes.append(note)
        return f"{text} [{notes.index(note) + 1}]"

    rows = [["", "unit", *(entrant.title for entrant in shown)]]
    rows += [[measure.title, measure.unit, *(cell(measure, entrant) for entrant in shown)] for measure in measures]
    table = _aligned(rows, left=2)
    return "\n".join([table, "", *(f"[{number}] {note}  " for number, note in enumerate(notes, 1))]).rstrip()


def targets_table(run: Run, targets: Iterable[Target]) -> str:
    """The ratios, with what is wanted of each."""
    rows = [["", "line", "measured", "wanted", "met"]]
    for target in targets:
        value = target.value(run.lines[target.line].samples) if target.line in run.lines else None
        if value is None:
            measured, met = "-", "-" if target.limit is not None else ""
        else:
            measured = f"{value:.2f} {target.unit}".rstrip()
            met = ("yes" if target.met(value) else "NO") if target.limit is not None else ""
        sign = "≥" if target.at_least else "≤"
        wanted = "" if target.limit is None else f"{sign} {target.limit:g} {target.unit}".rstrip()
        rows.append([target.title, target.line, measured, wanted, met])
    return _aligned(rows, left=2)


def number(value: float) -> str:
    """Three significant digits, without an exponent; whole numbers as they are."""
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    if value >= 1:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:.3f}" if value >= 0.1 else f"{value:.4f}"


def _aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """A Markdown table; the first ``left`` columns lean left, the others right."""
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        padded = [
            text.ljust(width) if column < left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if column < left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])])
