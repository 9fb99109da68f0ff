"""%monitor."""

from __future__ import annotations

import math

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import seconds


class MonitorMagic(BoardMagic):
    """Shows what the board prints, without a byte to it."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it watches the board that cells run on. %use NAME chooses it."

    @arguments(
        argument("seconds", nargs="?", type=seconds, metavar="SECONDS", help="how long (default: until Stop)"),
        argument("--reset", action="store_true", help="soft-reset the board first, so that boot.py and main.py run"),
    )
    def line_monitor(self, args: Namespace) -> None:
        """%monitor [--reset] [SECONDS] - show what a running board prints, without stopping its program.

        For a program that %%start started, one that runs on a board which was connected with --attach, main.py
        after %reboot --run, and what timers print while no program runs. Nothing goes to the board.

        Stop ends the look alone; pressed once more, when the cell has ended, it sends Ctrl-C to the program. A started
        program that ends while one looks ends the look, and fails this cell with its error where it has one. Lines
        from before stand above, marked as printed between cells. In "Run All", say for how many seconds.

        Examples:
          %monitor
          %monitor 10
          %monitor --reset
        """
        if args.reset:
            self.board.background.run_main()
        board = self.kernel.boards.ready_alone()
        if failed := self.kernel.runner.watch(board, args.seconds or math.inf):
            self.fail(failed)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MonitorMagic)
