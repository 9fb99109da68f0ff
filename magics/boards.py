"""%boards."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace
from metakernel_micropython.transports import port_scan


class BoardsMagic(BoardMagic):
    """Tells what is plugged in."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False

    def line_boards(self, _args: Namespace) -> None:
        """%boards - list the connected boards and the serial ports, with what each probably is.

        Of several connected boards, the star marks the one that cells run on; %use names another.
        Nothing is opened or sent; %connect auto finds out which of them speaks MicroPython.

        Example:
          %boards
        """
        boards = self.kernel.connections
        if len(boards) > 1 or (boards and (boards.chosen_name or not boards.current_name)):
            width = max(map(len, boards.names))
            lines = [f"connected: {len(boards)} (* is the one that cells run on)"]
            lines += [
                f"{'*' if name == boards.current_name else ' '} {name:<{width}}  {connection.describe()}"
                for name, connection in boards
            ]
            lines.append("plugged in:")
        else:
            connection = self.kernel.connection
            lines = [f"connected: {connection.describe()}" if connection is not None else "connected: none"]
        ports = port_scan.serial_ports()
        held = {connection.address for _, connection in boards}
        lines += [f"  {port}{' (connected)' if port.device in held else ''}" for port in ports]
        if len(ports) == 0:
            lines.append("  No serial port is there. %connect virtual gives a board without hardware.")
        self.kernel.Print("\n".join(lines))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(BoardsMagic)
