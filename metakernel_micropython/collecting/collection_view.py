"""What a notebook shows of a measurement while it runs: remarks, a table, and a plot that follows."""

from __future__ import annotations

import importlib.util
import json
import math
import secrets
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

from ..plotting.figure import Options
from ..plotting.live_plot import Plot
from .collected_rows import Tail, number
from .collection_state import read_state, stop_path
from .collector import CollectFailed
from .csv_rows import FIXED
from .status_table import html, summary, text_table

if TYPE_CHECKING:
    from pathlib import Path

    from ..cell.interrupt_state import InterruptState
    from ..front_end import FrontEnd
    from .collection_state import CollectionState

LOOK = 0.2
"""Seconds between two looks at the rows."""

TABLE_INTERVAL = 1.0
"""Seconds between two tables."""

STOP_TIMEOUT = 30.0
"""Seconds that a measurement has to end."""


class CollectionView:
    """Follows one measurement in a cell. Stop ends the measurement, or the look at it alone.

    Args:
        front_end: where it is shown.
        csv: the file with the rows.
        ends: whether Stop ends the measurement.
        plot: draw the numbers, where matplotlib is installed.
    """

    def __init__(self, front_end: FrontEnd, csv: Path, *, ends: bool, plot: bool) -> None:
        self._front_end = front_end
        self._csv = csv
        self._ends = ends
        self._send = front_end.sender()
        self._display = secrets.token_hex(8)
        self._stops = 0
        self._stopped = threading.Event()
        self._shown_at = 0.0
        self._shown = False
        self._noted = time.time()
        self._tail = Tail(csv)
        self._several = False
        self._first: float | None = None  # when the first row was that is drawn, in seconds since 1970
        self._plot: Plot | None = None
        if plot and importlib.util.find_spec("matplotlib") is not None:
            self._plot = Plot(Options(x="seconds"), self._send, self._write, live=not front_end.in_console)

    def stop(self) -> None:
        """End the measurement, or the look at it; the second time, the look in any case. Any thread may call it."""
        self._stops += 1
        if self._ends and self._stops == 1:
            try:
                stop_path(self._csv).touch()
                return
            except OSError:
                pass  # whoever looks is told that it goes on
        self._stopped.set()

    def run(self, interrupts: InterruptState) -> CollectionState:
        """Show it until it has ended; return how it went.

        Raises:
            CollectFailed: it failed, or its process was ended.
        """
        try:
            interrupts.give_to(self)
            state = self._follow()
        finally:
            interrupts.give_to(None)
            self._take_rows(read_state(self._csv))
            remarks = self._plot.close() if self._plot is not None else []
        self._show_table(state, last=True)
        for remark in remarks:
            if not remark.startswith("Nothing to plot"):
                self._front_end.Error(f"[{remark}]")
        if state.interrupted:
            raise CollectFailed(
                f"The process {state.pid}, which collected into {self._csv}, was ended from outside. What it "
                "collected is there; %collect resume goes on."
            )
        if state.state == "failed":
            raise CollectFailed(state.problem)
        return state

    def _follow(self) -> CollectionState:
        late = math.inf
        while True:
            state = read_state(self._csv)
            if state is None:
                raise CollectFailed(f"The file that tells how the measurement into {self._csv} goes is gone.")
            self._take_rows(state)
            self._tell_notes(state)
            if not state.alive or self._stopped.is_set():
                return state
            if time.monotonic() >= self._shown_at + TABLE_INTERVAL:
                self._show_table(state)
                self._shown_at = time.monotonic()
            if self._stops and late == math.inf:
                late = time.monotonic() + STOP_TIMEOUT
            if time.monotonic() > late:
                raise CollectFailed(f"The process {state.pid} did not end within {STOP_TIMEOUT:g} s.")
            self._stopped.wait(LOOK)

    def _take_rows(self, state: CollectionState | None) -> None:
        """Give the new rows to the plot, so that the boards have their colours in the order of the table."""
        rows = self._tail.rows()
        if self._plot is None or not rows:
            return
        order = {board.name: number for number, board in enumerate(state.boards)} if state is not None else {}
        rows.sort(key=lambda row: order.get(row.get("board", ""), 0))
        several = len({row.get("board") for row in rows}) > 1 or self._several
        self._several = several
        lines = []
        for row in rows:
            try:
                at = datetime.fromisoformat(row["board_time"]).timestamp()
            except (KeyError, ValueError):
                continue
            values = {name: number(text) for name, text in row.items() if name not in FIXED}
            numbers = {
                f"{row['board']}.{name}" if several else name: value
                for name, value in values.items()
                if isinstance(value, (int, float)) and not isinstance(value, bool)
            }
            if numbers:
                lines.append(json.dumps({"seconds": round(at - self._origin(at), 3)} | numbers) + "\n")
        self._plot.feed("".join(lines))

    def _origin(self, at: float) -> float:
        if self._first is None:
            self._first = at
        return self._first

    def _tell_notes(self, state: CollectionState) -> None:
        for at, text in state.notes:
            if at > self._noted:
                self._noted = at
                self._front_end.Error(f"[{text}]")

    def _show_table(self, state: CollectionState, *, last: bool = False) -> None:
        text = f"{summary(self._csv, state)}\n{text_table(state)}"
        if self._front_end.in_console:
            if last:
                self._front_end.Print(text)
            return
        data = {"text/plain": text, "text/html": html(self._csv, state)}
        kind = "update_display_data" if self._shown else "display_data"
        self._send(kind, {"data": data, "metadata": {}, "transient": {"display_id": self._display}})
        self._shown = True

    def _write(self, text: str) -> None:
        self._send("stream", {"name": "stdout", "text": text})
