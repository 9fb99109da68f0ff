"""%suppressendcode."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace


class SuppressEndCodeMagic(BoardMagic):
    """Types the cell's code without running it."""

    kernel: MicroPythonKernel
    group = "Line"
    on_several = False
    alone = "it is about this notebook. Write it above %%on."

    def line_suppressendcode(self, _args: Namespace) -> None:
        r"""%suppressendcode - type the code below to the board, without the end mark that makes it run.

        For finding out what a board does with it: the board is at its raw prompt, and runs the code when
        it gets the end mark, 0x04. Later cells work as usual.
        On a raw line (%connect --raw) the lines are typed to whatever is there, as a person would.

        Example, as three cells:
          %suppressendcode
          print(6 * 7)

          %writebytes \x04

          %readbytes -b
        """
        if not self.code.strip():
            raise MagicError("%suppressendcode stands above the code that is to be typed.")
        self.kernel.runner.only_type = True


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(SuppressEndCodeMagic)
