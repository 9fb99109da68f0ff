"""Readings as a picture for notebooks, by matplotlib, and as characters for consoles."""

from __future__ import annotations

import importlib.util
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import MicroPythonError
from ..host.paths import counted, shown
from .board_tables import BoardTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .table import Table

    AnyTable = Table | BoardTables

WIDTH = 7.0
"""Inches of a figure, at 100 dots each."""

HEIGHT = 3.0
"""Inches of the first axes; each further one takes two thirds of that."""

GREY = "#797979"
"""The colour of text and axes, on no background: as readable on a light page as on a dark one (4.3:1)."""

BUCKETS = 600
"""Of so many pieces of a line the least and the greatest are drawn: its width in dots shows no more."""

LEGEND_WIDTH = 88
"""Characters of names that fit on one line above the axes, with ``LEGEND_MARK`` more for each name's line."""

LEGEND_MARK = 8

LEGEND_LINE = 0.2
"""Inches of a line of names."""

LEGEND_LINES = 6
"""Lines of names at most; the names of further ones are not told."""

MAX_AXES = 8

TEXT_WIDTH, TEXT_HEIGHT = 60, 10
"""Characters of a plot in a console."""

_MARKS = "*o+x#@%&"

_COLORS = 10  # of matplotlib's own cycle

_DASHES = ("-", "--", ":", "-.")


class PlotProblem(MicroPythonError):
    """Something cannot be drawn."""


@dataclass(frozen=True)
class Options:
    """How readings are drawn, and where they go.

    Attributes:
        axes: the names on each axes, from top to bottom; empty: all on one.
        x: the name that is drawn to the right; ``""``: how many readings came before.
        time: draw the time when each came to the right.
        window: how many of the last readings are drawn; None for all.
        csv: a file that gets them.
        name: what they are called in the host's Python.
    """

    axes: tuple[tuple[str, ...], ...] = ()
    x: str = ""
    time: bool = False
    window: int | None = None
    csv: Path | None = None
    name: str = "plot_data"


def load() -> None:
    """Load what draws: this takes a second.

    Raises:
        PlotProblem: it is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise PlotProblem(
            "Plots are drawn by matplotlib, which is not installed here: run !pip install "
            '"metakernel-micropython[plot]" in the environment of this kernel, then run the cell again.'
        )
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def groups(table: AnyTable, options: Options) -> list[tuple[str, ...]]:
    """Return the names on each axes."""
    if options.axes:
        return [tuple(label for name in names for label in table.labels(name)) for names in options.axes]
    return [tuple(name for name in table.columns if name != options.x)]


def missing(table: AnyTable, options: Options) -> list[str]:
    """Return the names that are to be drawn and did not come."""
    wanted = [name for names in options.axes for name in names] + ([options.x] if options.x else [])
    return [name for name in wanted if not table.has(name)]


class Painter:
    """Draws one figure again and again.

    It keeps what stays the same, because most of the time goes into making that, and works without pyplot, whose state
    is not for threads.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._names: list[tuple[str, ...]] = []
        self._canvas: Any = None
        self._panels: list[Any] = []
        self._lines: list[tuple[str, Any]] = []

    def png(self, table: AnyTable) -> bytes:
        """Return the figure as a PNG file."""
        names = groups(table, self._options)
        if names != self._names:
            self._make(names, table)
            self._names = names
        for name, line in self._lines:
            across, up = _line(table, name, self._options)
            line.set_data(across, up)
            line.set_marker("." if len(up) == 1 else "")
        for panel in self._panels:
            panel.relim()
            panel.autoscale_view()
        with io.BytesIO() as file:
            self._canvas.print_png(file)
            return file.getvalue()

    def _make(self, rows: list[tuple[str, ...]], table: AnyTable) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        look = _BoardLook(rows, table) if isinstance(table, BoardTables) else _Look(rows)
        first, *others = [look.legend(names)[1] for names in rows]  # lines of names above each of the axes
        below = max(others, default=0)
        above, between = LEGEND_LINE * max(0, first - 1), LEGEND_LINE * max(0, below - 1)
        panel_height = HEIGHT * 2 / 3
        height = HEIGHT + above + len(others) * (panel_height + between)
        figure = Figure(figsize=(WIDTH, height), dpi=100, facecolor="none")
        top = 0.35 + above if first or below else 0.15
        space = 0.3 + between / panel_height if first or below else 0.12
        figure.subplots_adjust(left=0.12, right=0.98, top=1 - top / height, bottom=0.5 / height, hspace=space)
        self._panels = list(figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0])
        self._lines = []
        for panel, names in zip(self._panels, rows, strict=True):
            for name in names:
                style = look.style(name)
                label = _label(look.label(name))
                self._lines += [(name, line) for line in panel.plot([], [], label=label, linewidth=1, **style)]
            panel.grid(alpha=0.3)
            panel.set_facecolor("none")
            panel.tick_params(colors=GREY)
            panel.spines[:].set_color(GREY)
            columns, lines = look.legend(names)
            if lines:
                panel.legend(
                    handles=panel.lines[: columns * lines],
                    fontsize="small",
                    frameon=False,
                    loc="lower left",
                    bbox_to_anchor=(0, 1),
                    ncols=columns,
                    borderaxespad=0.1,
                    labelcolor=GREY,
                )
            if title := look.title(names):
                panel.set_ylabel(_label(title), color=GREY)
        if x_label := _x_label(self._options):
            self._panels[-1].set_xlabel(x_label, color=GREY)
        self._canvas = FigureCanvasAgg(figure)


