"""%use."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


def names(kernel: MicroPythonKernel) -> list[str]:
    """Return the names of the connected boards."""
    return kernel.connections.names


class UseMagic(BoardMagic):
    """Chooses among the connected boards."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it chooses the one board that other cells run on. %%on takes the names itself."

    @arguments(argument("name", complete=names, help="the board, as %%boards lists it"))
    def line_use(self, args: Namespace) -> None:
        """%use NAME - have cells and magics work with this one of the connected boards from now on.

        Example:
          %connect /dev/ttyACM0 --name left
          %connect /dev/ttyACM1 --name right
          %use left
        """
        connection = self.kernel.connections.use(args.name)
        self.kernel.Print(f"Cells run on {args.name}: {connection.describe()}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(UseMagic)
