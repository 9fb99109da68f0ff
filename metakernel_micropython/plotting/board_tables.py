"""The readings of several boards, each board's for itself, with names for the lines of one figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .table import MAX_VALUES, Table

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from .table import Across


class BoardTables:
    """A table for each board; to what draws it is one table, whose columns are called by the boards.

    Args:
        boards: their names, in the order of the lines.
        x: what is drawn to the right, which is no line; ``""`` for none.
        limit: numbers that are kept of all boards together.
    """

    def __init__(self, boards: Sequence[str], x: str = "", limit: int = MAX_VALUES) -> None:
        self.tables = {board: Table(limit // max(1, len(boards))) for board in boards}
        self._x = x

    def __len__(self) -> int:
        return sum(map(len, self.tables.values()))

    @property
    def dropped(self) -> int:
        """How many readings, the oldest, had no room any more."""
        return sum(table.dropped for table in self.tables.values())

    @property
    def names(self) -> list[str]:
        """The names that readings have, whatever the board."""
        return list(dict.fromkeys(name for table in self.tables.values() for name in table.columns))

    @property
    def lines(self) -> dict[str, tuple[str, str]]:
        """What may be drawn: by its label the board and the reading's name. One name alone is not told."""
        alone = len([name for name in self.names if name != self._x]) < 2
        return {
            board if alone else f"{board} {name}": (board, name)
            for name in self.names
            if name != self._x
            for board, table in self.tables.items()
            if name in table.columns
        }

    @property
    def columns(self) -> dict[str, array[float]]:
        """The readings by the labels of their lines."""
        return {label: self.tables[board].columns[name] for label, (board, name) in self.lines.items()}

    def labels(self, name: str) -> list[str]:
        """Return the labels of the lines for a reading's name, one for each board that has it."""
        return [label for label, (_, each) in self.lines.items() if each == name]

    def has(self, name: str) -> bool:
        """Whether a reading of this name came from any board."""
        return name in self.names

    def points(self, label: str, x: str, *, time: bool) -> tuple[Across, array[float]] | None:
        """Return where the line goes with this label. See ``Table.points``."""
        found = self.lines.get(label)
        return None if found is None else self.tables[found[0]].points(found[1], x, time=time)

    def tail(self, window: int | None) -> BoardTables:
        """Return a copy of the last readings of each board, of all for None."""
        copied = BoardTables([], self._x)
        copied.tables = {board: table.tail(window) for board, table in self.tables.items()}
        return copied

    def as_lists(self) -> dict[str, dict[str, list[float]]]:
        """Return the columns as lists, by the boards that have any."""
        return {board: table.as_lists() for board, table in self.tables.items() if len(table)}
