"""%mem and %%mem."""

from __future__ import annotations

from metakernel_micropython.board.board_info import Memory, memory
from metakernel_micropython.display.error_text import error_text
from metakernel_micropython.display.html import bar, html_bar, html_table, text_table
from metakernel_micropython.errors import MicroPythonError
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class MemMagic(BoardMagic):
    """Tells how the board's memory is used."""

    kernel: MicroPythonKernel
    group = "Board"

    @arguments(argument("-v", "--verbose", action="store_true", help="show the board's own report, too: a map of it"))
    def line_mem(self, args: Namespace) -> None:
        """%mem [-v] - tell how much of the board's memory is used and free, once its garbage is collected.

        Examples:
          %mem
          %mem -v
        """
        now = self._measure()
        self.kernel.present(
            text_table([("Memory", bar(now.used, now.total))]),
            html_table([], [("Memory", html_bar(now.used, now.total))]),
        )
        if args.verbose:
            self.kernel.Print(
                self.board.execute("import micropython as __mk\ntry:\n __mk.mem_info(1)\nfinally:\n del __mk")
            )

    def cell_mem(self, _args: Namespace) -> None:
        """%%mem - run the cell, and tell how much of the board's memory was used before and after.

        Garbage is collected before each look, so that the difference is what the cell has left behind:
        its names, what they hold, and the modules that it has imported.

        Example:
          %%mem
          samples = [sensor.read() for _ in range(100)]
        """
        before = self._measure()
        self.at_end(lambda: self._compare(before))

    def _compare(self, before: Memory) -> None:
        try:
            after = self._measure()
        except (MicroPythonError, KeyboardInterrupt) as error:
            self.kernel.Error(f"The memory after the cell is not known: {error_text(error)}")
            return
        change = f"{after.used - before.used:+d} bytes"
        self.kernel.Print(f"Memory used: {before.used} bytes before, {after.used} after ({change}), {after.free} free.")

    def _measure(self) -> Memory:
        found = memory(self.board)
        if found is None:
            raise MagicError(f"The board on {self.board.address} cannot tell how its memory is used.")
        return found


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MemMagic)