class _Look:
    """How lines look that are called by the names of readings."""

    def __init__(self, rows: list[tuple[str, ...]]) -> None:
        names = [name for names in rows for name in names]
        self._styles = {name: {"color": color} for name, color in zip(names, _colors(len(names)), strict=True)}

    def style(self, name: str) -> dict[str, Any]:
        return self._styles[name]

    def label(self, name: str) -> str:
        """Return what a line is called in the legend."""
        return name

    def legend(self, names: tuple[str, ...]) -> tuple[int, int]:
        """Return in how many columns and lines the names of some axes stand above them."""
        return _legend([self.label(name) for name in names])

    def title(self, names: tuple[str, ...]) -> str:
        """Return what stands beside the axes."""
        return names[0] if len(names) == 1 and names[0] != "value" else ""


class _BoardLook(_Look):
    """How the lines of several boards look: a board has the same colour everywhere, a reading the same dashes."""

    def __init__(self, rows: list[tuple[str, ...]], table: BoardTables) -> None:
        self._of = table.lines
        labels = dict.fromkeys(label for names in rows for label in names)
        boards = list(dict.fromkeys(self._of[label][0] for label in labels))
        colors = dict(zip(boards, _colors(len(boards)), strict=True))
        readings = list(dict.fromkeys(self._of[label][1] for label in labels))
        # On axes of its own a reading is told by its place.
        self._alone = alone = all(len({self._of[label][1] for label in names}) == 1 for names in rows)
        dashes = {name: "-" if alone else _DASHES[at % len(_DASHES)] for at, name in enumerate(readings)}
        self._styles = {
            label: {"color": colors[self._of[label][0]], "linestyle": dashes[self._of[label][1]]} for label in labels
        }
        self._first = rows[0] if rows else ()

    def label(self, name: str) -> str:
        """Return what a line is called in the legend: where its place tells the reading, the board."""
        return self._of[name][0] if self._alone else name

    def legend(self, names: tuple[str, ...]) -> tuple[int, int]:
        """Return the columns and lines of the legend, which is above the first axes alone."""
        return super().legend(names) if names == self._first else (1, 0)

    def title(self, names: tuple[str, ...]) -> str:
        """Return the one reading that is on the axes."""
        readings = {self._of[label][1] for label in names}
        return next(iter(readings)) if len(readings) == 1 and readings != {"value"} else ""


