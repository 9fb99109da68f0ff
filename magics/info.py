"""%info."""

from __future__ import annotations

from metakernel_micropython.board.board_info import info
from metakernel_micropython.display.html import bar, html_bar, html_table, text_table
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace


class InfoMagic(BoardMagic):
    """Tells about the board."""

    kernel: MicroPythonKernel
    group = "Board"

    def line_info(self, _args: Namespace) -> None:
        """%info - tell what this board is: firmware, clock, memory, file system, id, last reset, network addresses.

        Only what the board can tell is listed. Nothing is switched on for it: addresses are those of
        network interfaces that a program has switched on.

        Example:
          %info
        """
        found = info(self.board)
        amounts = []
        if found.memory is not None:
            amounts.append(("Memory", found.memory.used, found.memory.total))
        if found.space is not None:
            amounts.append(("File system", found.space.total - found.space.free, found.space.total))
        plain = [*found.facts, *((name, bar(used, total)) for name, used, total in amounts)]
        bars = [(name, html_bar(used, total)) for name, used, total in amounts]
        self.kernel.present(text_table(plain), html_table(found.facts, bars))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(InfoMagic)
