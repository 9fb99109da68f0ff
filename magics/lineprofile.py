"""%%lineprofile."""

from __future__ import annotations

from metakernel_micropython.cell.output import Stage
from metakernel_micropython.instrument.cell_probes import ProbeFollower
from metakernel_micropython.instrument.line_times import as_html, as_text, line_times
from metakernel_micropython.instrument.request import Kind
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace


class LineprofileMagic(BoardMagic):
    """Takes the time of each line of a cell."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it follows the program of one board. %use NAME chooses it: run the cell without %%on."

    def cell_lineprofile(self, _args: Namespace) -> None:
        """%%lineprofile - run the cell, and show how often each of its lines ran and how long that took on the board.

        The time of a line is that of its statements with all that they call, by the board's own clock; what the
        measuring takes is measured and taken off. The functions that the cell defines are measured while it
        runs, functions of earlier cells and modules count for the line that calls them. A line that yields or
        awaits has hits and no time, and so has one that an exception has left.

        Functions for machine code (@micropython.native, viper, asm_*) are not looked into.

        Example:
          %%lineprofile
          total = 0
          for i in range(1000):
              total += i * i
        """
        follower = ProbeFollower(Kind.TIME)
        self.kernel.runner.followers.of_cell[Stage.PROBES] = follower
        self.at_end(lambda: self._tell(follower))

    def _tell(self, follower: ProbeFollower) -> None:
        self.kernel.runner.followers.of_cell.pop(Stage.PROBES, None)
        if follower.room:
            self.kernel.Error(follower.room)
        kept = follower.take()
        for part in follower.parts:
            for left in part.result.left_alone:
                self.kernel.Error(f"[line {left.first} was not measured: {left.reason}]")
            if any(probe.number in kept for probe in part.result.probes):
                rows = line_times(part.source, part.result, kept)
                self.kernel.present(as_text(rows), as_html(rows))
        if follower.parts and not any(part.result.probes for part in follower.parts):
            raise MagicError("%%lineprofile: nothing of the cell was measured.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(LineprofileMagic)
