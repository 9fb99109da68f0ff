"""%time and %%time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metakernel_micropython.cell.followers import StopwatchFollower
from metakernel_micropython.cell.output import Stage
from metakernel_micropython.cell.timing import Stopwatch, amount
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import (
    BoardMagic,
    ExceptionWrapper,
    MagicError,
    Namespace,
    argument,
    arguments,
)
from metakernel_micropython.sessions.results_table import present_table, table_of_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping


class TimeMagic(BoardMagic):
    """Takes the time that code needs on the board."""

    kernel: MicroPythonKernel
    group = "Board"
    wraps_cell = True

    def split(self, text: str) -> list[str]:
        """Leave a statement as it is."""
        return [text] if text.strip() else []

    @arguments(argument("statement", nargs="?", default="", help="MicroPython on one line"))
    def line_time(self, args: Namespace) -> None:
        """%time STATEMENT - run one line, and tell how long it took by the board's clock and by the host's.

        Example:
          %time sum(range(1000))
        """
        if not args.statement.strip():
            raise MagicError("%time: give it a statement, as in %time sensor.read(), or put %%time on top of a cell.")
        if (part := self.part) is not None:
            part.stopwatch, waiting = Stopwatch(), part.stopwatch
            try:
                result = self.kernel.do_execute_direct(args.statement.strip())
            finally:
                watch, part.stopwatch = part.stopwatch, waiting
            self._show(result)
            part.report(watch.times())
            return
        follower = StopwatchFollower()
        followers = self.kernel.runner.followers.of_cell
        followers[Stage.STOPWATCH] = follower
        result = self.kernel.do_execute_direct(args.statement.strip())
        followers.pop(Stage.STOPWATCH, None)
        self._show(result)
        self.kernel.Print(follower.stopwatch.told())

    def _show(self, result: dict[str, str] | ExceptionWrapper | None) -> None:
        if isinstance(result, ExceptionWrapper):
            self.fail(result)
        elif result:
            self.kernel.Print(result["text/plain"])

    def cell_time(self, _args: Namespace) -> None:
        """%%time - run the cell, and tell how long it took by the board's clock and by the host's.

        Of several boards (%%on, below it or above) a table tells the times.

        The board's time is without the line: what it takes to bring the cell to the board and its output
        back is in the host's time only, unless the program has to wait for the line to take its output.

        Example:
          %%time
          total = 0
          for i in range(1000):
              total += i
        """
        if (part := self.part) is not None:
            part.stopwatch = watch = Stopwatch()
            self.at_end(lambda: part.report(watch.times()) if watch.ended else None)
            return
        follower = StopwatchFollower("%%time")
        self.kernel.runner.followers.of_cell[Stage.STOPWATCH] = follower
        self.at_end(lambda: self._tell(follower))

    def _tell(self, follower: StopwatchFollower) -> None:
        if follower.given:  # a table of several boards has told it
            return
        self.kernel.runner.followers.of_cell.pop(Stage.STOPWATCH, None)
        self.kernel.Print(follower.stopwatch.told())

    def sum_up(self, _args: Namespace, found: Mapping[str, list[Any]]) -> None:
        """Show the times of several boards."""
        times = {name: told[-1] for name, told in found.items()}
        present_table(self.kernel, table_of_numbers(("board time", "host time"), times, amount, "not ended well"))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TimeMagic)
