"""%socketconnect."""

from __future__ import annotations

from dataclasses import replace

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments
from metakernel_micropython.sessions.description import describe_connection


class SocketConnectMagic(BoardMagic):
    """Connects to a board behind a TCP port."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it connects a board. Run it in a cell of its own."
    same_as = {"%socketconnect": "%connect socket://HOST:PORT"}  # noqa: RUF012

    @arguments(
        argument("host", help="a name or an address"),
        argument("port", help="the TCP port"),
        argument("--raw", action="store_true", help="only open the line, without MicroPython's prompt"),
    )
    def line_socketconnect(self, args: Namespace) -> None:
        """%socketconnect HOST PORT [--raw] - connect to a board behind a TCP port: %connect socket://HOST:PORT.

        Example:
          %socketconnect 192.168.1.7 2000
        """
        host = f"[{args.host}]" if ":" in args.host and not args.host.startswith("[") else args.host
        options = replace(self.kernel.connection_options, raw=args.raw)
        board = self.kernel.connect(f"socket://{host}:{args.port}", options)
        self.kernel.Print(describe_connection(board))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(SocketConnectMagic)
