"""The plot of one cell: a follower of its output, and what is left of it for the host's Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cell.output import Follower, Stage
from ..errors import MagicError
from . import figure
from .live_plot import Plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cell.output import Sink
    from ..front_end import FrontEnd
    from .figure import Options


class PlotFollower(Follower):
    """Draws the readings that programs print.

    Args:
        front_end: where the figure goes.
        options: how they are drawn.
        every_cell: whether every cell is followed: not each of them has readings.
        line: what a person typed, for a cell on several boards.
    """

    stage = Stage.PLOT
    magic = "%%plot"

    def __init__(self, front_end: FrontEnd, options: Options, *, every_cell: bool = False, line: str = "") -> None:
        self.line = line
        self._front_end = front_end
        self._options = options
        self._every_cell = every_cell

    def open(self, following: Sink) -> Sink:
        """Begin to draw a program's readings.

        Raises:
            MicroPythonError: matplotlib is missing, or the CSV file cannot be written.
        """
        plot = _begun(self._front_end, self._options)
        return _PlotSink(plot, self._front_end, following, silent=self._every_cell)

    def several(self, boards: Sequence[str]) -> SeveralPlot:
        """Draw the readings of several boards, where every cell is followed."""
        return SeveralPlot(self._front_end, self._options, boards, silent=self._every_cell)


def _begun(front_end: FrontEnd, options: Options, boards: Sequence[str] = ()) -> Plot:
    figure.load()
    front_end.host_variables  # noqa: B018 - loading what they need takes a moment, which the cell's end has not
    send = front_end.sender()  # a thread draws, which does not know what cell runs

    def write(text: str) -> None:
        send("stream", {"name": "stdout", "text": text})

    try:
        return Plot(options, send, write, live=not front_end.in_console, boards=boards)
    except OSError as error:
        raise MagicError(f"{options.csv} cannot be written: {error.strerror or error}.") from error


def _ended(plot: Plot, front_end: FrontEnd, *, silent: bool = False) -> None:
    """Draw the last figure, say what is to be said about it, and give the readings to the host's Python."""
    remarks = plot.close()
    readings = plot.table
    if len(readings) or not silent:
        for remark in remarks:
            front_end.Error(f"[{remark}]")
    if len(readings):
        front_end.host_variables[plot.options.name] = readings.as_lists()


class SeveralPlot:
    """Draws what several boards print in one figure, with a line for each. See ``magic.SeveralFollower``.

    Args:
        front_end: where the figure goes.
        options: how the readings are drawn.
        boards: the boards' names.
        silent: say nothing where nothing was drawn.

    Raises:
        MicroPythonError: matplotlib is missing, or the CSV file cannot be written.
    """

    def __init__(self, front_end: FrontEnd, options: Options, boards: Sequence[str], *, silent: bool = False) -> None:
        self._front_end = front_end
        self._silent = silent
        self._plot = _begun(front_end, options, boards)

    def feed(self, board: str, text: str) -> str:
        """Take what a board printed; return what is no reading."""
        return self._plot.feed(text, board)

    def close(self, board: str) -> str:
        """Return a line that a board has begun."""
        return self._plot.rest(board)

    def end(self) -> None:
        """Draw the last figure, and give the readings to the host's Python as a dict by boards."""
        _ended(self._plot, self._front_end, silent=self._silent)


class _PlotSink:
    """Takes the output of one program; what is no reading goes on.

    Args:
        plot: takes the readings.
        front_end: where the remarks go, and whose host variables get the readings.
        following: the next sink.
        silent: say nothing where nothing was drawn.
    """

    def __init__(self, plot: Plot, front_end: FrontEnd, following: Sink, *, silent: bool) -> None:
        self._plot = plot
        self._front_end = front_end
        self._following = following
        self._silent = silent

    def feed(self, text: str) -> None:
        """Take output; what is no reading goes on."""
        if shown := self._plot.feed(text):
            self._following.feed(shown)

    def close(self) -> None:
        """Draw the last figure, say what is to be said about it, and give the readings to the host's Python."""
        try:
            self._following.close()
        finally:
            _ended(self._plot, self._front_end, silent=self._silent)
