"""%websocketconnect."""

from __future__ import annotations

from dataclasses import replace

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions.description import describe_connection

DEFAULT = "ws://192.168.4.1:8266"
"""Where a board is that opens a network of its own."""


class WebSocketConnectMagic(BoardMagic):
    """Connects to a board's WebREPL."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it connects a board. Run it in a cell of its own."
    same_as = {"%websocketconnect": "%connect ws://HOST"}  # noqa: RUF012

    @arguments(
        argument("url", nargs="?", default=DEFAULT, complete=lambda _: [DEFAULT], help=f"default: {DEFAULT}"),
        argument("--password", help="of the WebREPL; without it: $MICROPYTHON_WEBREPL_PASSWORD, or you are asked"),
        argument("--raw", action="store_true", help="only open the line, without MicroPython's prompt"),
        argument("--verbose", action="store_true", help="show what the board says while it is connected"),
    )
    def line_websocketconnect(self, args: Namespace) -> None:
        """%websocketconnect [URL] [--password PASSWORD] - connect to a board's WebREPL (see %connect).

        The board has to run it: import webrepl_setup on the board sets it up.

        Examples:
          %websocketconnect
          %websocketconnect 192.168.1.7
          %websocketconnect ws://esp32.local:8266
        """
        url = args.url if "://" in args.url else f"ws://{args.url}"
        if not url.lower().startswith(("ws://", "wss://")):
            raise MagicError(
                "%websocketconnect takes ws://HOST:PORT or wss://HOST:PORT; %connect takes other addresses."
            )
        options = replace(self.kernel.connection_options, raw=args.raw)
        if args.password is not None:
            options = replace(options, password=args.password)
        board = self.kernel.connect(url, options)
        if args.verbose and board.greeting.strip():
            self.kernel.Print(board.greeting.strip("\n"))
        self.kernel.Print(describe_connection(board))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(WebSocketConnectMagic)