def _legend(names: Sequence[str]) -> tuple[int, int]:
    """Return in how many columns and lines names have room above the axes; a single one has its place beside them."""
    if len(names) < 2:
        return 1, 0
    widest = max(len(_plain(name)) for name in names) + LEGEND_MARK
    columns = max(1, min(len(names), LEGEND_WIDTH // widest))
    return columns, min(math.ceil(len(names) / columns), LEGEND_LINES)


def _colors(count: int) -> list[Any]:
    """Return colours for so many lines, different ones where there are any."""
    if count <= _COLORS:
        return [f"C{number}" for number in range(count)]
    from matplotlib import colormaps

    if count <= 2 * _COLORS:
        pairs = colormaps["tab20"]  # a dark one and a light one in turns
        return [pairs(2 * number if number < _COLORS else 2 * (number - _COLORS) + 1) for number in range(count)]
    return [colormaps["turbo"](number / (count - 1)) for number in range(count)]


def text(table: AnyTable, options: Options) -> str:
    """Return a plot of characters, with the least, the greatest and the last of each name."""
    parts: list[str] = []
    for group in groups(table, options):
        parts += _drawn([name for name in group if name in table.columns], table, options)
    names = _drawn_names(table, options)
    width = max(map(len, map(_plain, names)), default=0)
    for position, name in enumerate(names):
        if told := _extremes(name, table):
            parts.append(f"{_MARKS[position % len(_MARKS)]} {_plain(name):{width}}  {told}")
    parts.append(_how_many(table))
    return "\n".join(parts)


def summary(table: AnyTable, options: Options) -> str:
    """Return in one line what a plot shows, for who does not see it."""
    names = _drawn_names(table, options)
    told = [f"{_plain(name)}: {extremes}" for name in names if (extremes := _extremes(name, table))]
    return f"Plot of {'; '.join([_how_many(table), *told])}"


def _drawn_names(table: AnyTable, options: Options) -> list[str]:
    return [name for group in groups(table, options) for name in group if name in table.columns]


def _extremes(name: str, table: AnyTable) -> str:
    import numpy as np

    values = np.array(table.columns[name])
    values = values[np.isfinite(values)]
    if not len(values):
        return ""
    return f"least {values.min():.6g}, greatest {values.max():.6g}, last {values[-1]:.6g}"


def _how_many(table: AnyTable) -> str:
    return counted(len(table), "reading") + (f" after {table.dropped} earlier ones" if table.dropped else "")


def _x_label(options: Options) -> str:
    return "seconds" if options.time else _label(options.x)


def _label(name: str) -> str:
    """Return a name for matplotlib, which reads formulas between dollar signs and hides names with an underscore."""
    name = _plain(name).replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def _plain(name: str) -> str:
    return shown(name)


def _line(table: AnyTable, name: str, options: Options) -> tuple[Any, Any]:
    """Return where a line goes, in no more points than can be seen."""
    import numpy as np

    points = table.points(name, options.x, time=options.time)
    if points is None:
        return [], []
    across, up = np.array(points[0], dtype=float), np.array(points[1])
    there = np.isfinite(up) & np.isfinite(across)
    across, up = across[there], up[there]
    size = len(up) // BUCKETS
    if size < 4:
        return across, up
    whole = len(up) // size * size
    pieces = up[:whole].reshape(-1, size)
    first = np.arange(0, whole, size)
    least, greatest = first + pieces.argmin(axis=1), first + pieces.argmax(axis=1)
    kept = np.unique(np.concatenate([[0], least, greatest, np.arange(whole, len(up))]))
    return across[kept], up[kept]


def _drawn(names: list[str], table: AnyTable, options: Options) -> Iterator[str]:
    """Give the lines of a plot of characters."""
    lines = [_line(table, name, options) for name in names]
    points = [(float(x), float(y)) for across, up in lines for x, y in zip(across, up, strict=True)]
    if not points:
        return
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    grid = [[" "] * TEXT_WIDTH for _ in range(TEXT_HEIGHT)]
    for position, (across, up) in enumerate(lines):
        for x, y in zip(across, up, strict=True):
            column = round((float(x) - left) / (right - left) * (TEXT_WIDTH - 1)) if right > left else 0
            row = round((high - float(y)) / (high - low) * (TEXT_HEIGHT - 1)) if high > low else TEXT_HEIGHT // 2
            grid[row][column] = _MARKS[position % len(_MARKS)]
    ends = {0: f"{high:.6g}", TEXT_HEIGHT - 1: f"{low:.6g}"}
    width = max(map(len, ends.values()))
    for row, characters in enumerate(grid):
        yield f"{ends.get(row, ''):>{width}} │{''.join(characters).rstrip()}"
    yield f"{'':{width}} └{'─' * TEXT_WIDTH}"
    start, end = f"{left:.6g}", f"{right:.6g}"
    what = f" {_x_label(options)}".rstrip()
    yield f"{'':{width}}  {start}{what}{end:>{max(1, TEXT_WIDTH - len(start) - len(what))}}"
