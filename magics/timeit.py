"""%timeit and %%timeit."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from metakernel_micropython.cell.timing import Measured, Trial, amount
from metakernel_micropython.cell.top_level_await import code_for, without_helper
from metakernel_micropython.errors import DeviceError
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions.results_table import MOST_ROWS, present_table, table_of_numbers, table_of_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS = (
    argument("-n", "--loops", type=int, metavar="N", help="loops in each run; the board chooses otherwise"),
    argument("-r", "--runs", type=int, metavar="R", help="runs; 7 otherwise, fewer where they take long"),
)


class TimeitMagic(BoardMagic):
    """Measures statements on the board."""

    kernel: MicroPythonKernel
    group = "Board"

    def split(self, text: str) -> list[str]:
        """Leave the statement behind the options as it is."""
        words: list[str] = []
        rest = text.strip()
        while rest.startswith("-"):
            word, _, rest = rest.partition(" ")
            words.append(word)
            rest = rest.lstrip()
            if word in ("-n", "-r", "--loops", "--runs"):
                value, _, rest = rest.partition(" ")
                words.append(value)
                rest = rest.lstrip()
            elif word == "--":
                break
        return [*words, rest] if rest else words

    @arguments(*_OPTIONS, argument("statement", nargs="?", default="", help="MicroPython on one line"))
    def line_timeit(self, args: Namespace) -> None:
        """%timeit [-n N] [-r R] STATEMENT - measure how long a statement takes on the board, by its own clock.

        It runs in loops until they take 0.2 s, and that seven times; what brings the code to the board is
        not measured, the loop itself is. Where the board can tell, the bytes that one loop allocates are
        shown; the garbage collector is off while they are counted.

        Names that the statement makes are its own; it sees those of the cells before.

        Examples:
          %timeit sensor.read()
          %timeit -n 100 x = [0] * 50
        """
        if not args.statement:
            raise MagicError("%timeit: give it a statement, as in %timeit sensor.read().")
        self._measure(args.statement, "", args, self._line_of("%timeit"))

    @arguments(*_OPTIONS, argument("setup", nargs="?", default="", help="runs once before each run, not timed"))
    def cell_timeit(self, args: Namespace) -> None:
        """%%timeit [-n N] [-r R] [SETUP] - measure how long the cell takes on the board (see %timeit).

        Example:
          %%timeit data = bytes(range(256))
          total = 0
          for byte in data:
              total += byte
        """
        self.evaluate = False
        code = self.code.rstrip()
        if not code.strip():
            raise MagicError("%%timeit: the cell below it is empty.")
        self._measure(code, args.setup, args, self._line_of("%%timeit") + 1)

    def _line_of(self, name: str) -> int:
        """Return the cell's line on which the magic stands, counted from 1."""
        for number, line in enumerate(self.kernel.cell.split("\n"), 1):
            if line.startswith(name):
                return number
        return 1

    def _measure(self, statement: str, setup: str, args: Namespace, line: int) -> None:
        for option in ("loops", "runs"):
            value = getattr(args, option)
            if value is not None and value < 1:
                raise MagicError(f"--{option} is a number from 1, not {value}.")
        board = self.board
        trial = Trial(code_for(board, statement), code_for(board, setup), args.loops, args.runs)

        def show(text: str) -> None:
            if shown := trial.values.feed(text):
                self.kernel.Write(shown)

        try:
            board.execute(trial.source, show)
        except DeviceError as error:
            runner = self.kernel.runner
            runner.executed.note_text(runner.number, runner.text)
            told = DeviceError(error.name, error.message, trial.retold(error.traceback, line))
            self.fail(self.kernel.runner.board_failure(without_helper(told)))
            return
        finally:
            if rest := trial.values.flush():
                self.kernel.Write(rest)
        try:
            measured = trial.result()
        except ValueError as error:
            raise MagicError(f"The board on {board.address} was measured without a result: {error}.") from None
        if self.part is not None:
            self.part.report(asdict(measured))
        else:
            self.kernel.Print(measured)

    def sum_up(self, _args: Namespace, found: Mapping[str, list[Any]]) -> None:
        """Show what was measured on several boards."""
        boards = {name: Measured(**told[-1]) for name, told in found.items()}
        if len(boards) > MOST_ROWS:
            means = {name: (one.mean,) for name, one in boards.items()}
            present_table(self.kernel, table_of_numbers(("per loop",), means, amount, ""))
            return
        rows = {name: (one.per_loop, one.how_often, one.bytes_per_loop) for name, one in boards.items()}
        present_table(self.kernel, table_of_texts(("mean ± std. dev.", "of", "memory"), rows))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TimeitMagic)
