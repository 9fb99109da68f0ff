"""%tree."""

from __future__ import annotations

from metakernel_micropython.display.folder_tree import tree
from metakernel_micropython.host.paths import board_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class TreeMagic(BoardMagic):
    """Draws the board's folders."""

    kernel: MicroPythonKernel
    group = "Files"

    @arguments(argument("folder", nargs="?", default="", complete_path=board_paths, help="a folder; default: here"))
    def line_tree(self, args: Namespace) -> None:
        """%tree [FOLDER] - draw the files and folders on the board as a tree.

        Examples:
          %tree
          %tree /lib
        """
        self.kernel.present(*tree(self.board, args.folder))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(TreeMagic)
