"""%boards."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace
from metakernel_micropython.transports import discovery


class BoardsMagic(BoardMagic):
    """Tells what is plugged in."""

    group = "Board"

    def line_boards(self, _args: Namespace) -> None:
        """%boards - list the serial ports, what each probably is, and which board is connected.

        Nothing is opened or sent; %connect auto finds out which of them speaks MicroPython.
        """
        connection = self.kernel.connection
        lines = [f"connected: {connection.describe()}" if connection is not None else "connected: none"]
        lines += [f"  {port}" for port in discovery.serial_ports()]
        if len(lines) == 1:
            lines.append("  No serial port is there. %connect virtual gives a board without hardware.")
        self.kernel.Print("\n".join(lines))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(BoardsMagic)
