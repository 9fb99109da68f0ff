"""%disconnect."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class DisconnectMagic(BoardMagic):
    """Frees the line to the board."""

    group = "Board"

    @arguments(argument("--raw", action="store_true", help="just close the line, without a word to the board"))
    def line_disconnect(self, args: Namespace) -> None:
        """%disconnect [--raw] - free the board's port.

        The board keeps its variables and returns to its own prompt, where other programs expect it; with --raw it is
        left as it is.
        """
        address = self.kernel.disconnect(leave=not args.raw)
        self.kernel.Print(f"Disconnected from {address}." if address else "No board is connected.")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(DisconnectMagic)
