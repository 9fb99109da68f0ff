"""A plot of what a program prints while it runs: one figure, drawn anew beside the output's way and not on it."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..display import mime
from ..host.paths import counted
from . import figure
from .board_tables import BoardTables
from .reading_stream import ReadingStream
from .readings import MAX_COLUMNS
from .table import CsvFile, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .figure import Options

INTERVAL = 0.25
"""Seconds between two figures, where drawing one takes less than a quarter of that."""

SHARE = 4
"""A figure that takes longer to draw is drawn so much less often: drawing never takes more of the time than this."""

PATIENCE = 10.0
"""Seconds that a figure may take to be drawn when the cell ends."""


class Plot:
    """Takes the output of one program, or of one for each board; readings are drawn and other lines returned.

    Attributes:
        options: how they are drawn.
        table: the readings.
        problem: why the figure is not drawn any more; ``""`` while it is.
    """

    def __init__(
        self,
        options: Options,
        show: Callable[[str, dict[str, Any]], None],
        write: Callable[[str], None],
        *,
        live: bool = True,
        boards: Sequence[str] = (),
    ) -> None:
        r"""Begin; the CSV file is created.

        Args:
            options: how it is drawn.
            show: sends the figure; gets the kind of the message and its content. It is called from a thread, too.
            write: shows text.
            live: whether the front end can put a new figure in the place of the last one; else a line of text that is
                written over (``\r``) tells how far it is, and at the end comes a plot of characters.
            boards: their names, where several print at the same time.

        Raises:
            OSError: the CSV file cannot be written.
        """
        self.table: Table | BoardTables = BoardTables(boards, options.x) if boards else Table()
        self.problem = ""
        self.options = options
        self._csv = CsvFile(options.csv, boards=bool(boards)) if options.csv is not None else None
        self._show, self._write, self._live = show, write, live
        self._display = secrets.token_hex(8)
        self._lock = threading.Lock()
        start = time.monotonic()
        self._streams = {board: ReadingStream(start) for board in boards or ("",)}
        self._drawn = -1  # readings in the last figure, those that were dropped among them
        self._painter = figure.Painter(options)
        self._png = ""
        self._told = 0  # characters of the line of text
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_drawing, name="plot", daemon=True)
        self._thread.start()

    def feed(self, text: str, board: str = "") -> str:
        """Take output, of the board that is named where there are several; return what of it is no reading."""
        if not text:
            return ""
        with self._lock:
            rows, shown = self._streams[board].feed(text)
            table = self.table if isinstance(self.table, Table) else self.table.tables[board]
            for seconds, reading in rows:
                table.add(seconds, reading)
            if rows and self._csv is not None:
                self._csv.add(rows, board)
        return shown

    def rest(self, board: str) -> str:
        """A board prints no more: return a line that it has begun."""
        with self._lock:
            return self._streams[board].rest()

    def close(self) -> list[str]:
        """Draw the last figure; return remarks for the person at the notebook."""
        self._ended.set()
        self._thread.join(PATIENCE)
        with self._lock:
            rest = "".join(stream.rest() for stream in self._streams.values())
        if self._told:
            self._write("\r" + " " * self._told + "\r")
        if rest:
            self._write(rest)
        if len(self.table) and not self._thread.is_alive():
            self._draw(last=True)
        if self._csv is not None:
            self._csv.close()
        return list(self._remarks())

    def _remarks(self) -> Iterator[str]:
        if self._thread.is_alive():
            yield f"The figure was not drawn within {PATIENCE:g} s."
        if self.problem:
            yield f"The figure could not be drawn: {self.problem}"
        if not len(self.table):
            yield (
                "Nothing to plot: no line held numbers alone, like 21.5, 40 or (21.5, 40), or names and numbers, like "
                "temp:21.5."
            )
        elif names := figure.missing(self.table, self.options):
            yield f"Nothing came that is called {', '.join(names)}; there was {', '.join(self.table.names)}."
        elif not any(isfinite(value) for column in self.table.columns.values() for value in column):
            yield "The figure is empty: all that came was nan or inf."
        if any(len(stream.names) >= MAX_COLUMNS for stream in self._streams.values()):
            yield f"Only the first {MAX_COLUMNS} names are plotted."
        if self.table.dropped:
            all_of_them = f"; {self._csv.path} has them" if self._csv is not None else "; --csv FILE keeps all"
            yield f"The oldest {counted(self.table.dropped, 'reading')} had no room and are not shown{all_of_them}."
        if self._csv is not None and self._csv.problem:
            yield f"{self._csv.path} does not hold all of the readings: {self._csv.problem}."

    # -- in the thread -------------------------------------------------------------------------------------------

    def _keep_drawing(self) -> None:
        pause = INTERVAL
        while not self._ended.wait(pause):
            began, loaded = time.monotonic(), self._drawn >= 0
            self._let_go()
            if self.problem:
                continue
            if self._live:
                self._draw()
            else:
                self._tell()
            # With the first figure comes what draws, which takes seconds, and only then.
            pause = max(INTERVAL, SHARE * (time.monotonic() - began)) if loaded else INTERVAL

    def _let_go(self) -> None:
        """Show a line that has begun and does not go on, as one that says what the program does."""
        if isinstance(self.table, BoardTables):
            return  # their lines have their names in front, and come whole
        with self._lock:
            for stream in self._streams.values():
                if text := stream.stale():
                    self._write(text)

    def _tell(self) -> None:
        with self._lock:
            count = len(self.table) + self.table.dropped
            if count == self._drawn:
                return
            self._drawn = count
            last = ", ".join(f"{name} {column[-1]:.6g}" for name, column in [*self.table.columns.items()][:4])
        line = f"{counted(count, 'reading')}: {last}"[:78]
        self._write("\r" + line.ljust(self._told))
        self._told = max(self._told, len(line))

    def _draw(self, *, last: bool = False) -> None:
        with self._lock:
            count = len(self.table) + self.table.dropped
            if count == self._drawn and not last:
                return
            table = self.table.tail(self.options.window)
        if not len(table):
            return
        data = {}
        try:
            data["text/plain"] = figure.text(table, self.options) if last else f"<plot of {counted(count, 'reading')}>"
            if self._live:  # a console would open a window for a picture, and print no text then
                if count != self._drawn:
                    self._png = base64.b64encode(self._painter.png(table)).decode()
                if last:  # a picture with a text is twice as large
                    data |= mime.image(self._png, "png", figure.summary(table, self.options))
                else:
                    data["image/png"] = self._png
        except Exception as error:  # whatever matplotlib does not like about a number or a name
            self.problem = f"{type(error).__name__}: {error}"
            if not last:
                return
        if not data:
            return  # the remark below the cell says why
        kind = "display_data" if self._drawn < 0 or not self._live else "update_display_data"
        self._show(kind, {"data": data, "metadata": {}, "transient": {"display_id": self._display}})
        self._drawn = count
