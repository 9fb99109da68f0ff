"""%disconnect."""

from __future__ import annotations

from functools import partial

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments
from metakernel_micropython.sessions.registry import ALL, in_parallel


def names(kernel: MicroPythonKernel) -> list[str]:
    """Return the names of the connected boards, and what stands for all of them."""
    return [*kernel.connections.names, ALL]


class DisconnectMagic(BoardMagic):
    """Frees the line to the board."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it takes names itself, as in %disconnect left; %disconnect all frees every board."

    @arguments(
        argument("names", nargs="*", metavar="NAME", complete=names, help="which boards, or all; default: the current"),
        argument("--raw", action="store_true", help="just close the line, without a word to the board"),
    )
    def line_disconnect(self, args: Namespace) -> None:
        """%disconnect [NAME ...|all] [--raw] - free the board's port.

        The board keeps its variables and returns to its own prompt, where other programs expect it; with --raw it is
        left as it is. After the current one is disconnected, %use names the board that cells run on.

        Examples:
          %disconnect
          %disconnect left right
          %disconnect all
        """
        current = self.kernel.connections.current_name
        wanted = args.names or ([current] if current else [])
        if not wanted or not self.kernel.connections:
            self.kernel.Print("No board is connected.")
            return
        boards = self.kernel.connections.select(wanted)
        in_parallel([partial(self.kernel.connections.close, name, exit_raw_repl=not args.raw) for name, _ in boards])
        self.kernel.boards.disconnected()
        for name, connection in boards:
            what = f"{name} ({connection.address})" if args.names else connection.address
            self.kernel.Print(f"Disconnected from {what}.")
        if self.kernel.connections and not self.kernel.connections.current_name:
            self.kernel.Print(self.kernel.connections.listed())


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(DisconnectMagic)
