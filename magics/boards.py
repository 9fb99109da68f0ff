"""%boards."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments
from metakernel_micropython.transports import ble_scan, port_scan

MOST_LISTED = 40
"""Bluetooth devices that are listed; an office has hundreds."""


def _scan_time(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= ble_scan.LONGEST_SCAN:
        raise ValueError
    return seconds


_scan_time.__name__ = f"time of at most {ble_scan.LONGEST_SCAN:g} seconds"  # what argparse names


class BoardsMagic(BoardMagic):
    """Tells what is plugged in."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it lists all boards itself. Run it in a cell of its own."

    @arguments(
        argument(
            "--ble",
            nargs="?",
            type=_scan_time,
            const=ble_scan.SCAN_TIME,
            metavar="SECONDS",
            help=f"listen for Bluetooth LE devices as well, so long (default: {ble_scan.SCAN_TIME:g})",
        ),
    )
    def line_boards(self, args: Namespace) -> None:
        """%boards [--ble] - list the connected boards and the serial ports, with what each probably is.

        Of several connected boards, the star marks the one that cells run on; %use names another.
        Nothing is opened or sent; %connect auto finds out which of them speaks MicroPython.
        --ble adds the Bluetooth LE devices that are heard: name, address, signal, and whether they say that they have
        the Nordic UART service, through which a board can offer its prompt. They need not say so.

        Examples:
          %boards
          %boards --ble
          %boards --ble 20
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
        if args.ble is not None:
            self.kernel.Print("\n".join(_heard(args.ble)))


def _heard(seconds: float) -> list[str]:
    """Listen for Bluetooth LE devices; return a line for each."""
    found = ble_scan.scan(seconds)
    if not found:
        return [f"Bluetooth LE: nothing was heard in {seconds:g} s. --ble {ble_scan.LONGEST_SCAN:g} listens longer."]
    shown = found[:MOST_LISTED]
    width = max(len(near.name or "(no name)") for near in shown)
    lines = [f"Bluetooth LE, heard in {seconds:g} s:"]
    for near in shown:
        service = "  Nordic UART service" if near.uart else ""
        lines.append(f"  {near.name or '(no name)':<{width}}  {near.address}  {near.signal:4} dBm{service}")
    if len(found) > len(shown):
        lines.append(f"  and {len(found) - len(shown)} more")
    return [*lines, "%connect ble:NAME or ble:ADDRESS connects to one."]


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(BoardsMagic)
