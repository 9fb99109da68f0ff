"""%%on."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments
from metakernel_micropython.several import ALL
from metakernel_micropython.together import Together


def names(kernel: MicroPythonKernel) -> list[str]:
    """Return the names of the connected boards, and what stands for all of them."""
    return [*kernel.connections.names, ALL]


class OnMagic(BoardMagic):
    """Runs a cell on several boards."""

    group = "Board"

    @arguments(argument("names", nargs="+", metavar="NAME", complete=names, help="the boards, or all"))
    def cell_on(self, args: Namespace) -> None:
        """%%on NAME ... - run the cell on these boards at the same time (all: on every connected one).

        What they print appears as it comes, line by line, with the board's name in front. A board that fails, is slow
        or is lost holds up no other; the cell fails in the end if one did, and says which. Stop interrupts all of them.
        Magics on top of the cell that are about a board act on each of them: %upload, %ls, %rm, %reboot, %info ...

        Examples:
          %%on left right
          from machine import Pin
          Pin(25, Pin.OUT).toggle()

          %%on all
          %upload main.py
          %reboot --hard
        """
        boards = self.kernel.connections.select(args.names)
        code, self.evaluate = self.code, False
        if code.strip():
            Together(self.kernel, boards, code).run()


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(OnMagic)
