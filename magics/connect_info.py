"""%connect_info."""

from __future__ import annotations

from pathlib import Path

from ipykernel.connect import get_connection_file

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace
from metakernel_micropython.sessions.description import describe_connection


class ConnectInfoMagic(BoardMagic):
    """Tells what is connected to what."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it is about this notebook. Run it in a cell of its own."

    def line_connect_info(self, _args: Namespace) -> None:
        """%connect_info - say which board is connected, and how another program joins this kernel.

        Example:
          %connect_info
        """
        connection = self.kernel.connection
        if connection is None:
            self.kernel.Print("No board is connected.")
        elif connection.board is None or connection.lost:
            self.kernel.Print(connection.describe())
        else:
            self.kernel.Print(describe_connection(connection.board))
        try:
            name = Path(get_connection_file()).name
        except RuntimeError:  # the kernel runs inside another program
            return
        self.kernel.Print(f"To join this kernel: jupyter console --existing {name}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ConnectInfoMagic)
