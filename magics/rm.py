"""%rm."""

from __future__ import annotations

from metakernel_micropython.host.paths import board_paths, counted, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class RmMagic(BoardMagic):
    """Removes files on the board."""

    group = "Files"

    @arguments(
        argument("paths", nargs="+", metavar="FILE", complete_path=board_paths, help="a file or folder on the board"),
        argument("-r", "--recurse", action="store_true", help="remove folders with what is in them"),
    )
    def line_rm(self, args: Namespace) -> None:
        """%rm FILE... [-r] - remove files or empty folders on the board; the first that fails ends it.

        Examples:
          %rm old.py notes.txt
          %rm -r data
        """
        for path in args.paths:
            number = self.board.files.remove(path, recurse=args.recurse)
            inside = f" and {counted(number - 1, 'thing')} in it" if number > 1 else ""
            self.kernel.Print(f"Removed {shown(path)}{inside}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RmMagic)
