"""A run as a picture: for the things that people wait for, a bar for each contestant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NotInstalledError
from .measures import FAST, LINES, MEASURES, SLOW, UNTHROTTLED
from .table import number
from .targets import median

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from .results import Entrant, Run

_PANELS = (
    (SLOW, "write-source"),
    (SLOW, "write-random"),
    (SLOW, "read-source"),
    (SLOW, "sync"),
    (UNTHROTTLED, "write-source"),
    (UNTHROTTLED, "read-random"),
    (UNTHROTTLED, "write-folder"),
    (UNTHROTTLED, "output"),
    (FAST, "write-random"),
    (UNTHROTTLED, "round-trip"),
    (UNTHROTTLED, "start"),
    (UNTHROTTLED, "memory"),
)
_COLUMNS = 4
_LEAST_BARS = 5  # as many have room in any case, so that one bar alone does not fill its panel
_OURS, _WIRE, _PEERS = "#2f6fb0", "#b9b9b9", "#e0a458"
_COLOURS = {"ours": _OURS, "script": _OURS, "bare": _WIRE}
_SHORT = {"predecessor": "predecessor", "ipykernel": "ipykernel", "echo": "echo MetaKernel", "bare": "bare line"}


def draw(run: Run, file: Path) -> None:
    """Write the picture; the kind of it is what the name ends with.

    Raises:
        NotInstalledError: matplotlib is not there.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError('The picture needs matplotlib: pip install "metakernel-micropython[plot]"') from error
    panels = [panel for panel in _PANELS if panel[0] in run.lines and _bars(run, *panel)]
    if not panels:
        return
    lines = -(-len(panels) // _COLUMNS)
    # The same run gives the same file: no date, no random names. Text stays text.
    with matplotlib.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(13, 2.3 * lines), layout="constrained", facecolor="white")
        for axes, panel in zip(figure.subplots(lines, _COLUMNS, squeeze=False).flat, panels, strict=False):
            _panel(axes, run, *panel)
        for axes in figure.axes[len(panels) :]:
            axes.set_visible(False)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def _bars(run: Run, line: str, measure: str) -> list[tuple[Entrant, float]]:
    found = [(one, median(run.lines[line].samples, measure, one.name)) for one in run.entrants]
    return [(one, value) for one, value in found if value is not None]


def _panel(axes: Axes, run: Run, line: str, name: str) -> None:
    """One measure on one line."""
    measure = next(one for one in MEASURES if one.name == name)
    bars = _bars(run, line, name)
    where = "" if measure.lines == (line,) else f"{line} baud; " if LINES[line] else f"{line}; "
    more = "more is better" if measure.unit.endswith("/s") else "less is better"
    axes.set_title(f"{measure.title}\n{where}{measure.unit}, {more}", loc="left", fontsize=8)
    places = range(len(bars))
    values = [value for _, value in bars]
    axes.barh(places, values, color=[_COLOURS.get(one.name, _PEERS) for one, _ in bars], height=0.7)
    for place, value in zip(places, values, strict=True):
        axes.text(value + max(values) * 0.02, place, number(value), va="center")
    axes.set_yticks(places, [_SHORT.get(one.name, one.title) for one, _ in bars])
    axes.set_ylim(max(len(bars), _LEAST_BARS) - 0.5, -0.5)  # the first one on top
    axes.set_xlim(0, max(values) * 1.2)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
