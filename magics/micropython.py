"""%%micropython."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace


class MicropythonMagic(BoardMagic):
    """Runs a cell on the board, as every cell without it runs here."""

    group = "Notebook and host"
    on_several = False
    alone = "%%on gives the cell to the boards. Leave it out."

    def cell_micropython(self, _args: Namespace) -> None:
        """%%micropython - run the cell on the board.

        In a notebook of IPython's kernel this has a cell run on the board (%load_ext metakernel_micropython, see
        docs/python-notebooks.md). In one of the MicroPython kernel every cell does so, and it changes nothing. Other
        magics may stand below it, as on top of any cell for a board.

        Example:
          %%micropython
          import sys
          sys.platform
        """


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MicropythonMagic)
