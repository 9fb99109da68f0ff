"""%mv."""

from __future__ import annotations

from metakernel_micropython.board.files.folders import target_on_board
from metakernel_micropython.host.paths import board_paths, board_target, shown
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments


class MvMagic(BoardMagic):
    """Moves files on the board."""

    group = "Files"

    @arguments(
        argument("source", complete_path=board_paths, help="a file or folder on the board"),
        argument("target", complete_path=board_paths, help="its new name, or a folder that it goes into"),
    )
    def line_mv(self, args: Namespace) -> None:
        """%mv SOURCE TARGET - rename or move a file or a folder on the board; a file called TARGET is replaced.

        Examples:
          %mv main.py old.py
          %mv old.py backup/old.py
        """
        target = target_on_board(self.board, args.source, board_target(args.target))
        self.board.files.move(args.source, target)
        self.kernel.Print(f"Moved {shown(args.source)} to {shown(target)}")


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(MvMagic)
