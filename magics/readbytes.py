"""%readbytes."""

from __future__ import annotations

from metakernel_micropython.board.protocol.text import decode
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class ReadBytesMagic(BoardMagic):
    """Reads what the board sent."""

    group = "Line"

    @arguments(argument("-b", "--binary", action="store_true", help="show the bytes as Python writes them"))
    def line_readbytes(self, args: Namespace) -> None:
        """%readbytes [-b] - show what the board sent since its last cell, or since the last %readbytes.

        It waits until the line was quiet for a tenth of a second, a second at most.

        Examples:
          %readbytes
          %readbytes -b
        """
        data, dropped = self.board.read_bytes()
        if dropped:
            self.kernel.Error(f"[{dropped} older bytes had no room]")
        if args.binary:
            self.kernel.Print(repr(data))
        elif data:
            self.kernel.Print(decode(data), end="")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ReadBytesMagic)
