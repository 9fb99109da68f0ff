"""What magics have a cell's output go through: a stopwatch, the board's displays, a file. Plots are in ``plotting``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..display.board_display import DisplaySink, give_display
from .output import FilterSink, Follower, Stage
from .timing import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..errors import DeviceError
    from ..front_end import Messages
    from .capture_file import Capture
    from .output import Sink


class StopwatchFollower(Follower):
    """Takes the time of the programs of a cell."""

    stage = Stage.STOPWATCH
    magic = "%%time"

    def __init__(self, line: str = "") -> None:
        self.stopwatch = Stopwatch()
        self.line = line

    def around(self, source: str) -> str:
        """Return the program with the board's clock printed before and after it."""
        return self.stopwatch.around(source)

    def retold(self, error: DeviceError) -> DeviceError:
        """Return an error with the lines that the program has without the clock."""
        return self.stopwatch.retold(error)

    def open(self, following: Sink) -> Sink:
        """Start the watch; return the sink that takes the clock out of the output."""
        self.stopwatch.start()
        return FilterSink(self.stopwatch, following)


class DisplayFollower(Follower):
    """Shows what programs give to the board's ``display()``."""

    stage = Stage.DISPLAY

    def __init__(self, front_end: Messages) -> None:
        self._front_end = front_end

    def prepare(self, board: Board) -> None:
        """Give the board its ``display()`` where it has none.

        Raises:
            NoRoom: it does not fit.
            MicroPythonError: the board does not answer.
        """
        if not board.raw:
            give_display(board)

    def open(self, following: Sink) -> Sink:
        """Return the sink that shows pictures, tables and the like; other output goes on."""
        return DisplaySink(self._front_end, following)


class CaptureFollower(Follower):
    """Gives what the board prints in one cell to a file.

    Args:
        capture: the file.
        show: shows text in the cell.
    """

    stage = Stage.CAPTURE

    def __init__(self, capture: Capture, show: Callable[[str], object]) -> None:
        self.capture = capture
        self._show = show
        self._closed = False

    def open(self, following: Sink) -> Sink:
        """Return the sink that writes to the file; what is to be shown goes on."""
        return FilterSink(self.capture, following)

    def close(self) -> None:
        """Close the file; say how many lines it has where they were not shown."""
        if not self._closed:
            self._closed = True
            self._show(self.capture.close())
