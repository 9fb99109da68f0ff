"""%plot and %%plot."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.cell.output import Stage
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.host.value_arguments import host_names
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.plotting import figure
from metakernel_micropython.plotting.cell_plot import PlotFollower, SeveralPlot
from metakernel_micropython.plotting.figure import MAX_AXES, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

_DRAWING = (
    argument(
        "--y", action="append", default=[], metavar="NAME[,NAME]", help="draw these, on axes of their own; repeat it"
    ),
    argument("--x", default="", metavar="NAME", help="what is drawn to the right, in place of the reading's number"),
    argument("--time", action="store_true", help="draw the seconds since the start to the right"),
    argument("--window", type=int, metavar="N", help="draw the last N readings"),
    argument("--name", default="plot_data", complete=host_names, help="what the host's Python calls the readings"),
)


class PlotMagic(BoardMagic):
    """Draws what the board prints."""

    kernel: MicroPythonKernel
    group = "Board"
    wraps_cell = True

    @arguments(
        *_DRAWING,
        argument("--csv", metavar="FILE", complete_path=host_paths, help="a file here that gets the readings"),
    )
    def cell_plot(self, args: Namespace) -> None:
        """%%plot [--y NAMES]... [--x NAME | --time] [--window N] [--csv FILE] - draw what the cell prints.

        Each line of numbers is a reading: 21.5, 40 or (21.5, 40) or temp:21.5 hum:40 or {"temp": 21.5},
        as Thonny, Mu and Arduino read them; a line of names above bare numbers names them. Other lines are
        normal output. The figure follows while the cell runs and stays in the notebook. Then %python plot_data
        has the readings, as a dict of lists. Of several boards (%%on, below it or above) each has a line, and the
        readings are a dict by the boards' names.

        Example:
          %%plot --y temp --y hum --time --csv measured.csv
          for i in range(100):
              print("temp:", sensor.temperature(), "hum:", sensor.humidity())
              time.sleep(0.1)
        """
        options = _options(args, args.csv)
        if self.part is not None:
            return  # what the boards print is drawn at the notebook
        figure.load()
        line = f"%%plot {self.this_run.typed}".rstrip()
        self.kernel.runner.followers.of_cell[Stage.PLOT] = PlotFollower(self.kernel, options, line=line)

    def follow_several(self, args: Namespace, boards: Sequence[str]) -> SeveralPlot:
        """Draw what several boards print, with a line for each."""
        return SeveralPlot(self.kernel, _options(args, args.csv), boards)

    def refusal(self, mtype: str, _name: str, _args: str) -> str:
        """Say that a setting is none of the boards'."""
        return "it is a setting of this notebook; %%plot draws one cell." if mtype == "line" else ""

    @arguments(argument("state", nargs="?", choices=("on", "off"), help="without it: say which"), *_DRAWING)
    def line_plot(self, args: Namespace) -> None:
        """%plot [on|off] - draw what each cell prints from now on, as %%plot does for one.

        Example:
          %plot on --window 200
        """
        options = _options(args, None)
        followers = self.kernel.runner.followers.of_all
        if args.state == "on":
            figure.load()
            followers[Stage.PLOT] = PlotFollower(self.kernel, options, every_cell=True)
        elif args.state == "off":
            followers.pop(Stage.PLOT, None)
        elif options != Options():
            raise MagicError("%plot: say on or off, as in %plot on --window 200; %%plot draws one cell.")
        self.kernel.Print(f"Plotting is {'on' if Stage.PLOT in followers else 'off'}.")


def _options(args: Namespace, csv: str | None) -> Options:
    axes = tuple(tuple(name.strip() for name in names.split(",") if name.strip()) for names in args.y)
    if not all(axes):
        raise MagicError("--y wants names, as in --y temp,hum.")
    if len(axes) > MAX_AXES:
        raise MagicError(f"A figure has at most {MAX_AXES} axes: put names together, as in --y temp,hum.")
    if args.x and args.time:
        raise MagicError("--x and --time both say what is drawn to the right: take one.")
    if args.window is not None and args.window < 2:
        raise MagicError(f"--window is a number from 2, not {args.window}.")
    if not args.name.isidentifier() or keyword.iskeyword(args.name):
        raise MagicError(f"--name is a name in Python, not {args.name!r}.")
    return Options(axes, args.x, args.time, args.window, host_path(csv) if csv else None, args.name)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(PlotMagic)
