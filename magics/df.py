"""%df."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, human
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class DfMagic(BoardMagic):
    """Tells the room on the board."""

    group = "Files"

    @arguments(argument("path", nargs="?", default="", complete_path=board_paths, help="a file or folder in it"))
    def line_df(self, args: Namespace) -> None:
        """%df [PATH] - tell how much room the board's file system has, and how much is free.

        A board with a card has a file system for each: name a path on the one that is meant.

        Examples:
          %df
          %df /sd
        """
        space = self.board.files.space(args.path)
        if space is None:
            self.kernel.Print("This board cannot tell how much room its file system has.")
            return
        used = space.total - space.free
        self.kernel.Print(f"total {human(space.total)}, used {human(used)}, free {human(space.free)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(DfMagic)
