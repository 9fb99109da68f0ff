"""%time and %%time."""

from __future__ import annotations

from metakernel_micropython.cell.followers import StopwatchFollower
from metakernel_micropython.cell.output import Stage
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import (
    BoardMagic,
    ExceptionWrapper,
    MagicError,
    Namespace,
    argument,
    arguments,
)


class TimeMagic(BoardMagic):
    """Takes the time that code needs on the board."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False

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
        follower = StopwatchFollower()
        followers = self.kernel.runner.followers.of_cell
        followers[Stage.STOPWATCH] = follower
        result = self.kernel.do_execute_direct(args.statement.strip())
        followers.pop(Stage.STOPWATCH, None)
        if isinstance(result, ExceptionWrapper):
            self.fail(result)
        elif result:
            self.kernel.Print(result["text/plain"])
        self.kernel.Print(follower.stopwatch.told())

    def cell_time(self, _args: Namespace) -> None:
        """%%time - run the cell, and tell how long it took by the board's clock and by the host's.

        The board's time is without the line: what it takes to bring the cell to the board and its output
        back is in the host's time only, unless the program has to wait for the line to take its output.

        Example:
          %%time
          total = 0
          for i in range(1000):
              total += i
        """
        follower = StopwatchFollower()
        self.kernel.runner.followers.of_cell[Stage.STOPWATCH] = follower
        self.at_end(lambda: self._tell(follower))

    def _tell(self, follower: StopwatchFollower) -> None:
        self.kernel.runner.followers.of_cell.pop(Stage.STOPWATCH, None)
        self.kernel.Print(follower.stopwatch.told())


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TimeMagic)
