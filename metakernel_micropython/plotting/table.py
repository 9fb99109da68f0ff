"""The readings of one plot: in memory with a limit, in a CSV file without one."""

from __future__ import annotations

import csv
import secrets
import shutil
from array import array
from math import isnan, nan
from typing import IO, TYPE_CHECKING, TypeAlias

from ..board.files.host_files import put_in_place

if TYPE_CHECKING:
    from pathlib import Path

MAX_VALUES = 1_000_000
"""Numbers that are kept, eight bytes each; then the oldest quarter goes."""

Across: TypeAlias = "range | array[float]"
"""Where readings lie to the right: their numbers, times, or readings of another name."""

CLOCK = "host_seconds"
"""The column that this computer adds: seconds since the program was started."""


BOARD = "board"
"""The column with the board's name, where there are several."""


class Table:
    """Columns of the same length; a reading that lacks a name has NaN there.

    Attributes:
        times: seconds since the program was started, when each reading came.
        columns: the readings by name.
        dropped: how many readings, the oldest, had no room any more.
    """

    def __init__(self, limit: int = MAX_VALUES) -> None:
        self.times = array("d")
        self.columns: dict[str, array[float]] = {}
        self.dropped = 0
        self._limit = limit

    def __len__(self) -> int:
        return len(self.times)

    def add(self, seconds: float, reading: dict[str, float]) -> None:
        """Add a reading that came at that time."""
        if len(reading) != len(self.columns) or reading.keys() != self.columns.keys():
            for name in reading:
                if name not in self.columns:
                    self.columns[name] = array("d", [nan]) * len(self.times)
        self.times.append(seconds)
        for name, column in self.columns.items():
            column.append(reading.get(name, nan))
        if len(self.times) * (len(self.columns) + 1) > self._limit:
            oldest = max(1, len(self.times) // 4)
            self.dropped += oldest
            for column in (self.times, *self.columns.values()):
                del column[:oldest]

    @property
    def names(self) -> list[str]:
        """The names that readings have."""
        return list(self.columns)

    def labels(self, name: str) -> list[str]:
        """Return what the line for a name is called: the name."""
        return [name]

    def has(self, name: str) -> bool:
        """Whether a reading of this name came."""
        return name in self.columns

    def points(self, name: str, x: str, *, time: bool) -> tuple[Across, array[float]] | None:
        """Return where the line for a name goes, to the right and up; None where nothing came for it.

        Args:
            name: the name.
            x: the name that is drawn to the right; ``""`` for the readings' numbers.
            time: draw the time when each came to the right.
        """
        if name not in self.columns or (x and x not in self.columns):
            return None
        if time:
            return self.times, self.columns[name]
        return self.columns[x] if x else range(self.dropped, self.dropped + len(self)), self.columns[name]

    def tail(self, window: int | None) -> Table:
        """Return a copy of the last readings, of all for None."""
        start = max(0, len(self) - window) if window else 0
        copied = Table()
        copied.times = self.times[start:]
        copied.columns = {name: column[start:] for name, column in self.columns.items()}
        copied.dropped = self.dropped + start
        return copied

    def as_lists(self) -> dict[str, list[float]]:
        """Return the columns as lists, as the host's Python and pandas take them."""
        return {CLOCK: self.times.tolist()} | {name: column.tolist() for name, column in self.columns.items()}


class CsvFile:
    """A file that gets each reading as a row, with the names on top.

    Args:
        path: where it is.
        boards: whether a column tells the board of each reading.

    Attributes:
        path: where it is.
        problem: why it does not hold everything; ``""`` while it does.
    """

    def __init__(self, path: Path, *, boards: bool = False) -> None:
        """Create the file, or empty it.

        Raises:
            OSError: it cannot be opened for writing.
        """
        self.path = path
        self.problem = ""
        self._first = [CLOCK, BOARD] if boards else [CLOCK]
        self._names = [*self._first]
        self._file = path.open("w", encoding="utf-8", newline="")

    def add(self, rows: list[tuple[float, dict[str, float]]], board: str = "") -> None:
        """Add readings with the times when they came, and the board that they came from."""
        if self.problem:
            return
        try:
            new = dict.fromkeys(name for _, reading in rows for name in reading if name not in self._names)
            if new:
                self._rewrite([*self._names, *new])
            writer = csv.writer(self._file, lineterminator="\n")
            names = self._names[len(self._first) :]
            named = [as_text(board)] if len(self._first) > 1 else []
            for seconds, reading in rows:
                writer.writerow([f"{seconds:.6f}", *named, *(_written(reading.get(name)) for name in names)])
            self._file.flush()
        except OSError as error:
            self.problem = error.strerror or str(error)

    def _rewrite(self, names: list[str]) -> None:
        """Begin the file with other names, with what it holds below them: beside it first, so that no row is lost."""
        if len(self._names) == len(self._first) or not self.path.is_file():  # a pipe cannot be begun anew
            self._write_names(self._file, names)
            self._names = names
            return
        self._file.close()
        added = "," * (len(names) - len(self._names))
        path = self.path.resolve()  # a link stays one
        beside = path.with_name(f".{secrets.token_hex(4)}.mk-part")
        try:
            with path.open(encoding="utf-8", newline="") as old, beside.open("x", encoding="utf-8", newline="") as new:
                self._write_names(new, names)
                next(csv.reader(old))  # the names may hold line ends
                new.writelines(row.rstrip("\n") + added + "\n" for row in old)
            shutil.copymode(path, beside)
            put_in_place(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        self._file = path.open("a", encoding="utf-8", newline="")
        self._names = names

    def _write_names(self, file: IO[str], names: list[str]) -> None:
        csv.writer(file, lineterminator="\n").writerow(map(as_text, names))

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError as error:
            self.problem = self.problem or error.strerror or str(error)


def as_text(name: str) -> str:
    """Return a name as a spreadsheet takes it for text: one that begins as a formula does gets an apostrophe.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name


def _written(value: float | None) -> str:
    """Return a number as a file has it: a whole one without a point, nothing for none."""
    if value is None or isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
