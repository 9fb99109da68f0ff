"""Plots in a kernel's cells: where the figure goes, and what is left of it for the host's Python."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..magic import MagicError
from . import figure
from .live_plot import Plot

if TYPE_CHECKING:
    from ..kernel import MicroPythonKernel
    from .figure import Options


def begin(kernel: MicroPythonKernel, options: Options) -> Plot:
    """Begin to draw a program's readings.

    Raises:
        MicroPythonError: matplotlib is missing, or the CSV file cannot be written.
    """
    figure.load()
    kernel.host_variables  # noqa: B018 - loading what they need takes a moment, which the cell's end has not
    parent = kernel.get_parent("shell")  # type: ignore[no-untyped-call]

    # Both are called from a thread, which does not know what cell runs.
    def show(kind: str, content: dict[str, Any]) -> None:
        if kernel.session is None:  # in an engine of a cluster (%px)
            kernel.send_response(None, kind, content)
            return
        kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)

    def write(text: str) -> None:
        show("stream", {"name": "stdout", "text": text})

    try:
        return Plot(options, show, write, live=kernel.session is not None and not in_console(kernel))
    except OSError as error:
        raise MagicError(f"{options.csv} cannot be written: {error.strerror or error}.") from error


def end(kernel: MicroPythonKernel, plot: Plot) -> None:
    """Draw the last figure, say what is to be said about it, and give the readings to the host's Python."""
    remarks = plot.close()
    if not len(plot.table) and plot.options is kernel.plotting:
        return  # not every cell of those that are plotted has readings
    for remark in remarks:
        kernel.Error(f"[{remark}]")
    if len(plot.table):
        kernel.host_variables[plot.options.name] = plot.table.as_lists()


def in_console(kernel: MicroPythonKernel) -> bool:
    """Whether a console started this kernel: it shows a picture's text, and does not put a new one in its place.

    Consoles are no notebooks' servers: they name the file with the kernel's ports after their process.
    """
    found = re.fullmatch(r"kernel-(\d+)\.json", Path(getattr(kernel.parent, "connection_file", "")).name)
    return found is not None and int(found[1]) == os.getppid()
